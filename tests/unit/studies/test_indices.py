"""Sensitivity measures, held against functions whose measures are known."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.studies.designs import Factor, morris, saltelli
from o2o_sim.studies.indices import morris_effects, noise_share, sobol_indices

needs_salib = pytest.mark.usefixtures("salib")


@pytest.fixture
def salib():
    pytest.importorskip("SALib")


def factors(number, low=0.0, high=1.0):
    return [Factor(f"x{k}", low=low, high=high) for k in range(number)]


def array(points):
    return np.array([list(p.values()) for p in points])


def within(table, measure, truth):
    return ((table[f"{measure}_low"] <= truth) & (truth <= table[f"{measure}_high"])).all()


# -- Sobol indices ------------------------------------------------------------------------------------------
def ishigami(x, a=7.0, b=0.1):
    return np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0])


def ishigami_truth(a=7.0, b=0.1):
    """First and total indices (Ishigami & Homma 1990), uniform on -pi..pi."""
    one = 0.5 * (1 + b * np.pi**4 / 5) ** 2
    two = a**2 / 8
    one_three = b**2 * np.pi**8 * (1 / 18 - 1 / 50)
    whole = one + two + one_three
    return np.array([one, two, 0]) / whole, np.array([one + one_three, two, one_three]) / whole


@needs_salib
@pytest.mark.parametrize("seed", [0, 1])
def test_ishigami(seed):
    first, total = ishigami_truth()
    assert first == pytest.approx([0.3139, 0.4424, 0], abs=1e-4)
    assert total == pytest.approx([0.5576, 0.4424, 0.2437], abs=1e-4)
    three = factors(3, -np.pi, np.pi)
    points, unit = saltelli(three, 2048, seed)
    found = sobol_indices(three, unit, ishigami(array(points)), seed)
    assert list(found["factor"]) == ["x0", "x1", "x2"]
    assert found["first"].to_numpy() == pytest.approx(first, abs=0.02)
    assert found["total"].to_numpy() == pytest.approx(total, abs=0.02)
    assert within(found, "first", first) and within(found, "total", total)


@needs_salib
def test_the_g_function():
    """Sobol's g with a = 0, 1, 4.5, 99: partial variances 1/3 / (1 + a)^2 (Saltelli & Sobol' 1995)."""
    a = np.array([0, 1, 4.5, 99])
    part = 1 / 3 / (1 + a) ** 2
    whole = np.prod(1 + part) - 1
    total = part * np.prod(1 + part) / (1 + part) / whole
    four = factors(4)
    points, unit = saltelli(four, 2048, 1)
    y = np.prod((np.abs(4 * array(points) - 2) + a) / (1 + a), axis=1)
    found = sobol_indices(four, unit, y, 1)
    assert found["first"].to_numpy() == pytest.approx(part / whole, abs=0.03)
    assert found["total"].to_numpy() == pytest.approx(total, abs=0.03)


@needs_salib
def test_what_does_nothing_has_no_index_at_all():
    three = factors(3)
    points, unit = saltelli(three, 64, 1)
    found = sobol_indices(three, unit, 5 + array(points)[:, 0] * array(points)[:, 2], 1).set_index("factor")
    assert (found.loc["x1"] == 0).all()
    assert (found.loc[["x0", "x2"], "total"] > 0.3).all()


@needs_salib
def test_the_intervals_widen_with_the_level_and_are_the_same_each_time():
    three = factors(3, -np.pi, np.pi)
    points, unit = saltelli(three, 64, 1)
    y = ishigami(array(points))
    for seed in (0, 1):
        narrow, wide, again = (sobol_indices(three, unit, y, seed, level) for level in (0.5, 0.95, 0.95))
        assert wide.equals(again)
        for name in ("first", "total"):
            assert (wide[f"{name}_low"] <= narrow[f"{name}_low"]).all()
            assert (wide[f"{name}_high"] > narrow[f"{name}_high"]).all()
            assert ((wide[f"{name}_low"] <= wide[name]) & (wide[name] <= wide[f"{name}_high"])).all()
    other = sobol_indices(three, unit, y, 2)
    assert not other.equals(again) and (other["first"] == again["first"]).all()
    assert (wide["total_low"] >= 0).all()


@needs_salib
def test_bootstrap_intervals_hold_the_truth_as_often_as_they_say():
    """60 designs, 3 factors: of 180 intervals of 90 %, at least 80 % hold the truth."""
    first, total = ishigami_truth()
    three = factors(3, -np.pi, np.pi)
    held = {"first": 0, "total": 0}
    for seed in range(60):
        points, unit = saltelli(three, 256, seed)
        found = sobol_indices(three, unit, ishigami(array(points)), seed, level=0.9, resamples=200)
        for name, truth in (("first", first), ("total", total)):
            held[name] += int(((found[f"{name}_low"] <= truth) & (truth <= found[f"{name}_high"])).sum())
    assert min(held.values()) >= 0.8 * 180


# -- Morris -------------------------------------------------------------------------------------------------
@needs_salib
@pytest.mark.parametrize("levels", [2, 4, 8])
def test_morris_on_a_straight_line_is_exact(levels):
    four = factors(4, 10, 20)
    points, unit = morris(four, 6, seed=2, levels=levels)
    slopes = np.array([3.0, -2.0, 0.5, 0.0])
    found = morris_effects(four, unit, 100 + unit @ slopes, seed=2)
    assert len(points) == 30
    assert found["mu_star"].to_numpy() == pytest.approx(np.abs(slopes), abs=1e-12)
    assert found["mu"].to_numpy() == pytest.approx(slopes, abs=1e-12)
    assert found["sigma"].to_numpy() == pytest.approx(0, abs=1e-12)
    assert found["mu_star_low"].to_numpy() == pytest.approx(np.abs(slopes), abs=1e-12)
    assert found["mu_star_high"].to_numpy() == pytest.approx(np.abs(slopes), abs=1e-12)
    assert (found.loc[3, ["mu_star", "sigma", "mu"]] == 0).all()


@needs_salib
def test_morris_tells_interaction_from_a_plain_effect():
    three = factors(3)
    _, unit = morris(three, 40, seed=2)
    y = unit[:, 0] + 4 * (unit[:, 1] - 0.5) * (unit[:, 2] - 0.5)
    found = morris_effects(three, unit, y, seed=2).set_index("factor")
    assert found.loc["x0", "sigma"] < 1e-12
    assert (found.loc[["x1", "x2"], "sigma"] > 1).all()
    assert (found.loc[["x1", "x2"], "mu"].abs() < 0.6).all()
    assert (found["mu_star_low"] <= found["mu_star"]).all() and (found["mu_star_low"] >= 0).all()
    assert (found.loc["x1", "mu_star_high"] - found.loc["x1", "mu_star_low"]) > 0.1


@needs_salib
def test_morris_intervals_hang_on_the_seed_alone():
    _, unit = morris(factors(3), 10, seed=2)
    y = np.exp(unit @ [1, 2, 3])
    first, again, other = (morris_effects(factors(3), unit, y, seed) for seed in (0, 0, 1))
    assert first.equals(again) and not first.equals(other)
    assert (first["mu_star"] == other["mu_star"]).all()


# -- both ---------------------------------------------------------------------------------------------------
DESIGNS = [(saltelli, sobol_indices), (morris, morris_effects)]


@needs_salib
@pytest.mark.parametrize("design, measure", DESIGNS)
def test_a_constant_output_has_no_sensitivity_and_no_warnings(design, measure):
    _, unit = design(factors(3), 8, 1)
    rounding = np.linspace(0, 1e-14, len(unit))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for y in (np.zeros(len(unit)), np.full((len(unit), 3), 7.3), 50 + rounding):
            found = measure(factors(3), unit, y, 1)
            assert list(found["factor"]) == ["x0", "x1", "x2"]
            assert (found.drop(columns="factor") == 0).all().all()


@needs_salib
@pytest.mark.parametrize("design, measure", DESIGNS)
def test_replicates_are_averaged(design, measure):
    _, unit = design(factors(3), 8, 1)
    y = unit @ [1.0, 2.0, 3.0] + unit[:, 0] * unit[:, 1]
    replicates = y[:, None] * [0.5, 1.0, 1.5] + np.sin(np.arange(len(y)))[:, None] * [1.0, 0.0, -1.0]
    single, averaged = (measure(factors(3), unit, v, 1) for v in (y, replicates))
    for column in single.columns[1:]:
        assert averaged[column].to_numpy() == pytest.approx(single[column].to_numpy(), abs=1e-9)


@needs_salib
@pytest.mark.parametrize("design, measure", DESIGNS)
def test_failed_runs_are_counted_and_refused(design, measure):
    _, unit = design(factors(2), 4, 1)
    y = np.ones((len(unit), 2))
    y[0, 0], y[2, 1], y[3, 1] = np.nan, np.inf, np.nan
    with pytest.raises(ScenarioError, match=rf"3 of {2 * len(unit)} runs have no result"):
        measure(factors(2), unit, y, 1)
    with pytest.raises(ScenarioError, match="3 of"):
        noise_share(y)


@needs_salib
@pytest.mark.parametrize("design, measure", DESIGNS)
def test_outputs_of_another_design_are_a_fault_of_ours(design, measure):
    _, unit = design(factors(2), 4, 1)
    with pytest.raises(ValueError, match="do not belong"):
        measure(factors(2), unit, np.ones(len(unit) - 1), 1)


def test_without_salib_the_user_is_told_what_to_install(monkeypatch):
    for module in ("SALib.analyze.morris", "SALib.analyze.sobol"):
        monkeypatch.setitem(sys.modules, module, None)
    unit = np.array([[0, 0], [2 / 3, 0], [2 / 3, 2 / 3], [0, 1 / 3]])
    for measure in (morris_effects, sobol_indices):
        with pytest.raises(ScenarioError, match=r"needs SALib\n.*o2o-sim\[sensitivity\]"):
            measure(factors(2), unit, np.arange(4.0), 1)


# -- noise --------------------------------------------------------------------------------------------------
def test_noise_share_of_a_world_that_is_known():
    """Variances: points 4, seeds 1, the rest 3, so half of it is noise; 800 points, 60 seeds, within 0.04."""
    rng = np.random.default_rng(1)
    y = 2 * rng.normal(size=(800, 1)) + rng.normal(size=(1, 60)) + np.sqrt(3) * rng.normal(size=(800, 60))
    assert noise_share(y) == pytest.approx(0.5, abs=0.04)


def test_a_shift_common_to_all_points_is_noise_but_does_not_hide_the_factors():
    y = np.array([0.0, 1.0, 2.0, 3.0])[:, None] + np.array([0.0, 1.0])
    of_points, of_seeds = 5 / 3, 1 / 2
    assert noise_share(y) == pytest.approx(of_seeds / (of_points + of_seeds))


def test_noise_share_at_its_ends():
    rng = np.random.default_rng(1)
    assert noise_share(np.arange(6.0)) is None
    assert noise_share(np.arange(6.0)[:, None]) is None
    assert noise_share(np.arange(6.0)[None, :]) is None
    assert noise_share(np.full((5, 4), 2.5)) == 0
    assert noise_share(np.repeat(np.arange(5.0)[:, None], 3, axis=1)) == 0
    assert noise_share(rng.normal(size=(300, 20))) > 0.97
