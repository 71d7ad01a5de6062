"""The outcome map: its colours, what it marks, what it says, and that it is drawn for whatever was run."""

from __future__ import annotations

import warnings
from itertools import pairwise, product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from o2o_sim.errors import ScenarioError
from o2o_sim.show import ternary
from o2o_sim.show.contours import contour_levels
from o2o_sim.show.outcome_map import SHARES, outcome_map
from o2o_sim.show.style import house_style, save
from o2o_sim.show.ternary import CORNERS, Triangle, mixed, oklab, triangle_around

LABELS = {"subsidy": "subsidy per order, yuan", "rent": "rent, x base", "logistics": "logistics cost, x base"}
BASE = {"subsidy": 4, "rent": 1.0, "logistics": 1.0}
AXES = ([0, 4, 8], [0.6, 1.0, 1.5], [0.5, 1.0])


@pytest.fixture(autouse=True)
def strict():
    with house_style(), warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.simplefilter("error", RuntimeWarning)
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield
    plt.close("all")


def a_study(xs=AXES[0], ys=AXES[1], panels=AXES[2], replicates=2, noise=0.0, flat=False) -> pd.DataFrame:
    """Runs in which stores close by rent and integrate by subsidy."""
    draws = np.random.default_rng(1)
    rows = []
    for point, (panel, y, x) in enumerate(product(panels, ys, xs)):
        u, v = ((a - min(s)) / (max(s) - min(s)) for a, s in ((x, xs), (y, ys)))
        closed, integrated = (0.2, 0.3) if flat else (0.1 + 0.4 * v, 0.1 + 0.3 * u)
        for replicate in range(replicates):
            shares = np.array([1 - closed - integrated, integrated, closed]) + noise * draws.normal(size=3)
            rows.append((point, replicate, 7 + replicate, x, y, panel, *shares / shares.sum()))
    return pd.DataFrame(rows, columns=["point", "replicate", "seed", "subsidy", "rent", "logistics", *SHARES])


def a_map(runs, panel="logistics", base=None, labels=LABELS):
    return outcome_map(runs, "subsidy", "rent", panel, labels, base=base)


def marks(figure, gid):
    """The artists with an id, panel by panel."""
    return [[a for a in ax.get_children() if a.get_gid() == gid] for ax in figure.axes[:-2]]


def words(figure):
    return [t.get_text() for t in figure.findobj(plt.Text) if t.get_text()]


# -- colours ------------------------------------------------------------------------------------------------
def test_a_pure_corner_has_its_own_colour():
    for k, colour in enumerate(CORNERS.values()):
        assert mixed(np.eye(3)[k]) == pytest.approx(to_rgb(colour), abs=1e-4)
        assert triangle_around(np.eye(3)).colours(np.eye(3)[k]) == pytest.approx(to_rgb(colour), abs=1e-4)


def test_equal_shares_mix_all_corners_equally():
    corners = oklab(np.array([to_rgb(c) for c in CORNERS.values()]))
    assert oklab(mixed(np.full(3, 1 / 3))) == pytest.approx(corners.mean(axis=0), abs=1e-4)
    assert triangle_around(np.eye(3)).colours(np.full(3, 1 / 3)) == pytest.approx(mixed(np.full(3, 1 / 3)))


def test_oklab_of_known_colours():
    """Reference values of Ottosson (2020): white has lightness 1 and no hue, pure red the published place."""
    assert oklab(np.ones(3)) == pytest.approx([1, 0, 0], abs=1e-4)
    assert oklab(np.array([1.0, 0, 0])) == pytest.approx([0.628, 0.225, 0.126], abs=1e-3)
    grid = np.array(list(product([0, 0.3, 1], repeat=3)))
    assert ternary.from_oklab(oklab(grid)) == pytest.approx(grid, abs=1e-4)


def test_corners_differ_in_lightness_and_for_the_colour_blind():
    lightness = sorted(oklab(np.array([to_rgb(c) for c in CORNERS.values()]))[:, 0])
    assert all(b - a > 0.1 for a, b in pairwise(lightness))
    # What is left without red and green: lightness and blue to yellow, in which the corners span a triangle.
    flat = oklab(np.array([to_rgb(c) for c in CORNERS.values()]))[:, [0, 2]]
    sides = flat[1:] - flat[0]
    assert abs(np.linalg.det(sides)) > 0.03


def test_the_range_of_the_data_fills_the_triangle():
    shares = np.array([[0.6, 0.3, 0.1], [0.4, 0.5, 0.1], [0.4, 0.3, 0.3]])
    found = triangle_around(shares)
    assert found.low == pytest.approx([0.4, 0.3, 0.1])
    assert found.weights(shares) == pytest.approx(np.eye(3))
    assert found.weights(np.array([0.5, 0.4, 0.1])) == pytest.approx([0.5, 0.5, 0])


