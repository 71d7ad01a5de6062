"""Owners who differ, learn what their shop earns, and leave when something else is worth more."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..agents.store import ONLINE_ONLY, OPEN, Store
from ..market.ledger import OVERHEADS
from ..policies.leaving import OptionValue, stake_of
from ..sitting import Tenants
from ..streams import uniforms
from ..units import fen
from .base import System
from .luck import Luck

if TYPE_CHECKING:
    from ..model import O2OModel
    from ..policies.decisions import Decision
    from ..scenario.schema import Spec

LOYAL = 0.25
"""Loyalty from which a customer is a shop's own, and may follow it when it moves online."""


class Owners(System):
    """Makes stores leave by what their owners believe (policies/leaving.py), sees to it that the shops of the first day
    are sitting tenants (sitting.py), and to what follows when a store becomes something else: it is fitted out anew,
    its owner's belief is of what it is now, and when it moves online some of its own customers follow it."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        assert model.spec.stores.owners is not None
        self.rules = model.spec.stores.owners
        model.leaving = OptionValue()
        self._publish: Callable[[O2OModel], None] | None = None

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return spec.stores.owners is not None

    def schedule(self, phases: list[tuple[str, Callable[[O2OModel], None]]]) -> list[Any]:
        if self.rules.settled is None:
            return phases
        at = [name for name, _ in phases].index("publish")
        self._publish = phases[at][1]
        return [*phases[: at + 1], ("settle in", self.settle_in), *phases[at + 1 :]]

    def settle_in(self, model: O2OModel) -> None:
        """On the first day, when offers are published: the shops that are there have been there for years."""
        if model.day == 0 and self.rules.settled is not None and self._publish is not None:
            luck = next((s for s in model.systems if isinstance(s, Luck)), None)
            Tenants(model, self.rules, self.rules.settled, self._publish, luck).settle_in()

    def decided(self, store: Store, decision: Decision) -> None:
        if decision.kind not in ("showroom", "move online", "come back"):
            return
        owner = store.run_by
        assert owner is not None
        plan, owner.plan = owner.plan, None
        if plan is None or plan.state != store.state:  # a rule of a plugin's made it so
            return
        self.model.ledger.book("overheads", store.account, OVERHEADS, np.int64(fen(plan.cost)))
        if store.state == OPEN:
            owner.before = None
        elif owner.before is None:
            owner.before = (owner.belief, self.model.date)
        owner.belief = plan.belief
        if store.state == ONLINE_ONLY:
            self._followed(store)

    def _followed(self, store: Store) -> None:
        """Of those who go to it from habit, a share begins to follow it, if it can be followed."""
        model, people = self.model, self.model.consumers.columns
        if not store.makes_followers:
            return
        mine = (people.favourite == store.number) & (people.loyalty >= np.float32(LOYAL))
        who = np.flatnonzero(mine.any(axis=1))
        u = uniforms(model.seed_number, "follows online", model.day, people.record["id"][who])
        people.record["follows"][who[u[: len(who)] < self.rules.choice.follow_online]] = store.number

    def figures(self) -> dict[str, float]:
        """`profit_believed_share`: of the usual shop, what its owner believes to earn, on its usual sales; `near_leaving`:
        share of shops that would earn less than what leaving is worth if nothing could change."""
        found = [(stake_of(s), s.usual_sales_yuan()) for s in self.model.stores if s.is_trading and s.run_by]
        if not found:
            return {"profit_believed_share": 0.0, "near_leaving": 0.0}
        return {
            "profit_believed_share": float(np.median([k.profit / usual for k, usual in found])),
            "near_leaving": sum(k.profit < k.forgone for k, _ in found) / len(found),
        }
