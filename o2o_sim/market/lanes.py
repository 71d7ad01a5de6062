"""The same race the other way round: many neighbours before one list of offers.

Where enough people of one cell need the same thing today, it pays to go through the list of offers once and
let all of them look at each offer together: the offer is read once, and the people stand side by side in
memory. Per pair the arithmetic is that of `look_along` and `race_along`, term by term, so the choices are
the same bits.
"""

from __future__ import annotations

import numpy as np

from ..streams import exp_single, exponential, high_half, low_half, pair_bits
from .shopping import _INFINITE, _LARGEST_32, BASE_ME, NEVER, UNSEEN, Me, Trip

U64, U32, F32 = np.uint64, np.uint32, np.float32
WIDE, FEWEST, VECTOR = 64, 6, 8
"""Most people in a group; fewer than FEWEST are faster one by one; groups are filled up to whole vectors."""

# Rows of a crowd's `traits`: what a rule reads of a person (BASE_ME and up to eight extra fields), then
# these, and at last her familiarity with each platform. A row is WIDE people wide.
_ROWS = len(BASE_ME) + 8
ACCESS, LIMIT, FAVOURITE, FOLLOWS, LOYALTY, FAMILIARITY = range(_ROWS, _ROWS + 6)
_W = U64(WIDE)
_ME = tuple(U64(k * WIDE) for k in range(len(BASE_ME)))
_ACCESS, _LIMIT, _FAVOURITE = U64(ACCESS * WIDE), U64(LIMIT * WIDE), U64(FAVOURITE * WIDE)
_FOLLOWS, _LOYALTY, _FAMILIARITY = U64(FOLLOWS * WIDE), U64(LOYALTY * WIDE), U64(FAMILIARITY * WIDE)
_NONE, _ONE, _NO_OFFER = U64(0), U64(1), U32(0)


# What a rule is made of; `Shopping` puts the real ones in their place.
def person(people, extra, i, c):
    raise NotImplementedError


def chooser_of(people, favourite, loyalty, reach_x, scales, i, c, day_key):
    raise NotImplementedError


def alternative(offers, o, unseen_x):
    raise NotImplementedError


def value(me, offer, trip, today):
    raise NotImplementedError


def extra_lanes(traits, lane):
    return ()


def lane_person(traits, lane):
    """The person in a lane as the rule sees her."""
    base = (
        traits[_ME[0] + lane],
        traits[_ME[1] + lane],
        traits[_ME[2] + lane],
        traits[_ME[3] + lane],
        traits[_ME[4] + lane],
        traits[_ME[5] + lane],
        traits[_ME[6] + lane],
        traits[_ME[7] + lane],
    )
    return Me(*(base + extra_lanes(traits, lane)))


def enter(people, familiarity, extra, scales, i, c, chooser, lane, traits):
    """Put consumer i, with a need of category c, into a lane."""
    me = person(people, extra, i, c)
    for row in range(len(me)):
        traits[row * WIDE + lane] = me[row]
    traits[LIMIT * WIDE + lane] = chooser.limit
    traits[FAVOURITE * WIDE + lane] = np.float64(chooser.favourite)
    traits[FOLLOWS * WIDE + lane] = np.float64(chooser.follows)
    traits[LOYALTY * WIDE + lane] = chooser.loyalty
    for p in range(familiarity.shape[1]):
        traits[(FAMILIARITY + p) * WIDE + lane] = np.float64(familiarity[i, p]) * scales.familiarity


def think_together(traits, access, utility, people, looking, offers, o, away, way, today):
    """What each of the first `people` lanes thinks of offer `o`, `away` minutes from them, into `utility`; returns
    whether the rule gave NaN or infinity for one of the first `looking` (`way` and the rest as in
    `shopping.look_along`)."""
    odd = False
    seen = alternative(offers, o, 1.0)
    store, needs, near = np.float64(offers[o].store), offers[o].needs, away <= offers[o].reach
    known = _FAMILIARITY + U64(offers[o].platform) * _W
    for lane in range(_NONE, people):
        mine = 1.0 if traits[_FAVOURITE + lane] == store else 0.0
        followed = 1.0 if traits[_FOLLOWS + lane] == store else 0.0
        trip = Trip(away * way, traits[known + lane], traits[_LOYALTY + lane] * mine, followed)
        u = value(lane_person(traits, lane), seen, trip, today)
        visible = ((away <= traits[_LIMIT + lane]) | near | (followed > 0.5)) & (
            (needs & ~access[lane]) == _NO_OFFER
        )
        odd |= visible & (lane < looking) & (not u < _INFINITE)
        utility[lane] = F32(u) if visible else UNSEEN
    return odd


