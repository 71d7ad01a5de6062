"""Which factors matter? Morris screening of all of them, then Sobol indices of those that do.

Runs of a point with different seeds are averaged, so that the measures are about the mean outcome; the noise
share says how much of the variance of single runs that leaves out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..csvtext import csv_bytes
from ..errors import ScenarioError
from ..record.archive import write_whole
from ..scenario.memory import Plain
from . import designs
from .designs import Factor
from .indices import morris_effects, noise_share, sobol_indices
from .own import Metric
from .points import (
    about,
    cases,
    factors_of,
    home_of,
    labels_of,
    load_study,
    metrics_wanted,
    points,
    windows_of,
)
from .shown import Pictures, Shown
from .spec import Scalar, StudySpec
from .study import Case, Results, Study, load_results
from .sweeps import check_metrics
from .variant import Scenario
from .work import Work, folder_of

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True)
class Sensitivity(Shown):
    """Which factors matter for each metric.

    `morris` has a row per metric and factor (see `morris_effects`), `sobol` one per metric and factor that
    was kept (see `sobol_indices`); both also say `noise_share`, NaN with one replicate. A method that was not
    asked for is None. `held` are the factors that the Sobol indices leave out, each with the value it had;
    `undefined` the metrics that have no value in some runs, and therefore no measures, with the number of
    these."""

    study: StudySpec
    results: Results
    morris: pd.DataFrame | None
    sobol: pd.DataFrame | None
    held: Mapping[str, Scalar]
    undefined: Mapping[str, int]

    @property
    def metrics(self) -> list[str]:
        """The metrics that there are measures of; the first decides which factors are kept."""
        return [m for m in metrics_wanted(self.study) if m not in self.undefined]

    @property
    def labels(self) -> dict[str, str]:
        """What tables and pictures call factors and metrics."""
        return labels_of(self.study)

    def tables(self) -> list[RenderableType]:
        """What the command line prints of it."""
        from ..show.tables_search import sensitivity_tables

        return sensitivity_tables(self)

    def pictures(self) -> Pictures:
        """The measures of every metric by both methods."""
        from ..show.plots_studies import sensitivity_pictures

        return sensitivity_pictures(self)


@dataclass(frozen=True)
class _Part:
    """The runs of one design: its factors, places in the unit cube (points, factors), number of its first
    point."""

    factors: list[Factor]
    unit: np.ndarray
    first: int
    cases: list[Case]

    def outputs(self, runs: pd.DataFrame, metric: str) -> np.ndarray:
        """A metric, float64 (points, replicates)."""
        mine = runs[runs["point"].between(self.first, self.first + len(self.unit) - 1)]
        return mine.pivot(index="point", columns="replicate", values=metric).to_numpy(np.float64)


def sensitivity(
    study: str | os.PathLike[str] | Plain,
    *,
    base: Scenario | None = None,
    metrics: Mapping[str, Metric] | None = None,
    out: str | os.PathLike[str] | None = None,
    overrides: Sequence[str] = (),
    work: Work | None = None,
) -> Sensitivity | None:
    """Carry out the block `sensitivity` of a study.

    `study` is a file, or a mapping of the same keys; `base` stands in for its base scenario. `metrics` are
    figures of your own: functions of a run's `RunResult` by name.

    With `method: both` the `keep` factors whose effects on the first metric of the study are largest get
    Sobol indices, while the others rest in the middle of their range. Writes morris.csv, sobol.csv and a
    picture for each metric. Returns None where `work` is a shard and runs of others are still missing; `both`
    cannot be done in shards.

    Raises ScenarioError for factors that are not numbers, a metric that does not exist, and runs that fail.
    """
    spec = load_study(study, overrides, base=base, metrics=metrics)
    said, wanted = spec.sensitivity, metrics_wanted(spec)
    factors, held = _factors(spec)
    screening = indices = None
    with work or Work() as w:
        w.admit(spec.own)
        if said.method == "both":
            w.whole("which factors get indices shows only when the screening is done")
        if said.method == "sobol":
            indices = begun = _part(spec, designs.saltelli, said.base_points, factors, held, 0, w)
        else:
            screening = begun = _part(spec, designs.morris, said.trajectories, factors, held, 0, w)
        folder = folder_of("sensitivity", spec.stem, begun.cases, out)
        home = Study(folder, about(spec, "sensitivity"), windows_of(spec))
        home.run(begun.cases, w)
        if screening and said.method == "both":
            kept = _kept(spec, screening, load_results(folder), wanted[0])
            held |= {f.name: f.at(0.5) for f in factors if f not in kept}
            first = len(screening.unit)
            indices = _part(spec, designs.saltelli, said.base_points, kept, held, first, w)
            home.run(indices.cases, w)
        results = home.finish()
    if results.missing:
        return None
    _check(spec, results)
    undefined = _undefined(results, wanted)
    measured = [m for m in wanted if m not in undefined]
    found = Sensitivity(
        spec,
        results,
        _table(spec, screening, morris_effects, results, measured),
        _table(spec, indices, sobol_indices, results, measured),
        held if indices else {},
        undefined,
    )
    _write(found)
    w.draw(found, found.results.folder)
    return found


def _factors(study: StudySpec) -> tuple[list[Factor], dict[str, Scalar]]:
    """The factors that vary, lists in ascending order, and the values of those that have only one."""
    varied: list[Factor] = []
    fixed: dict[str, Scalar] = {}
    for factor in factors_of(study):
        if len(factor.values) == 1:
            fixed[factor.name] = factor.values[0]
        elif any(isinstance(v, str) for v in factor.values):
            message = "has no order, and sensitivity measures ask what more of a factor does"
            hint = "Give a range or a list of numbers, or leave only one value."
            raise ScenarioError(study.problem_at(home_of(factor.name), message, hint))
        else:
            varied.append(replace(factor, values=tuple(sorted(factor.values, key=float))))
    if not varied:
        raise ScenarioError(
            study.problem_at("factors", "there is no factor that varies", "Give one a range.")
        )
    return varied, fixed


def _part(
    study: StudySpec,
    design: Callable[[list[Factor], int, int], tuple[list[designs.Point], np.ndarray]],
    size: int,
    factors: list[Factor],
    held: Mapping[str, Scalar],
    first: int,
    work: Work,
) -> _Part:
    """The runs of a design over some factors, while others are held at one value."""
    values, unit = design(factors, size, study.seed)
    found = points(study, [{**v, **held} for v in values], plugins=work.plugins)
    return _Part(
        factors, unit, first, cases(found, range(study.replicates), plugins=work.plugins, first=first)
    )


def _kept(study: StudySpec, screening: _Part, results: Results, metric: str) -> list[Factor]:
    """The factors with the largest effects on a metric, in the order of the study."""
    _check(study, results)
    outputs = screening.outputs(results.runs, metric)
    effects = morris_effects(screening.factors, screening.unit, outputs, study.seed)
    ranked = effects["mu_star"].sort_values(ascending=False, kind="stable").index
    chosen = set(ranked[: study.sensitivity.keep])
    return [f for k, f in enumerate(screening.factors) if k in chosen]


def _check(study: StudySpec, results: Results) -> None:
    """Raise ScenarioError if no run succeeded, a metric does not exist, or the first one lacks values."""
    results.needs_some()
    wanted = metrics_wanted(study)
    check_metrics(study, results, wanted)
    lacking = _undefined(results, wanted[:1])
    for metric, runs in lacking.items():
        message = (
            f"{metric!r} has no value in {runs} of {len(results.ok)} runs, and is to decide what matters"
        )
        raise ScenarioError(study.problem_at("metrics.0", message, "Name another metric first."))


def _undefined(results: Results, metrics: Sequence[str]) -> dict[str, int]:
    """The metrics without a value in some runs that succeeded, and in how many."""
    lacking = {m: int(results.ok[m].isna().sum()) for m in metrics}
    return {m: n for m, n in lacking.items() if n}


def _table(
    study: StudySpec,
    part: _Part | None,
    measures: Callable[[Sequence[Factor], np.ndarray, np.ndarray, int], pd.DataFrame],
    results: Results,
    metrics: Sequence[str],
) -> pd.DataFrame | None:
    """The measures of all metrics, one below the other."""
    if part is None:
        return None
    tables = []
    for metric in metrics:
        outputs = part.outputs(results.runs, metric)
        table = measures(part.factors, part.unit, outputs, study.seed)
        noise = noise_share(outputs)
        table.insert(0, "metric", metric)
        tables.append(table.assign(noise_share=np.nan if noise is None else noise))
    return pd.concat(tables, ignore_index=True)


def _write(found: Sensitivity) -> None:
    for name, table in (("morris", found.morris), ("sobol", found.sobol)):
        if table is not None:
            write_whole(found.results.folder / f"{name}.csv", csv_bytes(table))
