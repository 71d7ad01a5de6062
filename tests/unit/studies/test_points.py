"""Study files: what they may say, what their mistakes look like, and which scenarios they make."""

from __future__ import annotations

import re

import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.record.metrics import HEADLINE
from o2o_sim.scenario.load import load_scenario
from o2o_sim.studies.points import (
    cases,
    factors_of,
    labels_of,
    load_study,
    metrics_wanted,
    point,
    points,
    windows_of,
)
from o2o_sim.studies.sweeps import points_of


@pytest.fixture
def study(town):
    """Writes a study of the town; returns its path."""

    def study(text, name="asked.yaml"):
        path = town.with_name(name)
        path.write_text(f"base: town.yaml\n{text}", encoding="utf-8")
        return path

    return study


def complaints(path, *overrides):
    """Everything that is wrong with a study."""
    with pytest.raises(ScenarioError) as fault:
        points_of(load_study(path, overrides))
    return str(fault.value)


# -- mistakes -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "message"),
    [
        # keys and values of the scenario
        ("factors: {levers.rent: [1, 2]}", r":2:24: factors.levers.rent: is not a key here\n.*\n.*\n  did you mean levers.rent_x\?"),
        ("factors: {levers.rent_x: [1, -2]}", r":2:26: factors.levers.rent_x: must be at least 0.0, found the number -2"),
        ("factors: {days: {low: 10, high: 20}}", r":2:17: factors.days: must be a whole number, found the number 12.5\n.*\n.*\n  Write whole: true."),
        ("factors: {rent: {keys: [levers.rent_x, levers.rentx], values: [1]}}", r":2:17: factors.rent: levers.rentx: is not a key here"),
        ("factors: {levers.rent_x: [cheap]}", r":2:26: factors.levers.rent_x: must be a number, found the text 'cheap'"),
        ("set: {population: 1.5}\nfactors: {levers.rent_x: [1]}", r":2:19: set.population: must be a whole number, found the number 1.5"),
        ("policies:\n  a: {levers.rent_x: 1}\n  b: {levers.rend_x: 1}", r":4:22: policies.b.levers.rend_x: is not a key here"),
        ("worlds:\n  a: {circles.new_mal.units: 3}", r":3:30: worlds.a.circles.new_mal.units: there is no 'new_mal' in circles\n.*\n.*\n  did you mean circles.new_mall.units\?"),
        ("factors:\n  size: {cases: {small: {circles.new_mall.units: -3}}}", r":3:50: factors.size.cases.small.circles.new_mall.units: must be at least"),
        # factors
        ("factors: {levers.rent_x: {values: [1], low: 0, high: 2}}", r":2:26: factors.levers.rent_x: a factor has either values, or low and high, or cases"),
        ("factors: {a: {values: [1], cases: {x: {days: 3}}}}", ":2:14: factors.a: a factor has either values, or"),
        ("factors: {a: {low: 0, high: 2, cases: {x: {days: 3}}}}", ":2:14: factors.a: a factor has either values, or"),
        ("factors: {levers.rent_x: []}", ":2:26: factors.levers.rent_x: a factor has either values, or"),
        ("factors: {levers.rent_x: {label: rents}}", ":2:26: factors.levers.rent_x: a factor has either values, or"),
        ("factors: {levers.rent_x: {low: 0}}", ":2:26: factors.levers.rent_x: needs a list of values, or low and high"),
        ("factors: {levers.rent_x: {low: 2, high: 2}}", ":2:26: factors.levers.rent_x: must go from low to a greater high"),
        ("factors: {levers.rent_x: {low: 0, high: 2, scale: log}}", ":2:26: factors.levers.rent_x: must begin above 0 on a log scale"),
        ("factors: {days: {low: 0.5, high: 2, whole: true}}", ":2:17: factors.days: must begin and end with whole numbers"),
        ("factors: {levers.rent_x: [1, 2, 1]}", ":2:26: factors.levers.rent_x: has a value twice"),
        ("factors: {a: {keys: [days], values: [1, two]}}", ":2:14: factors.a: has values of different kinds"),
        ("factors: {a: {keys: [days], values: [1, true]}}", ":2:14: factors.a: has values of different kinds"),
        ("factors: {levers.rent_x: 3}", ":2:26: factors.levers.rent_x: must be a list or a group of keys, found the number 3"),
        ("factors: {levers.rent_x: {vales: [1]}}", r":2:27: factors.levers.rent_x.vales: is not a key here\n.*\n.*\n  did you mean factors.levers.rent_x.values"),
        ("factors: {seed: [1, 2]}", ":2:17: factors.seed: no factor can be called 'seed'"),
        ("factors: {a: {keys: [seed], values: [1, 2]}}", ":2:14: factors.a: the seed cannot be varied"),
        ("worlds: {a: {seed: 1}}", ":2:9: worlds: the seed cannot be varied"),
        ("factors: {key: {keys: [days], values: [1]}}", ":2:16: factors.key: no factor can be called 'key'"),
        ("factors: {online_share: {keys: [days], values: [1]}}", ":2:25: factors.online_share: no factor can be called"),
        ("factors: {policy: {keys: [days], values: [1]}}", ":2:19: factors.policy: no factor can be called 'policy'"),
        ("", ": factors: a study needs at least one factor, policy or world"),
        ("design: gird\nfactors: {days: [1]}", r":2:9: design: must be 'grid', .* found the text 'gird'\n.*\n.*\n  did you mean grid\?"),
        ("factors: {days: [1]}\nreplicates: 0", ":3:13: replicates: must be at least 1"),
        # metrics
        ("factors: {days: [1]}\nmetrics: [sales_yuan, onlin_share]", r":3:23: metrics.1: there is no metric 'onlin_share'\n.*\n.*\n  did you mean online_share\?"),
        ("factors: {days: [1]}\nmetrics: [sales_yuan, sales_yuan]", ":3:23: metrics.1: 'sales_yuan' is there twice"),
        ("factors: {days: [1]}\nmetrics:\n  - {name: sales_yuan, series: needs, first: 2013-01-01, last: 2013-02-01}", ":4:5: metrics.0: something else is called 'sales_yuan'"),
        ("factors: {days: [1]}\nmetrics:\n  - {name: days, series: needs, first: 2013-01-01, last: 2013-02-01}", ":4:5: metrics.0: something else is called 'days'"),
        ("factors: {days: [1]}\nmetrics:\n  - {name: w, series: needs, first: 2013-03-01, last: 2013-02-01}", ":4:5: metrics.0: window w: 2013-02-01 comes before"),
        ("factors: {days: [1]}\nmetrics:\n  - {name: w, series: needs, first: 2013-03-01, last: 2013-13-01}", ":4:55: metrics.0.last: must be a date written YYYY-MM-DD"),
        # the report
        ("factors: {days: [1]}\nreport: {x: dais}", r":3:13: report.x: there is no factor 'dais'\n.*\n.*\n  did you mean days\?"),
        ("factors: {days: [1]}\nreport: {y: zz}", r":3:13: report.y: there is no factor 'zz'\n.*\n.*\n  factors: days"),
        ("factors: {days: [1]}\nreport: {panel: zz}", ":3:17: report.panel: there is no factor 'zz'"),
        ("factors: {days: [1]}\nreport: {x: days, y: days}", ":3:22: report.y: must be another factor than x"),
        ("factors: {days: [1]}\nreport: {base: {zz: 3}}", ":3:21: report.base.zz: there is no factor 'zz'"),
        ("factors: {days: [1]}\nmetrics: [sales_yuan]\nreport: {metrics: [online_share]}", ":4:20: report.metrics.0: there is no metric 'online_share'"),
    ],
)  # fmt: skip
def test_mistakes_are_shown_where_the_study_makes_them(study, text, message):
    said = complaints(study(text))
    assert re.search(f"^.*asked.yaml{message}", said, re.MULTILINE), said


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(study):
    text = "factors:\n  a: []\n  seed: [1, 2]\nmetrics: [onlin_share]\nreport: {x: b}\n"
    said = complaints(study(text))
    places = re.findall(r"asked.yaml:(\d+):", said)
    assert places == ["3", "4", "4", "5", "6"]


