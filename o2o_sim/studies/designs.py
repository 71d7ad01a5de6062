"""Where in the space of its factors a study runs.

A design is a list of points; a point gives every factor a value. Designs are made in the unit cube, one axis
per factor, and every factor maps its axis to its values, so that lists and ranges mix freely. The same
factors, in the same order, and the same seed give the same design. Points that coincide are all kept."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import ScenarioError
from .draws import generator

Value = bool | int | float | str
Point = dict[str, Value]
MOST_POINTS = 100_000


@dataclass(frozen=True)
class Factor:
    """One thing that is varied: a list of `values`, or a range from `low` to `high` with both ends.

    `scale` says how a range is divided: evenly, or evenly in its logarithm. `levels` is how many of its
    values a grid takes. A `whole` range has whole numbers only, all of them equally likely (on a log scale:
    each as likely as the half on either side of it). Raises ScenarioError for what is no list and no range.
    """

    name: str
    values: tuple[Value, ...] = ()
    low: float | None = None
    high: float | None = None
    scale: Literal["linear", "log"] = "linear"
    levels: int = 5
    whole: bool = False

    def __post_init__(self) -> None:
        fault = self._fault()
        if fault:
            raise ScenarioError(fault, key=self.name)

    def _fault(self) -> str | None:
        if self.values:
            if (self.low, self.high) != (None, None):
                return "has both a list of values and a range; give one of them"
            if len(set(map(repr, self.values))) < len(self.values):
                return "has a value twice"
            return None
        if self.low is None or self.high is None:
            return "needs a list of values, or low and high"
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            return f"must go from low to a greater high, found {self.low} to {self.high}"
        if self.scale == "log" and self.low <= 0:
            return f"must begin above 0 on a log scale, found {self.low}"
        if self.whole and not (float(self.low).is_integer() and float(self.high).is_integer()):
            return f"must begin and end with whole numbers, found {self.low} to {self.high}"
        if self.levels < 2:
            return f"must have at least 2 levels, found {self.levels}"
        return None

    def at(self, u: float) -> Value:
        """The value at `u`, from 0 to 1: equal shares of the axis for the values of a list, and values short
        enough to read in a range: to a millionth of its width, on a log scale 6 significant digits."""
        if not 0 <= u <= 1:
            raise ValueError(f"{u} is outside the unit interval")
        if self.values:
            # Levels such as 1/3 are not exact in binary and must not fall into the bin below.
            return self.values[min(int(u * len(self.values) + 1e-9), len(self.values) - 1)]
        assert self.low is not None and self.high is not None
        if self.whole:
            return self._rounded(self._between(u, self.low - 0.5, self.high + 0.5))
        return self._rounded(self._between(u, self.low, self.high))

    def grid_values(self) -> list[Value]:
        """The list, or `levels` values of the range, evenly spaced in its scale; fewer where whole numbers
        run out."""
        if self.values:
            return list(self.values)
        assert self.low is not None and self.high is not None
        steps = (k / (self.levels - 1) for k in range(self.levels))
        return list(dict.fromkeys(self._rounded(self._between(u, self.low, self.high)) for u in steps))

    def _between(self, u: float, low: float, high: float) -> float:
        if self.scale == "log":
            return math.exp(math.log(low) + u * (math.log(high) - math.log(low)))
        return low + u * (high - low)

    def _rounded(self, x: float) -> int | float:
        assert self.low is not None and self.high is not None
        if self.whole:
            return int(min(max(math.floor(x + 0.5), self.low), self.high))
        if self.scale == "log":
            plain = float(f"{x:.6g}")
        else:
            plain = round(x, 6 - math.floor(math.log10(self.high - self.low))) + 0.0  # never -0.0
        return min(max(plain, float(self.low)), float(self.high))


# -- designs ------------------------------------------------------------------------------------------------
def grid(factors: Sequence[Factor]) -> list[Point]:
    """Every combination of the factors' grid values; the last factor changes fastest.

    Raises ScenarioError for more than 100,000 points.
    """
    _check(factors)
    axes = [f.grid_values() for f in factors]
    _check_number(math.prod(map(len, axes)), "a grid of all combinations")
    names = [f.name for f in factors]
    return [dict(zip(names, values)) for values in itertools.product(*axes)]


def lhs(factors: Sequence[Factor], points: int, seed: int) -> list[Point]:
    """A Latin hypercube: each of `points` equal slices of every axis holds one point (McKay, Beckman &
    Conover 1979)."""
    from scipy.stats import qmc

    _check(factors)
    _check_number(points, "a Latin hypercube")
    sampler = qmc.LatinHypercube(len(factors), seed=generator(seed, "latin hypercube"))
    return _points(factors, sampler.random(points))


def sobol(factors: Sequence[Factor], points: int, seed: int) -> list[Point]:
    """Scrambled points of Sobol' (1967) and Owen (1998), which fill the space more evenly than chance.

    They are balanced in powers of two only, therefore `points` is rounded up to the next one.
    """
    from scipy.stats import qmc

    _check(factors)
    balanced = power_of_two(points)
    _check_number(balanced, "a Sobol sequence")
    sampler = qmc.Sobol(len(factors), scramble=True, seed=generator(seed, "sobol"))
    return _points(factors, sampler.random_base2(balanced.bit_length() - 1))


def morris(
    factors: Sequence[Factor], trajectories: int, seed: int, levels: int = 4
) -> tuple[list[Point], NDArray[np.float64]]:
    """Trajectories through a lattice of `levels` (even) per axis that move one factor at a time (Morris
    1991).

    Returns the `trajectories * (factors + 1)` points and their places in the unit cube, which
    `morris_effects` needs. Effects have a spread only with two trajectories or more."""
    _check(factors)
    if levels < 2 or levels % 2:
        raise ScenarioError(f"Morris' design needs an even number of levels, found {levels}")
    if trajectories < 2:
        raise ScenarioError(f"Morris' design needs at least 2 trajectories, found {trajectories}")
    _check_number(trajectories * (len(factors) + 1), "Morris' design")
    module = salib("SALib.sample.morris", "Morris' design")
    unit = module.sample(salib_problem(factors), trajectories, num_levels=levels, seed=seed)
    # Sums of steps miss the lattice by rounding, and an axis that rests must rest exactly.
    unit = np.rint(unit * (levels - 1)) / (levels - 1)
    return _points(factors, unit), unit


def saltelli(
    factors: Sequence[Factor], base_points: int, seed: int
) -> tuple[list[Point], NDArray[np.float64]]:
    """The design for Sobol indices of first and total order (Saltelli et al. 2010).

    `base_points` is rounded up to a power of two, N. Returns the `N * (factors + 2)` points and their places
    in the unit cube."""
    _check(factors)
    balanced = power_of_two(base_points)
    _check_number(balanced * (len(factors) + 2), "the design for Sobol indices")
    module = salib("SALib.sample.sobol", "the design for Sobol indices")
    unit = module.sample(salib_problem(factors), balanced, calc_second_order=False, seed=seed)
    return _points(factors, unit), unit


def power_of_two(number: int) -> int:
    """The least power of two that is not below `number`."""
    return 1 << max(number - 1, 0).bit_length()


def salib_problem(factors: Sequence[Factor]) -> dict[str, Any]:
    """The unit cube as SALib describes it."""
    size = len(factors)
    return {"num_vars": size, "names": [f"x{k}" for k in range(size)], "bounds": [[0.0, 1.0]] * size}


def _points(factors: Sequence[Factor], unit: NDArray[np.float64]) -> list[Point]:
    return [{f.name: f.at(u) for f, u in zip(factors, row)} for row in unit.tolist()]


def _check(factors: Sequence[Factor]) -> None:
    if not factors:
        raise ScenarioError("there is no factor to vary")
    names = [f.name for f in factors]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ScenarioError("is there twice among the factors", key=twice[0])


def _check_number(points: int, design: str) -> None:
    if points < 1:
        raise ScenarioError(f"{design} needs at least 1 point, found {points}")
    if points > MOST_POINTS:
        raise ScenarioError(
            f"{design} would have {points:,} points; at most {MOST_POINTS:,} are allowed",
            hint="Take fewer factors, levels or points, or a Latin hypercube.",
        )


def salib(name: str, purpose: str) -> Any:
    """A module of SALib. Raises ScenarioError that says for which `purpose` it is missing."""
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError:
        raise ScenarioError(f"{purpose} needs SALib", hint="pip install 'o2o-sim[sensitivity]'") from None
