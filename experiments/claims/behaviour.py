"""Which keys of a scenario are about behaviour, and how all of them are moved at once.

A number of the schema is about behaviour if it says how people, owners, landlords, newcomers, platforms or
investors decide: a utility or the weight of one, the rate of a habit or an adoption, a threshold, a memory, a
hope, a patience. What a thing is or costs (needs, tickets, margins, rents, wages, logistics, terms of
contracts, who lives where, who has what on the first day, the calendar) is a fact of the market and stays.
`docs/decisions/0016` has the whole list.

A key that stands for every category, cohort, format, platform or circle is one default: its values move
together."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, get_args

from o2o_sim import ScenarioError, Spec
from o2o_sim.scenario.checks import check
from o2o_sim.scenario.load import to_plain
from o2o_sim.scenario.shape import ITEM, NAME, known_paths
from o2o_sim.studies.designs import Factor, lhs

BEHAVIOUR: dict[str, str] = {
    "calendar.festivals.*": "held_back pulled_forward",
    "categories.*": "touch impatience reach_x outside_option price_weight online_appeal plan_ahead",
    "cohorts.*": "literacy radius_x",
    "consumers": "price_sensitivity_income radius_max_min touch_weight familiarity_weight loyalty_weight"
    " variety_weight payment_friction habit_rate habit_fade habit_start loyalty_rate loyalty_fade follow_rate",
    "consumers.price_sensitivity": "median spread",
    "consumers.value_of_time": "median spread",
    "consumers.radius_min": "median spread",
    "consumers.smartphone": "innovation imitation",
    "consumers.phone_payment": "innovation imitation",
    "consumers.word_of_mouth": "within idle recommend",
    "stores": "size_weight queue_smoothing skill_mean dividend_months",
    "stores.formats.*": "quality skill_mean reluctance_x",
    "stores.formats.*.places": "turned_away_min",
    "stores.satisficing": "memory_months aspiration_margin imitation hurdle_x optimism bandwagon follow trial_months"
    " patience_months price_step review_share",
    "stores.service": "gain scale_yuan_m2 hoped_lift",
    "stores.floor_follows_sales": "pace",
    "stores.try_then_buy": "turn_at after_months_of_loss",
    "circles.*": "appeal",
    "circles.*.smart": "founders threshold_mean threshold_spread hoped_lift patience_months card_appeal card_rate",
    "circles.*.alliance": "appeal",
    "landlords": "vacancy_target vacancy_response rent_floor_x rent_ceiling_x",
    "platforms.*": "trust trust_growth crowding_elasticity",
    "platforms.*.membership": "innovation imitation",
    "platforms.*.fresh_hub": "appeal",
    "platforms.*.from_stores": "appeal",
    "platforms.*.subsidy": "match_x",
    "platforms.*.group_deals": "appeal",
    "platforms.*.recruit": "hazard_per_yuan lapse_month quiet_days loyal_familiarity",
    "platforms.*.funding": "growth refusals",
    "platforms.*.network": "appeal joining",
    "platforms.*.own_shops": "quality",
    "platforms.*.member_data": "loyalty response familiarity",
    "platforms.*.till": "appeal",
    "platforms.*.last_kilometre": "credit",
    **{
        f"modes.{name}": "appeal hoped_lift"
        for name in ("social", "marketplace", "partnership", "app", "group", "alliance", "warehouse")
    },
    "provider": "catalogue_weight variety_weight card_appeal card_taken patience_months",
    "franchise.*": "appeal known_appeal trust",
    "boycott.*": "threshold_mean threshold_spread temptation unseen_disutility_growth wait_months ends_below",
    "entry": "share_per_month margin_wanted",
    "mobile_payment.pushes.#": "chance",
    "messages.*": "reach leave appeal",
    "closed_loop": "follow",
}
"""Group of the schema -> its keys that are about behaviour; `*` is any name, `#` any item of a list.
Parameters of rules that no claim uses by default (policies price_match and best_response, rents by index) are
left out."""

LARGEST_MOVE = 0.25


@dataclass(frozen=True)
class Default:
    """A behavioural default: its path in the schema, its bounds, and what the schema says of it."""

    path: tuple[str, ...]
    whole: bool
    low: float
    high: float
    sentence: str

    @property
    def name(self) -> str:
        return ".".join(self.path)

    def moved(self, value: float, by: float) -> float:
        """`value` times `by`, a whole number where the key is one, and within the key's bounds."""
        new = value * by
        if self.whole:
            return int(min(max(math.floor(new + 0.5), self.low), self.high))
        return min(max(new, self.low), self.high)


