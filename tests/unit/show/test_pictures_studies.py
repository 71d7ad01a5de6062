"""Pictures of studies: drawn for whatever tables there are, with every name and number that belongs on
them."""

from __future__ import annotations

import warnings
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from o2o_sim.errors import ScenarioError
from o2o_sim.show import study_parts as parts
from o2o_sim.show.pictures_studies import (
    box_plot,
    forest,
    goal_curve,
    heat_map,
    morris_plot,
    response_curves,
    sobol_bars,
    waterfall,
)
from o2o_sim.show.style import house_style, save
from o2o_sim.studies.boxes import Span

LABELS = {
    "subsidy": "subsidy per order, yuan",
    "rent": "rent, x base",
    "online_share": "online share",
    "sales_yuan": "sales (yuan)",
}
LONG = "a name that has forty letters and a few "
CHINESE = "每平方米每月的租金水平（基准的倍数）"


@pytest.fixture(autouse=True)
def strict():
    with house_style(), warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.simplefilter("error", RuntimeWarning)
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield
    plt.close("all")


@pytest.fixture
def drawn(tmp_path):
    """Saves a figure, looks that no two of its titles and labels lie on each other, and gives all its
    texts."""

    def check(figure: Figure) -> set[str]:
        save(figure, tmp_path / "picture.png")
        assert plt.imread(tmp_path / "picture.png").std() > 0
        above_and_below = [figure._suptitle, figure._supxlabel]
        inside = [
            t for ax in figure.axes if ax.axison for t in (ax.xaxis.label, ax.yaxis.label, ax._left_title)
        ]
        for one, other in product(above_and_below, inside):
            assert not other.get_text() or not one.get_window_extent().overlaps(other.get_window_extent())
        return {t.get_text().replace("\n", " ") for t in figure.findobj(plt.Text) if t.get_text()}

    return check


def a_study(replicates=3, xs=(0, 4, 8), ys=(0.6, 1.0, 1.5), seed=1) -> pd.DataFrame:
    draws = np.random.default_rng(seed)
    rows = []
    for point, (y, x) in enumerate(product(ys, xs)):
        for replicate in range(replicates):
            luck = draws.normal() if replicates > 1 else 0.0
            rows.append(
                (
                    point,
                    replicate,
                    9 + replicate,
                    x,
                    y,
                    0.1 + 0.02 * x + 0.001 * luck,
                    1e9 * (y + 0.01 * luck),
                )
            )
    columns = ["point", "replicate", "seed", "subsidy", "rent", "online_share", "sales_yuan"]
    return pd.DataFrame(rows, columns=columns)


def gids(figure, gid):
    return [a for ax in figure.axes for a in ax.get_children() if a.get_gid() == gid]


# -- numbers and names --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "values", "share"),
    [
        ("online_share", [0.1], True), ("online_share/2014", [0.1], True), ("vacancy_last", [], True),
        ("platform_solvent/x", [1], True), ("sales_yuan", [0.5], False), ("share_of_mine", [0.2, np.nan], True),
        ("share_of_mine", [20], False), ("interest_rate_x", [0.5], False), ("shared", [0.5], False),
        ("share", ["all"], False),
    ],
)  # fmt: skip
def test_what_is_a_share(name, values, share):
    assert parts.is_share(name, values) is share


def test_ticks_are_told_apart():
    assert parts.CompactNumbers().format_ticks([1_000_100, 1_000_200]) == ["1.0001 M", "1.0002 M"]


@pytest.mark.parametrize(
    ("label", "split"),
    [
        ("rent, x base", ("rent", "x base")), ("sales (yuan)", ("sales", "yuan")), ("补贴（元）", ("补贴", "元")),
        ("补贴，元", ("补贴", "元")), ("levers.rent_x", ("levers.rent_x", "")),
    ],
)  # fmt: skip
def test_units_are_split_from_names(label, split):
    assert parts.split_unit(label) == split


