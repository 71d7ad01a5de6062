"""Keys whose value changes nothing in a scenario, by construction: a factor on amounts that are all 0, a setting
of a policy that nobody follows.

`idle` knows some of them, each by a rule that was read off the code and is tested by runs with other values. It
says nothing where it is not certain: what a plugin reads, only the plugin knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel

from ..errors import Problem
from .checks import can_use
from .places import dotted

if TYPE_CHECKING:
    from .platforms import Platform
    from .schema import Spec
    from .stores import Format

Path = tuple[str, ...]


class Idle(NamedTuple):
    """Why a key has no effect here, and the levers of a live city that can change that when they are raised."""

    why: str
    wakes: tuple[str, ...] = ()


Rule = Callable[["Spec", Path], "Idle | str | None"]


def idle(spec: Spec, key: str | Sequence[str]) -> Idle | None:
    """Why a change of one key of a scenario has no effect on what becomes of the city; None if it may have one,
    or if nobody can tell. A key of the scenario that is not there has none that is known."""
    path = path_of(spec, key) if isinstance(key, str) else tuple(map(str, key))
    if path is None or _has_plugins(spec):
        return None
    for pattern, rule in RULES:
        parts = pattern.split(".")
        if len(parts) <= len(path) and all(fnmatchcase(said, part) for said, part in zip(path, parts)):
            found = rule(spec, path)
            if found:
                return Idle(found) if isinstance(found, str) else found
    return None


def path_of(spec: BaseModel, key: str) -> Path | None:
    """The path of a dotted key, whose names may hold dots; None if the scenario has no such key."""
    return _walk(spec, key.split("."))


def _walk(block: Any, parts: list[str]) -> Path | None:
    for length in range(1, len(parts) + 1):
        name, rest = ".".join(parts[:length]), parts[length:]
        below = _entry(block, name)
        if below is not None:
            if not rest:
                return (name,)
            found = _walk(below[0], rest)
            if found is not None:
                return (name, *found)
    return None


def _entry(block: Any, name: str) -> tuple[Any] | None:
    """What stands under a name, in a tuple; None if nothing can."""
    if isinstance(block, dict):
        return (block[name],) if name in block else None
    if isinstance(block, BaseModel):
        for own, field in type(block).model_fields.items():
            if name == (field.alias or own):
                return (getattr(block, own),)
    return None


def value_at(spec: BaseModel, path: Sequence[str]) -> Any:
    """What stands at a path, as the scenario holds it; None if nothing does."""
    value: Any = spec
    for name in path:
        found = _entry(value, name)
        if found is None:
            return None
        value = found[0]
    return value


def _has_plugins(spec: Spec) -> bool:
    return bool(spec.plugins or spec.systems or spec.channels or spec.phases or spec.modes.own)


# -- factors on what is 0 -----------------------------------------------------------------------------------
def _subsidies(spec: Spec, path: Path) -> Idle | str | None:
    if any(_may_pay(spec, name) for name in spec.platforms) or _festival_pays(spec):
        return None
    if not spec.platforms:
        return "there is no platform that could pay a subsidy"
    able = [name for name, p in spec.platforms.items() if _in_time(spec, name) and p.subsidy.largest_share]
    wakes = [("platforms", name, "subsidy", "per_order_yuan") for name in able]
    return Idle("no platform pays a subsidy in these days", tuple(map(dotted, wakes)))


def _may_pay(spec: Spec, name: str) -> bool:
    """Whether a platform may come to pay a subsidy per order."""
    s = spec.platforms[name].subsidy
    if not _in_time(spec, name) or s.largest_share == 0:
        return False
    if s.per_order_yuan > 0:
        return True
    rivals = [r for other, r in spec.platforms.items() if other != name]
    highest = max((r.subsidy.per_order_yuan for r in rivals), default=0.0)
    return s.policy == "match_rival" and min(s.match_x, s.match_limit_yuan, highest) > 0


def _in_time(spec: Spec, name: str) -> bool:
    """Whether the days of a platform's subsidy have any in common with those of the run."""
    s = spec.platforms[name].subsidy
    return (s.start is None or s.start < _end(spec)) and (s.end is None or s.end > spec.start)


def _end(spec: Spec) -> Any:
    """The first day after the run."""
    return spec.start + timedelta(days=spec.days)


def _festival_pays(spec: Spec) -> bool:
    return any(f.paid_by == "platform" and f.discount > 0 for f in spec.calendar.festivals.values())


