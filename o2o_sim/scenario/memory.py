"""What lies in memory instead of in a file: a `Spec` that was made or read before, or a mapping of keys.

It becomes a tree like that of a file (places.py), so that overrides, validation and messages are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from ..errors import ScenarioError
from .places import Located, Node, Place, Positions, Source

Plain = Mapping[str, Any]
"""What a file would say, as data: mappings, lists, texts, numbers, dates; arrays count as lists."""

SHOWN = "in memory"


def tree_of(said: Located | Plain) -> Node:
    """The tree of something in memory. Raises ScenarioError for data that no file can hold."""
    data = said.model_dump(mode="json", by_alias=True) if isinstance(said, Located) else said
    place = Place(Source(SHOWN, "", None, Path.cwd()))
    return _node(data, place, "")


def _node(value: Any, at: Place, key: str) -> Node:
    if hasattr(value, "tolist"):  # of NumPy: an array, or a single number
        value = value.tolist()
    if isinstance(value, Mapping):
        below = {str(name): _node(part, at, f"{key}.{name}".lstrip(".")) for name, part in value.items()}
        return Node(below, at)
    if isinstance(value, list | tuple | range):
        return Node([_node(part, at, f"{key}.{k}".lstrip(".")) for k, part in enumerate(value)], at)
    if isinstance(value, date):
        value = value.isoformat()
    if value is not None and not isinstance(value, str | int | float):
        raise ScenarioError(
            at.problem(f"no scenario can hold a value of type {type(value).__name__}", key=key)
        )
    return Node(value, at)


def positions_over(positions: Positions, root: Node) -> Positions:
    """Where a `Spec` from a file was written, with what overrides have changed of its tree since."""
    changed = {path for path, node in root.walk() if node.at.source.shown != SHOWN}
    return positions.replaced(Positions(root), changed.__contains__)
