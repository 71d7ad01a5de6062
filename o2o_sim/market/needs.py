"""Whose need is due today, and what people make of what they bought: compiled, in blocks of consumers.

A block belongs to one thread, and nothing but integers is added up across blocks: the result is the same
for any number of threads.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from ..streams import exp, extend, log, uniform
from .compiled import kernel
from .consumers import FIRST_MEMBERSHIP, ONLINE, PAYS_BY_PHONE
from .threads import in_threads, take

U64 = np.uint64
_ONLINE, _PAYS = ONLINE, PAYS_BY_PHONE
_FIRST = FIRST_MEMBERSHIP
LAST_DAY = 32000
PARTS = 4
LEAST_PRICE, MOST_PRICE = 0.05, 20.0
"""What is paid is taken to lie between these multiples of the usual ticket."""

Habits = namedtuple(
    "Habits",
    "every_days elasticity plan_ahead frequency habit_rate habit_fade loyalty_rate loyalty_fade follow_rate price_rate",
)
"""What learning depends on; the first four are float64[categories]."""


# Every loop below takes blocks (threads.py) until there is none left.
def find_due(people, due, day, free_day, next_free, plan_ahead, key):
    """(consumer, category) of every need that is due, uint32 and uint8 in the order of the records and categories, after
    what is put off was put off until the `next_free` day: on days that are not free (`free_day`), with the chances
    `plan_ahead` (float64[categories])."""
    each = due.reshape(-1)  # a view: what is put off is written through it
    found = np.flatnonzero(each <= day).astype(np.uint32)
    consumer = found // np.uint32(due.shape[1])
    category = found - consumer * np.uint32(due.shape[1])
    if not free_day and plan_ahead.any():
        chance = plan_ahead[category]
        asked = np.flatnonzero(chance)
        with np.errstate(over="ignore"):
            draw = uniform(
                extend(key, category[asked].astype(U64)), people["id"][consumer[asked]].astype(U64)
            )
        off = asked[draw < chance[asked]]
        each[found[off]] = next_free
        consumer, category = np.delete(consumer, off), np.delete(category, off)
    return consumer.astype(np.uint32), category.astype(np.uint8)


def blocks_of(consumer, people, block):
    """Where each block of consumers begins among their needs: int64[blocks + 1]."""
    edges = np.arange((people + block - 1) // block + 1) * block
    return np.searchsorted(consumer, edges.astype(consumer.dtype))  # of one type: nothing is converted


@kernel
def _learn(
    taken, people, familiarity, favourite, loyalty, price_level, due, habits, consumer, category, pick, served, starts,
    offer_store, offer_platform, offer_paid, social, day, key,
):  # fmt: skip
    """Each purchase (or going without, store = platform = 0) and what it leaves behind."""
    heeds_prices, price_rate = price_level.shape[1] > 0, np.float32(habits.price_rate)
    rate, kept = np.float32(habits.loyalty_rate), np.float32(1.0 - habits.loyalty_fade)
    b = take(taken)
    while b < len(starts) - 1:
        for n in range(starts[b], starts[b + 1]):
            i, c = np.int64(consumer[n]), np.int64(category[n])
            if not served[n]:
                due[i, c] = day + 1
                continue
            store, platform = np.int64(offer_store[pick[n]]), np.int64(offer_platform[pick[n]])
            who = U64(people[i].id)
            income = min(max(np.float64(people[i].income), 0.05), 20.0)
            mean = habits.every_days[c] * exp(-habits.elasticity[c] * log(income))
            if heeds_prices:
                level, paid = price_level[i, c], offer_paid[pick[n]]
                if paid > 0.0:
                    level += price_rate * (np.float32(log(min(max(paid, LEAST_PRICE), MOST_PRICE))) - level)
                    price_level[i, c] = level
                mean *= exp(-habits.frequency[c] * np.float64(level))
            half = mean * (0.5 + uniform(extend(key, U64(2 * c)), who))
            days = half + uniform(extend(key, U64(2 * c + 1)), who)
            due[i, c] = min(day + max(1, int(days)), LAST_DAY)
            if store == 0 and platform == 0:
                continue
            for p in range(1, familiarity.shape[1]):
                f = familiarity[i, p]
                if p == platform:
                    familiarity[i, p] = f + np.float32(habits.habit_rate) * (np.float32(1) - f)
                elif f > 0:
                    familiarity[i, p] = f * np.float32(1.0 - habits.habit_fade)
            v = loyalty[i, c]
            if favourite[i, c] == store - 1 and store > 0:
                v += rate * (np.float32(1) - v)
            else:
                v *= kept
                if v < rate and store > 0:
                    favourite[i, c] = store - 1
                    v = rate
            loyalty[i, c] = v
            if (
                store > 0
                and social[store]
                and people[i].follows != store - 1
                and uniform(extend(key, U64(1000 + c)), who) < habits.follow_rate
            ):
                people[i].follows = store - 1
        b = take(taken)


def learn_all(
    people, familiarity, favourite, loyalty, price_level, due, habits, consumer, category, pick, served, starts,
    offer_store, offer_platform, offer_paid, social, day, key,
):  # fmt: skip
    """Habit (`familiarity`), loyalty (`favourite`, `loyalty`), following and the next need (`due`) of all who
    shopped today.

    `offer_store` and `offer_platform` are numbers + 1 per offer (0: none), `offer_paid` (float64) is what it
    costs the customer in usual tickets (0: nothing, as for going without); `social` says for each store number + 1
    whether it has an account to follow.

    Where the scenario has elasticities (`habits.frequency`), a purchase moves the price level in mind, and the mean
    time to the next need is multiplied by (price level) ** -elasticity. Purchase incidence and quantity respond to
    price besides the choice among shops (Gupta 1988, Journal of Marketing Research 25; Bell, Chiang and Padmanabhan
    1999, Marketing Science 18), and people judge a price by what they remember of those they paid (Winer 1986,
    Journal of Consumer Research 13).
    """
    in_threads(
        _learn, len(pick), people, familiarity, favourite, loyalty, price_level, due, habits, consumer, category, pick,
        served, starts, offer_store, offer_platform, offer_paid, social, day, key,
    )  # fmt: skip


@kernel
def _tally(taken, consumer, pick, visited, served, at_place, cohort, bought, turned, came):
    n = len(pick)
    p = take(taken)
    while p < PARTS:
        for k in range(p * n // PARTS, (p + 1) * n // PARTS):
            o = pick[k]
            if served[k]:
                bought[p, cohort[consumer[k]], o] += 1
            else:
                turned[p, o] += 1
            if visited[k] > 0:
                came[p, visited[k]] += 1
            elif at_place[o]:
                came[p, o] += 1
        p = take(taken)


def tally(consumer, pick, visited, served, at_place, cohort, cohorts, rows):
    """Count purchases by (cohort, offer), turned away by offer, and visits by offer.

    Returns int64 arrays [cohorts, rows], [rows], [rows]. Visits count all who came to a place: who bought,
    who only looked, and who was turned away.
    """
    bought = np.zeros((PARTS, cohorts, rows), np.int64)
    turned = np.zeros((PARTS, rows), np.int64)
    came = np.zeros((PARTS, rows), np.int64)
    in_threads(_tally, len(pick), consumer, pick, visited, served, at_place, cohort, bought, turned, came)
    return bought.sum(axis=0), turned.sum(axis=0), came.sum(axis=0)


@kernel
def _adopt(taken, people, hazard, x, keys):
    n, differs = len(people), len(x) > 0
    part = take(taken)
    while part < PARTS:
        for i in range(part * n // PARTS, (part + 1) * n // PARTS):
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
        part = take(taken)


def adopt(people, hazard, x, keys):
    """One month of adoption.

    `hazard` (float64[cohorts, 2 + platforms]) is the chance of somebody of literacy 1 to take up a
    smartphone, paying by phone, and each platform; it is multiplied by her literacy, and by her own factor in `x`
    (float64[2 + platforms, people], or [0, people]: none differs). keys: uint64[2 +
    platforms]. A platform and paying by phone need a smartphone, had at the month's beginning."""
    in_threads(_adopt, len(people), people, hazard, x, keys)


def count_users(access, platforms):
    """How many have a smartphone, pay by phone, are members of each platform: int64[2 + platforms]."""
    return np.array([np.count_nonzero(access & np.uint32(1 << k)) for k in range(2 + platforms)])
