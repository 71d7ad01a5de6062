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
from .lanes import (
    BEST,
    BITS,
    FAMILIARITY,
    FOUND,
    PICK,
    VECTOR,
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
_NO_OFFER, _NO = U32(0), U32(0)
HOME, WORK, FOLLOWED, PHONE = range(4)
"""The rounds of a day."""
BLOCK = 512
"""Consumers in one block of work; blocks, not consumers, are dealt to threads."""
GROUPS = 8
"""Groups in one block of a round."""
CLASSES = 64
_CLASSES = np.float64(CLASSES)
"""Of how far people look: whoever looks less far than the others drops out of a vector with her class."""


# The functions below take their arrays one by one: taken out of a namedtuple, each would be reference-counted
# at every call, which costs more than the comparison of twenty offers.
@kernel
def arrange(
    people, offers, touch, scales, tile_of, needs_consumer, needs_category, pick, look, start, begin, listing, order,
    class_of, by_class,
):  # fmt: skip
    """Sort the needs of round `look` by the list that they go through, and those of a list by how far their people look,
    furthest first (in CLASSES classes): `order` (uint32[needs]) names those that go through any, those of the round's
    list number k from start[k] on (`start`: int64[lists + 1], zeros before). `listing` (int32[needs]) becomes the
    number of each one's list, -1 for none: HOME, the shops around her tile; WORK, those around her work place; FOLLOWED,
    what only followers see; PHONE, what is seen everywhere, for who stands in a shop and has the goods in her hands.
    `begin` (int64[CLASSES + 1], zeros before), `class_of` (uint8[needs]) and `by_class` (uint32[needs]) are to work
    with."""
    per_class = _CLASSES / scales.largest_radius
    for n in range(len(needs_consumer)):
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
            near = 0.0 if people[i].follows >= 0 else scales.largest_radius - np.float64(people[i].radius)
            class_of[n] = np.uint8(min(max(near * per_class, 0.0), _CLASSES - 1.0))
            begin[np.int64(class_of[n]) + 1] += 1
            start[k + 1] += 1
    for k in range(CLASSES):
        begin[k + 1] += begin[k]
    for n in range(len(needs_consumer)):
        if listing[n] >= 0:
            k = np.int64(class_of[n])
            by_class[begin[k]] = n
            begin[k] += 1
    # start[k + 1] is where the next need of list k goes: at last, where those of the next list begin.
    total = np.int64(0)
    for k in range(1, len(start)):
        held = start[k]
        start[k] = total
        total += held
    for m in range(total):
        k = np.int64(listing[by_class[m]])
        order[start[k + 1]] = by_class[m]
        start[k + 1] += 1


def surplus_of(best, pick):
    """The best value + Gumbel draw, in utils; its mean over people is the log-sum plus Euler's constant."""
    return -log(np.float64(best)) if pick > _NO_OFFER else 0.0


def look_all(
    taken, numbers, bits, found, furthest, who, people, familiarity, favourite, loyalty, extra, offers, start, listed,
    nearest, first_minutes, minutes, tile_of, slot_of, slots, reach_x, touch, scales, today, needs_consumer,
    needs_category, listing, first_list, order, begins, ends, look, day_key, best, pick, visited, surplus,
):  # fmt: skip
    """Round `look` of a day, in blocks of groups: the needs order[begins[g]:ends[g]] are of one category and list.
    `numbers`, `bits`, `found`, `furthest` and `who` are a thread's own (`sheets`)."""
    group = take(taken) * GROUPS
    while group < len(begins):
        for g in range(group, min(group + GROUPS, len(begins))):
            begin, size = begins[g], ends[g] - begins[g]
            q = order[begin]
            c = np.int64(needs_category[q])
            k = first_list + np.int64(listing[q])
            for vector in range(WIDE // VECTOR):
                furthest[vector] = 0.0
            for lane in range(size):
                q = order[begin + lane]
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
            for lane in range(size):
                q = order[begin + lane]
                chosen = found[PICK * WIDE + lane]
                time = bits_single(found[BEST * WIDE + lane])
                if np.isnan(time):
                    best[q], surplus[q] = time, time
                elif look == PHONE:
                    if chosen != pick[q]:
                        visited[q], pick[q] = pick[q], chosen
                else:
                    best[q], pick[q], surplus[q] = time, chosen, surplus_of(time, chosen)
        group = take(taken) * GROUPS


def sheets(platforms):
    """The arrays of one thread for `look_all`: three sheets (lanes.py) with so many rows of familiarity, how far each
    vector looks, and the ids of those in the lanes."""
    rows = FAMILIARITY + platforms
    numbers, bits, found = np.zeros(rows * WIDE, F32), np.zeros(BITS * WIDE, U32), np.zeros(FOUND * WIDE, U32)
    return numbers, bits, found, np.zeros(WIDE), np.zeros(WIDE, U64)


@kernel
def go_there(people, offers, needs_consumer, pick):
    """Who walks to an offer is there; of several errands of one day, at the last."""
    for n in range(len(pick)):
        if offers[pick[n]].walk > _NO:
            people[needs_consumer[n]].at = offers[pick[n]].cell