def test_mistakes_of_all_points_are_told_at_once(study):
    said = complaints(study("factors: {levers.rent_x: [1, -1, -2], days: [0, 5, 10]}\n"))
    assert len(re.findall("asked.yaml", said)) == 3


def test_a_base_that_is_not_there(study, town):
    path = study("factors: {days: [1]}\n")
    path.write_text(path.read_text().replace("town", "nowhere"))
    assert re.match(r".*asked.yaml:1:7: base: there is no file .*nowhere.yaml", complaints(path))


def test_a_mistake_in_the_base_is_shown_there(study, town):
    town.write_text(town.read_text() + "dayz: 3\n")
    assert re.match(
        r".*town.yaml:\d+:1: dayz: is not a key here", complaints(study("factors: {days: [1]}\n"))
    )


def test_what_a_point_makes_wrong_elsewhere_names_the_point(study):
    said = complaints(study("factors: {consumers.value: [default, huff], days: [5]}\n"))
    assert "platforms: Huff's model has no platforms (with consumers.value huff, days 5)\n" in said
    # If all points have it there is nothing to tell them apart by.
    said = complaints(study("factors: {consumers.value: [huff], days: [5]}\n"))
    assert "platforms: Huff's model has no platforms\n" in said


def test_mistakes_in_overrides_are_shown_there(study):
    path = study("set: {population: 300}\nfactors: {days: [1]}\n")
    assert "--set set.levers.rent_y=3: set.levers: levers.rent_y: is not a key" in complaints(
        path, "set.levers.rent_y=3"
    )
    assert "--set pionts=3: pionts: is not a key here\n  did you mean points?" in complaints(path, "pionts=3")


