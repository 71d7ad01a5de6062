"""Compiled loops over blocks of work, in threads.

The threads are Python's: a compiled loop runs without the interpreter's lock. Numba's own parallel loops do the same work,
but each of them takes longer to compile than the loop does.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import numba
import numpy as np
from numba import types
from numba.core.dispatcher import Dispatcher
from numba.extending import intrinsic, overload

WORTH = 2048
"""Needs or consumers that are worth a thread; fewer are done before it has woken."""


def take(taken):
    """The number of the next block that no thread has taken yet; `taken` (int64[1]) counts them."""
    taken[0] += 1
    return taken[0] - 1


@intrinsic
def _take(typing, taken):
    def codegen(context, builder, signature, args):
        counter = context.make_array(signature.args[0])(context, builder, args[0])
        return builder.atomic_rmw("add", counter.data, context.get_constant(types.int64, 1), "monotonic")

    return types.int64(taken), codegen


@overload(take, inline="always")
def _overload_take(taken):
    return lambda taken: _take(taken)  # type: ignore[call-arg]


def in_threads(loop: Callable, work: int, *given: Any, own: Callable[[], tuple[Any, ...]] = tuple) -> None:
    """Call `loop(taken, *own(), *given)` in as many threads as Numba may use and so many needs or consumers (`work`) are
    worth. In each the loop is to work on the blocks that it takes (`take(taken)`), until it takes a number for which
    there is none; `own` makes arrays for one thread alone. A loop that is not compiled is called once."""
    taken = np.zeros(1, np.int64)
    threads = max(1, min(numba.get_num_threads(), work // WORTH)) if isinstance(loop, Dispatcher) else 1
    others: list[Future[None]] = []
    try:
        for _ in range(threads - 1):
            others.append(_pool(os.getpid()).submit(loop, taken, *own(), *given))
        loop(taken, *own(), *given)
    finally:
        wait(others)
    for other in others:
        other.result()


@functools.cache
def _pool(process: int) -> ThreadPoolExecutor:
    """The threads of this process; one that was forked from it has none of them."""
    return ThreadPoolExecutor(max(1, numba.config.NUMBA_NUM_THREADS), "o2o-sim")  # type: ignore[attr-defined]
