"""Bounds that bind: what has been pressed against one of its limits for months.

A price that may move by fifteen hundredths and stands at its lowest, a rent on the landlord's floor: from there on
the rule says nothing more of what people would do, and whoever reads the run should know. Each place reports, at the
end of each month, what of it is at a bound (`PROBES`, and `System.at_bounds`); nothing is drawn, and no table changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from ..agents.store import LEAST_STAFF, MOST_STAFF
from ..policies.best_response import BestResponse
from ..policies.rent import Vacancy
from ..policies.store import HIGHEST_PRICE_X, LOWEST_PRICE_X, NeverIntegrate, Satisficing
from ..units import FEN_PER_YUAN

if TYPE_CHECKING:
    from ..model import O2OModel

MONTHS = 3
"""Months in a row after which a bound is told of."""
MOST_NAMED = 500
CLOSE = 1e-3
"""A share of people, or a part of the way, that counts as all."""


class Bound(NamedTuple):
    """Something at a bound: `what` it is (`the price`), whose (`who`, of the kind `kind`: store, circle, platform,
    city), and which bound (`at its lowest, 0.85 of the usual`)."""

    what: str
    kind: str
    who: str
    bound: str


class Bounds:
    """How long everything that is at a bound has been so, by month's ends; `since` is the first of them, and `told`
    has what was at one for MONTHS in a row, and when its last such month ended."""

    def __init__(self) -> None:
        self.months: dict[Bound, tuple[date, int]] = {}
        self.told: dict[Bound, tuple[date, date]] = {}

    def month(self, model: O2OModel) -> None:
        """Take what is at a bound as a month ends."""
        now: dict[Bound, tuple[date, int]] = {}
        for found in _reported(model):
            since, months = self.months.get(found, (model.date, 0))
            now[found] = since, months + 1
            if months + 1 >= MONTHS:
                first, _ = self.told.get(found, (since, since))
                self.told[found] = first, model.date
        self.months = now

    def described(self) -> list[dict[str, Any]]:
        """What was at a bound for MONTHS or longer, as a manifest keeps it: those alike in one entry, with their
        names, the first month's end and the last."""
        alike: dict[tuple[str, str, str], list[tuple[str, date, date]]] = {}
        for found, (first, last) in self.told.items():
            alike.setdefault((found.what, found.kind, found.bound), []).append((found.who, first, last))
        return [
            {
                "what": what,
                "kind": kind,
                "bound": bound,
                "months": MONTHS,
                "count": len(who),
                "names": [name for name, _, _ in who[:MOST_NAMED]],
                "since": min(first for _, first, _ in who).isoformat(),
                "until": max(last for _, _, last in who).isoformat(),
            }
            for (what, kind, bound), who in alike.items()
        ]


def _reported(model: O2OModel) -> Iterator[Bound]:
    for probe in PROBES:
        yield from probe(model)
    for system in model.systems:
        for what, kind, who, bound in system.at_bounds():
            yield Bound(what, kind, who, bound)


# -- who reports ----------------------------------------------------------------------------------------------
def _rents(model: O2OModel) -> Iterator[Bound]:
    rules = model.spec.landlords
    for circle in model.circles.values():
        if not (circle.is_open and circle.units and isinstance(circle.policy, Vacancy)):
            continue
        low, high = circle.policy.bounds(circle, rules)
        if low < high and circle.rent <= low:
            yield Bound("the rent", "circle", circle.name, "on its floor (landlords.rent_floor_x)")
        elif low < high and circle.rent >= high:
            yield Bound("the rent", "circle", circle.name, "at its ceiling (landlords.rent_ceiling_x)")


def _stores(model: O2OModel) -> Iterator[Bound]:
    best = model.spec.stores.best_response
    around = {
        **dict.fromkeys((Satisficing, NeverIntegrate), (LOWEST_PRICE_X, HIGHEST_PRICE_X, "of its format's")),
        BestResponse: (best.lowest_x, best.highest_x, "of its format's (stores.best_response)"),
    }
    for store in model.stores:
        if not (store.is_here and store.months):
            continue
        policy = getattr(store.policy, "inner", store.policy)  # that of a shop whose chain decides
        if type(policy) in around:
            low, high, where = around[type(policy)]
            if store.price_x <= low:
                yield Bound("the price", "store", store.name, f"at its lowest, {low:g} {where}")
            elif store.price_x >= high:
                yield Bound("the price", "store", store.name, f"at its highest, {high:g} {where}")
        wanted = store.staff_wanted(store.months[-1].revenue / FEN_PER_YUAN)
        if wanted <= LEAST_STAFF:
            yield Bound("the staff", "store", store.name, f"at its least, {LEAST_STAFF:g} of the usual")
        elif wanted >= MOST_STAFF:
            yield Bound("the staff", "store", store.name, f"at its most, {MOST_STAFF:g} of the usual")


def _platforms(model: O2OModel) -> Iterator[Bound]:
    for p in model.platforms:
        if p.has_left:
            continue
        spec, name = p.spec, p.name
        ceiling = spec.trust_ceiling
        if (
            ceiling is not None
            and spec.trust_growth
            and abs(ceiling - p.trust()) <= 0.01 * abs(ceiling - spec.trust)
        ):
            yield Bound("the trust", "platform", name, f"at its ceiling, {ceiling:g} utils")
        shrinks = p.ships and spec.parcel.days_yearly_x < 1 and spec.parcel.days_least > 0
        if shrinks and p.days() <= spec.parcel.days_least:
            yield Bound(
                "the delivery promise", "platform", name, f"at its least, {spec.parcel.days_least:g} days"
            )
        if p.ships and p.advertising_share() >= 0.9:
            yield Bound("what sellers bid for attention", "platform", name, "at its most, 0.9 of a sale")
        if 0 < model.users[0] <= p.members + CLOSE:
            yield Bound("the membership", "platform", name, "full: all who have a smartphone are members")


def _people(model: O2OModel) -> Iterator[Bound]:
    if model.users[0] >= 1 - CLOSE:
        yield Bound("the share of people with a smartphone", "city", "the city", "full: everybody has one")


PROBES: tuple[Callable[[O2OModel], Iterator[Bound]], ...] = (_rents, _stores, _platforms, _people)
"""What of the agents and the people may be at a bound; systems say it of themselves."""


__all__ = ["MONTHS", "Bound", "Bounds"]
