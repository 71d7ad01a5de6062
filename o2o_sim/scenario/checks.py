"""What one key of a scenario says about another: found before anything is built, and all at once.

Bounds of a single key stand where the key is declared; what only a file can tell (imported circles and stores,
plugins) is found when that file is read.
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Callable, Collection, Iterator
from datetime import date
from typing import NamedTuple

from ..errors import Problem
from .business import Modes, NamedStore
from .places import dotted
from .schema import Spec
from .shape import closest

RULES: dict[str, tuple[str, ...]] = {
    "store": ("satisficing", "never_integrate"),
    "rent": ("fixed", "vacancy"),
    "subsidy": ("fixed", "match_rival"),
    "entry": ("best_category", "none"),
    "value": ("default", "huff"),
    "plugin": (),
}
"""The names that need no plugin, by what they are a rule for. (Their classes take long to import.)"""

TAKEN_FIELDS = frozenset(
    ["price_sensitivity", "value_of_time", "income", "radius", "literacy", "cohort", "pays_by_phone", "online", "id", "home", "work", "at", "access", "familiarity", "favourite", "loyalty", "follows", "due", "extra", "columns", "extra_names", "bytes_each", "position"]
)
"""What an extra field cannot be called: fields that consumers have, and what the population itself is asked."""

STREETS = "streets"
PARTNERS = {"marketplace": "marketplace", "partnership": "local_services"}
"""Ways of integrating that need a platform, and of which kind."""

SHORTEST_INTERVAL_DAYS = 0.5
LARGEST_TURNOVER_FEN = 2.0**63 / 100
DEFAULT_KM = 16.0
LOOK_AHEAD_DAYS = 30


class Fault(NamedTuple):
    """A fault and the path of the key it is about; `of_name` if the name is to blame, not what it holds."""

    key: tuple[str | int, ...]
    message: str
    hint: str | None = None
    of_name: bool = False


Faults = Iterator[Fault]


def check(spec: Spec) -> list[Problem]:
    """Everything that keys of a valid scenario say about each other and that cannot be simulated."""
    return [_problem(spec, fault) for one in CHECKS for fault in one(spec)]


def _problem(spec: Spec, fault: Fault) -> Problem:
    origin = spec._origin
    if origin is None:
        return Problem(fault.message, key=dotted(fault.key), hint=fault.hint)
    if fault.of_name:
        place = origin.positions.key(fault.key)
        return place.problem(fault.message, key=dotted(fault.key), hint=fault.hint)
    return origin.problem_at(fault.key, fault.message, fault.hint)


def _hint(word: str, known: Collection[str], what: str) -> str:
    near = closest(word, list(known))
    return f"did you mean {near}?" if near else f"{what}: {', '.join(known) or 'none'}"


# -- the run -------------------------------------------------------------------------------------------------
def _run(spec: Spec) -> Faults:
    if spec.population > spec.residents:
        message = f"is more than the {spec.residents:,.10g} residents whom these consumers stand for"
        yield Fault(("population",), message, "a consumer stands for at least one person")
    if spec.start.toordinal() + spec.days + LOOK_AHEAD_DAYS > date.max.toordinal():
        yield Fault(("days",), "the calendar ends with the year 9999, before these days do")
    day = sum(c.ticket_yuan / c.every_days for c in spec.categories.values())
    turnover = 100 * spec.residents * spec.days * day
    if turnover > LARGEST_TURNOVER_FEN:
        message = (
            f"in these days people would spend about {turnover / 100:.2g} yuan, more than the books hold"
        )
        yield Fault(("residents",), message, "lower residents, days or ticket_yuan, or raise every_days")


# -- people --------------------------------------------------------------------------------------------------
def _people(spec: Spec) -> Faults:
    total = math.fsum(c.share for c in spec.cohorts.values())
    if abs(total - 1) > 1e-6:
        yield Fault(("cohorts",), f"the shares add up to {total:.7g}, not to 1", of_name=True)
    for name in spec.consumers.fields:
        key = ("consumers", "fields", name)
        if not (name.isascii() and name.isidentifier()) or name.startswith("_") or keyword.iskeyword(name):
            hint = "letters, digits and _, first a letter, and no word of the Python language"
            yield Fault(key, f"'{name}' is no name that a rule can use as me.{name}", hint, of_name=True)
        elif name in TAKEN_FIELDS:
            yield Fault(key, f"consumers have '{name}' already", "call the field otherwise", of_name=True)


def _categories(spec: Spec) -> Faults:
    served = {c for f in spec.stores.formats.values() for c in f.demand_share}
    for name, c in spec.categories.items():
        if c.every_days < SHORTEST_INTERVAL_DAYS:
            message = f"should be at least {SHORTEST_INTERVAL_DAYS}: there is one purchase a day at most"
            hint = "make the ticket larger instead"
            yield Fault(("categories", name, "every_days"), message, hint)
        furthest = spec.consumers.radius_max_min * c.reach_x
        if name in served and furthest <= spec.city.access_min:
            message = f"nobody gets to a shop: people go {furthest:.4g} min for this, which is not more than"
            message += f" the {spec.city.access_min:.4g} min that every trip begins with"
            hint = "raise reach_x or consumers.radius_max_min, or lower city.access_min"
            yield Fault(("categories", name, "reach_x"), message, hint)


def _huff(spec: Spec) -> Faults:
    """Huff's model has shops at a distance and nothing else."""
    if spec.consumers.value != "huff":
        return
    for name, c in spec.categories.items():
        if c.without is not None:
            message = "in Huff's model nobody goes without, because that is at no distance"
            yield Fault(("categories", name, "without"), message, "write without: null")
    if spec.platforms:
        message = "Huff's model has no platforms, because they are at no distance"
        yield Fault(("platforms",), message, "remove them with 'platforms: null'", of_name=True)
    rules = {spec.stores.policy, *(f.policy for f in spec.stores.formats.values())}
    rules |= {s.policy for s in spec.stores.named.values()}
    delivers = any(c.delivery_reach_min > 0 for c in spec.categories.values())
    for mode in ("social", "app"):
        if delivers and getattr(spec.modes, mode).available and rules - {"", "never_integrate"}:
            message = "Huff's model has no deliveries, because they are at no distance"
            hint = f"write modes.{mode}.available: false, or stores.policy: never_integrate"
            yield Fault(("modes", mode, "available"), message, hint)


