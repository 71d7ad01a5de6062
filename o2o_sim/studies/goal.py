"""Goal seeking: the least or greatest value of one factor with which the mean of a metric reaches a target.

The search brackets that value and halves the bracket. It looks at several values, at each of them more than
once, and every look may mistake chance for success: with a plain bound of 90 % at each, two thirds of the
answers were wrong where a metric stays just short of its target for most of the range. The looks therefore
share what doubt is allowed (Bonferroni): with confidence 0.9 the chance that any of them is wrong is at most
0.1, and so is that of the answer. Later looks, which rest on more runs, get more of it.

Bounds are Student's, which take means of so many runs for normal, and runs that are all equal for certain;
those of a flag (0 or 1) are exact (Clopper & Pearson 1934)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from ..record.metrics import METRICS, family_of
from .designs import Factor
from .spec import GoalSpec
from .statistics import lower_bound, paired_interval, upper_bound

Value = int | float
Verdict = Literal["reached", "missed", "undecided"]
Measure = Callable[[Value, int], np.ndarray]
"""The metric in the first n runs of a value, float64 (n,); NaN where a run failed or has no such metric."""


@dataclass(frozen=True)
class Trial:
    """A value that was tried. `low` and `high` are bounds of the metric's mean, each holding as surely as the
    verdict asks for, and `n` the runs they rest on; `values` is the metric of every run, NaN where there is
    none."""

    value: Value
    mean: float
    low: float
    high: float
    n: int
    verdict: Verdict
    values: np.ndarray

    @property
    def reached(self) -> bool:
        """Whether the target is reached as surely as was asked for; the undecided does not count."""
        return self.verdict == "reached"


@dataclass(frozen=True)
class Goal:
    """What goal seeking found. `found` is the value, None if none of those tried reaches the target; `trials`
    are all that were tried, in ascending order; between the two values of each of `bends` the metric moves
    away from the target, so that the values that reach it may not be in one piece."""

    said: GoalSpec
    factor: Factor
    found: Value | None
    trials: list[Trial]
    bends: list[tuple[Value, Value]]

    def at(self, value: Value) -> Trial:
        """What was found at a value that was tried."""
        return next(t for t in self.trials if t.value == value)

    @property
    def target(self) -> float:
        """What the mean shall be at least, or at most."""
        return _target(self.said)

    @property
    def best(self) -> Trial:
        """The trial whose mean is farthest on the side of the target."""
        return max(self.trials, key=lambda t: -math.inf if math.isnan(t.mean) else _sign(self.said) * t.mean)

    @property
    def beyond(self) -> Trial | None:
        """The nearest trial past the value found, which does not reach the target; None at the end of the
        range."""
        return None if self.found is None else _past(self.said, self.trials, self.found)

    def table(self) -> pd.DataFrame:
        """One row per value tried: value, n, mean, bound (what the mean lies above, or below if the target is
        a most), verdict."""
        upper = _sign(self.said) < 0
        rows = [(t.value, t.n, t.mean, t.high if upper else t.low, t.verdict) for t in self.trials]
        return pd.DataFrame(rows, columns=["value", "n", "mean", "bound", "verdict"])


def seek(said: GoalSpec, factor: Factor, measure: Measure) -> Goal:
    """Find the end of the values of a factor that reach a target, from what `measure` finds at those it asks
    for.

    First both ends of the range, then the middle between the nearest two values of which one reaches the
    target and one does not, until they are no farther apart than the tolerance, or are neighbouring whole
    numbers. If neither end reaches it, the middle and the quarters of the range are tried."""
    wanted, safe = ends(factor) if said.seek == "smallest" else ends(factor)[::-1]
    looks = _looks(said, most_trials(said, factor))
    trials: dict[Value, Trial] = {}

    def reached(value: Value) -> bool:
        if value not in trials:
            trials[value] = _tried(said, value, looks, measure)
        return trials[value].reached

    good = [end for end in (wanted, safe) if reached(end)]
    found = good[0] if good else next(filter(reached, _inner(factor, wanted, safe, said.tolerance)), None)
    while found is not None and (bad := _past(said, trials.values(), found)):
        middle = _middle(factor, bad.value, found, said.tolerance)
        if middle is None:
            break
        if reached(middle):
            found = middle
    tried = sorted(trials.values(), key=lambda t: t.value)
    return Goal(said, factor, found, tried, _bends(said, tried))


# -- one value ----------------------------------------------------------------------------------------------
def _tried(said: GoalSpec, value: Value, looks: Sequence[tuple[int, float]], measure: Measure) -> Trial:
    sign, flag, verdict = _sign(said), _is_flag(said.metric), "undecided"
    for n, confidence in looks:
        values = measure(value, n)
        kept = values[np.isfinite(values)]
        low, high = _bounds(kept, confidence, flag)
        surely, hardly = (low, high) if sign > 0 else (-high, -low)
        if surely >= sign * _target(said):
            verdict = "reached"
        elif hardly < sign * _target(said):
            verdict = "missed"
        if verdict != "undecided":
            break
    mean = float(kept.mean()) if len(kept) else math.nan
    return Trial(value, mean, low, high, len(kept), verdict, values)  # type: ignore[arg-type]


def _bounds(kept: np.ndarray, confidence: float, flag: bool) -> tuple[float, float]:
    """What the mean lies above, and what it lies below, each with this confidence."""
    if not flag or not len(kept):
        return lower_bound(kept, confidence), upper_bound(kept, confidence)
    k, n = int(kept.sum()), len(kept)
    low = float(betaincinv(k, n - k + 1, 1 - confidence)) if k else 0.0
    high = float(betaincinv(k + 1, n - k, confidence)) if k < n else 1.0
    return low, high


def _is_flag(metric: str) -> bool:
    family = family_of(metric)
    return family is not None and METRICS[family].kind == "flag"


def _sign(said: GoalSpec) -> int:
    return 1 if said.at_least is not None else -1


def _target(said: GoalSpec) -> float:
    target = said.at_least if said.at_least is not None else said.at_most
    assert target is not None
    return target


def _looks(said: GoalSpec, trials: int) -> list[tuple[int, float]]:
    """After how many runs of a value it is looked at, and with which confidence."""
    counts = [said.replicates]
    while counts[-1] < said.most_replicates:
        counts.append(min(2 * counts[-1], said.most_replicates))
    doubt = (1 - said.confidence) / trials
    return [(n, 1 - doubt * n / sum(counts)) for n in counts]


# -- which value --------------------------------------------------------------------------------------------
def ends(factor: Factor) -> tuple[Value, Value]:
    """Both ends of the range of a factor, as its designs would write them."""
    low, high = factor.at(0), factor.at(1)
    assert not isinstance(low, str) and not isinstance(high, str)
    return low, high


def most_trials(said: GoalSpec, factor: Factor) -> int:
    """How many values are tried at most: the ends, the halvings, and one more if only a quarter reaches the
    target."""
    low, high = ends(factor)
    pieces = high - low if factor.whole else 1 / said.tolerance
    return 2 + math.ceil(math.log2(pieces)) + 1


def _middle(factor: Factor, a: Value, b: Value, tolerance: float) -> Value | None:
    """The value half-way between two, on the factor's scale; None if they are near enough already."""
    if factor.whole:
        return (int(a) + int(b)) // 2 if abs(a - b) > 1 else None
    u, v = _place(factor, a), _place(factor, b)
    # Values are rounded, to about a millionth of the range.
    if abs(u - v) <= tolerance + 1e-5:
        return None
    middle = factor.at((u + v) / 2)
    return None if middle in (a, b) or isinstance(middle, str) else middle


