"""Arrays with an entry for each of a number of things that grows one by one."""

from __future__ import annotations

from collections.abc import Sized

import numpy as np
from numpy.typing import NDArray


class Growing:
    """An attribute: int64 zeros with an entry for each of the `len(owner)` things that its owner has by now.

    Things stand along the first axis, and the others are of `shape`; with `last` they stand along the last axis. There is
    room to spare behind them, so that ten thousand more things cost ten times as much as a thousand. What is read is a
    view: write into it, but do not keep it, because when the room is used up the entries move."""

    def __init__(self, *shape: int, last: bool = False):
        self.shape, self.axis = shape, -1 if last else 0
        self.room = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.room = f"_{name}"

    def __get__(self, owner: Sized, kind: type | None = None) -> NDArray[np.int64]:
        if owner is None:
            return self  # type: ignore[return-value]  # as documentation asks a class for its attributes
        n, room = len(owner), vars(owner).get(self.room)
        if room is None or n > room.shape[self.axis]:
            vars(owner)[self.room] = room = self._larger(room, n)
        return room[..., :n] if self.axis else room[:n]

    def _larger(self, room: NDArray[np.int64] | None, n: int) -> NDArray[np.int64]:
        """Room for at least n things, with what is there."""
        had = 0 if room is None else room.shape[self.axis]
        more = max(n, 2 * had)
        new = np.zeros((*self.shape, more) if self.axis else (more, *self.shape), np.int64)
        if room is not None:
            new[(..., slice(had)) if self.axis else slice(had)] = room
        return new
