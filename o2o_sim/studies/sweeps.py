"""Many scenarios at once: a base, its factors, a design that says where in their space runs are made."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from ..csvtext import csv_bytes
from ..errors import ScenarioError
from ..record.archive import write_whole
from ..scenario.memory import Plain
from . import designs
from .own import Metric
from .points import (
    Point,
    about,
    cases,
    check_measured,
    factors_of,
    labels_of,
    load_study,
    metrics_wanted,
    points,
    windows_of,
)
from .shown import Pictures, Shown
from .spec import Scalar, StudySpec
from .statistics import mean_interval
from .study import Results, Study
from .variant import Scenario
from .work import Work, folder_of

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass
class Sweep(Shown):
    """The runs of a study file. `results.runs` is the tidy table: a row per run, a column per factor and
    metric."""

    study: StudySpec
    results: Results

    @property
    def factors(self) -> list[str]:
        """The names of the factors, in the order of the file."""
        return list(self.study.factor_specs())

    @property
    def metrics(self) -> list[str]:
        """The names of the metrics that the study looks at."""
        return metrics_wanted(self.study)

    @property
    def labels(self) -> dict[str, str]:
        """What tables and pictures call factors and metrics."""
        return labels_of(self.study)

    def tables(self) -> list[RenderableType]:
        """What the command line prints of it."""
        from ..show.tables_studies import sweep_tables

        return sweep_tables(self)

    def pictures(self) -> Pictures:
        """Response curves, heat maps and the outcome map."""
        from ..show.plots_studies import sweep_pictures

        return sweep_pictures(self)

    def summary(self) -> pd.DataFrame:
        """One row per point and metric: the factors, metric, mean over replicates, its 95 % interval (low,
        high), n."""
        rows = []
        for number, runs in self.results.ok.groupby("point"):
            first = runs.iloc[0]
            for metric in self.metrics:
                found = mean_interval(runs[metric])
                values = (first[f] for f in self.factors)
                rows.append((number, *values, metric, found.mean, found.low, found.high, found.n))
        return pd.DataFrame(rows, columns=["point", *self.factors, "metric", "mean", "low", "high", "n"])


def sweep(
    study: str | os.PathLike[str] | Plain,
    *,
    base: Scenario | None = None,
    metrics: Mapping[str, Metric] | None = None,
    replicates: int | None = None,
    report: bool = False,
    out: str | os.PathLike[str] | None = None,
    overrides: Sequence[str] = (),
    work: Work | None = None,
) -> Sweep | None:
    """Carry out a study: every point of its design, `replicates` times (else as the study says).

    `study` is a file, or a mapping of the same keys; `base` stands in for its base scenario. `metrics` are
    figures of your own: functions of a run's `RunResult` by name.

    `overrides` change the study, as in `points=128` or `set.days=90`. Returns None where `work` is a shard
    and runs of others are still missing. Writes summary.csv beside the tables, and with `report` the
    pictures.

    Raises ScenarioError if the study or one of its scenarios is not valid, before anything is simulated.
    """
    said = load_study(study, overrides, base=base, metrics=metrics)
    with work or Work() as w:
        w.admit(said.own)
        designed = points_of(said, plugins=w.plugins)
        wanted = cases(designed, range(replicates or said.replicates), plugins=w.plugins)
        folder = folder_of("sweep", said.stem, wanted, out)
        home = Study(folder, about(said, "sweep"), windows_of(said))
        home.run(wanted, w)
        results = home.finish()
    if results.missing:
        return None
    results.needs_some()
    found = Sweep(said, results)
    check_metrics(said, results, found.metrics)
    write_whole(results.folder / "summary.csv", csv_bytes(found.summary()))
    if report:
        w.draw(found, results.folder)
    return found


def points_of(study: StudySpec, *, plugins: bool = True) -> list[Point]:
    """The scenarios of the study's design. Points that differ in nothing are run once and counted as
    often."""
    factors = factors_of(study)
    if not factors:
        raise ScenarioError(
            "a study needs at least one factor, policy or world", key="factors", file=study.file
        )
    values: list[dict[str, Scalar]]
    if study.design == "grid":
        values = designs.grid(factors)
    elif study.design == "lhs":
        values = designs.lhs(factors, study.points, study.seed)
    elif study.design == "sobol":
        values = designs.sobol(factors, study.points, study.seed)
    else:
        values, _ = designs.morris(factors, study.points, study.seed)
    return points(study, values, plugins=plugins)


def check_metrics(study: StudySpec, results: Results, metrics: Sequence[str]) -> None:
    """Raise ScenarioError, shown in the study, for a metric that no run has. The runs are kept."""
    check_measured(study, {f"metrics.{k}": metric for k, metric in enumerate(metrics)}, results)
