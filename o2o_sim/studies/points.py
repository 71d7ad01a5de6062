"""From a study file to the scenarios that it runs."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import Problem, ScenarioError
from ..record.metrics import HEADLINE, METRICS, Window, family_of, label_of
from ..scenario.load import load_scenario
from ..scenario.memory import Plain
from ..scenario.messages import in_file_order
from ..scenario.places import Key, Located, dotted
from ..scenario.schema import Spec
from ..scenario.shape import closest
from ..scenario.shipped import advice
from ..scenario.textfile import first as first_of
from ..scenario.textfile import printable
from .designs import Factor
from .idle_changes import warn_of_factors
from .job import job, plug_in
from .own import NOTHING, Metric, Own
from .spec import FactorSpec, Scalar, StudySpec, WindowSpec
from .study import COLUMNS, Case, Results
from .variant import Scenario, variant_of

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True)
class Point:
    """A scenario of a study, the value that every factor has in it, and code that is given in memory."""

    spec: Spec
    factors: Mapping[str, Scalar]
    own: Own = NOTHING


def load_study(
    path: str | os.PathLike[str] | Plain,
    overrides: Sequence[str] = (),
    *,
    base: Scenario | None = None,
    metrics: Mapping[str, Metric] | None = None,
) -> StudySpec:
    """Read a study: a file, or a mapping of what it would say. `base` stands in for its base scenario, and
    `metrics` are functions of a run's result by name. Raises ScenarioError with every problem found, each
    with its place."""
    if isinstance(path, Mapping) and not isinstance(path.get("base", ""), str | os.PathLike):
        base = path["base"] if base is None else base
    variant = None if base is None else variant_of(base)
    if variant is not None and isinstance(path, Mapping):
        path = {**path, "base": variant.called}
    elif variant is not None:
        overrides = [*overrides, override("base", variant.called)]
    try:
        study: Any = load_scenario(path, overrides, model=StudySpec)
    except ScenarioError as fault:
        no_base = [p for p in fault.problems if p.key == "base" and "missing" in p.message]
        if not no_base:
            raise
        # Most likely a scenario, all of whose keys are unknown here: one message will do.
        message = "is missing: a study names the scenario that it starts from"
        hint = "A scenario by itself is for o2o-sim run and compare."
        raise ScenarioError(replace(no_base[0], message=message, hint=hint)) from None
    study._base = variant
    study._own = Own.of(None if variant is None else variant.model, metrics)
    problems = [*_bad_base(study), *_bad_factors(study), *_bad_metrics(study), *_bad_report(study)]
    if problems:
        raise ScenarioError(first_of(in_file_order(problems, ())))
    return study


def _bad_base(study: StudySpec) -> Iterator[Problem]:
    if study._base is None and not study.base_path.is_file():
        problem = f"there is no file {printable(str(study.base_path))}"
        yield study.problem_at("base", problem, advice(study.base))


def _bad_factors(study: StudySpec) -> Iterator[Problem]:
    for name in study.factors:
        if name in COLUMNS or name in ("policy", "world") or family_of(name):
            hint = "Give it a name of your own, and what it changes under keys."
            yield study.problem_at(("factors", name), f"no factor can be called {name!r}", hint)
    for name, said in study.factor_specs().items():
        changed = {*(said.keys or [name]), *(key for case in said.cases.values() for key in case)}
        if "seed" in changed:
            message = "the seed cannot be varied: that is what replicates are for"
            yield study.problem_at(home_of(name), message)
        try:
            _factor(name, said)
        except ScenarioError as fault:
            yield from (study.problem_at(home_of(name), p.message, p.hint) for p in fault.problems)


def _bad_metrics(study: StudySpec) -> Iterator[Problem]:
    names = [_name(said) for said in study.metrics]
    for k, (name, said) in enumerate(zip(names, study.metrics)):
        key = f"metrics.{k}"
        if name in names[:k]:
            yield study.problem_at(key, f"{name!r} is there twice")
        if not isinstance(said, WindowSpec):
            known = [*METRICS, *study.own.metrics]
            yield from _unknown(study, key, "metric", name, known if family_of(name) is None else [name])
        elif family_of(name) or name in (*COLUMNS, *study.factor_specs()):
            yield study.problem_at(key, f"something else is called {name!r} already")
        else:
            try:
                window_of(said)
            except ScenarioError as fault:
                yield study.problem_at(key, fault.problems[0].message)

    for name in study.own.metrics:
        if name in (*COLUMNS, *study.factor_specs(), *(w.name for w in windows_of(study))):
            yield study.problem_at("metrics", f"something else is called {name!r} already")


def _bad_report(study: StudySpec) -> Iterator[Problem]:
    said, factors = study.report, study.factor_specs()
    for key in ("x", "y", "panel"):
        if name := getattr(said, key):
            yield from _unknown(study, f"report.{key}", "factor", name, factors)
    for name in said.base:
        yield from _unknown(study, ("report", "base", name), "factor", name, factors)
    if said.x and said.x == said.y:
        yield study.problem_at("report.y", "must be another factor than x")
    for k, name in enumerate(said.metrics):
        yield from _unknown(study, f"report.metrics.{k}", "metric", name, metrics_wanted(study))


def _unknown(study: StudySpec, key: Key, what: str, name: str, known: Iterable[str]) -> Iterator[Problem]:
    """A problem if `name` is not known, with the name that was likely meant."""
    names = list(known)
    if name not in names:
        near = closest(name, names)
        hint = f"did you mean {near}?" if near else f"{what}s: {', '.join(names)}" if names else None
        yield study.problem_at(key, f"there is no {what} {name!r}", hint)


def factors_of(study: StudySpec) -> list[Factor]:
    """The factors as the designs know them; the value of a factor with cases is the name of a case."""
    return [_factor(name, f) for name, f in study.factor_specs().items()]


def _factor(name: str, said: FactorSpec) -> Factor:
    ranged = said.low is not None or said.high is not None
    if bool(said.values) + bool(said.cases) + ranged != 1:
        raise ScenarioError("a factor has either values, or low and high, or cases", key=name)
    if ranged:
        return Factor(
            name, low=said.low, high=said.high, scale=said.scale, levels=said.levels, whole=said.whole
        )
    values = tuple(said.values) or tuple(_case_values(said))
    if len({_kind(v) for v in values}) > 1:
        raise ScenarioError("has values of different kinds; take numbers only, or texts only", key=name)
    return Factor(name, values=values)


def _kind(value: Scalar) -> type:
    return float if type(value) is int else type(value)


def _case_values(said: FactorSpec) -> dict[Scalar, str]:
    """Value of the factor -> name of the case. Names that are all different numbers count as such, so that
    they have a place on an axis."""
    if all(_NUMBER.fullmatch(name) for name in said.cases):
        found: dict[Scalar, str] = {float(n) if "." in n else int(n): n for n in said.cases}
        if len(found) == len(said.cases):
            return found
    return {name: name for name in said.cases}


def point(study: StudySpec, values: Mapping[str, Scalar], *, plugins: bool = True) -> Point:
    """The scenario of a study in which every factor has the value given.

    Raises ScenarioError where the scenario, or one of its plugins (if they may be imported), refuses a value,
    shown where the study says it.
    """
    specs = study.factor_specs()
    said: list[tuple[tuple[str, ...], str]] = [(("set", k), override(k, v)) for k, v in study.set.items()]
    for name, value in values.items():
        said += [(path, override(k, v)) for path, k, v in _changes(name, specs[name], value)]
    places = {f"--set {printable(text)}": path for path, text in said}

    def shown(problem: Problem) -> Problem:
        return _moved(study, problem, places)

    try:
        spec = study.scenario.spec([text for _, text in said], shown=shown)
        return Point(plug_in(spec, plugins=plugins), dict(values), study.own)
    except ScenarioError as fault:
        raise ScenarioError([shown(p) for p in fault.problems]) from None


def points(study: StudySpec, values: Iterable[Mapping[str, Scalar]], *, plugins: bool = True) -> list[Point]:
    """The scenarios of many points. Raises ScenarioError with what is wrong with any of them."""
    found: list[Point] = []
    seen: dict[Problem, list[Mapping[str, Scalar]]] = {}
    wanted = list(values)
    for each in wanted:
        try:
            found.append(point(study, each, plugins=plugins))
        except ScenarioError as fault:
            for problem in fault.problems:
                seen.setdefault(problem, []).append(each)
    if seen:
        problems = [p if len(at) == len(wanted) else _with_point(study, p, at[0]) for p, at in seen.items()]
        raise ScenarioError(first_of(problems))
    warn_of_varied(study, found)
    return found


def warn_of_varied(study: StudySpec, found: Sequence[Point]) -> None:
    """Warn of the keys that are varied at some points of a study and have no effect at any of them."""
    places: dict[str, list[tuple[str, ...]]] = {}
    for name, said in study.factor_specs().items():
        values = {point.factors[name] for point in found if name in point.factors}
        for value in sorted(values, key=str) if len(values) > 1 else ():
            for place, key, _ in _changes(name, said, value):
                places.setdefault(key, []).append(place)
    warn_of_factors(study, found, places)


def _with_point(study: StudySpec, problem: Problem, values: Mapping[str, Scalar]) -> Problem:
    """A problem that is not shown in the study itself, with the factors of a point that has it."""
    if study.problem_at(problem.key or "", problem.message, problem.hint) == problem:
        return problem
    at = ", ".join(f"{name} {value}" for name, value in values.items())
    return replace(problem, message=f"{problem.message} (with {at})")


def _changes(name: str, said: FactorSpec, value: Scalar) -> Iterable[tuple[tuple[str, ...], str, Any]]:
    """(place in the study, dotted key, value) of every key that a factor changes at a value."""
    if said.cases:
        case = _case_values(said)[value]
        home = home_of(name) if name in ("policy", "world") else (*home_of(name), "cases")
        for key, changed in said.cases[case].items():
            yield (*home, case, key), key, changed
    else:
        for key in said.keys or [name]:
            yield home_of(name), key, value


def home_of(factor: str) -> tuple[str, ...]:
    """The key of the study under which a factor stands."""
    return {"policy": ("policies",), "world": ("worlds",)}.get(factor, ("factors", factor))


def override(key: str, value: Any) -> str:
    """A change of one key as the text that `--set` would say."""
    return f"{key}={json.dumps(value, ensure_ascii=False)}"


def _moved(study: StudySpec, problem: Problem, places: Mapping[str, tuple[str, ...]]) -> Problem:
    """A problem with an override of ours, shown at the line of the study that made it."""
    path = places.get(problem.file or "", ("",))
    varied = study.factor_specs().get(path[-1])
    ranged = varied is not None and varied.low is not None and not varied.whole
    hint = "Write whole: true." if ranged and "whole number" in problem.message else problem.hint
    return shown_where_said(study, replace(problem, hint=hint), places)


def shown_where_said(said: Located, problem: Problem, places: Mapping[str, tuple[str, ...]]) -> Problem:
    """A problem with an override that a file of ours made, shown at the line of that file. `places` are the
    keys of the file by what the override is called in messages; a problem with anything else stays as it
    is."""
    path = places.get(problem.file or "")
    if path is None:
        return problem
    key = problem.key or ""
    told = not key or dotted(path).endswith(f".{key}")
    message = problem.message if told else f"{key}: {problem.message}"
    return said.problem_at(path, message, problem.hint)


def cases(
    points: Sequence[Point], replicates: Iterable[int], *, plugins: bool = True, first: int = 0
) -> list[Case]:
    """The runs of some points. Replicate r of every point has the same seed (common random numbers): that of
    the first point's scenario, plus r. `first` is the number that the first point gets."""
    wanted = list(replicates)
    seed = points[0].spec.seed if points else 0
    return [
        Case(first + k, r, job(p.spec, seed + r, plugins=plugins, own=p.own), dict(p.factors))
        for k, p in enumerate(points)
        for r in wanted
    ]


