"""The examples of docs/extending.md, run as they stand."""

from __future__ import annotations

import pytest
from documents import ROOT, command_lines, marked_files
from numba.core.registry import CPUDispatcher

from o2o_sim import O2OModel, ScenarioError, load_scenario
from o2o_sim.cli import app
from o2o_sim.record.archive import tables_digest
from o2o_sim.studies.sweeps import sweep

PAGE = ROOT / "docs/extending.md"
FILES = marked_files(PAGE)
EXAMPLES = [
    name for name, content in FILES.items() if name.endswith(".yaml") and "\nextends:" in "\n" + content
]
STUDIES = [name for name, content in FILES.items() if name.endswith(".yaml") and name not in EXAMPLES]
MOST_LINES = 40
SMALL = ("population=1500", "days=40")


@pytest.fixture
def examples(beside_my_city):
    """A folder with the small city and all files of the page."""
    for name, content in FILES.items():
        (beside_my_city / name).write_text(content, encoding="utf-8")
    return beside_my_city


def simulated(name: str, *overrides: str) -> O2OModel:
    return O2OModel(load_scenario(name, overrides), seed=1).run()


def sales(model: O2OModel, column: str) -> float:
    return float(model.results()["daily"][column].sum())


def test_there_are_six_examples_and_every_one_is_short():
    assert EXAMPLES == [
        "bargains.yaml", "thrifty.yaml", "discounters.yaml", "farm_box.yaml", "festival.yaml", "collecting.yaml",
    ]  # fmt: skip
    for name, content in FILES.items():
        assert len([line for line in content.splitlines() if line.strip()]) <= MOST_LINES, name


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_command_beside_each_example_runs(examples, name, monkeypatch):
    line = f"o2o-sim run {name}"
    assert line in command_lines(PAGE)
    set_ = [part for override in (SMALL[0], "days=3") for part in ("--set", override)]
    app([*line.split()[1:], "--quiet", "--out", "out", *set_], standalone_mode=False)
    assert (examples / "out").is_dir()


def test_a_choice_rule_with_a_field_of_its_own(examples):
    subsidised = (*SMALL, "platforms.marketplace.subsidy.per_order_yuan=100")
    model, usual = simulated("bargains.yaml", *subsidised), simulated("my_city.yaml", *subsidised)
    assert model.consumers.extra_names == ("bargain",)
    assert model.consumers.bargain.std() > 0
    assert sales(model, "sales/parcel") > sales(usual, "sales/parcel")


def test_the_choice_rule_is_compiled_and_the_interpreter_agrees(examples):
    digests = {}
    for engine in ("compiled", "python"):
        model = simulated("bargains.yaml", "population=200", "days=12", f"engine={engine}")
        compiled = [x for x in (model.shoppers.shopping._loop.look,) if isinstance(x, CPUDispatcher)]
        assert any(loop.nopython_signatures for loop in compiled) == (engine == "compiled")
        digests[engine] = tables_digest(model.results())
    assert digests["compiled"] == digests["python"]


def test_a_store_policy(examples):
    model = simulated("discounters.yaml", "population=1500", "days=100")
    events = model.results()["events"]
    priced = events[events["reason"] == "follows its sales"]
    assert len(priced)
    assert {model.store(name).format_name for name in priced["who"]} == {"boutique"}
    assert "change of sales" in priced["figures"].iloc[0]


def test_a_new_kind_of_offer(examples):
    model = simulated("farm_box.yaml", *SMALL)
    assert sales(model, "sales/farm box") > 0
    assert model.ledger.is_balanced()
    monthly = model.results()["sales_monthly"]
    assert (monthly["channel"] == "farm box").any()


def test_a_new_offer_moves_nobody_who_does_not_take_it(examples):
    files = ("farm_box.yaml", "my_city.yaml")
    with_box, without = (O2OModel(load_scenario(name, ["population=20_000"]), seed=1) for name in files)
    with_box.step()
    without.step()
    took = with_box.table.columns["channel"][with_box.purchases.picks] == with_box.channels.index("farm box")
    keys = [m.table.columns["key"][m.purchases.picks] for m in (with_box, without)]
    assert took.sum() > 3
    assert (keys[0] == keys[1])[~took].all()


def test_something_that_happens_on_a_day(examples):
    plain = "extends: my_city.yaml\nstart: 2013-10-01\ndays: 92\n"
    (examples / "plain.yaml").write_text(plain, encoding="utf-8")
    festival, usual = (simulated(name, "population=1500") for name in ("festival.yaml", "plain.yaml"))
    clothing = []
    for model in (festival, usual):
        daily = model.results()["daily"].set_index("date")["category/clothing"]
        daily.index = daily.index.astype(str)
        clothing.append(daily)
    assert clothing[0]["2013-11-10"] == clothing[1]["2013-11-10"]
    assert clothing[0]["2013-11-11"] > 3 * clothing[1]["2013-11-11"]


