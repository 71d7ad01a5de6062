"""What one key of a scenario says about another: found before anything is built, and all at once.

Bounds of a single key stand where the key is declared; what only a file can tell (imported circles and
stores, plugins) is found when that file is read."""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date

from ..errors import Problem
from .blocks import (
    acquire,
    best_response,
    boycott,
    chains_decide,
    circle_alliance,
    closed_loop,
    couriers,
    drivers,
    festivals,
    floor_follows_sales,
    franchise,
    fresh_hub,
    from_stores,
    funding,
    group_deals,
    harvest,
    last_kilometre,
    leases,
    luck,
    member_data,
    messages,
    mobile_payment,
    network,
    own_shops,
    owners,
    provider,
    rounds,
    search,
    seasons,
    service,
    showroom,
    smart,
    subsidy,
    till,
    timeline,
    try_then_buy,
    turnover,
)
from .blocks.seasons import SHORTEST_INTERVAL_DAYS
from .circles import STREETS
from .city import DEFAULT_KM, PlaceSpec
from .faults import Fault, Faults, Key
from .faults import unknown as _unknown
from .naming import unknown_chains, unknown_circles
from .places import dotted
from .schema import Spec
from .shape import closest
from .size import too_large
from .stores import NamedStore
from .use import uses

RULES: dict[str, tuple[str, ...]] = {
    "store": ("satisficing", "never_integrate", "price_match", "best_response"),
    "rent": ("fixed", "indexed", "vacancy"),
    "subsidy": ("fixed", "match_rival", "buy_share"),
    "entry": ("best_category", "none"),
    "value": ("default", "huff"),
}
"""The names that need no plugin, by what they are a rule for. (Their classes take long to import.)"""

TAKEN_FIELDS = {
    "price_sensitivity", "value_of_time", "income", "radius", "literacy", "cohort", "pays_by_phone", "online",
    "id", "home", "work", "at", "access", "familiarity", "favourite", "loyalty", "price_level", "follows", "due", "extra",
    "columns", "extra_names", "position",
}  # fmt: skip
"""What an extra field cannot be called: fields that consumers have, and what the population itself is
asked."""

PARTNERS = {"marketplace": "marketplace", "partnership": "local_services", "group": "local_services"}
"""Ways of integrating that need a platform, and of which kind."""
DELIVERIES = ("social", "app", "alliance")
"""Ways of integrating by which a store's own goods are brought to the door from its place."""

LOOK_AHEAD_DAYS = 30


def check(spec: Spec) -> list[Problem]:
    """Everything that keys of a valid scenario say about each other and that cannot be simulated."""
    return [problem_of(spec, fault) for one in CHECKS for fault in one(spec)]


def problem_of(spec: Spec, fault: Fault) -> Problem:
    """A fault with its place in the file."""
    origin = spec._origin
    if origin is None:
        return Problem(fault.message, key=dotted(fault.key), hint=fault.hint)
    place = origin.positions.key(fault.key) if fault.of_name else origin.positions.value(fault.key)
    return place.problem(fault.message, key=dotted(fault.key), hint=fault.hint)


def _run(spec: Spec) -> Faults:
    if spec.population > spec.residents:
        message = f"is more than the {spec.residents:,.10g} residents whom these consumers stand for"
        yield Fault(("population",), message, "a consumer stands for at least one person")
    if spec.start.toordinal() + spec.days + LOOK_AHEAD_DAYS > date.max.toordinal():
        yield Fault(("days",), "the calendar ends with the year 9999, before these days do")


def _people(spec: Spec) -> Faults:
    total = math.fsum(c.share for c in spec.cohorts.values())
    if abs(total - 1) > 1e-6:
        yield Fault(("cohorts",), f"the shares add up to {total:.7g}, not to 1", of_name=True)
    for name, field in spec.consumers.fields.items():
        key = ("consumers", "fields", name)
        if not (name.isascii() and name.isidentifier()) or name.startswith("_") or keyword.iskeyword(name):
            yield Fault(key, f"no rule could read it as 'me.{name}'", "write a Python name", of_name=True)
        elif name in TAKEN_FIELDS:
            yield Fault(key, f"consumers have '{name}' already", "call the field otherwise", of_name=True)
        for category in field.means:
            if category not in spec.categories:
                yield _unknown((*key, "means", category), "category", category, spec.categories, of_name=True)