def _rents(spec: Spec, path: Path) -> Idle | None:
    amounts = [spec.landlords.street_rent_yuan_m2_month]
    amounts += [c.rent_yuan_m2_month for c in spec.circles.values()]
    amounts += [s.rent_yuan_m2_month or 0.0 for s in spec.stores.named.values()]
    leases = [spec.landlords.turnover, *(c.turnover for c in spec.circles.values())]
    if any(amounts) or any(lease is not None for lease in leases) or spec.city.import_ is not None:
        return None
    wakes = ["landlords.street_rent_yuan_m2_month"]
    wakes += [dotted(("circles", name, "rent_yuan_m2_month")) for name in spec.circles]
    return Idle("all rents are 0", tuple(wakes))


def _logistics(spec: Spec, path: Path) -> str | None:
    if spec.franchise or spec.provider is not None or spec.couriers is not None:
        return None
    if any(_pays_parcels(p) for p in spec.platforms.values()) or _delivers(spec):
        return None
    return "there are no parcels and no deliveries that cost anything"


def _pays_parcels(p: Platform) -> bool:
    if p.fresh_hub or p.from_stores or p.last_kilometre or p.own_shops or p.till:
        return True
    costs = p.parcel.per_order_yuan, p.parcel.per_km_yuan, p.parcel.hub_yuan_month
    return p.kind != "local_services" and any(costs)


def _delivers(spec: Spec) -> bool:
    """Whether a store may come to bring goods to a door, for a cost or a fee."""
    if not any(c.delivery_reach_min > 0 for c in spec.categories.values()):
        return False
    return any(
        _may_be_held(spec, name) and (mode.delivery_cost_yuan > 0 or mode.delivery_fee_yuan > 0)
        for name, mode in _modes(spec)
    )


def _modes(spec: Spec) -> Iterator[tuple[str, Any]]:
    return ((name, getattr(spec.modes, name)) for name in type(spec.modes).model_fields)


def _may_be_held(spec: Spec, mode: str) -> bool:
    """Whether a store may hold a way of integrating on some day."""
    first: list[Any] = [*spec.stores.formats.values(), *spec.stores.named.values()]
    if any(mode in one.modes for one in first) or _imports_stores(spec):
        return True
    if any(p.acquire for p in spec.platforms.values()):
        return True
    settings = getattr(spec.modes, mode)
    in_time = settings.start is None or settings.start < _end(spec)
    takes_up = settings.available and in_time and _store_policies(spec) != {"never_integrate"}
    return takes_up and bool(formats_with(spec, mode))


def sold(form: Format) -> list[str]:
    """The categories that stores of a format sell."""
    return [category for category, share in form.demand_share.items() if share > 0]


def formats_with(spec: Spec, mode: str) -> list[str]:
    """The formats whose stores could offer anything through a way of integrating."""
    return [name for name, f in spec.stores.formats.items() if can_use(spec, mode, sold(f))]


def _imports_stores(spec: Spec) -> bool:
    return spec.city.import_ is not None and spec.city.import_.stores is not None


def _store_policies(spec: Spec) -> set[str]:
    several: list[Any] = [*spec.stores.formats.values(), *spec.stores.named.values()]
    return {str(spec.stores.policy), *(str(one.policy) for one in several if one.policy)}


# -- settings of what is not there --------------------------------------------------------------------------
def _of_store_policy(spec: Spec, path: Path) -> str | None:
    policy = path[1]
    return None if policy in _store_policies(spec) else f"no store has the policy {policy}"


def _of_entry(spec: Spec, path: Path) -> str | None:
    if path[1] == "share_per_month" and spec.entry.search is not None:
        return "newcomers search: entry.search says how many take an empty unit"
    if path[1] == "margin_wanted" and _has_leases(spec):
        return None  # landlords who let for years ask what newcomers could pay
    return "entry.policy is none: nobody takes an empty unit" if spec.entry.policy == "none" else None


def _of_ramp(spec: Spec, path: Path) -> str | None:
    search = spec.entry.search
    return "new shops lack nothing: ramp_utils is 0" if search is not None and not search.ramp_utils else None


def _has_leases(spec: Spec) -> bool:
    return spec.landlords.leases is not None or any(c.leases is not None for c in spec.circles.values())


