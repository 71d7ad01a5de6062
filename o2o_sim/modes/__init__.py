"""The ways for a store to integrate with online, each a class of its own.

To add one to the package: a class here, its name in `BUILT_IN`, its settings under `Modes` of the scenario.
A scenario can bring one of its own (docs/extending.md)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..errors import ScenarioError
from .base import Holding, Mode
from .deliveries import Alliance, App, Social
from .platforms import Group, Marketplace, Partnership, Warehouse

if TYPE_CHECKING:
    from ..scenario.schema import Spec

BUILT_IN: tuple[type[Mode], ...] = (Social, App, Marketplace, Partnership, Group, Alliance, Warehouse)
"""The modes of the package, in the order of tables."""


def modes_of(spec: Spec, own: Iterable[Mode] = ()) -> dict[str, Mode]:
    """Every mode that stores of a scenario can hold, by name: those of the package, then the scenario's `own`.
    Raises ScenarioError if two of them sell through one channel."""
    found = {cls.name: cls(getattr(spec.modes, cls.name)) for cls in BUILT_IN}
    for mode in own:
        if not mode.channel or any(mode.channel == other.channel for other in found.values()):
            message = f"its class should have a `channel` of its own, found {mode.channel!r}"
            raise ScenarioError(spec.problem_at(("modes", mode.name), message))
        found[mode.name] = mode
    return found


__all__ = ["BUILT_IN", "Holding", "Mode", "modes_of"]
