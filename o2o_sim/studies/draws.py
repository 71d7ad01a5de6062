"""Where studies get random numbers from: designs, bootstraps and orders, never the simulation (that is
`streams`)."""

from __future__ import annotations

import numpy as np

from ..streams import stream


def generator(seed: int, what: str) -> np.random.Generator:
    """NumPy's generator for one purpose of a study, for libraries that ask for one.

    The same seed and purpose give the same numbers; another purpose has nothing in common with them.
    """
    return np.random.default_rng(int(stream(seed, what)))
