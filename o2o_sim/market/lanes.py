"""A group of consumers before one list of offers, side by side.

People who live (or work) near one another see nearly the same offers. So a group goes through a list together: each
offer is read once, and the people stand in lanes, each thing that the loop reads of them in a row of a sheet. The loop
over the lanes has no branches and reads and writes nothing but rows, so that the compiler works on a whole vector of
them at a time. A rule computes in double precision, the draws and the race in single precision.
"""

from __future__ import annotations

import numpy as np

from ..streams import (
    bits_single,
    exp_single,
    exponential,
    extend,
    high_half,
    low_half,
    pair_bits,
    single_bits,
    vector,
)
from .consumers import ONLINE, PAYS_BY_PHONE
from .instructions import VECTOR, read_alone
from .records import BASE_ME, Alternative, Chooser, Me, Trip

U64, U32, F32 = np.uint64, np.uint32, np.float32
WIDE = 64
"""Lanes of a group; VECTOR of them are worked on at once."""
_LARGEST = F32(80.0)
"""Utilities are cut off here, far beyond what could ever be chosen or passed over."""
NEVER, WRONG = F32(np.inf), F32(np.nan)

# Rows of the sheet of `numbers` (float32): what a rule reads of a person (BASE_ME and up to eight fields of its own),
# then these, and at last her familiarity with each platform. They are as they stand in the records: weights come in
# double precision, and all that the loop loads is 32 bits wide, so that a vector has as many lanes as can be.
_ROWS = len(BASE_ME) + 8
LIMIT, LOYALTY, AWAY, FAMILIARITY = range(_ROWS, _ROWS + 4)
# Rows of the sheet of `bits` (uint32): access, the halves of the key of her draws, her stores (number + 1), her cell in
# the tile.
ACCESS, LOW, HIGH, FAVOURITE, FOLLOWS, SLOT = range(6)
BITS = 6
# Rows of the sheet of what was `found` (uint32): the bits of the best time (float32; NaN, and beaten by nothing, once
# the rule gave NaN or infinity for anything that she sees), and its offer.
# When the list is done: the bits of the surplus (float32).
BEST, PICK, SURPLUS = range(3)
FOUND = 3

_W = U64(WIDE)
_ME = tuple(U64(k * WIDE) for k in range(len(BASE_ME)))
_LIMIT, _LOYALTY, _AWAY, _FAMILIARITY = (U64(r * WIDE) for r in (LIMIT, LOYALTY, AWAY, FAMILIARITY))
_RADIUS = _ME[BASE_ME.index("radius")]
_ACCESS, _LOW, _HIGH = U64(ACCESS * WIDE), U64(LOW * WIDE), U64(HIGH * WIDE)
_FAVOURITE, _FOLLOWS, _SLOT = U64(FAVOURITE * WIDE), U64(FOLLOWS * WIDE), U64(SLOT * WIDE)
_BEST, _PICK = U64(BEST * WIDE), U64(PICK * WIDE)
_NONE, _NO_ACCESS, _NO_STORE, _ONE = U64(0), U32(0), U32(0xFFFFFFFF), U32(1)
_NOWHERE, _NO_LOYALTY, _FAR = F32(-1.0), F32(0.0), F32(np.inf)
_UNSEEN, _INFINITE = -np.inf, np.inf
_ONLINE, _PAYS = ONLINE, PAYS_BY_PHONE


# What a rule is made of; `Shopping` puts the real ones in their place.
def value(me, offer, trip, today):
    raise NotImplementedError


def extra_fields(extra, i, c):
    return ()


def extra_lanes(numbers, lane):
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


def chooser_of(people, favourite, i, c):
    """What the loop must know of consumer i besides what the rule reads."""
    best, follows = favourite[i, c], people[i].follows
    return Chooser(
        people[i].access,
        np.uint32(best + 1) if best >= 0 else _NO_STORE,
        np.uint32(follows + 1) if follows >= 0 else _NO_STORE,
    )


def draw_keys(bits, who, lanes, c, day_key):
    """The key of the draws of each lane, in halves: of the day, of consumer `who` (uint64 ids), of her need's category."""
    for lane in range(_NONE, lanes):
        key = extend(extend(day_key, who[lane]), c)
        bits[_LOW + lane], bits[_HIGH + lane] = low_half(key), high_half(key)


def enter(people, familiarity, favourite, loyalty, extra, slot, i, c, lane, numbers, bits):
    """Put consumer i, with a need of category c, into a lane; `slot` is her cell in the tile."""
    me, chooser = person(people, extra, i, c), chooser_of(people, favourite, i, c)
    for row in range(len(me)):
        numbers[row * WIDE + lane] = me[row]
    numbers[LOYALTY * WIDE + lane] = loyalty[i, c]
    for p in range(familiarity.shape[1]):
        numbers[(FAMILIARITY + p) * WIDE + lane] = familiarity[i, p]
    bits[FAVOURITE * WIDE + lane], bits[FOLLOWS * WIDE + lane] = chooser.favourite, chooser.follows
    bits[ACCESS * WIDE + lane], bits[SLOT * WIDE + lane] = chooser.access, slot


def lane_person(numbers, lane):
    """The person in a lane as the rule sees her."""
    base = (
        np.float64(numbers[_ME[0] + lane]),
        np.float64(numbers[_ME[1] + lane]),
        np.float64(numbers[_ME[2] + lane]),
        np.float64(numbers[_ME[3] + lane]),
        np.float64(numbers[_ME[4] + lane]),
        np.float64(numbers[_ME[5] + lane]),
        np.float64(numbers[_ME[6] + lane]),
        np.float64(numbers[_ME[7] + lane]),
    )
    return Me(*(base + extra_lanes(numbers, lane)))


