"""Is B better than A, by how much, and how sure is that? Paired runs of two or more scenarios.

Replicate r of every scenario has the same seed, so that the same people need the same things on the same
days; what differs is the scenario's doing, and intervals of the paired differences are narrow."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..csvtext import csv_bytes
from ..errors import ScenarioError
from ..record.archive import write_whole
from ..record.metrics import METRICS, family_of, label_of
from .idle_changes import warn_of_changes
from .own import Metric, Own
from .points import Point, cases
from .shown import Pictures, Shown
from .statistics import FIRST_LOOK, Interval, mean_interval, next_count, paired_interval
from .study import Results, Study, load_results
from .variant import Scenario, names_of, variant_of
from .work import Work, check_metrics, folder_of

if TYPE_CHECKING:
    from rich.console import RenderableType


REPLICATES = 10
MOST = 200
"""Pairs at which an adaptive comparison gives up."""
ASKED = {"option": "--until-width", "listed": "metrics in comparison.csv of any comparison"}
"""Where a metric is named that there may not be, and where those are that there are."""


@dataclass
class Comparison(Shown):
    """Paired runs of some scenarios, the first of which is what the others are compared with.

    `names` are the scenarios in the order given. `not_converged` names the metrics whose interval is still
    wider than was asked for.
    """

    results: Results
    names: list[str]
    not_converged: list[str]

    @property
    def metrics(self) -> list[str]:
        """The names of all metrics, those of the user's own and headline figures first."""
        return self.results.metrics

    def tables(self) -> list[RenderableType]:
        """What the command line prints of it."""
        from ..show.tables_studies import comparison_tables

        return comparison_tables(self)

    def pictures(self) -> Pictures:
        """The headline differences of every scenario from the first."""
        from ..show.plots_studies import comparison_pictures

        return comparison_pictures(self)

    def values(self, name: str, metric: str) -> np.ndarray:
        """A metric of one scenario, float64 (replicates,); NaN where the run failed or has no such metric."""
        return self.results.values("scenario", name, metric)

    def difference(self, other: str, metric: str) -> Interval:
        """The 95 % interval of `other` less the first scenario, over pairs."""
        return paired_interval(self.values(self.names[0], metric), self.values(other, metric))

    def table(self, other: str, metrics: Sequence[str] | None = None) -> pd.DataFrame:
        """One row per metric: a_mean, b_mean (over the pairs of which both runs are there), difference, low,
        high, n."""
        rows = []
        for metric in self.metrics if metrics is None else metrics:
            a, b = self.values(self.names[0], metric), self.values(other, metric)
            both = ~np.isnan(a + b)
            gap = paired_interval(a, b)
            means = (float(x[both].mean()) if both.any() else float("nan") for x in (a, b))
            rows.append((metric, *means, gap.mean, gap.low, gap.high, gap.n))
        return pd.DataFrame(rows, columns=["metric", "a_mean", "b_mean", "difference", "low", "high", "n"])

    @cached_property
    def changed(self) -> pd.DataFrame:
        """Every store that fared otherwise than in the first scenario with the same seed: scenario,
        replicate, seed, name, category, circle, before, after and the reasons. Stores are told apart by name,
        which only those have in common that are the same shop in both runs."""
        parts = [self._changed(other) for other in self.names[1:]]
        return pd.concat(parts, ignore_index=True)

    def _changed(self, other: str) -> pd.DataFrame:
        both = self._stores(self.names[0]).merge(
            self._stores(other), on=["replicate", "name"], suffixes=("_before", "_after")
        )
        moved = both[both["outcome_before"] != both["outcome_after"]]
        seeds = self.results.runs.drop_duplicates("replicate").set_index("replicate")["seed"]
        return pd.DataFrame(
            {
                "scenario": other,
                "replicate": moved["replicate"],
                "seed": moved["replicate"].map(seeds),
                "name": moved["name"],
                "category": moved["category_before"],
                "circle": moved["circle_before"],
                "before": moved["outcome_before"],
                "after": moved["outcome_after"],
                "reason_before": moved["reason_before"],
                "reason_after": moved["reason_after"],
            }
        ).reset_index(drop=True)

    def _stores(self, name: str) -> pd.DataFrame:
        stores = self.results.stores
        point = self.names.index(name)
        kept = ["replicate", "name", "category", "circle", "outcome", "reason"]
        return stores.loc[stores["point"] == point, kept]

    def changed_per_run(self, other: str) -> Interval:
        """How many stores of a city fare otherwise, with the 95 % interval over pairs."""
        mine = self.changed[self.changed["scenario"] == other]
        pairs = self._pairs(other)
        return mean_interval(
            mine["replicate"].value_counts().reindex(pairs, fill_value=0).to_numpy(np.float64)
        )

    def _pairs(self, other: str) -> list[int]:
        ok = self.results.ok
        there = [set(ok.loc[ok["scenario"] == name, "replicate"]) for name in (self.names[0], other)]
        return sorted(there[0] & there[1])

    def moves(self, other: str) -> pd.DataFrame:
        """How many stores of a city go from which outcome to which, a mean over pairs: before, after,
        stores."""
        mine = self.changed[self.changed["scenario"] == other]
        counts = mine.groupby(["before", "after"]).size() / max(len(self._pairs(other)), 1)
        found = counts.rename("stores").reset_index()
        return found.sort_values(
            ["stores", "before", "after"], ascending=[False, True, True], ignore_index=True
        )


