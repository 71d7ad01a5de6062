"""How do the figures of one scenario vary with chance, and how surely are their means known?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..csvtext import csv_bytes
from ..errors import ScenarioError
from ..record.archive import write_whole
from ..record.metrics import label_of
from .job import job
from .own import Metric, Own
from .shown import Pictures, Shown
from .statistics import Interval, mean_interval
from .study import Case, Results, Study
from .variant import Scenario, variant_of
from .work import Work, folder_of

if TYPE_CHECKING:
    from rich.console import RenderableType


REPLICATES = 10


@dataclass
class Replicates(Shown):
    """Runs of one scenario with several seeds. `name` is what tables call the scenario; `results.runs` is the
    tidy frame: a row per run, a column per metric."""

    results: Results
    name: str

    @property
    def metrics(self) -> list[str]:
        """The names of all metrics, those of the user's own and headline figures first."""
        return self.results.metrics

    def values(self, metric: str) -> np.ndarray:
        """A metric, float64 (runs,), in the order of the seeds; NaN where the run failed or has none."""
        return self.results.runs[metric].to_numpy(np.float64)

    def interval(self, metric: str) -> Interval:
        """The mean of a metric with its 95 % interval (Student's t)."""
        return mean_interval(self.values(metric))

    def table(self, metrics: Sequence[str] | None = None) -> pd.DataFrame:
        """One row per metric: metric, mean, its 95 % interval (low, high), sd (standard deviation between
        runs), least, median and greatest value, and n, the runs that have one."""
        rows = []
        for metric in self.metrics if metrics is None else metrics:
            found, values = self.interval(metric), self.values(metric)
            known = np.sort(values[np.isfinite(values)])
            sd = float(known.std(ddof=1)) if len(known) > 1 else np.nan
            spread = (known[0], np.median(known), known[-1]) if len(known) else (np.nan,) * 3
            rows.append((metric, found.mean, found.low, found.high, sd, *map(float, spread), found.n))
        names = ["metric", "mean", "low", "high", "sd", "least", "median", "greatest", "n"]
        return pd.DataFrame(rows, columns=names)

    def tables(self) -> list[RenderableType]:
        """What the command line prints of it."""
        from ..show.tables_studies import replicates_tables

        return replicates_tables(self)

    def pictures(self) -> Pictures:
        """Every run's headline figures, with their means."""
        from ..show.plots_studies import replicates_pictures

        return replicates_pictures(self)


def replicate(
    scenario: Scenario,
    *,
    replicates: int | None = None,
    seeds: Iterable[int] | None = None,
    metrics: Mapping[str, Metric] | None = None,
    out: str | os.PathLike[str] | None = None,
    overrides: Sequence[str] = (),
    work: Work | None = None,
) -> Replicates | None:
    """Run one scenario (a file, a `Spec` or a `Variant`) with several seeds.

    `seeds` are whole numbers of 0 or more; without them there are `replicates` (10), the scenario's own seed
    and those after it. `metrics` are figures of your own: functions of a run's `RunResult` by name. Returns
    None where `work` is a shard and runs of others are still missing. Writes replicates.csv and pictures into
    the study's folder.

    Raises ScenarioError if the scenario is not valid, seeds are not, or no run succeeded.
    """
    variant = variant_of(scenario)
    spec, own = variant.spec(overrides), Own.of(variant.model, metrics)
    chosen = _seeds(spec.seed, replicates, seeds)
    with work or Work() as w:
        w.admit(own)
        jobs = [job(spec, seed, plugins=w.plugins, own=own) for seed in chosen]
        wanted = [Case(0, k, each, {"scenario": variant.called}) for k, each in enumerate(jobs)]
        about = {
            "kind": "replicate",
            "name": variant.called,
            "question": spec.question,
            "own": list(own.metrics),
        }
        study = Study(folder_of("replicate", variant.called, wanted, out), about)
        study.run(wanted, w)
        results = study.finish()
    if results.missing:
        return None
    results.needs_some()
    found = Replicates(results, variant.called)
    table = found.table()
    table.insert(1, "label", [label_of(m) for m in table["metric"]])
    write_whole(results.folder / "replicates.csv", csv_bytes(table))
    w.draw(found, results.folder)
    return found


def _seeds(first: int, replicates: int | None, seeds: Iterable[int] | None) -> list[int]:
    if seeds is None:
        if replicates is not None and replicates < 1:
            raise ScenarioError(f"must be at least 1, found {replicates}", file="--replicates")
        return list(range(first, first + (replicates or REPLICATES)))
    if replicates is not None:
        raise ScenarioError("cannot be used together with seeds", file="--replicates")
    chosen = list(seeds)
    for seed in chosen:
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**63:
            raise ScenarioError(f"must be whole numbers of 0 or more, found {seed!r}", key="seeds")
    if not chosen or len(set(chosen)) < len(chosen):
        raise ScenarioError("must be at least one seed, and each only once", key="seeds")
    return [int(seed) for seed in chosen]
