"""What stands in the city on the first day: circles with their landlords, stores, platforms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from .agents.circle import STREETS, Circle
from .agents.platform import Platform
from .agents.sites import street_cells
from .agents.store import Store
from .city.imported import ImportedStore
from .city.survey import units_of
from .errors import ScenarioError
from .market.needs import Habits
from .modes import Holding
from .policies.integration import caller
from .policies.prospects import units_carried
from .scenario.schema import Spec
from .scenario.stores import NamedStore
from .streams import name_bits, uniforms

if TYPE_CHECKING:
    from .model import O2OModel
    from .scenario.stores import Format

DAYS_A_YEAR = 365.25
SMALLEST_M2 = 5.0
"""No floor is drawn smaller than this, unless the usual one of its format is."""


def habits(spec: Spec) -> Habits:
    """The keys that learning reads, as arrays."""
    c, rule = spec.categories.values(), spec.consumers
    return Habits(
        np.array([x.every_days for x in c]),
        np.array([x.income_elasticity for x in c]),
        np.array([x.plan_ahead for x in c]),
        np.array([x.frequency_elasticity for x in c]),
        rule.habit_rate,
        rule.habit_fade,
        rule.loyalty_rate,
        rule.loyalty_fade,
        rule.follow_rate,
        rule.price_rate,
    )


def demand(model: O2OModel) -> dict[str, float]:
    """Yearly spending by category in yuan, if every need were met at the usual ticket."""
    spec = model.spec
    income = np.clip(model.shoppers.incomes(max(1, spec.population // 100_000)).astype(float), 0.05, 20.0)
    return {
        name: spec.residents
        * DAYS_A_YEAR
        / c.every_days
        * c.ticket_yuan
        * float((income**c.income_elasticity).mean())
        for name, c in spec.categories.items()
    }


def extent(model: O2OModel) -> tuple[float, float]:
    """(populated area in km2, mean distance of a resident from the city's middle in km)."""
    city = model.city
    cell_km2 = (city.grid.cell_m / 1000) ** 2
    lived_in = city.residents > 0.05 * city.residents.mean()
    xy = city.grid.centres() / 1000
    middle = (city.residents[:, None] * xy).sum(axis=0)
    off = np.sqrt(((xy - middle) ** 2).sum(axis=1))
    return float(lived_in.sum() * cell_km2), float((city.residents * off).sum())


def open_business(model: O2OModel) -> None:
    """Circles, then stores, then platforms."""
    _circles(model)
    starts = _first_formats(model)
    scale = {name: _to_supply(model, name, len(ids)) for name, ids in starts.items()}
    streets = sum(len(where) for where in starts.values())
    model.circles[STREETS].units = 0
    in_circles = _let_circles(model, starts, scale)
    on_streets = {name: ids[in_circles[name] :] for name, ids in starts.items()}
    streets = sum(len(ids) for ids in on_streets.values())
    for name, ids in on_streets.items():
        cells = street_cells(model, len(ids), "street " + name, apart=True)
        for k, cell in enumerate(cells):
            shop = f"{name} {ids[k] + 1}"
            open_store(model, shop, name, model.circles[STREETS], int(cell), area_x=scale[name])
    _imported_stores(model)
    _named_stores(model)
    streets = len(model.circles[STREETS].tenants)
    model.circles[STREETS].units = round(streets / (1 - model.spec.landlords.street_vacancy_start))
    for number, (name, spec) in enumerate(model.spec.platforms.items()):
        policy = model.extensions.policy(spec.subsidy.policy)
        platform = Platform(model, name, number, spec, policy)
        platform.subsidy_yuan = spec.subsidy.per_order_yuan
        model.platforms.append(platform)
    model.count_users()
    for platform in model.platforms:
        platform.drops_a_day = first_drops(model, platform)
    imported = {s.name: s.modes for s in model.city.stores}
    for store in model.stores:
        named = model.spec.stores.named.get(store.name)
        for mode in dict.fromkeys(
            (*store.format.modes, *(named.modes if named else imported.get(store.name, ())))
        ):
            store.modes[mode] = Holding(model.date, first_partner(model, store, mode))
    _check_partners(model)


def first_partner(model: O2OModel, store: Store, mode: str) -> Platform | None:
    """The platform whose agent called first, of those that a mode can be had with and that carry what it
    sells."""
    works_with = model.modes[mode].works_with
    fitting = [p for p in model.platforms if any(works_with(p, c) for c in store.floor)]
    return caller(mode, store, fitting) if fitting else None


def _check_partners(model: O2OModel) -> None:
    """What the scenario's checks find of the modes of the package, for those of plugins."""
    own = [mode for name, mode in model.modes.items() if name in model.spec.modes.own]
    for mode in own:
        for store in model.stores:
            holding = store.modes.get(mode.name)
            if holding is not None and holding.platform is None and mode.partner is not None:
                kind = f"{mode.partner} platform" if mode.partner else "platform"
                message = f"{store.name!r} holds it on the first day, but no {kind} takes what it sells"
                raise ScenarioError(model.spec.problem_at(("modes", mode.name), message))


def first_drops(model: O2OModel, platform: Platform) -> float:
    """A first guess of parcels per day: members order a tenth of what the platform carries."""
    orders = sum(
        model.spec.residents / c.every_days
        for name, c in model.spec.categories.items()
        if platform.carries(name) and c.shippable
    )
    return 0.1 * platform.members * orders if platform.ships else 0.0


def _circles(model: O2OModel) -> None:
    spec, city = model.spec, model.city
    density = city.residents + city.jobs
    relative = density / density[density > 0].mean()
    street_x = np.maximum(relative, 0.05) ** spec.landlords.street_rent_density
    street_policy = model.extensions.policy(spec.landlords.policy)
    for name, c in spec.circles.items():
        if name in city.circles and not c.is_placed:
            cell = city.circles[name].cell
        else:
            cell = city.cell_at(*city.locate(c, f"circles.{name}", spec._origin))
        policy = model.extensions.policy(c.landlord or spec.landlords.policy)
        model.circles[name] = Circle(
            model,
            name,
            cell,
            units=c.units,
            rent=c.rent_yuan_m2_month,
            appeal=c.appeal,
            occupied_start=c.occupied_start,
            opens=c.opens,
            weight=c.units if c.share is None else c.share,
            policy=policy,
        )
    rules = spec.imported_circles
    for name, found in city.circles.items():
        if name in model.circles:
            continue
        units = units_of(spec, found.floorspace_m2)
        model.circles[name] = Circle(
            model, name, found.cell, units=units,
            rent=rules.rent_by_class.get(found.cls or "", rules.rent_yuan_m2_month),
            appeal=rules.appeal_by_class.get(found.cls or "", 0.0),
            occupied_start=rules.occupied_start, weight=units, policy=street_policy,
        )  # fmt: skip
    model.circles[STREETS] = Circle(
        model,
        STREETS,
        0,
        units=0,
        rent=spec.landlords.street_rent_yuan_m2_month,
        policy=street_policy,
        density_x=street_x,
    )


def _first_formats(model: O2OModel) -> dict[str, list[int]]:
    """How many units of each format the city's demand supports at their usual sales."""
    if model.city.stores:
        return {}
    return {name: list(range(round(units_carried(model, name)))) for name in model.spec.stores.formats}


def _to_supply(model: O2OModel, name: str, units: int) -> float:
    """By how much the floors drawn for a format's first units are multiplied so that their sum is what `supply_x` says; 1
    unless `supply_exact` is on. Without it few units of very unlike sizes would be far too much floor, or too little."""
    if not (model.spec.stores.supply_exact and units):
        return 1.0
    f = model.spec.stores.formats[name]
    drawn = [_drawn_area(f, _traits(model, f"{name} {k + 1}")["area"]) for k in range(units)]
    return f.area_m2 * units / math.fsum(drawn)


def _let_circles(model: O2OModel, starts: dict[str, list[int]], scale: dict[str, float]) -> dict[str, int]:
    """Let the units of the open circles, by weight; returns how many of each format found one."""
    wanted = [
        (name, k)
        for name, ids in starts.items()
        for k in ids[: round(len(ids) * model.spec.stores.formats[name].in_circles)]
    ]
    free = [c for c in model.circles.values() if c.is_open and not c.is_street]
    slots = _slots(free, len(wanted))
    order = np.argsort(
        uniforms(model.seed_number, "who gets which unit", 0, np.arange(len(wanted))), kind="stable"
    )
    chosen = sorted(wanted[k] for k in order[: len(slots)])
    # Units in a circle go to formats in turn, so that every circle is mixed.
    where = np.argsort(uniforms(model.seed_number, "which circle", 0, np.arange(len(slots))), kind="stable")
    count = dict.fromkeys(starts, 0)
    for (name, _), slot in zip(chosen, where):
        ids = starts[name]
        shop = f"{name} {ids[count[name]] + 1}"
        open_store(model, shop, name, slots[slot], slots[slot].cell, area_x=scale[name])
        count[name] += 1
    return count


def _slots(circles: list[Circle], wanted: int) -> list[Circle]:
    """Units to let on the first day; if there are more than wanted, in proportion to the circles' weights."""
    room = {c.name: int(c.units * c.occupied_start) for c in circles}
    total = sum(room.values())
    if total > wanted and total:
        weight = sum(c.weight for c in circles) or 1.0
        room = {c.name: min(room[c.name], round(wanted * c.weight / weight)) for c in circles}
    return [c for c in circles for _ in range(room[c.name])]


def _traits(model: O2OModel, name: str) -> dict[str, float]:
    """Floor area, appeal, skill and cost (standard normal), and chain (uniform), drawn for this name alone."""
    u = uniforms(model.seed_number, "store traits", 0, np.full(1, name_bits(name)), 0)
    draws = [
        ndtri(uniforms(model.seed_number, "store traits", 0, np.full(1, name_bits(name)), k)[0])
        for k in (1, 2, 3, 4)
    ]
    return {
        "area": float(draws[0]),
        "quality": float(draws[1]),
        "skill": float(draws[2]),
        "cost": float(draws[3]),
        "chain": float(u[0]),
    }


def _drawn_area(f: Format, z: float) -> float:
    """The floor of a unit of the format, m2; its mean is that of the format."""
    drawn = f.area_m2 * math.exp(f.area_spread * z - f.area_spread**2 / 2)
    return max(drawn, min(SMALLEST_M2, f.area_m2))


def _or(own: float | None, general: float) -> float:
    return general if own is None else own


def open_store(
    model: O2OModel,
    name: str,
    format_name: str,
    circle: Circle,
    cell: int,
    *,
    area_x: float = 1.0,
    **given: Any,
) -> Store:
    """Open a store; what is not given is drawn for its name, its floor times `area_x`."""
    rules = model.spec.stores
    f = rules.formats[format_name]
    values = drawn(model, name, format_name)
    values["area_m2"] *= area_x
    values["policy"] = model.extensions.policy(f.policy or rules.policy)
    values |= {k: v for k, v in given.items() if v is not None and v != ""}
    return Store(model, name, format_name, circle, cell, **values)


def drawn(model: O2OModel, name: str, format_name: str) -> dict[str, Any]:
    """What is drawn of a store of a format for its name alone: `area_m2`, `quality`, `cost_x`, `skill` and `chain`."""
    rules = model.spec.stores
    f, t = rules.formats[format_name], _traits(model, name)
    mean_skill = _or(f.skill_mean, rules.skill_mean)
    cost = _or(f.cost_spread, rules.cost_spread)
    chained = t["chain"] < f.chain_share and f.chains > 0
    return {
        "area_m2": _drawn_area(f, t["area"]),
        "quality": f.quality + _or(f.quality_spread, rules.quality_spread) * t["quality"],
        "cost_x": f.cost_x * math.exp(cost * t["cost"] - cost**2 / 2),
        "skill": min(max(mean_skill + rules.skill_spread * t["skill"], 0.0), 1.0),
        "chain": f"{format_name} chain {1 + int(t['chain'] / f.chain_share * f.chains)}" if chained else "",
    }


def _named_stores(model: O2OModel) -> None:
    for name, s in model.spec.stores.named.items():
        open_named(model, name, s, f"stores.named.{name}")


def open_named(model: O2OModel, name: str, s: NamedStore, key: str) -> Store:
    """Open a store placed by hand, of which the scenario says at a key what is not drawn."""
    if s.circle:
        circle = model.circles[s.circle]
        cell = circle.cell
    else:
        circle = model.circles[STREETS]
        place = model.city.locate(s, key, model.spec._origin)
        cell = model.city.cell_at(*place)
    policy = model.extensions.policy(s.policy) if s.policy else None
    return open_store(
        model, name, s.format, circle, cell, area_m2=s.area_m2, quality=s.quality, skill=s.skill,
        category=s.category, rent_yuan_m2=s.rent_yuan_m2_month, cash_yuan=s.cash_yuan, policy=policy,
        cost_x=s.cost_x,
    )  # fmt: skip


def _imported_stores(model: O2OModel) -> None:
    """Those that are there on the first day; their opening may lie before it."""
    for s in model.city.stores:
        if s.opens is None or s.opens <= model.spec.start:
            store = _open_imported(model, s)
            store.opened = store.changed = s.opens or store.opened


def open_imported(model: O2OModel) -> None:
    """Those whose opening day has come. Called every morning."""
    for s in model.city.opening(model.date) if model.day else ():
        store = _open_imported(model, s)
        for mode in s.modes:
            store.modes[mode] = Holding(model.date, first_partner(model, store, mode))
        model.log(store.name, "entry", "open", "opening date")


def _open_imported(model: O2OModel, s: ImportedStore) -> Store:
    form = model.spec.stores.formats[s.format]
    area = _drawn_area(form, _traits(model, s.name)["area"]) if s.area_m2 is None else s.area_m2
    return open_store(
        model, s.name, s.format, model.circles[s.circle or STREETS], s.cell,
        area_m2=area, category=s.category, chain=s.chain, quality=s.quality, cost_x=s.cost_x,
        rent_yuan_m2=s.rent_yuan_m2_month,
        sales_per_m2_year_yuan=None if s.sales_yuan_year is None else s.sales_yuan_year / area,
    )  # fmt: skip