def test_shares_that_hardly_differ_do_not_fill_the_triangle():
    found = triangle_around(np.array([[0.5, 0.3, 0.2], [0.501, 0.3, 0.199]]))
    assert found.side == pytest.approx(ternary.LEAST_RANGE)
    weights = found.weights(np.array([[0.5, 0.3, 0.2], [0.501, 0.3, 0.199]]))
    assert np.abs(np.diff(weights, axis=0)).max() < 0.02


def test_shares_beyond_the_triangle_go_to_its_edge():
    found = Triangle(np.array([0.2, 0.2, 0.2]), 0.4)
    assert found.weights(np.array([0.1, 0.45, 0.45])) == pytest.approx([0, 0.5, 0.5])


@pytest.mark.parametrize(
    ("ends", "noise", "wanted"),
    [
        ((0.1, 0.42), 0.0, [0.2, 0.3, 0.4]),
        ((0.215, 0.268), 0.0, [0.22, 0.23, 0.24, 0.25, 0.26]),
        ((0.21, 0.27), 0.012, [0.25]),
        ((0.3, 0.3), 0.0, []),
        ((0.0, 1.0), 0.3, [0.2, 0.4, 0.6, 0.8]),
    ],
)
def test_contours_stand_at_round_shares_and_no_closer_than_noise(ends, noise, wanted):
    assert contour_levels(np.array([*ends, np.nan]), noise) == pytest.approx(wanted)


# -- the map ------------------------------------------------------------------------------------------------
def test_colours_of_the_map_are_those_of_the_runs():
    runs = a_study()
    figure = a_map(runs)
    known = runs.groupby(["subsidy", "rent", "logistics"])[list(SHARES)].mean()
    triangle = triangle_around(known.to_numpy())
    for panel, ax in zip(AXES[2], figure.axes):
        image = np.asarray(ax.images[0].get_array())
        for row, rent in ((0, 0.6), (-1, 1.5)):
            for column, subsidy in ((0, 0), (-1, 8)):
                wanted = triangle.colours(known.loc[(subsidy, rent, panel)].to_numpy())
                assert image[row, column, :3] == pytest.approx(wanted, abs=1e-3)


def test_panels_dots_contours_and_star(tmp_path):
    figure = a_map(a_study(), base=BASE)
    assert [ax.get_title("left") for ax in figure.axes[:2]] == [
        "Logistics cost 0.5 x base",
        "Logistics cost 1 x base",
    ]
    assert [len(dots[0].get_offsets()) for dots in marks(figure, "runs")] == [9, 9]
    assert [len(s) for s in marks(figure, "base")] == [0, 1]
    star = marks(figure, "base")[1][0]
    assert star.get_xydata()[0] == pytest.approx([0.5, 4 / 9])
    for fate, number in (("closed", 3), ("integrated", 5)):
        for lines in marks(figure, fate):
            assert len(lines[0].levels) == number
    assert {"20 %", "base scenario", "share of stores closed", "Rent, x base"} <= set(words(figure))
    save(figure, tmp_path / "map.png")
    assert plt.imread(tmp_path / "map.png").std() > 0


def test_the_legend_tells_the_range_of_every_share():
    texts = words(a_map(a_study()))
    assert {"survived\n10 → 80 %", "integrated\n10 → 80 %", "closed\n10 → 80 %"} <= set(texts)


def test_the_title_says_what_matters_most():
    title = a_map(a_study()).get_suptitle().replace("\n", " ")
    assert title == (
        "Whether stores close depends most on rent (10 → 50 %), "
        "whether they integrate on subsidy per order (10 → 40 %)"
    )
    runs = a_study()
    runs["share_integrated"] = runs["share_closed"]
    runs["share_survived"] = 1 - 2 * runs["share_closed"]
    title = a_map(runs).get_suptitle().replace("\n", " ")
    assert title == "Whether stores close (10 → 50 %) or integrate (10 → 50 %) depends most on rent"
    runs["share_integrated"] = 0.1
    runs["share_survived"] = 0.9 - runs["share_closed"]
    assert a_map(runs).get_suptitle().replace("\n", " ").endswith("how many integrate hardly changes (10 %)")


def test_noise_is_no_finding():
    figure = a_map(a_study(flat=True, noise=0.02, replicates=3))
    assert figure.get_suptitle().startswith("Neither how many stores close")


def test_without_a_third_factor():
    figure = a_map(a_study(panels=[1.0]), panel=None, base={"subsidy": 0, "rent": 0.6})
    assert len(figure.axes) == 3
    assert marks(figure, "base")[0][0].get_xydata()[0] == pytest.approx([0, 0])


