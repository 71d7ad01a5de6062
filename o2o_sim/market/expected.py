"""What people are expected to buy, without drawing: the chances behind the choices of `shopping`.

With one Gumbel draw per offer the chance of an offer is its share of exp(value) (McFadden 1974, "Conditional
logit analysis of qualitative choice behavior"), and the mean of the best value plus its draw is the log-sum
plus Euler's constant (Williams 1977, Environment and Planning A 9; Small and Rosen 1981, Econometrica 49).
The values are those of the scenario's own rule over exactly the offers that a person sees, in double
precision. Simulated counts scatter around these expectations, because every (person, need, offer) has a draw
of its own.

An expectation is of demand: whom a full shop turns away is counted as if served.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import culprit, interpreted
from .binding import Rule, Shopping
from .compiled import kernel, part, rebind
from .consumers import ONLINE, People
from .offers import Table
from .records import Trip, World

Floats = NDArray[np.float64]
_ONLINE, _NO_ACCESS = ONLINE, np.uint32(0)
_LARGEST, _UNSEEN, _INFINITE = 80.0, -np.inf, np.inf


class Needs(NamedTuple):
    """Needs to be met: rows of the population (int[n]), category numbers (int[n]), and how many times each
    counts (float64[n])."""

    consumer: NDArray[np.integer]
    category: NDArray[np.integer]
    weight: Floats


@dataclass(frozen=True)
class Expected:
    """Expected demand, by row of the offer table (float64[rows]); people count as simulated consumers.

    `purchases` are choices of an offer, `looked` visits of who then ordered a parcel (showrooming),
    `turnover_yuan` what its seller receives: price less its own discount. Row 0 is who could choose nothing.
    `logsum` (float64[n], utils) is per need the log-sum: the mean of the best value plus its draw, less
    Euler's constant; minus infinity where nothing is seen."""

    table: Table
    purchases: Floats
    looked: Floats
    turnover_yuan: Floats
    logsum: Floats

    def by_store(self, what: Floats, stores: int) -> Floats:
        """float64[stores]: an array by row of the table, summed over each store's offers."""
        own = self.table.store >= 0
        return np.bincount(self.table.store[own], what[own], minlength=stores).astype(np.float64)


def usual_needs(
    people: People,
    every_days: Floats,
    elasticity: Floats,
    homes: Floats | None = None,
    frequency: Floats | None = None,
) -> Needs:
    """The needs of a day like any other: everybody's in every category, weighted by how many there are a day. `elasticity`
    (float64[categories]) is that in income, `frequency` that in the price level which people have in mind.

    With `homes` (float64[cells], shares of the residents; City.residents) the people of each cell count as
    many as really live there, so that who happened to be drawn where makes no difference. Raises ValueError
    if somebody lives where nobody was drawn.
    """
    n, k = len(people.record), len(every_days)
    income = np.clip(people.record["income"].astype(float), 0.05, 20.0)
    weight = income[:, None] ** elasticity / every_days
    if frequency is not None and people.price_level.shape[1]:
        weight *= np.exp(people.price_level * frequency)
    if homes is not None:
        cell = people.record["home"]
        drawn = np.bincount(cell, minlength=len(homes))
        if missing := int(((drawn == 0) & (homes > 0)).sum()):
            raise ValueError(f"{missing} inhabited cells have no consumer; enlarge `population`")
        weight *= (n * homes[cell] / drawn[cell])[:, None]
    return Needs(np.repeat(np.arange(n), k), np.tile(np.arange(k), n), weight.ravel())


def expected_sales(
    shopping: Shopping,
    world: World,
    table: Table,
    sellers: Mapping[int, tuple[np.ndarray, np.ndarray]],
    needs: Needs,
) -> Expected:
    """What the people of `world` are expected to choose for `needs` among the offers of `table`.

    `sellers` gives for rows of marketplaces the weights and rows of the local shops that share their orders
    with outside sellers of weight 1. See O2OModel.expected_sales.
    """
    rows = len(table)
    bought, looked, logsum = np.zeros(rows), np.zeros(rows), np.zeros(len(needs.consumer))
    twin = np.unique(table.columns["key"], return_inverse=True)[1].astype(np.int64)
    given = world if shopping.compiled else interpreted.as_objects(world)
    bind = _bind_once if shopping.compiled else _bind
    loop = bind(shopping.bound, shopping.compiled)
    with culprit.sought(shopping, world, needs.consumer, needs.category):
        loop(
            *given,
            np.ascontiguousarray(needs.consumer, dtype=np.int64),
            np.ascontiguousarray(needs.category, dtype=np.int64),
            np.ascontiguousarray(needs.weight, dtype=np.float64),
            twin,
            bought,
            looked,
            logsum,
        )
    culprit.check(shopping, world, needs.consumer, needs.category, logsum)
    for row, (weights, shops) in sellers.items():
        orders, total = bought[row], 1.0 + weights.sum()
        bought[row] = orders / total
        np.add.at(bought, shops, orders * weights / total)
    received = (table.fen["price"] - table.fen["discount"]) / 100
    return Expected(table, bought, looked, bought * received, logsum)


