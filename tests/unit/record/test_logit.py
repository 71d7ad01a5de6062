"""Logistic regression."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from o2o_sim.record.logit import logit


def test_logit_of_two_groups_is_the_log_odds_ratio():
    b, se = logit([10, 30], [0, 1], [100, 100])
    assert b == pytest.approx([math.log(10 / 90), math.log(30 / 70) - math.log(10 / 90)])
    assert se[1] == pytest.approx(math.sqrt(1 / 10 + 1 / 90 + 1 / 30 + 1 / 70))


def test_logit_is_the_maximum():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(500, 2))
    y = rng.random(500) < 1 / (1 + np.exp(1 - x @ [0.7, -0.3]))
    design = np.column_stack([np.ones(500), x])
    best = minimize(lambda b: np.logaddexp(0, -np.where(y, 1, -1) * (design @ b)).sum(), np.zeros(3)).x
    assert logit(y, x)[0] == pytest.approx(best, abs=1e-4)


def test_logit_of_separated_data_is_unknown():
    assert np.isnan(logit([0, 0, 1, 1], [1, 2, 3, 4])[0]).all()
    assert np.isnan(logit([0, 0, 0], [1, 2, 3])[1]).all()
