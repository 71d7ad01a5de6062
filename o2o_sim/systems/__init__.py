"""Every special way to go O2O, each with a switch in the scenario and a class of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import System

if TYPE_CHECKING:
    from ..model import O2OModel

SYSTEMS: tuple[type[System], ...] = ()
"""All systems of the package, in the order in which they are asked."""


def switched_on(model: O2OModel) -> list[System]:
    """The systems that the scenario wants, and those of its plugins, which come last."""
    own = [cls for cls in SYSTEMS if cls.wanted(model.spec)]
    return [cls(model) for cls in [*own, *model.extensions.systems()]]


__all__ = ["SYSTEMS", "System", "switched_on"]
