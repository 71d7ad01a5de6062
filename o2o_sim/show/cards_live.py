"""What cards tell of the day: who is in a shop now, and where somebody was. Only a city that runs knows all
of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ScenarioError
from ..units import date_of
from .cards_parts import is_months_last, means_by_month
from .wording import MISSING, compact, fixed, in_percent, plural

if TYPE_CHECKING:
    from ..agents.store import Store
    from ..model import O2OModel

Card = dict[str, Any]

NO_STORE = (1 << 14) - 1
"""The low bits of a person's code in a frame: store number + 1."""
WAYS = ("bought in", "looked in, and ordered a parcel:", "ordered from", "got nothing in")
MOST_PLACES = 30


def store_today(model: O2OModel, number: int) -> list[list[str]]:
    """Facts of a store that no table keeps: floor, staff, prices, the manager's skill, partners, today's
    visitors."""
    s: Store = model.stores[number]
    facts = []
    partners = [
        f"{mode} with {h.platform.name}" for mode, h in sorted(s.modes.items()) if h.platform is not None
    ]
    if partners and s.is_trading:
        facts.append(["Partners", ", ".join(partners)])
    if s.owner is not None:
        facts.append(["Owner", s.owner.name])
    if s.chain:
        facts.append(["Chain", s.chain])
    facts.append(["Floor area", f"{fixed(s.area_m2)} m2"])
    facts.append(["Manager's skill", f"{s.skill:.2f} of 1"])
    if s.is_trading:
        facts.append(["Prices", f"{in_percent(s.format.markup_x * s.price_x - 1, sign=True)} of the usual"])
        facts.append(["Staff", f"{fixed(s.staff, 1)} people"])
    visitors = _visitors(model, number)
    if visitors is not None and s.is_here:
        facts.append(
            [f"Visitors on {_last(model)}", plural(visitors * model.expansion_factor, "person", "people")]
        )
    return facts


def _last(model: O2OModel) -> date:
    """The day that was simulated last; a page may still show an earlier one."""
    return date_of(model.spec.start, model.day - 1)


def _visitors(model: O2OModel, number: int) -> int | None:
    """Simulated consumers who came in on the last day; None before the first."""
    if model.board.is_empty:
        return None
    table, came = model.table, model.purchases.came
    return int(came[table.store == number].sum()) if len(came) == len(table) else None


def person_card(model: O2OModel, number: int, *, now: bool = True) -> Card:
    """Who somebody is, what she is used to, and where she was on the last day; without `now` only what is so
    on every day, for of earlier days nothing else is kept."""
    me = model.consumers[number]
    facts = [
        ["Home", _place(model, me.home)],
        ["Work", _place(model, me.work) if me.work is not None else "none away from home"],
        ["Age group", me.cohort],
        ["Income", f"{me.income:.2f} times the mean"],
        ["Goes as far as", f"{me.radius_min:,.0f} min"],
    ]
    facts += _habits(me) if now else [["Habits and purchases", f"are kept of {_last(model)} only"]]
    each = model.expansion_factor
    return {
        "kind": "person",
        "id": number,
        "title": f"Person {number:,}",
        "subtitle": f"One of {len(model.consumers):,}; stands for {compact(each, 4)} {'resident' if each == 1 else 'residents'}",
        "facts": facts,
        "table": _today(model, number) if now else None,
    }


def _habits(me: Any) -> list[list[str]]:
    """What somebody has and is used to now."""
    facts = [
        ["Smartphone", "yes" if me.online else "no"],
        ["Pays by phone", "yes" if me.pays_by_phone else "no"],
        ["Member of", ", ".join(me.memberships) or "no platform"],
    ]
    if me.follows:
        facts.append(["Follows", me.follows])
    facts += [[f"Favourite for {category}", shop] for category, shop in me.favourite.items()]
    used = {n: v for n, v in me.familiarity.items() if v > 0.005}
    return facts + [[f"Used to {name}", in_percent(value, 0)] for name, value in used.items()]