def test_settings_in_words():
    assert parts.setting("subsidy", 5, LABELS) == "subsidy per order 5 yuan"
    assert parts.setting("subsidy", "none at all", LABELS) == "subsidy per order none at all"


def test_long_and_chinese_texts_are_broken():
    assert parts.wrapped(CHINESE, 12).split("\n") == ["每平方米每月", "的租金水平（", "基准的倍数）"]
    assert all(parts.width(line) <= 14 for line in parts.wrapped(LONG * 2 + "x" * 40, 14).split("\n"))
    assert parts.wrapped("from 12 % to 1.2 bn", 7) == "from\n12 % to\n1.2 bn"


# -- means --------------------------------------------------------------------------------------------------
def test_means_with_students_interval():
    runs = pd.DataFrame({"point": 0, "replicate": [0, 1, 2], "x": 1, "m": [1.0, 2.0, 6.0]})
    row = parts.means(runs, "m", ["x"]).iloc[0]
    half = 4.302653 * np.std([1, 2, 6], ddof=1) / np.sqrt(3)
    assert (row["mean"], row["n"]) == (3.0, 3)
    assert (row["low"], row["high"]) == pytest.approx((3 - half, 3 + half))


def test_other_factors_do_not_widen_the_interval():
    runs = a_study()
    narrow = parts.means(runs, "sales_yuan", ["subsidy"])
    assert narrow["mean"].to_numpy() == pytest.approx(np.full(3, 1e9 * 3.1 / 3), rel=0.02)
    assert (narrow["high"] - narrow["mean"]).max() < 0.05e9


def test_what_a_seed_does_everywhere_shows_in_the_interval():
    runs = a_study()
    runs["online_share"] = runs["subsidy"] + 0.1 * runs["replicate"]
    table = parts.means(runs, "online_share", ["subsidy"])
    assert (table["high"] - table["mean"]).to_numpy() == pytest.approx(
        np.full(3, 4.302653 * 0.1 / np.sqrt(3))
    )


def test_a_failed_run_does_not_pull_the_mean():
    runs = a_study()
    runs["online_share"] = runs["rent"]
    runs.loc[(runs["rent"] == 1.5) & (runs["replicate"] > 0), "online_share"] = np.nan
    assert parts.means(runs, "online_share", ["subsidy"])["mean"].to_numpy() == pytest.approx(
        np.full(3, 3.1 / 3)
    )


def test_one_replicate_has_no_interval():
    table = parts.means(a_study(replicates=1), "online_share", ["subsidy"])
    assert (table["low"] == -np.inf).all() and (table["high"] == np.inf).all()


def test_many_values_are_put_in_classes():
    runs = pd.DataFrame({"x": np.linspace(0, 1, 80)})
    found = parts.in_classes(runs, "x")["x"]
    assert found.nunique() == 8
    assert set(found.value_counts()) == {10}
    assert (found - runs["x"]).abs().max() < 0.07
    assert parts.in_classes(a_study(), "subsidy")["subsidy"].nunique() == 3


# -- response curves ----------------------------------------------------------------------------------------
def test_response_curves(drawn):
    figure = response_curves(a_study(), "subsidy", ["online_share", "sales_yuan"], LABELS)
    line = figure.axes[0].lines[0]
    assert line.get_xdata() == pytest.approx([0, 4, 8])
    assert line.get_ydata() == pytest.approx([0.1, 0.18, 0.26], abs=0.002)
    assert len(figure.axes[0].collections) == 1
    texts = drawn(figure)
    assert {"How the figures change with subsidy per order", "Subsidy per order, yuan"} <= texts
    assert any(t.startswith("Online share: 10") and t.endswith("%") for t in texts)
    assert any(t.startswith("Sales (yuan): 1.0") and t.endswith("bn") for t in texts)
    assert "27 runs: 9 points × 3 replicates  ·  bands: 95 % intervals of the means" in texts