# -- shops ---------------------------------------------------------------------------------------------------
def _formats(spec: Spec) -> Faults:
    shares: dict[str, dict[str, float]] = {}
    for name, f in spec.stores.formats.items():
        key = ("stores", "formats", name, "demand_share")
        for category, share in f.demand_share.items():
            if category not in spec.categories:
                hint = _hint(category, spec.categories, "categories")
                yield Fault((*key, category), f"there is no category '{category}'", hint, of_name=True)
            elif not 0 <= share <= 1:
                yield Fault((*key, category), f"should be a share from 0 to 1, found the number {share}")
            else:
                shares.setdefault(category, {})[name] = share
        if not any(share > 0 for share in f.demand_share.values()):
            yield Fault(key, "the format serves nothing: one of its shares should be above 0", of_name=True)
        if f.chain_share > 0 and f.chains == 0:
            message = "there are no chains of this format to belong to"
            hint = "say how many, with chains"
            yield Fault(("stores", "formats", name, "chain_share"), message, hint)
    for category, by_format in shares.items():
        total = math.fsum(by_format.values())
        if total > 1.0001:
            last = list(by_format)[-1]
            said = ", ".join(f"{name} {share:g}" for name, share in by_format.items())
            message = f"the shares of '{category}' over all formats add up to {total:.5g}, more than 1"
            yield Fault(("stores", "formats", last, "demand_share", category), message, said)


