"""Why is B otherwise than A? The difference between two scenarios, shared among the groups of keys they
differ in.

Every mixture of the two is run with the same seeds. What a group contributes is its Shapley value
(shapley.py), pair by pair; which store closed because of it shows when everything of B but that group is
there."""

from __future__ import annotations

import math
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
from ..record.metrics import HEADLINE, METRICS, family_of, label_of
from .changes import Change, changes, grouped, mixtures
from .idle_changes import warn_of_changes
from .own import Metric, Own
from .points import Point, cases
from .shapley import (
    EXACT_UP_TO,
    Coalition,
    alone,
    coalitions,
    coalitions_of,
    last,
    sampled_orders,
    shapley,
)
from .shown import Pictures, Shown
from .statistics import Interval, mean_interval, paired_interval
from .study import Results, Study
from .variant import Scenario, Variant, names_of, variant_of
from .work import Work, check_metrics, folder_of

if TYPE_CHECKING:
    from rich.console import RenderableType


REPLICATES = 10
ORDERS = 16
"""Orders of switching that are sampled where there are too many groups for all coalitions."""
NOTHING = "nothing"
NO_SINGLE_ONE = "no single one"
ASKED = {"option": "--metric", "listed": "explanation.csv for all metrics"}
"""Where a metric is named that there may not be, and where those are that there are."""


