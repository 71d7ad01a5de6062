"""The shopping loop: every consumer whose need is due compares what she sees and takes the best.

Utility is value(me, offer) + Gumbel noise, one draw per (consumer, need, offer). Instead of the largest
value + Gumbel the loop finds the smallest Exponential * exp(-value), which is the same choice (the draw is
the same number: Gumbel = -log Exponential) with one logarithm less. A rule computes in double precision; the
draws and the race are in single precision and in loops without branches, eight pairs at a time, which moves
no share by more than a millionth.

The functions here are plain Python. `Shopping` binds a rule to them and compiles them, or leaves them as
they are (`engine: python`): both do the same arithmetic in the same order.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np
from numba import prange

from ..streams import exp_single, exponential, extend, high_half, log, low_half, pair_bits
from .consumers import ONLINE, PAYS_BY_PHONE
from .offers import LANES

U64, U32, F32 = np.uint64, np.uint32, np.float32
_LANES = U64(LANES)
_ONLINE, _PAYS = ONLINE, PAYS_BY_PHONE
_NO_OFFER, _NO_ACCESS, _NO_STORE = U32(0), U32(0), U32(0xFFFFFFFF)
_LARGEST, _LARGEST_32 = 80.0, F32(80.0)
"""Utilities are cut off here, far beyond what could ever be chosen or passed over."""
UNSEEN, NEVER = F32(-np.inf), F32(np.inf)
_INFINITE = np.inf
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

Alternative = namedtuple(
    "Alternative", "appeal price queue wait unseen payment area quality discount days channel category"
)
Trip = namedtuple("Trip", "minutes familiarity loyalty follows")
Chooser = namedtuple("Chooser", "low high access favourite loyalty follows limit search")
"""What else the loop must know of who looks: the halves of her draw key, her access bits, her stores
(number + 1), her loyalty in utils, how far she goes and how far she looks in minutes."""
Today = namedtuple("Today", "day weekday month workday")
World = namedtuple(
    "World", "people familiarity favourite loyalty extra offers start entries reach_x touch scales today"
)
"""All that the loop reads: records and arrays (see consumers.py and offers.py), `reach_x` and `touch`
(float64[categories]), and plain numbers in `scales` and `today`."""

Scales = namedtuple(
    "Scales",
    "familiarity loyalty work_anchor largest_radius cells stores delivered everywhere followers longest",
)
"""Weights in utils, minutes, sizes, the numbers of the first list of each kind, and the length of the longest
list."""

# What a rule is made of; `Shopping` puts the real ones in their place.
Me = namedtuple("Me", BASE_ME)  # type: ignore[misc]
WIDE, FEWEST, FAMILIARITY = 0, 0, 0


def value(me, offer, trip, today):
    raise NotImplementedError


def look_together(*arrays):
    raise NotImplementedError


def extra_fields(extra, i, c):
    return ()


def person(people, extra, i, c):
    """Consumer i, with a need of category c, as the rule sees her: plain numbers only."""
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
    return Me(*(base + extra_fields(extra, i, np.int64(c))))


def alternative(offers, o, unseen_x):
    """Offer o as the rule sees it; `unseen_x` is 0 for who has it in her hands, else 1."""
    return Alternative(
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


# The functions below take their arrays one by one: taken out of a namedtuple, each would be reference-counted
# at every call, which costs more than the comparison of twenty offers.
def end_within(entries, a, b, limit):
    """The end of the part of a sorted list within the limit, in whole vectors."""
    while a < b and entries[a].minutes <= limit:
        a += _LANES
    return a


def look_along(
    offers, entries, a, b, me, chooser, limit, way, unseen_x, familiarity, today, utility, low, high
):
    """Work out what consumer `me` thinks of entries a..b of a list, and note the halves of the offers' keys.

    `way` is 1 where she goes herself and 0 where things come to her: then minutes only decide what she sees.
    What is worth minus infinity to her counts as unseen. Returns whether the rule gave NaN or infinity for
    anything that she sees.
    """
    odd = False
    for j in range(a, b):
        o = entries[j].offer
        away = np.float64(entries[j].minutes)
        store = offers[o].store
        mine = 1.0 if store == chooser.favourite else 0.0
        followed = 1.0 if store == chooser.follows else 0.0
        trip = Trip(away * way, familiarity[offers[o].platform], chooser.loyalty * mine, followed)
        u = value(me, alternative(offers, o, unseen_x), trip, today)
        visible = ((away <= limit) | (away <= offers[o].reach) | (followed > 0.5)) & (
            (offers[o].needs & ~chooser.access) == _NO_ACCESS
        )
        odd |= visible & (not u < _INFINITE)
        utility[j - a] = F32(u) if visible else UNSEEN
        low[j - a], high[j - a] = low_half(offers[o].key), high_half(offers[o].key)
    return odd


def race_along(n, mine_low, mine_high, utility, low, high, time):
    """The time of each of the n offers looked at: Exponential * exp(-utility). No branches."""
    for j in range(n):
        draw = exponential(pair_bits(mine_low, mine_high, low[j], high[j]))
        t = F32(draw * exp_single(F32(-min(max(utility[j], -_LARGEST_32), _LARGEST_32))))
        time[j] = t if utility[j] > UNSEEN else NEVER


def race(
    offers,
    entries,
    a,
    b,
    me,
    chooser,
    limit,
    unseen_x,
    familiarity,
    today,
    utility,
    low,
    high,
    time,
    best,
    pick,
    walk,
    walked,
):
    """Consumer `me` goes through entries a..b of a list; returns (best, pick, walked), new or as they
    were, and whether the rule gave NaN or infinity."""
    n = b - a
    odd = look_along(
        offers,
        entries,
        a,
        b,
        me,
        chooser,
        limit,
        1.0 if walk else 0.0,
        unseen_x,
        familiarity,
        today,
        utility,
        low,
        high,
    )
    race_along(n, chooser.low, chooser.high, utility, low, high, time)
    for j in range(n):
        if time[j] < best:
            best, pick, walked = time[j], entries[a + j].offer, walk
    return best, pick, walked, odd


def chooser_of(people, favourite, loyalty, reach_x, scales, i, c, day_key):
    """What the loop must know of consumer i besides what the rule reads. Followers look as far as anybody."""
    best, follows = favourite[i, c], people[i].follows
    key = extend(extend(day_key, U64(people[i].id)), U64(c))
    radius = np.float64(people[i].radius)
    return Chooser(
        low_half(key),
        high_half(key),
        people[i].access,
        np.uint32(best + 1) if best >= 0 else _NO_STORE,
        np.float64(loyalty[i, c]) * scales.loyalty,
        np.uint32(follows + 1) if follows >= 0 else _NO_STORE,
        radius * reach_x[c],
        (scales.largest_radius if follows >= 0 else radius) * reach_x[c],
    )


def look_from_home(
    offers, start, entries, scales, today, home, c, me, chooser, familiarity, utility, low, high, time
):
    """What she finds from home: shops around, deliveries, what is seen everywhere. (time, offer, walked, odd)."""
    k = c * scales.cells + home
    a = start[k]
    b = end_within(entries, a, start[k + 1], chooser.search)
    best, pick, walked, odd = race(
        offers,
        entries,
        a,
        b,
        me,
        chooser,
        chooser.limit,
        1.0,
        familiarity,
        today,
        utility,
        low,
        high,
        time,
        NEVER,
        _NO_OFFER,
        True,
        False,
    )
    for kind in range(2):
        k = scales.delivered + c * scales.cells + home if kind == 0 else scales.everywhere + c
        best, pick, walked, worse = race(
            offers,
            entries,
            start[k],
            start[k + 1],
            me,
            chooser,
            -1.0,
            1.0,
            familiarity,
            today,
            utility,
            low,
            high,
            time,
            best,
            pick,
            False,
            walked,
        )
        odd |= worse
    return best, pick, walked, odd


def is_settled(people, touch, scales, today, i, c, walked):
    """Whether consumer i has nothing more to look at than what she found from home."""
    works = today.workday > 0.5 and scales.work_anchor and people[i].work >= 0
    tempted = walked and touch[c] > 0.0 and people[i].access & _ONLINE
    return not (works or tempted or people[i].follows >= 0)


def surplus_of(best, pick):
    """The best value + Gumbel draw, in utils; its mean over people is the log-sum plus Euler's constant."""
    return -log(np.float64(best)) if pick > _NO_OFFER else 0.0


