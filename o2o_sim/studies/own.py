"""Code of the user's own in the runs of a study: a class of model, and metrics.

A run is known by a digest of all that its result depends on, and found again by it. What a function depends
on, nobody can tell from outside: the names that it looks up, the module that it imports, the argument that
its script was called with. So the runs of one call with code of one's own are taken for no other call, unless
the user vouches for the code by giving it a version:

    def boutiques_closed(result): ...
    boutiques_closed.version = "2"
"""

from __future__ import annotations

import inspect
import math
import pickle
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ScenarioError
from ..inputs.files import digest_of
from ..inputs.memory import made_with, memory_digest
from ..inputs.sources import sources_of
from ..record.metrics import family_of

if TYPE_CHECKING:
    from ..model import O2OModel
    from ..record.result import RunResult
    from ..scenario.schema import Spec

Maker = Callable[["Spec", int], "O2OModel"]
"""Makes the model of a run from its scenario and seed: a subclass of `O2OModel`, or a function."""
Metric = Callable[["RunResult"], float]
"""A figure of a run: a function of its result. NaN says that the run has none."""

HERE = "Run everything in this process with work=Work(workers=0)"


@dataclass(frozen=True)
class Own:
    """What makes the model in place of `O2OModel`, if anything, and metrics by name. `call` stands for the
    call of a study that it was given to."""

    model: Maker | None = None
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    call: str = ""

    @classmethod
    def of(cls, model: Maker | None = None, metrics: Mapping[str, Metric] | None = None) -> Own:
        """Checked code for one call of a study.

        Raises ScenarioError for what cannot be called, and for a metric with the name of a built-in one.
        """
        for name, metric in (metrics or {}).items():
            if not isinstance(name, str) or not name.strip():
                raise ScenarioError(f"the name of a metric must be a text, found {name!r}", key="metrics")
            if family := family_of(name):
                raise ScenarioError(
                    f"there is a built-in metric {family!r} already",
                    key=f"metrics.{name}",
                    hint="Name it otherwise.",
                )
            if not callable(metric):
                raise ScenarioError(
                    f"must be a function of a run's result, found {type(metric).__name__}",
                    key=f"metrics.{name}",
                )
        if model is not None and not callable(model):
            raise ScenarioError(
                f"must be a subclass of O2OModel or a function of (spec, seed), found {type(model).__name__}",
                key="model",
            )
        found = cls(model, dict(metrics or {}))
        return cls(model, found.metrics, uuid.uuid4().hex) if any(found._parts()) else found

    def _parts(self) -> Iterator[tuple[str, Any]]:
        """Each piece of code by what it is for."""
        if self.model is not None:
            yield "model", self.model
        for name, metric in self.metrics.items():
            yield f"metrics.{name}", metric

    @property
    def is_kept(self) -> bool:
        """Whether its runs may be taken for those of another call: all of it has a version."""
        return all(_version(code) for _, code in self._parts())

    def digests(self) -> dict[str, str]:
        """What the key of a run counts of it, by what it is for; empty without any code."""
        return {what: _digest(code) or self.call for what, code in self._parts()}

    def described(self) -> dict[str, str]:
        """What a manifest says of it: SHA-256 of each piece of code by what it is for."""
        return {what: _made_of(code) for what, code in self._parts()}

    def needs_to_travel(self, *, far: bool = False) -> None:
        """Raise ScenarioError unless worker processes can be given it: of this machine, or of a cluster if
        `far`."""
        for what, code in self._parts():
            try:
                pickle.dumps(code)
            except Exception as fault:
                said = f"cannot be sent to worker processes: {fault}"
            else:
                main = sys.modules["__main__"]
                if getattr(code, "__module__", "") != "__main__" or (hasattr(main, "__file__") and not far):
                    continue
                said = "cannot be sent to worker processes, because it is defined in a notebook or a script"
            hint = f"{HERE}, or define it at the top level of a module that can be imported."
            raise ScenarioError(said, key=what, hint=hint)

    def measure(self, result: RunResult) -> dict[str, float]:
        """The metrics of a run. Raises TypeError for one that is no number."""
        found = {}
        for name, metric in self.metrics.items():
            value = metric(result)
            try:
                number = math.nan if value is None else float(value)
            except (TypeError, ValueError):
                message = f"the metric {name!r} must be a number, found {type(value).__name__}"
                raise TypeError(message) from None
            found[name] = number
        return found

    def make(self, spec: Spec, seed: int, *, plugins: bool = True, **how: Any) -> O2OModel:
        """The model of a run. `how` is handed to an `O2OModel` as it is, and to no class of the user's own.

        Raises ScenarioError if plugins are named but refused, and TypeError if what was made is no model.
        """
        from ..model import O2OModel

        if self.model is None:
            return O2OModel(spec, seed, plugins=plugins, **how)
        check_plugins(spec, plugins)
        model = self.model(spec, seed)
        if not isinstance(model, O2OModel):
            name = getattr(self.model, "__qualname__", repr(self.model))
            raise TypeError(f"{name} should make an O2OModel, but made {type(model).__name__}")
        return model


NOTHING = Own()
"""No code: the model is an `O2OModel`, and all metrics are built in."""


def check_plugins(spec: Spec, allowed: bool) -> None:
    """Raise ScenarioError if the scenario names plugins and they are refused."""
    if spec.plugins and not allowed:
        problem = f"plugin {spec.plugins[0]!r} is named here, but plugins are refused"
        hint = "Run without --no-plugins if you trust it."
        raise ScenarioError(spec.problem_at("plugins.0", problem, hint))


def _version(code: Any) -> str:
    """What the user calls this version of the code; a class inherits none."""
    said = vars(code).get("version", "") if hasattr(code, "__dict__") else ""
    return said if isinstance(said, str) else ""


def _digest(code: Any) -> str:
    """SHA-256 of code that the user vouches for: its name, its version and what it is made of; empty without a
    version."""
    version = _version(code)
    if not version:
        return ""
    name = f"{getattr(code, '__module__', '')}.{getattr(code, '__qualname__', '')}"
    return digest_of(f"{name}\0{version}\0{_made_of(code)}")


def _made_of(code: Any) -> str:
    """SHA-256 of the file that code stands in and of all that this imports, with what a function was made with
    (defaults, closure). What a notebook defines stands in no file, and counts as it is in memory."""
    try:
        sources = sources_of(Path(inspect.getfile(code)))
    except (OSError, TypeError):
        return memory_digest(code, lasting=True)
    return digest_of(sources.digest + memory_digest(*made_with(code), lasting=True))
