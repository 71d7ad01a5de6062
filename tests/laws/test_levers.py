"""The three levers push the way they must, on average over paired seeds."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from o2o_sim.record.result import online_share

from .cities import city

SEEDS = range(1, 21)


@cache
def outcome(seed: int, lever: str = "rent_x", times: float = 1.0) -> tuple[int, float, float, int]:
    """(closures, online share of sales, subsidies in the tables, subsidies in the ledger in fen) of a run."""
    model = city("levers.yaml", seed, **{f"levers__{lever}": times}).run()
    frames = model.results()
    ledger = frames["ledger"]
    paid = int(ledger.loc[ledger["line"] == "subsidy received", "fen"].abs().sum())
    closed = int((frames["outcomes"]["outcome"] == "closed").sum())
    return closed, online_share(frames["daily"]), float(frames["daily"]["subsidy_yuan"].sum()), paid


def differences(lever: str, times: float, figure: int) -> np.ndarray:
    return np.array([outcome(s, lever, times)[figure] - outcome(s)[figure] for s in SEEDS])


@pytest.mark.slow
def test_higher_rent_never_lowers_closures():
    more = differences("rent_x", 1.6, 0)
    assert more.mean() >= 0, more
    assert sum(outcome(s)[0] for s in SEEDS) > 0, "somebody closes anyway"
    assert more.mean() > 0, "and at these rents more do"


@pytest.mark.slow
def test_dearer_logistics_never_raises_the_online_share():
    more = differences("logistics_x", 2.0, 1)
    assert more.mean() <= 0, more
    assert min(outcome(s)[1] for s in SEEDS) > 0.02, "there is something to lose"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_subsidy_spends_no_subsidy(seed):
    assert outcome(seed)[2] > 0 and outcome(seed)[3] > 0
    assert outcome(seed, "subsidy_x", 0.0)[2:] == (0.0, 0)


def test_no_subsidy_in_a_war_of_subsidies_either():
    """Three platforms, one that matches its rival, coupons: not a fen, neither paid nor promised."""
    model = city(levers__subsidy_x=0, days=62, population=300)
    for _ in range(62):
        model.step()
        assert not model.table.fen["subsidy"].any()
    ledger = model.results()["ledger"]
    assert not (ledger["line"] == "subsidy received").any()
    assert all(p.spent_fen == 0 for p in model.platforms)
