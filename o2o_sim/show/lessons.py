"""Lessons: files that lead a class through a question - predict, run, explain, try - and what is wrong with
them.

Its author is a teacher and not a programmer, so every mistake is shown with file, line and what was
probably meant, as in scenarios. docs/lessons.md tells how."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from ..errors import Problem, ScenarioError
from ..levers import find_levers, lever_of, levers_of
from ..scenario.keys import Block, Day, key
from ..scenario.load import load_scenario
from ..scenario.messages import in_file_order
from ..scenario.places import Located
from ..scenario.shape import closest
from ..scenario.textfile import first as first_of
from ..scenario.textfile import printable
from .lesson_figures import FORM, Figure, figures_of

if TYPE_CHECKING:
    from ..scenario.schema import Spec

SHIPPED = Path(__file__).with_suffix("")
"""The folder of the lessons that come with the package."""

Text = Annotated[str, Field(min_length=1, max_length=4000)]
Chart = Literal["outcomes", "channels", "footfall", "cash", "members"]
Values = Mapping[str, float]
"""Lever -> its value from the first day on. (No dict: a lever's name holds dots.)"""


class Predict(Block):
    """Say what you expect before you see it."""

    kind: Literal["predict"] = key(..., "Which kind of step this is")
    text: Text = key(..., "What one should know beforehand")
    ask: Text = key(..., "The question to be answered")
    options: list[Text] = key(
        [], "Answers to choose from; without any, only a free text is asked", max_length=8
    )

    @model_validator(mode="after")
    def _sensible(self) -> Predict:
        if len(set(self.options)) < len(self.options):
            raise ValueError("options: two answers are the same")
        if len(self.options) == 1:
            raise ValueError("options: one answer is no choice")
        return self


class Versus(Block):
    """The run beside the run."""

    scenario: str = key("", "Its scenario, if it is another")
    levers: Values = key({}, "Its levers from the first day on")
    since: Day | None = key(
        None,
        "Day of the cause: before it both runs are the same; without, they may differ from the first day",
    )


class Select(Block):
    """What is chosen on the map."""

    kind: Literal["store", "circle", "platform"] = key(..., "What kind of thing")
    name: str = key(..., "Its name", min_length=1)


class Run(Block):
    """Open a city and let it run up to a date."""

    kind: Literal["run"] = key(..., "Which kind of step this is")
    text: Text = key(..., "What to look at while it runs")
    scenario: str = key(..., "Name of a scenario, without .yaml", min_length=1)
    seed: int = key(1, "Its seed", ge=0, le=2**31 - 1)
    levers: Values = key({}, "Levers that are moved from the first day on")
    versus: Versus | None = key(None, "A second run of the same seed, shown beside it")
    until: Day = key(..., "Last day that is played")
    watch: list[Chart] = key(["outcomes"], "Charts to look at", max_length=5)
    select: Select | None = key(None, "What is chosen on the map when the run is over")

    def arms(self) -> Iterator[tuple[tuple[str, ...], str, Values]]:
        """(where it is said in the step, scenario, levers) of the run and of the one beside it."""
        yield (), self.scenario, self.levers
        if self.versus:
            yield ("versus",), self.versus.scenario or self.scenario, self.versus.levers


class Explain(Block):
    """What happened, and why."""

    kind: Literal["explain"] = key(..., "Which kind of step this is")
    text: Text = key(..., "The explanation")
    answer: str | list[str] = key(
        [], "Which answer came true, or which if more was asked; none where that is a matter of opinion"
    )

    @property
    def answers(self) -> list[str]:
        """The answers that came true."""
        return [self.answer] if isinstance(self.answer, str) else self.answer


class Try(Block):
    """Move levers oneself."""

    kind: Literal["try"] = key(..., "Which kind of step this is")
    text: Text = key(..., "What to try")
    levers: list[str] = key([], "Levers to try it with, by key", max_length=20)


Step = Annotated[Predict | Run | Explain | Try, Field(discriminator="kind")]


class Lesson(Located):
    """A lesson. Its name is that of its file, without .yaml."""

    title: str = key(..., "Its title", min_length=1, max_length=120)
    minutes: int = key(..., "How long it takes", ge=1, le=240)
    question: str = key(..., "The question it is about, in one sentence", min_length=1, max_length=400)
    steps: list[Step] = key(..., "The steps, in order", min_length=1, max_length=40)

    @property
    def id(self) -> str:
        """What it is called in addresses."""
        return self._origin.path.stem if self._origin else ""

    def as_json(self, load: Callable[[str], Spec] | None = None) -> dict[str, Any]:
        """What a page needs of it, as plain data; dates are text. `names` says what scenarios and levers are
        called, as far as `load` gives the scenarios."""
        names = plain_names(self, load) if load is not None else {}
        made = {"id": self.id, "names": names, **self.model_dump(mode="json")}
        for step, plain in zip(self.steps, made["steps"]):
            if isinstance(step, Explain):
                plain["answer"] = step.answers
        return made


def plain_names(lesson: Lesson, load: Callable[[str], Spec]) -> dict[str, str]:
    """What people call the scenarios and levers of a lesson, by id and by key."""
    names: dict[str, str] = {}
    for step in lesson.steps:
        for _, scenario, _ in step.arms() if isinstance(step, Run) else ():
            try:
                spec = load(scenario)
            except ScenarioError:
                continue  # not offered here; the page says so when it is opened
            names[scenario] = spec.name
            for lever in levers_of(spec):
                of_all = lever["key"].startswith("levers.")
                said = lever["label"] if of_all else f"{lever['group']}: {lever['label']}"
                names.setdefault(lever["key"], said)
    wanted = {key for step in lesson.steps for key in _keys(step)}
    return {name: said for name, said in names.items() if name in wanted}


def _keys(step: Predict | Run | Explain | Try) -> Iterator[str]:
    """The ids of scenarios and keys of levers that a step names."""
    if isinstance(step, Try):
        yield from step.levers
    elif isinstance(step, Run):
        for _, scenario, levers in step.arms():
            yield scenario
            yield from levers


def load_lessons(
    folders: Iterable[str | os.PathLike[str]] = (SHIPPED,), load: Callable[[str], Spec] | None = None
) -> list[Lesson]:
    """The lessons of some folders by title, a file's name counting in the first folder that has it.

    `load` makes a scenario of its name (ScenarioError if there is none): with it, scenarios, levers, dates
    and names are checked as well, which takes as long as loading those scenarios. Raises ScenarioError with
    all problems of all files."""
    found: dict[str, Lesson] = {}
    problems: list[Problem] = []
    known: dict[str, Spec | ScenarioError] = {}
    for folder in folders:
        if not Path(folder).is_dir():
            problems.append(Problem("is no folder of lessons", file=printable(os.fspath(folder))))
        for file in sorted(Path(folder).glob("*.yaml")):
            if file.stem in found:
                continue
            try:
                lesson = load_lesson(file)
                found[lesson.id] = lesson
            except ScenarioError as fault:
                problems += fault.problems
                continue
            if load is not None:
                problems += in_file_order(list(_beyond_the_file(lesson, load, known)), ())
    if problems:
        raise ScenarioError(first_of(problems))
    return sorted(found.values(), key=lambda lesson: (lesson.title.lower(), lesson.id))


def load_lesson(path: str | os.PathLike[str]) -> Lesson:
    """Read one lesson's file. Raises ScenarioError with every problem found, each with its place."""
    lesson: Any = load_scenario(path, model=Lesson)
    if problems := list(_problems(lesson)):
        raise ScenarioError(first_of(in_file_order(problems, ())))
    return lesson


def _problems(lesson: Lesson) -> Iterator[Problem]:
    """What the steps say about each other: what came true was to be chosen since the last explanation."""
    asked: list[str] = []
    ran: Run | None = None
    for k, step in enumerate(lesson.steps):
        yield from _figure_problems(lesson, k, step, ran)
        if isinstance(step, Run):
            ran = step
            versus = step.versus
            if versus is not None and versus.since is not None and versus.since > step.until:
                yield lesson.problem_at(
                    ("steps", k, "versus", "since"), f"is after the last day that is played, {step.until}"
                )
        if isinstance(step, Predict):
            asked += step.options
        elif isinstance(step, Explain):
            for j, answer in enumerate(step.answers):
                if answer not in asked:
                    near = closest(answer, asked)
                    hint = f"did you mean {near!r}?" if near else "it must be an option of a question before"
                    place = (
                        ("steps", k, "answer", j) if isinstance(step.answer, list) else ("steps", k, "answer")
                    )
                    yield lesson.problem_at(place, "is none of the answers to choose from", hint)
            asked = []


def _figure_problems(lesson: Lesson, k: int, step: Any, ran: Run | None) -> Iterator[Problem]:
    """What is wrong with figures in a step's text; `ran` is the run before it, off which they are read."""
    place = ("steps", k, "text")
    for figure in figures_of(step.text):
        if not isinstance(figure, Figure):
            yield lesson.problem_at(place, f"{printable(figure)!r} is no figure of a run", FORM)
        elif ran is None:
            yield lesson.problem_at(place, "has a figure of a run, and no run comes before it")
        elif figure.run == "B" and ran.versus is None:
            yield lesson.problem_at(place, "has a figure of run B, and the run before it has no `versus`")
        elif figure.last_day > ran.until:
            yield lesson.problem_at(place, f"has a figure of {figure.when}, and the run ends on {ran.until}")


def _beyond_the_file(
    lesson: Lesson, load: Callable[[str], Spec], known: dict[str, Spec | ScenarioError]
) -> Iterator[Problem]:
    """What the scenarios of a lesson say about it."""

    def scenario(name: str) -> Spec | ScenarioError:
        if name not in known:
            try:
                known[name] = load(name)
            except ScenarioError as fault:
                known[name] = fault
        return known[name]

    last: Spec | None = None
    for k, step in enumerate(lesson.steps):
        here: tuple[Any, ...] = ("steps", k)
        if last is not None:
            for figure in figures_of(step.text):
                if isinstance(figure, Figure):
                    yield from _of_name(lesson, (*here, "text"), last, figure.kind, figure.who)
        if isinstance(step, Run):
            for place, name, levers in step.arms():
                spec = scenario(name)
                same = bool(place) and name == step.scenario  # said of the first run already
                if not isinstance(spec, ScenarioError):
                    yield from _of_levers(lesson, (*here, *place, "levers"), spec, levers)
                    if not same:
                        yield from _of_run(lesson, here, step, spec, chooses=not place)
                    last = last if place else spec
                elif not same:
                    problem = spec.problems[0]
                    yield lesson.problem_at((*here, *place, "scenario"), problem.message, problem.hint)
        elif isinstance(step, Try) and last is not None:
            known_keys = find_levers(last)
            for j, name in enumerate(step.levers):
                if name not in known_keys:
                    near = closest(name, list(known_keys))
                    hint = f"did you mean {near}?" if near else None
                    yield lesson.problem_at((*here, "levers", j), f"there is no lever {name!r} here", hint)


def _of_levers(lesson: Lesson, place: tuple[Any, ...], spec: Spec, levers: Values) -> Iterator[Problem]:
    for name, value in levers.items():
        try:
            lever_of(spec, name).check(float(value))
        except ScenarioError as fault:
            problem = fault.problems[0]
            yield lesson.problem_at((*place, name), problem.message, problem.hint)


def _of_run(
    lesson: Lesson, here: tuple[Any, ...], step: Run, spec: Spec, *, chooses: bool
) -> Iterator[Problem]:
    end = spec.start + timedelta(days=spec.days - 1)
    if not spec.start <= step.until <= end:
        message = f"the run goes from {spec.start} to {end}"
        yield lesson.problem_at((*here, "until"), message)
    if chooses and step.select is not None:
        yield from _of_name(lesson, (*here, "select", "name"), spec, step.select.kind, step.select.name)


def _of_name(lesson: Lesson, place: tuple[Any, ...], spec: Spec, kind: str, name: str) -> Iterator[Problem]:
    """Circles and platforms are named by the scenario; stores get their names when the city is built."""
    names = {"circle": [*spec.circles, "streets"], "platform": list(spec.platforms)}.get(kind)
    if names is not None and name not in names:
        near = closest(name, names)
        hint = f"did you mean {near}?" if near else None
        yield lesson.problem_at(place, f"there is no {kind} {name!r}", hint)