def windows_of(study: StudySpec) -> list[Window]:
    """The metrics that the study makes of monthly series."""
    return [window_of(said) for said in study.metrics if isinstance(said, WindowSpec)]


def window_of(said: WindowSpec) -> Window:
    """A metric made of a monthly series, as the runs take it."""
    return Window(said.name, said.series, said.first, said.last, said.over_first, said.over_last)


def check_measured(said: Located, wanted: Mapping[str, str], results: Results) -> None:
    """Raise ScenarioError, shown where `said` names it, for a metric that no run has. The runs are kept.
    `wanted` are the metrics by the key that names them."""
    known = [str(c) for c in results.runs.columns]
    for key, metric in wanted.items():
        if metric not in known:
            near = closest(metric, known)
            hint = f"did you mean {near}?" if near else "All metrics are columns of runs.parquet."
            message = f"there is no metric {metric!r} (the runs are kept: correct the name and ask again)"
            raise ScenarioError(said.problem_at(key, message, hint))


def metrics_wanted(study: StudySpec) -> list[str]:
    """Names of the metrics that the study looks at: its own list, or the headline figures; and those that
    were given as functions."""
    listed = [_name(said) for said in study.metrics] or list(HEADLINE)
    return [*listed, *(name for name in study.own.metrics if name not in listed)]


def _name(metric: str | WindowSpec) -> str:
    return metric.name if isinstance(metric, WindowSpec) else metric


def about(study: StudySpec, kind: str) -> dict[str, Any]:
    """What the folder of a study keeps of its file."""
    own = list(study.own.metrics)
    return {
        "kind": kind,
        "name": study.name,
        "question": study.question,
        "labels": labels_of(study),
        "own": own,
    }


def labels_of(study: StudySpec) -> dict[str, str]:
    """What pictures and tables call the factors and metrics of a study."""
    factors = {name: f.label or name for name, f in study.factor_specs().items()}
    own = {m.name: m.name for m in study.metrics if isinstance(m, WindowSpec)}
    return factors | {name: label_of(name) for name in metrics_wanted(study) if name not in own} | own