# -- reading ------------------------------------------------------------------------------------------------
def test_a_study_may_extend_another_from_another_folder(study, town, tmp_path):
    study("replicates: 9\nset: {population: 300}\nfactors: {days: [5, 6], levers.rent_x: [1, 2]}\n")
    inner = tmp_path / "inner" / "more.yaml"
    inner.parent.mkdir()
    inner.write_text(
        "extends: ../asked.yaml\nset: {days: 7}\nfactors: {levers.rent_x: [4], days: null}\nseed: 3\n"
    )
    read = load_study(inner)
    assert (read.replicates, read.seed, read.file) == (9, 3, "more.yaml")
    (only,) = points_of(read)
    assert only.factors == {"levers.rent_x": 4}
    # The base is found from the file that names it.
    assert (only.spec.levers.rent_x, only.spec.days, only.spec.population) == (4, 7, 300)


def test_overrides_change_the_study_and_what_it_sets(study):
    path = study("set: {levers.rent_x: 2}\nfactors: {a: {keys: [days], values: [5, 6]}}\n")
    said = ["replicates=7", "set.levers.rent_x=3", "set.levers.subsidy_x=4", "factors.a.values=[8]"]
    read = load_study(path, [*said, "set.circles.new_mall=null"])
    (only,) = points_of(read)
    assert read.replicates == 7
    assert (only.spec.levers.rent_x, only.spec.levers.subsidy_x, only.spec.days) == (3, 4, 8)
    assert list(only.spec.circles) == ["main_street"]


def test_set_may_remove_what_the_base_says(study):
    (only,) = points_of(load_study(study("set: {circles.new_mall: null}\nfactors: {days: [5]}\n")))
    assert list(only.spec.circles) == ["main_street"]
    assert only.spec.days == 5


def test_factors_stand_over_set(study):
    (only,) = points_of(load_study(study("set: {days: 9}\nfactors: {days: [5]}\n")))
    assert only.spec.days == 5


# -- points -------------------------------------------------------------------------------------------------
def test_a_factor_changes_all_its_keys(study):
    text = "factors: {cost: {keys: [levers.rent_x, levers.logistics_x], values: [0.5, 3]}}\n"
    found = points_of(load_study(study(text)))
    assert [(p.factors, p.spec.levers.rent_x, p.spec.levers.logistics_x) for p in found] == [
        ({"cost": 0.5}, 0.5, 0.5),
        ({"cost": 3}, 3, 3),
    ]


def test_policies_and_worlds_are_crossed_with_factors(study):
    text = """
policies: {none: {}, rich: {platforms.marketplace.subsidy.per_order_yuan: 9}}
worlds: {as it is: {}, dear: {levers.rent_x: 2, circles.new_mall: null}}
factors: {days: [5, 6]}
"""
    found = points_of(load_study(study(text)))
    assert [tuple(p.factors.values()) for p in found] == [
        (days, policy, world)
        for days in (5, 6)
        for policy in ("none", "rich")
        for world in ("as it is", "dear")
    ]
    assert list(found[0].factors) == ["days", "policy", "world"]
    last = found[-1].spec
    assert last.platforms["marketplace"].subsidy.per_order_yuan == 9
    assert (last.days, last.levers.rent_x, list(last.circles)) == (6, 2, ["main_street"])
    assert found[0].spec.platforms["marketplace"].subsidy.per_order_yuan == 2


def test_cases_that_are_numbers_have_a_place_on_an_axis(study):
    text = "factors: {n: {cases: {10: {days: 10}, 2.5: {days: 2}, -1: {days: 1}}}}\n"
    found = points_of(load_study(study(text)))
    assert [p.factors["n"] for p in found] == [10, 2.5, -1]
    assert [p.spec.days for p in found] == [10, 2, 1]


@pytest.mark.parametrize(
    "names", [["1", "many"], ["inf", "nan"], ["1", "01"], ["1_000", "2"], ["x y", "1e3"]]
)
def test_other_cases_are_texts(study, names):
    text = ", ".join(f"'{name}': {{days: {k + 1}}}" for k, name in enumerate(names))
    found = points_of(load_study(study(f"factors: {{n: {{cases: {{{text}}}}}}}\n")))
    assert [(p.factors["n"], p.spec.days) for p in found] == [(names[0], 1), (names[1], 2)]


