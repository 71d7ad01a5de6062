"""How many people are simulated is noise only: no headline moves with it by more than its standard error allows."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.record.metrics import metrics
from o2o_sim.record.result import RunResult
from o2o_sim.studies.run import describe

CROWDS = Path(__file__).with_name("crowds.yaml")
EVERYBODY, SEEDS = 64_000, 3
HEADLINES = [
    "sales_yuan", "online_share", "turned_away_share", "stores_survived", "stores_closed", "yearly_exit_rate",
    "sales_yuan_month/format/corner", "sales_yuan_month/format/supermarket", "sales_yuan_month/format/clothes",
    "profit_yuan_month/format/corner", "visits_day/format/corner", "turned_away_share/format/corner",
]  # fmt: skip


@cache
def headlines(population: int) -> np.ndarray:
    """float64[seeds, headlines]; with the same seed the shops are the same, whoever the people are."""
    rows = []
    for seed in range(1, SEEDS + 1):
        model = O2OModel(load_scenario(CROWDS, [f"population={population}", "days=120"]), seed).run()
        found = metrics(RunResult(None, describe(model, wall=1.0, simulating=1.0), model.results()))
        rows.append([found[name] for name in HEADLINES])
    return np.array(rows)


@pytest.mark.slow
@pytest.mark.parametrize("population", [2_000, 8_000])
@pytest.mark.parametrize("headline", HEADLINES)
def test_a_headline_stays_within_its_standard_error(population, headline):
    """Against everybody as herself, in the same shops: two standard errors of the mean over the seeds."""
    k = HEADLINES.index(headline)
    few, everybody = headlines(population)[:, k], headlines(EVERYBODY)[:, k]
    off, error = few.mean() - everybody.mean(), few.std(ddof=1) / np.sqrt(SEEDS)
    assert abs(off) <= 2 * error + 1e-9, f"{few.mean():.6g} and {everybody.mean():.6g}, error {error:.3g}"
