"""Faults that are the machine's: a disk that refuses, no memory left. The user can do something about them."""

from __future__ import annotations

import errno
import re
from pathlib import Path

from .errors import Problem, ScenarioError

_REFUSED = {
    getattr(errno, name)
    for name in (
        "EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "EFBIG", "ENAMETOOLONG", "ENOTDIR", "EISDIR", "ELOOP", "EIO",
        "EMFILE", "ENFILE", "EBUSY", "ETXTBSY",
    )
    if hasattr(errno, name)
}  # fmt: skip
"""How a disk says no, for a reason that lies outside of this program."""
_NO_MEMORY = re.compile(
    "out of memory|insufficient memory|memory exhausted|bad_alloc|(cannot|unable to|failed to) (allocate|map)|"
    "can't (start|allocate) new thread|realloc.* failed",
    re.IGNORECASE,
)
_LESS = (
    "What needs it is the number of simulated consumers first, then those of stores and days: lower `population` "
    "(--set population=N), and in a study --workers, for each worker has a city of its own."
)
_DOING = {
    "scenario": "reading the scenario",
    "city": "building the city",
    "setup": "building the city",
    "show": "drawing and showing the results",
    "record": "keeping the results",
    "studies": "keeping the results",
}
"""What the package does in its parts; in all others it simulates."""
LEAST_MB = 600
"""Below this the numerical libraries cannot be loaded: they end the process, or send it the signal of Ctrl-C."""


def of_machine(fault: BaseException) -> Problem | None:
    """What the user can do about an exception that is the machine's: no memory left, or a disk that refuses; None
    for any other."""
    if memory_ran_out(fault):
        limit = limit_mb()
        allowed = f" This process may use {limit:,} MB (ulimit -v)." if limit is not None else ""
        said = " ".join(str(fault).split())
        return Problem(
            f"memory ran out while {_doing(fault)}" + (f": {said}" if said else ""), hint=_LESS + allowed
        )
    if isinstance(fault, OSError) and fault.errno in _REFUSED:
        name = fault.filename2 or fault.filename
        file = name if isinstance(name, str) else None if name is None else repr(name)
        what = "cannot be read or written" if file else "a file cannot be read or written"
        return Problem(f"{what}: {fault.strerror}", file=file)
    return None


def memory_ran_out(fault: BaseException | None) -> bool:
    """Whether an exception, or one that led to it, says that there was no memory left: Python's own, NumPy's and
    Arrow's (which are `MemoryError`s), and what libraries and the system call it."""
    for _ in range(20):
        if fault is None:
            return False
        if isinstance(fault, MemoryError) or (isinstance(fault, OSError) and fault.errno == errno.ENOMEM):
            return True
        if isinstance(fault, OSError | RuntimeError | ImportError) and _NO_MEMORY.search(str(fault)):
            return True
        fault = fault.__cause__ or fault.__context__
    return False


def limit_mb() -> int | None:
    """The memory that this process may use (address space, MB); None if it is not limited."""
    try:
        import resource
    except ImportError:
        return None  # Windows
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if limit == resource.RLIM_INFINITY else limit // 1_000_000


def check_memory() -> None:
    """Raise ScenarioError if this process may not use enough memory for any simulation."""
    limit = limit_mb()
    if limit is not None and limit < LEAST_MB:
        message = f"this process may use {limit:,} MB of memory (ulimit -v), and o2o-sim needs {LEAST_MB:,} MB or more"
        raise ScenarioError(message, hint="Raise the limit: ulimit -v unlimited")


def _doing(fault: BaseException) -> str:
    """What was being done, by the part of the package that is the deepest in the traceback."""
    top = Path(__file__).parent
    found, trace = "simulating", fault.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        path = Path(code.co_filename)
        if code.co_name == "<module>":
            return "loading the program"
        if path.is_relative_to(top):
            found = _DOING.get(path.relative_to(top).parts[0].removesuffix(".py"), "simulating")
        trace = trace.tb_next
    return found


__all__ = ["check_memory", "limit_mb", "memory_ran_out", "of_machine"]
