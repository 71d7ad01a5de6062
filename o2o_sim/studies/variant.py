"""A scenario as runs and studies take it: a file, a `Spec` in memory, or either of them with more to say."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Problem, ScenarioError
from ..scenario.load import load_scenario
from ..scenario.schema import Spec

if TYPE_CHECKING:
    from .own import Maker

Source = str | os.PathLike[str] | Spec


@dataclass(frozen=True)
class Variant:
    """A scenario with what its file cannot say.

    `scenario` is a file or a `Spec`; `overrides` are texts `key.path=value` on top of it. `model` makes its
    model in place of `O2OModel`: a subclass, or a function of (spec, seed). `name` is what tables call it."""

    scenario: Source
    overrides: Sequence[str] = ()
    model: Maker | None = None
    name: str = ""

    def spec(
        self, overrides: Sequence[str] = (), *, shown: Callable[[Problem], Problem] | None = None
    ) -> Spec:
        """The scenario, read and checked, with its own overrides and those of a study on top; `shown` as for
        `load_scenario`. Raises ScenarioError."""
        return load_scenario(self.scenario, [*self.overrides, *overrides], shown=shown)

    @property
    def file(self) -> Path | None:
        """Its file; None of a `Spec`, and of one with anything on top."""
        plain = not (isinstance(self.scenario, Spec) or self.overrides or self.model or self.name)
        return Path(self.scenario) if plain else None  # type: ignore[arg-type]

    @property
    def called(self) -> str:
        """What tables call it: its name, that of its model, its file without folders, or `scenario`."""
        if self.name:
            return self.name
        if self.model is not None:
            return getattr(self.model, "__name__", "") or type(self.model).__name__
        if not isinstance(self.scenario, Spec):
            return Path(self.scenario).stem
        origin = self.scenario._origin
        return origin.path.stem if origin is not None else self.scenario.name or "scenario"


Scenario = Source | Variant
"""What every study takes for a scenario."""


def variant_of(scenario: Scenario) -> Variant:
    """A scenario however it was given. Raises ScenarioError for what is none."""
    if isinstance(scenario, Variant):
        return scenario
    if isinstance(scenario, str | os.PathLike | Spec):
        return Variant(scenario)
    message = f"must be a file, a Spec or a Variant, found {type(scenario).__name__}"
    hint = "A class of model needs a scenario: Variant(scenario, model=...)." if callable(scenario) else None
    raise ScenarioError(message, key="scenario", hint=hint)


def names_of(variants: Sequence[Variant]) -> list[str]:
    """What tables call some scenarios, each otherwise: files by their names, led by as many folders as it
    takes to tell them apart; what lies in memory with a number behind it if it has to be.

    Raises ScenarioError if one file is there twice.
    """
    files = [v.file for v in variants]
    if all(files):
        return _names_of_files([Path(os.path.abspath(f)) for f in files if f])
    names: list[str] = []
    for variant in variants:
        name, k = variant.called, 1
        while name in names:
            k += 1
            name = f"{variant.called} ({k})"
        names.append(name)
    return names


def _names_of_files(files: Sequence[Path]) -> list[str]:
    parts = [f.parts for f in files]
    several = [["/".join(p[-depth:]) for p in parts] for depth in range(1, max(map(len, parts)) + 1)]
    for names in ([f.stem for f in files], *several):
        if len(set(names)) == len(names):
            return names
    raise ScenarioError("names the same scenario twice", file="compare")
