"""Leases that run for years: renewals, what landlords do for tenants before they lose them, and what they learn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from ..agents import lease
from ..agents.lease import Lease, leases_of
from ..market.ledger import LINE
from ..policies.prospects import Market
from ..units import FEN_PER_YUAN, month_of
from .base import System
from .search import newcomers_hope

if TYPE_CHECKING:
    from ..agents.circle import Circle
    from ..agents.store import Store
    from ..model import O2OModel
    from ..scenario.blocks.leases import Leases
    from ..scenario.schema import Spec

KEPT_IN_MIND = 1 - 1 / 60
"""What is left of a landlord's experience after a month: he judges by the last five years."""
FIRST_MONTHS = 24
"""What landlords remember on the first day weighs as much as so many months of their own units."""
BOOKS_MONTHS = 6
"""Months of turnover by which a landlord judges what a tenant can carry."""


@dataclass
class Experience:
    """What a landlord has seen of his units: months with and without a tenant, and how often one left or came; all
    fade."""

    tenants: set[int]
    let_months: float
    empty_months: float
    left: float
    came: float
    usual_months: float

    @classmethod
    def at_first(cls, circle: Circle, target: float, empty_months: float) -> Experience:
        """As if he had seen two years at a vacancy, and units standing empty for so many months."""
        let, empty = (FIRST_MONTHS * circle.units * share for share in (1 - target, target))
        moves = empty / empty_months
        return cls({s.number for s in circle.tenants}, let, empty, moves, moves, empty_months)

    def see(self, circle: Circle) -> None:
        """One month more."""
        now = {s.number for s in circle.tenants}
        left, came = len(self.tenants - now), len(now - self.tenants)
        for name, more in (
            ("let_months", len(now)),
            ("empty_months", circle.vacant),
            ("left", left),
            ("came", came),
        ):
            setattr(self, name, KEPT_IN_MIND * getattr(self, name) + more)
        self.tenants = now

    @property
    def waits_months(self) -> float:
        """How long a unit stands empty; what he began with if he has not let one."""
        return self.empty_months / self.came if self.came else self.usual_months

    @property
    def natural_vacancy(self) -> float | None:
        """Vacancy at which as many leave as come: s / (s + f) with the rates at which tenants leave and empty units are
        let. None if neither has been seen."""
        leaving = self.left / self.let_months if self.let_months else 0.0
        finding = self.came / self.empty_months if self.empty_months else 0.0
        return leaving / (leaving + finding) if leaving + finding else None


