"""What a study file may say: a base scenario, what is varied, how often, and what is asked.

A study is read like a scenario: the same YAML, `extends`, overrides and located messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import PrivateAttr, model_validator

from ..scenario.keys import Block, Day, block, key
from ..scenario.places import Located
from ..scenario.shipped import find
from .own import NOTHING, Own
from .variant import Variant

Scalar = bool | int | float | str
Overrides = Mapping[str, Any]
"""Dotted key -> value, as `--set` would say it; null removes what the scenario says. (No dict: its keys would
be taken for names, none of which an override like `set.levers.rent_x=2` could make.)"""


class FactorSpec(Block):
    """One thing that is varied: a list of `values`, a range from `low` to `high`, or named `cases`."""

    keys: list[str] = key([], "Dotted scenario keys that all take the value; if none, the factor's own name")
    label: str = key("", "What pictures call it, with its unit", max_length=80)
    values: list[Scalar] = key([], "The values it takes", max_length=1000)
    low: float | None = key(None, "Lower end of its range")
    high: float | None = key(None, "Upper end of its range")
    scale: Literal["linear", "log"] = key("linear", "How the range is divided")
    levels: int = key(5, "How many values of the range a grid takes", ge=2, le=1000)
    whole: bool = key(False, "Whether only whole numbers of the range count")
    cases: dict[str, Overrides] = key({}, "Name -> the keys it changes, for what no single number says")


class WindowSpec(Block):
    """A metric of your own: the mean of a monthly series over a time, or relative to another time."""

    name: str = key(..., "Its name in tables", min_length=1, max_length=80)
    series: str = key(..., "The series, as in monthly.parquet; an ending `*` sums all that begin so")
    first: Day = key(..., "First day of the time")
    last: Day = key(..., "Last day of the time")
    over_first: Day | None = key(None, "First day of the time it is divided by")
    over_last: Day | None = key(None, "Last day of the time it is divided by")


class ReportSpec(Block):
    """What `--report` draws; without it the factors are taken in their order."""

    x: str = key("", "Factor along the outcome map and the heat maps")
    y: str = key("", "Factor up the outcome map and the heat maps")
    panel: str = key("", "Factor with a panel for each of its values")
    metrics: list[str] = key([], "Metrics to draw, if not all of the study", max_length=40)
    base: dict[str, Scalar] = key({}, "Factor -> value of the base scenario, to be marked in the map")


class GoalSpec(Block):
    """Goal seeking: the least or greatest value of one factor with which a metric reaches a target."""

    seek: Literal["smallest", "highest"] = key(..., "Which end of the values that reach the target is wanted")
    factor: str = key(..., "The factor to move; it must have a range")
    metric: str = key(..., "The metric that shall reach the target")
    at_least: float | None = key(None, "Target: the metric's mean is at least this")
    at_most: float | None = key(None, "Target: the metric's mean is at most this")
    confidence: float = key(0.9, "How sure one must be that the mean reaches it", gt=0.5, lt=1)
    tolerance: float = key(
        0.02, "How near to the end of the range of good values, of the whole range", gt=0, le=0.5
    )
    replicates: int = key(5, "Runs of each value to begin with", ge=3, le=10_000)
    most_replicates: int = key(40, "Runs of a value after which it stays undecided", ge=3, le=10_000)

    @model_validator(mode="after")
    def _one_target(self) -> GoalSpec:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("a goal has either at_least or at_most")
        if self.most_replicates < self.replicates:
            raise ValueError("most_replicates must not be below replicates")
        return self


class DiscoverSpec(Block):
    """Scenario discovery: under which conditions a metric passes a line."""

    metric: str = key(..., "The metric looked at")
    above: float | None = key(None, "Runs are of interest where it is above this")
    below: float | None = key(None, "Runs are of interest where it is below this")
    density: float = key(0.8, "Share of the runs in a box that should be of interest", gt=0, le=1)

    @model_validator(mode="after")
    def _one_line(self) -> DiscoverSpec:
        if (self.above is None) == (self.below is None):
            raise ValueError("a discovery has either above or below")
        return self


class SensitivitySpec(Block):
    """Which factors matter: Morris screening of all, then Sobol indices of those that do."""

    method: Literal["morris", "sobol", "both"] = key("both", "Screening, indices, or one after the other")
    trajectories: int = key(10, "Morris: trajectories", ge=2, le=10_000)
    base_points: int = key(64, "Sobol: base points, a power of two", ge=4, le=1_000_000)
    keep: int = key(5, "How many factors go from the screening to the indices", ge=1, le=100)


class StudySpec(Located):
    """A study."""

    name: str = key("", "Its name in tables and pictures", max_length=200)
    question: str = key("", "The question it asks", max_length=2000)
    base: str = key(
        ..., "The scenario it starts from: a file beside this one, or a shipped name", min_length=1
    )
    set: Overrides = key({}, "Dotted keys changed in every run")
    factors: dict[str, list[Scalar] | FactorSpec] = key(
        {}, "What is varied, by dotted key or by name", max_length=100
    )
    policies: dict[str, Overrides] = key({}, "Named sets of levers: what somebody chooses", max_length=1000)
    worlds: dict[str, Overrides] = key({}, "Named sets of conditions: what nobody chooses", max_length=1000)
    design: Literal["grid", "lhs", "sobol", "morris"] = key(
        "grid", "Where in the space of factors runs are made"
    )
    points: int = key(
        64, "Number of points of an lhs or sobol design, or trajectories of morris", ge=1, le=100_000
    )
    replicates: int = key(5, "Runs of each point, with seeds one after the other", ge=1, le=100_000)
    seed: int = key(1, "Seed of the design (that of the runs is the scenario's)", ge=0, le=2**31 - 1)
    metrics: list[str | WindowSpec] = key(
        [], "What is looked at, if not the headline figures", max_length=100
    )
    report: ReportSpec = block(ReportSpec, "Pictures")
    find: GoalSpec | None = key(None, "A goal to seek")
    discover: DiscoverSpec | None = key(None, "Conditions to discover")
    sensitivity: SensitivitySpec = block(SensitivitySpec, "Which factors matter")
    _base: Variant | None = PrivateAttr(default=None)
    _own: Own = PrivateAttr(default=NOTHING)

    @property
    def scenario(self) -> Variant:
        """The scenario that it starts from."""
        return self._base or Variant(self.base_path)

    @property
    def stem(self) -> str:
        """What its folder is called: its file without its ending, or its name."""
        if self._origin is not None:
            return self._origin.path.stem
        return "".join(c if c.isalnum() or c in "-_" else "_" for c in self.name) or "study"

    @property
    def own(self) -> Own:
        """Code that was given in memory beside it: its base's model, and metrics."""
        return self._own

    @property
    def base_path(self) -> Path:
        """The base scenario's file."""
        folder = self._origin.folder_of("base") if self._origin else Path()
        return Path(find(self.base, folder))

    @property
    def file(self) -> str | None:
        """The name of the file it was read from."""
        return self._origin.path.name if self._origin else None

    def factor_specs(self) -> dict[str, FactorSpec]:
        """Every factor in its long form; policies and worlds are factors with cases."""
        found = {
            name: f if isinstance(f, FactorSpec) else FactorSpec(values=f) for name, f in self.factors.items()
        }
        for name, cases in (("policy", self.policies), ("world", self.worlds)):
            if cases:
                found[name] = FactorSpec(cases=cases)
        return found