@dataclass
class Explanation(Shown):
    """Paired runs of two scenarios and of mixtures of them.

    `names` are the two scenarios, `groups` what changed between them, `metrics` the figures that were asked
    for. Point k of `results` is the scenario in which the groups of `coalitions[k]` are as in B: at point 0
    none, at the last one all. `orders` are the orders sampled; None where every coalition was run."""

    results: Results
    names: list[str]
    groups: dict[str, list[Change]]
    metrics: list[str]
    coalitions: list[Coalition]
    orders: list[tuple[str, ...]] | None = None

    @cached_property
    def pairs(self) -> list[int]:
        """The replicates of which every coalition was run; the others count for nothing."""
        runs = self.results.ok.groupby("replicate")["point"].nunique()
        return sorted(int(r) for r in runs.index[runs == len(self.coalitions)])

    @property
    def left_out(self) -> int:
        """How many replicates do not count, because a run of theirs failed."""
        return int(self.results.runs["replicate"].nunique()) - len(self.pairs)

    def tables(self) -> list[RenderableType]:
        """What the command line prints of it."""
        from ..show.tables_explain import explanation_tables

        return explanation_tables(self)

    def pictures(self) -> Pictures:
        """A waterfall of every metric that was asked for and that differs at all."""
        from ..show.plots_studies import explanation_pictures

        return explanation_pictures(self)

    # -- figures -----------------------------------------------------------------------------------------
    def values(self, metric: str) -> np.ndarray:
        """A metric, float64 (pairs, coalitions): only pairs in which every coalition has it."""
        found = self._runs[metric].to_numpy(np.float64).reshape(len(self.pairs), len(self.coalitions))
        return found[np.isfinite(found).all(axis=1)]

    @cached_property
    def _runs(self) -> pd.DataFrame:
        """The runs that count, one pair after the other."""
        ok = self.results.ok
        return ok[ok["replicate"].isin(self.pairs)].sort_values(["replicate", "point"])

    def means(self, metric: str) -> tuple[float, float]:
        """Its mean in A and in B, over the pairs that count; NaN without any."""
        found = self.values(metric)
        return mean_interval(found[:, 0]).mean, mean_interval(found[:, -1]).mean

    def total(self, metric: str) -> Interval:
        """The 95 % interval of B less A, over pairs."""
        found = self.values(metric)
        return paired_interval(found[:, 0], found[:, -1])

    def contributions(self, metric: str) -> dict[str, np.ndarray]:
        """The Shapley value of every group, float64 (pairs,); in every pair they sum to B less A."""
        return shapley(self._by_coalition(metric), list(self.groups), self.orders)

    def table(self, metric: str) -> pd.DataFrame:
        """One row per group, the largest contribution first: group, value, low, high, and what it does
        `alone` (nothing else changed) and `last` (all else changed); where these differ, groups work together
        or against each other.

        The 95 % interval is that over pairs. Where orders were sampled it is widened by that over pairs of
        orders (an order and its reverse): the root of the sum of squares of the half widths.
        """
        by_coalition, names = self._by_coalition(metric), list(self.groups)
        first, final = alone(by_coalition, names), last(by_coalition, names)
        spread = self._spread_over_orders(by_coalition)
        rows = []
        for group, values in self.contributions(metric).items():
            found = mean_interval(values)
            half = math.hypot(found.high - found.mean, spread[group]) if found.n else math.inf
            means = (mean_interval(x[group]).mean for x in (first, final))
            rows.append((group, found.mean, found.mean - half, found.mean + half, *means))
        table = pd.DataFrame(rows, columns=["group", "value", "low", "high", "alone", "last"])
        order = table["value"].abs().sort_values(ascending=False, kind="stable").index
        return table.loc[order].reset_index(drop=True)

    def _by_coalition(self, metric: str) -> dict[Coalition, np.ndarray]:
        return dict(zip(self.coalitions, self.values(metric).T))

    def _spread_over_orders(self, by_coalition: dict[Coalition, np.ndarray]) -> dict[str, float]:
        """Half the width of the 95 % interval over pairs of sampled orders; 0 where all orders are known."""
        if self.orders is None:
            return dict.fromkeys(self.groups, 0.0)
        each = [
            shapley(by_coalition, list(self.groups), self.orders[k : k + 2])
            for k in range(0, len(self.orders), 2)
        ]
        means = {g: np.array([mean_interval(one[g]).mean for one in each]) for g in self.groups}
        return {g: mean_interval(m).width / 2 for g, m in means.items()}

    # -- stores ------------------------------------------------------------------------------------------
    @cached_property
    def saved(self) -> pd.DataFrame:
        """Every store, of every pair, that is there in both scenarios and closed in B only: replicate, seed,
        name, category, circle, reason (why it closed in B) and saved_by, a tuple of the groups each of which,
        left as in A with all else as in B, is enough for it not to close."""
        runs = self.results.runs
        last_point = len(self.coalitions) - 1
        closed = self._stores(last_point)
        closed = closed[closed["outcome"] == "closed"]
        both = closed.merge(self._trading(0), on=["replicate", "name"])
        both["seed"] = both["replicate"].map(runs.drop_duplicates("replicate").set_index("replicate")["seed"])
        key = pd.MultiIndex.from_frame(both[["replicate", "name"]])
        all_groups = frozenset(self.groups)
        saves = {}
        for group in self.groups:
            there = self._trading(self.coalitions.index(all_groups - {group}))
            saves[group] = key.isin(pd.MultiIndex.from_frame(there))
        both["saved_by"] = [tuple(g for g in self.groups if saves[g][k]) for k in range(len(both))]
        return both[["replicate", "seed", "name", "category", "circle", "reason", "saved_by"]]

    def _stores(self, point: int) -> pd.DataFrame:
        stores = self.results.stores
        mine = stores[(stores["point"] == point) & stores["replicate"].isin(self.pairs)]
        return mine.sort_values(["replicate", "store"])

    def _trading(self, point: int) -> pd.DataFrame:
        """replicate and name of the stores that have not closed."""
        stores = self._stores(point)
        return stores.loc[stores["outcome"] != "closed", ["replicate", "name"]]

    @property
    def lost(self) -> Interval:
        """How many stores of a city close in B only, with the 95 % interval over pairs."""
        return self._per_city(np.ones(len(self.saved), bool))

    @property
    def saved_share(self) -> pd.DataFrame:
        """How many of them each group alone would save: group, stores (a mean over pairs), low, high; in the
        last row (`NO_SINGLE_ONE`) those that no group alone would."""
        saved_by = self.saved["saved_by"]
        rows = [(g, np.array([g in by for by in saved_by], bool)) for g in self.groups]
        rows.append((NO_SINGLE_ONE, np.array([not by for by in saved_by], bool)))
        found = [(name, self._per_city(which)) for name, which in rows]
        return pd.DataFrame(
            [(name, x.mean, x.low, x.high) for name, x in found], columns=["group", "stores", "low", "high"]
        )

    def _per_city(self, which: np.ndarray) -> Interval:
        counts = self.saved.loc[which, "replicate"].value_counts()
        return mean_interval(counts.reindex(self.pairs, fill_value=0).to_numpy(np.float64))


