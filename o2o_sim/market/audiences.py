"""Groups of consumers that an offer can be for: card holders of a mall, the young, who came through a
coupon."""

from __future__ import annotations

import numpy as np

from ..errors import ScenarioError
from .consumers import Population

FIRST_AUDIENCE, MOST_AUDIENCES = 18, 14
"""The bits of a consumer's `access` behind smartphone, phone payment and sixteen memberships."""


class Audiences:
    """Named groups of consumers; each is one bit of `access`, and an offer that `needs` it is for its members
    alone.

    Groups of the `population` come into being when they are first named.
    """

    def __init__(self, population: Population):
        self._population = population
        self.names: list[str] = []

    def bit(self, name: str) -> int:
        """The bit that says: belongs to the group. Raises ScenarioError beyond MOST_AUDIENCES groups."""
        if name not in self.names:
            if len(self.names) == MOST_AUDIENCES:
                message = f"needs more than {MOST_AUDIENCES} groups of people to be told apart"
                hint = f"Leave out some of what is switched on. There are already: {', '.join(self.names)}."
                raise ScenarioError(message, hint=hint)
            self.names.append(name)
        return 1 << (FIRST_AUDIENCE + self.names.index(name))

    def of(self, name: str) -> np.ndarray:
        """Who belongs to the group: bool[n], in the order of the records."""
        return (self._population.columns.record["access"] & np.uint32(self.bit(name))) != 0

    def join(self, name: str, who: np.ndarray) -> None:
        """These (bool[n], or row numbers) belong to it from now on."""
        self._population.columns.record["access"][who] |= np.uint32(self.bit(name))

    def leave(self, name: str, who: np.ndarray) -> None:
        """These belong to it no longer."""
        self._population.columns.record["access"][who] &= np.uint32(~np.uint32(self.bit(name)))
