"""How integration spreads among stores, and what it brings them at first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..modes import Holding
from ..units import fen
from .base import System

if TYPE_CHECKING:
    from ..agents.store import Store
    from ..model import O2OModel
    from ..policies.decisions import Decision
    from ..scenario.schema import Spec

FIRST_MONTHS = 6


@dataclass(frozen=True)
class Trial:
    """A mode that a store took up during the run, and its part of what it cost to begin."""

    store: Store
    mode: str
    holding: Holding
    setup_fen: int

    @property
    def is_over(self) -> bool:
        """After its first months, or when the store gave it up or closed before."""
        given_up = self.store.modes.get(self.mode) is not self.holding or not self.store.is_trading
        return given_up or len(self.holding.contribution_fen) >= FIRST_MONTHS

    def brought_fen(self) -> int:
        """What it brought in its first months, less its monthly cost."""
        return sum(self.holding.contribution_fen[:FIRST_MONTHS])


class IntegrationWave(System):
    """The measure `integration`: counts, and changes nothing.

    `adoptions/MODE` and `adoptions`: stores that took up a mode, or any, this month. `integrated_stores`:
    share of trading stores with at least one mode at the month's end. `unprofitable_modes`: of all modes
    taken up in the run whose first six months are over, the share that brought less than its monthly cost;
    `unrecovered_modes`: less than that and what it cost to begin. NaN while there is none."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.taken_up = dict.fromkeys(model.modes, 0)
        self.trials: list[Trial] = []
        self.over = self.unprofitable = self.unrecovered = 0

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return "integration" in spec.measures

    def decided(self, store: Store, decision: Decision) -> None:
        if decision.kind != "adopt":
            return
        mode = decision.mode
        self.taken_up[mode] += 1
        self.trials.append(Trial(store, mode, store.modes[mode], fen(store.setup_cost_yuan(mode))))

    def month_end(self) -> None:
        for trial in self.trials:
            if trial.is_over:
                brought = trial.brought_fen()
                self.over += 1
                self.unprofitable += brought < 0
                self.unrecovered += brought < trial.setup_fen
        self.trials = [trial for trial in self.trials if not trial.is_over]

    def figures(self) -> dict[str, float]:
        trading = [s for s in self.model.stores if s.is_trading]
        found = {f"adoptions/{mode}": float(n) for mode, n in self.taken_up.items()}
        found["adoptions"] = float(sum(self.taken_up.values()))
        found["integrated_stores"] = (
            sum(bool(s.modes) for s in trading) / len(trading) if trading else math.nan
        )
        found["unprofitable_modes"] = self.unprofitable / self.over if self.over else math.nan
        found["unrecovered_modes"] = self.unrecovered / self.over if self.over else math.nan
        self.taken_up = dict.fromkeys(self.taken_up, 0)
        return found