def compare(
    scenarios: Sequence[Scenario],
    *,
    replicates: int | None = None,
    metrics: Mapping[str, Metric] | None = None,
    until_width: Mapping[str, float] | None = None,
    most: int = MOST,
    out: str | os.PathLike[str] | None = None,
    overrides: Sequence[str] = (),
    work: Work | None = None,
) -> Comparison | None:
    """Run two or more scenarios (files, `Spec`s or `Variant`s) in pairs and compare all others with the
    first.

    `replicates` is the number of pairs (10 if nothing is said). With `until_width` (metric -> width of its
    95 % interval) pairs are added until every interval is as narrow, but not more than `most`. `overrides`
    change all scenarios. `metrics` are figures of your own: functions of a run's `RunResult` by name. Returns None where `work` is a shard and runs of others are still missing. Writes
    comparison.csv and stores_changed.csv into the study's folder.

    Raises ScenarioError if a scenario cannot be read, or no pair of runs succeeded.
    """
    if len(scenarios) < 2:
        raise ScenarioError("needs at least two scenarios", file="compare")
    if replicates is not None and replicates < 1:
        raise ScenarioError(f"must be at least 1, found {replicates}", file="--replicates")
    variants = [variant_of(s) for s in scenarios]
    names = names_of(variants)
    with work or Work() as w:
        specs = [v.spec(overrides) for v in variants]
        owns = [Own.of(v.model, metrics) for v in variants]
        points = [Point(s, {"scenario": n}, own) for s, n, own in zip(specs, names, owns)]
        for own in owns:
            w.admit(own)
        wanted = dict(until_width or {})
        for metric, width in wanted.items():
            if not width > 0:
                raise ScenarioError(f"the width of {metric} must be more than 0", file="--until-width")
        # Whether a family has such a member shows only when the first pairs are done.
        known = [*METRICS, *(metrics or ())]
        check_metrics([m for m in wanted if family_of(m) is None], known, **ASKED)
        count = min(FIRST_LOOK, most) if wanted else (replicates or REPLICATES)
        if wanted:
            w.whole("how many pairs are needed shows only when the first are done")
        first = cases(points, range(count), plugins=w.plugins)
        if all(v.model is None for v in variants):
            warn_of_changes(specs[0], specs[1:], names)
        folder = folder_of("compare", "-".join(names), first, out)
        about = {
            "kind": "compare",
            "names": names,
            "question": specs[-1].question,
            "own": list(metrics or ()),
        }
        study = Study(folder, about)
        study.run(first, w)
        while wanted:
            found = Comparison(load_results(folder), names, [])
            found.results.needs_some()
            check_metrics(wanted, found.metrics, **ASKED)
            gaps = {f"{m} {k}": _gaps(found, name, m) for m in wanted for k, name in enumerate(names[1:])}
            # What has no value in any pair will not get narrower with more of them.
            each = {key: gap for key, gap in gaps.items() if np.isfinite(gap).any()}
            more = next_count(each, {key: wanted[key.rpartition(" ")[0]] for key in each}, cap=most)
            if more is None or more <= count:
                break
            study.run(cases(points, range(count, more), plugins=w.plugins), w)
            count = more
        results = study.finish()
    if results.missing:
        return None
    results.needs_some()
    comparison = Comparison(results, names, [])
    _needs_pairs(comparison)
    comparison.not_converged = [
        m
        for m, width in wanted.items()
        if any(not comparison.difference(other, m).width <= width for other in names[1:])
    ]
    _write(comparison)
    w.draw(comparison, results.folder)
    return comparison


def _gaps(found: Comparison, other: str, metric: str) -> np.ndarray:
    return found.values(other, metric) - found.values(found.names[0], metric)


def _needs_pairs(comparison: Comparison) -> None:
    if not any(comparison._pairs(other) for other in comparison.names[1:]):
        said = str(comparison.results.failures["error"].iloc[0]).strip()
        raise ScenarioError(f"there is no pair of runs that both succeeded; the first failed with\n{said}")


def _write(comparison: Comparison) -> None:
    parts = [comparison.table(other).assign(scenario=other) for other in comparison.names[1:]]
    table = pd.concat(parts, ignore_index=True)
    table.insert(1, "label", [label_of(m) for m in table["metric"]])
    for name, frame in (("comparison", table), ("stores_changed", comparison.changed)):
        write_whole(comparison.results.folder / f"{name}.csv", csv_bytes(frame))