def decide(
    people,
    offers,
    start,
    entries,
    touch,
    scales,
    today,
    i,
    c,
    me,
    chooser,
    familiarity,
    utility,
    low,
    high,
    time,
    best,
    pick,
    walked,
    odd,
):
    """From what she found from home to what consumer i does: (offer taken, offer visited first or 0,
    surplus). The surplus is NaN where the rule gave NaN or infinity for anything that she sees (`odd`: at home
    already)."""
    if today.workday > 0.5 and scales.work_anchor and people[i].work >= 0:
        # Shops around work. A shop that she also sees from home has the same draw: the shorter way decides.
        k = c * scales.cells + people[i].work
        a = start[k]
        b = end_within(entries, a, start[k + 1], chooser.search)
        best, pick, walked, worse = race(
            offers,
            entries,
            a,
            b,
            me,
            chooser,
            chooser.limit,
            1.0,
            familiarity,
            today,
            utility,
            low,
            high,
            time,
            best,
            pick,
            True,
            walked,
        )
        odd |= worse
    if people[i].follows >= 0:
        k = scales.followers + c * scales.stores + people[i].follows
        best, pick, walked, worse = race(
            offers,
            entries,
            start[k],
            start[k + 1],
            me,
            chooser,
            -1.0,
            1.0,
            familiarity,
            today,
            utility,
            low,
            high,
            time,
            best,
            pick,
            False,
            walked,
        )
        odd |= worse
    visited = _NO_OFFER
    if walked:
        people[i].at = offers[pick].cell
        if touch[c] > 0.0 and chooser.access & _ONLINE:
            # Showrooming: she stands in the shop, the way is behind her, the goods are in her hands. What
            # would the phone offer now? The draws are the ones she came with.
            mine = 1.0 if offers[pick].store == chooser.favourite else 0.0
            followed = 1.0 if offers[pick].store == chooser.follows else 0.0
            trip = Trip(0.0, familiarity[offers[pick].platform], chooser.loyalty * mine, followed)
            here = value(me, alternative(offers, pick, 1.0), trip, today)
            bits = pair_bits(
                chooser.low, chooser.high, low_half(offers[pick].key), high_half(offers[pick].key)
            )
            now = F32(exponential(bits) * exp_single(F32(-min(max(here, -_LARGEST), _LARGEST))))
            k = scales.everywhere + c
            _, taken, stays, worse = race(
                offers,
                entries,
                start[k],
                start[k + 1],
                me,
                chooser,
                -1.0,
                0.0,
                familiarity,
                today,
                utility,
                low,
                high,
                time,
                now,
                pick,
                False,
                True,
            )
            odd |= worse | (not here < _INFINITE)
            if not stays:
                visited, pick = pick, taken
    return pick, visited, np.nan if odd else surplus_of(best, pick)


