"""Whose need is due today."""

from __future__ import annotations

import numpy as np
import pytest

from o2o_sim.market import needs
from o2o_sim.market.consumers import PERSON
from o2o_sim.streams import stream

DAY, NEXT = 12, 14
AHEAD = {"nothing": (0.0, 0.0, 0.0), "one category": (0.0, 0.4, 0.0), "all": (1.0, 0.5, 0.01)}


@pytest.mark.parametrize("chances", AHEAD.values(), ids=AHEAD)
@pytest.mark.parametrize("free", [True, False], ids=["free day", "workday"])
@pytest.mark.parametrize("people", [0, 1, 700])
def test_what_is_due_is_found_and_some_of_it_put_off(people, free, chances):
    rng = np.random.default_rng(people)
    records = np.zeros(people, PERSON)
    records["id"] = rng.permutation(people)
    due = rng.integers(DAY - 2, DAY + 9, (people, 3)).astype(np.int16)
    before, ahead = due.copy(), np.array(chances)
    consumer, category = needs.find_due(records, due, DAY, free, NEXT, ahead, stream(3, "put off", DAY))
    assert (consumer.dtype, category.dtype) == (np.uint32, np.uint8)
    found = set(zip(consumer.tolist(), category.tolist()))
    assert sorted(found) == list(zip(consumer.tolist(), category.tolist()))
    for i in range(people):
        for c in range(3):
            if (i, c) in found:
                assert before[i, c] == due[i, c] <= DAY
            elif before[i, c] <= DAY:
                assert due[i, c] == NEXT and not free and chances[c] > 0
            else:
                assert due[i, c] == before[i, c]
    if people > 1 and not free:
        put_off = [((before[:, c] <= DAY) & (due[:, c] == NEXT)).sum() for c in range(3)]
        wanted = [(before[:, c] <= DAY).sum() * chances[c] for c in range(3)]
        assert np.abs(np.subtract(put_off, wanted)).max() <= 4 * np.sqrt(people) / 2


@pytest.mark.parametrize("block", [1, 4, 100])
def test_blocks_begin_where_their_consumers_do(block):
    consumer = np.array([0, 0, 3, 4, 9, 9, 9], np.uint32)
    starts = needs.blocks_of(consumer, 10, block)
    assert len(starts) == -(-10 // block) + 1 and starts[-1] == len(consumer)
    for b in range(len(starts) - 1):
        assert set(consumer[starts[b] : starts[b + 1]] // block) <= {b}
