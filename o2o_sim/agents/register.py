"""What Mesa's own ways of removing and placing an agent do in a city."""

from __future__ import annotations

from typing import Any


class Placed:
    """An agent whose place in Mesa's sense (`pos`) the market does not read; `moved_by` says what it reads."""

    moved_by = "it has no place"

    @property
    def pos(self) -> None:
        """Not used: None. Setting it raises ValueError, which says how the agent is moved."""
        return None

    @pos.setter
    def pos(self, value: Any) -> None:
        if value is not None:  # which Mesa sets first
            raise ValueError(f"{type(self).__name__}.pos cannot be set: {self.moved_by}")

    def leave(self) -> None:
        """Leave the market, because Mesa was told to remove the agent. Raises ValueError if it cannot."""
        raise ValueError(f"a {type(self).__name__} cannot be removed from a city")
