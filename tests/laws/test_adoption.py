"""Adoption follows the Bass curve (Bass 1969) where its chances are small.

With p = 0.03 and q = 0.38 a year, F(t) = (1 - exp(-(p+q) t)) / (1 + q/p exp(-(p+q) t)) peaks at t* = ln(q/p)
/ (p+q) = 6.1926 years with a rate of 0.11059, and F(5) = 0.33120 (analytic_reference_values.csv). Scenario
keys are chances a month, so that a year is twelve steps of p/12 and q/12; the lag of such steps behind the
curve, 0.65 of a step, vanishes with them. They are chances for a literacy of 1, and literacy spreads by 0.15
around its cohort's and ends at 1: at a cohort's 1 its mean is 1 - 0.15 / sqrt(2 pi), by which they are
divided here.
"""

from __future__ import annotations

import math
from pathlib import Path
from string import Template

import numpy as np
import pytest

from o2o_sim import O2OModel, load_scenario

P, Q, STEPS = 0.03, 0.38, 12
T_PEAK, PEAK_RATE, F5 = 6.1926, 0.11059, 0.33120
LITERACY = 1 - 0.15 / math.sqrt(2 * math.pi)

# Nobody shops: what is needed, is needed every ten years.
TOWN = Template("""
start: 2001-01-01
days: $days
population: $people
residents: $people
city: {cell_m: 1000, width_km: 1, height_km: 1, centres: {green: {x_km: 0.5, y_km: 0.5, spread_km: 0.5}}}
calendar: {weekend: []}
categories:
  coats: {every_days: 3650, ticket_yuan: 100, gross_margin: 0.5, touch: 0}
cohorts:
  first: {share: 0.5, smartphone_start: 0, pays_by_phone_start: 0, literacy: 1, works: 0}
  second: {share: 0.5, smartphone_start: 0, pays_by_phone_start: 0, literacy: 1, works: 0}
consumers:
  smartphone: {innovation: $p, imitation: $q}
  word_of_mouth: $mixing
stores:
  policy: never_integrate
  formats: {shop: {demand_share: {coats: 0.5}, area_m2: 1000000, sales_per_m2_year_yuan: 1000000}}
  named: {only: {format: shop, x_km: 0.5, y_km: 0.5, area_m2: 100}}
landlords: {policy: fixed}
entry: {policy: none}
""")


def run(folder: Path, people: int, years: float, mixing: str = "null") -> O2OModel:
    file = folder / "bass.yaml"
    chances = {"p": P / STEPS / LITERACY, "q": Q / STEPS / LITERACY}
    text = TOWN.substitute(chances, people=people, days=math.ceil(years * 365.25), mixing=mixing)
    file.write_text(text, encoding="utf-8")
    return O2OModel(load_scenario(file)).run()


def adopted(model: O2OModel, column: str = "smartphone") -> np.ndarray:
    """Share of adopters after each month, from 0 at the beginning."""
    return np.concatenate([[0.0], model.results()["city_monthly"][column]])


def allowed(people: float) -> float:
    return 3 * math.sqrt(F5 * (1 - F5) / people)


def test_after_five_years_a_third_have_it(tmp_path):
    share = adopted(run(tmp_path, 8000, 5))
    assert len(share) == 61
    assert abs(share[60] - F5) < allowed(8000)


def test_each_of_two_cohorts_that_never_talk_follows_its_own_curve(tmp_path):
    model = run(tmp_path, 10_000, 5, mixing="{within: 1}")
    for cohort in ("first", "second"):
        assert abs(adopted(model, f"smartphone/{cohort}")[60] - F5) < allowed(4900)


def test_cohorts_that_talk_as_they_meet_are_one_town(tmp_path):
    """Proportionate mixing of like cohorts is no mixing at all: the same people, in the same months."""
    assert np.array_equal(
        adopted(run(tmp_path, 500, 2)), adopted(run(tmp_path, 500, 2, mixing="{within: 0}"))
    )


@pytest.mark.slow
def test_adoption_peaks_when_and_as_high_as_the_curve_does(tmp_path):
    """t* is when F passes (q - p) / 2q, where the curve is steepest; a month is a step. The highest rate is
    that of the best twelve months: 0.11059 * tanh(a) / a with a = (p + q) / 4 is the curve's."""
    people = 100_000
    share = adopted(run(tmp_path, people, 7.5))
    half = (Q - P) / (2 * Q)
    k = int(np.searchsorted(share, half))
    months = k - 1 + (half - share[k - 1]) / (share[k] - share[k - 1])
    assert abs(months - STEPS * T_PEAK) < 1
    assert abs(share[60] - F5) < allowed(people) + 0.0054, "twelve steps a year lag 0.0054 behind the curve"
    a = (P + Q) / 4
    best = (share[STEPS:] - share[:-STEPS]).max()
    curve = PEAK_RATE * math.tanh(a) / a
    assert abs(best - curve) < 3 * math.sqrt(curve * (1 - curve) / people)