def _of_landlord(spec: Spec, path: Path) -> str | None:
    if path[1] == "vacancy_target" and _has_leases(spec):
        return None  # it is what landlords know at first
    policy = "indexed" if path[1] == "index_yearly" else "vacancy"
    used = {str(spec.landlords.policy), *(str(c.landlord) for c in spec.circles.values() if c.landlord)}
    return None if policy in used else f"no landlord has the policy {policy}"


def _of_imported_circles(spec: Spec, path: Path) -> str | None:
    imports = spec.city.import_ is not None and spec.city.import_.circles is not None
    return None if imports else "no circles come from a file"


def _of_mode(spec: Spec, path: Path) -> str | None:
    if (
        path[1] not in type(spec.modes).model_fields or path[-1] == "beyond_x"
    ):  # which adds series in any case
        return None
    if path[-1] in ("available", "start"):
        return (
            None if _imports_stores(spec) or formats_with(spec, path[1]) else f"no format can use {path[1]}"
        )
    return None if _may_be_held(spec, path[1]) else f"no store can hold the way of integrating {path[1]}"


def _of_cohort(spec: Spec, path: Path) -> str | None:
    cohort = spec.cohorts.get(path[1])
    if cohort is None or path[2] == "share" or cohort.share > 0:
        return None
    return f"the cohort {path[1]} has a share of 0: nobody belongs to it"


def _of_circle(spec: Spec, path: Path) -> str | None:
    circle = spec.circles.get(path[1])
    if circle is None or circle.opens is None or circle.opens < _end(spec):
        return None
    if circle.smart or circle.alliance or any(p.acquire for p in spec.platforms.values()):
        return None
    return f"the circle {path[1]} opens on {circle.opens}, when the run has ended"


# -- categories and platforms -------------------------------------------------------------------------------
def _of_parcels_of_category(spec: Spec, path: Path) -> str | None:
    name = path[1]
    if name not in spec.categories or spec.franchise:
        return None
    if not spec.categories[name].shippable:
        return f"no parcel can carry {name}"
    return None if _shipped(spec, name) else f"no platform brings {name} by parcel"


def _shipped(spec: Spec, category: str) -> bool:
    """Whether a platform brings a category to the door."""
    return any(
        (not p.categories or category in p.categories)
        and (p.kind != "local_services" or p.from_stores or p.till)
        for p in spec.platforms.values()
    )


def _of_sold_category(spec: Spec, path: Path) -> str | None:
    name = path[1]
    if name not in spec.categories or spec.franchise or _imports_stores(spec):
        return None
    sold = any(name in f.demand_share for f in spec.stores.formats.values())
    shipped = spec.categories[name].shippable and _shipped(spec, name)
    others = any(p.fresh_hub or p.from_stores for p in spec.platforms.values())
    return None if sold or shipped or others else f"nobody sells {name}"


def _of_deadline(spec: Spec, path: Path) -> Idle | str | None:
    c = spec.categories.get(path[1])
    if c is not None and c.late_loss == 0:
        return Idle(f"{path[1]} loses nothing by being late", (dotted((*path[:2], "late_loss")),))
    return _of_sold_category(spec, path)


def _of_price_level(spec: Spec, path: Path) -> str | None:
    if any(c.frequency_elasticity for c in spec.categories.values()):
        return None
    return "no category has a frequency_elasticity"


def _of_platform(spec: Spec, path: Path) -> Idle | str | None:
    p = spec.platforms.get(path[1])
    if p is None:
        return None
    name, kind = path[2], p.kind
    if name == "coupon_discount" and kind != "local_services":
        return "only a platform of local services has coupons"
    if name in ("price_x", "parcel") and kind == "local_services" and not _pays_parcels(p):
        return "a platform of local services ships nothing"
    if name == "commission" and kind == "self_operated" and not spec.franchise and p.harvest is None:
        return "a platform that sells itself takes no commission"
    if name == "gross_margin" and kind != "self_operated":
        return "only a platform that sells itself has a margin"
    if name in ("advertising_share", "sellers_growth", "crowding_elasticity") and kind != "marketplace":
        return "only a marketplace has outside sellers"
    if name == "subsidy" and len(path) > 3:
        return _of_subsidy(spec, path)
    return None


def _of_subsidy(spec: Spec, path: Path) -> Idle | str | None:
    s, name = spec.platforms[path[1]].subsidy, path[3]
    if name in ("match_x", "match_limit_yuan") and s.policy != "match_rival":
        return f"is read by the policy match_rival only, and this one is {s.policy}"
    terms = ("budget_yuan_month", "largest_share", "until_spent_yuan")
    # A platform whose rival matches it is watched by that rival.
    if (
        name in terms
        and s.per_order_yuan == 0
        and s.policy in ("fixed", "buy_share")
        and not _festival_pays(spec)
    ):
        return Idle(f"{path[1]} pays no subsidy", (dotted((*path[:3], "per_order_yuan")),))
    return None


