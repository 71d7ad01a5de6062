"""The reference of scenario keys, from the schema: an index, and a page for each block at the top of a scenario."""

from __future__ import annotations

import re
from functools import cache

from odd.parameters import Group, bounds, defaults, field_of
from odd.source import flat, table
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from o2o_sim.scenario.schema import Spec
from o2o_sim.scenario.shape import ITEM, NAME, known_paths

FOLDER = "reference/keys"
Place = tuple[str, ...]


@cache
def pages() -> dict[str, str]:
    """The page of every block at the top level, by its address in the site."""
    return {f"{FOLDER}/{top}.md": _page(top) for top in _blocks()}


def index() -> str:
    """The keys at the top level: those with a value, then those that begin a block."""
    blocks = _blocks()
    named = {k.path[0]: field_of(Spec, k.path[0]) for k in known_paths(Spec) if len(k.path) == 1}
    single = _table((), Spec, [name for name in named if name not in blocks], set())
    rows: list[list[object]] = [
        [f"[`{name}`]({name}.md)", _sentence(named[name]) + ".", sum(map(len, _below(name).values()))]
        for name in blocks
    ]
    return f"{single}\n\n## Blocks\n\n{table(['block', 'what it holds', 'keys'], rows)}"


def _blocks() -> list[str]:
    """The keys at the top level that have keys of their own below them."""
    return list(dict.fromkeys(known.path[0] for known in known_paths(Spec) if len(known.path) > 1))


def _below(top: str) -> dict[Place, list[tuple[type[BaseModel], str, str]]]:
    """All below a key of the top level, by place: the block that declares a key, the key, and when it exists."""
    found: dict[Place, list[tuple[type[BaseModel], str, str]]] = {}
    for known in known_paths(Spec):
        if known.path[0] == top and len(known.path) > 1:
            found.setdefault(known.path[:-1], []).append((known.owner, known.path[-1], known.when))
    return found


def _page(top: str) -> str:
    parts = [f"# {top}", _sentence(field_of(Spec, top)) + "."]
    below = _below(top)
    for place in sorted(below, key=_order):
        keys = below[place]
        for owner in dict.fromkeys(owner for owner, _, _ in keys):
            names = [name for o, name, _ in keys if o is owner]
            when = next(w for o, _, w in keys if o is owner)
            parts.append(f"## {_shown(place)}" + (f" ({when})" if when else ""))
            parts += [flat(owner.__doc__), _table(place, owner, names, set(below))]
    return "\n\n".join(parts) + "\n"


@cache
def _order(place: Place) -> tuple[int, ...]:
    """Where a place stands in the schema, each block before those inside it."""
    order = {known.path: k for k, known in enumerate(known_paths(Spec))}
    return tuple(order.get(place[: k + 1], -1) for k in range(len(place)))


def _shown(place: Place) -> str:
    """A place as a file spells it out: `circles.NAME.smart`."""
    words = {NAME: "NAME", ITEM: "N"}
    return ".".join(words.get(part, part) for part in place)


def _table(place: Place, owner: type[BaseModel], names: list[str], places: set[Place]) -> str:
    rows: list[list[object]] = []
    for name in names:
        field = field_of(owner, name)
        extra = _extra(field)
        live = " *Adjustable while a city runs.*" if extra.get("adjustable") else ""
        kind = _linked(bounds(field), (*place, name), places)
        default = defaults(Group(owner, [place], [name]), name)
        rows.append([f"`{name}`", _sentence(field) + "." + live, default, extra.get("unit", ""), kind])
    rows_of_keys = table(["key", "meaning", "default", "unit", "type and bounds"], rows)
    return f'<div class="keys" markdown>\n\n{rows_of_keys}\n\n</div>'


def _linked(kind: str, path: Place, places: set[Place]) -> str:
    """What may stand at a path; a block leads to the section with its keys."""
    for place in (path, (*path, NAME), (*path, ITEM)):
        if place in places:
            anchor = _shown(place).replace(".", "").lower()
            return re.sub(r"block \w+", f"[block](#{anchor})", kind)
    return kind


def _extra(field: FieldInfo) -> dict[str, object]:
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


def _sentence(field: FieldInfo) -> str:
    return (field.description or "").removesuffix(f" [{_extra(field).get('unit', '')}]").rstrip(".")
