"""Needs sorted in parts, and where people are at the end of a day."""

from __future__ import annotations

import numpy as np
import pytest

from o2o_sim.market import rounds
from o2o_sim.market.consumers import PERSON
from o2o_sim.market.offers import ROW
from o2o_sim.market.shopping import go_there, share_out, sort


@pytest.mark.parametrize("parts", [1, 3, 8])
@pytest.mark.parametrize("needs", [0, 1, 500])
def test_needs_are_sorted_alike_in_any_number_of_parts(parts, needs):
    lists = 7
    listing = np.random.default_rng(needs).integers(-1, lists, needs).astype(np.int32)
    held, start = np.zeros((parts, lists), np.int64), np.zeros(lists + 1, np.int64)
    for part in range(parts):
        mine = listing[part * needs // parts : (part + 1) * needs // parts]
        held[part] = np.bincount(mine[mine >= 0], minlength=lists)
    order = np.full(needs, 9999, np.uint32)
    share_out(held, start)
    sort(np.zeros(1, np.int64), listing, held, order)
    by_list = [np.flatnonzero(listing == k) for k in range(lists)]
    assert start.tolist() == [0, *np.cumsum([len(some) for some in by_list])]
    assert order[: start[-1]].tolist() == np.concatenate(by_list).tolist()


@pytest.mark.parametrize("most", [1, 4, 100])
def test_runs_are_of_one_list_and_not_too_long(most):
    start = np.array([0, 0, 3, 11, 11, 12])
    begins, ends = rounds.runs_of(start, most)
    assert np.concatenate([np.arange(a, b) for a, b in zip(begins, ends)]).tolist() == list(range(12))
    lists = [set(np.searchsorted(start, np.arange(a, b), side="right")) for a, b in zip(begins, ends)]
    assert all(len(some) == 1 for some in lists) and (ends - begins).max() <= most


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("block", [1, 3, 100])
def test_people_are_where_they_walked_last_or_at_home(block, compiled):
    people, offers = np.zeros(6, PERSON).view(np.recarray), np.zeros(4, ROW).view(np.recarray)
    people["home"], people["at"] = np.arange(6), 77  # where they were yesterday
    offers["walk"], offers["cell"] = [0, 1, 1, 0], [0, 21, 22, 23]
    consumer = np.array([1, 1, 2, 4, 4, 5], np.uint32)
    pick = np.array([1, 2, 3, 2, 3, 0], np.uint32)
    visited = np.array([0, 0, 1, 0, 0, 0], np.uint32)
    blocks = np.minimum(np.arange(-(-6 // block) + 1) * block, 6)
    begins = np.searchsorted(consumer, blocks.astype(np.uint32))
    walk = go_there if compiled else go_there.py_func
    records = (people, offers) if not compiled else (people.view(np.ndarray), offers.view(np.ndarray))
    walk(np.zeros(1, np.int64), *records, consumer, pick, visited, blocks, begins)
    assert people["at"].tolist() == [0, 22, 21, 3, 22, 5]
