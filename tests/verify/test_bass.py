"""Adoption follows the curve of Bass (1969, Management Science 15, 215-227).

F(t) = (1 - e^{-(p+q) t}) / (1 + q/p e^{-(p+q) t}) is steepest at t* = ln(q/p) / (p+q), where F = (q-p) / 2q
and the rate is (p+q)^2 / 4q. Scenario keys are chances a month: p/12 and q/12, of who has a literacy of 1.
Literacy spreads by 0.15 around a cohort's and ends at 1, so that the mean of a cohort of 1 is 1 - 0.15 /
sqrt(2 pi), by which the chances are divided. Adoption moves once a month, which is a little slower than all
the time: F(5) is also put beside that of a curve in twelve steps a year, F += (p + q F) / 12 (1 - F)."""

from __future__ import annotations

import math
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from o2o_sim import O2OModel, load_scenario

from .rows import Row, assert_passed, published

HERE = Path(__file__).parent
(SAID,) = [row for row in published() if row["test"] == "Bass"]
STEPS = 12
LITERACY = 1 - 0.15 / math.sqrt(2 * math.pi)


def in_steps(p: float, q: float, years: int) -> float:
    """F after so many years of steps."""
    f = 0.0
    for _ in range(STEPS * years):
        f += (p + q * f) / STEPS * (1 - f)
    return f


@cache
def cases() -> tuple[Row, ...]:
    p, q = (float(v) for v in re.findall(r"[pq]=(\.\d+)", SAID["config"]))
    t_peak, peak, f5 = (float(v) for v in re.findall(r"=([0-9.]+)", SAID["reference_value"]))
    chance = STEPS * LITERACY
    said = [f"consumers.smartphone.innovation={p / chance}", f"consumers.smartphone.imitation={q / chance}"]
    model = O2OModel(load_scenario(HERE / "bass.yaml", said)).run()
    share = np.concatenate([[0.0], model.results()["city_monthly"]["smartphone"]])
    people = len(model.consumers)

    steepest = (q - p) / (2 * q)
    k = int(np.searchsorted(share, steepest))
    years = (k - 1 + (steepest - share[k - 1]) / (share[k] - share[k - 1])) / STEPS
    # The best twelve months lie evenly around the peak: their mean rate is the peak's times tanh(x) / x.
    x = (p + q) / 4
    best = float((share[STEPS:] - share[:-STEPS]).max()) * x / math.tanh(x)
    stepped = in_steps(p, q, 5)
    lag = f5 - stepped
    error = 3 * math.sqrt(f5 * (1 - f5) / people)
    spread = 3 * math.sqrt(peak * (1 - peak) / people)
    note = f"{people:,} people, {STEPS} steps a year"
    return (
        Row("Bass", SAID["config"], "t* (years)", t_peak, years, 1 / STEPS, "a step (month)", note),
        Row("Bass", SAID["config"], "peak rate", peak, best, spread, "3 sqrt(f(1-f)/N)", note),
        Row(
            "Bass",
            SAID["config"],
            "F(5)",
            f5,
            float(share[60]),
            error + lag,
            f"3 sqrt(F(1-F)/N) + {lag:.4f}, the lag of monthly steps",
            note,
        ),
        Row(
            "Bass",
            SAID["config"],
            "F(5) beside the same curve in monthly steps",
            stepped,
            float(share[60]),
            error,
            "3 sqrt(F(1-F)/N)",
            note,
        ),
    )


def rows() -> list[Row]:
    return list(cases())


@pytest.mark.slow
def test_adoption_is_when_and_as_steep_as_the_curve():
    assert_passed(*cases())
