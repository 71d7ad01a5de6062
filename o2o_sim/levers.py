"""Levers of a live city: which keys of a scenario may be moved while it runs, and how one is moved.

Every key that the schema marks `adjustable` is a lever, once for each block of the scenario that has it. The
blocks of a `Spec` are frozen, and agents and systems hold references to them; so a moved value is put into
the block itself, where everybody reads it from then on, and the few agents that took a copy on the first day
get it too (`HOLDERS`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from .errors import ScenarioError
from .scenario.changing import Scalar, find, own_copy
from .scenario.idle import Idle, idle
from .scenario.places import dotted
from .scenario.shape import closest
from .scenario.use import Use, uses

if TYPE_CHECKING:
    from .model import O2OModel
    from .scenario.schema import Spec

GROUPS = {
    "levers": "All shops and platforms",
    "landlords": "Streets",
    "mobile_payment": "Paying by phone",
    "couriers": "Couriers of shops",
    "stores": "Experience stores",
    "platforms": "Platform {}",
    "circles": "Circle {}",
    "categories": "Goods: {}",
}
"""What the levers below a top key have for a heading; `{}` is the name that comes next in the path."""

NAMES = {
    "levers.subsidy_x": "Subsidies",
    "levers.rent_x": "Rents",
    "levers.logistics_x": "Cost of parcels and deliveries",
}
"""What people call the levers that they use most; of the others it is the sentence of the schema."""

PAID_PER_ORDER = ("platforms", "*", "subsidy", "per_order_yuan")
REMARKS = {
    (
        "circles",
        "*",
        "rent_yuan_m2_month",
    ): "The landlord goes on from there, month by month, by its own policy.",
    (
        "landlords",
        "street_rent_yuan_m2_month",
    ): "Landlords go on from there, month by month, by their own policy.",
    ("platforms", "*", "commission"): "A platform that harvests raises it further by itself.",
    PAID_PER_ORDER: ("A policy that matches a rival may pay more; one that buys a share stops by itself."),
    ("landlords", "turnover", "share"): "Formats with a share of their own keep it.",
    ("circles", "*", "turnover", "share"): "Formats with a share of their own keep it.",
}
"""What else moves a key, by pattern of its path: who moves the lever should know."""


@dataclass(frozen=True)
class Lever:
    """One adjustable key of a scenario: the path to it, the block that has it, its name there and its
    declaration. Of a setting of a plugin, `use` is what says in the scenario which class has it, and `depth`
    the length of the path to that."""

    path: tuple[str, ...]
    block: BaseModel
    name: str
    field: FieldInfo
    use: Use | None = None
    depth: int = 0

    @property
    def key(self) -> str:
        return dotted(self.path)

    @property
    def pattern(self) -> tuple[str, ...]:
        """The path with `*` for the name that the user chose."""
        free = self.path[0] in ("platforms", "circles", "categories")
        return (self.path[0], "*", *self.path[2:]) if free else self.path

    @property
    def value(self) -> float:
        return float(getattr(self.block, self.name))

    @property
    def is_whole(self) -> bool:
        """Whether it takes whole numbers only."""
        return self.field.annotation is int

    def put(self, value: float) -> None:
        """Set it where everybody reads it: in the frozen block itself."""
        self.hold(value)
        if self.use is not None:
            self.use.put(self.path[self.depth :], self.block.__dict__[self.name])

    def hold(self, value: float) -> None:
        """Let it have a value for a while, of which the scenario keeps nothing."""
        self.block.__dict__[self.name] = int(value) if self.is_whole else float(value)

    def bounds(self) -> tuple[float, float, bool]:
        """(least, most, whether the least itself is left out)."""
        found = {
            name: getattr(m, name)
            for m in self.field.metadata
            for name in ("ge", "gt", "le", "lt")
            if hasattr(m, name)
        }
        low = found.get("ge", found.get("gt", -math.inf))
        return float(low), float(found.get("le", found.get("lt", math.inf))), "gt" in found

    def check(self, value: Any) -> float:
        """The value as the schema allows it, or a ScenarioError that names the bounds."""
        if self.is_whole and isinstance(value, float) and value.is_integer():
            value = int(value)
        try:
            number = float(_adapter(type(self.block), self.name).validate_python(value, strict=True))
            # Pydantic's bounds let `true` and NaN through nowhere, but a JSON number may be larger than a
            # float.
            if math.isfinite(number):
                return number
        except (ValidationError, OverflowError):
            pass
        low, high, open_ = self.bounds()
        unit = (self.field.json_schema_extra or {}).get("unit", "")  # type: ignore[union-attr]
        unit = "" if unit in ("", "x") else f" ({unit})"
        above = f"more than {low:,.10g}" if open_ else f"from {low:,.10g}"
        limits = f"{above} and at most {high:,.10g}" if open_ else f"{above} to {high:,.10g}"
        shown = f"{value:,.10g}" if isinstance(value, float) else _short(value)
        kind = "whole number" if self.is_whole else "number"
        raise ScenarioError(f"must be a {kind} {limits}{unit}, found {shown}", key=self.key)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


@lru_cache(maxsize=256)
def _adapter(block: type[BaseModel], name: str) -> TypeAdapter[Any]:
    from typing import Annotated

    field = block.model_fields[name]
    allowed: Any = Annotated[field.annotation, field]  # type: ignore[name-defined]
    return TypeAdapter(allowed)


# -- which levers there are ----------------------------------------------------------------------------------
def find_levers(spec: Spec) -> dict[str, Lever]:
    """Every lever of a resolved scenario by its key, in the order of the schema."""
    found = {lever.key: lever for lever in _walk(spec, ())}
    for key, _, use in uses(spec):
        if use.settings is not None:
            path = tuple(map(str, key))
            for lever in _walk(use.settings, path):
                found[lever.key] = replace(lever, use=use, depth=len(path))
    return found


def _walk(block: BaseModel, path: tuple[str, ...]) -> Iterator[Lever]:
    for name, field in type(block).model_fields.items():
        value, here = getattr(block, name), (*path, field.alias or name)
        extra = field.json_schema_extra
        if isinstance(extra, dict) and extra.get("adjustable"):
            if isinstance(value, int | float) and not isinstance(value, bool):
                yield Lever(here, block, name, field)
        elif isinstance(value, BaseModel):
            yield from _walk(value, here)
        elif isinstance(value, dict):
            for entity, item in value.items():
                if isinstance(item, BaseModel):
                    yield from _walk(item, (*here, str(entity)))


def levers_of(spec: Spec, model: O2OModel | None = None, base: Spec | None = None) -> list[dict[str, Any]]:
    """A descriptor of every lever that can change anything here, as a page shows it: key, group, label,
    about, unit, value, default, min and max (hard bounds), low, high and step (of a slider). One that has no effect
    as the others stand also has `idle`, why, and `wakes`, the levers that give it one when they are raised.

    With a `model` the values are those now in force there; `default` is what `base` says, the scenario before
    anybody moved anything (without, `spec` itself)."""
    usual = find_levers(base if base is not None else spec)
    found = []
    for key, lever in find_levers(spec).items():
        reason = None if lever.use is not None else idle(spec, lever.path)
        # Where no other lever could wake it, it is none in this scenario: a marketplace has no coupons.
        if reason is None or reason.wakes or key in NAMES:
            found.append(_described(lever, usual.get(key, lever).value, spec, model, reason))
    return found


def _described(
    lever: Lever, default: float, spec: Spec, model: O2OModel | None, reason: Idle | None
) -> dict[str, Any]:
    unit = str((lever.field.json_schema_extra or {}).get("unit", ""))  # type: ignore[union-attr]
    sentence = (lever.field.description or lever.name).removesuffix(f" [{unit}]")
    remark = REMARKS.get(lever.pattern, "")
    if lever.pattern == PAID_PER_ORDER:
        remark = f"{_span(lever.block)}{remark}"
    value = lever.value if model is None else now(model, lever)
    least, most, _ = lever.bounds()
    low, high, step = slider(lever, value, default, unit, spec.residents)
    return {
        "key": lever.key,
        "group": lever.use.run
        if lever.use
        else GROUPS.get(lever.path[0], lever.path[0]).format(lever.path[1]),
        "label": NAMES.get(lever.key, sentence),
        "about": f"{sentence}. {remark}" if remark else sentence,
        "unit": unit.replace("yuan", spec.currency),
        "value": value,
        "default": default,
        "min": least,
        "max": most,
        "low": low,
        "high": high,
        "step": step,
        **({} if reason is None else {"idle": reason.why, "wakes": list(reason.wakes)}),
    }


def _span(subsidy: Any) -> str:
    """When a subsidy is paid at all, if not always."""
    said = [
        f"{word} {day}" for word, day in (("from", subsidy.start), ("before", subsidy.end)) if day is not None
    ]
    return f"Paid {' and '.join(said)} only. " if said else ""


def slider(
    lever: Lever, value: float, default: float, unit: str, residents: float
) -> tuple[float, float, float]:
    """(low, high, step) within which a slider makes sense, around the default and the value it has. The hard
    bounds are not crossed; a budget so large that it means none is not reached."""
    least, most, open_ = lever.bounds()
    span = 3 * max(abs(value), abs(default))
    if "price_x" in lever.name:
        low, high = min(0.5, value, default), max(1.5, value, default)
    elif unit == "utils":
        low, high = min(value, default) - 2.0, max(value, default) + 2.0
    elif unit == "yuan/month":
        low, high = 0.0, 10.0 * residents if span > 30.0 * residents else max(span, 0.1 * residents)
    else:
        smallest = {"x": 3.0, "share": 0.3, "days": 7.0, "orders": 5.0, "yuan": 20.0, "yuan/min": 2.0}
        low, high = 0.0, max(span, smallest.get(unit, 100.0))
    low, high = max(low, least), min(high, most)
    step = 10.0 ** math.floor(math.log10((high - low) / 40)) if high > low else 1.0
    step *= next(x for x in (1, 2, 5, 10) if (high - low) / (step * x) <= 100)
    step = max(step, 1.0) if lever.is_whole else step
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    low = max(low, least + step if open_ and low <= least else least)
    return _tidy(low), _tidy(min(high, most)), _tidy(step)


def _tidy(number: float) -> float:
    """Without the last digits that counting in binary leaves."""
    return float(f"{number:.10g}")


# -- moving one ----------------------------------------------------------------------------------------------
def lever_of(spec: Spec, key: Any) -> Lever:
    """The lever of a key. Raises ScenarioError, with what was probably meant."""
    levers = find_levers(spec)
    if isinstance(key, str) and key in levers:
        return levers[key]
    near = closest(key[:200], list(levers)) if isinstance(key, str) else None
    hint = (
        f"did you mean {near}?" if near else "`o2o-sim schema` marks the keys that can be moved as adjustable"
    )
    raise ScenarioError(f"there is no lever {_short(key)} in this scenario", hint=hint)


def set_levers(spec: Spec, values: Mapping[str, Any]) -> Spec:
    """A copy of a scenario in which levers have these values from the first day on.

    It is the scenario that `--set KEY=VALUE` gives. Raises ScenarioError if a value is out of bounds, or if
    the whole could not be simulated with it."""
    changed = own_copy(spec)
    for key, value in values.items():
        lever = lever_of(changed, key)
        lever.put(lever.check(value))
    _check_whole(changed)
    return changed


def checked(spec: Spec, key: Any, value: Any) -> float:
    """The value if the scenario could be simulated with it, the other levers as they are. Raises
    ScenarioError."""
    lever = lever_of(spec, key)
    number, before = lever.check(value), lever.value
    lever.hold(number)
    try:
        _check_whole(spec)
    finally:
        lever.hold(before)
    return number


def for_people(fault: ScenarioError) -> str:
    """What is wrong, for somebody at a page: levers by their names, and no advice about commands."""
    said = []
    for problem in fault.problems:
        hint = None if "`o2o-sim" in (problem.hint or "") else problem.hint
        said.append(str(replace(problem, key=NAMES.get(problem.key or "", problem.key), hint=hint)))
    return "\n".join(said)


def _check_whole(spec: Spec) -> None:
    """What keys say about each other. Lines of the file are left out: what was moved stands in none."""
    from .errors import Problem
    from .scenario.checks import check

    if faults := check(spec):
        raise ScenarioError([Problem(p.message, key=p.key, hint=p.hint) for p in faults])


def move(model: O2OModel, key: str, value: float) -> None:
    """Move a lever of a running model; it acts from the day that comes next. Moving one to where it is does
    nothing.

    The model's scenario changes with it. Raises ScenarioError if there is no such lever, or if the value is
    out of bounds; then nothing has changed."""
    number = checked(model.spec, key, value)
    lever = lever_of(model.spec, key)
    if number == now(model, lever):
        return
    _hand_on(model, lever, number)
    lever.put(number)
    model.drift.pop(key, None)
    model.offers_changed = True


def _hand_on(model: O2OModel, lever: Lever, value: float) -> None:
    """Give a new value to who took a copy of the old one. Raises ScenarioError if it is refused."""
    hold = HOLDERS.get(lever.pattern)
    if hold is not None:
        hold(model, lever, value)


# -- keys that the world moves -------------------------------------------------------------------------------
Moved = Lever | Scalar


def moved(spec: Spec, key: str) -> Moved:
    """The lever of a key, or any other key that can change while a city runs. Raises ScenarioError."""
    return find_levers(spec).get(key) or find(spec, key)


def in_force(model: O2OModel, what: Moved) -> Any:
    """The value that is in force."""
    return now(model, what) if isinstance(what, Lever) else what.value


def drift(model: O2OModel, what: Moved, value: Any) -> None:
    """Let a key have another value from today on, as its time has come (`timeline`, `drivers`).

    The scenario as it was written is kept: `as_written` has it, and so do manifests and saved cities."""
    first, _ = model.drift.get(what.key, (what.value, None))
    if isinstance(what, Lever):
        _hand_on(model, what, value)
    elif what.path[0] == "consumers" and what.name in model.habits._fields:
        model.habits = model.habits._replace(**{what.name: value})
    what.hold(value)
    model.drift[what.key] = first, what.value
    model.offers_changed = True


def as_written(model: O2OModel) -> Spec:
    """The scenario of a model with every key as it was before its time came."""
    if not model.drift:
        return model.spec
    spec = own_copy(model.spec)
    for key, (first, _) in model.drift.items():
        raw(spec, key).hold(first)
    return spec


def drift_again(model: O2OModel) -> None:
    """Give the keys of a city that was loaded the values that they had when it was saved."""
    for key, (_, value) in model.drift.items():
        raw(model.spec, key).hold(value)


def raw(spec: Spec, key: str) -> Moved:
    """A key as `moved` has it, also one that only a driver moves, because something was built by it."""
    return find_levers(spec).get(key) or find(spec, key, also_built=True)


def now(model: O2OModel, lever: Lever) -> float:
    """The value that is in force: of what landlords and platforms decide themselves, the last they
    decided."""
    if lever.pattern == ("circles", "*", "rent_yuan_m2_month"):
        return float(model.circles[lever.path[1]].rent)
    if lever.pattern == ("landlords", "street_rent_yuan_m2_month"):
        return float(_streets(model).rent)
    if lever.pattern == ("platforms", "*", "commission"):
        return float(_platform(model, lever).commission)
    if lever.pattern == PAID_PER_ORDER:
        # What it pays in answer to a rival is not what the key says; that it has stopped paying is.
        return min(lever.value, float(_platform(model, lever).subsidy_yuan))
    return lever.value


def _platform(model: O2OModel, lever: Lever) -> Any:
    return next(p for p in model.platforms if p.name == lever.path[1])


def _streets(model: O2OModel) -> Any:
    return next(c for c in model.circles.values() if c.is_street)


def _rent(circle: Any, value: float) -> None:
    """The rent is this now; how low and high its landlord may go moves along."""
    circle.first_rent = circle.first_rent / circle.rent * value if circle.rent else value
    circle.rent = value


def _circle_rent(model: O2OModel, lever: Lever, value: float) -> None:
    _rent(model.circles[lever.path[1]], value)


def _street_rent(model: O2OModel, lever: Lever, value: float) -> None:
    _rent(_streets(model), value)


def _circle_appeal(model: O2OModel, lever: Lever, value: float) -> None:
    model.circles[lever.path[1]].appeal = value


def _commission(model: O2OModel, lever: Lever, value: float) -> None:
    _platform(model, lever).commission = value


def _subsidy(model: O2OModel, lever: Lever, value: float) -> None:
    from .policies.subsidy import Stopped

    platform = _platform(model, lever)
    if isinstance(platform.policy, Stopped):
        raise ScenarioError(f"{platform.name} has stopped paying subsidies for good", key=lever.key)
    matched = platform.subsidy_yuan > lever.value
    platform.subsidy_yuan = max(value, platform.subsidy_yuan) if matched else value


HOLDERS: dict[tuple[str, ...], Callable[[O2OModel, Lever, float], None]] = {
    ("circles", "*", "rent_yuan_m2_month"): _circle_rent,
    ("circles", "*", "appeal"): _circle_appeal,
    ("landlords", "street_rent_yuan_m2_month"): _street_rent,
    ("platforms", "*", "commission"): _commission,
    PAID_PER_ORDER: _subsidy,
}
"""Who took a copy of a key's value on the first day, by pattern of its path: how it gets the new one."""


__all__ = [
    "Lever",
    "as_written",
    "checked",
    "drift",
    "drift_again",
    "find_levers",
    "for_people",
    "in_force",
    "lever_of",
    "levers_of",
    "move",
    "moved",
    "own_copy",
    "raw",
    "set_levers",
]