def shop_block(
    people, familiarity, favourite, loyalty, extra, offers, start, entries, reach_x, touch, scales, today,
    needs_consumer, needs_category, first, last, day_key, pick, visited, surplus,
):  # fmt: skip
    """The choices of needs first..last: groups of neighbours together (lanes.py), small ones one by one."""
    utility, time = np.zeros(scales.longest, F32), np.zeros(scales.longest, F32)
    low, high = np.zeros(scales.longest, U32), np.zeros(scales.longest, U32)
    need, traits = np.zeros(WIDE, np.int64), np.zeros((FAMILIARITY + familiarity.shape[1]) * WIDE)
    search, before, thought = np.zeros(WIDE), np.zeros(WIDE, F32), np.zeros(WIDE, F32)
    access, lows, highs = np.zeros(WIDE, U32), np.zeros(WIDE, U32), np.zeros(WIDE, U32)
    bests, found, on_foot = np.zeros(WIDE, F32), np.zeros(WIDE, U32), np.zeros(WIDE, np.bool_)
    mine = np.zeros(familiarity.shape[1])
    # People stand in the order of their homes, so those of one cell with the same need follow one another.
    for c in range(len(reach_x)):
        size, home = 0, np.int32(-1)
        for n in range(first, last + 1):
            if n < last and needs_category[n] != c:
                continue
            here = people[needs_consumer[n]].home if n < last else np.int32(-1)
            if size > 0 and (here != home or size == WIDE):
                together, odd = size >= FEWEST, False
                if together:
                    odd = look_together(
                        people,
                        familiarity,
                        favourite,
                        loyalty,
                        extra,
                        offers,
                        start,
                        entries,
                        reach_x,
                        scales,
                        today,
                        needs_consumer,
                        home,
                        c,
                        day_key,
                        size,
                        need,
                        traits,
                        access,
                        lows,
                        highs,
                        search,
                        thought,
                        bests,
                        found,
                        on_foot,
                        before,
                    )
                for g in range(size):
                    q = need[g]
                    i = np.int64(needs_consumer[q])
                    if together:
                        best, taken, walked = bests[g], found[g], on_foot[g]
                        if is_settled(people, touch, scales, today, i, c, walked):
                            if walked:
                                people[i].at = offers[taken].cell
                            pick[q], surplus[q] = taken, np.nan if odd else surplus_of(best, taken)
                            continue
                    for p in range(len(mine)):
                        mine[p] = np.float64(familiarity[i, p]) * scales.familiarity
                    me = person(people, extra, i, c)
                    chooser = chooser_of(people, favourite, loyalty, reach_x, scales, i, c, day_key)
                    if not together:
                        best, taken, walked, odd = look_from_home(
                            offers,
                            start,
                            entries,
                            scales,
                            today,
                            home,
                            c,
                            me,
                            chooser,
                            mine,
                            utility,
                            low,
                            high,
                            time,
                        )
                    o, v, s = decide(
                        people,
                        offers,
                        start,
                        entries,
                        touch,
                        scales,
                        today,
                        i,
                        c,
                        me,
                        chooser,
                        mine,
                        utility,
                        low,
                        high,
                        time,
                        best,
                        taken,
                        walked,
                        odd,
                    )
                    pick[q], visited[q], surplus[q] = o, v, s
                size = 0
            if n < last:
                home = here
                need[size] = n
                size += 1


def shop_all(
    people, familiarity, favourite, loyalty, extra, offers, start, entries, reach_x, touch, scales, today,
    needs_consumer, needs_category, starts, order, day_key, pick, visited, surplus,
):  # fmt: skip
    """All choices of a day. `starts` says where each block of needs begins, `order` in which order blocks are
    dealt to threads."""
    for k in prange(len(order)):
        b = order[k]
        shop_block(
            people,
            familiarity,
            favourite,
            loyalty,
            extra,
            offers,
            start,
            entries,
            reach_x,
            touch,
            scales,
            today,
            needs_consumer,
            needs_category,
            starts[b],
            starts[b + 1],
            day_key,
            pick,
            visited,
            surplus,
        )


def dealing_order(blocks):
    """Neighbouring blocks go to different threads, because people in the centre have more to compare than
    people at the edge. int64[blocks], a permutation."""
    stride = STRIDE if blocks % STRIDE else 1
    return np.arange(blocks, dtype=np.int64) * stride % max(blocks, 1)
