"""The city in a notebook: plays live in Jupyter, marimo and whatever else shows an anywidget.

    from o2o_sim import CityWidget
    CityWidget("classroom")

The page's own module runs in the cell; this end carries its messages (live.py) over the notebook's own
connection."""

from __future__ import annotations

import os
import time
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ScenarioError
from .live import Conversation, Recording

try:
    import anywidget
    import traitlets
except ImportError as fault:
    message = "the city in a notebook needs the extra [notebook]: pip install 'o2o-sim[notebook]'"
    raise ScenarioError(message) from fault

if TYPE_CHECKING:
    from ..model import O2OModel
    from ..scenario.schema import Spec

SLICE_S = 0.2
"""How long the kernel simulates before it listens again: cells, levers and clicks wait no longer than
that."""
BATCH = 1 << 20
"""Frames are sent together up to so many bytes."""


def _built(name: str) -> str:
    """A file of the page, as `node js/build.mjs` makes it."""
    try:
        return files(__package__).joinpath("static", name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ScenarioError(
            f"{name} is missing: in a checkout, build the page with `node js/build.mjs`"
        ) from None


class CityWidget(anywidget.AnyWidget):
    """A city that plays in a notebook, with its levers, charts and cards.

    `city` is a scenario (a `Spec` or the name of its file), of which the widget runs a copy of its own, or an
    `O2OModel` that has not begun. It is simulated as it is watched, a few days ahead of the picture;
    `widget.model` is the model, for cells that want to look into it. Levers that are moved change
    `widget.model.spec`. `height` is in pixels, `people` the largest number of people on the map, `seed`
    stands in for a scenario's own."""

    _esm = _built("o2o.js")
    _css = _built("o2o.css")
    height = traitlets.Int(560, min=240, max=4000).tag(sync=True)
    _talk: Conversation | Recording

    def __init__(
        self,
        city: O2OModel | Spec | str | os.PathLike[str],
        *,
        height: int = 560,
        people: int = 10_000,
        seed: int | None = None,
    ):
        self.model: O2OModel | None = _model_of(city, seed)
        self._begin(Conversation.of(self.model, people=people), height)

    @classmethod
    def replay(cls, replay: Any, cards: Any = None, *, height: int = 560) -> CityWidget:
        """A widget that plays a finished run: `replay` has `key` and `frames`, `cards` are its `Cards`, if
        any."""
        return cls._of(Recording(replay, cards), height)

    @classmethod
    def _of(cls, talk: Conversation | Recording, height: int) -> CityWidget:
        """A widget of a conversation that somebody else began."""
        self = cls.__new__(cls)
        self.model = getattr(talk, "model", None)
        self._begin(talk, height)
        return self

    def _begin(self, talk: Conversation | Recording, height: int) -> None:
        self._talk = talk
        super().__init__(height=height)
        self.on_msg(self._heard)

    def _heard(self, _: Any, message: Any, buffers: Any) -> None:
        """Answer one message of the page. What takes long is done in slices: the page asks for the next
        one."""
        until, frames = time.perf_counter() + SLICE_S, []
        answers = self._talk.answer(message)
        for said in answers:
            if isinstance(said, bytes):
                frames.append(said)
            else:
                self._say(frames, said)
                frames = []
            if sum(map(len, frames)) > BATCH:
                self._say(frames)
                frames = []
            if time.perf_counter() > until and isinstance(message, dict) and message.get("do") == "want":
                answers.close()
                self._say(frames, {"say": "more", "day": message.get("day")})
                return
        self._say(frames)

    def _say(self, frames: list[bytes], said: dict[str, Any] | None = None) -> None:
        if frames:
            self.send({"say": "bytes"}, buffers=frames)
        if said is not None:
            self.send(said)


def _model_of(city: Any, seed: int | None) -> O2OModel:
    from ..levers import own_copy
    from ..model import O2OModel
    from ..scenario.load import load_scenario
    from ..scenario.schema import Spec

    if isinstance(city, O2OModel):
        return city
    if isinstance(city, str | Path | os.PathLike):
        city = load_scenario(city)
    if isinstance(city, Spec):
        return O2OModel(own_copy(city), seed)
    raise TypeError(
        f"a city is an O2OModel, a Spec or the name of a scenario file, not {type(city).__name__}"
    )


__all__ = ["CityWidget"]