# -- the loop: plain Python, bound to a rule and compiled as the shopping loop is ---------------------------
def value(me, offer, trip, today):
    raise NotImplementedError


def person(people, extra, i, c):
    raise NotImplementedError


def alternative(offers, o, unseen_x):
    raise NotImplementedError


def chooser_of(people, favourite, i, c):
    raise NotImplementedError


def consider(
    offers,
    listed,
    minutes,
    slots,
    at,
    a,
    b,
    me,
    chooser,
    loyal,
    limit,
    unseen_x,
    walk,
    familiarity,
    today,
    twin,
    place,
    n,
    utility,
    row,
    on_foot,
):
    """Note what consumer `me` sees of entries a..b; returns how many alternatives there are now, and whether the
    rule gave NaN or infinity. What is worth minus infinity to her counts as unseen. `at` is where
    the minutes from her cell to the first of them stand, `slots` apart; with `slots` 0 everything is at no distance.

    Offers of one key are one alternative, worth the better of them, because they share their draw: a shop
    seen from home and from work, or the same thing on two terms. `place` is the alternative of each key, or
    -1."""
    odd = False
    for j in range(a, b):
        o = listed[j]
        away = np.float64(minutes[at + (j - a) * slots]) if slots > 0 else 0.0
        store = offers[o].store
        mine = 1.0 if store == chooser.favourite else 0.0
        followed = 1.0 if store == chooser.follows else 0.0
        if not (away <= limit or away <= offers[o].reach or (followed > 0.5 and away < math.inf)):
            continue
        if (offers[o].needs & ~chooser.access) != _NO_ACCESS:
            continue
        trip = Trip(away if walk else 0.0, familiarity[offers[o].platform], loyal * mine, followed)
        u = value(me, alternative(offers, o, unseen_x), trip, today)
        odd |= not u < _INFINITE
        if not u > _UNSEEN:
            continue
        u = min(max(u, -_LARGEST), _LARGEST)
        k = place[twin[o]]
        if k < 0:
            k = n
            place[twin[o]] = k
            utility[k] = _UNSEEN
            n += 1
        if u > utility[k]:
            utility[k], row[k], on_foot[k] = u, o, walk
    return n, odd


def look_again(n, w, utility, second, here, order, gone):
    """The chances of who has walked to alternative w, as shares of everybody: returns that she buys there;
    `gone[k]` is set to the chance that she orders k by phone instead.

    In units of the time at which w wins the first race, the draws of the others are at least a = exp(u -
    u_w), and on the phone's terms alternative k beats w before time 1 if its draw is below r = exp(second -
    here). With G(s) = 1 + sum of max(a, r s), over all others, she buys k with chance r * integral of 1 / G^2
    from s = a / r to 1, and stays with chance 1 / G(1). G is linear between the bends a / r."""
    level, count = 1.0, 0
    for k in range(n):
        gone[k] = 0.0
        if k == w:
            continue
        level += math.exp(utility[k] - utility[w])
        # the bend of k, by its logarithm: below 0 it is within reach
        if (utility[k] - utility[w]) - (second[k] - here) < 0.0:
            m = count
            while m > 0 and utility[order[m - 1]] - second[order[m - 1]] > utility[k] - second[k]:
                order[m] = order[m - 1]
                m -= 1
            order[m] = k
            count += 1
    slope = 0.0
    for m in range(count):
        k = order[m]
        low = math.exp((utility[k] - utility[w]) - (second[k] - here))
        high = 1.0
        if m + 1 < count:
            f = order[m + 1]
            high = math.exp((utility[f] - utility[w]) - (second[f] - here))
        slope += math.exp(second[k] - here)
        top = level + slope * (high - low)
        part = (high - low) / (level * top)
        for q in range(m + 1):
            gone[order[q]] += math.exp(second[order[q]] - here) * part
        level = top
    return 1.0 / level


