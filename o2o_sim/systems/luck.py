"""Stores whose appeal and costs wander from month to month, and differ for good in a way that nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from ..market.ledger import OVERHEADS
from ..streams import name_bits, uniforms
from ..units import fen
from .base import System

if TYPE_CHECKING:
    from ..agents.store import Store
    from ..model import O2OModel
    from ..scenario.blocks.luck import Luck as Rules
    from ..scenario.schema import Spec

KINDS = ("appeal", "cost")
MONTHS_A_YEAR = 12


def normal(process: str, seed: int, ids: Sequence[np.uint64], month: int = 0) -> np.ndarray:
    """Standard normal draws under a name, for some ids: float64[ids, kinds]."""
    draws = [uniforms(seed, process, month, np.array(ids, np.uint64), kind) for kind in range(len(KINDS))]
    return ndtri(np.column_stack(draws))


class Luck(System):
    """What happens to a store that it has not done: a street that is dug up, a good cook, a thief, a mild winter.

    For each of the two kinds, appeal and cost, `wandering` and `hidden` (float64[stores, 2]) hold standard normal
    numbers. The wandering one is an autoregressive process of the first order that is stationary from the store's
    first day: z' = r z + sqrt(1 - r^2) e, so that its standard deviation over months is always 1. The hidden one
    never changes. Draws are keyed by the store and, of the wandering part, by the calendar month: the luck of a
    store is the same in two scenarios, whatever else happens.

    `store.luck_appeal` is in all its offers. It is centred so that the expected factor on the attraction of a shop,
    exp(luck_appeal), is 1: luck makes shops unlike, not better. `store.luck_cost` (a share of its usual sales,
    negative in a good month) is booked on the line "overheads"."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        rules = model.spec.stores.luck
        assert rules is not None
        self.rules: Rules = rules
        self.wandering = self.hidden = np.zeros((0, len(KINDS)))
        self._meet_new()

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return spec.stores.luck is not None

    def _meet_new(self) -> None:
        """The luck of stores that have come since."""
        new = self.model.stores[len(self.hidden) :]
        if not new:
            return
        seed, ids = self.model.seed_number, [s.bits for s in new]
        self.hidden = np.concatenate([self.hidden, normal("hidden luck", seed, ids)])
        self.wandering = np.concatenate([self.wandering, normal("luck at opening", seed, ids)])
        self._tell(new)

    def _tell(self, stores: Sequence[Store]) -> None:
        """Let stores have their luck of the month."""
        for store in stores:
            appeal, cost = (self._parts(store, k) for k in range(len(KINDS)))
            spreads = [self.rules.of(store.format_name, name) for name in ("appeal", "appeal_hidden")]
            store.luck_appeal = sum(appeal) - sum(s * s for s in spreads) / 2
            store.luck_cost = sum(cost)

    def _parts(self, store: Store, kind: int) -> tuple[float, float]:
        """The part of a store's luck that wanders and the part that stays, in the unit of that kind."""
        now, ever = (self.rules.of(store.format_name, KINDS[kind] + part) for part in ("", "_hidden"))
        row = store.number
        return now * float(self.wandering[row, kind]), ever * float(self.hidden[row, kind])

    def redraw(self, store: Store, name: str) -> None:
        """Give a store other luck from today on, drawn for a name: of another owner in the same place."""
        seed, who = self.model.seed_number, [name_bits(name)]
        self.hidden[store.number] = normal("hidden luck", seed, who)[0]
        self.wandering[store.number] = normal("luck at opening", seed, who)[0]
        self._tell([store])

    def morning(self) -> None:
        """On the first of a month luck moves on."""
        self._meet_new()
        date = self.model.date
        if date.day > 1 or self.model.day == 0:
            return
        trading = [s for s in self.model.stores if s.is_trading]
        if not trading:
            return
        rows = np.array([s.number for s in trading])
        lasts = np.array([[self.rules.of(s.format_name, f"{k}_lasts") for k in KINDS] for s in trading])
        ids = [s.bits for s in trading]
        new = normal("luck", self.model.seed_number, ids, date.year * MONTHS_A_YEAR + date.month)
        self.wandering[rows] = lasts * self.wandering[rows] + np.sqrt(1 - lasts**2) * new
        self._tell(trading)

    def cost_yuan(self, store: Store) -> float:
        """What the month's luck costs a store, negative if it saves."""
        return store.luck_cost * store.usual_sales_yuan() * store.kept_share

    def bills(self) -> None:
        trading = [s for s in self.model.stores if s.is_trading]
        accounts = np.array([s.account for s in trading], np.int64)
        costs = np.array([fen(self.cost_yuan(s)) for s in trading], np.int64)
        self.model.ledger.book("overheads", accounts, OVERHEADS, costs)

    def month_end(self) -> None:
        """Who is founded this evening has its luck before the books of the month are closed."""
        self._meet_new()

    def store_columns(self, stores: Sequence[Store]) -> dict[str, Sequence[Any]]:
        return {f"luck_{kind}": [getattr(s, f"luck_{kind}") for s in stores] for kind in KINDS}
