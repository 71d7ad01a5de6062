"""The whole difference is shared, and shared as Shapley's axioms say."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from o2o_sim.studies.shapley import (
    EXACT_UP_TO,
    alone,
    coalitions,
    coalitions_of,
    last,
    sampled_orders,
    shapley,
)

REPLICATES = 5
SIX = ("rents", "phones", "subsidies", "fees", "delivery", "incomes")
EIGHT = SIX + ("metro", "prices")


def subsets(groups):
    return [frozenset(s) for size in range(len(groups) + 1) for s in combinations(groups, size)]


def random_game(groups, seed=1):
    """A value for every subset and replicate, without any structure."""
    rng = np.random.default_rng(seed)
    return {some: rng.normal(size=REPLICATES) for some in subsets(groups)}


def additive_game(groups):
    """Every group adds its own place in the alphabet, times the replicate's number."""
    own = {g: (1 + i) * np.arange(1.0, REPLICATES + 1) for i, g in enumerate(sorted(groups))}
    return {some: 7.0 + sum(own[g] for g in sorted(some)) for some in subsets(groups)}, own


def by_all_orders(value, groups):
    """Shapley's value in its other form: the mean over every order."""
    total = dict.fromkeys(groups, 0.0)
    for order in permutations(groups):
        for turn, g in enumerate(order):
            total[g] = total[g] + value[frozenset(order[: turn + 1])] - value[frozenset(order[:turn])]
    return {g: total[g] / len(list(permutations(groups))) for g in groups}


def same(found, expected):
    assert set(found) == set(expected)
    for group in expected:
        np.testing.assert_allclose(found[group], expected[group], rtol=1e-12, atol=1e-12)


# -- what to simulate ---------------------------------------------------------------------------------------
def test_coalitions_are_all_subsets_in_a_fixed_order():
    a, b, c = "c", "a", "b"
    assert coalitions([a, b, c]) == [frozenset(s) for s in ("", a, b, c, a + b, a + c, b + c, a + b + c)]
    assert coalitions([]) == [frozenset()]
    assert len(set(coalitions(SIX))) == 64 == 2**EXACT_UP_TO


def test_too_many_groups_and_groups_named_twice_are_refused():
    with pytest.raises(ValueError, match="sample orders"):
        coalitions(EIGHT)
    for refused in (
        lambda: coalitions(["a", "a"]),
        lambda: sampled_orders(["a", "a"], 2, 1),
        lambda: shapley({}, ["a", "a"]),
        lambda: coalitions_of([("a", "b", "a")]),
    ):
        with pytest.raises(ValueError, match="twice"):
            refused()


def test_sampled_orders_are_permutations_followed_by_their_reverse():
    orders = sampled_orders(EIGHT, 40, seed=3)
    assert len(orders) == 40
    assert all(sorted(order) == sorted(EIGHT) for order in orders)
    assert all(there == back[::-1] for there, back in zip(orders[::2], orders[1::2]))
    assert len(set(orders)) > 35
    for n in (0, 3):
        with pytest.raises(ValueError, match="even"):
            sampled_orders(EIGHT, n, seed=3)


def test_sampled_orders_go_by_seed_and_names_only_and_can_be_continued():
    orders = sampled_orders(EIGHT, 20, seed=3)
    assert sampled_orders(EIGHT[::-1], 20, seed=3) == orders
    assert sampled_orders(EIGHT, 40, seed=3)[:20] == orders
    assert sampled_orders(EIGHT, 20, seed=4) != orders


def test_every_group_is_as_often_in_every_place():
    orders = sampled_orders(SIX, 6000, seed=5)
    places = np.array([[order.index(g) for g in SIX] for order in orders])
    for column in places.T:
        # 1000 expected in each; standard deviation of pairs at most 2 * sqrt(3000 / 6) = 45.
        assert np.all(np.abs(np.bincount(column, minlength=6) - 1000) < 180)


def test_coalitions_of_orders_are_all_that_is_asked_for_and_no_more():
    orders = sampled_orders(EIGHT, 4, seed=3)
    needed = coalitions_of(orders)
    assert len(set(needed)) == len(needed)
    assert needed == sorted(needed, key=lambda some: (len(some), sorted(some)))
    everyone = frozenset(EIGHT)
    ends = {frozenset(), everyone, *(frozenset([g]) for g in EIGHT), *(everyone - {g} for g in EIGHT)}
    on_the_way = {frozenset(order[:i]) for order in orders for i in range(9)}
    assert set(needed) == ends | on_the_way
    value = {some: np.full(REPLICATES, len(some)) for some in needed}
    for answer in (shapley(value, EIGHT, orders), alone(value, EIGHT), last(value, EIGHT)):
        same(answer, {g: np.ones(REPLICATES) for g in EIGHT})


def test_orders_must_be_of_the_same_groups():
    with pytest.raises(ValueError, match="different groups"):
        coalitions_of([("a", "b"), ("a", "c")])
    with pytest.raises(ValueError, match="no orders"):
        coalitions_of([])
    with pytest.raises(ValueError, match="other groups"):
        shapley(random_game("abc"), "abc", orders=[("a", "b")])


# -- games with a known answer ------------------------------------------------------------------------------
@pytest.fixture(params=["exact", "sampled"])
def orders_of(request):
    """The orders to share by: None, or some sampled ones."""
    return lambda groups: None if request.param == "exact" else sampled_orders(groups, 6, seed=2)


