"""Sitting tenants: the shops of the first day have been there for years, and are those that stayed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import ndtri

from .agents.owner import Belief, Opening, Owner, meet
from .agents.store import LEAST_STAFF, MOST_STAFF, Store
from .market.expected import Needs, usual_needs
from .policies.best_response import kinds_of_day
from .policies.leaving import stake_of
from .policies.reasons import usual_rent
from .scenario.schema import Levers
from .streams import name_bits, uniforms

if TYPE_CHECKING:
    from .model import O2OModel
    from .scenario.blocks.owners import Owners, Settled
    from .systems.luck import Luck

DAYS_A_MONTH = 365.25 / 12
MOST_NEEDS = 100_000
"""Needs of people by which sales of the first day are foreseen; of more of them about so many stand for all."""
MONTHS_KNOWN = 600
"""After so many months an owner knows no more of his shop than the year before."""


class Foreseen(NamedTuple):
    """What stores may expect of a usual month, by number, in yuan: `sales`, what is left of them after all that grows with
    them (`kept`), what deliveries and commissions take (`orders`); and the share of parcels by category."""

    sales: np.ndarray
    kept: np.ndarray
    orders: np.ndarray
    online: np.ndarray


class Tenants:
    """Makes tenants of new shops. For each an age is drawn, exponential as of a town that has always had about as many
    shops, and its owner believes what so many months of its profit teach. What it earns follows from what people are
    expected to buy of the first day's offers, with all levers at 1: levers are what happens to the town from the first
    day on. Shops stay with the chance that such an owner would have stayed so long; the others are replaced by another
    owner with another luck, quality and age. That is repeated until few would leave in the first month; who is left over
    then is as young as fits."""

    def __init__(
        self,
        model: O2OModel,
        rules: Owners,
        settled: Settled,
        publish: Callable[[O2OModel], None],
        luck: Luck | None = None,
    ):
        """`publish` is the phase that puts offers on the board, `luck` the system that stores have luck by."""
        self.model, self.rules, self.settled, self.publish, self.luck = model, rules, settled, publish, luck
        self.stores = [s for s in model.stores if s.is_trading]
        self.needs = self._needs()
        self.known_since = {s.number: s.opened for s in self.stores if s.opened < model.spec.start}
        self.given = {s.name: s for s in model.city.stores} | dict(model.spec.stores.named)
        """What somebody has said of stores; that stands."""

    def settle_in(self) -> None:
        """Ages, beliefs and owners for all shops of the first day."""
        with self._no_levers():
            rejected = list(self.stores)
            for generation in range(self.settled.rounds + 1):
                foreseen = self._foresee()
                for store in self.stores:
                    self._staff(store, foreseen)
                for store in rejected:
                    self._age(store, generation)
                for store in self.stores:
                    self._believe(store, foreseen)
                rejected = [s for s in rejected if not self._stays(s)]
                last = generation == self.settled.rounds or len(rejected) <= self.settled.few * len(
                    self.stores
                )
                for store in rejected:
                    if last:
                        self._make_younger(store, foreseen)
                    else:
                        self._replace(store, generation + 1)
                if last:
                    break
            self._note(foreseen)

    # -- what people are expected to buy -----------------------------------------------------------------------
    def _needs(self) -> Needs:
        people, habits = self.model.consumers.columns, self.model.habits
        needs = usual_needs(people, habits.every_days, habits.elasticity)
        step = -(-len(needs.consumer) // MOST_NEEDS)
        some = needs.consumer % step == 0
        some_weight = needs.weight[some] * (needs.weight.sum() / needs.weight[some].sum())
        return Needs(needs.consumer[some], needs.category[some], some_weight)

    def _foresee(self) -> Foreseen:
        model = self.model
        model.offers_changed = True
        self.publish(model)
        table, fen = model.table, model.table.fen
        bought = np.zeros(len(table))
        for share, workday in kinds_of_day(model):
            bought += share * model.expected_sales(self.needs, workday=workday).purchases
        sold = bought * (fen["price"] - fen["discount"]) + bought * fen["subsidy"]
        carries = (table.carrier == table.seller) | (table.carrier < 0)
        carried = np.where(carries, fen["fee"] - fen["delivery"], 0)
        orders = bought * (fen["commission"] + fen["advertising"] + fen["handling"] - carried)
        kept = sold - bought * (fen["goods"] + fen["spoilage"]) - orders
        own = table.store >= 0
        mine, stores = table.store[own], len(model.stores)
        a, b, c = (np.bincount(mine, x[own], stores) * DAYS_A_MONTH / 100 for x in (sold, kept, orders))
        category = table.columns["category"].astype(np.int64)
        spent = bought * (fen["price"] - fen["discount"])
        total = np.bincount(category, spent, len(model.category_number))
        online = np.isin(table.columns["channel"].astype(np.int64), self._online())
        parcels = np.bincount(category[online], spent[online], len(model.category_number))
        return Foreseen(a, b, c, parcels / np.maximum(total, 1e-9))

    def _online(self) -> list[int]:
        """The numbers of the channels that count as online."""
        return [k for k, name in enumerate(self.model.channels) if name in self.model.recorder.online]

    @contextmanager
    def _no_levers(self) -> Iterator[None]:
        """Within the block all levers are 1; afterwards offers are published as they are."""
        model, spec = self.model, self.model.spec
        model.spec = spec.model_copy(update={"levers": Levers()})
        try:
            yield
        finally:
            model.spec = spec
            model.offers_changed = True
            self.publish(model)

    # -- one shop ------------------------------------------------------------------------------------------------
    def _staff(self, store: Store, foreseen: Foreseen) -> None:
        """A shop that has been there for years has the staff that its sales need."""
        if store.is_here:
            wanted = store.staff_wanted(foreseen.sales[store.number])
            store.staffing = min(max(wanted, LEAST_STAFF), MOST_STAFF)

    def _draw(self, store: Store, what: int) -> float:
        owner = _owner(store)
        name = f"{store.name} | {owner.generation}"
        return float(
            uniforms(self.model.seed_number, "sitting tenant", 0, np.full(1, name_bits(name)), what)[0]
        )

    def _age(self, store: Store, generation: int) -> None:
        """How long the shop has been there; what a file says of that stands."""
        known = self.known_since.get(store.number)
        if known is None:
            years = -self.settled.age_years * math.log(self._draw(store, 0))
            known = self.model.spec.start - timedelta(days=round(365.25 * min(years, 100.0)))
        store.opened = store.changed = known

    def _believe(self, store: Store, foreseen: Foreseen) -> None:
        """The owner knows his shop as well as so many months teach."""
        owner, n = _owner(store), store.number
        rules, scale = self.rules.learning, store.usual_sales_yuan()
        belief = Belief(0.0, (rules.prior * scale) ** 2, rules.noise * scale, rules.drift * scale)
        for _ in range(min(self._months(store), MONTHS_KNOWN)):
            belief.learn(0.0)
        modes = sum(store.mode_cost_yuan(mode) for mode in store.modes)
        luck = self.luck.cost_yuan(store) if self.luck is not None else 0.0
        true = foreseen.kept[n] - store.wages_yuan() - store.overheads_yuan() - modes - luck
        belief.mean = float(true + math.sqrt(belief.variance) * ndtri(self._draw(store, 1)))
        owner.belief = belief

    def _months(self, store: Store) -> int:
        return int((self.model.spec.start - store.opened).days / DAYS_A_MONTH)

    def _leaves(self, store: Store) -> float:
        """Chance that it leaves in a month."""
        owner, choice = _owner(store), self.rules.choice
        stake = stake_of(store)
        doubt = choice.doubt * store.usual_sales_yuan()
        short = min(max((stake.critical - stake.profit) / doubt, -500.0), 500.0)
        leaves = choice.attention / (1 + math.exp(-short))
        return 1 - (1 - leaves) * (1 - owner.goes_away(store))

    def _stays(self, store: Store) -> bool:
        """Whether it would have stayed as long as it has been there, had its owner always thought so."""
        return self._draw(store, 2) < (1 - self._leaves(store)) ** self._months(store)

    def _make_younger(self, store: Store, foreseen: Foreseen) -> None:
        """It has been there only for as long as it would have stayed."""
        if store.number in self.known_since:
            return
        months = math.log(self._draw(store, 2)) / math.log(1 - min(max(self._leaves(store), 1e-9), 0.99))
        store.opened = store.changed = self.model.spec.start - timedelta(days=int(months * DAYS_A_MONTH))
        self._believe(store, foreseen)

    def _replace(self, store: Store, generation: int) -> None:
        """Another owner has the place, with another luck and quality."""
        store.run_by = meet(store, self.rules, generation)
        name = f"{store.name} | {generation}"
        fresh, said = self.model.drawn(name, store.format_name), self.given.get(store.name)
        for trait in ("quality", "cost_x", "skill"):
            if getattr(said, trait, None) is None:
                setattr(store, trait, fresh[trait])
        if self.luck is not None:
            self.luck.redraw(store, name)

    def _note(self, foreseen: Foreseen) -> None:
        """How things stood when the run began, for what changes later."""
        wage, numbers = self.model.wage_yuan(), self.model.category_number
        for store in self.stores:
            sales = float(foreseen.sales[store.number])
            _owner(store).opening = Opening(
                rent=usual_rent(store),
                sales=sales,
                online=float(foreseen.online[numbers[store.category]]),
                wage=wage,
                orders=float(foreseen.orders[store.number]) / max(sales, 1.0),
                luck_appeal=store.luck_appeal,
                luck_cost=store.luck_cost,
            )


def _owner(store: Store) -> Owner:
    assert store.run_by is not None
    return store.run_by