def test_a_way_of_integrating(examples):
    model = simulated("collecting.yaml", "population=1500", "days=150", "modes.click_and_collect.appeal=2")
    frames = model.results()
    held = frames["outcomes"].query("mode.str.contains('click_and_collect')")
    assert "integrated" in set(held["outcome"])
    assert sales(model, "sales/click and collect") > 0
    assert model.ledger.is_balanced()
    assert (frames["events"]["decision"] == "adopt click_and_collect").any()


def test_its_settings_are_swept_like_any_key(examples):
    study = "base: collecting.yaml\nset: {population: 500, days: 62}\nfactors:\n"
    study += "  modes.click_and_collect.ready_days: {values: [0, 5]}\nreplicates: 1\n"
    (examples / "study.yaml").write_text(study, encoding="utf-8")
    from o2o_sim.studies.points import load_study
    from o2o_sim.studies.sweeps import points_of

    uses = [point.spec.modes.own["click_and_collect"] for point in points_of(load_study("study.yaml"))]
    assert [use.settings.ready_days for use in uses] == [0, 5]


def test_plugins_can_be_refused(examples):
    with pytest.raises(ScenarioError, match="refused"):
        O2OModel(load_scenario("bargains.yaml"), plugins=False)


# -- settings ------------------------------------------------------------------------------------------------
def test_a_budget_is_filled_spent_and_strains_choices(examples):
    model = O2OModel(load_scenario("thrifty.yaml", ["population=1500", "start=2013-01-30"]), seed=1)
    left = []
    for _ in range(4):  # 30 and 31 January, 1 and 2 February
        model.step()
        left.append(model.consumers.left.sum())
    assert left[1] < left[0] and left[2] > left[1] and left[3] < left[2]
    assert model.consumers.left.shape == (1500, len(model.spec.categories))
    rich, poor = (simulated("thrifty.yaml", *SMALL, f"systems.0.months={x}") for x in (10, 0))
    usual = simulated("my_city.yaml", *SMALL)
    total = [float(m.results()["daily"]["sales_yuan"].sum()) for m in (rich, usual, poor)]
    assert total[0] == pytest.approx(total[1], rel=1e-3) and total[2] < total[1]


def test_the_study_of_the_page_runs(examples):
    assert STUDIES == ["how_much_less.yaml"]
    assert "o2o-sim sweep how_much_less.yaml" in command_lines(PAGE)
    found = sweep(
        "how_much_less.yaml", overrides=["set.days=3", "replicates=1", "set.population=300"], out="swept"
    )
    assert len(found.results.ok) == 3


SETTINGS = [
    ("thrifty.yaml", "systems.envelopes.Envelopes.months", 0.1, 11),
    ("discounters.yaml", "stores.formats.boutique.policy.down", 0.1, 0.6),
    ("collecting.yaml", "modes.click_and_collect.per_order_yuan", 1, -1),
    ("farm_box.yaml", "systems.0.fee_yuan", 5, 101),
    ("festival.yaml", "systems.festival.Double11.share", 0, 2),
]


@pytest.mark.parametrize(("name", "key", "good", "bad"), SETTINGS)
def test_a_study_keeps_within_the_bounds_of_settings(examples, name, key, good, bad):
    study = examples / "study.yaml"
    study.write_text(f"base: {name}\nfactors:\n  {key}: [{good}, {bad}]\n")
    with pytest.raises(ScenarioError, match=r"study\.yaml:3:.*must be at (least|most)"):
        sweep("study.yaml")


def test_a_wrong_setting_is_told_as_the_page_says(examples, capsys):
    text = FILES["discounters.yaml"].replace("down: 0.05", "down: 2")
    (examples / "discounters.yaml").write_text(text, encoding="utf-8")
    assert app(["check", "discounters.yaml"], standalone_mode=False) == 2
    told = " ".join(capsys.readouterr().err.split("\n")[0].split())
    assert told in " ".join(PAGE.read_text(encoding="utf-8").split())


def test_the_budget_is_compiled_and_the_interpreter_agrees(examples):
    runs = [
        simulated("thrifty.yaml", "population=200", "days=12", f"engine={e}") for e in ("compiled", "python")
    ]
    assert tables_digest(runs[0].results()) == tables_digest(runs[1].results())


def test_no_example_imports_anything_of_the_package_but_its_public_names():
    for name, content in FILES.items():
        for line in content.splitlines() if name.endswith(".py") else ():
            assert "o2o_sim" not in line or line.startswith("from o2o_sim.plugin import"), (name, line)