def race_together(utility, low, high, best, pick, people, offer_low, offer_high, o):
    """Each of the first `people` lanes takes offer `o` if it beats the best she has found."""
    for lane in range(_NONE, people):
        draw = exponential(pair_bits(low[lane], high[lane], offer_low, offer_high))
        t = F32(draw * exp_single(F32(-min(max(utility[lane], -_LARGEST_32), _LARGEST_32))))
        better = (t < best[lane]) & (utility[lane] > UNSEEN)
        best[lane] = t if better else best[lane]
        pick[lane] = o if better else pick[lane]


def go_through(
    offers,
    entries,
    today,
    a,
    b,
    size,
    walk,
    traits,
    access,
    low,
    high,
    search,
    thought,
    best,
    pick,
    walked,
    before,
):
    """A group goes through entries a..b. Lanes are sorted by how far they look, furthest first, so that the
    nearer ones drop out as the list goes further away. Returns whether the rule gave NaN or infinity."""
    odd = False
    for lane in range(size):
        before[lane] = best[lane]
    looking = U64(size)
    for j in range(a, b):
        o = entries[j].offer
        away = np.float64(entries[j].minutes)
        if walk:
            while looking > _NONE and search[looking - _ONE] < away:
                looking -= _ONE
        if o == _NO_OFFER or looking == _NONE:
            break
        whole = (looking + U64(VECTOR - 1)) // U64(VECTOR) * U64(VECTOR)
        way = 1.0 if walk else 0.0
        odd |= think_together(traits, access, thought, whole, looking, offers, o, away, way, today)
        race_together(
            thought, low, high, best, pick, whole, low_half(offers[o].key), high_half(offers[o].key), o
        )
    for lane in range(size):
        if best[lane] < before[lane]:
            walked[lane] = walk
    return odd


def by_reach(people, reach_x, scales, needs_consumer, c, size, need, search):
    """Sort the needs of a group by how far their people look, furthest first (stable), into `need`,
    `search`."""
    for n in range(size):
        q = need[n]
        me = needs_consumer[q]
        far = (scales.largest_radius if people[me].follows >= 0 else np.float64(people[me].radius)) * reach_x[
            c
        ]
        m = n
        while m > 0 and search[m - 1] < far:
            need[m], search[m] = need[m - 1], search[m - 1]
            m -= 1
        need[m], search[m] = q, far


def look_together(
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
    low,
    high,
    search,
    thought,
    best,
    pick,
    walked,
    before,
):
    """What a group of neighbours finds from home, as `look_from_home`: shops around, deliveries, everywhere.

    The first `size` of `need` (places in the day's list) are needs of category c of people who live in cell
    `home`; they are sorted here. Side by side, one lane each, then stand: `traits` (float64 rows), `access`,
    `low`, `high` (uint32), `search` (min), what they think of the offer at hand, `thought`; and what each has
    found: `best` time, `pick`, `walked` (`before` is scratch). Returns whether the rule gave NaN or infinity for
    anything that one of them sees.
    """
    odd = False
    by_reach(people, reach_x, scales, needs_consumer, c, size, need, search)
    for lane in range(size):
        i = np.int64(needs_consumer[need[lane]])
        chooser = chooser_of(people, favourite, loyalty, reach_x, scales, i, c, day_key)
        enter(people, familiarity, extra, scales, i, c, chooser, lane, traits)
        low[lane], high[lane], access[lane] = chooser.low, chooser.high, chooser.access
        best[lane], pick[lane], walked[lane] = NEVER, _NO_OFFER, False
    for kind in range(3):
        k = c * scales.cells + home
        if kind == 1:
            k += scales.delivered
            for lane in range(size):
                traits[LIMIT * WIDE + lane] = -1.0
        elif kind == 2:
            k = scales.everywhere + c
        odd |= go_through(
            offers,
            entries,
            today,
            start[k],
            start[k + 1],
            size,
            kind == 0,
            traits,
            access,
            low,
            high,
            search,
            thought,
            best,
            pick,
            walked,
            before,
        )
    return odd