def test_response_curves_by_a_second_factor(drawn):
    figure = response_curves(a_study(), "subsidy", ["sales_yuan"], LABELS, by="rent")
    assert [line.get_ydata()[0] for line in figure.axes[0].lines] == pytest.approx(
        [6e8, 1e9, 1.5e9], rel=0.05
    )
    assert {"0.6", "1", "1.5", "Rent, x base"} <= drawn(figure)


def test_many_lines_get_a_legend(drawn):
    figure = response_curves(a_study(ys=range(1, 10)), "subsidy", ["sales_yuan"], LABELS, by="rent")
    (legend,) = figure.legends
    assert [t.get_text() for t in legend.get_texts()] == [str(k) for k in range(1, 10)]
    drawn(figure)


def test_factors_without_numbers_stand_in_rows(drawn):
    names = {0: "_" + LONG + "$^", 4: CHINESE, 8: "nobody"}
    runs = a_study().replace({"subsidy": names})
    figure = response_curves(runs, "subsidy", ["online_share", "sales_yuan"], {}, by="rent")
    dots = list(figure.axes[0].lines)
    assert len(dots) == 3 and all(len(d.get_xdata()) == 3 for d in dots)
    assert {n.replace(" ", "") for n in names.values()} <= {t.replace(" ", "") for t in drawn(figure)}


def test_response_of_designs_without_a_grid(drawn):
    draws = np.random.default_rng(2)
    runs = pd.DataFrame({"point": range(60), "replicate": 0, "x": np.exp(draws.uniform(-9, 9, 60))})
    figure = response_curves(runs.assign(m=np.log(runs["x"])), "x", ["m"], {})
    assert figure.axes[0].get_xscale() == "log"
    assert len(figure.axes[0].lines[0].get_xdata()) == 8
    assert any("one replicate" in t and "class" in t for t in drawn(figure))


def test_response_without_values_and_without_change(drawn):
    runs = a_study().assign(nothing=np.nan, same=5.0)
    texts = drawn(response_curves(runs, "subsidy", ["nothing", "same"], {}))
    assert {"No run has a value.", "Same: 5"} <= texts


@pytest.mark.parametrize("size", [1e-6, 1e12])
@pytest.mark.parametrize("number", [1, 12])
def test_response_of_any_size_and_number(drawn, size, number):
    runs = a_study().assign(**{f"m{k}": a_study()["rent"] * size * (k + 1) for k in range(number)})
    texts = drawn(response_curves(runs, "subsidy", [f"m{k}" for k in range(number)], {}))
    assert {f"M{k}" for k in range(number)} <= {t.partition(":")[0] for t in texts}


# -- heat map -----------------------------------------------------------------------------------------------
def test_heat_map_writes_every_mean(drawn):
    runs = a_study(replicates=1)
    texts = drawn(heat_map(runs, "subsidy", "rent", "online_share", LABELS))
    assert {"10 %", "18 %", "26 %"} <= texts
    assert "Online share over subsidy per order and rent: 10 % to 26 %" in texts
    assert {"0", "4", "8", "0.6", "1", "1.5", "Subsidy per order, yuan", "Rent, x base"} <= texts


def test_heat_maps_share_their_colours(drawn):
    runs = pd.concat(
        [
            a_study(seed=k).assign(
                logistics=k,
                sales_yuan=lambda d, k=k: d["sales_yuan"] * k,
                point=lambda d, k=k: d["point"] + 9 * k,
            )
            for k in (1, 2)
        ]
    )
    figure = heat_map(runs, "subsidy", "rent", "sales_yuan", LABELS, panel="logistics")
    one, two = (ax.images[0] for ax in figure.axes[:2])
    assert one.get_clim() == two.get_clim()
    assert one.get_clim()[1] == pytest.approx(3e9, rel=0.05)
    assert {"Logistics 1", "Logistics 2"} <= drawn(figure)


