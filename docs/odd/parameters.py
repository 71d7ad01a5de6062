"""Every key of a scenario, from its schema: unit, bounds, default, sentence; and what the base city sets."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from o2o_sim.scenario.schema import Spec
from o2o_sim.scenario.shape import ITEM, NAME, known_paths

from .source import ROOT, flat, table

BASE = ROOT / "scenarios/base.yaml"


@dataclass
class Group:
    """One block of the schema and the places where it may stand."""

    owner: type[BaseModel]
    places: list[tuple[str, ...]]
    keys: list[str]


def groups() -> list[Group]:
    """All blocks, in the order of the schema."""
    found: dict[type, Group] = {}
    for known in known_paths(Spec):
        group = found.setdefault(known.owner, Group(known.owner, [], []))
        place, name = known.path[:-1], known.path[-1]
        if place not in group.places:
            group.places.append(place)
        if name not in group.keys:
            group.keys.append(name)
    return list(found.values())


def paths() -> list[str]:
    """Every path of the schema, as the tables give them: place and key."""
    return [".".join(known.path) for known in known_paths(Spec)]


def tables() -> str:
    """One table a block."""
    return "\n\n".join(_group(g) for g in groups())


def _group(group: Group) -> str:
    where = ", ".join(f"`{'.'.join(p)}`" for p in group.places if p)
    title = f"#### {group.owner.__name__}" if where else "#### Spec: the top level"
    rows: list[list[object]] = []
    for name in group.keys:
        field = field_of(group.owner, name)
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        unit = str(extra.get("unit", ""))
        sentence = (field.description or "").removesuffix(f" [{unit}]")
        rows.append([f"`{name}`", unit, bounds(field), defaults(group, name), sentence])
    head = ["key", "unit", "type and bounds", "default", "meaning"]
    at = f"Stands at {where}. " if where else ""
    return f"{title}\n\n{at}{flat(group.owner.__doc__)}\n\n{table(head, rows)}"


def field_of(owner: type[BaseModel], name: str) -> FieldInfo:
    """A key of a block, by the name that a file gives it."""
    return next(f for n, f in owner.model_fields.items() if (f.alias or n) == name)


# -- types and bounds ----------------------------------------------------------------------------------------
def bounds(field: FieldInfo) -> str:
    """What may stand there, in words."""
    return _with(_kind(field.annotation), field.metadata)


def _with(kind: str, metadata: Any) -> str:
    limits = _limits(metadata)
    return kind + (" " if limits[:1] in "≥>≤<" else ", ") + limits if limits else kind


def _kind(kind: Any) -> str:
    if hasattr(kind, "__value__"):
        kind = kind.__value__
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _with(_kind(inside[0]), inside[1:])
    if origin in (Union, types.UnionType):
        parts = [_kind(a) for a in inside if a is not type(None)]
        return " or ".join(parts) + (" or null" if type(None) in inside else "")
    if origin is Literal:
        return "one of " + ", ".join(f"`{v}`" for v in inside)
    if origin is dict:
        return f"name → {_kind(inside[1])}"
    if origin in (list, tuple):
        return f"list of {_kind(inside[0])}"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return f"block {kind.__name__}"
    plain = {float: "number", int: "whole number", bool: "true or false", str: "text", date: "date"}
    return plain.get(kind, getattr(kind, "__name__", str(kind)))


def _limits(metadata: Any) -> str:
    found = []
    for mark in metadata:
        for name, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<")):
            if getattr(mark, name, None) is not None:
                found.append(f"{sign} {_number(getattr(mark, name))}")
        if getattr(mark, "min_length", None):
            found.append(f"at least {mark.min_length}")
        if getattr(mark, "max_length", None) is not None:
            found.append(f"at most {mark.max_length:,}")
    return ", ".join(found)


def _number(value: float) -> str:
    if value == int(value) and abs(value) < 1e9:
        return str(int(value))
    short = f"{value:g}".replace("e+", "e")
    return short if float(short) == value else repr(value)


# -- defaults ------------------------------------------------------------------------------------------------
def defaults(group: Group, name: str) -> str:
    """Its default; where it depends on the place, each place's."""
    by_place = {place: shown(_default(group.owner, place, name)) for place in group.places}
    values = list(by_place.values())
    usual = max(set(values), key=lambda v: (values.count(v), v))
    others = [
        f"{'.'.join(p[-2:] if p[-1] in (NAME, ITEM) else p[-1:])}: {v}"
        for p, v in by_place.items()
        if v != usual
    ]
    return "; ".join([usual, *others])


def _default(owner: type[BaseModel], place: tuple[str, ...], name: str) -> Any:
    """The default of a key at one place, where the block may be declared with values of its own."""
    above = _owners().get(place)
    if above is not None:
        block = field_of(above, place[-1]).get_default(call_default_factory=True)
        if isinstance(block, owner):
            attribute = next(n for n, f in owner.model_fields.items() if (f.alias or n) == name)
            return getattr(block, attribute)
    field = field_of(owner, name)
    return ... if field.is_required() else field.get_default(call_default_factory=True)


@cache
def _owners() -> dict[tuple[str, ...], type[BaseModel]]:
    """The block that declares each path."""
    return {known.path: known.owner for known in known_paths(Spec)}


def shown(value: Any) -> str:
    """A value as a file would write it."""
    if value is ...:
        return "required"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, BaseModel):
        return "the block's own"
    if isinstance(value, str):
        return f"`{value}`" if value else "empty"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(shown(v).strip("`") for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {shown(v).strip('`')}" for k, v in value.items()) + "}"
    return str(value)


# -- the base city -------------------------------------------------------------------------------------------
NAMED = ("cohorts", "categories", "stores.formats", "circles", "platforms")
"""Groups of entities by name that get a table of their own: a row per key, a column per entity."""


def base_city() -> str:
    """What scenarios/base.yaml writes; all else is at its default."""
    said = yaml.safe_load(BASE.read_text(encoding="utf-8"))
    parts = []
    for group in NAMED:
        block = said
        for step in group.split("."):
            block = block[step]
        rows: dict[str, dict[str, str]] = {}
        for entity, keys in block.items():
            for key, value in _leaves(keys):
                rows.setdefault(key, {})[entity] = shown(value).strip("`")
        names = list(block)
        body: list[list[object]] = [[f"`{k}`", *(v.get(n, "") for n in names)] for k, v in rows.items()]
        parts.append(f"*`{group}`* (empty: the default)\n\n{table(['key', *names], body)}")
    rest: list[list[object]] = [
        [f"`{key}`", shown(value)]
        for key, value in _leaves(said)
        if not any(key.startswith(g + ".") for g in NAMED) and key not in ("name", "question")
    ]
    return "\n\n".join([*parts, "*Everything else*\n\n" + table(["key", "value"], rest)])


def _leaves(block: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and values; shares by category stay together."""
    for key, value in block.items():
        name = f"{above}{key}"
        if isinstance(value, dict) and key != "demand_share":
            yield from _leaves(value, name + ".")
        else:
            yield name, value
