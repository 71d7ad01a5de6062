"""What a claim's file may say: a sentence that somebody believes, and the paired runs that put it to the
test."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import model_validator

from ..errors import Problem, ScenarioError
from ..record.metrics import METRICS, Window, family_of, label_of
from ..scenario.keys import Block, key
from ..scenario.load import load_scenario
from ..scenario.messages import in_file_order
from ..scenario.places import Located
from ..scenario.shape import closest
from ..scenario.shipped import advice, find
from ..scenario.textfile import first as first_of
from ..scenario.textfile import printable
from .idle_changes import warn_of_changes
from .job import plug_in
from .points import Point, override, shown_where_said, window_of
from .spec import Overrides, WindowSpec

BASE, TREATMENT = "base", "treatment"
_ID = re.compile(r"C[0-9]{2,3}")


class Expectation(Block):
    """One thing that should be seen if the claim holds."""

    metric: str = key(..., "What is looked at: a metric of any comparison, or one of the windows")
    arm: str = key(TREATMENT, "In which arm")
    against: str | float = key(BASE, "With what it is compared: an arm with the same seeds, or a number")
    direction: Literal["up", "down", "none"] = key(
        ..., "Whether it should be more or less, or stay within the smallest effect that matters"
    )
    smallest: float = key(..., "The smallest effect that would matter, in the metric's unit", ge=0)
    relative: bool = key(False, "Whether effects are shares of the mean that is compared with")
    because: str = key("", "Why this is the thing to look at, and this size the one that matters")

    @model_validator(mode="after")
    def _sensible(self) -> Expectation:
        if self.direction == "none" and self.smallest == 0:
            raise ValueError("smallest: to be nothing, an effect must be smaller than something above 0")
        if self.relative and not isinstance(self.against, str):
            raise ValueError("relative: only what is compared with an arm can be relative to it")
        return self


class ClaimSpec(Located):
    """A claim. All its arms start from one scenario; an arm is what it changes there, by dotted key."""

    id: str = key(..., "Its number in the design, like C07")
    claim: str = key(..., "What is claimed, in one sentence", min_length=1, max_length=500)
    by: str = key(..., "Whose claim it is", min_length=1, max_length=200)
    scenario: str = key(
        ..., "The scenario of all arms: a file beside this one, or a shipped name", min_length=1
    )
    common: Overrides = key({}, "Keys changed in every arm")
    base: Overrides = key({}, "Keys changed in the arm that the others are compared with")
    treatment: Overrides = key({}, "Keys changed in the arm that the claim is about")
    others: dict[str, Overrides] = key({}, "Further arms, by name", max_length=10)
    windows: list[WindowSpec] = key([], "Metrics made of monthly series", max_length=20)
    expect: list[Expectation] = key(..., "What should be seen; the first is the headline", min_length=1)
    finding: str = key("", "What was found, in a sentence, if it is not what was expected", max_length=1000)

    @property
    def arms(self) -> dict[str, tuple[tuple[str, ...], Overrides]]:
        """Name -> (place in the file, what it changes) of every arm that an expectation names."""
        asked = {BASE, *(e.arm for e in self.expect)} | {
            e.against for e in self.expect if isinstance(e.against, str)
        }
        known: dict[str, tuple[tuple[str, ...], Overrides]]
        known = {BASE: ((BASE,), self.base), TREATMENT: ((TREATMENT,), self.treatment)}
        known |= {name: (("others", name), said) for name, said in self.others.items()}
        return {name: arm for name, arm in known.items() if name in asked}

    @property
    def scenario_path(self) -> Path:
        """The scenario's file."""
        folder = self._origin.folder_of("scenario") if self._origin else Path()
        return Path(find(self.scenario, folder))

    @property
    def stem(self) -> str:
        """What its folder of runs is called."""
        return self._origin.path.stem if self._origin else self.id

    def windows_made(self) -> list[Window]:
        """The metrics that it makes of monthly series."""
        return [window_of(w) for w in self.windows]

    def points(self, overrides: Sequence[str] = (), *, plugins: bool = True) -> list[Point]:
        """The scenario of every arm. Raises ScenarioError, shown in this file, for what a scenario, or one of
        its plugins (if they may be imported), refuses."""
        found = [
            self._point(name, place, said, overrides, plugins) for name, (place, said) in self.arms.items()
        ]
        warn_of_changes(
            found[0].spec, [point.spec for point in found[1:]], [f"{self.id} {arm}" for arm in self.arms]
        )
        return found

    def _point(
        self, name: str, place: tuple[str, ...], said: Overrides, overrides: Sequence[str], plugins: bool
    ) -> Point:
        texts: list[tuple[tuple[str, ...], str]]
        texts = [(("common", k), override(k, v)) for k, v in self.common.items()]
        texts += [((*place, k), override(k, v)) for k, v in said.items()]
        places = {f"--set {printable(text)}": path for path, text in texts}

        def shown(problem: Problem) -> Problem:
            return shown_where_said(self, problem, places)

        try:
            spec = load_scenario(self.scenario_path, [*(text for _, text in texts), *overrides], shown=shown)
            plug_in(spec, plugins=plugins)
        except ScenarioError as fault:
            raise ScenarioError([shown(p) for p in fault.problems]) from None
        return Point(spec, {"arm": name})