def test_heat_map_around_the_base(drawn):
    figure = heat_map(a_study(), "subsidy", "rent", "sales_yuan", LABELS, base=1e9)
    low, high = figure.axes[0].images[0].get_clim()
    assert high - 1e9 == pytest.approx(1e9 - low)
    assert figure.axes[0].images[0].get_cmap()(0.5)[:3] == pytest.approx((0.97, 0.97, 0.97), abs=0.01)
    assert any("base scenario, 1 bn" in t for t in drawn(figure))


def test_heat_map_with_failed_and_missing_cells(drawn):
    runs = a_study()
    runs.loc[(runs["subsidy"] == 4) & (runs["rent"] == 1.0), "sales_yuan"] = np.nan
    runs = runs[(runs["subsidy"] != 8) | (runs["rent"] != 0.6)]
    figure = heat_map(runs, "subsidy", "rent", "sales_yuan", LABELS)
    (patch,) = gids(figure, "failed")
    assert patch.get_xy() == (0.5, 0.5)
    assert figure.axes[0].images[0].get_array().mask.sum() == 2
    drawn(figure)


def test_heat_map_of_names_and_extreme_numbers(drawn):
    draws = np.random.default_rng(0)
    rows = [
        (i * 12 + j, 0, f"{CHINESE}{i}", f"{LONG}{j}", draws.normal() * 10.0 ** (2 * j - 8))
        for i in range(12)
        for j in range(12)
    ]
    runs = pd.DataFrame(rows, columns=["point", "replicate", "x", "y", "m"])
    figure = heat_map(runs, "x", "y", "m", {})
    drawn(figure)
    inside = list(figure.axes[0].texts)
    assert len(inside) == 144
    wide = figure.axes[0].get_window_extent().width / 12
    assert max(t.get_window_extent().width for t in inside) < 1.05 * wide


# -- forest -------------------------------------------------------------------------------------------------
def differences(**columns) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "metric": ["online_share", "sales_yuan", "stores_closed"],
            "a_mean": [0.12, 3.3e10, 100.0],
            "b_mean": [0.16, 3.2e10, 101.0],
            "difference": [0.04, -1e9, 1.0],
            "low": [0.03, -1.5e9, -2.0],
            "high": [0.05, -5e8, 4.0],
            "n": [10, 10, 9],
        }
    )
    return table.assign(**columns)


def test_forest(drawn):
    figure = forest(differences(), LABELS, ("base", "war"))
    assert len(gids(figure, "sure")) == 2 and len(gids(figure, "unsure")) == 1
    assert gids(figure, "unsure")[0].get_xdata() == pytest.approx([0.25])
    texts = drawn(figure)
    assert {
        "Online share",
        "Sales (yuan)",
        "Stores_closed",
        "base",
        "war",
        "12 %",
        "33 bn",
        "−3 %",
        "+33 %",
    } <= texts
    assert {"+4 pp  [+3, +5 pp]", "−1 bn  [−1.5 bn, −500 M]", "+1  [−2, +4]"} <= texts
    assert "war against base: 2 of 3 figures differ clearly" in texts
    assert any(t.startswith("9 to 10 pairs") for t in texts)


def test_rows_that_stand_out_are_bold():
    figure = forest(differences(), LABELS)
    weights = {t.get_text(): t.get_fontweight() for t in figure.axes[0].texts}
    assert (weights["Online share"], weights["Stores_closed"]) == ("bold", "normal")


def test_forest_without_intervals_and_values(drawn):
    table = differences(
        low=[-np.inf, np.nan, 0.0], high=[np.inf, np.nan, 0.0], difference=[0.04, np.nan, 0.0]
    )
    texts = drawn(
        forest(table, {"online_share": LONG * 2, "sales_yuan": CHINESE * 2}, (LONG, CHINESE), title="T")
    )
    assert {"+4 pp  [unknown]", "–", "0  [0, 0]", "T"} <= texts


