"""The shopping loop: every consumer whose need is due compares what she sees and takes the best.

Utility is value(me, offer) + Gumbel noise, one draw per (consumer, need, offer). Instead of the largest
value + Gumbel the loop finds the smallest Exponential * exp(-value), which is the same choice (the draw is
the same number: Gumbel = -log Exponential) with one logarithm less. A rule computes in double precision; the
draws and the race are in single precision, which moves no share by more than a millionth.

A day goes in rounds (rounds.py), and in each of them needs go through their list together, up to WIDE of them
(lanes.py).

The functions here are plain Python. `Shopping` binds a rule to them and compiles them, or leaves them as
they are (`engine: python`): both do the same arithmetic in the same order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..streams import bits_single, log, single_bits
from .compiled import kernel
from .consumers import ONLINE
from .instructions import VECTOR, fetch_ahead
from .lanes import (
    BEST,
    BITS,
    FAMILIARITY,
    FOUND,
    PICK,
    SURPLUS,
    WIDE,
    draw_keys,
    enter,
    go_through,
    limits,
    standing,
)
from .threads import take

U64, U32, F32 = np.uint64, np.uint32, np.float32
_ONLINE = ONLINE
_NO_OFFER, _NO, _NO_LANE = U32(0), U32(0), U64(0)
_BEST, _PICK, _SURPLUS = U64(BEST * WIDE), U64(PICK * WIDE), U64(SURPLUS * WIDE)
HOME, WORK, FOLLOWED, PHONE = range(4)
"""The rounds of a day."""
BLOCK = 512
"""Consumers in one block of work; blocks, not consumers, are dealt to threads."""
SOON = 24
"""How many needs ahead the record of somebody is fetched."""
RUN = 512
"""Needs of one list that are looked at in a row, by one thread."""
CLASSES = 32
_CLASSES = np.float64(CLASSES)
"""Of how far people look: whoever looks less far than the others of a run drops out of a vector with her class."""


# The functions below take their arrays one by one: taken out of a namedtuple, each would be reference-counted
# at every call, which costs more than the comparison of twenty offers. Loops take parts or runs (threads.py) until there is
# none left.
@kernel
def enlist(
    taken, people, offers, touch, scales, tile_of, needs_consumer, needs_category, pick, look, held, listing
):
    """Which list each need goes through in round `look`: `listing` (int32[needs]) becomes its number, -1 for none. HOME:
    the shops around her tile; WORK: those around her work place; FOLLOWED: what only followers see; PHONE: what is seen
    everywhere, for who stands in a shop and has the goods in her hands. `held` (int64[parts, lists], zeros before) becomes
    how many of each part of the needs go through each list."""
    parts, needs, part = held.shape[0], len(needs_consumer), take(taken)
    while part < parts:
        for n in range(part * needs // parts, (part + 1) * needs // parts):
            fetch_ahead(people, np.int64(needs_consumer[min(n + SOON, needs - 1)]))
            i, c = np.int64(needs_consumer[n]), np.int64(needs_category[n])
            k: Any = np.int64(-1)
            if look == HOME:
                k = np.int64(tile_of[c, people[i].home])
            elif look == WORK:
                if people[i].work >= 0:
                    k = np.int64(tile_of[c, people[i].work])
            elif look == FOLLOWED:
                if people[i].follows >= 0:
                    k = c * scales.stores + np.int64(people[i].follows)
            elif touch[c] > 0.0 and (people[i].access & _ONLINE) > _NO and offers[pick[n]].walk > _NO:
                k = c
            listing[n] = k
            if k >= 0:
                held[part, k] += 1
        part = take(taken)


@kernel
def share_out(held, start):
    """Where needs go that are sorted by list, and within it by part: from how many of each part go through each list, `held`
    (int64[parts, lists]) becomes where the first of them goes, and `start` (int64[lists + 1]) where each list begins."""
    total = np.int64(0)
    for k in range(held.shape[1]):
        start[k] = total
        for part in range(held.shape[0]):
            here = held[part, k]
            held[part, k] = total
            total += here
    start[held.shape[1]] = total


@kernel
def sort(taken, listing, at, order):
    """Write the needs that go through a list (`listing`) to `order` (uint32[needs]), from `at` on, which is used up: what
    `share_out` has made of `held`."""
    parts, needs, part = at.shape[0], len(listing), take(taken)
    while part < parts:
        for n in range(part * needs // parts, (part + 1) * needs // parts):
            k = np.int64(listing[n])
            if k >= 0:
                order[at[part, k]] = n
                at[part, k] += 1
        part = take(taken)


def furthest_first(
    people, familiarity, favourite, loyalty, scales, needs_consumer, order, begin, end, matters, class_of, places, run
):  # fmt: skip
    """Write the needs order[begin:end] to `run` (uint32[RUN]), and where it `matters` those first whose people look
    furthest, by CLASSES classes. `class_of` (uint8[RUN]) and `places` (int64[CLASSES]) are to work with."""
    size, others = end - begin, np.uint8(0)
    for m in range(size):
        run[m] = order[begin + m]
        fetch_ahead(people, np.int64(needs_consumer[order[min(begin + m + SOON, end - 1)]]))
        i = np.int64(needs_consumer[run[m]])
        fetch_ahead(familiarity, i)
        fetch_ahead(favourite, i)
        fetch_ahead(loyalty, i)
    if size <= VECTOR or not matters:
        return
    per_class = _CLASSES / scales.largest_radius
    for m in range(size):
        i = np.int64(needs_consumer[run[m]])
        near = 0.0 if people[i].follows >= 0 else scales.largest_radius - np.float64(people[i].radius)
        class_of[m] = np.uint8(min(max(near * per_class, 0.0), _CLASSES - 1.0))
        others |= class_of[m] ^ class_of[0]
    if others == 0:
        return
    for k in range(CLASSES):
        places[k] = 0
    for m in range(size):
        places[class_of[m]] += 1
    total = np.int64(0)
    for k in range(CLASSES):
        here = places[k]
        places[k] = total
        total += here
    for m in range(size):
        k = class_of[m]
        run[places[k]] = order[begin + m]
        places[k] += 1


def surplus_of(best, pick):
    """The best value + Gumbel draw, in utils; its mean over people is the log-sum plus Euler's constant."""
    return -log(np.float64(best)) if pick > _NO_OFFER else 0.0


