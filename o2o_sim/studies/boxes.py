"""Scenario discovery: under which conditions do the runs of interest come about?

The patient rule induction method (PRIM; Friedman & Fisher 1999) peels a box of factor values, slab by slab,
until most runs in it are of interest. What is left is told in words that a reader can check, with the figures
of Bryant & Lempert (2010): density, coverage, and how likely each restriction is chance.

The EMA Workbench does the peeling. Done here is what it leaves to the analyst's eye: which box on the way is
taken, and which of its restrictions may be chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import bdtrc
from scipy.stats import ks_2samp

from ..errors import ScenarioError
from .prim import Limit, Mask, Span, meets, needs_workbench, peel, placed

FEWEST = 5
"""Fewer runs of interest than this say nothing about the conditions."""
CHANCE = 0.05
"""A restriction stays only if its quasi-p value is below this, divided by the number of factors: so many
could have been restricted by chance."""


@dataclass(frozen=True)
class Box:
    """Conditions under which most runs are of interest.

    `limits` has a `Span` for every restricted factor with numbers, and a tuple of the values that remain for
    every other. `density` is the share of the box's runs that are of interest, `coverage` the share of all
    runs of interest that lie in the box, `mass` the share of all runs that do. `restricted` has the quasi-p
    value of every factor in `limits`: how likely the box would be as dense by chance if that factor did not
    matter. `number` counts from 1; every box is about the runs that lie in no box before it. `threshold` is
    the density that was asked for."""

    limits: Mapping[str, Limit]
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
        met = [meets(points[factor], limit) for factor, limit in self.limits.items()]
        return np.logical_and.reduce([np.ones(len(points), dtype=bool), *met])

    def sentence(self, meaning: str, labels: Mapping[str, str] | None = None) -> str:
        """The box in words. `meaning` says what the runs of interest do ("lose a third of their shops"),
        `labels` what a factor is called, if not by its name."""
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

    `points` has a row per run and a column per factor, with numbers or categories; `interest` says of every
    run whether it is of interest. Each step peels the share `peel_alpha` of a box, which keeps at least the
    share `mass_min` of all runs. Restrictions that may be chance are dropped from every box on the way; of
    the boxes left, the one of greatest coverage that has the density `threshold` is taken, or the densest if
    none has it. The search goes on among the runs outside, as long as it finds a box of that density. No box
    means that no factor matters visibly.

    Raises ScenarioError if there are fewer than 5 runs of interest, or so many that nothing is to be found,
    and if the EMA Workbench is not installed."""
    wanted = np.asarray(interest, dtype=bool)
    if wanted.shape != (len(points),):
        raise ValueError(f"{wanted.shape} marks of interest do not belong to {len(points)} points")
    if points.isna().to_numpy().any():
        raise ValueError("a point lacks the value of a factor")
    _check_settings(mass_min, peel_alpha, threshold, most)
    _check_interest(wanted, threshold)
    needs_workbench()
    boxes: list[Box] = []
    left = np.ones(len(points), dtype=bool)
    while len(boxes) < most and wanted[left].sum() >= FEWEST and left.mean() > mass_min:
        share = mass_min / left.mean()
        cuts = _search(points[left], wanted[left], threshold, mass_min=share, alpha=peel_alpha)
        if not cuts:
            break
        box = _box(cuts, wanted, left, len(boxes) + 1, threshold)
        if boxes and not box.dense:
            break
        boxes.append(box)
        left &= ~box.inside(points)
    return boxes


def _box(cuts: list[_Cut], everyone: Mask, left: Mask, number: int, threshold: float) -> Box:
    """The box that these cuts make of the runs that are `left`."""
    wanted = everyone[left]
    inside = _within(cuts, wanted)
    limits: dict[str, Limit] = {}
    for factor, limit, _ in cuts:
        limits[factor] = Span(limits[factor][0], limit[1]) if factor in limits else limit
    chance = {f: _quasi_p(cuts, [c for c in cuts if c.factor != f], wanted) for f in limits}
    chance = dict(sorted(chance.items(), key=lambda item: item[::-1]))
    return Box(
        limits={factor: limits[factor] for factor in chance},
        coverage=float(inside.sum() / everyone.sum()),
        density=float(inside.mean()),
        mass=len(inside) / len(everyone),
        restricted=chance,
        number=number,
        threshold=threshold,
    )


