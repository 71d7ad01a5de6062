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
_NO_ACCESS, _NO_STORE = np.uint32(0), np.uint32(0xFFFFFFFF)
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
Eye = namedtuple("Eye", "chooser access favourite loyalty follows")
"""What else the loop must know of who looks: her draw key, her access bits, her stores (number + 1)."""
Today = namedtuple("Today", "day weekday month workday")
World = namedtuple(
    "World",
    "people familiarity favourite loyalty extra offers start offer minutes reach_x touch scales today",
)
"""All that the loop reads, flat: records and arrays (see consumers.py and offers.py), `reach_x` and `touch`
(float64[categories]), and plain numbers in `scales` and `today`."""

Scales = namedtuple(
    "Scales",
    "familiarity loyalty work_anchor largest_radius cells stores delivered everywhere followers",
)
"""Weights in utils, minutes, sizes, and the numbers of the first list of each kind."""

# What a rule is made of; `Shopping` puts the real ones in their place.
Me = namedtuple("Me", BASE_ME)  # type: ignore[misc]


def value(me, offer, trip, today):
    raise NotImplementedError


def extra_fields(extra, i):
    return ()


def person(people, extra, i):
    """Consumer i as the rule sees her: plain numbers only."""
    access = people[i].access
    base = (
        np.float64(people[i].price_sensitivity),
        np.float64(people[i].value_of_time),
        np.float64(people[i].income),
        np.float64(people[i].radius),
        np.float64(people[i].literacy),
        np.float64(people[i].cohort),
        1.0 if access & _PAYS else 0.0,
        1.0 if access & _ONLINE else 0.0,
    )
    return Me(*(base + extra_fields(extra, i)))


def seen_offer(offers, o, unseen_x):
    """Offer o as the rule sees it; `unseen_x` is 0 for who has it in her hands, else 1."""
    return Seen(
        offers[o].appeal,
        offers[o].price,
        offers[o].queue,
        offers[o].wait,
        offers[o].unseen * unseen_x,
        offers[o].payment,
        offers[o].area,
        offers[o].quality,
        offers[o].discount,
        offers[o].days,
        offers[o].channel,
        offers[o].category,
    )


def end_within(minutes, a, b, limit):
    """The end of the part of a sorted list within the limit, in whole vectors. Step by step, because the same
    memory is read again at once, and a search by halves would fetch more of it."""
    while a < b and minutes[a] <= limit:
        a += _LANES
    return a


def race(a, b, me, eye, limit, unseen_x, familiarity, offers, offer, minutes, today):
    """The smallest Exponential * exp(-value) over entries a..b of a list, with its slot in the last bits.

    No branch and no call that is not inlined: the compiler compares several offers at a time.
    """
    best = _NEVER
    for j in range(a, b):
        o = offer[j]
        away = np.float64(minutes[j])
        store = offers[o].store
        mine = 1.0 if store == eye.favourite else 0.0
        followed = 1.0 if store == eye.follows else 0.0
        trip = Trip(away, familiarity[offers[o].platform], eye.loyalty * mine, followed)
        utility = value(me, seen_offer(offers, o, unseen_x), trip, today)
        utility = min(max(utility, -600.0), 600.0)
        time = exponential(pair_bits(eye.chooser, offers[o].key)) * exp(-utility)
        visible = ((away <= limit) | (away <= offers[o].reach) | (followed > 0.5)) & (
            (offers[o].needs & ~eye.access) == _NO_ACCESS
        )
        bits = (float_bits(time) & ~_SLOTS) | (j - a)
        best = min(best, bits if visible else _NEVER)
    return best


