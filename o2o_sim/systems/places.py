"""Shops with so many places: who comes when all are taken leaves, or waits for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from ..market.compiled import kernel
from ..streams import extend, log, stream, uniform, uniforms
from .base import System

if TYPE_CHECKING:
    from ..agents.store import Store
    from ..model import O2OModel
    from ..scenario.schema import Spec

U64 = np.uint64
SAFE = 6.0
"""A shop with this many standard deviations (of the number of visitors inside at a time) more places than
visitors is never full (chance below 1e-8), so that its day need not be played."""


@kernel
def seat_all(
    who,
    start,
    others,
    shop,
    places,
    hours_min,
    stay_min,
    waits,
    come_key,
    stay_key,
    seated,
    waited,
    found_full,
):
    """Play a day in every shop, person by person, in order of their arrival.

    who: uint64[visitors], their ids, grouped by shop: shop k has start[k] to start[k + 1]. They and others[k]
    (int64[shops]) more people come at times of their own within `hours_min[k]` minutes and stay for
    `stay_min[k]` on average (exponential); `places[k]` of them fit in at a time. If `waits`, they wait for a
    place in order of arrival, else they leave. `shop` (uint64[shops]) are the bits of the shops, by which the
    others are drawn.

    Filled in: seated (bool[visitors]: whether she got a place), waited (float64[shops], the sum of all people's
    minutes of waiting), found_full (int64[shops], how many people found no free place).
    """
    for k in range(len(places)):
        room, mine = places[k], start[k + 1] - start[k]
        people = mine + others[k]
        came, stays = np.zeros(people), np.zeros(people)
        come_others, stay_others = (
            extend(extend(come_key, U64(1)), shop[k]),
            extend(extend(stay_key, U64(1)), shop[k]),
        )
        for v in range(people):
            if v < mine:
                came[v] = uniform(extend(come_key, U64(0)), who[start[k] + v])
                stays[v] = uniform(extend(stay_key, U64(0)), who[start[k] + v])
            else:
                came[v] = uniform(come_others, U64(v - mine))
                stays[v] = uniform(stay_others, U64(v - mine))
            came[v] *= hours_min[k]
            stays[v] = -log(stays[v]) * stay_min[k]
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
            elif v < mine:
                seated[start[k] + v] = False


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

    In place of a number of customers a day they have a number of places, and the day is played person by person: the
    consumers who came, and as many others as come on such a day (market/crowds.py), each at a time of her own. So the share
    who find no place does not depend on how many people stand behind a consumer.

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

        room = np.array([self.places(s) for s in shops])
        bits = np.array([s.bits for s in shops], np.uint64)
        # A part of a place is there on so many days.
        chance = uniforms(m.seed_number, "places", m.day, bits)
        places = np.maximum(np.floor(room + chance), 1).astype(np.int64)
        rules = [s.format.places for s in shops]
        hours_min = np.array([60 * r.open_hours for r in rules if r is not None])
        stay_min = np.array([r.visit_min for r in rules if r is not None])

        others = self._others(m.board.others[number], bits)
        visits = np.bincount(inside, minlength=len(m.stores) + 1)[number + 1] + others
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
            seated, found, minutes = np.ones(len(visitors), np.bool_), full[tight], waited[tight]
            seat_all(
                who, start, others[tight], bits[tight], places[tight], hours_min[tight], stay_min[tight], waits,
                stream(m.seed_number, "arrival", m.day), stream(m.seed_number, "stay", m.day),
                seated, minutes, found,
            )  # fmt: skip
            m.purchases.served[visitors] = seated
            full[tight], waited[tight] = found, minutes
        self._expect(shops, number, visits, full, waited, waits)

    def _others(self, mean: np.ndarray, bits: np.ndarray) -> np.ndarray:
        """How many people come besides the consumers, int64[shops]: Poisson, by its normal approximation."""
        if not mean.any():
            return np.zeros(len(mean), np.int64)
        u, part = (
            uniforms(self.model.seed_number, "others in a shop", self.model.day, bits, k) for k in (0, 1)
        )
        return np.floor(np.maximum(mean + np.sqrt(mean) * ndtri(u), 0) + part).astype(np.int64)

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
