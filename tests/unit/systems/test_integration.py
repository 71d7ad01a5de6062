"""The measure `integration`: how it spreads, and what it brings at first."""

from __future__ import annotations

import math

from o2o_sim.policies.decisions import KEEP, Decision

from .hamlet import hamlet, run_days
from .row import Says, shops


def test_the_wave_is_counted_and_judged_after_six_months(tmp_path):
    """Of two shops one takes up a mode that brings 10 yuan a month over its cost, one a mode that loses
    10."""
    text = shops(2) + "measures: [integration]\ndays: 365\nmodes: {app: {setup_yuan: 50, skill: 0}}\n"
    model = hamlet(tmp_path, text)
    for k, s in enumerate(model.stores):
        s.policy = Says(*[KEEP] * k, Decision("adopt", mode="app"))
    model.mode_contribution = lambda store, mode: 1000 if store.number == 0 else -1000
    run_days(model, 243)  # to the end of August
    months = model.recorder._city_months
    assert [m["adoptions"] for m in months] == [1, 1, 0, 0, 0, 0, 0, 0]
    assert [m["adoptions/app"] for m in months[:2]] == [1, 1]
    assert [m["integrated_stores"] for m in months[:3]] == [0.5, 1.0, 1.0]
    judged = [m["unprofitable_modes"] for m in months]
    assert all(math.isnan(x) for x in judged[:6])  # the first is taken up at the end of January
    assert judged[6:] == [0.0, 0.5]
    assert [m["unrecovered_modes"] for m in months[6:]] == [0.0, 0.5]  # 60 yuan against 50 to begin


def test_who_gives_a_mode_up_before_has_had_its_trial(tmp_path):
    text = shops(2) + "measures: [integration]\nmodes: {app: {setup_yuan: 50, skill: 0}}\n"
    model = hamlet(tmp_path, text)
    model.stores[0].policy = Says(Decision("adopt", mode="app"), Decision("quit", mode="app"))
    model.mode_contribution = lambda store, mode: 1000
    run_days(model, 59)
    last = model.recorder._city_months[-1]
    assert (last["unprofitable_modes"], last["unrecovered_modes"], last["integrated_stores"]) == (
        0.0,
        1.0,
        0.0,
    )
