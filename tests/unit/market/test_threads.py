"""Blocks of work in threads."""

import numba
import numpy as np
import pytest

from o2o_sim.market import threads
from o2o_sim.market.compiled import kernel
from o2o_sim.market.threads import in_threads, take

BLOCKS = 1000


def mark(taken, mine, by, hits):
    """Count how often each block is worked on, and how many blocks one thread took."""
    b = take(taken)
    while b < len(hits):
        hits[b] += 1
        mine[0] += 1
        by[b] = mine[0]
        b = take(taken)


compiled = kernel(mark)


@pytest.fixture
def all_threads():
    before = numba.get_num_threads()
    numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
    yield numba.config.NUMBA_NUM_THREADS
    numba.set_num_threads(before)


@pytest.mark.parametrize("loop", [compiled, mark], ids=["compiled", "plain"])
@pytest.mark.parametrize("work", [0, threads.WORTH - 1, 2 * threads.WORTH, 1000 * threads.WORTH])
def test_each_block_is_worked_on_once(all_threads, loop, work):
    hits, by, made = np.zeros(BLOCKS, np.int64), np.zeros(BLOCKS, np.int64), []

    def own():
        made.append(np.zeros(1, np.int64))
        return (made[-1],)

    in_threads(loop, work, by, hits, own=own)
    assert (hits == 1).all()
    assert sum(int(mine[0]) for mine in made) == BLOCKS, "what a thread has of its own is no other's"
    worth = max(1, min(all_threads, work // threads.WORTH))
    assert len(made) == (worth if loop is compiled else 1)


def test_a_fault_in_any_thread_is_told(all_threads):
    """A loop that cannot be compiled for what it is given fails as where there is one thread."""
    for work in (1, 1000 * threads.WORTH):
        with pytest.raises(numba.TypingError):
            in_threads(compiled, work, np.zeros(BLOCKS), "no array", own=lambda: (np.zeros(1, np.int64),))