def _only_label(spec: Spec, path: Path) -> str:
    return "it is a name, and changes no figure"


def _same_purchases(spec: Spec, path: Path) -> str:
    return "both engines give the same purchases"


def _only_limit(spec: Spec, path: Path) -> str:
    return "a limit refuses what is too large, and changes nothing else"


RULES: tuple[tuple[str, Rule], ...] = (
    ("levers.subsidy_x", _subsidies),
    ("levers.rent_x", _rents),
    ("levers.logistics_x", _logistics),
    ("stores.price_match", _of_store_policy),
    ("stores.best_response", _of_store_policy),
    ("entry.share_per_month", _of_entry),
    ("entry.margin_wanted", _of_entry),
    ("entry.search.ramp_months", _of_ramp),
    ("landlords.index_yearly", _of_landlord),
    ("landlords.vacancy_*", _of_landlord),
    ("landlords.rent_*_x", _of_landlord),
    ("imported_circles", _of_imported_circles),
    ("modes.*.*", _of_mode),
    ("cohorts.*.*", _of_cohort),
    *((f"circles.*.{name}", _of_circle) for name in (
        "x_km", "y_km", "lon", "lat", "units", "share", "opens", "rent_yuan_m2_month", "appeal", "occupied_start",
    )),
    ("categories.*.online_appeal", _of_parcels_of_category),
    ("categories.*.online_price_x", _of_parcels_of_category),
    ("categories.*.parcel_weight_x", _of_parcels_of_category),
    *((f"categories.*.{name}", _of_sold_category) for name in (
        "gross_margin", "spoilage_per_day", "stock_days", "standardised", "touch", "impatience", "late_loss",
        "price_weight",
    )),
    ("categories.*.wanted_days", _of_deadline),
    ("consumers.price_rate", _of_price_level),
    ("platforms.*.*", _of_platform),
    ("name", _only_label),
    ("question", _only_label),
    ("currency", _only_label),
    ("engine", _same_purchases),
    ("limits", _only_limit),
)  # fmt: skip
"""Which rule answers for a key that begins so."""


# -- what was changed ---------------------------------------------------------------------------------------
def idle_keys(spec: Spec) -> list[Problem]:
    """The keys that have no effect although an override changes them, or the scenario's own file (not one that it
    extends) gives them another value than the default; each reason once for a group of keys."""
    origin = spec._origin
    if origin is None:
        return []
    found: dict[tuple[Path, str], Problem] = {}
    for path, source in origin.positions.written():
        by_override = source.path is None
        if not path or not (by_override or source.path == origin.path) or path[0] in NEVER_MEANT:
            continue
        value, reason = value_at(spec, path), idle(spec, path)
        if (
            reason is None
            or isinstance(value, BaseModel | dict)
            or (not by_override and _is_usual(spec, path))
        ):
            continue
        hint = f"first raise {' or '.join(reason.wakes[:3])}" if reason.wakes else None
        problem = spec.problem_at(path, f"has no effect in this scenario: {reason.why}", hint)
        found.setdefault((path[:-1], reason.why), problem)
    return list(found.values())


NEVER_MEANT = ("name", "question", "currency", "engine", "limits")
"""Keys that nobody takes for a cause."""


def _is_usual(spec: Spec, path: Path) -> bool:
    """Whether a key has the value that it would have if nobody wrote it."""
    above = value_at(spec, path[:-1])
    fields = (
        {f.alias or name: f for name, f in type(above).model_fields.items()}
        if isinstance(above, BaseModel)
        else {}
    )
    if path[-1] not in fields or fields[path[-1]].is_required():
        return False
    usual = fields[path[-1]].get_default(call_default_factory=True)
    return bool(value_at(spec, path) == usual)


def idle_in_all(specs: Iterable[Spec], path: Sequence[str]) -> Idle | None:
    """Why a key has no effect in any of some scenarios; None if it may have one in some."""
    found = None
    for spec in specs:
        found = idle(spec, tuple(path))
        if found is None:
            return None
    return found


__all__ = ["Idle", "formats_with", "idle", "idle_in_all", "idle_keys", "path_of", "value_at"]