def test_constant_shares_have_no_contours():
    figure = a_map(a_study(flat=True))
    assert marks(figure, "closed") == [[], []]
    assert "share of stores closed" not in words(figure)
    assert figure.get_suptitle().replace("\n", " ") == (
        "Neither how many stores close (20 %) nor how many integrate (30 %) changes noticeably"
    )


def test_two_by_two_and_one_run_each():
    figure = a_map(a_study([0, 8], [0.6, 1.5], [1.0], replicates=1))
    assert len(marks(figure, "runs")[0][0].get_offsets()) == 4
    assert len(marks(figure, "closed")[0][0].levels) == 3


def test_values_spaced_by_ratios_stand_evenly():
    figure = a_map(
        a_study([0.1, 1, 10, 100], [1, 1e3, 1e6], [1]), base={"subsidy": 1, "rent": 1e3, "logistics": 1}
    )
    assert figure.axes[0].get_xticks() == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["0.1", "1", "10", "100"]
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["1", "1,000", "1 M"]
    assert marks(figure, "base")[0][0].get_xydata()[0] == pytest.approx([1 / 3, 0.5])


def test_failed_runs_are_hatched():
    runs = a_study()
    runs.loc[(runs["subsidy"] == 4) & (runs["rent"] == 1.0), list(SHARES)] = np.nan
    figure = a_map(runs)
    assert [len(dots[0].get_offsets()) for dots in marks(figure, "failed")] == [1, 1]
    assert "runs failed here" in words(figure)
    drawn = np.asarray(figure.axes[0].images[0].get_array())[..., 3]
    side = len(drawn)
    assert drawn[side * 4 // 9, side // 2] == 0 and drawn[0, 0] == 1
    assert any("4 failed and are left out" in t for t in words(figure))


def test_a_replicate_that_failed_is_left_out():
    runs = a_study()
    runs.loc[runs["replicate"] == 1, list(SHARES)] = np.nan
    assert "runs failed here" not in words(a_map(runs))


def test_a_panel_of_failed_runs():
    runs = a_study()
    runs.loc[runs["logistics"] == 0.5, list(SHARES)] = np.nan
    figure = a_map(runs)
    assert marks(figure, "closed")[0] == [] and len(marks(figure, "closed")[1]) == 1


def test_points_without_a_grid_are_drawn_where_they_are():
    draws = np.random.default_rng(3)
    runs = a_study([0, 2, 4, 6, 8], [0.6, 0.9, 1.2, 1.5], [1.0], replicates=1)
    runs["subsidy"] += draws.uniform(-0.5, 0.5, len(runs))
    runs["rent"] += draws.uniform(-0.1, 0.1, len(runs))
    figure = a_map(runs)
    assert len(marks(figure, "runs")[0][0].get_offsets()) == 20
    assert len(figure.axes[0].get_xticks()) < 9


def test_six_panels_stand_in_two_rows():
    figure = a_map(a_study(panels=[1, 2, 3, 4, 5, 6]))
    assert len(figure.axes) == 8
    assert [bool(ax.get_xlabel()) for ax in figure.axes[:6]] == [False] * 3 + [True] * 3


def test_panels_without_numbers_and_names_that_mean_something():
    runs = a_study(panels=[1, 2])
    runs["logistics"] = runs["logistics"].map({1: "_cheap$^$ " + "long " * 8, 2: "便宜的物流"})
    figure = a_map(
        runs, labels={"subsidy": "每单补贴（元）", "rent": "a rent of forty letters and some more, x base"}
    )
    assert any("便宜的物流" in ax.get_title("left") for ax in figure.axes)


def test_a_base_beyond_the_map_is_told():
    for base in ({**BASE, "rent": 3.0}, {**BASE, "logistics": 0.7}):
        figure = a_map(a_study(), base=base)
        assert marks(figure, "base") == [[], []]
        assert any("base scenario lies outside" in t for t in words(figure))


# -- what cannot be drawn -----------------------------------------------------------------------------------
def test_what_cannot_be_drawn():
    runs = a_study()
    with pytest.raises(ScenarioError, match="'subsidi'"):
        outcome_map(runs, "subsidi", "rent", None, {})
    with pytest.raises(ScenarioError, match="share_closed"):
        a_map(runs.drop(columns="share_closed"))
    with pytest.raises(ScenarioError, match="at least two values"):
        a_map(runs[runs["rent"] == 1.0])
    with pytest.raises(ScenarioError, match="no numbers"):
        a_map(runs.assign(rent="high"))
    with pytest.raises(ScenarioError, match="all runs failed"):
        a_map(runs.assign(share_closed=np.nan))
    with pytest.raises(ScenarioError, match="in line"):
        a_map(runs.assign(rent=1 + runs["subsidy"]))
    with pytest.raises(ScenarioError, match="'rent' is not given"):
        a_map(runs, base={"subsidy": 4})
