"""Designs put their points where they say, the same ones for the same seed."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from o2o_sim.errors import ScenarioError
from o2o_sim.studies.designs import Factor, grid, lhs, morris, power_of_two, saltelli, sobol

RENT = Factor("rent", low=0.5, high=2.0)
FEE = Factor("fee", low=0.01, high=100.0, scale="log", levels=5)
SHOPS = Factor("shops", low=1, high=3, whole=True)
RULE = Factor("rule", values=("none", "cap", True, 7))
MIXED = [RENT, FEE, SHOPS, RULE]


# -- factors ------------------------------------------------------------------------------------------------
def test_a_range_maps_the_unit_interval_evenly_in_its_scale():
    assert [RENT.at(u) for u in (0, 0.5, 1)] == [0.5, 1.25, 2.0]
    assert [FEE.at(u) for u in (0, 0.25, 0.5, 1)] == [0.01, 0.1, 1.0, 100.0]


def test_a_list_takes_equal_shares():
    u = (np.arange(400) + 0.5) / 400
    values = [RULE.at(x) for x in u]
    assert values == ["none"] * 100 + ["cap"] * 100 + [True] * 100 + [7] * 100
    assert (RULE.at(0), RULE.at(1)) == ("none", 7)


def test_thirds_of_the_axis_do_not_slip_into_the_bin_below():
    three = Factor("x", values=("a", "b", "c"))
    for third in (1 / 3, 1 - 2 / 3, 0.99999999999 / 3):
        assert three.at(third) == "b"
    assert three.at(1 / 3 + 1 / 3) == "c"


def test_whole_numbers_are_equally_likely_and_whole():
    u = (np.arange(300) + 0.5) / 300
    values = [SHOPS.at(x) for x in u]
    assert [values.count(k) for k in (1, 2, 3)] == [100, 100, 100]
    assert all(type(v) is int for v in values)
    decades = Factor("n", low=1, high=1000, whole=True, scale="log", levels=4)
    assert decades.grid_values() == [1, 10, 100, 1000]
    assert (decades.at(0), decades.at(1)) == (1, 1000)


def test_values_of_a_range_are_short():
    assert Factor("x", low=0, high=1).at(1 / 3) == 0.333333
    assert Factor("x", low=0, high=3e9).at(1 / 7) == 428571000.0
    assert Factor("x", low=1e6, high=1e6 + 3).at(1 / 7) == 1000000.428571  # narrow, but far from 0
    assert Factor("x", low=1, high=3e9, scale="log").at(0.3) == 696.845
    assert [repr(v) for v in Factor("x", low=-0.3, high=0.6, levels=4).grid_values()] == [
        "-0.3",
        "0.0",
        "0.3",
        "0.6",
    ]


@given(
    st.floats(-1e6, 1e6),
    st.floats(1e-3, 1e6),
    st.lists(st.floats(0, 1), min_size=2),
    st.sampled_from(["linear", "log"]),
    st.booleans(),
)
def test_values_stay_in_the_range_and_in_order(low, width, places, scale, whole):
    if scale == "log":
        low = abs(low) + 1e-3
    if whole:
        low, width = float(np.ceil(low)), float(np.ceil(width))
    factor = Factor("x", low=low, high=low + width, scale=scale, whole=whole)
    values = [factor.at(u) for u in sorted(places)]
    assert values == sorted(values)
    assert all(low <= v <= low + width for v in values + factor.grid_values())
    assert [factor.at(0), factor.at(1)] == pytest.approx([low, low + width], rel=5e-6, abs=1e-5 * width)


def test_the_grid_of_a_factor():
    assert RENT.grid_values() == [0.5, 0.875, 1.25, 1.625, 2.0]
    assert FEE.grid_values() == [0.01, 0.1, 1.0, 10.0, 100.0]
    assert SHOPS.grid_values() == [1, 2, 3]
    assert RULE.grid_values() == ["none", "cap", True, 7]


@pytest.mark.parametrize(
    "said, message",
    [
        ({}, "needs a list of values, or low and high"),
        ({"low": 1.0}, "needs a list of values, or low and high"),
        ({"values": (1,), "low": 1.0}, "both a list of values and a range"),
        ({"values": (1, 2, 1)}, "has a value twice"),
        ({"low": 2.0, "high": 2.0}, "from low to a greater high, found 2.0 to 2.0"),
        ({"low": 0.0, "high": float("inf")}, "from low to a greater high"),
        ({"low": 0.0, "high": 1.0, "scale": "log"}, "above 0 on a log scale, found 0.0"),
        ({"low": 0.5, "high": 2.0, "whole": True}, "with whole numbers, found 0.5 to 2.0"),
        ({"low": 0.0, "high": 2.0, "levels": 1}, "at least 2 levels, found 1"),
    ],
)
def test_what_is_no_factor_is_refused_by_name(said, message):
    with pytest.raises(ScenarioError, match=message) as refused:
        Factor("rent", **said)
    assert refused.value.problems[0].key == "rent"


def test_one_and_true_are_two_values():
    assert Factor("x", values=(1, True, "1")).grid_values() == [1, True, "1"]


# -- designs ------------------------------------------------------------------------------------------------
def test_a_grid_has_every_combination_and_the_last_factor_runs_fastest():
    found = grid([Factor("a", values=("x", "y")), Factor("b", low=0, high=1, levels=3)])
    assert [tuple(p.values()) for p in found] == [
        ("x", 0.0),
        ("x", 0.5),
        ("x", 1.0),
        ("y", 0.0),
        ("y", 0.5),
        ("y", 1.0),
    ]
    assert list(found[0]) == ["a", "b"]


def test_a_latin_hypercube_has_one_point_in_each_slice():
    found = lhs([RENT, Factor("share", low=0, high=1)], 50, seed=3)
    for name, low, high in (("rent", 0.5, 2.0), ("share", 0.0, 1.0)):
        slices = [int((p[name] - low) / (high - low) * 50) for p in found]
        assert sorted(slices) == list(range(50))


def test_a_sobol_sequence_is_balanced_and_rounded_up():
    found = sobol([RENT, RULE], 33, seed=3)
    assert len(found) == 64
    assert [sum(p["rule"] is v for p in found) for v in RULE.values] == [16] * 4
    assert len(sobol([RENT], 64, seed=3)) == 64
    assert [power_of_two(n) for n in (1, 2, 3, 64, 65)] == [1, 2, 4, 64, 128]


def test_morris_moves_one_factor_at_a_time_by_one_step():
    pytest.importorskip("SALib")
    points, unit = morris(MIXED, 10, seed=3)
    assert len(points) == 50 and unit.shape == (50, 4)
    assert set(np.unique(unit)) <= {0, 1 / 3, 2 / 3, 1}
    for trajectory in unit.reshape(10, 5, 4):
        steps = np.diff(trajectory, axis=0)
        assert (np.count_nonzero(steps, axis=1) == 1).all()
        assert np.abs(steps).sum(axis=0) == pytest.approx([2 / 3] * 4)
    two = Factor("switch", values=(False, True))
    points, unit = morris([two, RENT], 5, seed=3)
    for k in range(5):
        values = [p["switch"] for p in points[3 * k : 3 * k + 3]]
        assert set(values) == {False, True}  # no step of the lattice leaves a switch where it is


def test_saltelli_exchanges_one_factor_at_a_time():
    pytest.importorskip("SALib")
    points, unit = saltelli(MIXED, 5, seed=3)
    assert len(points) == 8 * 6 and unit.shape == (48, 4)
    for block in unit.reshape(8, 6, 4):
        a, b = block[0], block[-1]
        for k in range(4):
            assert block[1 + k][k] == b[k]
            assert (np.delete(block[1 + k], k) == np.delete(a, k)).all()


def test_points_are_where_the_unit_cube_says():
    pytest.importorskip("SALib")
    for points, unit in (morris(MIXED, 4, seed=1), saltelli(MIXED, 4, seed=1)):
        assert points == [{f.name: f.at(u) for f, u in zip(MIXED, row)} for row in unit]


@pytest.mark.parametrize("design", [lhs, sobol, morris, saltelli])
def test_a_seed_is_a_design(design):
    if design in (morris, saltelli):
        pytest.importorskip("SALib")
    # 0 is a seed like others; some libraries take it for none.
    first, again, other = (repr(design(MIXED, 8, seed=seed)) for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("design", [lhs, sobol, morris, saltelli])
def test_one_factor_is_enough(design):
    if design in (morris, saltelli):
        pytest.importorskip("SALib")
    found = design([RENT], 4, seed=1)
    points = found[0] if isinstance(found, tuple) else found
    assert all(0.5 <= p["rent"] <= 2 for p in points)


def test_coinciding_points_are_kept():
    assert len(lhs([SHOPS], 30, seed=1)) == 30


# -- refusals -----------------------------------------------------------------------------------------------
def test_too_many_points_are_refused():
    many = [Factor(f"f{k}", low=0, high=1, levels=10) for k in range(6)]
    with pytest.raises(ScenarioError, match=r"1,000,000 points; at most 100,000"):
        grid(many)
    assert len(grid(many[:4])) == 10_000
    for design in (lhs, sobol, morris, saltelli):
        with pytest.raises(ScenarioError, match="at most 100,000"):
            design(many, 100_001, seed=1)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: grid([]), "no factor to vary"),
        (lambda: lhs([RENT, RENT], 5, 1), "rent: is there twice"),
        (lambda: lhs([RENT], 0, 1), "at least 1 point, found 0"),
        (lambda: morris([RENT], 1, 1), "at least 2 trajectories, found 1"),
        (lambda: morris([RENT], 5, 1, levels=3), "even number of levels, found 3"),
    ],
)
def test_what_makes_no_design_is_refused(call, message):
    with pytest.raises(ScenarioError, match=message):
        call()


def test_without_salib_the_user_is_told_what_to_install(monkeypatch):
    for module in ("SALib.sample.morris", "SALib.sample.sobol"):
        monkeypatch.setitem(sys.modules, module, None)
    for design in (morris, saltelli):
        with pytest.raises(ScenarioError, match=r"needs SALib\n.*o2o-sim\[sensitivity\]"):
            design([RENT], 4, 1)
