"""A city of shops, platforms and consumers: which stores survive, integrate with online, or close.

    import o2o_sim
    result = o2o_sim.run("scenarios/base.yaml")

Everything is imported when it is first used: naming the package costs nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import ScenarioError
    from .model import O2OModel
    from .scenario.load import load_scenario
    from .studies.run import run

# Numba's OpenMP threads spin while they wait, which takes the cores from everything else that runs. It must
# be said before Numba is first imported; who has said something else keeps it.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

__version__ = "0.1.0"
__all__ = ["O2OModel", "ScenarioError", "__version__", "load_scenario", "run"]

_HOMES = {
    "O2OModel": ".model",
    "ScenarioError": ".errors",
    "load_scenario": ".scenario.load",
    "run": ".studies.run",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
