"""Shops with so many places: who comes when all are taken leaves, or waits for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..market.compiled import kernel
from ..streams import extend, log, stream, uniform, uniforms
from .base import System

if TYPE_CHECKING:
    from ..agents.store import Store
    from ..model import O2OModel
    from ..scenario.schema import Spec

U64 = np.uint64
MOST_FOR_ONE = 1000
"""A consumer who stands for more people than this comes as this many, and places shrink in proportion (a
smaller shop is full a little more often)."""
SAFE = 6.0
"""A shop with this many standard deviations (of the number of visitors inside at a time) more places than
visitors is never full (chance below 1e-8), so that its day need not be played."""


@kernel
def seat_all(
    who, start, party, places, hours_min, stay_min, waits, come_key, stay_key, seated, waited, found_full
):
    """Play a day in every shop, visitor by visitor, in order of their arrival.

    who: uint64[visitors], their ids, grouped by shop: shop k has start[k] to start[k + 1]. Visitor v stands
    for party[v] people who come at times of their own within `hours_min[k]` minutes and stay for
    `stay_min[k]` on average (exponential); `places[k]` of them fit in at a time. If `waits`, they wait for a
    place in order of arrival, else they leave.

    Filled in: seated (bool[visitors]: whether the first of her people got a place), waited (float64[shops],
    the sum of all people's minutes of waiting), found_full (int64[shops], how many people found no free
    place).
    """
    for k in range(len(places)):
        room, people = places[k], np.int64(0)
        for i in range(start[k], start[k + 1]):
            people += party[i]
        came, stays = np.zeros(people), np.zeros(people)
        visitor = np.full(people, -1, np.int64)  # of whom one is the first
        v = 0
        for i in range(start[k], start[k + 1]):
            visitor[v] = i
            for one in range(party[i]):
                came[v] = hours_min[k] * uniform(extend(come_key, U64(one)), who[i])
                stays[v] = -log(uniform(extend(stay_key, U64(one)), who[i])) * stay_min[k]
                v += 1
        ends = np.zeros(max(room, 1))  # a heap: when those inside will leave, the soonest first
        inside = 0
        for v in _in_order(came, hours_min[k]):
            now = came[v]
            while inside > 0 and ends[0] <= now:
                inside -= 1
                _sift_down(ends, inside, ends[inside])
            if inside < room:
                _sift_up(ends, inside, now + stays[v])
                inside += 1
                continue
            found_full[k] += 1
            if waits and room > 0:
                waited[k] += ends[0] - now
                _sift_down(ends, inside, ends[0] + stays[v])
            elif visitor[v] >= 0:
                seated[visitor[v]] = False


@kernel
def _in_order(came, span):
    """Who comes when: int64[people], a permutation that sorts times spread evenly over [0, span). Each goes
    to one of as many slots as there are people; then neighbours are put right. (Sorting would take most of
    the time here.)"""
    n = len(came)
    after = np.zeros(n + 1, np.int64)
    for v in range(n):
        after[int(came[v] / span * n) + 1] += 1
    for s in range(n):
        after[s + 1] += after[s]
    order = np.zeros(n, np.int64)
    for v in range(n):
        slot = int(came[v] / span * n)
        order[after[slot]] = v
        after[slot] += 1
    for k in range(1, n):
        v, at = order[k], k
        while at > 0 and came[order[at - 1]] > came[v]:
            order[at] = order[at - 1]
            at -= 1
        order[at] = v
    return order


@kernel
def _sift_up(heap, at, value):
    """Add a value behind the first `at` of a heap."""
    while at > 0 and heap[(at - 1) // 2] > value:
        heap[at] = heap[(at - 1) // 2]
        at = (at - 1) // 2
    heap[at] = value


@kernel
def _sift_down(heap, size, value):
    """Put a value in the place of the smallest of the first `size` of a heap."""
    at = 0
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= value:
            break
        heap[at] = heap[child]
        at = child
    heap[at] = value


class FullShops(System):
    """Shops of formats with `places`: a loss system (Erlang 1917), or a queue where nobody leaves.

    In place of a number of customers a day they have a number of places, and the day is played visitor by
    visitor. Where one consumer stands for many people, each of these comes at a time of her own, and the
    consumer fares as the first of them: the share who find no place does not depend on how many stand behind
    one.

    What people expect of the shop is the wait of the last days, or, where one leaves, the chance to be turned
    away times what that is worth in minutes.
    """

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.expected = np.zeros(0)
        self.tallies: dict[str, np.ndarray] = {}

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return any(f.places is not None for f in spec.stores.formats.values())

    def morning(self) -> None:
        if self.model.date.day == 1 or self.model.day == 0:
            self.tallies = {}

    def places(self, store: Store) -> float:
        """How many visitors (people) have room in a shop."""
        rules = store.format.places
        return store.floor_m2 / rules.m2_per_place if rules is not None and store.is_here else 0.0

    def serve(self, inside: np.ndarray) -> None:
        m = self.model
        shops = [s for s in m.stores if s.format.places is not None and s.is_here]
        if not shops:
            return
        mine = np.zeros(len(m.stores) + 1, np.bool_)
        number = np.array([s.number for s in shops], np.int64)
        mine[number + 1] = True
        m.purchases.served[mine[inside]] = True  # places decide here, not what the staff can do in a day
        self._grow(len(m.stores))

        each = min(m.expansion_factor, MOST_FOR_ONE)
        scale = each / m.expansion_factor
        room = np.array([self.places(s) for s in shops]) * scale
        # A part of a place is there on so many days.
        chance = uniforms(m.seed_number, "places", m.day, np.array([s.bits for s in shops], np.uint64))
        places = np.maximum(np.floor(room + chance), 1).astype(np.int64)
        rules = [s.format.places for s in shops]
        hours_min = np.array([60 * r.open_hours for r in rules if r is not None])
        stay_min = np.array([r.visit_min for r in rules if r is not None])

        visits = np.bincount(inside, minlength=len(m.stores) + 1)[number + 1] * each
        load = visits * np.minimum(stay_min / hours_min, 1.0)
        tight = np.flatnonzero((visits > places) & (places < load + SAFE * np.sqrt(load) + SAFE))
        waits = not m.spec.stores.unserved_leave
        full, waited = np.zeros(len(shops), np.int64), np.zeros(len(shops))
        if len(tight):
            order = np.full(len(m.stores) + 1, len(tight), np.int64)
            order[number[tight] + 1] = np.arange(len(tight))
            visitors = np.flatnonzero(order[inside] < len(tight))
            visitors = visitors[np.argsort(order[inside[visitors]], kind="stable")]
            start = np.searchsorted(order[inside[visitors]], np.arange(len(tight) + 1))
            # One may come to a shop twice a day, for two needs.
            who = (
                m.consumers.id[m.purchases.consumer[visitors]].astype(np.uint64) * U64(64)
                + m.purchases.category[visitors]
            )
            # Who stands for 2.5 people comes as two, or as three.
            party = np.floor(each + uniforms(m.seed_number, "party", m.day, who)).astype(np.int64)
            seated, found, minutes = np.ones(len(visitors), np.bool_), full[tight], waited[tight]
            seat_all(
                who, start, party, places[tight], hours_min[tight], stay_min[tight], waits,
                stream(m.seed_number, "arrival", m.day), stream(m.seed_number, "stay", m.day),
                seated, minutes, found,
            )  # fmt: skip
            m.purchases.served[visitors] = seated
            full[tight], waited[tight] = found, minutes
        self._expect(shops, number, visits, full, waited, waits)

    def _grow(self, stores: int) -> None:
        self.expected = np.concatenate([self.expected, np.zeros(stores - len(self.expected))])

    def _expect(
        self, shops: list[Store], number: np.ndarray, visits: np.ndarray, full: np.ndarray,
        waited: np.ndarray, waits: bool,
    ) -> None:  # fmt: skip
        """What people will expect, in minutes, in place of what a queue at a till would be; and the month's
        tallies."""
        m = self.model
        nuisance = np.array([s.format.places.turned_away_min for s in shops if s.format.places is not None])
        came = np.maximum(visits, 1)
        today = waited / came if waits else nuisance * full / came
        today = np.rint(today * 1024) / 1024
        a = m.spec.stores.queue_smoothing
        self.expected[number] = (1 - a) * self.expected[number] + a * today
        m.board.queue[number] = self.expected[number]
        for k, s in enumerate(shops):
            tally = self.tallies.setdefault(s.format_name, np.zeros(3))
            tally += (visits[k], full[k], waited[k])

    def figures(self) -> dict[str, float]:
        """By format with places, of the month: share of visitors who found every place taken, mean wait in
        minutes."""
        found: dict[str, float] = {}
        for name, f in self.model.spec.stores.formats.items():
            if f.places is not None:
                visits, full, waited = self.tallies.get(name, np.zeros(3))
                found[f"found_full/{name}"] = float(full / max(visits, 1))
                found[f"place_wait_min/{name}"] = float(waited / max(visits, 1))
        return found