def _categories(spec: Spec) -> Faults:
    served = {c for f in spec.stores.formats.values() for c in f.demand_share}
    for name, c in spec.categories.items():
        if c.every_days < SHORTEST_INTERVAL_DAYS:
            message = f"must be at least {SHORTEST_INTERVAL_DAYS}: nobody buys twice a day"
            yield Fault(("categories", name, "every_days"), message, "make the ticket larger instead")
        furthest = spec.consumers.radius_max_min * c.reach_x
        if name in served and furthest <= spec.city.access_min:
            message = f"nobody gets to a shop: people go {furthest:.4g} min at most, and trips take more"
            hint = "compare reach_x times consumers.radius_max_min with city.access_min"
            yield Fault(("categories", name, "reach_x"), message, hint)


def _huff(spec: Spec) -> Faults:
    """Huff's model has shops at a distance and nothing else."""
    if spec.consumers.value != "huff":
        return
    for name, c in spec.categories.items():
        if c.outside_option is not None:
            yield Fault(
                ("categories", name, "outside_option"), "in Huff's model nobody goes without", "write null"
            )
    if spec.platforms:
        hint = "they are at no distance; remove them with 'platforms: null'"
        yield Fault(("platforms",), "Huff's model has no platforms", hint, of_name=True)
    rules = {spec.stores.policy, *(f.policy for f in spec.stores.formats.values())}
    rules |= {s.policy for s in spec.stores.named.values()}
    delivers = any(c.delivery_reach_min > 0 for c in spec.categories.values())
    for mode in DELIVERIES:
        if delivers and getattr(spec.modes, mode).available and rules - {"", "never_integrate"}:
            hint = "write available: false, or stores.policy: never_integrate"
            yield Fault(("modes", mode, "available"), "Huff's model has no deliveries", hint)


def _formats(spec: Spec) -> Faults:
    shares: dict[str, dict[str, float]] = {}
    for name, f in spec.stores.formats.items():
        key = ("stores", "formats", name, "demand_share")
        for category, share in f.demand_share.items():
            if category not in spec.categories:
                yield _unknown((*key, category), "category", category, spec.categories, of_name=True)
            elif not 0 <= share <= 1:
                yield Fault((*key, category), f"must be a share from 0 to 1, found the number {share}")
            else:
                shares.setdefault(category, {})[name] = share
        if not any(share > 0 for share in f.demand_share.values()):
            yield Fault(key, "the format serves nothing: one of its shares must be above 0", of_name=True)
        if f.chain_share > 0 and f.chains == 0:
            yield Fault(
                (*key[:-1], "chain_share"), "there are no chains of this format", "say how many: chains"
            )
        sells = [c for c in f.demand_share if c in spec.categories]
        yield from _first_modes(spec, f.modes, key[:-1], sells, spec.start)
        if f.modes and f.integrates_from is not None and f.integrates_from > spec.start:
            message = f"holds '{f.modes[0]}' on the first day, but integrates only from {f.integrates_from}"
            yield Fault((*key[:-1], "integrates_from"), message, "leave one of the two out")
    for category, by_format in shares.items():
        if (total := math.fsum(by_format.values())) > 1.0001:
            at = ("stores", "formats", list(by_format)[-1], "demand_share", category)
            said = ", ".join(f"{name} {share:g}" for name, share in by_format.items())
            yield Fault(at, f"the shares of all formats add up to {total:.5g}, more than 1", said)


def _named_stores(spec: Spec) -> Faults:
    for name, s in spec.stores.named.items():
        yield from named_store(spec, name, s, ("stores", "named", name), spec.start)