def _named_stores(spec: Spec) -> Faults:
    for name, s in spec.stores.named.items():
        key = ("stores", "named", name)
        for format_name in spec.stores.formats:
            if re.fullmatch(re.escape(format_name) + " [0-9]+", name):
                message = f"shops of the format '{format_name}' get names like this"
                yield Fault(key, message, "call it otherwise", of_name=True)
        f = spec.stores.formats.get(s.format)
        if f is None:
            hint = _hint(s.format, spec.stores.formats, "formats")
            yield Fault((*key, "format"), f"there is no format '{s.format}'", hint)
            continue
        if s.category and s.category not in f.demand_share:
            hint = _hint(s.category, f.demand_share, "its categories")
            message = f"the format '{s.format}' does not serve '{s.category}'"
            yield Fault((*key, "category"), message, hint)
        yield from _place_of_store(spec, s, key)
        yield from _first_modes(spec, s, key, [s.category] if s.category else list(f.demand_share))


def _place_of_store(spec: Spec, s: NamedStore, key: tuple[str, ...]) -> Faults:
    if not s.circle:
        yield from _placed(spec, s, key, "give x_km and y_km, or its circle")
        return
    at = (*key, "circle")
    if s.is_placed:
        yield Fault(at, "stands in a circle, which has a place already", "give either a circle or a place")
    if s.circle == STREETS:
        yield Fault(at, "street shops have places of their own", "give x_km and y_km instead")
    elif s.circle in spec.circles:
        opens = spec.circles[s.circle].opens
        if opens is not None and opens > spec.start:
            message = f"the circle '{s.circle}' opens on {opens}, after the first day"
            yield Fault(at, message, "named stores are there from the first day")
    elif not _imports(spec, "circles"):
        hint = _hint(s.circle, spec.circles, "circles")
        yield Fault(at, f"there is no circle '{s.circle}'", hint)


def _first_modes(spec: Spec, s: NamedStore, key: tuple[str, ...], sells: list[str]) -> Faults:
    for k, mode in enumerate(s.modes):
        at = (*key, "modes", k)
        if mode not in Modes.model_fields:
            hint = _hint(mode, Modes.model_fields, "ways of integrating")
            yield Fault(at, f"there is no way of integrating called '{mode}'", hint)
        elif mode in PARTNERS and not any(_carries(spec, p, mode, c) for p in spec.platforms for c in sells):
            message = f"there is no platform of the kind {PARTNERS[mode]} that carries what this store sells"
            yield Fault(at, message, f"it sells {', '.join(sells)}")


def _carries(spec: Spec, platform: str, mode: str, category: str) -> bool:
    p, c = spec.platforms[platform], spec.categories.get(category)
    listed = not p.categories or category in p.categories
    return p.kind == PARTNERS[mode] and listed and (mode == "partnership" or (c is not None and c.shippable))


# -- places --------------------------------------------------------------------------------------------------
def _imports(spec: Spec, what: str) -> bool:
    return spec.city.import_ is not None and getattr(spec.city.import_, what) is not None


def _circles(spec: Spec) -> Faults:
    for name, c in spec.circles.items():
        key = ("circles", name)
        if name == STREETS:
            message = f"'{STREETS}' is what the street shops together are called"
            yield Fault(key, message, "call the circle otherwise", of_name=True)
        if c.is_placed or not _imports(spec, "circles"):
            yield from _placed(spec, c, key, "give x_km and y_km")


def _placed(spec: Spec, place, key: tuple[str, ...], how: str) -> Faults:
    """Whether something has a place, and on the map as far as that can be told."""
    if not place.is_placed:
        yield Fault(key, "has no place", how, of_name=True)
    elif place.lon is not None:
        if spec.city.import_ is None:
            hint = "give x_km and y_km from the south-west corner"
            yield Fault((*key, "lon"), "is given in degrees, but the city has none", hint)
    else:
        for axis, size in (("x_km", spec.city.width_km), ("y_km", spec.city.height_km)):
            if size is None and spec.city.import_ is not None:
                continue  # as large as its zones, whatever that is
            cell_km = spec.city.cell_m / 1000
            size = math.ceil((size or DEFAULT_KM) / cell_km - 1e-9) * cell_km
            if getattr(place, axis) > size + 1e-9:
                yield Fault((*key, axis), f"lies off the map, which ends at {size:g} km")


