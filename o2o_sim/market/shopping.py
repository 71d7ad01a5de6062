"""The shopping loop: every consumer whose need is due compares what she sees and takes the best.

Utility is value(me, offer) + Gumbel noise, one draw per (consumer, need, offer). Instead of the largest
value + Gumbel the loop finds the smallest Exponential * exp(-value), which is the same choice (the draw is
the same number: Gumbel = -log Exponential) with one logarithm less. The whole list of offers is one loop
without branches, so that it runs several offers at a time; the smallest is found among integers, because
the bits of positive floats sort as they do, and their last bits carry the place in the list.

The functions here are plain Python. `Shopping` binds a rule to them and compiles them, or leaves them as
they are (`engine: python`): both do the same arithmetic in the same order.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np
from numba import prange

from ..streams import bits_float, exp, exponential, extend, float_bits, log, pair_bits
from .consumers import ONLINE, PAYS_BY_PHONE
from .offers import LANES, SLOT_BITS

U64 = np.uint64
_SLOTS = U64((1 << SLOT_BITS) - 1)
_NEVER = U64(0x7FF0000000000000)
_LANES = U64(LANES)
_ONLINE, _PAYS = ONLINE, PAYS_BY_PHONE
_NO_ACCESS = np.uint32(0)
BLOCK = 512
"""Consumers in one block of work; blocks, not consumers, are dealt to threads."""
STRIDE = 7919

BASE_ME = (
    "price_sensitivity",
    "value_of_time",
    "income",
    "radius",
    "literacy",
    "cohort",
    "pays_by_phone",
    "online",
)

Seen = namedtuple(
    "Seen", "appeal price queue wait unseen payment area quality discount days channel category"
)
Trip = namedtuple("Trip", "minutes familiarity loyalty follows")
Today = namedtuple("Today", "day weekday month workday")
World = namedtuple("World", "people offers place delivered everywhere followers settings today cells stores")
Settings = namedtuple(
    "Settings", "reach_x touch familiarity_weight loyalty_weight work_anchor largest_radius"
)
"""`reach_x`, `touch`: float64[categories]; weights in utils; `largest_radius`: min."""

# What a rule is made of; `Shopping` puts the real ones in their place.
Me = namedtuple("Me", BASE_ME)


def value(me, offer, trip, today):
    raise NotImplementedError


def extra_fields(extra, i):
    return ()


def person(people, i):
    """Consumer i as the rule sees her: plain numbers only."""
    access = people.access[i]
    base = (
        np.float64(people.price_sensitivity[i]),
        np.float64(people.value_of_time[i]),
        np.float64(people.income[i]),
        np.float64(people.radius[i]),
        np.float64(people.literacy[i]),
        np.float64(people.cohort[i]),
        1.0 if access & _PAYS else 0.0,
        1.0 if access & _ONLINE else 0.0,
    )
    return Me(*(base + extra_fields(people.extra, i)))


def seen_offer(offers, o, unseen_x):
    """Offer o as the rule sees it; `unseen_x` is 0 for who has it in her hands, else 1."""
    return Seen(
        offers.appeal[o], offers.price[o], offers.queue[o], offers.wait[o], offers.unseen[o] * unseen_x,
        offers.payment[o], offers.area[o], offers.quality[o], offers.discount[o], offers.days[o],
        offers.channel[o], offers.category[o],
    )  # fmt: skip


def end_within(minutes, a, b, limit):
    """The end of the part of a sorted list within the limit, in whole vectors. Step by step, because the same
    memory is read again at once, and a search by halves would fetch more of it."""
    while a < b and minutes[a] <= limit:
        a += _LANES
    return a


def race(a, b, me, chooser, access, limit, unseen_x, familiarity, favourite, loyalty, follows, offers, lists_offer, lists_minutes, today):  # fmt: skip
    """The smallest Exponential * exp(-value) over offers a..b of a list, with its slot in the last bits."""
    best = _NEVER
    # Columns as local names: a namedtuple of arrays inside the loop would be reference-counted.
    key, store, platform = offers.key, offers.store, offers.platform
    needs, reach = offers.needs, offers.reach
    for j in range(a, b):
        o = lists_offer[j]
        minutes = np.float64(lists_minutes[j])
        mine = 1.0 if store[o] == favourite else 0.0
        followed = 1.0 if store[o] == follows else 0.0
        utility = value(
            me,
            seen_offer(offers, o, unseen_x),
            Trip(minutes, familiarity[platform[o]], loyalty * mine, followed),
            today,
        )
        utility = min(max(utility, -600.0), 600.0)
        time = exponential(pair_bits(chooser, key[o])) * exp(-utility)
        visible = ((minutes <= limit) | (minutes <= reach[o]) | (followed > 0.5)) & (
            (needs[o] & ~access) == _NO_ACCESS
        )
        bits = (float_bits(time) & ~_SLOTS) | (j - a)
        best = min(best, bits if visible else _NEVER)
    return best


def choose(w, i, c, day_key, familiarity):
    """What consumer i does about category c: (offer taken, offer visited first or 0, surplus).

    `day_key` is the stream of the day, `familiarity` her familiarity with each platform in utils. Surplus
    is the best value + Gumbel draw; its mean over people is the log-sum plus Euler's constant.
    """
    p, s, offers = w.people, w.settings, w.offers
    me = person(p, i)
    access = p.access[i]
    chooser = extend(extend(day_key, U64(p.id[i])), U64(c))
    favourite = np.uint32(p.favourite[i, c] + 1) if p.favourite[i, c] >= 0 else np.uint32(0xFFFFFFFF)
    loyalty = np.float64(p.loyalty[i, c]) * s.loyalty_weight
    follower = p.follows[i] >= 0
    follows = np.uint32(p.follows[i] + 1) if follower else np.uint32(0xFFFFFFFF)
    limit = np.float64(p.radius[i]) * s.reach_x[c]
    search = s.largest_radius * s.reach_x[c] if follower else limit
    best, pick = _NEVER, np.uint32(0)

    k = c * w.cells + p.home[i]
    a = w.place.start[k]
    b = end_within(w.place.minutes, a, w.place.start[k + 1], search)
    t = race(
        a,
        b,
        me,
        chooser,
        access,
        limit,
        1.0,
        familiarity,
        favourite,
        loyalty,
        follows,
        offers,
        w.place.offer,
        w.place.minutes,
        w.today,
    )
    if t < best:
        best, pick = t, w.place.offer[a + (t & _SLOTS)]
    if w.today.workday > 0.5 and s.work_anchor and p.work[i] >= 0:
        k = c * w.cells + p.work[i]
        a = w.place.start[k]
        b = end_within(w.place.minutes, a, w.place.start[k + 1], search)
        t = race(
            a,
            b,
            me,
            chooser,
            access,
            limit,
            1.0,
            familiarity,
            favourite,
            loyalty,
            follows,
            offers,
            w.place.offer,
            w.place.minutes,
            w.today,
        )
        if t < best:
            best, pick = t, w.place.offer[a + (t & _SLOTS)]
    walked = pick > np.uint32(0)
    k = c * w.cells + p.home[i]
    a, b = w.delivered.start[k], w.delivered.start[k + 1]
    t = race_seated(
        w.delivered, a, b, me, chooser, access, 1.0, familiarity, favourite, loyalty, follows, offers, w.today
    )
    if t < best:
        best, pick, walked = t, w.delivered.offer[a + (t & _SLOTS)], False
    a, b = w.everywhere.start[c], w.everywhere.start[c + 1]
    t = race_seated(
        w.everywhere,
        a,
        b,
        me,
        chooser,
        access,
        1.0,
        familiarity,
        favourite,
        loyalty,
        follows,
        offers,
        w.today,
    )
    if t < best:
        best, pick, walked = t, w.everywhere.offer[a + (t & _SLOTS)], False
    if follower:
        k = c * w.stores + p.follows[i]
        a, b = w.followers.start[k], w.followers.start[k + 1]
        t = race_seated(
            w.followers,
            a,
            b,
            me,
            chooser,
            access,
            1.0,
            familiarity,
            favourite,
            loyalty,
            follows,
            offers,
            w.today,
        )
        if t < best:
            best, pick, walked = t, w.followers.offer[a + (t & _SLOTS)], False
    visited = np.uint32(0)
    if walked:
        p.at[i] = offers.cell[pick]
        if s.touch[c] > 0.0 and access & _ONLINE:
            # Showrooming: she stands in the shop, the way is behind her, the goods are in her hands. What
            # would the phone offer now? The draws are the ones she came with.
            here = value(
                me,
                seen_offer(offers, pick, 1.0),
                Trip(
                    0.0,
                    familiarity[offers.platform[pick]],
                    loyalty if offers.store[pick] == favourite else 0.0,
                    1.0 if offers.store[pick] == follows else 0.0,
                ),
                w.today,
            )
            here = exponential(pair_bits(chooser, offers.key[pick])) * exp(-min(max(here, -600.0), 600.0))
            a, b = w.everywhere.start[c], w.everywhere.start[c + 1]
            t = race_seated(
                w.everywhere,
                a,
                b,
                me,
                chooser,
                access,
                0.0,
                familiarity,
                favourite,
                loyalty,
                follows,
                offers,
                w.today,
            )
            if t < float_bits(here):
                visited, pick = pick, w.everywhere.offer[a + (t & _SLOTS)]
    surplus = -log(bits_float(best)) if best < _NEVER else 0.0
    return pick, visited, surplus


def race_seated(lists, a, b, me, chooser, access, unseen_x, familiarity, favourite, loyalty, follows, offers, today):  # fmt: skip
    """A race among offers that need no trip of hers."""
    if a == b:
        return _NEVER
    return race(
        a,
        b,
        me,
        chooser,
        access,
        -1.0,
        unseen_x,
        familiarity,
        favourite,
        loyalty,
        follows,
        offers,
        lists.offer,
        lists.minutes,
        today,
    )


def shop_block(
    people, offers, place, delivered, everywhere, followers, settings, today, cells, stores,
    needs_consumer, needs_category, first, last, day_key, pick, visited, surplus,
):  # fmt: skip
    """The choices of needs first..last."""
    w = World(people, offers, place, delivered, everywhere, followers, settings, today, cells, stores)
    platforms = people.familiarity.shape[1]
    familiarity = np.zeros(platforms)
    for n in range(first, last):
        i = np.int64(needs_consumer[n])
        for q in range(platforms):
            familiarity[q] = np.float64(people.familiarity[i, q]) * settings.familiarity_weight
        o, v, s = choose(w, i, np.int64(needs_category[n]), day_key, familiarity)
        pick[n], visited[n], surplus[n] = o, v, s


def shop_all(
    people, offers, place, delivered, everywhere, followers, settings, today, cells, stores,
    needs_consumer, needs_category, starts, order, day_key, pick, visited, surplus,
):  # fmt: skip
    """All choices of a day. `starts` says where each block of needs begins, `order` in which order blocks are
    dealt to threads. The parts of the world come one by one, because a parallel loop takes no nested tuple."""
    for k in prange(len(order)):
        b = order[k]
        shop_block(
            people, offers, place, delivered, everywhere, followers, settings, today, cells, stores,
            needs_consumer, needs_category, starts[b], starts[b + 1], day_key, pick, visited, surplus,
        )  # fmt: skip


def dealing_order(blocks):
    """Neighbouring blocks go to different threads, because people in the centre have more to compare than
    people at the edge. int64[blocks], a permutation."""
    stride = STRIDE if blocks % STRIDE else 1
    return np.arange(blocks, dtype=np.int64) * stride % max(blocks, 1)