def test_forest_texts_do_not_overlap():
    figure = forest(differences(), {"online_share": LONG, "sales_yuan": CHINESE}, (LONG, CHINESE))
    figure.draw_without_rendering()
    boxes = [t.get_window_extent() for t in figure.axes[0].texts if t.get_text()]
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])


# -- waterfall ----------------------------------------------------------------------------------------------
def contributions(**columns) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "group": ["rent", "subsidy", "A", "B", "logistics"],
            "value": [-0.03, 0.05, 0.12, 0.16, 0.02],
            "low": [-0.04, 0.04, np.nan, np.nan, 0.0],
            "high": [-0.02, 0.06, np.nan, np.nan, 0.04],
        }
    )
    return table.assign(**columns)


def test_waterfall_goes_from_a_to_b_by_size(drawn):
    figure = waterfall(contributions(), "online_share", LABELS)
    steps = gids(figure, "step")
    assert [bar.get_width() for bar in steps] == pytest.approx([0.05, -0.03, 0.02])
    assert [bar.get_x() for bar in steps] == pytest.approx([0.12, 0.17, 0.14])
    assert [bar.get_width() for bar in gids(figure, "mean")] == pytest.approx([0.12, 0.16])
    assert gids(figure, "whisker")[0].get_xdata() == pytest.approx([0.16, 0.18])
    texts = drawn(figure)
    assert {"A", "B", "subsidy per order, yuan", "12 %", "+5 pp", "+2 pp", "−3 pp", "16 %"} <= texts
    assert "Online share: 12 % in A, 16 % in B, most of all by subsidy per order" in texts


def test_small_steps_between_large_means_are_seen(drawn):
    figure = waterfall(contributions(value=[-1e7, 2e7, 1e9, 1.01e9, 0.0]), "sales_yuan", LABELS)
    assert gids(figure, "mean")[0].get_x() > 0.9e9
    assert any("does not begin at 0" in t for t in drawn(figure))


def test_waterfall_below_zero_without_intervals(drawn):
    table = contributions(value=[-3.0, 9.0, -5.0, 1.0, 0.0], low=-np.inf, high=np.inf)
    figure = waterfall(table, "surplus_mean", {"rent": LONG, "subsidy": CHINESE})
    assert not gids(figure, "whisker")
    assert any("most of all by " + CHINESE[:-7] in t for t in drawn(figure))


# -- sensitivity --------------------------------------------------------------------------------------------
def effects(mu) -> pd.DataFrame:
    mu = np.asarray(mu, float)
    names = ["rent", "subsidy", LONG, CHINESE, *(f"x{k}" for k in range(8))][: len(mu)]
    return pd.DataFrame(
        {"factor": names, "mu_star": mu, "mu_star_low": 0.8 * mu, "mu_star_high": 1.2 * mu, "sigma": 0.5 * mu}
    )


def test_morris_plot_names_what_matters(drawn):
    figure = morris_plot(effects([5, 8, 4, 0.1]), LABELS, "sales_yuan")
    assert gids(figure, "factors")[0].get_xdata() == pytest.approx([8, 5, 4, 0.1])
    texts = drawn(figure)
    assert {"rent", "subsidy per order", LONG.strip()} <= texts
    assert "Which factors matter: subsidy per order has the largest effect on sales (yuan)" in texts
    assert any("in the corner: " + CHINESE[:6] in t for t in texts)


@pytest.mark.parametrize(
    "mu", [[3.0], [0.0], [1e-6] * 12, list(1e12 * np.geomspace(1, 20, 12)), [1, 1, 1, 1]]
)
def test_names_of_factors_do_not_overlap(drawn, mu):
    figure = morris_plot(effects(mu), {})
    drawn(figure)
    boxes = [t.get_window_extent() for t in figure.axes[0].texts if t.get_text()]
    assert len(boxes) == len(mu)
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])


def test_morris_effects_on_shares_are_in_points(drawn):
    figure = morris_plot(effects([0.05, 0.02]), {}, "online_share")
    assert gids(figure, "factors")[0].get_xdata() == pytest.approx([5, 2])
    assert any(t.endswith("percentage points") for t in drawn(figure))


