"""Stores that put money into service and assortment."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..agents.store import Store
from ..market.ledger import OVERHEADS
from ..policies.integration import SETUP_MONTHS, Option, contribution_margin
from ..units import fen
from .base import System

if TYPE_CHECKING:
    from ..model import O2OModel
    from ..policies.decisions import Decision, View
    from ..scenario.schema import Spec


class ServiceWorks(System):
    """What has been put into service wears off, and what is in place makes a shop more pleasant.

    `worth[store]` is what is in place, in yuan per m2. With w of it a shop has `gain * (1 - exp(-w / scale))`
    utils more appeal: each further yuan does less. A store below its aspiration weighs one more step of it
    against the ways of integrating (`policies/store.py`); formats under `kept_up` have theirs from the first
    day and replace each month what wears off."""

    kinds = ("invest",)

    def __init__(self, model: O2OModel):
        super().__init__(model)
        rules = model.spec.stores.service
        assert rules is not None
        self.rules = rules
        self.worth: dict[int, float] = {}
        self.own: dict[int, float] = {}
        self.invested_fen = 0
        self._meet_new()

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return spec.stores.service is not None

    def gain(self, worth: float) -> float:
        """Utils of appeal from what is in place, yuan per m2."""
        return self.rules.gain * (1 - math.exp(-worth / self.rules.scale_yuan_m2))

    def morning(self) -> None:
        if len(self.model.stores) > len(self.own):
            self._meet_new()

    def _meet_new(self) -> None:
        """Stores that have come since: their appeal without it, and what their format begins with."""
        for store in self.model.stores[len(self.own) :]:
            self.own[store.number] = store.quality
            self._set(store, self.rules.kept_up.get(store.format_name, 0.0))

    def _set(self, store: Store, worth: float) -> None:
        self.worth[store.number] = worth
        quality = self.own[store.number] + self.gain(worth)
        if quality != store.quality:
            store.quality = quality
            self.model.offers_changed = True

    def _pay(self, store: Store, yuan_m2: float) -> None:
        paid = fen(yuan_m2 * store.floor_m2)
        self.model.ledger.book("overheads", store.account, OVERHEADS, np.int64(paid))
        self.invested_fen += paid

    def bills(self) -> None:
        """A month's wear; who keeps it up pays for it."""
        for store in self.model.stores:
            worth = self.worth.get(store.number, 0.0)
            if not worth or not store.is_trading:
                continue
            worth *= 1 - self.rules.decay
            wanted = self.rules.kept_up.get(store.format_name, 0.0) if store.is_here else 0.0
            self._pay(store, max(wanted - worth, 0.0))
            self._set(store, max(wanted, worth))

    def options(self, store: Store, view: View) -> list[Option]:
        """One more step, spread over the months that other beginnings are spread over, if it can pay it."""
        price = self.rules.step_yuan_m2 * store.floor_m2
        if not store.is_here or not store.months or store.cash_yuan + store.credit_yuan / 2 < price:
            return []
        months = store.months[-view.spec.stores.satisficing.memory_months :]
        sales = sum(m.revenue for m in months) / len(months) / 100
        worth, keep = self.worth.get(store.number, 0.0), 1 - self.rules.decay
        # What the step adds, on average over those months, to what would be left of the rest.
        utils = sum(
            self.gain((worth + self.rules.step_yuan_m2) * keep**k) - self.gain(worth * keep**k)
            for k in range(SETUP_MONTHS)
        )
        extra = sales * self.rules.hoped_lift * utils / SETUP_MONTHS
        extra *= view.spec.stores.satisficing.optimism
        gain = extra * contribution_margin(months)
        return [Option("", None, gain, price / SETUP_MONTHS, extra, "invest")]

    def decided(self, store: Store, decision: Decision) -> None:
        if decision.kind == "invest":
            self._pay(store, self.rules.step_yuan_m2)
            self._set(store, self.worth.get(store.number, 0.0) + self.rules.step_yuan_m2)

    def figures(self) -> dict[str, float]:
        """Mean worth in place per trading store, in yuan/m2, and what the month's stores paid for it, in
        yuan."""
        trading = [s.number for s in self.model.stores if s.is_here]
        worth = sum(self.worth.get(k, 0.0) for k in trading) / max(len(trading), 1)
        paid, self.invested_fen = self.invested_fen / 100, 0
        return {"service_yuan_m2": worth, "service_paid_yuan": paid}
