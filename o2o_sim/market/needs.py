"""Whose need is due today, and what people make of what they bought: compiled, in blocks of consumers.

A block belongs to one thread, and nothing but integers is added up across blocks: the result is the same
for any number of threads.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np
from numba import prange

from ..streams import exp, extend, log, uniform
from .compiled import kernel
from .consumers import FIRST_MEMBERSHIP, ONLINE, PAYS_BY_PHONE

U64 = np.uint64
_ONLINE, _PAYS = ONLINE, PAYS_BY_PHONE
_FIRST = FIRST_MEMBERSHIP
LAST_DAY = 32000
PARTS = 4

Habits = namedtuple(
    "Habits", "every_days elasticity plan_ahead habit_rate habit_fade loyalty_rate loyalty_fade follow_rate"
)
"""What learning depends on; the first three are float64[categories]."""


# Each parallel loop below only calls a plain compiled function per block: arrays taken out of a namedtuple
# inside a parallel loop are reference-counted by every thread, and (Numba 0.68) stores to them can be lost.
@kernel
def _count_block(people, due, day, free_day, next_free, plan_ahead, key, first, last):
    count = 0
    for i in range(first, last):
        people[i].at = people[i].home
        for c in range(due.shape[1]):
            if due[i, c] <= day:
                if (
                    not free_day
                    and plan_ahead[c] > 0.0
                    and uniform(extend(key, U64(c)), U64(people[i].id)) < plan_ahead[c]
                ):
                    due[i, c] = next_free
                else:
                    count += 1
    return count


@kernel(parallel=True)
def count_due(people, due, day, free_day, next_free, plan_ahead, key, starts, block):
    """Put off what is put off, send everybody home, and count the needs due per block into starts[1:]."""
    n = len(people)
    for b in prange(len(starts) - 1):
        starts[b + 1] = _count_block(
            people, due, day, free_day, next_free, plan_ahead, key, b * block, min(n, (b + 1) * block)
        )


@kernel
def _list_block(due, day, first, last, at, consumer, category):
    for i in range(first, last):
        for c in range(due.shape[1]):
            if due[i, c] <= day:
                consumer[at] = i
                category[at] = c
                at += 1


@kernel(parallel=True)
def list_due(due, day, starts, block, consumer, category):
    """Fill the list of needs that `count_due` counted."""
    n = len(due)
    for b in prange(len(starts) - 1):
        _list_block(due, day, b * block, min(n, (b + 1) * block), starts[b], consumer, category)


@kernel
def _learn_one(
    people, familiarity, favourite, loyalty, due, habits, i, c, store, platform, social, served, day, key
):
    """One purchase (or going without, store = platform = 0) and what it leaves behind."""
    if not served:
        due[i, c] = day + 1
        return
    who = U64(people[i].id)
    income = min(max(np.float64(people[i].income), 0.05), 20.0)
    mean = habits.every_days[c] * exp(-habits.elasticity[c] * log(income))
    days = mean * (0.5 + uniform(extend(key, U64(2 * c)), who)) + uniform(extend(key, U64(2 * c + 1)), who)
    due[i, c] = min(day + max(1, int(days)), LAST_DAY)
    if store == 0 and platform == 0:
        return
    for p in range(1, familiarity.shape[1]):
        f = familiarity[i, p]
        if p == platform:
            familiarity[i, p] = f + np.float32(habits.habit_rate) * (np.float32(1) - f)
        elif f > 0:
            familiarity[i, p] = f * np.float32(1.0 - habits.habit_fade)
    if favourite[i, c] == store - 1 and store > 0:
        v = loyalty[i, c]
        loyalty[i, c] = v + np.float32(habits.loyalty_rate) * (np.float32(1) - v)
    else:
        v = loyalty[i, c] * np.float32(1.0 - habits.loyalty_fade)
        if v < np.float32(habits.loyalty_rate) and store > 0:
            favourite[i, c] = store - 1
            v = np.float32(habits.loyalty_rate)
        loyalty[i, c] = v
    if (
        store > 0
        and social[store]
        and people[i].follows != store - 1
        and uniform(extend(key, U64(1000 + c)), who) < habits.follow_rate
    ):
        people[i].follows = store - 1


@kernel
def _learn_block(
    people,
    familiarity,
    favourite,
    loyalty,
    due,
    habits,
    consumer,
    category,
    pick,
    served,
    first,
    last,
    offer_store,
    offer_platform,
    social,
    day,
    key,
):
    for n in range(first, last):
        o = pick[n]
        _learn_one(
            people,
            familiarity,
            favourite,
            loyalty,
            due,
            habits,
            consumer[n],
            category[n],
            np.int64(offer_store[o]),
            np.int64(offer_platform[o]),
            social,
            served[n],
            day,
            key,
        )


@kernel(parallel=True)
def learn_all(
    people,
    familiarity,
    favourite,
    loyalty,
    due,
    habits,
    consumer,
    category,
    pick,
    served,
    starts,
    offer_store,
    offer_platform,
    social,
    day,
    key,
):
    """Habit (`familiarity`), loyalty (`favourite`, `loyalty`), following and the next need (`due`) of all who
    shopped today.

    `offer_store` and `offer_platform` are numbers + 1 per offer (0: none); `social` says for each store
    number + 1 whether it has an account to follow.
    """
    for b in prange(len(starts) - 1):
        _learn_block(
            people,
            familiarity,
            favourite,
            loyalty,
            due,
            habits,
            consumer,
            category,
            pick,
            served,
            starts[b],
            starts[b + 1],
            offer_store,
            offer_platform,
            social,
            day,
            key,
        )


@kernel
def _tally_part(consumer, pick, visited, served, at_place, cohort, first, last, bought, turned, came):
    for k in range(first, last):
        o = pick[k]
        if served[k]:
            bought[cohort[consumer[k]], o] += 1
        else:
            turned[o] += 1
        if visited[k] > 0:
            came[visited[k]] += 1
        elif at_place[o]:
            came[o] += 1


@kernel(parallel=True)
def _tally_parts(consumer, pick, visited, served, at_place, cohort, bought, turned, came):
    n = len(pick)
    for p in prange(PARTS):
        first, last = p * n // PARTS, (p + 1) * n // PARTS
        _tally_part(
            consumer, pick, visited, served, at_place, cohort, first, last, bought[p], turned[p], came[p]
        )


def tally(consumer, pick, visited, served, at_place, cohort, cohorts, rows):
    """Count purchases by (cohort, offer), turned away by offer, and visits by offer.

    Returns int64 arrays [cohorts, rows], [rows], [rows]. Visits count all who came to a place: who bought,
    who only looked, and who was turned away.
    """
    bought = np.zeros((PARTS, cohorts, rows), np.int64)
    turned = np.zeros((PARTS, rows), np.int64)
    came = np.zeros((PARTS, rows), np.int64)
    _tally_parts(consumer, pick, visited, served, at_place, cohort, bought, turned, came)
    return bought.sum(axis=0), turned.sum(axis=0), came.sum(axis=0)


@kernel
def _adopt_part(people, hazard, x, keys, first, last):
    differs = len(x) > 0
    for i in range(first, last):
        who, skill, c = U64(people[i].id), np.float64(people[i].literacy), people[i].cohort
        access = people[i].access
        if not access & _ONLINE:
            if uniform(keys[0], who) < hazard[c, 0] * skill * (x[0, i] if differs else 1.0):
                people[i].access = access | _ONLINE
            continue
        if not access & _PAYS and uniform(keys[1], who) < hazard[c, 1] * skill * (
            x[1, i] if differs else 1.0
        ):
            access |= _PAYS
        for p in range(hazard.shape[1] - 2):
            bit = np.uint32(1) << np.uint32(_FIRST + p)
            if not access & bit and uniform(keys[2 + p], who) < hazard[c, 2 + p] * skill * (
                x[2 + p, i] if differs else 1.0
            ):
                access |= bit
        people[i].access = access


@kernel(parallel=True)
def adopt(people, hazard, x, keys):
    """One month of adoption.

    `hazard` (float64[cohorts, 2 + platforms]) is the chance of somebody of literacy 1 to take up a
    smartphone, paying by phone, and each platform; it is multiplied by her literacy, and by her own factor in `x`
    (float64[2 + platforms, people], or [0, people]: none differs). keys: uint64[2 +
    platforms]. A platform and paying by phone need a smartphone, had at the month's beginning."""
    n = len(people)
    for part in prange(PARTS):
        _adopt_part(people, hazard, x, keys, part * n // PARTS, (part + 1) * n // PARTS)


@kernel
def _count_part(access, found, first, last):
    for i in range(first, last):
        for k in range(len(found)):
            if access[i] & (np.uint32(1) << np.uint32(k)):
                found[k] += 1


@kernel(parallel=True)
def count_users(access, platforms):
    """How many have a smartphone, pay by phone, are members of each platform: int64[2 + platforms]."""
    n = len(access)
    found = np.zeros((PARTS, 2 + platforms), np.int64)
    for part in prange(PARTS):
        _count_part(access, found[part], part * n // PARTS, (part + 1) * n // PARTS)
    return found.sum(axis=0)
