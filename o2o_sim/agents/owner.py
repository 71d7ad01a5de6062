"""Who runs a store: what else he could do, how long his money lasts, and what he believes that his shop earns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from ..streams import name_bits, uniforms

if TYPE_CHECKING:
    from ..modes import Holding
    from ..policies.alternatives import Alternative
    from ..scenario.blocks.owners import Owners
    from .store import Month, Store

MONTHS = 12
LEARNT = 5.0
"""Weight of what is still to be learned in the spread ahead: with it the threshold of policies/worth.py is within a seventh
of that of dynamic programming in every month of a newcomer's (tests/unit/policies/test_worth.py)."""
OUTSIDE, DISCOUNT, CASH, CREDIT, AGE = range(5)
"""Which draw of an owner's traits is for what."""


@dataclass
class Belief:
    """What an owner believes of his shop's lasting monthly profit before rent, in yuan: normal with a `mean` and a
    `variance`.

    A month's profit is the lasting one plus chance of standard deviation `noise`; the lasting one wanders by `drift`
    a month. The best guess is then the Kalman filter's (Kalman 1960); with no drift it is the learning of
    Jovanovic (1982, Econometrica 50, 649-670)."""

    mean: float
    variance: float
    noise: float
    drift: float

    def learn(self, profit: float) -> float:
        """A month's profit before rent was seen, in yuan. The answer is how much it weighs in the new mean, from 0 to 1."""
        before = self.variance + self.drift**2
        gain = before / (before + self.noise**2)
        self.mean += gain * (profit - self.mean)
        self.variance = (1 - gain) * before
        return gain

    @property
    def least_variance(self) -> float:
        """What the variance comes to after many months: then a month tells as much as drift makes forgotten."""
        q, s = self.drift**2, self.noise**2
        return (math.sqrt(q * q + 4 * q * s) - q) / 2

    def ahead(self, discount: float) -> float:
        """Standard deviation by which the mean will move in a month, in yuan, as one number for all months to come.

        An owner who knows his shop moves his mean by `drift` a month; a newcomer will besides learn, once, all that his
        variance holds above the least one. That is spread over the future with the weight LEARNT * `discount` (a month's)."""
        return math.sqrt(self.drift**2 + LEARNT * discount * max(self.variance - self.least_variance, 0.0))


@dataclass(frozen=True)
class Tried:
    """A way of integrating that was given up: when, after how many months, and what it brought in one, in yuan, before its
    monthly cost."""

    on: date
    months: int
    gain: float


@dataclass(frozen=True)
class Opening:
    """The shop as it opened (a sitting tenant's: as the run begins), for what changes later; a month's yuan and shares.

    `rent` is of a m2 of its floor, `wage` of one of the staff, `online` the share of its category that parcels had,
    `orders` what deliveries, handling and commissions take of its sales; luck as `Store` has it."""

    rent: float
    sales: float
    online: float
    wage: float
    orders: float
    luck_appeal: float = 0.0
    luck_cost: float = 0.0


@dataclass(frozen=True)
class Seen:
    """How things stood in a month, for what changed between months; yuan and shares.

    `gain` is the weight that the month got in the owner's belief, `season` what may be sold in it as a multiple of a mean
    month, `wage` a month's of one of the staff, `online_before` the share of its category that parcels had in the month before,
    `floor_m2` its floor; luck as `Store` has it."""

    gain: float
    season: float
    wage: float
    online_before: float
    floor_m2: float
    luck_appeal: float
    luck_cost: float


