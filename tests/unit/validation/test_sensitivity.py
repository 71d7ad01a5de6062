"""Which defaults are moved and by how much, what holds at a point, and what is called robust."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[3]
sys.path.append(str(ROOT / "experiments" / "claims"))

import behaviour  # noqa: E402
import robustness  # noqa: E402
import sensitivity  # noqa: E402

from o2o_sim.studies.claim import Expectation, load_claims  # noqa: E402
from o2o_sim.studies.job import key_of  # noqa: E402

ONES = {d.name: 1.0 for d in behaviour.defaults()}


def all_by(factor: float) -> dict[str, float]:
    return dict.fromkeys(ONES, factor)


def default(name: str) -> behaviour.Default:
    return next(d for d in behaviour.defaults() if d.name == name)


@pytest.fixture(scope="module")
def boycott() -> sensitivity.Headline:
    [claim] = load_claims(sensitivity.HERE, ["C20"])
    return sensitivity.headline(claim, {"population": 100, "days": 31})


# -- what is moved ------------------------------------------------------------------------------------------
def test_moved_values_keep_their_kind_and_their_bounds():
    assert default("consumers.touch_weight").moved(6.0, 1.25) == 7.5
    assert default("categories.*.outside_option").moved(-8.0, 0.75) == -6.0
    assert default("cohorts.*.literacy").moved(0.9, 1.25) == 1.0
    assert default("landlords.rent_ceiling_x").moved(1.2, 0.75) == 1.0
    months = default("stores.satisficing.memory_months")
    assert [months.moved(3, x) for x in (0.75, 0.84, 1.0, 1.25)] == [2, 3, 3, 4]
    assert type(months.moved(3, 1.25)) is int


def test_all_values_of_a_default_move_together_and_the_rest_stays():
    data = {
        "categories": {
            "food": {"touch": 0.4, "ticket_yuan": 25.0},
            "books": {"touch": 0.1, "outside_option": None},
        },
        "consumers": {"follow_rate": 0.0, "habit_rate": 0.08, "price_sensitivity": {"median": 3.0}},
        "mobile_payment": {"pushes": [{"chance": 0.1}, {"chance": 0.2}]},
    }
    by = all_by(1.0) | {"categories.*.touch": 1.2, "consumers.habit_rate": 0.5, "consumers.follow_rate": 1.2,
                        "consumers.price_sensitivity.median": 1.1, "mobile_payment.pushes.#.chance": 1.5}  # fmt: skip
    new, touched = behaviour.moved(data, by, {("consumers", "habit_rate")})
    assert new["categories"]["food"] == {"touch": pytest.approx(0.48), "ticket_yuan": 25.0}
    assert new["categories"]["books"] == {"touch": pytest.approx(0.12), "outside_option": None}
    assert new["consumers"] == {"follow_rate": 0.0, "habit_rate": 0.08,
                                "price_sensitivity": {"median": pytest.approx(3.3)}}  # fmt: skip
    assert [p["chance"] for p in new["mobile_payment"]["pushes"]] == pytest.approx([0.15, 0.3])
    assert data["categories"]["food"]["touch"] == 0.4
    assert touched == {
        "categories.*.touch",
        "consumers.price_sensitivity.median",
        "mobile_payment.pushes.#.chance",
    }


def test_a_scenario_moved_by_nothing_is_the_same_run(boycott):
    assert [key_of(s, 1) for s in boycott.moved(ONES)] == [key_of(s, 1) for s in boycott.arms]
    assert [key_of(s, 1) for s in boycott.moved(all_by(1.01))] != [key_of(s, 1) for s in boycott.arms]


def test_what_arms_say_is_left_alone(boycott):
    assert behaviour.said({"a.b": 1, "c": {"d.e": 2, "f": None}}) == {("a", "b"), ("c", "d", "e"), ("c", "f")}
    assert boycott.keep == {("boycott", "malls", "share")}
    base, treatment = boycott.moved(all_by(1.25))[::-1]
    assert (base.boycott["malls"].share, treatment.boycott["malls"].share) == (0, 0.8)
    assert (
        base.boycott["malls"].threshold_mean
        == treatment.boycott["malls"].threshold_mean
        == pytest.approx(0.5)
    )
    assert "boycott.*.threshold_mean" in boycott.touched() and "closed_loop.follow" not in boycott.touched()


def test_every_corner_of_the_cube_is_a_scenario():
    for name, head in sensitivity.headlines().items():
        for factor in (1 - behaviour.LARGEST_MOVE, 1 + behaviour.LARGEST_MOVE):
            assert head.moved(all_by(factor)), name


def test_the_design_is_a_latin_hypercube():
    cube = pd.DataFrame(behaviour.design(20, 3))
    assert list(cube) == list(ONES)
    slices = np.floor((cube.to_numpy() - 0.75) / 0.5 * 20)
    assert (np.sort(slices, axis=0) == np.arange(20)[:, None]).all()
    pd.testing.assert_frame_equal(cube, pd.DataFrame(behaviour.design(20, 3)))


def test_the_decision_lists_every_default():
    page = (ROOT / "docs/decisions/0016-what-robust-means.md").read_text(encoding="utf-8")
    listed = {
        f"{group}.{key}"
        for group, keys in re.findall(r"^\| `([^`]+)`[^|]* \| (`.*`) \|$", page, re.MULTILINE)
        for key in re.findall(r"`(\w+)`", keys)
    }
    assert listed == {re.sub(r"^modes\.\w+", "modes.*", name) for name in ONES}
    assert f"these {len(ONES)}" in page


# -- which claims, and their runs ---------------------------------------------------------------------------
def test_the_largest_effects_are_clear_of_what_matters():
    rows = [
        ("C01", "up", 1.0, 3.0, 2.5, 3.5, "supported"),
        ("C01", "up", 1.0, 99.0, 98.0, 100.0, "supported"),  # not the headline
        ("C02", "up", 1.0, -9.0, -9.5, -8.5, "contradicted"),
        ("C03", "down", 1.0, -2.0, -3.1, -0.9, "supported"),  # its interval reaches into the bar
        ("C04", "up", 0.0, 50.0, 49.0, 51.0, "supported"),  # no smallest effect
        ("C05", "none", 1.0, 5.0, 4.0, 6.0, "contradicted"),
        ("C06", "none", 1.0, 0.1, -0.1, 0.3, "supported"),
        ("C07", "up", 0.1, 0.9, 0.5, 1.3, "no evidence"),
    ]
    columns = ["id", "direction", "smallest", "effect", "low", "high", "seen"]
    chosen = sensitivity.largest(pd.DataFrame(rows, columns=columns), 3)
    assert list(chosen["id"]) == ["C02", "C05", "C01"]
    sd = 0.5 / 2.093 * 20**0.5
    assert list(chosen["distance"]) == pytest.approx([10 / sd, 4 / (2 * sd), 2 / sd])


def test_a_pair_is_what_the_runs_say(boycott):
    [claim] = load_claims(sensitivity.HERE, ["C18"])
    head = sensitivity.headline(claim, {"population": 200, "days": 31})
    before, seen = head.pair(head.moved(ONES), 5)
    assert (before, seen) == tuple(head.value(s, 5) for s in head.arms[::-1])
    assert before > seen > 0


class Told:
    """Stands in for a headline; `ran` are the pairs it was asked for."""

    def __init__(self, name: str, ran: list[tuple[str, int]]):
        self.name, self.ran = name, ran

    def moved(self, by):
        return [] if by is None else [str(by["entry.margin_wanted"])]

    def pair(self, specs, seed):
        self.ran.append((self.name, seed))
        return 1.0, float(seed)


@pytest.fixture
def ran(monkeypatch, tmp_path):
    ran: list[tuple[str, int]] = []
    monkeypatch.setattr(sensitivity, "headlines", lambda: {n: Told(n, ran) for n in sensitivity.SMALL})
    monkeypatch.setattr(sensitivity, "pair_key", lambda specs, seed: f"{specs}{seed}".replace(",", ""))
    return ran


def test_points_come_one_after_the_other_and_are_not_run_twice(ran, tmp_path):
    file = tmp_path / "rows.csv"
    assert sensitivity.run_points(2, file=file) == 4 * len(sensitivity.SMALL)
    assert [seed for _, seed in ran] == [1001, 1] * 10 + [1002, 2] * 10
    assert sensitivity.run_points(3, file=file) == 2 * len(sensitivity.SMALL)
    rows, points = robustness.complete(pd.read_csv(file))
    assert points == [1, 2, 3] and len(rows) == 6 * len(sensitivity.SMALL)
    assert sensitivity.run_points(3, minutes=0, file=tmp_path / "other.csv") == 0


def test_parts_are_all_points_once(ran, tmp_path):
    for i in (1, 2, 3):
        sensitivity.run_points(5, (i, 3), file=tmp_path / "rows.csv")
    assert len(ran) == len(set(ran)) == 10 * len(sensitivity.SMALL)


def test_only_points_that_all_claims_have_count(ran, tmp_path):
    file = tmp_path / "rows.csv"
    sensitivity.run_points(3, file=file)
    rows = pd.read_csv(file)
    assert robustness.complete(rows[~((rows["claim"] == "C06") & (rows["point"] == 2))])[1] == [1, 3]


# -- what is said of them -----------------------------------------------------------------------------------
def margins(direction: str, verdict: str, found: list[float], way: float = 1.0) -> list[bool]:
    e = Expectation(metric="stores_open", direction=direction, smallest=1.0)
    return list(robustness.margins(np.array(found), e, verdict, way) >= 0)


def test_what_holds():
    assert margins("up", "supported", [1.5, 0.5, -2]) == [True, False, False]
    assert margins("down", "supported", [-1.5, -0.5, 2]) == [True, False, False]
    assert margins("up", "contradicted", [1.5, 0.5, -2]) == [False, True, True]
    assert margins("down", "contradicted", [-1.5, -0.5, 2]) == [False, True, True]
    assert margins("none", "contradicted", [1.5, 0.5, -2]) == [True, False, False]
    assert margins("none", "contradicted", [1.5, 0.5, -2], way=-1.0) == [False, False, True]
    assert margins("none", "supported", [1.5, 0.5, -2]) == [False, True, False]


def test_effects_relative_to_nothing_are_not_defined():
    rows = pd.DataFrame({"reference": [2.0, 0.0], "seen": [3.0, 1.0]})
    assert list(robustness.effects(rows, False)) == [1, 1]
    assert robustness.effects(rows, True) == pytest.approx([0.5, np.nan], nan_ok=True)


def test_chance_is_taken_out():
    rng = np.random.default_rng(1)
    true, noise = rng.normal(2, 0.5, 4000), rng.normal(0, 0.7, 4000)
    left = robustness.without_chance(true + noise, rng.normal(3, 0.7, 4000))
    assert left.std() == pytest.approx(0.5, rel=0.05) and left.mean() == pytest.approx(2, abs=0.05)
    assert robustness.without_chance(true, np.zeros(5)) == pytest.approx(true)
    assert np.ptp(robustness.without_chance(true, rng.normal(0, 3, 50))) == 0
    gap = robustness.without_chance(np.array([1.0, np.nan, 3.0]), np.zeros(3))
    assert gap == pytest.approx([1, np.nan, 3], nan_ok=True)


def test_the_default_that_matters_most():
    cube = pd.DataFrame(behaviour.design(60, 1))
    rng = np.random.default_rng(1)
    y = -3 * cube["entry.margin_wanted"].to_numpy() + 0.2 * rng.normal(size=60)
    name, rho = robustness.matters_most(y, cube, list(ONES))
    assert name == "entry.margin_wanted" and -1 < rho < -0.7
    assert robustness.matters_most(y, cube, set(ONES) - {name}) is None


def test_robust_is_nineteen_in_twenty():
    assert robustness.word(np.arange(20) != 3) == "robust"
    assert robustness.word(np.arange(20) > 1) == "fragile"
    assert robustness.word(np.array([], bool)) == "fragile"


def test_the_rest_of_the_page_is_kept():
    page = f"a\n{robustness.BEGIN}old\n{robustness.END}\nb\n"
    new = robustness.placed(page, "new")
    assert new == f"a\n{robustness.BEGIN}\nnew\n{robustness.END}\nb\n"
    assert robustness.placed(new, "new") == new
    with pytest.raises(ValueError, match="no <!-- robustness: begin"):
        robustness.placed("a", "new")


def test_the_page_is_what_the_runs_say():
    page = robustness.PAGE.read_text(encoding="utf-8")
    found, points = robustness.judged(pd.read_csv(sensitivity.FILE), page)
    assert [f.claim.id for f in found] == list(sensitivity.SMALL) and points >= 20
    assert all(len(f.at_defaults) == sensitivity.PAIRS for f in found)
    assert robustness.placed(page, robustness.section(found, points)) == page
    assert page.index(robustness.END) < page.index("<!-- what follows is written by docs/make_claims.py -->")


def test_a_part_is_a_fraction():
    assert sensitivity.part_of("2/3") == (2, 3)
    for wrong in ("3/2", "0/2", "1", "a/b", "1/-2"):
        with pytest.raises(sensitivity.argparse.ArgumentTypeError, match="1/2"):
            sensitivity.part_of(wrong)
