"""Maximum likelihood gives back the parameters that simulated choices were made with."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from o2o_sim.market import rules
from o2o_sim.studies.calibrate import Choices, estimate, leave_one_out, probabilities, share_r2

SIZE, TIME, SPREAD = "stores.size_weight", "consumers.value_of_time.median", "consumers.value_of_time.spread"


def places(origins: int = 30, alternatives: int = 5, seed: int = 1) -> Choices:
    """Where people could go; nobody has gone yet but once to each."""
    rng = np.random.default_rng(seed)
    shape = (origins, alternatives)
    area = np.broadcast_to(rng.uniform(200, 3000, alternatives), shape).copy()
    far = rng.uniform(1, 40, shape)
    columns = {"town": np.broadcast_to(rng.normal(size=alternatives), shape).copy(),
               "price": rng.uniform(0.8, 1.2, shape), "others": rng.integers(0, 30, shape).astype(float)}  # fmt: skip
    names = tuple(f"o{i}" for i in range(origins)), tuple(f"s{i}" for i in range(alternatives))
    return Choices(*names, np.ones(shape), far, area, columns)


def gone(where: Choices, truth: dict[str, float], each: int, seed: int, rule=rules.value) -> Choices:
    """The same with counts drawn from the rule."""
    rng = np.random.default_rng(seed)
    counts = np.array([rng.multinomial(each, p) for p in probabilities(where, truth, rule)], float)
    return Choices(where.origins, where.alternatives, counts, where.minutes, where.area_m2, where.columns)


def near(fit, truth: dict[str, float]) -> bool:
    """Whether the estimates are together as near as 99 in 100 are (Wald's chi-square): two standard errors of
    each would fail every fifth time with four of them."""
    off = np.array([fit.values[n] - truth[n] for n in fit.free])
    return off @ np.linalg.solve(fit.covariance, off) < chi2.isf(0.01, len(off))


@pytest.mark.parametrize(
    "truth",
    [
        {SIZE: 0.9, TIME: 0.12},
        {SIZE: 0.9, TIME: 0.12, "appeal.town": 0.5, "consumers.variety_weight": 0.25},
        {TIME: 0.1, "consumers.price_sensitivity.median": 3.0, "stores.named.s1.quality": 0.7},
        {SIZE: 0.6, TIME: 0.1, SPREAD: 0.8},
    ],
    ids=["area and time", "with the place", "with prices", "people differ"],
)
def test_gives_back_what_choices_were_made_with(truth):
    seen = gone(places(), truth, 400, seed=7)
    fit = estimate(seen, list(truth))
    assert near(fit, truth), fit.table()
    assert 0 < fit.mcfadden_r2 < 1 and fit.n == 30 * 400
    assert np.allclose(fit.predict(seen).sum(axis=1), 1)


def test_standard_errors_are_the_spread_of_the_estimates():
    truth, where = {SIZE: 0.9, TIME: 0.12}, places(20)
    fits = [estimate(gone(where, truth, 60, seed=s), list(truth)) for s in range(150)]
    for name, value in truth.items():
        found = np.array([f.values[name] for f in fits])
        error = np.array([f.errors[name] for f in fits])
        robust = np.array([f.robust_errors[name] for f in fits])
        # a standard deviation of 150 values is known within 12 % at two standard errors
        assert abs(found.std() / error.mean() - 1) < 0.17 and abs(robust.mean() / error.mean() - 1) < 0.15
        assert 0.90 <= (abs(found - value) < 1.96 * error).mean() <= 0.99


@settings(max_examples=15, deadline=None)
@given(st.floats(0.0, 2.0), st.floats(0.01, 0.3), st.integers(0, 10_000))
def test_expected_counts_give_back_the_parameters_exactly(size, time, seed):
    """With each origin's counts in the very proportions of the rule, the maximum lies at the truth."""
    where = places(12, 4, seed)
    p = 1000 * probabilities(where, {SIZE: size, TIME: time})
    seen = Choices(where.origins, where.alternatives, p, where.minutes, where.area_m2)
    fit = estimate(seen, [SIZE, TIME])
    assert fit.values[SIZE] == pytest.approx(size, abs=2e-4)
    assert fit.values[TIME] == pytest.approx(time, abs=2e-5)
    assert share_r2(seen, fit.predict(seen)) > 0.999999


def test_a_rule_of_ones_own_is_estimated_by_its_fields():
    a, d = "consumers.fields.area_exponent.mean", "consumers.fields.distance_exponent.mean"
    truth = {a: 1.0, d: 2.0}
    seen = gone(places(), truth, 200, 3, rules.huff.value)
    fit = estimate(seen, [a, d], rule=rules.huff.value)
    attraction = seen.area_m2 ** fit.values[a] * seen.minutes ** -fit.values[d]
    assert fit.predict(seen) == pytest.approx(attraction / attraction.sum(axis=1, keepdims=True), rel=1e-9)
    assert near(fit, truth), fit.table()


def test_people_who_differ_are_averaged_over():
    """The quadrature against a mean over many drawn people."""
    where = places(6)
    z = np.random.default_rng(2).normal(size=8_000)
    drawn = np.mean([probabilities(where, {SIZE: 1.0, TIME: 0.1 * math.exp(0.7 * k)}) for k in z], axis=0)
    assert np.abs(probabilities(where, {SIZE: 1.0, TIME: 0.1, SPREAD: 0.7}) - drawn).max() < 0.01


def test_likelihood_by_hand():
    seen = Choices(
        ("a",), ("x", "y"), np.array([[30.0, 10.0]]), np.array([[10.0, 20.0]]), np.full((1, 2), 500.0)
    )
    fit = estimate(seen, [TIME])
    assert fit.values[TIME] == pytest.approx(math.log(3) / 10, abs=1e-6)
    assert fit.errors[TIME] == pytest.approx(1 / math.sqrt(40 * 0.75 * 0.25 * 100), rel=1e-4)
    assert fit.log_likelihood == pytest.approx(30 * math.log(0.75) + 10 * math.log(0.25))
    assert fit.null_log_likelihood == pytest.approx(40 * math.log(0.5))


def test_appeal_is_that_of_a_store_in_the_city():
    """quality + size_weight ln(area / 1000) and variety_weight ln(1 + others), as agents/store.py and
    circle.py have it."""
    area, others = np.array([[1000.0, 1000.0 * math.e]]), np.array([[math.e - 1, 0.0]])
    seen = Choices(("a",), ("x", "y"), np.ones((1, 2)), np.ones((1, 2)), area, {"others": others})
    odds = {SIZE: -0.4, "consumers.variety_weight": 0.3, "stores.named.x.quality": 0.2}
    for name, log_odds in odds.items():
        value = abs(log_odds)
        p = probabilities(seen, {name: value})[0]
        assert math.log(p[0] / p[1]) == pytest.approx(log_odds), name


def test_what_is_left_out_is_not_looked_at():
    seen = gone(places(8), {SIZE: 0.9, TIME: 0.12}, 100, 5)
    before = leave_one_out(seen, [SIZE, TIME])
    other = seen.counts.copy()
    other[3] = [0, 0, 0, 0, 100]
    changed = Choices(seen.origins, seen.alternatives, other, seen.minutes, seen.area_m2, seen.columns)
    after = leave_one_out(changed, [SIZE, TIME])
    assert after[3] == pytest.approx(before[3], abs=1e-5)
    assert np.abs(after - before)[[0, 1, 2, 4]].max() > 1e-3
    without = estimate(seen.take(np.arange(8) != 3), [SIZE, TIME])
    assert before[3] == pytest.approx(without.predict(seen.take(3))[0], abs=1e-5)


def test_shrinking_pulls_towards_zero():
    seen = gone(places(), {TIME: 0.1, "stores.named.s1.quality": 0.7}, 50, 4)
    names = [TIME, "stores.named.s1.quality"]
    free, tight = estimate(seen, names), estimate(seen, names, shrink={"stores.named": 0.02})
    assert 0 < tight.values[names[1]] < 0.5 * free.values[names[1]]
    assert tight.log_likelihood < free.log_likelihood


def test_share_r2_is_of_all_pairs():
    seen = Choices(
        ("a", "b"), ("x", "y"), np.array([[8.0, 2.0], [4.0, 6.0]]), np.ones((2, 2)), np.ones((2, 2))
    )
    assert share_r2(seen, seen.shares) == 1
    assert share_r2(seen, np.full((2, 2), 0.5)) == 0
    assert share_r2(seen, np.array([[0.7, 0.3], [0.4, 0.6]])) == pytest.approx(1 - 0.02 / 0.2)


def test_estimates_become_scenario_keys():
    where = places()
    seen = gone(where, {SIZE: 0.9, TIME: 0.12, "appeal.town": 0.5}, 200, 6)
    fit = estimate(seen, [SIZE, TIME, "appeal.town"])
    keys = fit.changes(seen)
    assert set(keys) == {SIZE, TIME, *(f"stores.named.s{i}.quality" for i in range(5))}
    assert probabilities(seen, keys) == pytest.approx(fit.predict(seen), abs=1e-12)


def test_changes_refuses_what_no_scenario_can_say():
    where = places()
    by_origin = estimate(gone(where, {TIME: 0.1}, 200, 6), [TIME, "appeal.price"])
    with pytest.raises(ValueError, match="cannot depend on the origin"):
        by_origin.changes(where)
    backwards = estimate(gone(where, {TIME: -0.1}, 200, 6), [TIME])
    with pytest.raises(ValueError, match="below zero"):
        backwards.changes(where)


def test_reads_a_table():
    rows = [("1", "A", 3, 5.0, 100.0, 2.0), ("1", "B", 1, 9.0, 300.0, 4.0), ("2", "A", 0, 7.0, 100.0, 2.0),
            ("2", "B", 6, 2.0, 300.0, 4.0)]  # fmt: skip
    frame = pd.DataFrame(rows[::-1], columns=["o", "s", "n", "min", "m2", "k"])
    seen = Choices.of_table(frame, "o", "s", "n", "min", "m2", ["k"])
    assert seen.origins == ("1", "2") and seen.alternatives == ("A", "B")
    assert seen.counts.tolist() == [[3, 1], [0, 6]] and seen.columns["k"].tolist() == [[2, 4], [2, 4]]
    assert seen.shares[0, 0] == 0.75
    with pytest.raises(ValueError, match="not finite"):
        Choices.of_table(frame.iloc[:-1], "o", "s", "n", "min", "m2")


@pytest.mark.parametrize(
    ("free", "words"),
    [
        ([], "at least one"),
        ([TIME, TIME], "only once"),
        (["consumers.value_of_tim.median"], "no parameter"),
        (["stores.named.nobody.quality"], "no parameter"),
        (["appeal.nothing"], "no parameter"),
        ([f"stores.named.s{i}.quality" for i in range(5)], "are all parameters told"),
    ],
)
def test_refuses(free, words):
    with pytest.raises(ValueError, match=words):
        estimate(gone(places(), {TIME: 0.1}, 50, 1), free)


def test_a_constant_of_what_nobody_chose_is_refused():
    seen = gone(places(), {TIME: 0.1}, 50, 1)
    seen.counts[:, 2] = 0
    with pytest.raises(ValueError, match="nobody chose s2"):
        estimate(seen, [TIME, "stores.named.s2.quality"])
    assert estimate(seen, [TIME, "stores.named.s2.quality"], shrink={"stores.named": 2.0}).values
