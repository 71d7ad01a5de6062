"""What going on is worth against what leaving is worth: the option value of a shop.

An owner believes that his shop earns m yuan a month, and expects his belief to wander as a random walk with a standard
deviation sigma a month. He discounts at rho a month, and has a chance h a month of having to leave for reasons of
his own. Whenever he leaves he gets X: what he then earns elsewhere for ever, w / rho, and what his stock brings, less
what his lease still costs. Going on is worth V(m), where

    rho V = m + h (X - V) + sigma^2 / 2 V''

The solution that stays near (m + h X) / r, r = rho + h, when all is well, is

    V = (m + h X) / r + A exp(-lam (m - m*)),    lam = sqrt(2 r) / sigma

He leaves at the first m at which V = X and V' = 0 (value matching, smooth pasting: were the slope another, leaving a
little later or sooner would be worth more). The two give A = 1 / (r lam) and

    m* = rho X - 1 / lam = w + rho (stock - lease) - sigma / sqrt(2 r)

so that he bears a profit below what he could have elsewhere, the lower the less he knows of it: it may rise, and he can
still leave (Dixit 1989, Journal of Political Economy 97, 620-638; Dixit and Pindyck 1994, "Investment under
Uncertainty", chapters 5 to 7). Two additions. If X rises by itself while he waits, as rent owed to the end of a
lease runs off, each month of waiting is worth that rise, and m* falls by it. And he decides once a month, not all the
time: who looks rarely leaves a little earlier, at m* + 0.5826 sigma (Chernoff 1965, Sankhya A 27, 111-126; Broadie,
Glasserman and Kou 1997, Mathematical Finance 7, 325-349, for the number: -zeta(1/2) / sqrt(2 pi))."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import lambertw

LOOKS_MONTHLY = 0.5826
"""Shift of the threshold, in standard deviations of a month, of who decides once a month: -zeta(1/2) / sqrt(2 pi)."""


@dataclass(frozen=True)
class Stake:
    """What is at stake for who runs a shop; money in yuan, times in months.

    `profit` believed a month and its standard deviation `spread` a month ahead, `discount` and `hazard` a month, `leaving`
    what leaving today is worth, `waiting` by how much that rises in a month by itself."""

    profit: float
    spread: float
    discount: float
    leaving: float
    waiting: float = 0.0
    hazard: float = 0.0

    @property
    def rate(self) -> float:
        return self.discount + self.hazard

    @property
    def forgone(self) -> float:
        """What leaving is worth a month: the profit that would be enough if nothing could change."""
        return self.discount * self.leaving - self.waiting

    @property
    def patience(self) -> float:
        """How far below `forgone` the believed profit may fall, in yuan a month."""
        return self.spread / math.sqrt(2 * self.rate) - LOOKS_MONTHLY * self.spread

    @property
    def critical(self) -> float:
        """The believed profit below which he leaves, in yuan a month."""
        return self.forgone - self.patience

    @property
    def flow(self) -> float:
        """What going on with the right to leave is worth, as a profit for ever, in yuan a month."""
        if self.profit <= self.critical:
            return self.forgone
        if self.spread == 0:
            return self.profit
        lam = math.sqrt(2 * self.rate) / self.spread
        return self.profit + self.patience * math.exp(-lam * (self.profit - self.critical))

    def critical_for(self, flow: float) -> float:
        """The believed profit below which something else is worth more that is worth `flow` (as above) a month; at least
        `critical`."""
        if flow <= self.forgone:
            return self.critical
        if self.spread == 0:
            return flow
        lam = math.sqrt(2 * self.rate) / self.spread
        u = lam * (flow - self.critical)
        k = lam * self.patience
        return self.critical + (u + float(lambertw(-k * math.exp(-u)).real)) / lam
