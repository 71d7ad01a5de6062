"""What a user should know of a scenario before it runs: which policies will act on what was typed, and what looks
like a slip although it can be simulated."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import Problem
from .blocks import drivers, timeline
from .idle import formats_with, idle
from .size import city_cells

if TYPE_CHECKING:
    from ..city.imported import Imported
    from .schema import Spec


FEWEST = 30.0
"""With fewer simulated purchases in a month a shop's monthly sales vary by more than 18 % by chance alone: as much as sales
of real venues change from month to month."""


def monthly_purchases(spec: Spec) -> dict[str, float]:
    """How many simulated purchases a usual shop of each format, and each named store, has in a month."""
    wanted = {name: c.ticket_yuan / c.every_days for name, c in spec.categories.items()}
    each, found = spec.residents / spec.population, {}
    of_format = {name: (f.area_m2, f, "") for name, f in spec.stores.formats.items()}
    formats = spec.stores.formats
    named = {
        n: (s.area_m2 or formats[s.format].area_m2, formats[s.format], s.category)
        for n, s in spec.stores.named.items()
    }
    for name, (area, f, only) in (of_format | named).items():
        weights = {only: 1.0} if only else {c: share * wanted[c] for c, share in f.demand_share.items()}
        total = sum(weights.values())
        if total > 0:
            a_yuan = sum(w / total / spec.categories[c].ticket_yuan for c, w in weights.items())
            found[name] = area * f.sales_per_m2_year_yuan / 12 * a_yuan / each
    return found


def unresolved(spec: Spec) -> list[str]:
    """Which shops see so few simulated customers that what they sell in a month is mostly chance; a sentence, or none."""
    found = monthly_purchases(spec)
    thin = [name for name, n in found.items() if n < FEWEST]
    if not thin or spec.population >= spec.residents:
        return []
    worst = min(thin, key=lambda name: found[name])
    enough = min(spec.population * FEWEST / found[worst], spec.residents)
    step = 10.0 ** max(len(str(int(enough))) - 2, 0)
    enough = min(math.ceil(enough / step) * step, spec.residents)
    others = f" ({len(thin) - 1} more have fewer than {FEWEST:.0f}, too)" if len(thin) > 1 else ""
    return [
        f"{worst}: such a shop has {found[worst]:.2g} simulated purchases a month{others}. What it sells is mostly chance, "
        f"and so is how long it lasts; with population: {enough:.0f} it has {found[worst] * enough / spec.population:.0f}."
    ]


def acting(spec: Spec) -> list[str]:
    """The policies that change what the scenario says while it runs, and what so few people cannot tell, a short sentence
    for each."""
    said = []
    landlords = {str(spec.landlords.policy), *(str(c.landlord) for c in spec.circles.values() if c.landlord)}
    if moving := sorted(landlords - {"fixed"}):
        said.append(f"Rents change every month (landlords.policy: {', '.join(moving)}); fixed keeps them.")
    if spec.entry.policy != "none":
        said.append(
            f"Shops that nobody named open in empty units (entry.policy: {spec.entry.policy}); none forbids it."
        )
    if (spec.stores.named or (spec.city.import_ and spec.city.import_.stores)) and _draws_shops(spec):
        said.append(
            "Besides the stores placed by hand, as many shops open as people's spending supports (supply_x)."
        )
    if growing := [name for name, p in spec.platforms.items() if p.harvest is not None]:
        said.append(f"The commission of {', '.join(growing)} rises (harvest).")
    if driven := [".".join(map(str, key[1:])) for key, _ in drivers.each(spec)]:
        said.append(f"The world around moves from month to month (drivers: {', '.join(driven)}).")
    outside = dict(timeline.never(spec))
    for name, happening in timeline.in_order(spec):
        until = f" to {happening.until}" if happening.until else ""
        if name not in outside or happening.date <= timeline.last_day(spec):
            said.append(
                f"{happening.date}{until}: {timeline.told(name, happening).rstrip('.')} (timeline.{name})."
            )
    return said + unresolved(spec)


def without_effect(spec: Spec) -> list[str]:
    """What is there and moves nothing as the scenario stands, a short sentence for each: of the three levers those that
    multiply nothing, and ways of integrating that stores may take up and no format can use."""
    said = []
    for name in type(spec.levers).model_fields:
        if reason := idle(spec, ("levers", name)):
            wakes = f"; first raise {' or '.join(reason.wakes[:3])}" if reason.wakes else ""
            said.append(f"The lever levers.{name} multiplies nothing: {reason.why}{wakes}.")
    unused = [
        f"modes.{name}"
        for name in type(spec.modes).model_fields
        if getattr(spec.modes, name).available and not formats_with(spec, name)
    ]
    if unused and not (spec.city.import_ and spec.city.import_.stores):
        said.append(
            f"No format can use {', '.join(unused)}: no platform takes what it sells, or it sells nothing that is delivered."
        )
    return said


def _draws_shops(spec: Spec) -> bool:
    return spec.city.import_ is None or spec.city.import_.stores is None


def slips(spec: Spec, imported: Imported | None) -> Iterator[Problem]:
    """What can be simulated and is most likely not meant. `imported` are the files of the city, if it has any."""
    table = imported.store_rows.table if imported is not None and imported.store_rows is not None else None
    sold = {c for f in spec.stores.formats.values() for c, share in f.demand_share.items() if share > 0}
    if table is not None:
        rows = zip(table.columns["format"], table.columns.get("category", [None] * len(table.lines)))
        sold = {
            c for form, said in rows for c in ([said] if said else spec.stores.formats[form].demand_share)
        }
        for named in spec.stores.named.values():
            sold |= (
                {named.category} if named.category else set(spec.stores.formats[named.format].demand_share)
            )
    for happening, why in timeline.never(spec):
        yield spec.problem_at(("timeline", happening, "date"), why)
    for name in spec.categories:
        if name not in sold:
            hint = "give it to a format (demand_share), or leave the category out"
            yield spec.problem_at(("categories", name), "no shop sells it on the first day", hint)
    cells = imported.grid.cells if imported is not None else city_cells(spec)
    if cells == 1:
        hint = "make city.cell_m smaller, or the map larger"
        yield spec.problem_at("city.cell_m", "the whole city is one cell: everything is equally near", hint)
    if table is not None:
        for row, category in enumerate(table.columns.get("category", ())):
            form = spec.stores.formats[table.columns["format"][row]]
            if category and len(form.demand_share) > 1:
                said = f"column 'category': sells {category} only, although its format sells {len(form.demand_share)} kinds"
                yield table.problem(row, said, "Leave the field blank for the format's mix.")
                break  # one row says it for the file
