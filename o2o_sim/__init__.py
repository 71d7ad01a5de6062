"""A city of shops, platforms and consumers: which stores survive, integrate with online, or close.

    import o2o_sim as o2o
    result = o2o.run("base")

These names are what the package offers to scripts and notebooks; `o2o_sim.plugin` has those for files with
rules of your own. Other modules may move or change between releases. Everything is imported when it is first
used: naming the package costs nothing.
"""

from __future__ import annotations

import os

TYPE_CHECKING = (
    False  # as type checkers know it; to import `typing` would double the time in which Ctrl-C is not heard
)
if TYPE_CHECKING:
    from typing import Any

    from .errors import Problem, ScenarioError, ScenarioWarning
    from .levers import levers_of, move, own_copy
    from .model import O2OModel
    from .record.archive import load_run
    from .record.metrics import METRICS, metrics
    from .record.result import RunResult
    from .scenario.describe import starter_text
    from .scenario.load import load_scenario
    from .scenario.schema import Spec
    from .show.report import write_report
    from .show.solara_map import CityMap
    from .show.widget import CityWidget
    from .streams import uniforms
    from .studies.calibrate import Choices, estimate, leave_one_out, share_r2
    from .studies.claims import run_claims
    from .studies.comparison import compare
    from .studies.explanation import explain
    from .studies.replicates import replicate
    from .studies.run import run
    from .studies.screening import sensitivity
    from .studies.search import find
    from .studies.statistics import Interval, mean_interval, paired_interval, proportion_interval
    from .studies.study import load_results
    from .studies.sweeps import sweep
    from .studies.variant import Variant
    from .studies.work import Work

# Numba's OpenMP threads spin while they wait, which takes the cores from everything else that runs. It must
# be said before Numba is first imported; who has said something else keeps it.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

__version__ = "0.1.0"
__all__ = [
    "METRICS",
    "Choices",
    "CityMap",
    "CityWidget",
    "Interval",
    "O2OModel",
    "Problem",
    "RunResult",
    "ScenarioError",
    "ScenarioWarning",
    "Spec",
    "Variant",
    "Work",
    "__version__",
    "compare",
    "estimate",
    "explain",
    "find",
    "leave_one_out",
    "levers_of",
    "load_results",
    "load_run",
    "load_scenario",
    "mean_interval",
    "metrics",
    "move",
    "own_copy",
    "paired_interval",
    "proportion_interval",
    "replicate",
    "run",
    "run_claims",
    "sensitivity",
    "share_r2",
    "starter_text",
    "sweep",
    "uniforms",
    "write_report",
]

_HOMES = {
    ".errors": ("Problem", "ScenarioError", "ScenarioWarning"),
    ".model": ("O2OModel",),
    ".record.archive": ("load_run",),
    ".record.metrics": ("METRICS", "metrics"),
    ".record.result": ("RunResult",),
    ".scenario.describe": ("starter_text",),
    ".scenario.load": ("load_scenario",),
    ".scenario.schema": ("Spec",),
    ".levers": ("levers_of", "move", "own_copy"),
    ".show.report": ("write_report",),
    ".show.solara_map": ("CityMap",),
    ".show.widget": ("CityWidget",),
    ".streams": ("uniforms",),
    ".studies.calibrate": ("Choices", "estimate", "leave_one_out", "share_r2"),
    ".studies.claims": ("run_claims",),
    ".studies.comparison": ("compare",),
    ".studies.explanation": ("explain",),
    ".studies.replicates": ("replicate",),
    ".studies.run": ("run",),
    ".studies.screening": ("sensitivity",),
    ".studies.search": ("find",),
    ".studies.statistics": ("Interval", "mean_interval", "paired_interval", "proportion_interval"),
    ".studies.study": ("load_results",),
    ".studies.sweeps": ("sweep",),
    ".studies.variant": ("Variant",),
    ".studies.work": ("Work",),
}
"""The module that defines each of the names."""


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            from importlib import import_module

            return getattr(import_module(module, __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
