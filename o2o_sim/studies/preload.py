"""What the fork server imports before any worker of a study starts, so that all workers have it at once and share it
in memory.

Only imported there (engines.py). Nothing is simulated here: a process that has run compiled code in threads must not
be forked."""

from __future__ import annotations

import gc

# A collection looks at all that was imported so far, again and again, and finds nothing: a fifth of the time.
gc.disable()

# ruff: noqa: E402
import mesa  # first, because it asks for its place in the stack, which takes the longer the more is imported
from numba.core.registry import cpu_target

from .. import model
from ..inputs.package import code_digest
from ..record import metrics
from . import engines, run

code_digest()  # of the code that is imported here; workers hold it against that of the process that has them

# What the compiler sets up for itself before its first function, found compiled or not.
cpu_target.typing_context.refresh()
cpu_target.target_context.refresh()
# Memory that the collector never looks at stays shared, and takes no time later.
gc.freeze()
gc.enable()

__all__ = ["engines", "mesa", "metrics", "model", "run"]
