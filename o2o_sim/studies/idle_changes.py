"""Warnings before a study runs for nothing: what is changed in it has no effect, by construction."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ..errors import Problem, ScenarioWarning
from ..scenario.idle import NEVER_MEANT, idle_in_all, path_of
from ..scenario.places import Key
from .changes import Change, changes

if TYPE_CHECKING:
    from ..scenario.schema import Spec
    from .points import Point
    from .spec import StudySpec

RAISE = "First raise {}."


def warn_of_factors(study: StudySpec, points: Sequence[Point], places: Mapping[str, Sequence[Key]]) -> None:
    """Warn of the keys that a study varies and that have no effect at any of its points, shown where the study
    names them. `places` are the keys of the scenario with the keys of the study that change them."""
    if study.own.model is not None:
        return  # what a model of one's own reads, only that model knows
    specs = [point.spec for point in points]
    for key, where in places.items():
        path = path_of(specs[0], key) if specs else None
        found = idle_in_all(specs, path) if path is not None else None
        if found is not None:
            message = f"varying {key} has no effect in this scenario: {found.why}"
            _warn(study.problem_at(where[0], message, _advice(found.wakes)))


def warn_of_changes(a: Spec, others: Sequence[Spec], names: Sequence[str]) -> None:
    """Warn of what other scenarios say otherwise than `a` and that has no effect in either, and of those that
    say nothing else. `names` are what they are called, `a` first."""
    for b, name in zip(others, names[1:]):
        found = changes(a, b)
        problems = list(_idle_changes([a, b], b, found))
        for problem in problems:
            _warn(problem)
        if not found:
            _warn(Problem(f"says the same as {names[0]}: all differences will be 0", file=name))
        elif len(problems) == len(found):
            _warn(Problem(f"differs from {names[0]} in nothing that has an effect", file=name))


def warn_of_overrides(a: Spec, b: Spec) -> None:
    """Warn of what `b`, a scenario with some of its keys changed, says otherwise than `a`, and that has no effect
    in it."""
    meant = [change for change in changes(a, b) if change.path[0] not in NEVER_MEANT]
    for problem in _idle_changes([b], b, meant):
        _warn(problem)


def _idle_changes(where: Sequence[Spec], b: Spec, found: Sequence[Change]) -> Iterator[Problem]:
    """What `b` says otherwise and that has no effect in any of some scenarios."""
    for change in found:
        reason = idle_in_all(where, change.path)
        if reason is not None:
            message = f"this change has no effect: {reason.why}"
            yield b.problem_at(change.path, message, _advice(reason.wakes))


def _advice(wakes: Sequence[str]) -> str | None:
    return RAISE.format(" or ".join(wakes[:3])) if wakes else None


def _warn(problem: Problem) -> None:
    warnings.warn(ScenarioWarning(problem), stacklevel=4)


__all__ = ["warn_of_changes", "warn_of_factors", "warn_of_overrides"]
