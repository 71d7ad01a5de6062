"""Ways that the cities of one process have in common: the runs of a study mostly differ in the seed and in what is sold,
and building the transport graph takes longer than a short run's days.

Ways are known by all that they are made of, so that cities share them only if those that they would build are equal.
A shared graph is frozen: whoever would change it in one city gets an error, and no other city is changed."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from ..scenario.city import CitySpec
from .grid import Grid
from .river import River
from .transport import Metro, Travel, build_graph

_MOST_CELLS = 100_000  # of all ways that are kept, which take about a kilobyte for each
_kept: dict[bytes, Travel] = {}
"""By the digest of what they were made of; those that were asked for last stand last."""
_sharing: ContextVar[bool] = ContextVar("sharing", default=False)


@contextmanager
def ways_shared(wanted: bool = True) -> Iterator[None]:
    """Inside the block, if `wanted`, `ways` gives a city the travel times that an earlier one of this process has."""
    token = _sharing.set(wanted)
    try:
        yield
    finally:
        _sharing.reset(token)


def ways(
    spec: CitySpec,
    grid: Grid,
    land: NDArray[np.bool_],
    river: River | None,
    metro: Mapping[str, Metro],
    entrances: Mapping[str, NDArray[np.int64]],
) -> Travel:
    """Travel times over streets, bridges and metro lines; see `build_graph`."""

    def build() -> Travel:
        graph = build_graph(grid, spec.street_kmh, land, river, metro, entrances)
        return Travel(grid, graph, spec.street_kmh, spec.access_min)

    if not _sharing.get() or grid.cells > _MOST_CELLS:
        return build()
    made_of = (grid, spec.street_kmh, spec.access_min, land, river, dict(metro), dict(entrances))
    key = hashlib.sha256(pickle.dumps(made_of)).digest()
    found = _kept.pop(key, None)
    if found is None:
        found = build()
        nx.freeze(found.graph)
    _kept[key] = found
    while sum(travel.grid.cells for travel in _kept.values()) > _MOST_CELLS:
        del _kept[next(iter(_kept))]
    return found


__all__ = ["ways", "ways_shared"]