def load_claim(path: str | os.PathLike[str]) -> ClaimSpec:
    """Read a claim's file. Raises ScenarioError with every problem found, each with its place."""
    claim: Any = load_scenario(path, model=ClaimSpec)
    if problems := list(_problems(claim)):
        raise ScenarioError(first_of(in_file_order(problems, ())))
    return claim


def _problems(claim: ClaimSpec) -> Iterator[Problem]:
    if not _ID.fullmatch(claim.id):
        yield claim.problem_at("id", f"must be like C07, found {claim.id!r}")
    if not claim.scenario_path.is_file():
        problem = f"there is no file {printable(claim.scenario)}"
        yield claim.problem_at("scenario", problem, advice(claim.scenario))
    for name in claim.others:
        if name in (BASE, TREATMENT):
            yield claim.problem_at(("others", name), f"the arm {name!r} has a key of its own")
    own = [w.name for w in claim.windows]
    for k, name in enumerate(own):
        if family_of(name) or name in own[:k]:
            yield claim.problem_at(f"windows.{k}.name", f"something else is called {name!r} already")
    try:
        claim.windows_made()
    except ScenarioError as fault:
        yield claim.problem_at("windows", fault.problems[0].message)
    for k, e in enumerate(claim.expect):
        known = [BASE, TREATMENT, *claim.others]
        for which in ("arm", "against"):
            name = getattr(e, which)
            if isinstance(name, str) and name not in known:
                meant = closest(name, known)
                hint: str | None = f"did you mean {meant}?" if meant else f"arms: {', '.join(known)}"
                yield claim.problem_at(f"expect.{k}.{which}", f"there is no arm {name!r}", hint)
        if e.arm == e.against:
            yield claim.problem_at(f"expect.{k}.against", "must be another arm, or a number")
        if e.metric not in own and family_of(e.metric) is None:
            near = closest(e.metric, [*own, *METRICS])
            hint = f"did you mean {near}?" if near else None
            yield claim.problem_at(f"expect.{k}.metric", f"there is no metric {e.metric!r}", hint)


def load_claims(folder: str | os.PathLike[str], wanted: Sequence[str] = ()) -> list[ClaimSpec]:
    """The claims of a folder, by their numbers; all, or those `wanted`.

    Raises ScenarioError with all problems of all files, if two have one number, or a wanted one is not there.
    """
    files = sorted(Path(folder).glob("*.yaml"))
    if not files:
        raise ScenarioError("holds no claims (files *.yaml)", file=printable(str(folder)))
    found: dict[str, ClaimSpec] = {}
    problems: list[Problem] = []
    for file in files:
        try:
            claim = load_claim(file)
        except ScenarioError as fault:
            problems += fault.problems
            continue
        if claim.id in found:
            problems.append(claim.problem_at("id", f"{found[claim.id].stem} has this number, too"))
        found[claim.id] = claim
    if problems:
        raise ScenarioError(first_of(problems))
    for name in wanted:
        if name.upper() not in found:
            meant = closest(name.upper(), list(found))
            hint = f"did you mean {meant}?" if meant else f"claims: {', '.join(sorted(found))}"
            raise ScenarioError(f"there is no claim {name!r} in {printable(str(folder))}", hint=hint)
    chosen = [name.upper() for name in wanted] or list(found)
    return [found[name] for name in sorted(set(chosen))]


def label(claim: ClaimSpec, expectation: Expectation) -> str:
    """What is looked at, in words."""
    own = {w.name for w in claim.windows}
    return expectation.metric if expectation.metric in own else label_of(expectation.metric)


def difference(changes: Mapping[str, Any]) -> str:
    """What an arm changes, on one line."""
    return ", ".join(f"{k}: {'null' if v is None else v}" for k, v in changes.items()) or "nothing"
