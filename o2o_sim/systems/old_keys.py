"""The keys `channels` and `phases` of version 0.1.0's drafts, as systems: what they did, a system does as well.

They go with version 0.2.0, together with their keys in scenario/schema.py and `superseded` in
scenario/use.py, which warns of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import ScenarioError
from ..market.offers import Offer
from .base import System

if TYPE_CHECKING:
    from ..model import O2OModel


class OldChannel(System):
    """A class with the method `publish(model)`, named under `channels`: its offers are those of a system."""

    def __init__(self, model: O2OModel, channel: Any):
        super().__init__(model)
        self.channel = channel

    def offers(self) -> Sequence[Offer]:
        return list(self.channel.publish(self.model))


class OldPhase(System):
    """A function of the model, named under `phases` with the phase that it comes before or after."""

    def __init__(self, model: O2OModel, number: int, function: Callable[[O2OModel], None]):
        super().__init__(model)
        self.number, self.function = number, function

    def schedule(self, phases: list[tuple[str, Callable[[O2OModel], None]]]) -> list[Any]:
        said = self.model.spec.phases[self.number]
        names = [name for name, _ in phases]
        if (anchor := said.before or said.after) not in names:
            key, hint = f"phases.{self.number}", f"Phases: {', '.join(names)}."
            message = "should come either before or after one of the phases"
            raise ScenarioError(self.model.spec.problem_at(key, message, hint))
        at = names.index(anchor) + (0 if said.before else 1)
        return [*phases[:at], (said.run, self.function), *phases[at:]]