def indices(total) -> pd.DataFrame:
    total = np.asarray(total, float)
    names = ["rent", "subsidy", LONG, CHINESE, *(f"x{k}" for k in range(8))][: len(total)]
    columns = {"first": 0.5 * total, "first_low": 0.4 * total, "first_high": 0.6 * total}
    columns |= {"total": total, "total_low": 0.9 * total, "total_high": 1.1 * total}
    return pd.DataFrame({"factor": names, **columns})


def test_sobol_bars_are_sorted(drawn):
    figure = sobol_bars(indices([0.2, 0.7, 0.1, 0.0]), LABELS, "online_share")
    assert [bar.get_width() for bar in gids(figure, "total")] == pytest.approx([0.7, 0.2, 0.1, 0])
    assert [bar.get_width() for bar in gids(figure, "first")] == pytest.approx([0.35, 0.1, 0.05, 0])
    texts = drawn(figure)
    assert {"rent", "subsidy per order", LONG.strip(), "70 %", "35 %", "20 %"} <= texts
    assert "Subsidy per order matters most for online share: it has a part in 70 % of what varies" in texts


@pytest.mark.parametrize("table", [indices([0.4]), indices(np.linspace(1, 0, 12)).assign(total_low=-np.inf)])
def test_sobol_bars_of_any_number(drawn, table):
    assert len(gids(sobol_bars(table, {}), "total")) == len(table)


# -- discoveries --------------------------------------------------------------------------------------------
def a_discovery() -> tuple[pd.DataFrame, np.ndarray]:
    draws = np.random.default_rng(5)
    points = pd.DataFrame({"rent": draws.uniform(0.5, 2, 80), "subsidy": draws.uniform(0, 8, 80)})
    points["who"] = draws.choice(["alpha", CHINESE, LONG], 80)
    return points, ((points["rent"] > 1.2) & (points["subsidy"] < 3)).to_numpy()


def test_the_box_is_drawn_where_it_is(drawn):
    points, wanted = a_discovery()
    figure = box_plot(points, wanted, {"rent": Span(1.2), "subsidy": Span(None, 3.0)}, LABELS)
    (box,) = gids(figure, "box")
    ax = figure.axes[0]
    x, y = (box.get_x(), box.get_x() + box.get_width()), (box.get_y(), box.get_y() + box.get_height())
    assert ax.get_xlabel() == "Subsidy per order, yuan"
    assert x == pytest.approx((ax.get_xlim()[0], 3.0)) and y == pytest.approx((1.2, ax.get_ylim()[1]))
    assert len(gids(figure, "interest")[0].get_offsets()) == wanted.sum()
    assert len(gids(figure, "others")[0].get_offsets()) == 80 - wanted.sum()
    texts = drawn(figure)
    assert f"of interest ({wanted.sum()})" in texts
    assert any("rent is above 1.2 x base" in t and "subsidy per order is below 3 yuan" in t for t in texts)
    assert any(f"{wanted.sum()} are of interest (100 %); these are 100 %" in t for t in texts)


def test_a_box_of_one_factor_is_a_strip(drawn):
    points, wanted = a_discovery()
    figure = box_plot(points, wanted, {"rent": Span(1.2, 1.9)}, LABELS)
    (box,) = gids(figure, "box")
    assert (box.get_x(), box.get_x() + box.get_width()) == pytest.approx((1.2, 1.9))
    assert len(figure.axes[0].get_yticks()) == 0
    drawn(figure)


def test_a_box_of_names_and_of_three_factors(drawn):
    points, wanted = a_discovery()
    limits = {"who": (CHINESE,), "rent": Span(1.2), "subsidy": Span(None, 7.5)}
    figure = box_plot(points, wanted, limits, LABELS)
    (box,) = gids(figure, "box")
    ticks = [t.get_text() for t in figure.axes[0].get_xticklabels()]
    assert ticks[0].replace("\n", "") == CHINESE and box.get_x() + box.get_width() == pytest.approx(0.5)
    assert any("To the box also belongs that subsidy per order is below 7.5 yuan" in t for t in drawn(figure))