def _place(model: O2OModel, cell: int) -> str:
    """Where a cell is: kilometres from the south-west corner."""
    x, y = (model.city.grid.centres()[cell] / 1000).tolist()
    return f"{x:.1f} km east, {y:.1f} km north"


def _today(model: O2OModel, number: int) -> Card | None:
    """Her needs of the last day and how she met them."""
    if model.board.is_empty or model.day == 0:
        return None
    table, day = model.table, model.purchases
    row = model.consumers.position(number)
    mine = np.flatnonzero(day.consumer == row)
    if not len(mine) or int(day.picks[mine].max()) >= len(table):
        return None
    categories, rows = list(model.spec.categories), []
    for k in mine:
        pick, first = int(day.picks[k]), int(day.visited[k])
        offer = table.rows[pick]
        paid = offer.price - offer.discount - offer.subsidy + offer.fee
        how = offer.channel if not first else f"{offer.channel}, after a look in {table.rows[first].maker}"
        if not day.served[k]:
            how, paid = "turned away", 0.0
        rows.append(
            [categories[int(day.category[k])], offer.maker or "nobody", how, fixed(paid) if paid else MISSING]
        )
    columns = ["need", "from", "how", f"paid ({model.spec.currency})"]
    return {"title": f"Her needs on {_last(model)}", "columns": columns, "rows": rows}


def subsidies_of_replay(raw: Sequence[bytes]) -> list[Card]:
    """Of each platform, by number, the mean of what it paid per order on the days of each month, as {dates,
    values}."""
    from ..record.frames import decode

    frames = [decode(one) for one in raw]
    days = [date.fromisoformat(f.header["date"]) for f in frames]
    paid = np.array([f.arrays["subsidy"] for f in frames], float)
    # The frame of a month's last day tells already what is paid in the next; that month's other days speak
    # for it.
    kept = [k for k, day in enumerate(days) if not is_months_last(day) or k == 0]
    found = []
    for column in paid.T:
        dates, values = means_by_month([days[k] for k in kept], column[kept], whole=is_months_last(days[-1]))
        found.append({"dates": dates, "values": values})
    return found


def person_of_replay(
    key_frame: bytes, raw: Sequence[bytes], number: int, stores: Sequence[str], cohorts: Sequence[str]
) -> Card:
    """What the key and some frames of a finished run tell of one of the people on the map."""
    from ..record.frames import decode

    key = decode(key_frame)
    found = np.flatnonzero(key.arrays["id"] == number)
    if not len(found):
        raise ScenarioError(f"person {number} is not among the {len(key.arrays['id']):,} on the map")
    k = int(found[0])
    visits: Counter[tuple[str, str]] = Counter()
    home = days = 0
    for one in raw:
        code = int(decode(one).arrays["people"][k])
        days += 1
        home += code == 0
        if code:
            shop = (code & NO_STORE) - 1
            visits[(WAYS[code >> 14], stores[shop] if 0 <= shop < len(stores) else "a platform")] += 1
    nx, cell_m = key.header["grid"]["nx"], key.header["grid"]["cell_m"]
    y, x = divmod(int(key.arrays["home"][k]), nx)
    rows = [[how, where, f"{n:,}"] for (how, where), n in visits.most_common(MOST_PLACES)]
    facts = [
        ["Home", f"{(x + 0.5) * cell_m / 1000:.1f} km east, {(y + 0.5) * cell_m / 1000:.1f} km north"],
        ["Age group", cohorts[int(key.arrays["cohort"][k])]],
        ["Days without a purchase or trip", f"{home:,} of {days:,}"],
    ]
    return {
        "kind": "person",
        "id": number,
        "title": f"Person {number:,}",
        "subtitle": "Where she went, as far as the map shows it",
        "facts": facts,
        "table": {"title": "Where she bought", "columns": ["how", "where", "days"], "rows": rows},
    }