class Owner:
    """Who runs a store, or the chain that does.

    `outside_yuan` is what he could earn elsewhere in a month at the first day's wages (none for a chain), `discount` a
    month's rate, `opening_age` his age in years when the shop opened (none for a chain), `cash_months` and `credit_months`
    his savings and credit in months of usual fixed cost. `belief` is of the shop as it is, `before` what he believed of it
    as a full shop when he left that, and on which day, `plan` what he has just decided to make of it; `tried` what he gave up,
    by mode (a chain's shops share it); `opening` how a sitting tenant's shop was as the run began, `seen` how things stood in
    each month since, one for each of the store's `months`. All traits are drawn for the name of the store, or of the chain."""

    def __init__(self, store: Store, rules: Owners, generation: int = 0):
        self.rules, self.generation = rules, generation
        self.is_chain = bool(store.chain)
        name = f"{store.name} | {generation}" if generation else store.name
        z = _traits(store, name)
        out, savings = rules.outside, rules.savings
        form = store.format
        sells = f"stores.formats.{store.format_name}.sales_per_m2_year_yuan"  # at the first day's prices
        usual = form.area_m2 * store.model.written(sells, form.sales_per_m2_year_yuan) / MONTHS
        share = out.by_format.get(store.format_name, out.mean)
        self.outside_yuan = 0.0 if self.is_chain else _lognormal(share, out.spread, z[OUTSIDE]) * usual
        yearly = rules.discount.chains
        if not self.is_chain:
            yearly = _lognormal(rules.discount.mean, rules.discount.spread, z[DISCOUNT])
        self.discount = math.log1p(yearly) / MONTHS
        self.opening_age = None
        if not self.is_chain:
            self.opening_age = max(18.0, rules.private.opening_age + rules.private.age_spread * z[AGE])
        self.cash_months = _lognormal(savings.cash_months, savings.spread, z[CASH])
        self.credit_months = _lognormal(savings.credit_months, savings.spread, z[CREDIT])
        self.belief = Belief(0.0, 0.0, 0.0, 0.0)
        self.before: tuple[Belief, date] | None = None
        self.plan: Alternative | None = None
        self.opening: Opening | None = None
        self.seen: list[Seen] = []
        self.tried: dict[str, Tried] = {}

    def hopes(self, store: Store, profit: float) -> None:
        """He begins with a belief of the shop's monthly profit, in yuan, as wide as newcomers' beliefs are."""
        self.belief = self.afresh(store, profit + store.rent_yuan())

    def afresh(self, store: Store, mean: float, times: float = 1.0) -> Belief:
        """A newcomer's belief of a monthly profit before rent, in yuan, in a shop that sells `times` what is usual there."""
        rules, scale = self.rules.learning, times * store.usual_sales_yuan()
        return Belief(mean, (rules.prior * scale) ** 2, rules.noise * scale, rules.drift * scale)

    def see(self, store: Store, month: Month) -> None:
        """A month's books are closed: learn from them. What he pays as rent needs no learning, so that it is told apart; and he
        knows how many days the month had, and that of a season more is sold than of others."""
        model = store.model
        left = (month.revenue + month.variable) / 100
        usual = model.usual_month(store)
        gain = self.belief.learn(month.profit / 100 + left * (1 / usual - 1) + store.rent_yuan())
        online = model.view.online_share.get(store.category, 0.0) if store.months[1:] else 0.0
        chance = store.luck_appeal, store.luck_cost
        self.seen.append(Seen(gain, usual, model.wage_yuan(), online, store.floor_m2, *chance))

    def profit(self, store: Store) -> float:
        """The monthly profit that he believes in, in yuan, at the rent that he counts with."""
        return self.belief.mean - self.rent(store)

    def rent(self, store: Store) -> float:
        """The rent of a month with which he counts, in yuan: today's or, once his landlord has offered another lease, that of
        the offer."""
        ends = store.lease is not None and store.lease.offer_yuan_m2 is not None
        return store.next_rent_yuan_m2() * store.floor_m2 if ends else store.rent_yuan()

    def earns_outside(self, store: Store) -> float:
        """What he could earn elsewhere in a month, in yuan: it grows with wages."""
        wage = store.model.written("stores.wage_yuan_month", store.model.spec.stores.wage_yuan_month)
        return self.outside_yuan * (store.model.wage_yuan() / wage if wage > 0 else 1.0)

    def age(self, store: Store) -> float | None:
        """His age in years today."""
        if self.opening_age is None:
            return None
        return self.opening_age + (store.model.date - store.opened).days / 365.25

    def retires(self, store: Store) -> float:
        """Chance to retire this year: logistic in his age."""
        age, rules = self.age(store), self.rules.private
        if age is None:
            return 0.0
        return rules.retirement_yearly / (
            1 + math.exp((rules.retirement_age - age) / rules.retirement_spread)
        )

    def goes_away(self, store: Store) -> float:
        """Chance to leave for private reasons this month, retirement included; none for a chain."""
        if self.is_chain:
            return 0.0
        return 1 - ((1 - self.rules.private.yearly) * (1 - self.retires(store))) ** (1 / MONTHS)

    def remember(self, mode: str, holding: Holding, cost: float, today: date) -> None:
        """He gives a way of integrating up, which costs so many yuan a month, and keeps in mind what it brought."""
        won = holding.contribution_fen
        if won:
            self.tried[mode] = Tried(today, len(won), sum(won) / len(won) / 100 + cost)

    def expects(self, mode: str, hoped: float, today: date) -> float:
        """What he expects a way of integrating to bring in a month, in yuan before its cost, if people without experience
        hope for so much: the mean of both, his own months beside a trial of three that hope is worth, and counting half
        after `choice.mode_memory_months`."""
        own = self.tried.get(mode)
        if own is None:
            return hoped
        past = (today - own.on).days / 365.25 * MONTHS
        weight = own.months / (own.months + 3) * 0.5 ** (past / self.rules.choice.mode_memory_months)
        return (1 - weight) * hoped + weight * own.gain


def meet(store: Store, rules: Owners, generation: int = 0) -> Owner:
    """The owner of a store, drawn for its name; shops of one chain share what they remember of ways of integrating."""
    owner = Owner(store, rules, generation)
    if store.chain:
        sisters = (s.run_by for s in store.model.chains.get(store.chain, ()) if s is not store)
        owner.tried = next((s.tried for s in sisters if s is not None), owner.tried)
    return owner


def purse(store: Store) -> tuple[float, float]:
    """(Cash, credit) in yuan that a store can count on: a chain answers for all its shops."""
    shops = [s for s in store.model.chains[store.chain] if s.is_trading] if store.chain else [store]
    return sum(s.cash_yuan for s in shops), sum(s.credit_yuan for s in shops)


def _traits(store: Store, name: str) -> list[float]:
    """Standard normal draws, one for each trait, for a name."""
    who = np.full(1, name_bits(name))
    seed = store.model.seed_number
    return [float(ndtri(uniforms(seed, "owner's traits", 0, who, k)[0])) for k in range(5)]


def _lognormal(mean: float, spread: float, z: float) -> float:
    return mean * math.exp(spread * z - spread**2 / 2)
