"""Where is a target reached, and under which conditions does something come about? Goals and discoveries."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..csvtext import csv_bytes
from ..errors import ScenarioError
from ..record.archive import write_whole
from ..record.metrics import METRICS, family_of, label_of
from ..scenario.memory import Plain
from ..scenario.shape import closest
from .boxes import Box, Span, find_boxes
from .designs import Factor
from .goal import Goal, Value, ends, seek
from .own import Metric
from .points import Point, about, cases, factors_of, labels_of, load_study, point, warn_of_varied, windows_of
from .prim import needs_workbench
from .shown import Pictures, Shown
from .spec import DiscoverSpec, GoalSpec, StudySpec
from .study import Results, Study, load_results
from .sweeps import points_of
from .variant import Scenario
from .work import Work, folder_of

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True)
class Discovery:
    """Under which conditions a metric passes a line.

    `points` has a row per point of the design: the factors and the metric, its mean over replicates;
    `interest`, bool (points,), says which of them pass the line. `left_out` is the number of points without
    any result."""

    said: DiscoverSpec
    points: pd.DataFrame
    interest: np.ndarray
    boxes: list[Box]
    left_out: int

    def table(self) -> pd.DataFrame:
        """One row per box and factor that it restricts: box, factor, low, high (empty where that end is
        open), values, chance (quasi-p), density, coverage, mass."""
        rows = []
        for box in self.boxes:
            figures = (box.density, box.coverage, box.mass)
            for factor, limit in box.limits.items():
                span = limit if isinstance(limit, Span) else Span()
                values = "" if isinstance(limit, Span) else ", ".join(map(str, limit))
                rows.append((box.number, factor, *span, values, box.restricted[factor], *figures))
        names = ["box", "factor", "low", "high", "values", "chance", "density", "coverage", "mass"]
        return pd.DataFrame(rows, columns=names)


@dataclass(frozen=True)
class Finding(Shown):
    """What the blocks `find` and `discover` of a study asked for; None for one that is not there."""

    study: StudySpec
    results: Results
    goal: Goal | None
    discovery: Discovery | None

    @property
    def labels(self) -> dict[str, str]:
        """What tables and pictures call factors and metrics."""
        asked = [said.metric for said in (self.study.find, self.study.discover) if said]
        return {m: label_of(m) for m in asked} | labels_of(self.study)

    def tables(self) -> list[RenderableType]:
        """What the command line prints of it."""
        from ..show.tables_search import finding_tables

        return finding_tables(self)

    def pictures(self) -> Pictures:
        """The curve of a goal, and the boxes of a discovery."""
        from ..show.plots_studies import finding_pictures

        return finding_pictures(self)


def find(
    study: str | os.PathLike[str] | Plain,
    *,
    base: Scenario | None = None,
    metrics: Mapping[str, Metric] | None = None,
    out: str | os.PathLike[str] | None = None,
    overrides: Sequence[str] = (),
    work: Work | None = None,
) -> Finding | None:
    """Carry out the blocks `find` (goal seeking) and `discover` (scenario discovery) of a study.

    `study` is a file, or a mapping of the same keys; `base` stands in for its base scenario. `metrics` are
    figures of your own: functions of a run's `RunResult` by name.

    Writes find.csv, boxes.csv and their pictures. Which values goal seeking tries depends on the study and
    the results alone, so that asking again repeats no run. Returns None where `work` is a shard and runs of
    others are still missing; a goal cannot be sought in shards.

    Raises ScenarioError for a study without either block, a goal whose factor has no range or is not alone, a
    metric that does not exist, runs that all fail, and too few points of interest.
    """
    said = load_study(study, overrides, base=base, metrics=metrics)
    _check(said)
    with work or Work() as w:
        w.admit(said.own)
        first: list[Point] = []
        if said.find:
            w.whole("which value is tried next shows only when the last is done")
            first = [_point(said, end, w) for end in ends(_sought(said, said.find))]
            warn_of_varied(said, first)
        designed = points_of(said, plugins=w.plugins) if said.discover else []
        known_by = cases([*first, *designed], range(1), plugins=w.plugins)
        folder = folder_of("find", said.stem, known_by, out)
        home = Study(folder, about(said, "find"), windows_of(said))
        goal = _goal(said, said.find, home, w) if said.find else None
        tried = len(goal.trials) if goal else 0
        home.run(cases(designed, range(said.replicates), plugins=w.plugins, first=tried), w)
        results = home.finish()
    if results.missing:
        return None
    results.needs_some()
    discovery = _discovery(said, said.discover, results, tried) if said.discover else None
    found = Finding(said, results, goal, discovery)
    _write(found)
    w.draw(found, found.results.folder)
    return found


# -- what cannot be asked -----------------------------------------------------------------------------------
def _check(study: StudySpec) -> None:
    if not study.find and not study.discover:
        hint = (
            "Write find: {seek: smallest, factor: ..., metric: ..., at_least: ...} to seek a goal, or "
            "discover: {metric: ..., above: ...} to discover conditions."
        )
        raise ScenarioError(study.problem_at("find", "it is not said what is to be found", hint))
    own = [*(w.name for w in windows_of(study)), *study.own.metrics]
    for block, said in (("find", study.find), ("discover", study.discover)):
        if said and said.metric not in own and family_of(said.metric) is None:
            raise _no_metric(study, block, said.metric, [*METRICS, *own])
    if study.find:
        _sought(study, study.find)
    if study.discover and study.design == "morris":
        hint = "Write design: lhs, sobol or grid."
        raise ScenarioError(study.problem_at("design", "morris does not fill the space of the factors", hint))
    if study.discover:
        needs_workbench()  # now, and not after all the runs


def _no_metric(study: StudySpec, block: str, metric: str, known: Iterable[str]) -> ScenarioError:
    near = closest(metric, list(known))
    hint = f"did you mean {near}?" if near else "All metrics are columns of a study's runs.parquet."
    return ScenarioError(study.problem_at(f"{block}.metric", f"there is no metric {metric!r}", hint))


def _sought(study: StudySpec, said: GoalSpec) -> Factor:
    """The factor of a goal, which must have a range and be the only one that varies."""
    factors = {f.name: f for f in factors_of(study)}

    def problem(message: str, hint: str) -> ScenarioError:
        return ScenarioError(study.problem_at("find.factor", message, hint))

    if said.factor not in factors:
        hint = f"Factors: {', '.join(factors)}." if factors else "Write it under factors, with low and high."
        raise problem(f"there is no factor {said.factor!r}", hint)
    if factors[said.factor].values:
        raise problem(f"{said.factor!r} has no range to search", "Give it low and high.")
    for other in factors.values():
        if other.name != said.factor and len(other.values) != 1:
            message = f"{other.name!r} is varied, too, but what is found holds for one value of all else"
            raise problem(message, f"Give {other.name} a single value, or leave it out.")
    return factors[said.factor]


# -- goals --------------------------------------------------------------------------------------------------
def _goal(study: StudySpec, said: GoalSpec, home: Study, work: Work) -> Goal:
    """Seek the goal with runs in the study's folder; the values tried are points 0, 1, ... of the study."""
    factor = _sought(study, said)
    points: dict[Value, Point] = {}
    done: dict[Value, int] = {}

    def carry_out(values: Sequence[Value], n: int) -> None:
        wanted = []
        for value in values:
            if value not in points:
                points[value] = _point(study, value, work)
            first = list(points).index(value)
            wanted += cases([points[value]], range(done.get(value, 0), n), plugins=work.plugins, first=first)
            done[value] = max(done.get(value, 0), n)
        if wanted:
            home.run(wanted, work)

    def measure(value: Value, n: int) -> np.ndarray:
        carry_out([value], n)
        number, whole = list(points).index(value), load_results(home.folder)
        mine = [case for case in whole.plan["cases"] if case["point"] == number]
        return _values(study, replace(whole, plan=whole.plan | {"cases": mine}), said.metric)[:n]

    # Together, for more workers than one end keeps busy.
    carry_out(ends(factor), said.replicates)
    load_results(home.folder).needs_some()
    return seek(said, factor, measure)


