"""Who takes part, how much each is given to do, and the bars that the package has to clear."""

from __future__ import annotations

from dataclasses import dataclass

PACKAGE, FLOOR = "package", "floor"


@dataclass(frozen=True)
class Engine:
    """One way to do the shopping: `module.function(world, days)` as described in package.py."""

    label: str
    module: str
    function: str
    decisions: float  # roughly how many to time: seconds, not minutes, for the slow ones
    install: str = "install the [bench] extra"


ENGINES = {
    PACKAGE: Engine("o2o_sim", "package", "run", 15e6),
    "mesa": Engine("Mesa, shops cached per cell", "engine_mesa", "run", 0.35e6),
    "frames": Engine("mesa-frames", "engine_frames", "run", 2e6, "see benchmarks/README.md for mesa-frames"),
    "numpy": Engine("NumPy, padded", "engine_numpy", "run", 6e6),
    "numpy2": Engine("NumPy, padded, 2 threads", "engine_numpy", "run_threads", 10e6),
    "numba": Engine("Numba, a loop over consumers", "engine_numba", "run", 20e6),
    "jax": Engine("JAX, threefry", "engine_jax", "run", 6e6),
    "jax-rbg": Engine("JAX, unsafe_rbg", "engine_jax", "run_rbg", 3e6),
    FLOOR: Engine("floor: a hash and a log per pair", "floor", "run", 15e6),
}

# Consumers -> engine -> how many times faster the package must be on two threads; for the floor: how many times slower per
# pair it may be.
BARS = {
    1_000_000: {"mesa": 100, "frames": 15, "numpy": 4, "jax": 3, "jax-rbg": 3, FLOOR: 1.6},
    100_000: {"mesa": 70, "numpy": 3.5, "numpy2": 2.5},
}