def test_additive_game_gives_every_group_its_own(orders_of):
    value, own = additive_game(SIX)
    same(shapley(value, SIX, orders_of(SIX)), own)
    same(alone(value, SIX), own)
    same(last(value, SIX), own)


def test_a_group_without_effect_gets_nothing(orders_of):
    game = random_game(SIX[1:])
    value = {some: game[some - {SIX[0]}] for some in subsets(SIX)}
    found = shapley(value, SIX, orders_of(SIX))
    assert not found[SIX[0]].any()
    assert all(found[g].all() for g in SIX[1:])


def test_interactions_of_two_are_shared_equally(orders_of):
    # Nothing alone, 6 a replicate together; exact for sampled orders too, for each is met with its reverse.
    rate = np.arange(1.0, REPLICATES + 1)
    value = {some: 6 * rate * (some >= {"rents", "phones"}) for some in subsets(SIX)}
    expected = {g: 3 * rate if g in ("rents", "phones") else 0 * rate for g in SIX}
    same(shapley(value, SIX, orders_of(SIX)), expected)
    assert not any(effect.any() for effect in alone(value, SIX).values())
    same(last(value, SIX), {g: 2 * effect for g, effect in expected.items()})


def test_symmetric_groups_get_the_same():
    other = random_game("cd")
    value = {s: other[s & {"c", "d"}] + len(s & {"a", "b"}) ** 2 * (1 + len(s)) for s in subsets("abcd")}
    found = shapley(value, "abcd")
    np.testing.assert_allclose(found["a"], found["b"], rtol=1e-12)
    assert not np.allclose(found["a"], found["c"])


def test_the_glove_game():
    # A left glove and two right ones; only a pair is worth something: 2/3, 1/6, 1/6.
    value = {some: float("left" in some and len(some) > 1) for some in subsets(["left", "right", "other"])}
    found = shapley(value, ["left", "right", "other"])
    same(found, {"left": 2 / 3, "right": 1 / 6, "other": 1 / 6})
    assert all(isinstance(share, np.ndarray) for share in found.values())


def test_one_group_gets_everything_and_no_groups_nothing():
    value = {frozenset(): [1.0, 2.0], frozenset("a"): [5.0, 5.0]}
    same(shapley(value, ["a"]), {"a": np.array([4.0, 3.0])})
    assert shapley({frozenset(): [1.0]}, []) == {}


def test_the_subset_formula_is_the_mean_over_all_orders():
    value = random_game("abcde")
    expected = by_all_orders(value, "abcde")
    same(shapley(value, "abcde"), expected)
    same(shapley(value, "abcde", orders=list(permutations("abcde"))), expected)


def test_a_coalition_without_a_value_is_missed():
    value = random_game("abc")
    del value[frozenset("ab")]
    with pytest.raises(KeyError):
        shapley(value, "abc")


def test_an_undefined_replicate_spoils_only_itself():
    value = random_game("abc")
    value[frozenset("ab")][2] = np.nan
    for share in shapley(value, "abc").values():
        assert np.isnan(share).tolist() == [False, False, True, False, False]


# -- laws ---------------------------------------------------------------------------------------------------
@given(st.integers(1, 6), st.integers(0, 1000), st.sampled_from([None, 2, 8]))
def test_shares_sum_to_the_whole_difference(k, seed, n):
    groups = SIX[:k]
    value = random_game(groups, seed)
    found = shapley(value, groups, n and sampled_orders(groups, n, seed))
    whole = value[frozenset(groups)] - value[frozenset()]
    np.testing.assert_allclose(sum(found.values()), whole, rtol=0, atol=1e-12)
    assert all(share.shape == (REPLICATES,) for share in found.values())


@given(st.permutations(SIX), st.integers(0, 100))
def test_the_order_of_groups_does_not_change_a_digit(groups, seed):
    value = random_game(SIX, seed)
    backwards = dict(reversed(value.items()))
    for orders in (None, sampled_orders(groups, 4, seed)):
        first, second = shapley(value, SIX, orders), shapley(backwards, groups, orders)
        assert list(second) == list(groups)
        assert all(np.array_equal(first[g], second[g]) for g in SIX)


def test_sampled_shares_converge_to_the_exact_ones():
    value = random_game(SIX)
    exact = shapley(value, SIX)

    def error(n):
        """Root of the mean square over groups, replicates and ten samples."""
        found = [shapley(value, SIX, sampled_orders(SIX, n, seed)) for seed in range(10)]
        return np.sqrt(np.mean([[(f[g] - exact[g]) ** 2 for g in SIX] for f in found]))

    few, many = error(16), error(16 * 16)
    assert few / many == pytest.approx(4, rel=0.35)  # the error falls as the root of the number
    assert many < 0.1


def test_an_order_and_its_reverse_err_less_than_two_orders():
    # Mostly pairs of levers at work together, as in a city, with little of higher order.
    rng = np.random.default_rng(8)
    strength = rng.normal(size=(6, 6))
    value = {}
    for some in subsets(SIX):
        places = [SIX.index(g) for g in some]
        value[some] = strength[np.ix_(places, places)].sum() + 0.1 * rng.normal(size=REPLICATES)
    exact = shapley(value, SIX)

    def error(orders):
        found = shapley(value, SIX, orders)
        return np.mean([(found[g] - exact[g]) ** 2 for g in SIX])

    pairs = np.mean([error(sampled_orders(SIX, 10, seed)) for seed in range(20)])
    single = np.mean([error(sampled_orders(SIX, 20, seed)[::2]) for seed in range(20)])
    assert pairs < 0.2 * single
