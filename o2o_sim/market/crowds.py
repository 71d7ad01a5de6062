"""How many real people come to a shop on a day on which so many simulated ones do.

A consumer stands for `each` real people, who are like her but come on days of their own. So on a day on which n consumers come
to a shop, n people come (they are the consumers themselves) and, of the others, as many as come on a day like this one. To
multiply n by `each` instead would make of a shop with one customer in a week one that is overrun once a week: how many people
find it full would depend on how many consumers are simulated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RESTS_ON, DAY_RESTS_ON = 400.0, 25.0
"""How many consumers are remembered: of those who came to a shop, for what is usual there, and of those who came to all shops, for
what kind of day it is. With fewer, chance would look like a crowd; with more, a weekend like any other day."""
MEMORY_DAYS = 180.0
"""How long visitors are remembered at most, where fewer come."""
AT_FIRST = 5.0
"""How many consumers a first guess is worth."""
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(7)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
"""Seven values of a standard normal number and their weights (Gauss and Hermite), to take means over what is random."""


class Rates:
    """What is to be expected of counts that are Poisson with a mean of their own, by the conjugate gamma filter that forgets
    (Harvey & Fernandes 1989, Journal of Business & Economic Statistics 7, 407-417).

    `seen` (float64[n]) are the events remembered, `over` (float64[n]) the exposure over which they came, 0 where nothing is known
    yet; the mean expected for an exposure of 1 is seen / over."""

    def __init__(self, rests_on: float) -> None:
        self.rests_on = rests_on
        self.seen: Floats = np.zeros(0)
        self.over: Floats = np.zeros(0)

    def learn(self, counts: np.ndarray, exposure: Floats, guess: Floats) -> Floats:
        """See what came today, and return the rates as they are known now, float64[n] (0 where nothing is known).

        `counts` came over `exposure`, 0 where nothing could come; `guess` is the rate of those of whom nothing is known. All are
        arrays of one length, not shorter than before."""
        more = np.zeros(len(counts) - len(self.seen))
        seen, over = np.append(self.seen, more), np.append(self.over, more)
        new = (over == 0) & (exposure > 0)
        seen[new], over[new] = AT_FIRST, AT_FIRST / np.maximum(guess[new], 1e-12)
        keep = 1 - 1 / MEMORY_DAYS
        seen, over = keep * seen + counts, keep * over + exposure
        least = np.minimum(1, self.rests_on / np.maximum(seen, 1e-300))
        self.seen, self.over = seen * least, over * least
        return np.divide(seen, over, out=np.zeros(len(seen)), where=over > 0)


class Crowds:
    """The real people in every shop, day by day. `shares` learns which part of all visitors a shop has, `visits` how many there
    are on a day: what the whole city does on a weekend or in a season, every shop's crowd does."""

    def __init__(self) -> None:
        self.shares, self.visits = Rates(RESTS_ON), Rates(DAY_RESTS_ON)

    def meet(self, here: np.ndarray, each: float, room: Floats) -> tuple[Floats, Floats]:
        """Who else is there today: (mean, float64[stores], and standard deviation, float64[stores], of the number of people
        besides the consumers who came; both 0 where each stands for herself).

        `here` (int64[stores]) is how many consumers came, `each` how many people one stands for, `room` (float64[stores]) how
        many people a shop can serve in a day, 0 where nobody can come; it is the first guess of how many do."""
        if each <= 1 or not room.any():
            return np.zeros(len(here)), np.zeros(len(here))
        total = np.array([float(here.sum())])
        today = float(self.visits.learn(total, np.ones(1), np.array([max(total[0], 1.0)]))[0])
        rates = self.shares.learn(here, np.where(room > 0, today, 0.0), room / room.sum())
        others = np.where(room > 0, rates * today * (each - 1), 0.0)
        return others, np.sqrt(others)


def cases(here: np.ndarray, others: Floats, spread: Floats) -> tuple[Floats, Floats]:
    """The numbers of people who may be in each shop, float64[stores, k], and the chance of each case, float64[k]."""
    if not spread.any():
        return here[:, None].astype(np.float64), np.ones(1)
    crowd = others[:, None] + spread[:, None] * NODES
    return here[:, None] + np.maximum(crowd, 0.0), WEIGHTS


__all__ = ["Crowds", "Rates", "cases"]
