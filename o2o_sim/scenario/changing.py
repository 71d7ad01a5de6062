"""Which keys of a scenario can change while it runs, and which cannot because something was built by them.

Every scalar key - a number, a truth, a choice among words - that is read where it is used can get another value on
a date (`timeline`). Keys by which people, stores or the ground were made on the first day cannot: nothing
would follow from another value. `BUILT` lists them; a test builds cities with other values of every key and
compares what was built (tests/laws/test_changing.py)."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from ..errors import ScenarioError
from .messages import sentence
from .places import dotted
from .shape import closest

if TYPE_CHECKING:
    from .schema import Spec

_PEOPLE = "people were drawn by it"
_STORES = "stores were made by it"
_GROUND = "the ground was built by it"
_LISTED = "it was copied when the city was built"
_RUN = "it belongs to the run as a whole"

BUILT: tuple[tuple[str, str, str, str], ...] = (
    *((name, "", _RUN, "") for name in (
        "name", "question", "start", "days", "seed", "population", "currency", "engine", "limits",
    )),
    ("residents", "", _RUN, "drivers.residents lets their number grow"),
    ("timeline", "", _RUN, ""),
    ("drivers", "", _RUN, ""),
    ("city", "", _GROUND, ""),
    ("cohorts", "", _PEOPLE, ""),
    *((f"consumers.{name}", "", _PEOPLE, "") for name in (
        "value", "fields", "price_sensitivity", "price_sensitivity_income", "value_of_time", "radius_min",
        "radius_max_min", "income_spread", "habit_start",
    )),
    *((f"consumers.{name}", "consumers.word_of_mouth", _LISTED, "") for name in ("smartphone", "phone_payment")),
    ("platforms.*.membership", "consumers.word_of_mouth", _LISTED, ""),
    ("consumers.word_of_mouth", "", _LISTED, ""),
    ("calendar.festivals.*.every_year", "", _LISTED, ""),
    ("categories.*.ticket_yuan", "", _STORES, "drivers.prices lets prices grow"),
    ("categories.*.every_days", "", _PEOPLE, "a season (calendar.seasons), or drivers.income, changes how often"),
    ("categories.*.income_elasticity", "", _PEOPLE, ""),
    ("categories.*.frequency_elasticity", "", _PEOPLE, ""),
    ("categories.*.plan_ahead", "", _LISTED, ""),
    ("categories.*.reach_x", "", "who sees which shops was worked out by it", ""),
    ("categories.*.shippable", "", _STORES, ""),
    ("categories.*.spoilage_per_day", "couriers", _LISTED, ""),
    ("couriers.heat_x", "", _LISTED, ""),
    *((f"stores.formats.*.{name}", "", _STORES, "") for name in (
        "area_m2", "area_spread", "sales_per_m2_year_yuan", "in_circles", "quality", "cost_x", "chain_share", "chains",
        "skill_mean", "places",
    )),
    ("stores.formats.*.markup_x", "franchise", _LISTED, ""),
    *((f"stores.{name}", "", _STORES, "") for name in (
        "named", "supply_x", "supply_exact", "quality_spread", "skill_mean", "skill_spread", "cash_months",
    )),
    *((f"stores.owners.{name}", "", "owners were drawn by it", "") for name in (
        "outside", "discount", "savings", "learning", "private.opening_age", "private.age_spread",
    )),
    *((f"circles.*.{name}", "", _STORES, "") for name in (
        "x_km", "y_km", "lon", "lat", "units", "share", "opens", "occupied_start",
    )),
    ("imported_circles", "", _STORES, ""),
    ("landlords.street_rent_density", "", _STORES, ""),
    ("landlords.street_vacancy_start", "", _STORES, ""),
    *((f"platforms.*.{name}", "", _PEOPLE, "") for name in ("kind", "members_start")),
    ("platforms.*.cash_yuan", "", "it was paid in on the first day", ""),
    ("platforms.*.patience_yuan", "platforms.*.funding", _LISTED, ""),
    ("modes.*.beyond_x", "", _LISTED, ""),
    ("provider.cash_yuan", "", "it was paid in on the first day", ""),
    ("franchise.*.cash_yuan", "", "it was paid in on the first day", ""),
    ("mobile_payment.provider", "", _LISTED, ""),
)  # fmt: skip
"""(pattern of the first part of a path, optional block with which it holds or nothing, why, what to do instead)."""


@dataclass(frozen=True)
class Scalar:
    """One scalar key of a scenario: the path to it, the block that has it, its name there and its declaration."""

    path: tuple[str, ...]
    block: BaseModel
    name: str
    field: FieldInfo

    @property
    def key(self) -> str:
        return dotted(self.path)

    @property
    def value(self) -> Any:
        return getattr(self.block, self.name)

    @property
    def is_number(self) -> bool:
        return isinstance(self.value, int | float) and not isinstance(self.value, bool)

    def check(self, value: Any) -> Any:
        """The value as the schema allows it. Raises ScenarioError."""
        try:
            # As JSON, like a file: a text may be a date, a whole number a share, and nothing else is coerced.
            return _adapter(type(self.block), self.name).validate_json(json.dumps(value), strict=True)
        except ValidationError as fault:
            raise ScenarioError(sentence(fault, value), key=self.key) from None

    def hold(self, value: Any) -> None:
        """Let it have a value where everybody reads it: in the frozen block itself."""
        whole = self.field.annotation is int
        self.block.__dict__[self.name] = round(value) if whole else value


@lru_cache(maxsize=512)
def _adapter(block: type[BaseModel], name: str) -> TypeAdapter[Any]:
    field = block.model_fields[name]
    allowed: Any = Annotated[field.annotation, field]  # type: ignore[name-defined]
    return TypeAdapter(allowed, config=None)


def own_copy(spec: Spec) -> Spec:
    """A scenario that nobody else holds, so that moving its keys touches nothing else."""
    known = {id(spec._origin): spec._origin}  # where each key was written stays the same
    return copy.deepcopy(spec, known)


def find(spec: Spec, key: str, *, also_built: bool = False) -> Scalar:
    """The scalar key of a dotted path that can change while a city runs (`also_built`: any).

    Raises ScenarioError where there is none, with what was probably meant, and why one cannot change."""
    from .idle import path_of, value_at

    path = path_of(spec, key)
    if path is None:
        near = closest(key[:200], [dotted(p) for p in scalars(spec)])
        hint = f"did you mean {near}?" if near else "write a path as --set has it, such as levers.rent_x"
        raise ScenarioError("there is no such key in this scenario", key=key, hint=hint)
    above, name = value_at(spec, path[:-1]), path[-1]
    if not also_built and (why := built_by(spec, path)):
        raise ScenarioError(f"cannot change in a city that runs: {why[0]}", key=key, hint=why[1])
    fields = type(above).model_fields if isinstance(above, BaseModel) else {}
    own = next((own for own, field in fields.items() if (field.alias or own) == name), None)
    if own is None or not _is_scalar(fields[own].annotation):
        hint = "only numbers, true or false, dates and choices among words can"
        raise ScenarioError("cannot change on a date: it is no single value", key=key, hint=hint)
    return Scalar(path, above, own, fields[own])


def scalars(spec: Spec) -> Iterator[tuple[str, ...]]:
    """The path of every scalar key, whether it can change or not."""

    def walk(block: BaseModel, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for own, field in type(block).model_fields.items():
            value, here = getattr(block, own), (*path, field.alias or own)
            below = value.items() if isinstance(value, dict) else ()
            if isinstance(value, BaseModel):
                yield from walk(value, here)
            elif _is_scalar(field.annotation):
                yield here
            for name, item in below:
                if isinstance(item, BaseModel):
                    yield from walk(item, (*here, str(name)))

    return walk(spec, ())


def built_by(spec: Spec, path: tuple[str, ...]) -> tuple[str, str | None] | None:
    """(Why a key cannot change, what to do instead) if something was built by it."""
    for pattern, block, why, hint in BUILT:
        parts = pattern.split(".")
        fits = len(parts) <= len(path) and all(fnmatchcase(p, said) for p, said in zip(path, parts))
        if fits and (not block or _is_there(spec, block, path)):
            return why, hint or None
    return None


def _is_there(spec: Spec, block: str, path: tuple[str, ...]) -> bool:
    """Whether an optional block is there; `*` is the name that stands in the same place of the path."""
    from .idle import value_at

    parts = tuple(path[k] if part == "*" else part for k, part in enumerate(block.split(".")))
    return bool(value_at(spec, parts))


def _is_scalar(annotation: Any) -> bool:
    """Whether a key holds a number, a truth, a date, or a choice among words. Plain text is a name of something."""
    from datetime import date

    if get_origin(annotation) is Literal:
        return True
    if get_origin(annotation) is Annotated:
        return _is_scalar(get_args(annotation)[0])
    if arguments := get_args(annotation):
        return all(_is_scalar(a) for a in arguments if a is not type(None)) and get_origin(
            annotation
        ) not in (list, dict)
    return annotation in (int, float, bool, date)


__all__ = ["BUILT", "Scalar", "built_by", "find", "own_copy", "scalars"]
