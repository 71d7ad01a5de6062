"""What two scenarios differ in, and that every scenario between them says what it should."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from o2o_sim.errors import ScenarioError
from o2o_sim.inputs.inputs import file_digests
from o2o_sim.scenario.load import load_scenario, to_plain
from o2o_sim.scenario.schema import Spec
from o2o_sim.scenario.shape import known_paths
from o2o_sim.studies.changes import GROUPS, NO_CHANGE, changes, grouped, mixed, mixtures
from o2o_sim.studies.job import key_of
from o2o_sim.studies.shapley import coalitions

SCENARIOS = Path(__file__).parents[3] / "scenarios"
TINY = Path(__file__).parents[2] / "scenarios" / "tiny.yaml"
NAMES = ("base", "subsidy_war", "rent_squeeze", "cheap_logistics", "classroom", "london")


@pytest.fixture(scope="module")
def shipped():
    return {name: load_scenario(SCENARIOS / f"{name}.yaml") for name in NAMES}


def content(spec):
    return {key: value for key, value in to_plain(spec).items() if key not in NO_CHANGE}


def keys(found):
    return {change.key: (change.before, change.after) for change in found}


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


# -- what changed -------------------------------------------------------------------------------------------
def test_changes_of_shipped_scenarios(shipped):
    assert keys(changes(shipped["base"], shipped["rent_squeeze"])) == {"levers.rent_x": (1.0, 1.5)}
    assert keys(changes(shipped["base"], shipped["cheap_logistics"])) == {
        "levers.logistics_x": (1.0, 0.5),
        "platforms.bazaar.parcel.days": (3.0, 1.5),
        "platforms.swift.parcel.days": (1.5, 0.75),
    }
    war = grouped(changes(shipped["base"], shipped["subsidy_war"]))
    assert {group: [change.key for change in some] for group, some in war.items()} == {
        "subsidy": [
            f"platforms.tuan.subsidy.{key}"
            for key in ("end", "match_limit_yuan", "per_order_yuan", "policy", "start")
        ],
        "platforms": ["platforms.kuai", "platforms.tuan.cash_yuan", "platforms.tuan.patience_yuan"],
        "run": ["days"],
    }
    both = grouped(changes(shipped["rent_squeeze"], shipped["cheap_logistics"]))
    assert list(both) == ["rent", "logistics"]
    assert keys(both["rent"]) == {"levers.rent_x": (1.5, 1.0)}


def test_an_entry_that_one_of_them_lacks_is_one_change(shipped):
    base, war = shipped["base"], shipped["subsidy_war"]
    (added,) = (change for change in changes(base, war) if change.key == "platforms.kuai")
    assert added.before is None
    assert added.after == to_plain(war)["platforms"]["kuai"]
    (removed,) = (change for change in changes(war, base) if change.key == "platforms.kuai")
    assert (removed.before, removed.after) == (added.after, None)


def test_name_question_and_seed_are_no_changes():
    a = load_scenario(TINY)
    b = load_scenario(TINY, ["name=Other", "question=Why?", "seed=9"])
    assert changes(a, b) == []


def test_lists_are_one_change():
    a, b = load_scenario(TINY), load_scenario(TINY, ["calendar.weekend=[4, 5]"])
    assert keys(changes(a, b)) == {"calendar.weekend": ([5, 6], [4, 5])}


# -- groups -------------------------------------------------------------------------------------------------
def test_every_key_belongs_to_a_group_and_every_pattern_to_a_key():
    firsts = {pattern.split(".")[0] for patterns in GROUPS.values() for pattern in patterns}
    assert firsts - {"levers"} == {field.alias or n for n, field in Spec.model_fields.items()} - {
        *NO_CHANGE,
        "levers",
    }
    paths = [known.path for known in known_paths(Spec)]
    for pattern in (p for patterns in GROUPS.values() for p in patterns):
        parts = pattern.split(".")
        assert any(len(path) >= len(parts) and all(map(fnmatchcase, path, parts)) for path in paths), pattern


@pytest.mark.parametrize(
    ("override", "group"),
    [
        ("levers.subsidy_x=2", "subsidy"),
        ("platforms.tuan.subsidy.budget_yuan_month=9", "subsidy"),
        ("platforms.tuan.coupon_discount=0.2", "platforms"),
        ("platforms.bazaar.parcel.fee_share=0.5", "logistics"),
        ("modes.social.delivery_cost_yuan=3", "logistics"),
        ("modes.social.setup_yuan=3", "integration"),
        ("circles.Baolong.rent_yuan_m2_month=3", "rent"),
        ("circles.Baolong.landlord=fixed", "rent"),
        ("circles.Baolong.appeal=0.3", "circles"),
        ("circles.Thaihot.opens=null", "circles"),
        ("landlords.vacancy_target=0.1", "rent"),
        ("stores.formats.supermarket.rent_x=1", "rent"),
        ("stores.formats.supermarket.quality=1", "stores"),
        ("stores.policy=never_integrate", "rules"),
        ("entry.share_per_month=0", "stores"),
        ("categories.luxury.touch=0.3", "needs"),
        ("cohorts.60s.literacy=0.3", "people"),
        ("consumers.touch_weight=1", "people"),
        ("city.river=null", "city"),
        ("population=500", "run"),
    ],
)
def test_groups(override, group):
    found = changes(load_scenario(TINY), load_scenario(TINY, [override]))
    assert [change.key for change in found] == [override.split("=")[0]]
    assert list(grouped(found)) == [group]
    assert list(grouped(found, by="key")) == [found[0].key]


def test_groups_are_joined(shipped):
    found = changes(shipped["subsidy_war"], shipped["rent_squeeze"])
    apart = grouped(found)
    assert list(apart) == ["subsidy", "rent", "platforms", "run"]
    joined = grouped(found, join=[("run", "subsidy")])
    assert list(joined) == ["run+subsidy", "rent", "platforms"]
    assert joined["run+subsidy"] == apart["run"] + apart["subsidy"]
    assert sum(map(len, joined.values())) == len(found)


def test_what_cannot_be_grouped_is_refused(shipped):
    found = changes(shipped["subsidy_war"], shipped["rent_squeeze"])
    for join, said in (
        ([("rent", "circles")], "'circles'"),
        ([("rent", "subsidi")], "did you mean subsidy"),
        ([("rent",)], "two groups"),
        ([("rent", "rent")], "each once"),
        ([("rent", "run"), ("rent", "subsidy")], "'rent'"),
    ):
        with pytest.raises(ScenarioError, match=said) as fault:
            grouped(found, join=join)
        assert fault.value.problems[0].file == "--join"
    with pytest.raises(ScenarioError, match="group or key"):
        grouped(found, by="circle")


# -- scenarios between --------------------------------------------------------------------------------------
@pytest.mark.parametrize(("one", "other"), list(permutations(NAMES, 2)))
def test_all_changes_make_b_and_none_make_a(shipped, one, other):
    a, b = shipped[one], shipped[other]
    groups = grouped(changes(a, b)).values()
    assert content(mixed(a, b, groups)) == content(b)
    assert content(mixed(a, b, ())) == content(a)
    assert key_of(mixed(a, b, groups), 1) == key_of(b, 1)
    assert key_of(mixed(a, b, ()), 1) == key_of(a, 1)


def test_some_changes_make_a_scenario_between(shipped):
    a, b = shipped["subsidy_war"], shipped["rent_squeeze"]
    groups = grouped(changes(a, b))
    between = mixed(a, b, [groups["rent"], groups["run"]])
    assert (between.levers.rent_x, between.days, list(between.platforms)) == (1.5, 1095, [*a.platforms])
    assert between.platforms == a.platforms
    assert (between.name, between.seed) == (a.name, a.seed)


POOL = {
    "levers.rent_x": ("1", "1.5"),
    "levers.logistics_x": ("1", "0.5"),
    "consumers.touch_weight": ("2", "7"),
    "circles.Baolong.rent_yuan_m2_month": ("60", "160"),
    "circles.New": (
        "{x_km: 3, y_km: 3, units: 4, rent_yuan_m2_month: 90}",
        "{x_km: 9, y_km: 3, units: 4, rent_yuan_m2_month: 50}",
    ),
    "circles.Shiou": ("{units: 9}", "null"),
    "city.river": ("{width_m: 300}", "null"),
    "city.metro": ("{line 2: {stations_km: [[1, 1], [9, 9]]}}", "null"),
    "calendar.holidays": ("[]", "[2013-01-01]"),
    "platforms.tuan.subsidy.per_order_yuan": ("0", "9"),
    "platforms.tuan.categories": ("[]", "[restaurants]"),
    "categories.luxury.outside_option": ("null", "-3"),
    "stores.named.Corner": (
        "{format: supermarket, x_km: 5, y_km: 5}",
        "{format: luxury gallery, x_km: 5, y_km: 9}",
    ),
    "days": ("30", "60"),
    "name": ("One", "Two"),
}
"""Keys that have nothing to do with each other, so that every mixture is a scenario."""
overrides = st.fixed_dictionaries({}, optional={key: st.sampled_from(said) for key, said in POOL.items()})


def loaded(said):
    return load_scenario(TINY, [f"{key}={value}" for key, value in sorted(said.items())])


@settings(max_examples=25, deadline=None)
@given(overrides, overrides, st.data())
def test_a_mixture_differs_by_what_was_taken(first, second, data):
    a, b = loaded(first), loaded(second)
    found = changes(a, b)
    taken = data.draw(st.lists(st.sampled_from(found), unique_by=lambda c: c.path) if found else st.just([]))
    between = mixed(a, b, [taken])
    left = [change for change in found if change not in taken]
    assert changes(a, between) == sorted(taken, key=lambda change: change.path)
    assert changes(between, b) == left
    assert content(mixed(a, b, [found])) == content(b)
    assert content(mixed(a, b, [])) == content(a)
    assert [(c.path, c.after, c.before) for c in changes(b, a)] == [
        (c.path, c.before, c.after) for c in found
    ]


# -- what cannot be taken apart -----------------------------------------------------------------------------
SHOP = """
extends: {tiny}
circles: {{{circle}: {{x_km: 5, y_km: 5, units: 4, rent_yuan_m2_month: 90}}}}
stores: {{named: {{Corner: {{format: supermarket, circle: {circle}}}}}}}
levers: {{rent_x: {rent}}}
"""


def test_groups_that_need_each_other_are_named(tmp_path):
    a = load_scenario(write(tmp_path, "a.yaml", SHOP.format(tiny=TINY, circle="Mall", rent=1)))
    b = load_scenario(write(tmp_path, "b.yaml", SHOP.format(tiny=TINY, circle="Plaza", rent=2)))
    groups = grouped(changes(a, b))
    assert list(groups) == ["rent", "circles", "stores"]
    with pytest.raises(ScenarioError) as fault:
        mixtures(a, b, groups, coalitions(list(groups)))
    (problem,) = fault.value.problems
    assert problem.message == "if circles changes and stores does not: there is no circle 'Mall'"
    assert problem.hint == "Take them together: --join circles,stores"
    assert problem.key == "stores.named.Corner.circle"
    assert problem.file is not None and problem.file.endswith("a.yaml")
    joined = grouped(changes(a, b), join=[("circles", "stores")])
    assert len(mixtures(a, b, joined, coalitions(list(joined)))) == 4


def test_by_key_the_fewest_keys_to_join_are_named(shipped):
    """A cohort's share can only change together with another's."""
    a = load_scenario(TINY)
    b = load_scenario(TINY, ["cohorts.60s.share=0.2", "cohorts.70s.share=0.32", "levers.rent_x=2"])
    groups = grouped(changes(a, b), by="key")
    with pytest.raises(ScenarioError, match=r"--join cohorts\.60s\.share,cohorts\.70s\.share") as fault:
        mixtures(a, b, groups, coalitions(list(groups)))
    assert "rent_x" not in str(fault.value)


# -- classes with settings ----------------------------------------------------------------------------------
RULES = "from o2o_sim.systems import System\nfrom o2o_sim.scenario.keys import Block, key\n" + "".join(
    f"class {name}(System):\n    class Settings(Block):\n        x: float = key(1.0, 'X', ge=0)\n"
    "        y: float = key(1.0, 'Y')\n"
    for name in ("A", "B")
)


def plugged(folder: Path, text: str) -> Spec:
    write(folder, "own.py", RULES)
    return load_scenario(write(folder, "city.yaml", f"extends: {TINY}\nplugins: [own]\n{text}\n"))


@pytest.mark.parametrize(
    ("a", "b", "found"),
    [
        ("[own.A, own.B]", "[own.A, {run: own.B, x: 2}]", {"systems.1.x": (None, 2)}),
        ("[{run: own.A, x: 1, y: 2}]", "[{run: own.A, x: 3, y: 2}]", {"systems.0.x": (1, 3)}),
        ("[{run: own.A, x: 1}]", "[{run: own.A, y: 1}]", {"systems.0.x": (1, None), "systems.0.y": (None, 1)}),
        ("[own.A]", "[{run: own.A}]", {}),
        # Of other classes nothing but the whole can be exchanged.
        ("[{run: own.A, x: 1}]", "[{run: own.B, x: 2}]", {"systems": ([{"run": "own.A", "x": 1}], [{"run": "own.B", "x": 2}])}),
        ("[own.A, own.B]", "[{run: own.A, x: 2}]", {"systems": (["own.A", "own.B"], [{"run": "own.A", "x": 2}])}),
    ],
)  # fmt: skip
def test_settings_of_the_same_class_change_one_by_one(tmp_path, a, b, found):
    first, second = (plugged(tmp_path, f"systems: {said}") for said in (a, b))
    assert keys(changes(first, second)) == found
    groups = grouped(changes(first, second), by="key")
    assert content(mixed(first, second, groups.values())) == content(second)
    assert content(mixed(first, second, [])) == content(first)


def test_a_policy_of_another_class_changes_as_a_whole(tmp_path):
    write(tmp_path, "own.py", RULES)
    first, second = (
        load_scenario(
            write(
                tmp_path,
                f"{name}.yaml",
                f"extends: {TINY}\nplugins: [own]\nentry: {{policy: {{run: own.{name}, x: 1}}}}\n",
            )
        )
        for name in ("A", "B")
    )
    assert keys(changes(first, second)) == {
        "entry.policy": ({"run": "own.A", "x": 1}, {"run": "own.B", "x": 1})
    }


def test_a_mixture_takes_one_setting_and_leaves_the_other(tmp_path):
    first = plugged(tmp_path, "systems: [own.A, {run: own.B, x: 1}]\nlandlords: {policy: fixed}")
    second = plugged(
        tmp_path, "systems: [{run: own.A, y: 5}, {run: own.B, x: 2}]\nlandlords: {policy: indexed}"
    )
    groups = grouped(changes(first, second), by="key")
    assert list(groups) == ["landlords.policy", "systems.0.y", "systems.1.x"]
    between = mixed(first, second, [groups["systems.0.y"]])
    assert to_plain(between)["systems"] == [{"run": "own.A", "y": 5}, {"run": "own.B", "x": 1}]
    assert between.landlords.policy == "fixed"
    assert list(grouped(changes(first, second))) == ["rent", "rules"]


# -- files --------------------------------------------------------------------------------------------------
CITY = """
extends: {tiny}
city:
  import: {{zones: zones.csv}}
  centres: null
  river: null
  metro: null
  width_km: 16
  height_km: 16