@lru_cache(maxsize=1)
def defaults() -> tuple[Default, ...]:
    """All behavioural defaults, in the order of the schema. Raises ValueError if the schema lacks one."""
    wanted = {(*group.split("."), key) for group, keys in BEHAVIOUR.items() for key in keys.split()}
    signs = {NAME: "*", ITEM: "#"}
    found = {}
    for known in known_paths(Spec):
        path = tuple(signs.get(part, part) for part in known.path)
        if path in wanted and path not in found:
            found[path] = _default(path, known.owner)
    if missing := wanted - found.keys():
        raise ValueError(f"the schema has no {', '.join(sorted(map('.'.join, missing)))}")
    return tuple(found.values())


def _default(path: tuple[str, ...], owner: Any) -> Default:
    field = next(f for name, f in owner.model_fields.items() if (f.alias or name) == path[-1])
    kinds = get_args(field.annotation) or (field.annotation,)
    if not {int, float} & set(kinds):
        raise ValueError(f"{'.'.join(path)} is not a number")
    low, high = -math.inf, math.inf
    for mark in field.metadata:
        low = getattr(mark, "ge", low)
        high = getattr(mark, "le", high)
        if (above := getattr(mark, "gt", None)) is not None:
            low = math.nextafter(above, math.inf)
        if (below := getattr(mark, "lt", None)) is not None:
            high = math.nextafter(below, -math.inf)
    return Default(path, float not in kinds, low, high, field.description or "")


def design(points: int, seed: int) -> list[dict[str, float]]:
    """A Latin hypercube over all behavioural defaults: default -> the factor it is multiplied by."""
    factors = [Factor(d.name, low=1 - LARGEST_MOVE, high=1 + LARGEST_MOVE) for d in defaults()]
    return [{name: float(x) for name, x in point.items()} for point in lhs(factors, points, seed)]


def places(data: Any, path: tuple[str, ...], at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of plain data that a path with `*` and `#` means."""
    if not path:
        yield at
    elif isinstance(data, dict):
        names = data if path[0] == "*" else [path[0]] if path[0] in data else []
        for name in names:
            yield from places(data[name], path[1:], (*at, name))
    elif isinstance(data, list) and path[0] == "#":
        for k, item in enumerate(data):
            yield from places(item, path[1:], (*at, k))


def moved(
    data: dict[str, Any], by: Mapping[str, float], keep: Collection[tuple[Any, ...]] = ()
) -> tuple[dict[str, Any], set[str]]:
    """A scenario's plain data with all behavioural defaults moved, and the names of those that could be.

    What is absent, off or 0 stays so, and so do the places to `keep`.
    """
    new, touched = copy.deepcopy(data), set()
    for one in defaults():
        for at in places(data, one.path):
            group = new
            for part in at[:-1]:
                group = group[part]
            value = group[at[-1]]
            if at in keep or not value:
                continue
            group[at[-1]] = one.moved(value, by[one.name])
            touched.add(one.name)
    return new, touched


def moved_spec(
    spec: Spec, by: Mapping[str, float], keep: Collection[tuple[Any, ...]] = ()
) -> tuple[Spec, set[str]]:
    """The scenario with all behavioural defaults moved. Raises ScenarioError where it is none any more."""
    data, touched = moved(to_plain(spec), by, keep)
    made = Spec.model_validate_json(json.dumps(data))
    made._origin = spec._origin
    if problems := check(made):
        raise ScenarioError(problems)
    return made, touched


def said(changes: Mapping[str, Any]) -> set[tuple[str, ...]]:
    """The places whose values an arm gives itself."""
    return {place for key, value in changes.items() for place in _leaves(value, tuple(key.split(".")))}


def _leaves(value: Any, at: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _leaves(below, (*at, *key.split(".")))
    else:
        yield at