def named_store(spec: Spec, name: str, s: NamedStore, key: Key, opens: date) -> Faults:
    """What is wrong with a store placed by hand that opens on a day."""
    for format_name in spec.stores.formats:
        if re.fullmatch(re.escape(format_name) + " [0-9]+", name):
            yield Fault(key, f"other shops of '{format_name}' get names like this", of_name=True)
    f = spec.stores.formats.get(s.format)
    if f is None:
        yield _unknown((*key, "format"), "format", s.format, spec.stores.formats)
        return
    if s.category and s.category not in f.demand_share:
        what = f"category of the format '{s.format}' called"
        yield _unknown((*key, "category"), what, s.category, f.demand_share)
    yield from _place_of_store(spec, s, key, opens)
    sells = [s.category] if s.category else list(f.demand_share)
    yield from _first_modes(spec, s.modes, key, sells, opens)


def _place_of_store(spec: Spec, s: NamedStore, key: Key, opens: date) -> Faults:
    if not s.circle:
        yield from placed(spec, s, key, "give x_km and y_km, or its circle")
        return
    at = (*key, "circle")
    if s.is_placed:
        yield Fault(at, "stands in a circle, which has a place already", "give either a circle or a place")
    if s.circle == STREETS:
        yield Fault(at, "street shops have places of their own", "give x_km and y_km instead")
    circle = spec.circles.get(s.circle)
    if circle is not None and circle.opens is not None and circle.opens > opens:
        when = "named stores are there on the first day" if opens == spec.start else f"the store on {opens}"
        yield Fault(at, f"the circle opens on {circle.opens}, but {when}")


def _first_modes(spec: Spec, modes: list[str], key: Key, sells: list[str], opens: date) -> Faults:
    for k, mode in enumerate(modes):
        if fault := mode_fault(spec, mode, sells, (*key, "modes", k), opens):
            yield fault


def mode_fault(
    spec: Spec, mode: str, sells: Sequence[str], at: Key = (), opens: date | None = None
) -> Fault | None:
    """Why a store that sells these categories cannot hold a way of integrating on the day on which it opens, by
    default the first; None if it can."""
    if mode not in spec.modes.names:
        return _unknown(at, "way of integrating called", mode, spec.modes.names)
    there = timeline.platforms_on(spec, opens or spec.start)
    if mode in PARTNERS and not any(_carries(spec, p, mode, c) for p in there for c in sells):
        message = f"there is no {PARTNERS[mode]} platform that carries what is sold here"
        return Fault(at, message, f"it sells {', '.join(sells)}")
    return None


def _carries(spec: Spec, platform: str, mode: str, category: str) -> bool:
    p, c = spec.platforms[platform], spec.categories.get(category)
    listed = not p.categories or category in p.categories
    if mode == "group" and p.group_deals is None:
        return False
    return p.kind == PARTNERS[mode] and listed and (mode != "marketplace" or (c is not None and c.shippable))


def can_use(spec: Spec, mode: str, sells: Iterable[str]) -> bool:
    """Whether a store that sells some categories could offer anything through a way of integrating; True for one of a
    plugin, which alone knows."""
    if mode in DELIVERIES:
        return any(spec.categories[c].delivery_reach_min > 0 for c in sells)
    if mode == "warehouse":
        terms = [p.from_stores for p in spec.platforms.values() if p.from_stores is not None]
        return any(c in t.categories for t in terms for c in sells)
    return mode not in PARTNERS or any(_carries(spec, p, mode, c) for p in spec.platforms for c in sells)


def _imports(spec: Spec, what: str) -> bool:
    return spec.city.import_ is not None and getattr(spec.city.import_, what) is not None


def _circles(spec: Spec) -> Faults:
    for name, c in spec.circles.items():
        key = ("circles", name)
        if name == STREETS:
            yield Fault(key, "is what the street shops are called", "call the circle otherwise", of_name=True)
        if c.is_placed or not _imports(spec, "circles"):
            yield from placed(spec, c, key, "give x_km and y_km")