def test_ranges_are_evenly_divided_in_their_scale(study):
    text = """
factors:
  levers.rent_x: {low: 0.25, high: 4, scale: log}
  days: {low: 1, high: 3, whole: true, levels: 9}
  levers.subsidy_x: {low: 0, high: 1, levels: 3}
"""
    rent, days, subsidy = (f.grid_values() for f in factors_of(load_study(study(text))))
    assert rent == [0.25, 0.5, 1, 2, 4]
    assert days == [1, 2, 3] and all(isinstance(d, int) for d in days)
    assert subsidy == [0, 0.5, 1]


@pytest.mark.parametrize("value", [1e-7, 1e5, 0.1, 3])
def test_numbers_reach_the_scenario_as_they_are(study, value):
    read = load_study(study("factors: {a: {keys: [stores.formats.eatery.area_m2], values: [1]}}\n"))
    spec = point(read, {"a": value}).spec if value > 1 else None
    assert spec is None or spec.stores.formats["eatery"].area_m2 == value
    assert point(load_study(study("factors: {levers.rent_x: [1]}\n")), {"levers.rent_x": min(value, 9)}).spec


def test_texts_reach_the_scenario_as_they_are(study):
    odd = "a 'b' \"c\": [d], {e} # f \\ 南京路"
    read = load_study(study("factors: {question: [x]}\n"))
    assert point(read, {"question": odd}).spec.question == odd


def test_points_of_some_values_only(study):
    read = load_study(study("factors: {days: [5, 6], levers.rent_x: [1, 2]}\n"))
    found = points(read, [{"days": 6, "levers.rent_x": 2}])
    assert (found[0].spec.days, found[0].spec.levers.rent_x) == (6, 2)


@pytest.mark.parametrize(("design", "n"), [("lhs", 7), ("sobol", 8)])
def test_designs_are_the_same_for_the_same_seed_only(study, design, n):
    text = (
        f"design: {design}\npoints: {n}\nfactors: {{levers.rent_x: {{low: 1, high: 2}}, days: [5, 6, 7]}}\n"
    )
    first, again, other = (
        [p.factors for p in points_of(load_study(study(text), said))] for said in ([], [], ["seed=2"])
    )
    assert len(first) == n
    assert first == again != other


def test_too_large_a_grid_is_refused_before_it_is_made(study):
    text = "factors: {levers.rent_x: {low: 1, high: 2, levels: 1000}, days: {low: 1, high: 900, whole: true, levels: 900}}\n"
    assert "would have 900,000 points" in complaints(study(text))


# -- cases --------------------------------------------------------------------------------------------------
def test_replicates_have_the_seeds_after_that_of_the_base(study, town):
    town.write_text(town.read_text().replace("seed: 1 ", "seed: 40 "))
    found = points_of(load_study(study("factors: {days: [5, 6]}\nseed: 7\n")))
    made = cases(found, range(1, 3), first=10)
    assert [(c.point, c.replicate, c.job.seed, c.factors["days"]) for c in made] == [
        (10, 1, 41, 5),
        (10, 2, 42, 5),
        (11, 1, 41, 6),
        (11, 2, 42, 6),
    ]
    assert cases([], range(3)) == []


def test_points_that_differ_in_nothing_are_one_job(study):
    found = points_of(
        load_study(study("factors: {a: {keys: [days], values: [5, 6]}, b: {keys: [days], values: [7, 8]}}\n"))
    )
    made = cases(found, range(1))
    assert len(made) == 4
    assert len({c.job.key for c in made}) == 2


# -- metrics and labels -------------------------------------------------------------------------------------
def test_what_is_looked_at_and_what_it_is_called(study):
    text = """
factors: {levers.rent_x: {label: rents (x base), values: [1]}, days: [5]}
policies: {a: {}}
metrics:
  - stores_closed/category/[b]clothing[/b]
  - {name: late orders, series: orders/*, first: 2013-02-01, last: 2013-03-31, over_first: 2013-01-01, over_last: 2013-01-31}
"""
    read = load_study(study(text))
    assert metrics_wanted(read) == ["stores_closed/category/[b]clothing[/b]", "late orders"]
    assert labels_of(read) == {
        "levers.rent_x": "rents (x base)",
        "days": "days",
        "policy": "policy",
        "stores_closed/category/[b]clothing[/b]": "stores closed, [b]clothing[/b]",
        "late orders": "late orders",
    }
    (window,) = windows_of(read)
    assert (window.series, window.first.isoformat(), window.over_last.isoformat()) == (
        "orders/*",
        "2013-02-01",
        "2013-01-31",
    )
    assert metrics_wanted(load_study(study("factors: {days: [5]}\n"))) == list(HEADLINE)


def test_the_base_is_left_alone(study, town):
    before = load_scenario(town)
    points_of(load_study(study("factors: {days: [5, 6]}\nset: {levers.rent_x: 2}\n")))
    assert load_scenario(town) == before
