"""Pictures, tables, replays and live views of runs. What is heavy is imported when it is asked for."""

from __future__ import annotations

from typing import Any

__all__ = ["CityWidget"]


def __getattr__(name: str) -> Any:
    if name == "CityWidget":
        from .widget import CityWidget

        return CityWidget
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