plugins: [own.py]
stores: {{policy: own.Policy}}
levers: {{rent_x: {rent}}}
"""


def town(folder: Path, people: int, rule: str, rent: float) -> Spec:
    """A scenario with files beside it."""
    path = write(folder, "town.yaml", CITY.format(tiny=TINY, rent=rent))
    write(folder, "zones.csv", f"name,x,y,population\nwest,1000,1000,{people}\neast,15000,15000,9000\n")
    write(
        folder,
        "own.py",
        f"from o2o_sim.policies.store import Satisficing\nclass Policy(Satisficing):\n    {rule}\n",
    )
    return load_scenario(path)


def test_files_of_the_same_name_in_other_folders_count_and_are_found(tmp_path):
    a, b = town(tmp_path / "a", 8000, "pass", 1), town(tmp_path / "b", 7000, "x = 1", 2)
    groups = grouped(changes(a, b))
    assert {group: [change.key for change in some] for group, some in groups.items()} == {
        "rent": ["levers.rent_x"],
        "rules": ["plugins"],
        "city": ["city.import.zones"],
    }
    first, second = file_digests(a), file_digests(b)
    assert file_digests(mixed(a, b, [groups["rent"]])) == first
    assert file_digests(mixed(a, b, groups.values())) == second
    assert file_digests(mixed(a, b, [groups["city"]])) == first | {
        "city.import.zones": second["city.import.zones"]
    }
    assert file_digests(mixed(a, b, [groups["rules"]])) == first | {"plugins.0": second["plugins.0"]}


def test_files_with_the_same_content_are_no_change(tmp_path):
    a, b = town(tmp_path / "a", 8000, "pass", 1), town(tmp_path / "b", 8000, "pass", 2)
    assert list(keys(changes(a, b))) == ["levers.rent_x"]


def test_a_city_from_a_file_comes_whole(tmp_path):
    a, b = load_scenario(TINY), town(tmp_path / "b", 7000, "pass", 1)
    groups = grouped(changes(a, b))
    assert list(groups) == ["rules", "city"]
    assert "plugins" in keys(groups["rules"]) and "city.import" in keys(groups["city"])
    between = mixed(a, b, [groups["city"]])
    assert file_digests(between) == {"city.import.zones": file_digests(b)["city.import.zones"]}


def test_what_the_schema_refuses_is_shown_where_it_was_written(tmp_path):
    a, b = load_scenario(TINY), town(tmp_path / "b", 7000, "pass", 1)
    groups = grouped(changes(a, b), by="key")
    with pytest.raises(ScenarioError, match="synthesised from centres or imported, not both") as fault:
        mixed(a, b, [groups["city.import"]])
    assert fault.value.problems[0].line is not None
    with pytest.raises(ScenarioError, match=r"--join city\.import,city\.centres"):
        mixtures(a, b, groups, [frozenset(["city.import", "city.river"])])