def _check_settings(mass_min: float, peel_alpha: float, threshold: float, most: int) -> None:
    for name, value, low, high in (
        ("mass_min", mass_min, 0.01, 0.5),
        ("peel_alpha", peel_alpha, 0.01, 0.5),
        ("density", threshold, 0.01, 1.0),
        ("most", most, 1, 100),
    ):
        if not low <= value <= high:
            raise ScenarioError(f"must be from {low:g} to {high:g}, found {value:g}", key=name)


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
class _Cut(NamedTuple):
    """One side of a box: the limit it sets to a factor, and which runs meet it."""

    factor: str
    limit: Limit
    inside: Mask


def _search(points: pd.DataFrame, wanted: Mask, threshold: float, **settings: float) -> list[_Cut]:
    """The best box. Among many factors the greedy search easily takes a wrong turn, so that it is done once
    more with those that matter visibly, alone or together (after Kwakkel 2019)."""

    def way(factors: list[str], measure: str) -> list[list[_Cut]]:
        boxes = peel(points[factors], wanted, measure, **settings)
        return [[_Cut(f, limit, meets(points[f], limit)) for f, limit in sides] for sides in boxes]

    def alone(factor: str) -> float:
        places = placed(points[factor])[1].astype(float)
        return float(ks_2samp(places[wanted], places[~wanted]).pvalue)

    # Sorted, so that the order of columns settles no tie.
    varied = [factor for factor in sorted(points.columns) if points[factor].nunique() > 1]
    if not varied or wanted.all():
        return []
    # This measure goes on after a step without gain, as factors that matter only together need it; but it
    # peels categories too readily, which the other does not.
    found = way(varied, "ORIGINAL")
    seen = {cut.factor for cuts in found for cut in _pruned(cuts, wanted, CHANCE)}
    seen |= {factor for factor in varied if alone(factor) < CHANCE}
    if seen:
        found += way(sorted(seen), "ORIGINAL") + way(sorted(seen), "LENIENT1")

    def merit(cuts: list[_Cut]) -> tuple[float, ...]:
        inside = _within(cuts, wanted)
        density, number = float(inside.mean()), float(inside.sum())
        return (1, number, density, -len(cuts)) if density >= threshold else (0, density, number, -len(cuts))

    boxes = [_pruned(cuts, wanted, CHANCE / points.shape[1]) for cuts in found]
    return max((cuts for cuts in boxes if cuts), key=merit, default=[])


# -- judging ------------------------------------------------------------------------------------------------
def _within(cuts: Iterable[_Cut], wanted: Mask) -> Mask:
    """Of the runs that meet all cuts, which are of interest."""
    return wanted[np.logical_and.reduce([np.ones(len(wanted), dtype=bool), *(c.inside for c in cuts)])]


def _quasi_p(cuts: list[_Cut], without: list[_Cut], wanted: Mask) -> float:
    """How likely a box is as dense as it is, if a run is of interest with the share it has `without` some of
    the cuts: the upper tail of the binomial distribution (Bryant & Lempert 2010)."""
    inside = _within(cuts, wanted)
    return float(bdtrc(inside.sum() - 1, len(inside), _within(without, wanted).mean()))


def _pruned(cuts: list[_Cut], wanted: Mask, chance: float) -> list[_Cut]:
    """The cuts that are not chance: the least certain one is dropped until all are certain enough."""
    while cuts:
        others = [cuts[:k] + cuts[k + 1 :] for k in range(len(cuts))]
        p = [_quasi_p(cuts, without, wanted) for without in others]
        if max(p) < chance:
            break
        cuts = others[int(np.argmax(p))]
    return cuts


# -- words --------------------------------------------------------------------------------------------------
def _condition(name: str, limit: Limit) -> str:
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
