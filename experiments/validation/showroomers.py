"""The share of *people* who look in a shop and then order, which the tables of a run lack.

    python experiments/validation/showroomers.py            # a year of the base city, five seeds
    python experiments/validation/showroomers.py --quick    # 120 days of the classroom's town: only to see that it works

A showroomer is a consumer who at least once took something in hand in a shop and then bought it from the
phone. The longer one looks, the more people have done so; the survey (24 to 26 % of Chinese shoppers, IBM
2012-13) does not say in what time. The bar was set on a year before it was looked at: within five points of
24 to 26 %."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from base_city import BASE, SEEDS, SMALL, over  # noqa: E402
from gradients import LOOKERS, NEAR_LOOKERS  # noqa: E402
from results import Result, table  # noqa: E402

from o2o_sim import O2OModel, load_scenario  # noqa: E402

WINDOWS = (30, 90, 365)


def showroomers(model: O2OModel, days: int) -> np.ndarray:
    """The day (from 0) on which each consumer first looked in a shop and then ordered; `days` if never.
    Simulates."""
    first = np.full(len(model.consumers.id), days)
    for day in range(days):
        model.step()
        who = model.purchases.consumer[model.purchases.visited > 0]
        first[who] = np.minimum(first[who], day)
    return first


@cache
def _shares(quick: bool) -> dict[int, list[float]]:
    scenario, seeds, longest = (SMALL, SEEDS[:2], 120) if quick else (BASE, SEEDS, max(WINDOWS))
    spec = load_scenario(scenario)
    first = [showroomers(O2OModel(spec, s), longest) for s in seeds]
    return {w: [float((f < w).mean()) for f in first] for w in WINDOWS if w <= longest}


def results(quick: bool = False) -> list[Result]:
    found = []
    low, high = LOOKERS[0] - NEAR_LOOKERS, LOOKERS[1] + NEAR_LOOKERS
    for days, shares in _shares(quick).items():
        i = over(shares)
        passed = low <= i.mean <= high if days == 365 else None
        found.append(
            Result(
                f"consumers who looked in a shop and then ordered, within {days} days",
                "predicted",
                f"{i.n} seeds",
                i.mean,
                (i.low, i.high),
                f"{LOOKERS[0]} to {LOOKERS[1]} of shoppers in China (IBM, read)",
                passed,
                "`consumers.touch_weight` was fitted to the share of online *orders* after a look, a related "
                "figure."
                if days == 365
                else "",
            )
        )
    return found


if __name__ == "__main__":
    print(table(results("--quick" in sys.argv)))
