"""Intervals cover what they should, also when the number of pairs follows from the values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from o2o_sim.studies import statistics
from o2o_sim.studies.statistics import (
    FIRST_LOOK,
    Interval,
    lower_bound,
    mean_interval,
    next_count,
    paired_interval,
    proportion_interval,
    upper_bound,
)

STUDIES = 4000
"""The standard error of a coverage of 95 % found in so many studies is 0.34 %."""


def share_covering(truth, intervals):
    return np.mean([i.low <= truth <= i.high for i in intervals])


def bounds(interval):
    return interval.mean, interval.low, interval.high


# -- against SciPy's own ------------------------------------------------------------------------------------
def test_mean_interval_is_students():
    values = [3.0, 5.0, 4.0, 8.0, 1.0]
    theirs = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    assert bounds(mean_interval(values, 0.9)) == pytest.approx((4.2, theirs.low, theirs.high))
    assert (mean_interval(values, 0.9).n, mean_interval(values, 0.9).level) == (5, 0.9)
    # By hand: s = 2.588436, t(0.975, 4) = 2.776445.
    assert mean_interval(values).width == pytest.approx(2 * 2.776445 * 2.588436 / math.sqrt(5), rel=1e-6)


def test_paired_intervals_are_of_b_less_a():
    a, b = [1.0, 4.0, 9.0, 12.0], [2.0, 6.0, 10.0, 15.0]
    theirs = stats.ttest_rel(b, a).confidence_interval()
    assert bounds(paired_interval(a, b)) == pytest.approx((1.75, theirs.low, theirs.high))


def test_one_sided_bounds_leave_all_doubt_on_one_side():
    values = [3.0, 5.0, 4.0, 8.0, 1.0]
    less = stats.ttest_1samp(values, 0, alternative="greater").confidence_interval(0.9).low
    more = stats.ttest_1samp(values, 0, alternative="less").confidence_interval(0.9).high
    assert lower_bound(values, 0.9) == pytest.approx(less)
    assert upper_bound(values, 0.9) == pytest.approx(more)
    assert lower_bound(values, 0.5) == pytest.approx(4.2)


def test_wilson_interval_known_answer():
    # Newcombe (1998), table I: 81 of 263 gives 0.2553 to 0.3662, and 0 of 20 gives 0 to 0.1611.
    assert bounds(proportion_interval(81, 263)) == pytest.approx((81 / 263, 0.2553, 0.3662), abs=5e-5)
    assert bounds(proportion_interval(0, 20)) == pytest.approx((0, 0, 0.1611), abs=5e-5)


# -- too few values, equal values, none ---------------------------------------------------------------------
def test_undefined_values_are_left_out_and_n_says_so():
    kept = mean_interval([1.0, 2.0, 4.0])
    assert mean_interval([1.0, math.nan, 2.0, math.inf, 4.0]) == kept
    assert kept.n == 3
    pairs = paired_interval([0.0, math.nan, 1.0, 0.0], [1.0, 7.0, 3.0, math.nan])
    assert pairs == mean_interval([1.0, 2.0])


@pytest.mark.parametrize(
    "of",
    [
        mean_interval,
        lambda values: paired_interval(np.zeros(len(values)), values),
    ],
)
def test_fewer_than_two_values_say_nothing_of_the_spread(of):
    one, none = of([5.0]), of([math.nan])
    assert bounds(one) == (5.0, -math.inf, math.inf)
    assert math.isnan(none.mean)
    assert (none.low, none.high, none.n) == (-math.inf, math.inf, 0)
    assert one.width == none.width == math.inf
    assert not one.excludes_zero and not none.excludes_zero


def test_bounds_of_fewer_than_two_values_are_infinite():
    for values in ([], [2.0]):
        assert lower_bound(values, 0.9) == -math.inf
        assert upper_bound(values, 0.9) == math.inf


def test_equal_values_have_an_interval_of_no_width():
    tenths = [0.1] * 3  # their sum by threes is not 0.3
    for found in (
        mean_interval(tenths),
        paired_interval([0.0] * 3, tenths),
    ):
        assert bounds(found) == (0.1, 0.1, 0.1)
        assert found.width == 0 and found.excludes_zero


def test_what_excludes_zero():
    assert Interval(2, 1, 3, 5).excludes_zero
    assert Interval(-2, -3, -1, 5).excludes_zero
    assert not Interval(0.5, -1, 2, 5).excludes_zero
    assert not Interval(0.5, 0, 1, 5).excludes_zero


def test_no_trials_say_nothing_of_a_share():
    none = proportion_interval(0, 0)
    assert math.isnan(none.mean) and (none.low, none.high) == (0, 1)


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="two values each"):
        paired_interval([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="3 successes in 2"):
        proportion_interval(3, 2)
    with pytest.raises(ValueError, match="level"):
        mean_interval([1.0, 2.0], 95)
    with pytest.raises(ValueError, match="confidence"):
        lower_bound([1.0, 2.0], 0.1)


# -- coverage -----------------------------------------------------------------------------------------------
DRAWS = {
    "normal": (lambda rng, shape: rng.normal(3.0, 2.0, shape), 3.0),
    "poisson": (lambda rng, shape: rng.poisson(20, shape).astype(float), 20.0),
}


@pytest.mark.parametrize("law", DRAWS)
@pytest.mark.parametrize("n", [5, 20])
def test_mean_intervals_cover_as_often_as_they_say(law, n):
    draw, truth = DRAWS[law]
    samples = draw(np.random.default_rng(1), (STUDIES, n))
    assert 0.93 <= share_covering(truth, [mean_interval(x) for x in samples]) <= 0.97
    assert 0.87 <= np.mean([lower_bound(x, 0.9) <= truth for x in samples]) <= 0.93
    assert 0.87 <= np.mean([upper_bound(x, 0.9) >= truth for x in samples]) <= 0.93


def test_paired_intervals_cover_and_are_narrower_than_welchs_on_correlated_pairs():
    rng = np.random.default_rng(2)
    common = rng.poisson(20, (STUDIES, 12))
    a, b = common + rng.poisson(2, common.shape), common + rng.poisson(3, common.shape)
    paired = [paired_interval(x, y) for x, y in zip(a, b)]
    welch = stats.ttest_ind(b, a, axis=1, equal_var=False).confidence_interval()
    assert 0.93 <= share_covering(1.0, paired) <= 0.97
    # Standard deviations of 5**.5 and 45**.5; t of 11 degrees of freedom against some 22.
    expected = math.sqrt(5 / 45) * stats.t.ppf(0.975, 11) / stats.t.ppf(0.975, 22)
    ratio = np.mean([i.width for i in paired]) / np.mean(welch.high - welch.low)
    assert ratio == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_wilson_intervals_cover(share):
    # All outcomes weighted by their probability: the coverage itself, not an estimate of it.
    n = 50
    counts = np.arange(n + 1)
    covers = [i.low <= share <= i.high for i in (proportion_interval(int(k), n) for k in counts)]
    assert 0.93 <= stats.binom.pmf(counts, n, share)[covers].sum() <= 0.98


# -- how many pairs -----------------------------------------------------------------------------------------
def adaptive(stock, width, cap):
    """Pairs from `stock`, one after another, until `next_count` is content."""
    n = 0
    while (more := next_count({"x": stock[:n]}, {"x": width}, cap=cap)) is not None:
        n = more
    return mean_interval(stock[:n])


def studies_of(law, pairs, cap=150, seed=4):
    """Adaptive studies whose wanted width would take so many pairs if the spread were known."""
    draw, truth = DRAWS[law]
    stock = draw(np.random.default_rng(seed), (STUDIES, cap))
    width = 2 * 1.96 * stock.std() / math.sqrt(pairs)
    return truth, width, [adaptive(x, width, cap) for x in stock]


@pytest.mark.parametrize("law", DRAWS)
@pytest.mark.parametrize("pairs", [12, 22, 50])
def test_adaptive_studies_cover_and_are_as_narrow_as_wanted(law, pairs):
    truth, width, found = studies_of(law, pairs)
    assert 0.93 <= share_covering(truth, found) <= 0.97
    assert all(i.width <= width or i.n == 150 for i in found)
    assert np.mean([i.n for i in found]) == pytest.approx(pairs + 3, abs=3)


def test_looking_too_early_would_stop_too_early(monkeypatch):
    monkeypatch.setattr(statistics, "FIRST_LOOK", 3)
    truth, _, found = studies_of("normal", 12)
    assert share_covering(truth, found) < 0.925


def ten(spread):
    """Ten values with a standard deviation of `spread`."""
    values = np.arange(10.0)
    return values / values.std(ddof=1) * spread


def test_next_count_known_answers():
    t = stats.t.ppf(0.975, 9)
    now = 2 * t / math.sqrt(10)  # the width of the interval of ten(1)

    def count(width, n=10, cap=1000):
        return next_count({"x": np.resize(ten(1.0), n)}, {"x": width}, cap=cap)

    assert count(now * 1.001) is None
    assert count(now * 0.999) == 12  # at least two more
    assert count(now / math.sqrt(1.55)) == 16  # as predicted
    assert count(now / 3) == 20  # at most twice
    assert count(now / 3, cap=17) == 17
    assert count(now / 3, cap=10) is None
    assert count(now / 3, n=9) == FIRST_LOOK == 10
    assert count(100.0, n=9) == 10
    assert count(100.0, n=3, cap=8) == 8
    assert count(0.0) == 20


def test_the_worst_metric_decides_and_those_without_a_width_do_not_matter():
    now = mean_interval(ten(1.0)).width
    differences = {"a": ten(1.0), "b": ten(1.2), "c": ten(1.1), "wild": ten(99.0), "same": np.zeros(10)}
    wanted = {"a": now, "b": now, "c": now, "same": 0.0}
    assert next_count(differences, wanted, cap=99) == 15  # 10 * 1.44
    assert next_count(differences, dict(reversed(wanted.items())), cap=99) == 15
    assert next_count(differences, {"a": now, "same": 0.0}, cap=99) is None
    assert next_count(differences, {}, cap=99) is None


def test_pairs_in_which_a_metric_is_undefined_do_not_count_for_it():
    values = np.append(ten(1.0), [math.nan] * 10)
    now = mean_interval(values).width
    assert next_count({"x": values}, {"x": now}, cap=99) is None
    # Half the pairs are of use, so that half as many again means half as many pairs again.
    assert next_count({"x": values}, {"x": now / math.sqrt(1.5)}, cap=99) in (30, 31)
    assert next_count({"x": [math.nan] * 20}, {"x": 1.0}, cap=99) == 40


def test_next_count_refuses_what_it_cannot_read():
    with pytest.raises(ValueError, match="one value per pair"):
        next_count({"a": ten(1.0), "b": [1.0]}, {"a": 1.0, "b": 1.0}, cap=99)
    with pytest.raises(ValueError, match="0 or more"):
        next_count({"a": ten(1.0)}, {"a": math.nan}, cap=99)


# -- laws ---------------------------------------------------------------------------------------------------
numbers = st.floats(-1e6, 1e6).map(lambda x: round(x, 3))
samples = st.lists(numbers, min_size=2, max_size=20)
pairs = st.lists(st.tuples(numbers, numbers), min_size=2, max_size=20)


def close(found, mean, low, high):
    assert bounds(found) == pytest.approx((mean, low, high), rel=1e-9, abs=1e-6)


@given(samples, numbers)
def test_a_shift_of_the_values_shifts_the_interval(values, by):
    before = mean_interval(values)
    close(mean_interval(np.add(values, by)), *(np.array(bounds(before)) + by))


@given(samples, st.floats(0.01, 100))
def test_other_units_change_the_interval_as_the_values(values, factor):
    mean, low, high = bounds(mean_interval(values))
    close(mean_interval(np.multiply(values, factor)), mean * factor, low * factor, high * factor)
    close(mean_interval(np.multiply(values, -factor)), -mean * factor, -high * factor, -low * factor)


@given(pairs, st.randoms(use_true_random=False))
def test_the_order_of_replicates_does_not_change_a_digit(both, random):
    shuffled = random.sample(both, len(both))
    (a, b), (c, d) = np.transpose(both), np.transpose(shuffled)
    assert mean_interval(a) == mean_interval(c)
    assert paired_interval(a, b) == paired_interval(c, d)
    assert next_count({"x": a}, {"x": 1.0}, cap=99) == next_count({"x": c}, {"x": 1.0}, cap=99)


@given(pairs)
def test_what_is_common_to_a_pair_does_not_matter_and_sides_can_be_swapped(both):
    a, b = np.transpose(both)
    seed_effect = np.linspace(-5.0, 5.0, len(a))
    mean, low, high = bounds(paired_interval(a, b))
    close(paired_interval(a + seed_effect, b + seed_effect), mean, low, high)
    close(paired_interval(b, a), -mean, -high, -low)


@given(samples, st.floats(0.5, 0.98))
def test_more_confidence_makes_intervals_wider(values, confidence):
    surer = confidence + 0.01
    assert mean_interval(values, surer).width >= mean_interval(values, confidence).width
    assert lower_bound(values, surer) <= lower_bound(values, confidence)
    assert lower_bound(values, confidence) <= upper_bound(values, confidence)


@given(st.integers(0, 60), st.integers(1, 60))
def test_wilson_bounds_are_shares_and_mirror(k, n):
    k = min(k, n)
    found, mirror = proportion_interval(k, n), proportion_interval(n - k, n)
    assert 0 <= found.low <= k / n <= found.high <= 1
    assert found.low == pytest.approx(1 - mirror.high, abs=1e-12)


@given(samples, st.floats(0, 1e6), st.integers(1, 60))
def test_the_next_count_is_within_its_limits(values, width, cap):
    n = len(values)
    more = next_count({"x": values}, {"x": width}, cap=cap)
    if more is None:
        assert n >= cap or mean_interval(values).width <= width
    else:
        assert n < more <= cap
        assert more <= max(2 * n, FIRST_LOOK)
        assert more >= min(n + 2, cap) or more == FIRST_LOOK