class Tenancies(System):
    """What becomes of leases at a month's end, and what landlords know.

    A lease that is over is followed by another one at the rent that was offered a month before, unless the tenant has
    left. The offer is what the landlord asks at that time; one who sees turnover offers less to a tenant who could not
    carry it, down to the rent at which a new tenant would be worth as much to him over the term: asked * (1 - months
    empty / term). Within a term he lowers the rent of a tenant who cannot carry it, for a time, if that costs him
    less than an empty unit would: months empty * rent asked."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.seen: dict[str, Experience] = {}
        self.last_cut: dict[int, int] = {}
        self._look()

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return spec.landlords.leases is not None or any(c.leases is not None for c in spec.circles.values())

    # -- at a month's end ----------------------------------------------------------------------------------------
    def month_end(self) -> None:
        today = month_of(self.model.date)
        room = self._room()
        for store in self.model.stores:
            if store.lease is None or not store.is_here:
                continue
            if today >= store.lease.ends:
                self._renew(store, store.lease)
            rules = leases_of(self.model.spec, store.circle.name)
            if rules is None:
                continue
            if store.lease.months_left(today + 1) == 0:
                store.lease.offer_yuan_m2 = self._offer(store, rules, room)
            else:
                self._relieve(store, store.lease, rules, room)
        self._look()

    def _renew(self, store: Store, old: Lease) -> None:
        rent, before = store.next_rent_yuan_m2(), old.rent_yuan_m2(old.ends)
        lease.renew(store, rent)
        assert store.lease is not None
        self.model.log(
            store.circle.name,
            "landlord",
            "renew lease",
            store.name,
            **{
                "rent before (yuan/m2/month)": round(before, 4),
                "rent (yuan/m2/month)": round(rent, 4),
                "months": store.lease.ends - old.ends,
            },
        )

    def _offer(self, store: Store, rules: Leases, room: dict[str, float]) -> float:
        """The rent per m2 at which another term is offered."""
        asked = store.asked_yuan_m2() * self.model.spec.levers.rent_x
        if rules.concession is None or asked == 0:
            return asked
        waits = self._waits_months(store.circle, rules)
        least = max(1 - waits / rules.term_months, 1 - rules.concession.cut_most)
        offer = asked * min(max(self._carries(store, room) / (asked * store.floor_m2), least), 1.0)
        if offer < asked:
            self._log_cut(store, asked, offer, round(rules.term_months), waits, "offer a lower rent")
        return offer

    def _relieve(self, store: Store, held: Lease, leases: Leases, room: dict[str, float]) -> None:
        """Lower the rent of a tenant who cannot carry it, if losing him would cost more and the landlord does so at all."""
        rules = leases.concession
        if rules is None:
            return
        today, circle = month_of(self.model.date), store.circle
        rent = store.rent_yuan()
        months = min(rules.months, held.months_left(today))
        if (
            rent <= 0
            or months == 0
            or today <= held.cut_until
            or len(store.months) < BOOKS_MONTHS
            or today - self.last_cut.get(store.number, today - rules.wait_months) < rules.wait_months
        ):
            return
        cut = min(1 - self._carries(store, room) / rent, rules.cut_most)
        asked = store.asked_yuan_m2() * self.model.spec.levers.rent_x
        waits = self._waits_months(circle, leases)
        if cut <= 0 or cut * rent * months >= waits * asked * store.floor_m2:
            return
        held.cut, held.cut_until = cut, today + months
        self.last_cut[store.number] = today
        before = held.full_rent_yuan_m2(today)
        self._log_cut(store, before, before * (1 - cut), months, waits, "lower the rent")

    def _waits_months(self, circle: Circle, rules: Leases) -> float:
        """How long a landlord thinks that a unit of his stands empty; one who has opened this month has seen nothing."""
        seen = self.seen.get(circle.name)
        return rules.empty_months if seen is None else seen.waits_months

    def _log_cut(
        self, store: Store, before: float, after: float, months: int, waits: float, what: str
    ) -> None:
        asked = store.asked_yuan_m2() * self.model.spec.levers.rent_x
        self.model.log(
            store.circle.name,
            "landlord",
            what,
            f"without {store.name} the unit would cost more",
            **{
                "rent before (yuan/m2/month)": round(before, 4),
                "rent (yuan/m2/month)": round(after, 4),
                "months": months,
                "costs (yuan)": round((before - after) * store.floor_m2 * months, 2),
                "months that a unit stands empty": round(waits, 2),
                "an empty unit costs (yuan)": round(waits * asked * store.floor_m2, 2),
            },
        )

    def _room(self) -> dict[str, float]:
        """What shops of a format have left for rent of a yuan of sales: the median of (profit + rent) / sales over the
        last months, as landlords have learnt it from all of them."""
        if not any(r is not None and r.concession is not None for r in self._rules()):
            return {}
        found: dict[str, list[float]] = {}
        for s in self.model.stores:
            months = s.months[-BOOKS_MONTHS:]
            revenue = sum([m.revenue for m in months])
            if s.is_here and revenue > 0:
                before_rent = sum([m.profit - int(m.lines[LINE["rent"]]) for m in months])
                found.setdefault(s.format_name, []).append(before_rent / revenue)
        return {name: median(shares) for name, shares in found.items()}

    def _rules(self) -> list[Leases | None]:
        spec = self.model.spec
        return [spec.landlords.leases, *(c.leases for c in spec.circles.values())]

    @staticmethod
    def _carries(store: Store, room: dict[str, float]) -> float:
        """The rent of a month, in yuan, that a store's turnover can carry."""
        months = store.months[-BOOKS_MONTHS:]
        if not months:
            return math.inf
        sales = sum([m.revenue for m in months]) / len(months) / FEN_PER_YUAN
        return max(room.get(store.format_name, math.inf), 0.0) * sales if sales else 0.0

    # -- what landlords know -------------------------------------------------------------------------------------
    def _look(self) -> None:
        """Landlords count their units, and learn what newcomers could pay."""
        spec, market = self.model.spec, Market(self.model)
        wanted = spec.entry.margin_wanted - newcomers_hope(self.model)
        for name, circle in self.model.circles.items():
            rules = leases_of(spec, name)
            if rules is None or not circle.is_open or circle.units == 0:
                continue
            if name not in self.seen:
                target = spec.landlords.vacancy_target
                self.seen[name] = Experience.at_first(circle, target, rules.empty_months)
            else:
                self.seen[name].see(circle)
            natural = self.seen[name].natural_vacancy
            circle.natural_vacancy = max(natural or 0.0, spec.landlords.vacancy_target)
            circle.bid_yuan_m2 = market.bid(circle, wanted)

    def figures(self) -> dict[str, float]:
        """By circle and in all: `landlord_income_yuan`, rents received in the month; `vacancy_cost_yuan`, what the empty
        units would have brought at the mean rent of the let ones there. By circle: `rent_paid_yuan_m2_month`, the mean
        rent of running leases (NaN without one), `natural_vacancy`, and `circle_floor_m2`, floor space in use."""
        m, found = self.model, {"landlord_income_yuan": 0.0, "vacancy_cost_yuan": 0.0}
        for name in self.seen:
            circle = m.circles[name]
            income = int(m.ledger.books[LINE["rent"], circle.account]) / FEN_PER_YUAN
            rents = sum(s.rent_yuan() for s in circle.tenants)
            floor = sum(s.floor_m2 for s in circle.tenants)
            empty = circle.vacant * rents / len(circle.tenants) if circle.tenants else 0.0
            found["landlord_income_yuan"] += income
            found["vacancy_cost_yuan"] += empty
            found |= {
                f"landlord_income_yuan/{name}": income,
                f"vacancy_cost_yuan/{name}": empty,
                f"rent_paid_yuan_m2_month/{name}": rents / floor if floor else math.nan,
                f"natural_vacancy/{name}": circle.natural_vacancy or 0.0,
                f"circle_floor_m2/{name}": floor,
            }
        return found
