"""Records as plain objects, for running the compiled loop's own code in the interpreter at a bearable speed.

Reading a field of a NumPy record in the interpreter costs a microsecond; a plain object costs a twentieth.
"""

from __future__ import annotations

from collections import namedtuple
from types import SimpleNamespace
from typing import Any

import numpy as np

from .records import World


class _Lazy:
    """A record array whose elements are turned into named tuples when they are asked for."""

    def __init__(self, records: np.ndarray):
        names: Any = records.dtype.names
        self._records, self._make = records, namedtuple("Record", names)  # type: ignore[misc]

    def __getitem__(self, k: Any) -> Any:
        return self._make(*self._records[k].item())


def as_objects(world: World) -> World:
    """The same world with records that answer to `.name`; `write_back` returns what the loop changes."""
    offers = _Lazy(world.offers)
    people = [SimpleNamespace(**dict(zip(world.people.dtype.names, row))) for row in world.people.tolist()]
    rows = [offers[k] for k in range(len(world.offers))]
    return world._replace(people=people, offers=rows)


def write_back(objects: World, world: World) -> None:
    """The loop changes where people are today, and nothing else."""
    world.people["at"] = [p.at for p in objects.people]