def look_all(
    taken, numbers, bits, found, furthest, who, class_of, places, run, people, familiarity, favourite, loyalty, extra,
    offers, start, listed, nearest, first_minutes, minutes, tile_of, slot_of, slots, reach_x, touch, scales, today,
    needs_consumer, needs_category, listing, first_list, order, begins, ends, look, day_key, best, pick, visited, surplus,
):  # fmt: skip
    """Round `look` of a day, in runs: the needs order[begins[r]:ends[r]] are of one category and list.
    What stands before `people` are a thread's own (`sheets`)."""
    r = take(taken)
    while r < len(begins):
        furthest_first(
            people, familiarity, favourite, loyalty, scales, needs_consumer, order, begins[r], ends[r], look <= WORK,
            class_of, places, run,
        )  # fmt: skip
        c = np.int64(needs_category[run[0]])
        for begin in range(0, ends[r] - begins[r], WIDE):
            size = min(ends[r] - begins[r] - begin, WIDE)
            k = first_list + np.int64(listing[run[0]])
            for vector in range(WIDE // VECTOR):
                furthest[vector] = 0.0
            for lane in range(size):
                q = run[begin + lane]
                i = np.int64(needs_consumer[q])
                slot = U32(slot_of[c, people[i].work if look == WORK else people[i].home])
                enter(people, familiarity, favourite, loyalty, extra, slot, i, c, lane, numbers, bits)
                who[lane] = people[i].id
                far = scales.largest_radius if people[i].follows >= 0 else np.float64(people[i].radius)
                furthest[lane // VECTOR] = max(furthest[lane // VECTOR], far)
                found[BEST * WIDE + lane] = single_bits(best[q])
                found[PICK * WIDE + lane] = pick[q]
            for vector in range(WIDE // VECTOR - 1, 0, -1):
                furthest[vector - 1] = max(furthest[vector - 1], furthest[vector])
            lanes = U64((size + VECTOR - 1) // VECTOR * VECTOR)
            draw_keys(bits, who, lanes, U64(c), day_key)
            if look == PHONE:
                for lane in range(size):
                    now = standing(numbers, bits, U64(lane), offers, found[PICK * WIDE + lane], scales, today)
                    found[BEST * WIDE + lane] = single_bits(now)
            for kind in range(3 if look == HOME else 1):
                # From home: what one goes to, then deliveries, then what is seen everywhere.
                if kind > 0:
                    k = scales.delivered + k if kind == 1 else scales.everywhere + c
                goes = look == WORK or (look == HOME and kind == 0)
                around = look <= WORK and kind < 2
                limits(numbers, lanes, reach_x[c], goes)
                go_through(
                    numbers, bits, found, furthest, lanes, offers, listed, nearest, minutes,
                    first_minutes[k] if around else U64(0), slots[c] if around else 0, start[k], start[k + 1], reach_x[c],
                    F32(1.0) if goes else F32(0.0), 0.0 if look == PHONE else 1.0, scales, today,
                )  # fmt: skip
            for at in range(_NO_LANE, lanes):
                worth = surplus_of(bits_single(found[_BEST + at]), found[_PICK + at])
                found[_SURPLUS + at] = single_bits(F32(worth))
            for lane in range(size):
                q = run[begin + lane]
                chosen = found[PICK * WIDE + lane]
                time = bits_single(found[BEST * WIDE + lane])
                if np.isnan(time):
                    best[q], surplus[q] = time, time
                elif look == PHONE:
                    if chosen != pick[q]:
                        visited[q], pick[q] = pick[q], chosen
                else:
                    best[q], pick[q] = time, chosen
                    surplus[q] = bits_single(found[SURPLUS * WIDE + lane])
        r = take(taken)


def sheets(platforms):
    """The arrays of one thread for `look_all`: three sheets (lanes.py) with so many rows of familiarity, how far each
    vector looks, the ids of those in the lanes, and what `furthest_first` needs."""
    rows = FAMILIARITY + platforms
    numbers, bits, found = np.zeros(rows * WIDE, F32), np.zeros(BITS * WIDE, U32), np.zeros(FOUND * WIDE, U32)
    own = np.zeros(RUN, np.uint8), np.zeros(CLASSES, np.int64), np.zeros(RUN, U32)
    return numbers, bits, found, np.zeros(WIDE), np.zeros(WIDE, U64), *own


@kernel
def go_there(taken, people, offers, needs_consumer, pick, visited, blocks, begins):
    """Who walks to an offer is there, and at the last if she has several errands; everybody else is at home. Block b are
    the people from blocks[b] on, whose needs begin with begins[b] (both int64[blocks + 1])."""
    b = take(taken)
    while b < len(blocks) - 1:
        for i in range(blocks[b], blocks[b + 1]):
            people[i].at = people[i].home
        for n in range(begins[b], begins[b + 1]):
            to = visited[n] if visited[n] > _NO_OFFER else pick[n]
            if offers[to].walk > _NO:
                people[needs_consumer[n]].at = offers[to].cell
        b = take(taken)