def placed(spec: Spec, place: PlaceSpec, key: Key, how: str) -> Faults:
    """Whether something has a place, and on the map as far as that can be told."""
    if not place.is_placed:
        yield Fault(key, "has no place", how, of_name=True)
    elif place.lon is not None:
        if spec.city.import_ is None:
            yield Fault((*key, "lon"), "is given in degrees, but the city has none", "give x_km and y_km")
    else:
        usual = math.inf if spec.city.import_ is not None else DEFAULT_KM  # a file's zones may lie anywhere
        for axis, said in (("x_km", spec.city.width_km), ("y_km", spec.city.height_km)):
            # The map is whole cells; which of them holds the place is for the city to say.
            if getattr(place, axis) >= (said or usual) + spec.city.cell_m / 1000:
                yield Fault((*key, axis), f"lies off the map, which ends at {said or usual:g} km")


def _names(spec: Spec) -> Faults:
    if not _imports(spec, "circles"):
        yield from unknown_circles(spec, list(spec.circles))
    if not _imports(spec, "circles") and not _imports(spec, "stores"):
        yield from unknown_chains(spec, list(spec.circles))


def _platforms(spec: Spec) -> Faults:
    for name, p in spec.platforms.items():
        key = ("platforms", name)
        if p.trust_ceiling is not None and (p.trust_ceiling - p.trust) * p.trust_growth < 0:
            way = "grows" if p.trust_growth > 0 else "falls"
            yield Fault((*key, "trust_ceiling"), f"trust of {p.trust:g} {way} and never comes there")
        for k, category in enumerate(p.categories):
            at: Key = (*key, "categories", k)
            if category not in spec.categories:
                yield _unknown(at, "category", category, spec.categories)
            elif p.kind != "local_services" and not spec.categories[category].shippable:
                yield Fault(at, f"no parcel can carry '{category}'", "its category says shippable: false")


def _plugins(spec: Spec) -> Faults:
    for k, name in enumerate(spec.plugins):
        stem = name.removesuffix(".py")
        if not (stem.isascii() and stem.isidentifier()) or keyword.iskeyword(stem):
            hint = "it lies beside the scenario, under a name like my_rules.py"
            yield Fault(("plugins", k), f"'{name}' is not the plain name of a Python file", hint)
    for k, phase in enumerate(spec.phases):
        if bool(phase.before) == bool(phase.after):
            yield Fault(("phases", k), "must say what it comes before, or what it comes after")
    yield from _rule(spec, ("consumers", "value"), "value", spec.consumers.value)
    for k, channel in enumerate(spec.channels):
        yield from _rule(spec, ("channels", k), "plugin", channel)
    for k, phase in enumerate(spec.phases):
        yield from _rule(spec, ("phases", k, "run"), "plugin", phase.run)
    for key, kind, use in uses(spec):
        yield from _rule(spec, key, kind, use.run)
        if use.run in RULES.get(kind, ()):
            for name in use.said:
                yield Fault((*key, name), f"the rule '{use}' has no settings", of_name=True)


def _rule(spec: Spec, key: Key, kind: str, said: str) -> Faults:
    listed = [name.removesuffix(".py") for name in spec.plugins]
    plugin, dot, name = said.partition(".")
    if said in RULES.get(kind, ()) or (plugin in listed and name):
        return
    if dot and plugin and name:
        hint = f"did you mean {near}.{name}?" if (near := closest(plugin, listed)) else "list its file there"
        yield Fault(key, f"the plugin '{plugin}' is not listed under plugins", hint)
    else:
        yield _unknown(key, "rule", said, (*RULES.get(kind, ()), "plugin.name"))


BLOCKS = (
    boycott, best_response, service, chains_decide, floor_follows_sales, luck, owners,
    acquire, own_shops, till, last_kilometre, member_data,
    couriers, fresh_hub, from_stores, rounds,
    subsidy, harvest, network, funding,
    provider, franchise,
    turnover, leases, search, circle_alliance, smart, mobile_payment,
    festivals, seasons, group_deals,
    messages, closed_loop, try_then_buy, showroom, drivers, timeline,
)  # fmt: skip
"""The optional blocks that say something about the rest of a scenario."""

CHECKS: tuple[Callable[[Spec], Faults], ...] = (
    _run,
    too_large,
    _people,
    _categories,
    _huff,
    _formats,
    _named_stores,
    _circles,
    _names,
    _platforms,
    _plugins,
    *(block.check for block in BLOCKS),
)
