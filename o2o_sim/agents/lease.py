"""Leases: for how long a store has its unit, at what rent, and what leaving before the end costs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from ..market.ledger import OWNERS
from ..streams import uniforms
from ..units import FEN_PER_YUAN, MONTHS_A_YEAR, fen, month_of, rent_begins

if TYPE_CHECKING:
    from ..scenario.blocks.leases import Leases
    from ..scenario.schema import Spec
    from .store import Store

TERM, AGE, BREAK = range(3)
"""What the draws of a lease are for."""


@dataclass
class Lease:
    """What a store has signed for its unit. Months are numbered as by `units.month_of`.

    `begins` and `ends` are the first and the last month for which its rent is paid; after the month `breaks` the
    tenant may leave before (None: it has no break clause). `level_yuan_m2` is the rent per m2 and month of the first
    year, with the format's `rent_x` and the rent lever of the day of signing in it; `lever_x` is that lever. The
    landlord holds `deposit_fen`. A concession takes the share `cut` off the rent up to and including the month
    `cut_until`. `offer_yuan_m2` is the rent at which he has offered another term, None before he has."""

    begins: int
    ends: int
    breaks: int | None
    level_yuan_m2: float
    lever_x: float
    step_yearly: float
    notice_months: int
    owed_most: int
    deposit_fen: int = 0
    cut: float = 0.0
    cut_until: int = -1
    offer_yuan_m2: float | None = None

    def full_rent_yuan_m2(self, month: int) -> float:
        """Rent per m2 of a month, before a concession."""
        years = max(month - self.begins, 0) // MONTHS_A_YEAR
        return float(self.level_yuan_m2 * (1 + self.step_yearly) ** years)

    def rent_yuan_m2(self, month: int) -> float:
        """Rent per m2 of a month."""
        return self.full_rent_yuan_m2(month) * ((1 - self.cut) if month <= self.cut_until else 1.0)

    def months_left(self, month: int) -> int:
        """Months after that one for which it runs."""
        return max(self.ends - month, 0)

    def owed_months(self, month: int) -> int:
        """Months of rent that the tenant owes who leaves at the end of a month: those up to the next break or the end,
        but not more than `owed_most`, because the landlord must look for another tenant, and at least the notice, as
        far as the lease runs."""
        left = self.months_left(month)
        until = self.breaks - month if self.breaks is not None and self.breaks >= month else left
        return min(left, max(self.notice_months, min(until, self.owed_most)))


def leases_of(spec: Spec, circle: str) -> Leases | None:
    """The rules for the leases of a circle or of the streets; None where rents follow at once."""
    own = spec.circles.get(circle)
    return own.leases if own is not None and own.leases is not None else spec.landlords.leases


def first(store: Store) -> Lease | None:
    """The lease of a store that opens, or is there when the city is founded; None where there are none."""
    return sign(store) if store.model.is_founded else sitting(store)


def sign(store: Store) -> Lease | None:
    """A lease of a store's unit from today on, at the rent that its landlord asks; None where there are none. The
    deposit is not paid yet."""
    rules = leases_of(store.model.spec, store.circle.name)
    if rules is None:
        return None
    lever = store.model.spec.levers.rent_x
    begins, term = rent_begins(store.model.date), _term_months(store, rules)
    return _lease(store, rules, begins, term, lever * store.asked_yuan_m2(), lever)


def sitting(store: Store) -> Lease | None:
    """The lease of a store that is there on the first day, at a random point of its term; None where there are none.

    Of the leases that run at a moment, long ones are met more often, in proportion to their length: their log terms
    have the mean log(median) + spread^2, and the part that is over is uniform (length-biased sampling, Cox 1962,
    Renewal Theory, ch. 5). It was signed before anybody moved the rent lever, at a rent that has risen to what the
    landlord asks today."""
    rules = leases_of(store.model.spec, store.circle.name)
    if rules is None:
        return None
    term = _term_months(store, rules, met=True)
    over = int(_draw(store, AGE) * term)
    level = store.asked_yuan_m2() / (1 + rules.step_yearly) ** (over // MONTHS_A_YEAR)
    return _lease(store, rules, rent_begins(store.model.date) - over, term, level, 1.0)


def renew(store: Store, rent_yuan_m2: float) -> None:
    """Another term in the same unit after the end of the lease, at a rent per m2; the deposit stays as it is."""
    rules, old = leases_of(store.model.spec, store.circle.name), store.lease
    assert rules is not None and old is not None
    new = _lease(
        store, rules, old.ends + 1, _term_months(store, rules), rent_yuan_m2, store.model.spec.levers.rent_x
    )
    new.deposit_fen = old.deposit_fen
    store.lease = new


def pay_deposit(store: Store) -> None:
    """Pay the deposit of the lease that a store has signed, if it has. That of a store which is there when the city is
    founded was paid long ago, so that its owners put it in besides the cash that the store has today."""
    model, lease = store.model, store.lease
    rules = leases_of(model.spec, store.circle.name)
    if rules is None or lease is None:
        return
    lease.deposit_fen = fen(rules.deposit_months * lease.level_yuan_m2 * store.area_m2)
    if not model.is_founded:
        model.ledger.book("owners", OWNERS, store.account, np.int64(lease.deposit_fen))
    model.ledger.book("owners", store.account, store.circle.account, np.int64(lease.deposit_fen))


def owed_fen(store: Store, on: date | None = None) -> int:
    """What a store must pay its landlord if it leaves its unit on a day, by default today, as far as its deposit and
    what is in its till go."""
    lease = store.lease
    if lease is None or not store.is_here:
        return 0
    owed = fen(lease.owed_months(month_of(on or store.model.date)) * store.rent_yuan())
    return min(owed, lease.deposit_fen + max(store.model.ledger.cash(store.account), 0))


def end(store: Store) -> None:
    """A store leaves its unit: the landlord gives the deposit back, and gets what is owed."""
    lease, owed = store.lease, owed_fen(store)
    if lease is None:
        return
    model, landlord = store.model, store.circle.account
    model.ledger.book("owners", landlord, store.account, np.int64(lease.deposit_fen))
    model.ledger.book("rent", store.account, landlord, np.int64(owed))
    left = lease.months_left(month_of(model.date))
    model.log(
        store.circle.name,
        "landlord",
        "lease ends",
        f"{store.name} leaves",
        **{
            "months left": left,
            "rent owed and paid (yuan)": owed / FEN_PER_YUAN,
            "deposit (yuan)": lease.deposit_fen / FEN_PER_YUAN,
        },
    )
    store.lease = None


def _lease(store: Store, rules: Leases, begins: int, term: int, level: float, lever: float) -> Lease:
    """A lease for a term of months, with or without a break clause as the store's draw of the day says."""
    may_break = _draw(store, BREAK) < rules.break_share
    # A break at the end would be none.
    after = round(rules.break_at * term) - 1
    breaks = begins + after if may_break and 0 <= after < term - 1 else None
    return Lease(
        begins,
        begins + term - 1,
        breaks,
        level,
        lever,
        rules.step_yearly,
        rules.notice_months,
        rules.owed_months,
    )


def _term_months(store: Store, rules: Leases, met: bool = False) -> int:
    """A term that is signed or, if `met`, one that runs at a moment drawn at random."""
    spread = rules.term_spread
    z = float(ndtri(_draw(store, TERM)))
    return max(round(rules.term_months * math.exp(spread * z + (spread**2 if met else 0.0))), 1)


def _draw(store: Store, what: int) -> float:
    """The store's own draw for a lease that is signed today."""
    m = store.model
    return float(uniforms(m.seed_number, "lease", m.day, np.full(1, store.bits), what)[0])