# -- the study ----------------------------------------------------------------------------------------------
def explain(
    a: Scenario,
    b: Scenario,
    *,
    replicates: int | None = None,
    by: str = "group",
    join: Sequence[Sequence[str]] = (),
    metrics: Sequence[str] | Mapping[str, Metric] | None = None,
    out: str | os.PathLike[str] | None = None,
    overrides: Sequence[str] = (),
    work: Work | None = None,
) -> Explanation | None:
    """Run two scenarios (files, `Spec`s or `Variant`s) and the mixtures between them, and share the
    difference of B less A among the groups of keys they differ in (`changes.grouped`: `by`, `join`).

    `replicates` is the number of pairs (10 if nothing is said), with the seeds of A; `metrics` are what
    tables and pictures show (None: the headline figures; a mapping adds functions of a run's `RunResult` by
    name to these). `overrides` change both scenarios. Up to 6 groups
    every coalition is run, of more those on the way through 16 random orders. Returns None where `work` is a
    shard and runs of others are still missing. Writes explanation.csv (every metric), saved.csv and pictures
    into the study's folder.

    Raises ScenarioError if a scenario cannot be read, nothing changed, a mixture cannot be simulated (with
    the groups that should be joined), there is no such metric, or no seed succeeded with every coalition."""
    if replicates is not None and replicates < 1:
        raise ScenarioError(f"must be at least 1, found {replicates}", file="--replicates")
    own_metrics = metrics if isinstance(metrics, Mapping) else {}
    wanted = [*own_metrics, *HEADLINE] if metrics is None or own_metrics else list(metrics)
    check_metrics([m for m in wanted if family_of(m) is None], [*METRICS, *own_metrics], **ASKED)
    variants = variant_of(a), variant_of(b)
    own = _own_of(variants, own_metrics)
    first, second = (v.spec(overrides) for v in variants)
    names = _names(variants)
    found = changes(first, second)
    if not found:
        raise ScenarioError("says the same as the other scenario: there is nothing to explain", file=names[1])
    if own.model is None:
        warn_of_changes(first, [second], names)
    groups = grouped(found, by, join)
    orders = None if len(groups) <= EXACT_UP_TO else sampled_orders(list(groups), ORDERS, first.seed)
    steps = coalitions(list(groups)) if orders is None else coalitions_of(orders)
    points = [
        Point(spec, {"coalition": "+".join(g for g in groups if g in some) or NOTHING}, own)
        for spec, some in zip(mixtures(first, second, groups, steps), steps)
    ]
    keys = {group: [change.key for change in some] for group, some in groups.items()}
    with work or Work() as w:
        w.admit(own)
        runs = cases(points, range(replicates or REPLICATES), plugins=w.plugins)
        folder = folder_of("explain", "-".join(names), runs, out)
        about = {
            "kind": "explain",
            "names": names,
            "question": second.question,
            "groups": keys,
            "own": list(own_metrics),
        }
        study = Study(folder, about)
        study.run(runs, w)
        results = study.finish()
    if results.missing:
        return None
    results.needs_some()
    explanation = Explanation(results, names, groups, wanted, steps, orders)
    _needs_pairs(explanation)
    check_metrics(wanted, results.metrics, **ASKED)
    _write(explanation)
    w.draw(explanation, explanation.results.folder)
    return explanation


def _own_of(variants: Sequence[Variant], metrics: Mapping[str, Metric]) -> Own:
    """The code of both, which must be the same: between two classes of model there is no mixture."""
    a, b = (v.model for v in variants)
    if a is not b:
        message = "cannot explain what another class of model does: only keys of scenarios can be mixed"
        raise ScenarioError(message, key="model", hint="compare says how much the two differ.")
    return Own.of(a, metrics)


def _names(variants: Sequence[Variant]) -> list[str]:
    """What the two are called: their files' names, with the folder where those are alike."""
    files = [v.file for v in variants]
    if not all(files) or len({f.stem for f in files if f}) == 2:
        return names_of(variants)
    return [f"{f.absolute().parent.name}/{f.stem}" for f in files if f]


def _needs_pairs(explanation: Explanation) -> None:
    if not explanation.pairs:
        runs = explanation.results.runs
        failed = runs[runs["status"] == "failed"].iloc[0]
        said = str(failed["error"]).strip().rpartition("\n")[2]
        message = (
            f"there is no seed with which every mixture ran; with only {failed['coalition']} changed:\n{said}"
        )
        raise ScenarioError(
            message, file="explain", hint="Groups that need each other can be taken together with --join."
        )


# -- files --------------------------------------------------------------------------------------------------
def _write(explanation: Explanation) -> None:
    parts = [_with_total(explanation, m) for m in explanation.results.metrics]
    saved = explanation.saved.assign(saved_by=[", ".join(by) for by in explanation.saved["saved_by"]])
    for name, frame in (("explanation", pd.concat(parts, ignore_index=True)), ("saved", saved)):
        write_whole(explanation.results.folder / f"{name}.csv", csv_bytes(frame))


def _with_total(explanation: Explanation, metric: str) -> pd.DataFrame:
    """The table of a metric, with the whole difference in the first row."""
    total, table = explanation.total(metric), explanation.table(metric)
    head = pd.DataFrame([("total", total.mean, total.low, total.high)], columns=list(table.columns[:4]))
    table = pd.concat([head, table], ignore_index=True).assign(n=total.n)
    table.insert(0, "metric", metric)
    table.insert(1, "label", label_of(metric))
    return table
