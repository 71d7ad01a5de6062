"""Whose need is due today, and what people make of what they bought: compiled, in blocks of consumers.

A block belongs to one thread, and nothing but integers is added up across blocks: the result is the same
for any number of threads.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np
from numba import prange

from ..streams import extend, uniform
from .compiled import kernel
from .consumers import FIRST_MEMBERSHIP, ONLINE, PAYS_BY_PHONE

U64 = np.uint64
_ONLINE, _PAYS = ONLINE, PAYS_BY_PHONE
_FIRST = FIRST_MEMBERSHIP
LAST_DAY = 32000
PARTS = 8

Habits = namedtuple(
    "Habits", "every_days elasticity plan_ahead habit_rate habit_fade loyalty_rate loyalty_fade follow_rate"
)
"""What learning depends on; the first three are float64[categories]."""


@kernel(parallel=True)
def count_due(people, day, free_day, next_free, plan_ahead, key, starts, block):
    """Put off what is put off, send everybody home, and count the needs due per block into starts[1:]."""
    n, categories = people.due.shape
    for b in prange(len(starts) - 1):
        due = 0
        for i in range(b * block, min(n, (b + 1) * block)):
            people.at[i] = people.home[i]
            for c in range(categories):
                if people.due[i, c] <= day:
                    if (
                        not free_day
                        and plan_ahead[c] > 0.0
                        and uniform(extend(key, U64(c)), U64(people.id[i])) < plan_ahead[c]
                    ):
                        people.due[i, c] = next_free
                    else:
                        due += 1
        starts[b + 1] = due


@kernel(parallel=True)
def list_due(people, day, starts, block, consumer, category):
    """Fill the list of needs that `count_due` counted."""
    n, categories = people.due.shape
    for b in prange(len(starts) - 1):
        at = starts[b]
        for i in range(b * block, min(n, (b + 1) * block)):
            for c in range(categories):
                if people.due[i, c] <= day:
                    consumer[at] = i
                    category[at] = c
                    at += 1


@kernel
def _learn_one(people, habits, i, c, store, platform, social, served, day, key):
    """One purchase (or going without, store = platform = 0) and what it leaves behind."""
    if not served:
        people.due[i, c] = day + 1
        return
    who = U64(people.id[i])
    income = min(max(np.float64(people.income[i]), 0.05), 20.0)
    mean = habits.every_days[c] / income ** habits.elasticity[c]
    days = mean * (0.5 + uniform(extend(key, U64(2 * c)), who)) + uniform(extend(key, U64(2 * c + 1)), who)
    people.due[i, c] = min(day + max(1, int(days)), LAST_DAY)
    if store == 0 and platform == 0:
        return
    for p in range(1, people.familiarity.shape[1]):
        f = people.familiarity[i, p]
        if p == platform:
            people.familiarity[i, p] = f + np.float32(habits.habit_rate) * (np.float32(1) - f)
        elif f > 0:
            people.familiarity[i, p] = f * np.float32(1.0 - habits.habit_fade)
    if people.favourite[i, c] == store - 1 and store > 0:
        v = people.loyalty[i, c]
        people.loyalty[i, c] = v + np.float32(habits.loyalty_rate) * (np.float32(1) - v)
    else:
        v = people.loyalty[i, c] * np.float32(1.0 - habits.loyalty_fade)
        if v < np.float32(habits.loyalty_rate) and store > 0:
            people.favourite[i, c] = store - 1
            v = np.float32(habits.loyalty_rate)
        people.loyalty[i, c] = v
    if store > 0 and social[store] and people.follows[i] != store - 1:
        if uniform(extend(key, U64(1000 + c)), who) < habits.follow_rate:
            people.follows[i] = store - 1


@kernel
def _learn_block(
    people,
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
    people, habits, consumer, category, pick, served, starts, offer_store, offer_platform, social, day, key
):
    """Habit, loyalty, following and the next need of everybody who shopped today.

    `offer_store` and `offer_platform` are numbers + 1 per offer (0: none); `social` says for each store
    number + 1 whether it has an account to follow.
    """
    for b in prange(len(starts) - 1):
        _learn_block(
            people,
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


@kernel(parallel=True)
def tally(consumer, pick, visited, served, at_place, cohort, cohorts, rows):
    """Count purchases by (cohort, offer), turned away by offer, and visits by offer.

    Returns int64 arrays [cohorts, rows], [rows], [rows]. Visits count all who came to a place: who bought,
    who only looked, and who was turned away.
    """
    n = len(pick)
    bought = np.zeros((PARTS, cohorts, rows), np.int64)
    turned = np.zeros((PARTS, rows), np.int64)
    came = np.zeros((PARTS, rows), np.int64)
    for part in prange(PARTS):
        for k in range(part * n // PARTS, (part + 1) * n // PARTS):
            o = pick[k]
            if served[k]:
                bought[part, cohort[consumer[k]], o] += 1
            else:
                turned[part, o] += 1
            if visited[k] > 0:
                came[part, visited[k]] += 1
            elif at_place[o]:
                came[part, o] += 1
    return bought.sum(axis=0), turned.sum(axis=0), came.sum(axis=0)


@kernel(parallel=True)
def adopt(people, smartphone_p, smartphone_q, pay_p, pay_q, member_p, member_q, users, keys):
    """One month of adoption: hazard (p + q * share of users) times literacy, for each technology.

    `users` (float64[2 + platforms]) are the shares who have it; keys uint64[2 + platforms]. A platform and a
    way of paying need a smartphone.
    """
    for i in prange(len(people.id)):
        who, skill = U64(people.id[i]), np.float64(people.literacy[i])
        access = people.access[i]
        if not access & _ONLINE:
            if uniform(keys[0], who) < (smartphone_p + smartphone_q * users[0]) * skill:
                people.access[i] = access | _ONLINE
            continue
        if not access & _PAYS and uniform(keys[1], who) < (pay_p + pay_q * users[1]) * skill:
            access |= _PAYS
        for p in range(len(member_p)):
            bit = np.uint32(1) << np.uint32(_FIRST + p)
            if (
                not access & bit
                and uniform(keys[2 + p], who) < (member_p[p] + member_q[p] * users[2 + p]) * skill
            ):
                access |= bit
        people.access[i] = access


@kernel(parallel=True)
def count_users(people, platforms):
    """How many have a smartphone, pay by phone, are members of each platform: int64[2 + platforms]."""
    n = len(people.id)
    found = np.zeros((PARTS, 2 + platforms), np.int64)
    for part in prange(PARTS):
        for i in range(part * n // PARTS, (part + 1) * n // PARTS):
            access = people.access[i]
            for k in range(2 + platforms):
                if access & (np.uint32(1) << np.uint32(k)):
                    found[part, k] += 1
    return found.sum(axis=0)
