"""The runs that several parts of the validation read: one scenario, several seeds, each simulated once."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT)]

from o2o_sim import Interval, RunResult, mean_interval, run  # noqa: E402

BASE, SMALL = ROOT / "scenarios" / "base.yaml", ROOT / "scenarios" / "classroom.yaml"
SEEDS = (1, 2, 3, 4, 5)


@cache
def base(quick: bool = False) -> tuple[RunResult, ...]:
    """The base city over five seeds; with `quick`, 120 days of the classroom's town over two, to see that all
    works."""
    scenario, seeds, days = (SMALL, SEEDS[:2], 120) if quick else (BASE, SEEDS, None)
    return tuple(run(scenario, out=False, seed=s, days=days) for s in seeds)


def over(values: list[float]) -> Interval:
    """The mean over the seeds, with its interval."""
    return mean_interval(values)
