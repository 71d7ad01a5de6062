"""Scenario discovery: under which conditions do the runs of interest come about?

The patient rule induction method (PRIM; Friedman & Fisher 1999) peels a box of factor values, slab by slab, until
most runs in it are of interest. What is left is told in words that a reader can check, with the figures of Bryant
& Lempert (2010): density, coverage, and how likely each restriction is chance.

PRIM is written out here because that of ema-workbench stops at the first step without gain and peels categories
too readily: of boxes of two numeric factors planted into 200 noisy runs it found a quarter to a half, this one nine
in ten. Pasting slabs back to the last box, as Friedman & Fisher do, is left out: boxes are chosen on the way, and
in the same trials it moved none of their limits visibly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtrc

from ..errors import ScenarioError

Mask = NDArray[np.bool_]
FEWEST = 5
"""Fewer runs of interest than this say nothing about the conditions."""
CHANCE = 0.05
"""A restriction stays only if its quasi-p value is below this, divided by the number of factors: so many could
have been restricted by chance."""


class Span(NamedTuple):
    """Values above `low` and below `high`; None where that end is open."""

    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Box:
    """Conditions under which most runs are of interest.

    `limits` has a `Span` for every restricted factor with numbers, and a tuple of the values that remain for
    every other. `density` is the share of the box's runs that are of interest, `coverage` the share of all runs
    of interest that lie in the box, `mass` the share of all runs that do. `restricted` has the quasi-p value of
    every factor in `limits`: how likely the box would be as dense by chance if that factor did not matter.
    `number` counts from 1; every box is about the runs that lie in no box before it. `threshold` is the density
    that was asked for.
    """

    limits: Mapping[str, Span | tuple[Any, ...]]
    coverage: float
    density: float
    mass: float
    restricted: Mapping[str, float]
    number: int
    threshold: float

    @property
    def dense(self) -> bool:
        """Whether the box has the density asked for; if not, it is the densest there is."""
        return self.density >= self.threshold

    def inside(self, points: pd.DataFrame) -> Mask:
        """Which points (one column per factor) meet the limits."""
        found = np.ones(len(points), dtype=bool)
        for factor, limit in self.limits.items():
            if isinstance(limit, Span):
                values = points[factor].to_numpy(dtype=float)
                found &= values > (-np.inf if limit.low is None else limit.low)
                found &= values < (np.inf if limit.high is None else limit.high)
            else:
                found &= np.array([v in limit for v in points[factor]], dtype=bool)
        return found

    def sentence(self, meaning: str, labels: Mapping[str, str] | None = None) -> str:
        """The box in words. `meaning` says what the runs of interest do ("lose a third of their shops"), `labels`
        what a factor is called, if not by its name."""
        said = [_condition((labels or {}).get(f, f), limit) for f, limit in self.limits.items()]
        runs = "runs" if self.number == 1 else "the remaining runs"
        text = f"In {runs} with {_listed(said, 'and')}, {_percent(self.density)} {meaning}"
        text += f"; {_percent(self.coverage)} of all such runs lie here."
        if not self.dense:
            text += f" No conditions were found under which {_percent(self.threshold)} do."
        return text


def find_boxes(
    points: pd.DataFrame,
    interest: ArrayLike,
    *,
    mass_min: float = 0.05,
    peel_alpha: float = 0.05,
    threshold: float = 0.8,
    most: int = 3,
) -> list[Box]:
    """Find up to `most` boxes in which the runs of interest gather.

    `points` has a row per run and a column per factor, with numbers or categories; `interest` says of every run
    whether it is of interest. Each step peels the share `peel_alpha` of a box, which keeps at least the share
    `mass_min` of all runs. Restrictions that may be chance are dropped from every box on the way; of the boxes
    left, the one of greatest coverage that has the density `threshold` is taken, or the densest if none has it.
    The search goes on among the runs outside, as long as it finds a box of that density. No box means that no
    factor matters visibly.

    Raises ScenarioError if there are fewer than 5 runs of interest, or so many that nothing is to be found.
    """
    wanted = np.asarray(interest, dtype=bool)
    if wanted.shape != (len(points),):
        raise ValueError(f"{wanted.shape} marks of interest do not belong to {len(points)} points")
    if points.isna().to_numpy().any():
        raise ValueError("a point lacks the value of a factor")
    _check_settings(mass_min, peel_alpha, threshold, most)
    _check_interest(wanted, threshold)
    fewest = mass_min * len(points)
    boxes: list[Box] = []
    left = np.ones(len(points), dtype=bool)
    while len(boxes) < most and wanted[left].sum() >= FEWEST and left.sum() > fewest:
        rest = _Runs(_axes(points[left]), wanted[left])
        cuts = _search(rest, fewest, peel_alpha, threshold)
        if not cuts:
            break
        box = _box(rest, cuts, wanted, len(boxes) + 1, threshold)
        if boxes and not box.dense:
            break
        boxes.append(box)
        left &= ~box.inside(points)
    return boxes


def _check_settings(mass_min: float, peel_alpha: float, threshold: float, most: int) -> None:
    for name, value, low, high in (
        ("mass_min", mass_min, 0.01, 0.5),
        ("peel_alpha", peel_alpha, 0.01, 0.5),
        ("density", threshold, 0.01, 1.0),
        ("most", most, 1, 100),
    ):
        if not low <= value <= high:
            raise ScenarioError(f"should be from {low:g} to {high:g}, found {value:g}", key=name)


def _check_interest(wanted: Mask, threshold: float) -> None:
    number, runs = int(wanted.sum()), len(wanted)
    if number < FEWEST:
        raise ScenarioError(
            f"only {number} of {runs:,} runs are of interest; at least {FEWEST} are needed to tell why",
            hint="Move the line that makes a run one of interest, or make more runs.",
        )
    if number >= threshold * runs:
        raise ScenarioError(
            f"{'all' if number == runs else f'{number:,} of'} {runs:,} runs are of interest, which is the density "
            "asked for without any condition",
            hint="Ask for a higher density, or when the opposite comes about.",
        )


# -- searching ----------------------------------------------------------------------------------------------
class _Axis(NamedTuple):
    """The values of a factor in all runs; if it has categories, their numbers in `categories`."""

    factor: str
    values: NDArray[Any]
    categories: tuple[Any, ...]


class _Cut(NamedTuple):
    """One side of a box: below a `bound`, above it, or of the categories kept; and which runs meet it."""

    axis: _Axis
    side: Literal["above", "below", "kept"]
    bound: Any
    inside: Mask


class _Runs(NamedTuple):
    """The runs searched in, and which of them are of interest."""

    axes: list[_Axis]
    wanted: Mask

    def within(self, cuts: Iterable[_Cut]) -> Mask:
        return np.logical_and.reduce([np.ones(len(self.wanted), dtype=bool), *(c.inside for c in cuts)])


def _axes(points: pd.DataFrame) -> list[_Axis]:
    # Sorted, so that the order of columns and categories settles no tie.
    found = []
    for factor in sorted(points.columns):
        column = points[factor]
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            found.append(_Axis(factor, column.to_numpy(dtype=float), ()))
        else:
            categories = tuple(sorted(set(column), key=lambda v: (str(v), repr(v))))
            found.append(_Axis(factor, np.array([categories.index(v) for v in column]), categories))
    return found


def _search(runs: _Runs, fewest: float, alpha: float, threshold: float) -> list[_Cut]:
    """The best box. Among many factors the greedy search easily takes a wrong turn, so that it is done once more
    with those that matter visibly, alone or together (after Kwakkel 2019)."""
    path = _peeled(runs, runs.axes, fewest, alpha)
    alone = [cuts for axis in runs.axes for cuts in _peeled(runs, [axis], fewest, alpha)]
    seen = {c.axis.factor for cuts in path + alone for c in _pruned(runs, cuts, CHANCE)}
    if 1 < len(seen) < len(runs.axes):
        path += _peeled(runs, [a for a in runs.axes if a.factor in seen], fewest, alpha)
    chance = CHANCE / len(runs.axes)
    return _best(runs, [_pruned(runs, cuts, chance) for cuts in path], threshold)


def _peeled(runs: _Runs, axes: Sequence[_Axis], fewest: float, alpha: float) -> list[list[_Cut]]:
    """Every box on the way from all runs to one that cannot be peeled any more, each step taking away the slab
    with the smallest share of runs of interest (Friedman & Fisher 1999, section 14)."""
    cuts: dict[tuple[str, str], _Cut] = {}
    box = np.ones(len(runs.wanted), dtype=bool)
    path: list[list[_Cut]] = [[]]
    while not runs.wanted[box].all():
        best, merit = None, (0.0, 0)
        for axis in axes:
            for cut in _peels(axis, box, cuts.get((axis.factor, "kept")), alpha):
                slab = runs.wanted[box & ~cut.inside]
                if 0 < len(slab) <= box.sum() - fewest and (1 - slab.mean(), len(slab)) > merit:
                    best, merit = cut, (1 - slab.mean(), len(slab))
        if best is None:
            break
        cuts[best.axis.factor, best.side] = best
        box &= best.inside
        path.append(list(cuts.values()))
    return path


def _peels(axis: _Axis, box: Mask, kept: _Cut | None, alpha: float) -> Iterable[_Cut]:
    """The cuts that would take a slab from the box: its lowest or highest values, or one category."""
    values = axis.values[box]
    if axis.categories:
        left = kept.bound if kept else tuple(range(len(axis.categories)))
        for gone in left:
            kept_then = tuple(c for c in left if c != gone)
            yield _Cut(axis, "kept", kept_then, np.isin(axis.values, kept_then))
        return
    skipped = int(alpha * (len(values) - 1))
    lowest = np.partition(values, skipped)[skipped]
    highest = np.partition(values, len(values) - 1 - skipped)[len(values) - 1 - skipped]
    if lowest < values.max():
        bound = _between(lowest, values[values > lowest].min())
        yield _Cut(axis, "above", bound, axis.values > bound)
    if highest > values.min():
        bound = _between(values[values < highest].max(), highest)
        yield _Cut(axis, "below", bound, axis.values < bound)


def _between(a: float, b: float) -> float:
    """The shortest number between two."""
    middle = float(a + (b - a) / 2)
    shorter = (float(f"{middle:.{digits}g}") for digits in range(1, 17))
    return next((x for x in shorter if a < x < b), middle)


# -- judging ------------------------------------------------------------------------------------------------
def _quasi_p(number: int, runs: int, shares: ArrayLike) -> NDArray[np.float64]:
    """How likely at least `number` of the box's runs are of interest, if a run is with the share it has without
    some of the cuts: the upper tail of the binomial distribution (Bryant & Lempert 2010)."""
    return bdtrc(number - 1, runs, shares)


def _pruned(runs: _Runs, cuts: Sequence[_Cut], chance: float) -> list[_Cut]:
    """The cuts that are not chance: the least certain one is dropped until all are certain enough."""
    left = list(cuts)
    while left:
        missed = ~np.array([c.inside for c in left])
        times = missed.sum(axis=0)
        inside, by_one = runs.wanted[times == 0], runs.wanted[times == 1]
        added = missed[:, times == 1]  # what each cut alone keeps out
        number, size = int(inside.sum()), len(inside)
        p = _quasi_p(number, size, (number + (added & by_one).sum(axis=1)) / (size + added.sum(axis=1)))
        worst = int(np.argmax(p))
        if p[worst] < chance:
            break
        del left[worst]
    return left


def _best(runs: _Runs, boxes: Sequence[list[_Cut]], threshold: float) -> list[_Cut]:
    def merit(cuts: list[_Cut]) -> tuple[bool, float, float, int]:
        inside = runs.wanted[runs.within(cuts)]
        density, number = float(inside.mean()), float(inside.sum())
        dense = density >= threshold
        return dense, *((number, density) if dense else (density, number)), -len(cuts)

    return max((cuts for cuts in boxes if cuts), key=merit, default=[])


def _box(runs: _Runs, cuts: Sequence[_Cut], everyone: Mask, number: int, threshold: float) -> Box:
    inside = runs.wanted[runs.within(cuts)]
    chance, limits = {}, {}
    for axis in {c.axis.factor: c.axis for c in cuts}.values():
        bounds = {c.side: c.bound for c in cuts if c.axis is axis}
        without = runs.wanted[runs.within(c for c in cuts if c.axis is not axis)]
        chance[axis.factor] = float(_quasi_p(inside.sum(), len(inside), without.mean()))
        if "kept" in bounds:
            limits[axis.factor] = tuple(axis.categories[k] for k in bounds["kept"])
        else:
            limits[axis.factor] = Span(bounds.get("above"), bounds.get("below"))
    by_chance = sorted(chance, key=lambda factor: (chance[factor], factor))
    return Box(
        limits={factor: limits[factor] for factor in by_chance},
        coverage=float(inside.sum() / everyone.sum()),
        density=float(inside.mean()),
        mass=len(inside) / len(everyone),
        restricted={factor: chance[factor] for factor in by_chance},
        number=number,
        threshold=threshold,
    )


# -- words --------------------------------------------------------------------------------------------------
def _condition(name: str, limit: Span | tuple[Any, ...]) -> str:
    if not isinstance(limit, Span):
        return f"{name} {_listed([str(v) for v in limit], 'or')}"
    if limit.low is None:
        return f"{name} below {limit.high:,.12g}"
    if limit.high is None:
        return f"{name} above {limit.low:,.12g}"
    return f"{name} between {limit.low:,.12g} and {limit.high:,.12g}"


def _listed(said: Sequence[str], word: str) -> str:
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} {word} {said[-1]}"


def _percent(share: float) -> str:
    """Whole per cents, but 100 % and 0 % only for all and none."""
    rounded = round(100 * share)
    return f"{rounded if share in (0.0, 1.0) else min(max(rounded, 1), 99)} %"