def test_no_box(drawn):
    assert "No conditions were found" in drawn(box_plot(*a_discovery(), {}, LABELS))


# -- goals --------------------------------------------------------------------------------------------------
def tried(**columns) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "value": [0, 8, 4, 4],
            "mean": [0.1, 0.3, 0.2, 0.22],
            "bound": [0.08, 0.27, 0.15, 0.205],
            "n": [5, 5, 5, 20],
        }
    )
    return table.assign(**columns)


def test_goal_curve(drawn):
    figure = goal_curve(tried(), LABELS, 0.2, 4, factor="subsidy", metric="online_share")
    (target,), (found,) = gids(figure, "target"), gids(figure, "found")
    assert target.get_ydata()[0] == 0.2 and found.get_xdata()[0] == 4
    texts = drawn(figure)
    assert "Online share is at least 20 % with subsidy per order 4 yuan" in texts
    assert {"target: at least 20 %", "found: 4", "Subsidy per order, yuan", "Online share"} <= texts
    assert any(t.startswith("30 runs at 3 values") for t in texts)
    reached = next(line for line in figure.axes[0].lines if line.get_marker() == "o")
    assert sorted(reached.get_xdata()) == [4, 8]


def test_a_goal_that_nothing_reaches(drawn):
    table = tried(bound=[0.12, np.inf, 0.24, 0.24])
    figure = goal_curve(table, LABELS, 0.05, None, factor="subsidy", metric="online_share")
    assert not gids(figure, "found")
    title = "No value of subsidy per order that was tried brings online share to at most 5 %"
    assert title in drawn(figure)


@pytest.mark.parametrize("size", [1e-6, 1e12])
def test_goals_of_any_size(drawn, size):
    table = tried(value=[size, 3 * size, 10 * size, 33 * size])
    drawn(goal_curve(table, {"f": CHINESE, "m": LONG}, 0.2, 10 * size, factor="f", metric="m"))
    drawn(goal_curve(table.iloc[:1], {}, 0.2, size, factor="f", metric="m"))


# -- what cannot be drawn -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: response_curves(a_study(), "subsidi", ["sales_yuan"], {}), "'subsidi'"),
        (lambda: response_curves(a_study(), "subsidy", ["sales"], {}), "'sales'"),
        (lambda: heat_map(a_study(), "subsidy", "rent", "sales_yuan", {}, panel="who"), "'who'"),
        (
            lambda: heat_map(a_study().assign(m=np.nan), "subsidy", "rent", "m", {}),
            "no run has a value of 'm'",
        ),
        (lambda: forest(differences().iloc[:0], {}), "no differences"),
        (lambda: forest(differences().drop(columns="n"), {}), "'n'"),
        (lambda: waterfall(contributions(), "m", {}, ("A", "C")), "'C' is missing"),
        (lambda: morris_plot(effects([1.0]).assign(mu_star=np.nan), {}), "no effect is known"),
        (lambda: sobol_bars(indices([1.0]).assign(total=np.nan), {}), "no index is known"),
        (lambda: box_plot(*a_discovery(), {"wages": Span(1.0)}, {}), "'wages'"),
        (
            lambda: goal_curve(tried().iloc[:0], {}, 1.0, None, factor="f", metric="m"),
            "no value has been tried",
        ),
    ],
)
def test_what_cannot_be_drawn(draw, message):
    with pytest.raises(ScenarioError, match=message):
        draw()


def test_a_misspelt_name_gets_a_hint():
    with pytest.raises(ScenarioError, match="did you mean subsidy"):
        heat_map(a_study(), "subsidi", "rent", "sales_yuan", {})
