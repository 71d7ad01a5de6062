"""A conversation about a city that somebody else steps: SolaraViz, or a cell of a notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .live import Conversation, Say

if TYPE_CHECKING:
    from ..model import O2OModel


class Following(Conversation):
    """A conversation about a model that somebody else steps: a frame is made after each of its steps, and
    told.

    `tell(frame, errors, day)` is called then. Levers that are moved act on the next step.
    """

    def __init__(self, model: O2OModel):
        super().__init__(lambda name: model.spec)
        self._take(model)
        self.tell: Callable[[bytes, list[Say], int], None] = lambda frame, errors, day: None
        step = model.step

        def followed() -> None:
            faults = self._move_all()
            step()
            self.tell(self._draw(), faults, model.day - 1)

        model.step = followed  # type: ignore[method-assign]

    def _hello(self, asked: str) -> Iterator[Say | bytes]:
        yield from super()._hello(asked)
        yield from self._kept
        self._sent = len(self._kept)
        if self._kept:
            yield {"say": "shown", "day": len(self._kept) - 1}

    def _want(self, message: Mapping[str, Any]) -> Iterator[Say | bytes]:
        """Days are made when SolaraViz makes them."""
        return iter(())
