"""The peeling of scenario discovery, by the EMA Workbench (Kwakkel 2017).

The patient rule induction method (PRIM; Friedman & Fisher 1999) peels a box of factor values, slab by slab,
until most points in it are of interest."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from inspect import signature
from math import ceil, floor
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import ScenarioError

Mask: TypeAlias = NDArray[np.bool_]


class Span(NamedTuple):
    """Values above `low` and below `high`; None where that end is open."""

    low: float | None = None
    high: float | None = None


Limit: TypeAlias = Span | tuple[Any, ...]
"""What a box leaves of a factor: a span of numbers, or those of its categories."""


def meets(column: pd.Series, limit: Limit) -> Mask:
    """Which values of a factor are within a limit."""
    if not isinstance(limit, Span):
        return np.array([v in limit for v in column], dtype=bool)
    low, high = (end if end is not None else np.inf * sign for end, sign in zip(limit, (-1, 1)))
    values = column.to_numpy(dtype=float)
    return (values > low) & (values < high)


def needs_workbench() -> None:
    """Raises ScenarioError if the EMA Workbench is not installed."""
    if find_spec("ema_workbench") is None:
        hint = "pip install 'o2o-sim[discovery]'"
        raise ScenarioError("scenario discovery needs the EMA Workbench", hint=hint)


def peel(
    points: pd.DataFrame, wanted: Mask, measure: str, *, mass_min: float, alpha: float
) -> list[list[tuple[str, Limit]]]:
    """Every box on PRIM's way from all points to few: the factors and limits of its sides, where a span has
    one end.

    `points` has a column per factor, which all vary; `wanted` says which points are of interest, neither all
    nor none. Each step takes the share `alpha` of a box, which keeps at least the share `mass_min` of the
    points. Which slab goes is settled by a `measure` of the workbench: its usual one is LENIENT1."""
    # Neutral names, because the workbench drops a column called "scenario".
    told = [(str(factor), f"x{k}", placed(points[factor])) for k, factor in enumerate(points)]
    x = pd.DataFrame({name: places for _, name, (_, places) in told})
    settings = {"mass_min": mass_min, "peel_alpha": alpha, "paste_alpha": alpha}
    # When imported, the workbench warns of parts that are not needed here.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ema_workbench.analysis.prim import Prim, PRIMObjectiveFunctions

        if "threshold" in signature(Prim).parameters:
            settings["threshold"] = 1e-6  # before version 3: how dense the last box has to be
        prim = Prim(x, wanted.astype(int), obj_function=PRIMObjectiveFunctions[measure], **settings)
        boxes = prim.find_box().box_lims
    return [
        [(factor, limit) for factor, name, (values, _) in told for limit in _limits(values, *box[name])]
        for box in boxes
    ]


def placed(column: pd.Series) -> tuple[list[Any], NDArray[Any]]:
    """The values of a factor in order, and the place among them of every run's: floats for numbers, which
    loses PRIM nothing, as it peels by rank; objects for categories, which it tries in the order of their
    hashes, and only those of numbers are always the same."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        values, places = np.unique(column.to_numpy(dtype=float), return_inverse=True)
        return values.tolist(), places.astype(float)
    kinds = sorted(set(column), key=lambda v: (str(v), repr(v)))
    return kinds, np.array([kinds.index(v) for v in column], dtype=object)


def _limits(values: list[Any], low: Any, high: Any) -> Iterator[Limit]:
    """What a box of the places from `low` to `high`, or of the set of places `low`, leaves out of these
    values."""
    if isinstance(low, set):
        if len(low) < len(values):
            yield tuple(values[k] for k in sorted(low))
        return
    first, last = ceil(low), floor(high)
    if first > 0:
        yield Span(low=_between(values[first - 1], values[first]))
    if last < len(values) - 1:
        yield Span(high=_between(values[last], values[last + 1]))


def _between(a: float, b: float) -> float:
    """The shortest number between two."""
    middle = float(a + (b - a) / 2)
    shorter = (float(f"{middle:.{digits}g}") for digits in range(1, 17))
    return next((x for x in shorter if a < x < b), middle)
