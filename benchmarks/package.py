"""The shopping done by the package itself."""

from __future__ import annotations

import numpy as np

from benchmarks.world import World


def run(world: World, days: int) -> tuple[np.ndarray, float, int]:
    """Simulate days: (buyers of each offer, seconds without set-up and compilation, bytes held).

    Buyers are int64[OFFERS], summed over the days: shops 0..SHOPS-1, then the platforms (world.py).
    """
    raise NotImplementedError("benchmarks/package.py does not call the package yet")