def _values(study: StudySpec, results: Results, metric: str) -> np.ndarray:
    """A metric of all runs by replicate, float64 (runs,); NaN where there is none."""
    if metric in results.runs:
        return results.runs.sort_values("replicate")[metric].to_numpy(np.float64)
    if results.ok.empty:
        return np.full(len(results.runs), np.nan)
    raise _no_metric(study, "find", metric, map(str, results.runs.columns))


def _point(study: StudySpec, value: Value, work: Work) -> Point:
    """The scenario in which the factor of the goal has `value`."""
    sought = study.find.factor if study.find else ""
    values = {f.name: value if f.name == sought else f.values[0] for f in factors_of(study)}
    return point(study, values, plugins=work.plugins)


# -- discoveries --------------------------------------------------------------------------------------------
def _discovery(study: StudySpec, said: DiscoverSpec, results: Results, first: int) -> Discovery:
    """What the points of the design say, which begin with number `first` of the study's points."""
    if said.metric not in results.runs:
        raise _no_metric(study, "discover", said.metric, map(str, results.runs.columns))
    runs = results.runs[results.runs["point"] >= first].groupby("point")
    names = list(study.factor_specs())
    points = runs[names].first().assign(**{said.metric: runs[said.metric].mean()})
    known = points.dropna(subset=[said.metric]).reset_index(drop=True)
    values = known[said.metric].to_numpy(np.float64)
    interest = values > said.above if said.above is not None else values < said.below
    boxes = find_boxes(known[names], interest, threshold=said.density)
    return Discovery(said, known, interest, boxes, len(points) - len(known))


# -- files --------------------------------------------------------------------------------------------------
def _write(found: Finding) -> None:
    if found.goal:
        _write_table(found.goal.table(), found.results.folder / "find.csv")
    if found.discovery:
        _write_table(found.discovery.table(), found.results.folder / "boxes.csv")


def _write_table(table: pd.DataFrame, path: Path) -> None:
    write_whole(path, csv_bytes(table))
