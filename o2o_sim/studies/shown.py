"""How the result of a study shows itself: the tables of the terminal in a notebook, pictures on request."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ScenarioError
from ..scenario.shape import closest

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

Drawing = Callable[[int, int, str], None]
"""Told how many pictures are drawn, how many there are, and the name of the next; at the end that is empty."""
Pictures = Mapping[str, Callable[[], "Figure"]]
"""Pictures by name, each a function that draws it."""


class Shown(ABC):
    """A result with tables and pictures. As the last line of a notebook's cell it shows its tables."""

    results: Any
    """What it rests on, with the `folder` in which that lies."""

    @abstractmethod
    def tables(self) -> list[RenderableType]:
        """What the command line prints of it, for Rich."""

    @abstractmethod
    def pictures(self) -> Pictures:
        """Its pictures by name, each a function that draws it; see `picture`."""

    def picture(self, name: str = "") -> Figure:
        """One of its pictures as a Matplotlib figure, the first without a name; a notebook shows it.

        Raises ScenarioError for a name that is none of `pictures`."""
        from ..show.style import figure_of

        known = self.pictures()
        if not known:
            raise ScenarioError("there is no picture of this result", key="picture")
        if name and name not in known:
            near = closest(name, list(known))
            hint = f"did you mean {near}?" if near else f"Pictures: {', '.join(known)}."
            raise ScenarioError(f"there is no picture {name!r}", key="picture", hint=hint)
        return figure_of(known[name or next(iter(known))])

    def draw(self, folder: Path, drawing: Drawing | None = None) -> list[Path]:
        """Write all pictures as PNG into the folder `plots` of a study; returns the files. `drawing` is told of
        each."""
        from ..show.plots_studies import PLOTS, draw

        return draw(self.pictures(), folder / PLOTS, drawing)

    def _repr_html_(self) -> str:
        from ..show.notebook import as_html

        return as_html(self.tables(), self.results.folder)
