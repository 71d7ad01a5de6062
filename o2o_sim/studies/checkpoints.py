"""Save a run as it goes, so that one that was stopped can be gone on with."""

from __future__ import annotations

import contextlib
import signal
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from ..errors import ScenarioError, Stopped, keeping
from ..record.state import save_state

if TYPE_CHECKING:
    from ..model import O2OModel

DAYS = 365
"""Days from one checkpoint to the next, unless said otherwise."""


class Checkpoints:
    """Saves a run in a `file`: before the first day, every so many days, after the last one, and when the process
    is asked to stop (Ctrl-C or SIGTERM), which then waits for the end of the day. A second signal does not wait.

    `seconds` is what all that cost."""

    def __init__(self, file: Path, every: int = DAYS):
        self.file, self.every = file, every
        self.seconds = 0.0
        self._signal = 0
        self._saved: int | None = None
        self._before: dict[int, Any] = {}

    def begin(self, model: O2OModel, others: dict[str, Any]) -> None:
        """Save the city as it is. Raises ScenarioError if it cannot be, before time is spent on its days."""
        began = time.perf_counter()
        save_state(model, self.file, others)
        self._saved = model.day
        self.seconds += time.perf_counter() - began

    def day(self, model: O2OModel, others: dict[str, Any]) -> None:
        """A day is over. Raises Stopped if the process was asked to stop meanwhile."""
        stop = self._signal
        if stop or model.day % self.every == 0 or model.day == model.spec.days:
            try:
                self.begin(model, others)
            except ScenarioError as fault:
                # A full disk must not cost the run; the file still holds the state before.
                if stop:
                    raise
                warnings.warn(f"the city was not saved: {fault}", RuntimeWarning, stacklevel=3)
        if stop:
            left = f"Stopped after {model.day} of {model.spec.days} days."
            raise Stopped(f"{left} Go on with: o2o-sim run --from {self.file}", 128 + stop)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Inside the block, signals that would end the process wait for the end of the day.

        Raises Stopped, with how to go on from the last day that was saved, for a second one, which does not wait."""
        before = self._before
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                before[number] = signal.signal(number, self._asked)
        except ValueError:
            pass  # not the main thread, which alone hears signals
        try:
            with keeping(self._kept):
                yield
        finally:
            while before:
                signal.signal(*before.popitem())

    def _kept(self) -> str:
        if self._saved is None:
            return ""
        return f"The city is saved as of day {self._saved}. Go on with: o2o-sim run --from {self.file}"

    def _asked(self, number: int, frame: FrameType | None) -> None:
        if not self._signal:
            self._signal = number
            return
        usual = self._before.get(number)
        if callable(usual):
            usual(number, frame)
        raise Stopped(code=128 + number)


__all__ = ["DAYS", "Checkpoints"]