def expect_all(
    people, familiarity, favourite, loyalty, extra, offers, start, listed, nearest, first, minutes, tile_of, slot_of,
    slots, reach_x, touch, scales, today, needs_consumer, needs_category, weight, twin, bought, looked, logsum,
):  # fmt: skip
    """Add up the chances of all needs: `bought` and `looked` by offer; `logsum` by need."""
    rows = len(offers)
    utility, row, on_foot = np.zeros(rows), np.zeros(rows, np.int64), np.zeros(rows, np.bool_)
    second, row_again, scrap = np.zeros(rows), np.zeros(rows, np.int64), np.zeros(rows, np.bool_)
    phone, place = np.zeros(rows), np.full(rows, -1, np.int64)
    order, gone, mine = np.zeros(rows, np.int64), np.zeros(rows), np.zeros(familiarity.shape[1])
    for q in range(len(needs_consumer)):
        i, c = needs_consumer[q], needs_category[q]
        for p in range(len(mine)):
            mine[p] = np.float64(familiarity[i, p]) * scales.familiarity
        me = person(people, extra, i, c)
        chooser = chooser_of(people, favourite, i, c)
        loyal, limit = np.float64(loyalty[i, c]) * scales.loyalty, np.float64(people[i].radius) * reach_x[c]
        works = today.workday > 0.5 and scales.work_anchor and people[i].work >= 0
        n, odd = 0, False
        for kind in range(5):
            home, work = people[i].home, people[i].work
            k: Any = np.int64(-1)
            if kind == 0:
                k = np.int64(tile_of[c, home])
            elif kind == 1:
                k = scales.delivered + np.int64(tile_of[c, home])
            elif kind == 2:
                k = scales.everywhere + c
            elif kind == 3:
                k = np.int64(tile_of[c, work]) if works else k
            else:
                k = scales.followers + c * scales.stores + people[i].follows if people[i].follows >= 0 else k
            if k >= 0:
                walk = kind == 0 or kind == 3
                n, worse = consider(
                    offers,
                    listed,
                    minutes,
                    0 if kind == 2 or kind == 4 else slots[c],
                    np.int64(first[k]) + slot_of[c, work if kind == 3 else home]
                    if k < scales.everywhere
                    else 0,
                    np.int64(start[k]),
                    np.int64(start[k + 1]),
                    me,
                    chooser,
                    loyal,
                    limit if walk else -1.0,
                    1.0,
                    walk,
                    mine,
                    today,
                    twin,
                    place,
                    n,
                    utility,
                    row,
                    on_foot,
                )
                odd |= worse
        for k in range(n):
            place[twin[row[k]]] = -1
        if odd:
            logsum[q] = np.nan
            continue
        if n == 0:
            bought[0] += weight[q]
            logsum[q] = _UNSEEN
            continue
        top = utility[0]
        for k in range(1, n):
            top = max(top, utility[k])
        total = 0.0
        for k in range(n):
            total += math.exp(utility[k] - top)
        logsum[q] = top + math.log(total)
        looks = touch[c] > 0.0 and (chooser.access & _ONLINE) != _NO_ACCESS
        if looks:
            # What the phone offers to who has the goods in her hands, in the order of the alternatives above.
            k = scales.everywhere + c
            m, odd = consider(
                offers,
                listed,
                minutes,
                0,
                0,
                np.int64(start[k]),
                np.int64(start[k + 1]),
                me,
                chooser,
                loyal,
                -1.0,
                0.0,
                False,
                mine,
                today,
                twin,
                place,
                0,
                phone,
                row_again,
                scrap,
            )
            for k in range(n):
                again = place[twin[row[k]]]
                second[k] = phone[again] if again >= 0 else _UNSEEN
                order[k] = row_again[again] if again >= 0 else 0
            for k in range(m):
                place[twin[row_again[k]]] = -1
            for k in range(n):
                row_again[k] = order[k]
            if odd:
                logsum[q] = np.nan
        for k in range(n):
            chance = math.exp(utility[k] - top) / total
            if not (looks and on_foot[k]):
                bought[row[k]] += weight[q] * chance
                continue
            o = row[k]
            own = 1.0 if offers[o].store == chooser.favourite else 0.0
            followed = 1.0 if offers[o].store == chooser.follows else 0.0
            trip = Trip(0.0, mine[offers[o].platform], loyal * own, followed)
            here = min(max(value(me, alternative(offers, o, 1.0), trip, today), -_LARGEST), _LARGEST)
            bought[o] += weight[q] * look_again(n, k, utility, second, here, order, gone)
            for e in range(n):
                if gone[e] > 0.0:
                    bought[row_again[e]] += weight[q] * gone[e]
                    looked[o] += weight[q] * gone[e]


_SHARED = ("person", "alternative", "chooser_of", "value")


def _bind(rule: Rule, compiled: bool) -> Callable:
    """The loop with a rule in it, compiled or not."""
    shared = Shopping(rule.function, rule.fields, rule.layout, compiled=compiled).names
    names = {name: shared[name] for name in _SHARED}
    for plain in (consider, look_again):
        function: Callable = rebind(plain, names)
        names[plain.__name__] = part(function) if compiled else function
    loop: Callable = rebind(expect_all, names)
    return kernel(loop, rule=rule.digest) if compiled else loop


_bind_once = functools.lru_cache(maxsize=16)(_bind)
