"""Scenario discovery finds the conditions that were planted, and none where there are none."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from o2o_sim.errors import ScenarioError
from o2o_sim.studies import boxes as searched
from o2o_sim.studies.boxes import Box, Span, needs_workbench


def find_boxes(*args, **said):
    try:
        needs_workbench()
    except ScenarioError as missing:
        pytest.skip(str(missing))
    return searched.find_boxes(*args, **said)


def points(number, seed, *categorical):
    """Five factors a..e from 0 to 1, evenly filled, and categorical ones."""
    rng = np.random.default_rng(seed)
    places = (np.arange(number) + rng.random(number)) / number
    x = pd.DataFrame({name: rng.permutation(places) for name in "abcde"})
    return x.assign(**{name: rng.choice(["cap", "none", "tax"], number) for name in categorical})


def noisy(chance, seed):
    return np.random.default_rng(seed).random(len(chance)) < chance


def near(span, low=None, high=None, within=0.03):
    for found, truth in zip(span, (low, high)):
        assert (found is None) == (truth is None)
        assert truth is None or found == pytest.approx(truth, abs=within)


# -- what is there is found ---------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_planted_box_is_found_and_nothing_else(seed):
    x = points(1000, seed)
    (box,) = find_boxes(x, (x.a > 0.6) & (x.b < 0.5), threshold=0.95)
    assert set(box.limits) == {"a", "b"}
    near(box.limits["a"], low=0.6)
    near(box.limits["b"], high=0.5)
    assert box.dense and box.density >= 0.95 and box.coverage > 0.95
    assert box.mass == pytest.approx(0.2, abs=0.03)
    assert all(p < 1e-20 for p in box.restricted.values())


def test_a_planted_box_is_found_in_few_noisy_runs_with_categories_about():
    """200 runs, of interest with 85 % inside and 15 % outside: in at least 3 of 4 such worlds the two factors
    and no other are named, and the median limits are within 0.1."""
    found = []
    for seed in range(4):
        x = points(200, seed, "rule", "other")
        interest = noisy(np.where((x.a > 0.6) & (x.b < 0.5), 0.85, 0.15), seed + 1000)
        boxes = find_boxes(x, interest, threshold=0.75, most=1)
        if boxes and set(boxes[0].limits) == {"a", "b"}:
            found.append((boxes[0].limits["a"].low, boxes[0].limits["b"].high))
    assert len(found) >= 3
    assert np.median(found, axis=0) == pytest.approx([0.6, 0.5], abs=0.1)


def test_limits_on_both_sides():
    x = points(1000, 1)
    (box,) = find_boxes(x, (x.c > 0.3) & (x.c < 0.6), threshold=0.95)
    assert list(box.limits) == ["c"]
    near(box.limits["c"], low=0.3, high=0.6)


def test_categories_and_numbers_together():
    x = points(600, 1, "rule", "other")
    (box,) = find_boxes(x, (x.a > 0.5) & (x.rule != "cap"), threshold=0.9)
    assert set(box.limits) == {"a", "rule"}
    assert box.limits["rule"] == ("none", "tax")
    near(box.limits["a"], low=0.5)


@pytest.mark.parametrize("values", [(False, True), (1, "1"), ("2020-01-01", "2021-01-01")])
def test_any_two_values_can_be_categories(values):
    x = points(300, 1)
    x["which"] = pd.Series([values[k % 2] for k in range(300)])
    (box,) = find_boxes(x, np.arange(300) % 2 == 1)
    assert box.limits == {"which": (values[1],)}
    assert (box.density, box.coverage, box.mass) == (1, 1, 0.5)


def test_values_of_a_grid_are_parted_between_the_levels():
    x = pd.DataFrame([(k % 5, k // 5 % 4, k // 20) for k in range(200)], columns=["shops", "fee", "again"])
    (box,) = find_boxes(x, (x.shops >= 3) & (x.fee < 2))
    assert box.limits == {"shops": Span(low=2.5), "fee": Span(high=1.5)}
    assert (box.density, box.coverage, box.mass) == (1, 1, 0.2)


def test_a_second_box_is_about_the_runs_outside_the_first():
    x = points(1000, 1)
    interest = (x.a > 0.6) & (x.b < 0.5) | (x.c < 0.3) & (x.d > 0.4) & (x.d < 0.8)
    boxes = find_boxes(x, interest, threshold=0.9)
    assert [set(b.limits) for b in boxes] == [{"a", "b"}, {"c", "d"}]
    near(boxes[1].limits["d"], low=0.4, high=0.8)
    assert sum(b.coverage for b in boxes) > 0.9
    left = np.ones(1000, dtype=bool)
    for number, box in enumerate(boxes, start=1):
        inside = box.inside(x) & left
        assert box.number == number
        assert box.density == interest[inside].mean()
        assert box.coverage == interest[inside].sum() / interest.sum()
        assert box.mass == inside.mean()
        left &= ~inside
    assert len(find_boxes(x, interest, threshold=0.9, most=1)) == 1


def test_the_figures_are_those_of_the_limits_as_told():
    """Also after chance restrictions were dropped and limits were rounded."""
    for seed in range(3):
        x = points(300, seed, "rule")
        interest = noisy(np.where(x.a > 0.6, 0.7, 0.1), seed)
        box = find_boxes(x, interest, most=1)[0]
        inside = box.inside(x)
        assert (box.density, box.coverage) == (
            interest[inside].mean(),
            interest[inside].sum() / interest.sum(),
        )
        assert box.mass == inside.mean()
        assert set(box.restricted) == set(box.limits)
        assert all(p < 0.05 / 6 for p in box.restricted.values())


def test_the_chance_of_a_restriction_is_that_of_bryant_and_lempert():
    x = points(300, 1)
    interest = noisy(np.where((x.a > 0.6) & (x.b < 0.5), 0.8, 0.2), 1)
    box = find_boxes(x, interest)[0]
    inside = interest[box.inside(x)]
    for factor, p in box.restricted.items():
        others = Box(**(vars(box) | {"limits": {f: limit for f, limit in box.limits.items() if f != factor}}))
        share = interest[others.inside(x)].mean()
        test = binomtest(int(inside.sum()), len(inside), share, alternative="greater")
        assert p == pytest.approx(test.pvalue, rel=1e-6)


def test_the_box_of_greatest_coverage_that_is_dense_enough_is_taken():
    x = points(1000, 1)
    interest = noisy(np.where(x.a > 0.8, 0.98, np.where(x.a > 0.5, 0.6, 0.05)), 1)
    thin, thick = (find_boxes(x, interest, threshold=t, most=1)[0] for t in (0.7, 0.9))
    assert thin.coverage > thick.coverage + 0.1
    assert 0.7 <= thin.density < 0.8 and thick.density >= 0.9


def test_if_no_box_is_dense_enough_it_is_the_densest_and_says_so():
    x = points(1000, 1)
    interest = noisy(np.where(x.a > 0.6, 0.5, 0.1), 1)
    boxes = find_boxes(x, interest, threshold=0.9)
    assert len(boxes) == 1 and not boxes[0].dense and list(boxes[0].limits) == ["a"]
    assert boxes[0].sentence("close early").endswith("No conditions were found under which 90 % do.")


def test_the_search_ends_where_further_boxes_would_be_thin():
    x = points(1000, 1)
    interest = noisy(np.where((x.a > 0.6) & (x.b < 0.5), 0.95, np.where(x.c > 0.5, 0.4, 0.05)), 1)
    first = find_boxes(x, interest, threshold=0.8)
    assert [set(b.limits) for b in first] == [{"a", "b"}]
    outside = ~first[0].inside(x)
    assert find_boxes(x[outside], interest[outside], threshold=0.8)[0].limits.keys() == {"c"}


def test_a_box_keeps_its_mass():
    x = points(400, 1)
    interest = noisy(x.a.to_numpy() ** 3, 1)
    assert find_boxes(x, interest, threshold=1, mass_min=0.3)[0].mass >= 0.3
    assert find_boxes(x, interest, threshold=1, mass_min=0.05)[0].mass < 0.3


# -- what is not there is not -------------------------------------------------------------------------------
def test_noise_has_no_conditions():
    """8 worlds without any effect: at most one of them may seem to have one."""
    found = []
    for seed in range(8):
        x = points(200, seed, "rule")
        found.append(bool(find_boxes(x, noisy(np.full(200, 0.3), seed + 1000))))
    assert sum(found) <= 1


def test_a_factor_may_have_any_name():
    """The workbench would drop a column called "scenario" without a word."""
    x = points(100, 1).rename(columns={"a": "scenario"})
    (box,) = find_boxes(x, x.scenario > 0.5)
    assert set(box.limits) == {"scenario"}


def test_factors_that_do_not_vary_restrict_nothing():
    x = points(100, 1).assign(fixed=1.0, policy="none")
    (box,) = find_boxes(x, x.a > 0.5)
    assert set(box.limits) == {"a"}
    assert find_boxes(x[["fixed", "policy"]], x.a > 0.5) == []


def test_factors_that_matter_together_only_are_found():
    """Either half of `a` alone, and of `b`, has as many runs of interest as the other."""
    x = points(400, 1)
    boxes = find_boxes(x, (x.a > 0.5) == (x.b > 0.5), threshold=0.9)
    assert [set(box.limits) for box in boxes] == [{"a", "b"}] * 2


# -- the same each time -------------------------------------------------------------------------------------
def test_nothing_hangs_on_the_order_of_runs_or_factors():
    x = points(300, 1, "rule", "other")
    interest = pd.Series(noisy(np.where((x.a > 0.6) & (x.rule != "tax"), 0.9, 0.2), 1))
    first = find_boxes(x, interest)
    order = np.random.default_rng(1).permutation(300)
    mixed = find_boxes(x.iloc[order, ::-1], interest.iloc[order])
    assert first == mixed == find_boxes(x, interest)
    assert list(first[0].limits) == list(mixed[0].limits)


def test_nothing_hangs_on_the_hashes_of_texts_and_nothing_else_is_printed():
    """The workbench warns when it is first imported."""
    find_boxes(points(100, 1), np.arange(100) < 50)  # skips
    code = (
        "import numpy as np, pandas as pd; from o2o_sim.studies.boxes import find_boxes;"
        "x = pd.DataFrame({n: [f'{n}{k * m % 5}' for k in range(200)] for n, m in (('p', 1), ('q', 3))});"
        "print(find_boxes(x, x.p.isin(['p1', 'p3', 'p4']) & (np.arange(200) % 7 > 0)))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": str(h), "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        for h in (1, 2)
    ]
    assert runs[0].stdout == runs[1].stdout
    assert "('p1', 'p3', 'p4')" in runs[0].stdout and runs[0].stdout.count("\n") == 1
    assert runs[0].stderr == ""


# -- words --------------------------------------------------------------------------------------------------
def box(limits, **figures):
    figures = {"coverage": 0.64, "density": 0.87, "mass": 0.2, "number": 1, "threshold": 0.8} | figures
    return Box(limits, restricted=dict.fromkeys(limits, 0.001), **figures)


def test_a_box_in_words():
    first = box({"rent_x": Span(low=1.31), "logistics_x": Span(high=0.8)})
    assert first.sentence("lose a third of their shops") == (
        "In runs with rent_x above 1.31 and logistics_x below 0.8, 87 % lose a third of their shops; "
        "64 % of all such runs lie here."
    )
    later = box(
        {"n": Span(1000, 2.5e6), "policy": ("cap", "none", "tax"), "x": (True,)},
        number=2,
        density=0.998,
        coverage=1.0,
    )
    assert later.sentence("fail", {"n": "residents"}) == (
        "In the remaining runs with residents between 1,000 and 2,500,000, policy cap, none or tax and x True, "
        "99 % fail; 100 % of all such runs lie here."
    )


# -- refusals -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "number, message",
    [
        (4, "only 4 of 100 runs are of interest; at least 5"),
        (100, "all 100 runs are of interest"),
        (80, "80 of 100 runs are of interest"),
    ],
)
def test_too_few_or_too_many_runs_of_interest(number, message):
    with pytest.raises(ScenarioError, match=message):
        searched.find_boxes(points(100, 1), np.arange(100) < number)


@pytest.mark.parametrize("said", [{"mass_min": 0}, {"peel_alpha": 0.9}, {"threshold": 1.2}, {"most": 0}])
def test_settings_out_of_bounds(said):
    with pytest.raises(ScenarioError, match="must be from"):
        searched.find_boxes(points(100, 1), np.arange(100) < 30, **said)


def test_without_the_workbench_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ema_workbench", None)
    with pytest.raises(ScenarioError, match="needs the EMA Workbench") as refused:
        searched.find_boxes(points(100, 1), np.arange(100) < 30)
    assert refused.value.problems[0].hint == "pip install 'o2o-sim[discovery]'"


def test_what_does_not_fit_together_is_a_fault_of_ours():
    with pytest.raises(ValueError, match="do not belong to 100 points"):
        searched.find_boxes(points(100, 1), np.ones(99, dtype=bool))
    x = points(100, 1)
    x.loc[3, "a"] = np.nan
    with pytest.raises(ValueError, match="lacks the value"):
        searched.find_boxes(x, np.arange(100) < 30)
