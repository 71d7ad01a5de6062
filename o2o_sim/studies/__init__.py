"""Questions asked of many runs: compare, sweep, explain, find, sensitivity, run_claims; and `load`, which reads one
back.

    from o2o_sim.studies import Work, compare

    if __name__ == "__main__":
        found = compare(["a.yaml", "b.yaml"], replicates=20, work=Work(workers=4))

Everything is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .claims import run_claims
    from .comparison import compare
    from .explanation import explain
    from .screening import sensitivity
    from .search import find
    from .study import load
    from .sweeps import sweep
    from .work import Work

__all__ = ["Work", "compare", "explain", "find", "load", "run_claims", "sensitivity", "sweep"]

_HOMES = {
    "Work": ".work",
    "compare": ".comparison",
    "explain": ".explanation",
    "find": ".search",
    "load": ".study",
    "run_claims": ".claims",
    "sensitivity": ".screening",
    "sweep": ".sweeps",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