def _place(factor: Factor, value: Value) -> float:
    """Where in its range a value lies, from 0 to 1."""
    low, high = ends(factor)
    at = (low, value, high)
    a, b, c = (math.log(x) for x in at) if factor.scale == "log" else at
    return (b - a) / (c - a)


def _inner(factor: Factor, wanted: Value, safe: Value, tolerance: float) -> list[Value]:
    """The middle of the range and its quarters, as far as they are apart."""
    middle = _middle(factor, wanted, safe, tolerance)
    if middle is None:
        return []
    quarters = (_middle(factor, end, middle, tolerance) for end in (wanted, safe))
    return [middle, *(q for q in quarters if q is not None)]


def _past(said: GoalSpec, trials: Iterable[Trial], found: Value) -> Trial | None:
    """The nearest trial on the far side of the value found."""
    ascending = said.seek == "smallest"
    past = [t for t in trials if (t.value < found if ascending else t.value > found)]
    return min(past, key=lambda t: abs(t.value - found), default=None)


def _bends(said: GoalSpec, trials: Sequence[Trial]) -> list[tuple[Value, Value]]:
    """Where the metric moves away from the target towards the values that should reach it, as surely as was
    asked for over all neighbours together. Runs with the same seeds are compared (common random numbers)."""
    ordered = list(trials) if said.seek == "smallest" else list(reversed(trials))
    doubt = (1 - said.confidence) / max(len(ordered) - 1, 1)
    found: list[tuple[Value, Value]] = []
    for a, b in pairwise(ordered):
        shared = min(len(a.values), len(b.values))
        gap = paired_interval(_sign(said) * a.values[:shared], _sign(said) * b.values[:shared], 1 - 2 * doubt)
        if gap.high < 0 or (a.reached and b.verdict == "missed"):
            start = found.pop()[0] if found and found[-1][1] == a.value else a.value
            found.append((start, b.value))
    return found