def choose(w, i, c, day_key, familiarity):
    """What consumer i does about category c: (offer taken, offer visited first or 0, surplus).

    `day_key` is the stream of the day, `familiarity` her familiarity with each platform in utils. Surplus
    is the best value + Gumbel draw; its mean over people is the log-sum plus Euler's constant.
    """
    people, offers, start, offer, minutes = w.people, w.offers, w.start, w.offer, w.minutes
    s, today = w.scales, w.today
    me = person(people, w.extra, i)
    favourite, follows = w.favourite[i, c], people[i].follows
    eye = Eye(
        extend(extend(day_key, U64(people[i].id)), U64(c)),
        people[i].access,
        np.uint32(favourite + 1) if favourite >= 0 else _NO_STORE,
        np.float64(w.loyalty[i, c]) * s.loyalty,
        np.uint32(follows + 1) if follows >= 0 else _NO_STORE,
    )
    limit = np.float64(people[i].radius) * w.reach_x[c]
    search = s.largest_radius * w.reach_x[c] if follows >= 0 else limit
    best, pick, walked = _NEVER, np.uint32(0), False

    # Shops around home and, on a working day, around work. The same offer has the same draw from both.
    for anchor in range(2):
        if anchor == 1 and (today.workday < 0.5 or not s.work_anchor or people[i].work < 0):
            break
        k = c * s.cells + (people[i].home if anchor == 0 else people[i].work)
        a = start[k]
        b = end_within(minutes, a, start[k + 1], search)
        t = race(a, b, me, eye, limit, 1.0, familiarity, offers, offer, minutes, today)
        if t < best:
            best, pick, walked = t, offer[a + (t & _SLOTS)], True
    # What comes to her: deliveries to her home, what is seen everywhere, what followers see.
    for kind in range(3):
        if kind == 0:
            k = s.delivered + c * s.cells + people[i].home
        elif kind == 1:
            k = s.everywhere + c
        elif follows >= 0:
            k = s.followers + c * s.stores + follows
        else:
            break
        a = start[k]
        t = race(a, start[k + 1], me, eye, -1.0, 1.0, familiarity, offers, offer, minutes, today)
        if t < best:
            best, pick, walked = t, offer[a + (t & _SLOTS)], False

    visited = np.uint32(0)
    if walked:
        people[i].at = offers[pick].cell
        if w.touch[c] > 0.0 and eye.access & _ONLINE:
            # Showrooming: she stands in the shop, the way is behind her, the goods are in her hands. What
            # would the phone offer now? The draws are the ones she came with.
            store = offers[pick].store
            trip = Trip(
                0.0,
                familiarity[offers[pick].platform],
                eye.loyalty if store == eye.favourite else 0.0,
                1.0 if store == eye.follows else 0.0,
            )
            here = min(max(value(me, seen_offer(offers, pick, 1.0), trip, today), -600.0), 600.0)
            time = exponential(pair_bits(eye.chooser, offers[pick].key)) * exp(-here)
            k = s.everywhere + c
            a = start[k]
            t = race(a, start[k + 1], me, eye, -1.0, 0.0, familiarity, offers, offer, minutes, today)
            if t < float_bits(time):
                visited, pick = pick, offer[a + (t & _SLOTS)]
    surplus = -log(bits_float(best)) if best < _NEVER else 0.0
    return pick, visited, surplus


def shop_block(
    people, familiarity, favourite, loyalty, extra, offers, start, offer, minutes, reach_x, touch, scales, today,
    needs_consumer, needs_category, first, last, day_key, pick, visited, surplus,
):  # fmt: skip
    """The choices of needs first..last."""
    w = World(
        people,
        familiarity,
        favourite,
        loyalty,
        extra,
        offers,
        start,
        offer,
        minutes,
        reach_x,
        touch,
        scales,
        today,
    )
    platforms = familiarity.shape[1]
    mine = np.zeros(platforms)
    for n in range(first, last):
        i = np.int64(needs_consumer[n])
        for q in range(platforms):
            mine[q] = np.float64(familiarity[i, q]) * scales.familiarity
        o, v, s = choose(w, i, np.int64(needs_category[n]), day_key, mine)
        pick[n], visited[n], surplus[n] = o, v, s


def shop_all(
    people, familiarity, favourite, loyalty, extra, offers, start, offer, minutes, reach_x, touch, scales, today,
    needs_consumer, needs_category, starts, order, day_key, pick, visited, surplus,
):  # fmt: skip
    """All choices of a day. `starts` says where each block of needs begins, `order` in which order blocks are
    dealt to threads. The parts of the world come one by one, because a parallel loop takes no nested tuple."""
    for k in prange(len(order)):
        b = order[k]
        shop_block(
            people, familiarity, favourite, loyalty, extra, offers, start, offer, minutes, reach_x, touch, scales,
            today, needs_consumer, needs_category, starts[b], starts[b + 1], day_key, pick, visited, surplus,
        )  # fmt: skip


def dealing_order(blocks):
    """Neighbouring blocks go to different threads, because people in the centre have more to compare than
    people at the edge. int64[blocks], a permutation."""
    stride = STRIDE if blocks % STRIDE else 1
    return np.arange(blocks, dtype=np.int64) * stride % max(blocks, 1)
