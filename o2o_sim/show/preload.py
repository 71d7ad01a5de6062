"""What the fork server imports before any worker starts, so that all workers share it in memory.

Only imported there (sessions.py). Nothing is simulated here: a process that has run compiled code in threads
must not be forked. What the compiler sets up for itself at its first function, which takes longer than a
worker's own kernels do, it does here."""

from __future__ import annotations

import gc

import numba

from .. import cli, model
from ..studies import preload
from . import live, worker


@numba.njit
def _first(x: float) -> float:
    return x + 1


_first(1.0)
# Memory that the collector never looks at stays shared.
gc.collect()
gc.freeze()

__all__ = ["cli", "live", "model", "preload", "worker"]
