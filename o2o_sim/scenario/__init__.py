"""What a YAML file may say: the keys, the reading of files, and the faults found in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ScenarioError

if TYPE_CHECKING:
    from .load import content_hash, load_scenario

__all__ = ["ScenarioError", "content_hash", "load_scenario"]


def __getattr__(name: str) -> Any:
    # Pydantic and PyYAML take a while to import, and naming this package should not.
    if name in ("content_hash", "load_scenario"):
        from . import load

        return getattr(load, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
