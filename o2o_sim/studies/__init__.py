"""Questions asked of many runs: compare, sweep, explain, find, sensitivity, run_claims; `load`, which reads
one back; and `estimate`, which fits the choice rule to observed `Choices`.

    from o2o_sim.studies import Work, compare

    if __name__ == "__main__":
        found = compare(["a.yaml", "b.yaml"], replicates=20, work=Work(workers=4))

Everything is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .calibrate import Choices, estimate, leave_one_out, share_r2
    from .claims import run_claims
    from .comparison import compare
    from .explanation import explain
    from .screening import sensitivity
    from .search import find
    from .study import load
    from .sweeps import sweep
    from .work import Work

__all__ = [
    "Choices",
    "Work",
    "compare",
    "estimate",
    "explain",
    "find",
    "leave_one_out",
    "load",
    "run_claims",
    "sensitivity",
    "share_r2",
    "sweep",
]

_HOMES = {
    "Choices": ".calibrate",
    "Work": ".work",
    "compare": ".comparison",
    "estimate": ".calibrate",
    "explain": ".explanation",
    "find": ".search",
    "leave_one_out": ".calibrate",
    "load": ".study",
    "run_claims": ".claims",
    "sensitivity": ".screening",
    "share_r2": ".calibrate",
    "sweep": ".sweeps",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