# -- platforms -----------------------------------------------------------------------------------------------
def _platforms(spec: Spec) -> Faults:
    for name, p in spec.platforms.items():
        key = ("platforms", name)
        for k, category in enumerate(p.categories):
            at = (*key, "categories", k)
            if category not in spec.categories:
                hint = _hint(category, spec.categories, "categories")
                yield Fault(at, f"there is no category '{category}'", hint)
            elif p.kind != "local_services" and not spec.categories[category].shippable:
                hint = f"leave it out, or write categories.{category}.shippable: true"
                yield Fault(at, f"no parcel can carry '{category}'", hint)
        s = p.subsidy
        if s.start is not None and s.end is not None and s.end <= s.start:
            yield Fault((*key, "subsidy", "end"), f"should be after the start, {s.start}")


# -- rules of one's own --------------------------------------------------------------------------------------
def _plugins(spec: Spec) -> Faults:
    for k, name in enumerate(spec.plugins):
        stem = name.removesuffix(".py")
        if not (stem.isascii() and stem.isidentifier()) or keyword.iskeyword(stem):
            hint = "a plugin lies beside the scenario and is named like a Python module, as in my_rules.py"
            yield Fault(("plugins", k), f"'{name}' is not the plain name of a Python file", hint)
    for k, phase in enumerate(spec.phases):
        if bool(phase.before) == bool(phase.after):
            message = "should say what it comes before or what it comes after, one of the two"
            yield Fault(("phases", k), message)
    for key, kind, said in _said(spec):
        yield from _rule(spec, key, kind, said)


def _said(spec: Spec) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Every rule that a scenario names: its key, what it is a rule for, and its name."""
    yield ("consumers", "value"), "value", spec.consumers.value
    yield ("stores", "policy"), "store", spec.stores.policy
    for name, f in spec.stores.formats.items():
        yield ("stores", "formats", name, "policy"), "store", f.policy or "satisficing"
    for name, s in spec.stores.named.items():
        yield ("stores", "named", name, "policy"), "store", s.policy or "satisficing"
    yield ("landlords", "policy"), "rent", spec.landlords.policy
    for name, c in spec.circles.items():
        yield ("circles", name, "landlord"), "rent", c.landlord or "fixed"
    for name, p in spec.platforms.items():
        yield ("platforms", name, "subsidy", "policy"), "subsidy", p.subsidy.policy
    yield ("entry", "policy"), "entry", spec.entry.policy
    for k, channel in enumerate(spec.channels):
        yield ("channels", k), "plugin", channel
    for k, phase in enumerate(spec.phases):
        yield ("phases", k, "run"), "plugin", phase.run


def _rule(spec: Spec, key: tuple[str | int, ...], kind: str, said: str) -> Faults:
    listed = [name.removesuffix(".py") for name in spec.plugins]
    plugin, dot, name = said.partition(".")
    if said in RULES[kind] or (plugin in listed and name):
        return
    if dot and plugin and name:
        near = closest(plugin, listed)
        hint = f"did you mean {near}.{name}?" if near else f"write plugins: [{plugin}.py]"
        yield Fault(key, f"the plugin '{plugin}' is not listed under plugins", hint)
    else:
        near = closest(said, RULES[kind])
        known = ", ".join((*RULES[kind], "or plugin.name with the plugin listed under plugins"))
        yield Fault(key, f"there is no rule '{said}'", f"did you mean {near}?" if near else f"known: {known}")


CHECKS: tuple[Callable[[Spec], Faults], ...] = (
    _run, _people, _categories, _huff, _formats, _named_stores, _circles, _platforms, _plugins,
)  # fmt: skip
