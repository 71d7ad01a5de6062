"""Plugins: what a scenario takes from a Python file beside it, with which settings, and what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.errors import ScenarioError
from o2o_sim.extend import Plugins
from o2o_sim.levers import checked, find_levers, levers_of, move, own_copy, set_levers
from o2o_sim.scenario import content_hash
from o2o_sim.scenario.describe import starter_text
from o2o_sim.scenario.load import to_plain

OWN = '''
from o2o_sim.policies.decisions import KEEP, StorePolicy
from o2o_sim.scenario.keys import Block, key
from o2o_sim.systems import System

class Count(System):
    """Counts mornings in steps."""
    class Settings(Block):
        step: float = key(1.0, "Size of a step", unit="yuan", ge=0, le=10, adjustable=True)
        start: int = key(0, "Where it starts", ge=0, le=5, adjustable=True)
        label: str = key("a", "What it is called")

    def __init__(self, model):
        super().__init__(model)
        self.value = float(self.settings.start)

    def morning(self):
        self.value += self.settings.step

class Keep(StorePolicy):
    class Settings(Block):
        patience: int = key(3, "Months", ge=1)

    def review(self, store, view, chance):
        return KEEP

class Plain(StorePolicy):
    def review(self, store, view, chance):
        return KEEP

class Rent:
    class Settings(Block):
        x: float = key(1.0, "Factor", gt=0)

    def decide(self, circle, rules):
        return circle.rent * self.settings.x

class Odd(System):
    class Settings:
        pass

def rule(me, offer, trip, today):
    return 0.0
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    (tmp_path / "city.yaml").write_text(starter_text())
    (tmp_path / "own.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(text: str, *overrides: str):
    Path("case.yaml").write_text(f"extends: city.yaml\npopulation: 300\ndays: 40\nplugins: [own]\n{text}\n")
    return load_scenario("case.yaml", overrides)


def problems(spec) -> list[str]:
    with pytest.raises(ScenarioError) as fault:
        Plugins(spec)
    return [f"{p.line}:{p.column} {p.key}: {p.message}" for p in fault.value.problems]


# -- settings reach who is meant ---------------------------------------------------------------------------------
def test_a_system_has_its_settings_before_its_constructor_runs(folder):
    model = O2OModel(load("systems: [{run: own.Count, start: 2, step: 0.5}, own.Count]"), 1)
    assert [s.value for s in model.systems] == [2.0, 0.0]
    model.step()
    assert [s.value for s in model.systems] == [2.5, 1.0]


def test_policies_are_one_instance_for_each_key_that_names_them_with_settings(folder):
    text = (
        "stores:\n  policy: {run: own.Keep, patience: 2}\n  formats:\n    boutique: {policy: {run: own.Keep, patience: 9}}\n"
        "landlords: {policy: {run: own.Rent, x: 1.5}}\ncircles: {new_mall: {landlord: own.Rent}}\n"
    )
    model = O2OModel(load(text), 1)
    by_format = {s.format_name: s.policy for s in model.stores}
    assert {name: p.settings.patience for name, p in by_format.items()} == dict.fromkeys(by_format, 2) | {
        "boutique": 9
    }
    assert len({id(s.policy) for s in model.stores}) == 2
    rents = {c.name: c.policy.settings.x for c in model.circles.values()}
    assert rents == dict.fromkeys(rents, 1.5) | {"new_mall": 1.0}


def test_a_policy_without_settings_is_one_instance_wherever_it_is_named(folder):
    model = O2OModel(load("stores: {policy: own.Plain, formats: {boutique: {policy: own.Plain}}}"), 1)
    assert len({id(s.policy) for s in model.stores}) == 1


def test_settings_at_their_default_change_no_result(folder):
    runs = [
        O2OModel(load(f"stores: {{policy: {said}}}"), 1).run()
        for said in ("own.Keep", "{run: own.Keep, patience: 3}")
    ]
    assert runs[0].results()["daily"].equals(runs[1].results()["daily"])


# -- what is wrong, all at once ------------------------------------------------------------------------------------
def test_everything_that_is_wrong_is_told_at_once_and_nothing_runs(folder):
    text = (
        "systems:\n  - {run: own.Count, step: 11}\n  - own.Cuont\n  - own.rule\n  - own.Keep\n  - own.Odd\n"
        "stores: {policy: own.Rent}\nentry: {policy: {run: own.Keep, patience: 1}}\nconsumers: {value: own.Keep}"
    )
    assert problems(load(text)) == [
        "6:28 systems.0.step: must be at most 10.0, found the number 11",
        "7:5 systems.1: plugin 'own' has no 'Cuont'",
        "8:5 systems.2: 'own.rule' is not a class; a system is one",
        "9:5 systems.3: 'own.Keep' must be a class derived from System",
        "10:5 systems.4: the Settings of Odd must be a class derived from Block",
        "11:18 stores.policy: 'own.Rent' has no method 'review', which a policy of stores needs",
        "12:17 entry.policy: 'own.Keep' has no method 'choose', which a policy of entry needs",
        "13:20 consumers.value: 'own.Keep' must be a function of (me, offer, trip, today)",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("x = 1\ny = 1 / 0\n", "2:None None: cannot be imported: ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(3)\n", "2:None None: cannot be imported: it ends the program (sys.exit)"),
        ("def (:\n", "1:5 None: cannot be imported: SyntaxError: "),
        ("from nowhere_at_all import x\n", "1:None None: cannot be imported: ModuleNotFoundError: No module"),
    ],
)
def test_a_file_that_cannot_be_imported_is_told_with_its_line(folder, content, message):
    (folder / "own.py").write_text(content)
    (problem,) = problems(load("systems: [own.Count]"))
    assert problem.startswith(message)


def test_a_refused_plugin_is_not_even_imported(folder):
    (folder / "own.py").write_text("raise SystemExit('was imported')")
    with pytest.raises(ScenarioError, match="plugins are refused"):
        Plugins(load("systems: [own.Count]"), allowed=False)


# -- the commands ----------------------------------------------------------------------------------------------------
@pytest.fixture
def call(capsys):
    from o2o_sim.cli import app

    def call(*arguments: str) -> tuple[int, str, str]:
        code = app([*arguments], standalone_mode=False)
        return code or 0, *capsys.readouterr()

    return call


def test_check_imports_plugins_unless_it_is_told_not_to(folder, call):
    load("systems: [{run: own.Count, step: 11}]")
    code, out, err = call("check", "case.yaml")
    assert code == 2 and "case.yaml:5:34: systems.0.step: must be at most 10.0" in err
    code, out, err = call("check", "case.yaml", "--no-plugins")
    assert code == 0 and "own.Count (step: 11)" in out
    code, out, err = call("check", "case.yaml", "--set", "systems.own.Count.step=7")
    assert code == 0 and "own.Count (step: 7)" in out


def test_the_schema_of_a_scenario_has_the_settings_of_its_plugins(folder, call):
    load("systems: [own.Count]")
    code, out, _ = call("schema", "case.yaml")
    schema = json.loads(out)
    groups = {c.get("title"): c["properties"] for c in schema["$defs"]["Use"]["anyOf"] if "properties" in c}
    assert code == 0 and set(groups) == {"Use", "own.Count", "own.Keep", "own.Rent"}
    assert list(groups["own.Count"]) == ["run", "step", "start", "label"]


# -- levers ------------------------------------------------------------------------------------------------------------
def test_adjustable_settings_are_levers_of_a_running_city(folder):
    model = O2OModel(own_copy(load("systems: [own.Count]")), 1)
    told = {lever["key"]: lever for lever in levers_of(model.spec, model)}
    assert (
        told["systems.0.step"] | {"unit": "yuan", "min": 0.0, "max": 10.0, "value": 1.0, "group": "own.Count"}
        == told["systems.0.step"]
    )
    assert told["systems.0.start"]["step"] == 1.0 and "systems.0.label" not in told
    move(model, "systems.0.step", 4.0)
    model.step()
    assert model.systems[0].value == 4.0
    assert to_plain(model.spec)["systems"] == [{"run": "own.Count", "step": 4.0}]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("systems.0.step", 11.0, "must be a number from 0 to 10 (yuan), found 11"),
        ("systems.0.start", 1.5, "must be a whole number from 0 to 5, found 1.5"),
        ("systems.0.label", 1.0, "there is no lever 'systems.0.label'"),
        ("systems.0.stepp", 1.0, "there is no lever 'systems.0.stepp'"),
    ],
)
def test_a_bad_move_of_a_setting_changes_nothing(folder, key, value, message):
    model = O2OModel(load("systems: [own.Count]"), 1)
    before = content_hash(model.spec)
    with pytest.raises(ScenarioError) as fault:
        move(model, key, value)
    assert message in str(fault.value)
    assert content_hash(model.spec) == before and model.systems[0].settings.step == 1.0


def test_levers_set_before_the_first_day_are_what_set_gives(folder):
    spec = load("systems: [own.Count]")
    Plugins(spec)
    moved = set_levers(spec, {"systems.0.step": 2.0, "systems.0.start": 3.0})
    assert to_plain(moved) == to_plain(
        load("systems: [own.Count]", "systems.0.step=2.0", "systems.0.start=3")
    )
    assert O2OModel(moved, 1).systems[0].value == 3.0
    assert find_levers(spec)["systems.0.step"].value == 1.0
    assert checked(spec, "systems.0.start", 5.0) == 5.0 and to_plain(spec)["systems"] == ["own.Count"]


# -- studies ------------------------------------------------------------------------------------------------------------
STUDY = "base: case.yaml\nreplicates: 1\nfactors:\n  {name}: [1, {value}]\n"


def test_a_study_varies_a_setting_by_the_name_of_its_class(folder):
    from o2o_sim.studies.points import load_study
    from o2o_sim.studies.sweeps import points_of

    load("systems: [own.Count]")
    for name in ("systems.0.step", "systems.own.Count.step"):
        Path("study.yaml").write_text(STUDY.format(name=name, value=9))
        found = points_of(load_study("study.yaml"))
        assert [p.spec.systems[0].settings.step for p in found] == [1.0, 9.0]
        Path("study.yaml").write_text(STUDY.format(name=name, value=12))
        with pytest.raises(ScenarioError) as fault:
            points_of(load_study("study.yaml"))
        (problem,) = fault.value.problems
        assert problem.file.endswith("study.yaml") and problem.line == 4
        assert "must be at most 10.0, found the number 12" in problem.message
        assert points_of(load_study("study.yaml"), plugins=False)


def test_the_key_of_a_run_has_its_settings(folder):
    from o2o_sim.studies.job import job

    keys = {job(load(f"systems: [{said}]"), 1).key for said in ("own.Count", "{run: own.Count, step: 2}")}
    assert len(keys) == 2
    with pytest.raises(ScenarioError, match=r"systems\.0\.step: must be at most 10\.0"):
        job(load("systems: [{run: own.Count, step: 11}]"), 1)