@vector
def down(x):
    """The largest float32 that is at most `x`, a number of 0 or more or a float32: what is in single precision is at most
    one if it is at most the other."""
    near = F32(x)
    return bits_single(U32(single_bits(near) - (_ONE if np.float64(near) > x else _NO_ACCESS)))


def limits(numbers, lanes, reach_x, goes):
    """How far each lane looks for places, which is relative to her radius, where she goes there herself (`goes`)."""
    for lane in range(_NONE, lanes):
        numbers[_LIMIT + lane] = down(np.float64(numbers[_RADIUS + lane]) * reach_x) if goes else _NOWHERE


@vector
def time_of(utility, mine_low, mine_high, low, high):
    """The time of an offer in the race, Exponential * exp(-utility), of the halves of two keys."""
    draw = exponential(pair_bits(mine_low, mine_high, low, high))
    return F32(draw * exp_single(F32(-min(max(F32(utility), -_LARGEST), _LARGEST))))


def expand(numbers, bits, minutes, first, lanes):
    """Write the minutes from each lane's cell to the offer at hand, from those of its tile on, into row AWAY."""
    for lane in range(_NONE, lanes):
        numbers[_AWAY + lane] = read_alone(minutes, first + U64(bits[_SLOT + lane]))


def meet(numbers, bits, found, lanes, offers, o, way, unseen_x, scales, today):
    """Each of the first `lanes` lanes takes offer `o` if it beats the best she has found. What is worth minus infinity to
    her counts as unseen.

    `way` is 1 where she goes herself and 0 where things come to her: then minutes only decide what she sees."""
    seen = alternative(offers, o, unseen_x)
    store, needs, reach, row = offers[o].store, offers[o].needs, down(offers[o].reach), U32(o)
    low, high = low_half(offers[o].key), high_half(offers[o].key)
    known = _FAMILIARITY + U64(offers[o].platform) * _W
    lanes = lanes // U64(VECTOR) * U64(VECTOR)  # they are whole vectors, which the compiler is told by this
    for lane in range(_NONE, lanes):
        away, loyal = numbers[_AWAY + lane], numbers[_LOYALTY + lane]
        follows = bits[_FOLLOWS + lane] == store
        trip = Trip(
            np.float64(F32(away * way)),
            np.float64(numbers[known + lane]) * scales.familiarity,
            np.float64(loyal if bits[_FAVOURITE + lane] == store else _NO_LOYALTY) * scales.loyalty,
            1.0 if follows else 0.0,
        )
        u = value(lane_person(numbers, lane), seen, trip, today)
        visible = ((away <= numbers[_LIMIT + lane]) | (away <= reach) | (follows & (away < _FAR))) & (
            (needs & ~bits[_ACCESS + lane]) == _NO_ACCESS
        )
        time = time_of(u, bits[_LOW + lane], bits[_HIGH + lane], low, high)
        best = bits_single(found[_BEST + lane])
        better = visible & (u > _UNSEEN) & (u < _INFINITE) & (time < best)
        kept = WRONG if visible & (not u < _INFINITE) else best
        found[_BEST + lane] = single_bits(time if better else kept)
        found[_PICK + lane] = row if better else found[_PICK + lane]


def standing(numbers, bits, lane, offers, o, scales, today):
    """The time of offer `o` for who has come to it, NaN if the rule gave NaN or infinity: the way is behind her, and her
    draw is the one she came with."""
    store = offers[o].store
    mine = 1.0 if bits[_FAVOURITE + lane] == store else 0.0
    followed = 1.0 if bits[_FOLLOWS + lane] == store else 0.0
    known = np.float64(numbers[_FAMILIARITY + U64(offers[o].platform) * _W + lane])
    loyal = np.float64(numbers[_LOYALTY + lane]) * scales.loyalty * mine
    trip = Trip(0.0, known * scales.familiarity, loyal, followed)
    u = value(lane_person(numbers, lane), alternative(offers, o, 1.0), trip, today)
    key = offers[o].key
    time = time_of(u, bits[_LOW + lane], bits[_HIGH + lane], low_half(key), high_half(key))
    return time if u < _INFINITE else WRONG


def go_through(
    numbers, bits, found, furthest, lanes, offers, listed, nearest, minutes, at, slots, a, b, reach_x, way, unseen_x,
    scales, today,
):  # fmt: skip
    """A group goes through entries a..b of a list. Lanes stand in the order of how far they look, `furthest` first (one
    number per vector), so that those who stay near drop out as the list goes further away. The minutes to entry a begin
    `at`, those to the next `slots` further; `slots` is 0 where everything is at no distance."""
    if slots == 0:
        for lane in range(WIDE):
            numbers[AWAY * WIDE + lane] = F32(0.0)
    for j in range(a, b):
        if way > 0.5:
            while lanes > _NONE and furthest[lanes // U64(VECTOR) - U64(1)] * reach_x < nearest[j]:
                lanes -= U64(VECTOR)
            if lanes == _NONE:
                break
        if slots > 0:
            expand(numbers, bits, minutes, at + U64(j - a) * U64(slots), lanes)
        meet(numbers, bits, found, lanes, offers, listed[j], way, unseen_x, scales, today)
