"""A class taken by its name, with settings or without: what a file may write, and what becomes of it."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.scenario import content_hash, load_scenario
from o2o_sim.scenario.describe import json_schema, starter_text
from o2o_sim.scenario.keys import Block, Day, key
from o2o_sim.scenario.load import to_plain
from o2o_sim.scenario.settings import read_settings, settings_class
from o2o_sim.scenario.use import Use


class Storm(Block):
    wind: float = key(10.0, "Wind", unit="m/s", gt=0, le=60)
    from_: Day | None = key(None, "First day", alias="from")


class Settings(Block):
    chance: float = key(0.3, "Chance of rain", unit="share", ge=0, le=1, adjustable=True)
    storm: Storm = key(Storm(wind=20.0), "The strongest wind")
    towns: list[str] = key([], "Where", max_length=2)


@pytest.fixture
def scenario(tmp_path: Path):
    (tmp_path / "city.yaml").write_text(starter_text())

    def load(text: str, *overrides: str):
        (tmp_path / "case.yaml").write_text("extends: city.yaml\nplugins: [rain]\n" + text)
        return load_scenario(tmp_path / "case.yaml", overrides)

    return load


def read(spec, use: Use, at: tuple = ("systems", 0)):
    return read_settings(Settings, use.said, at, spec._origin)


def problems(spec, at: tuple = ("systems", 0)) -> list[tuple[str, str, str]]:
    """(place, message, hint) of everything that is wrong with the settings of the first system."""
    with pytest.raises(ScenarioError) as fault:
        read(spec, spec.systems[0], at)
    return [(f"{p.line}:{p.column} {p.key}", p.message, p.hint or "") for p in fault.value.problems]


# -- the two ways to write one -------------------------------------------------------------------------------
def test_a_plain_name_and_one_without_settings_are_the_same(scenario):
    plain, group = (scenario(f"systems: [{said}]") for said in ("rain.Rain", "{run: rain.Rain}"))
    assert plain.systems == group.systems == ["rain.Rain"]
    assert to_plain(plain)["systems"] == to_plain(group)["systems"] == ["rain.Rain"]
    assert content_hash(plain) == content_hash(group)
    assert plain.stores.policy == "satisficing" and to_plain(plain)["stores"]["policy"] == "satisficing"


def test_settings_are_part_of_what_a_scenario_says(scenario):
    said = [scenario(f"systems: [{{run: rain.Rain, chance: {c}}}]") for c in (0.2, 0.4)]
    assert to_plain(said[0])["systems"] == [{"run": "rain.Rain", "chance": 0.2}]
    assert said[0].systems[0] != "rain.Rain" and said[0].systems != said[1].systems
    assert len({content_hash(spec) for spec in (*said, scenario("systems: [rain.Rain]"))}) == 3


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("systems: [5]", "systems.0", "must be a name, or a group of keys with the name under `run`"),
        ("stores: {policy: [a]}", "stores.policy", "must be a name, or a group"),
        ("landlords: {policy: {chance: 1}}", "landlords.policy.run", "is missing"),
        ("entry: {policy: {run: 3}}", "entry.policy.run", "must be text, found the number 3"),
        (
            "stores: {policy: {run: satisficing, step: 3}}",
            "stores.policy.step",
            "'satisficing' has no settings",
        ),
        ("circles: {new_mall: {landlord: {run: fixd}}}", "circles.new_mall.landlord", "no rule 'fixd'"),
        ("stores: {policy: {run: snow.Own, a: 1}}", "stores.policy", "'snow' is not listed"),
    ],
)
def test_what_is_no_name_is_shown_where_it_stands(scenario, text, at, message):
    with pytest.raises(ScenarioError) as fault:
        scenario(text)
    (problem,) = fault.value.problems
    assert problem.key == at and message in problem.message and problem.line == 3


# -- settings as a class declares them ------------------------------------------------------------------------
def test_settings_are_read_like_keys_of_our_own(scenario):
    spec = scenario("systems: [{run: rain.Rain, chance: 1, storm: {from: 2013-05-01}}]")
    found = read(spec, spec.systems[0])
    assert (found.chance, found.storm.wind, str(found.storm.from_)) == (1.0, 20.0, "2013-05-01")
    assert read(spec, Use(run="rain.Rain")) == Settings()


BAD = [
    (
        "{run: rain.R, chance: 1.5}",
        "3:33 systems.0.chance",
        "must be at most 1.0, found the number 1.5",
        "",
    ),
    (
        "{run: rain.R, chance: '1'}",
        "3:33 systems.0.chance",
        "must be a number, found the text '1'",
        "remove the quotes",
    ),
    ("{run: rain.R, chance: null}", "3:33 systems.0.chance", "must be a number, found nothing", ""),
    ("{run: rain.R, chanse: 1}", "3:25 systems.0.chanse", "is not a key here", "did you mean chance?"),
    ("{run: rain.R, wind: 1}", "3:25 systems.0.wind", "is not a key here", "did you mean storm.wind?"),
    (
        "{run: rain.R, extend: 1}",
        "3:25 systems.0.extend",
        "is not a key here",
        "keys here: chance, storm, towns",
    ),
    ("{run: rain.R, storm: 3}", "3:32 systems.0.storm", "must be a group of keys, found the number 3", ""),
    (
        "{run: rain.R, storm: {wind: 0}}",
        "3:39 systems.0.storm.wind",
        "must be more than 0.0, found the number 0",
        "",
    ),
    (
        "{run: rain.R, storm: {from: soon}}",
        "3:39 systems.0.storm.from",
        "must be a date written YYYY-MM-DD",
        "",
    ),
    ("{run: rain.R, towns: [a, b, c]}", "3:32 systems.0.towns", "must have at most 2 entries", ""),
]


@pytest.mark.parametrize(("said", "at", "message", "hint"), BAD, ids=[said for said, *_ in BAD])
def test_a_bad_setting_is_shown_where_it_is_written(scenario, said, at, message, hint):
    assert problems(scenario(f"systems: [{said}]")) == [(at, message, hint)]


def test_all_bad_settings_are_told_at_once_and_those_of_overrides_with_them(scenario):
    spec = scenario("systems: [{run: rain.Rain, chance: 2, storm: {wind: 99}}]", "systems.0.towns=[1]")
    with pytest.raises(ScenarioError) as fault:
        read(spec, spec.systems[0])
    assert {(p.file.rsplit("/")[-1], p.key) for p in fault.value.problems} == {
        ("case.yaml", "systems.0.chance"),
        ("case.yaml", "systems.0.storm.wind"),
        ("--set systems.0.towns=[1]", "systems.0.towns.0"),
    }


def test_settings_of_a_scenario_that_is_in_no_file_have_their_key():
    with pytest.raises(ScenarioError) as fault:
        read_settings(Settings, {"storm": {"wind": -1}}, ("systems", 3), None)
    (problem,) = fault.value.problems
    assert (problem.key, problem.file, problem.line) == ("systems.3.storm.wind", None, None)


def test_settings_that_are_no_block_or_take_the_name_of_the_class_are_refused():
    class Plain:
        class Settings:
            pass

    class Runs:
        class Settings(Block):
            run: int = key(1, "How often")

    class Nothing:
        pass

    with pytest.raises(TypeError, match="Settings of Plain must be a class derived from Block"):
        settings_class(Plain)
    with pytest.raises(TypeError, match="can be called 'run'"):
        settings_class(Runs)
    assert not settings_class(Nothing).model_fields


# -- changing one ----------------------------------------------------------------------------------------------
TWO = "systems: [rain.Rain, {run: rain.Fog, chance: 0.1}]"


@pytest.mark.parametrize(
    ("override", "systems"),
    [
        ("systems.0.chance=0.5", [{"run": "rain.Rain", "chance": 0.5}, {"run": "rain.Fog", "chance": 0.1}]),
        ("systems.1.chance=0.5", ["rain.Rain", {"run": "rain.Fog", "chance": 0.5}]),
        ("systems.rain.Rain.chance=0.5", [{"run": "rain.Rain", "chance": 0.5}, {"run": "rain.Fog", "chance": 0.1}]),
        ("systems.rain.Fog.storm.wind=5", ["rain.Rain", {"run": "rain.Fog", "chance": 0.1, "storm": {"wind": 5}}]),
        ("systems.rain.Fog.chance=null", ["rain.Rain", "rain.Fog"]),
        ("systems.1=rain.Snow", ["rain.Rain", "rain.Snow"]),
    ],
)  # fmt: skip
def test_a_setting_is_changed_by_the_number_or_the_name_of_its_class(scenario, override, systems):
    assert to_plain(scenario(TWO, override))["systems"] == systems


@pytest.mark.parametrize(
    ("override", "message", "hint"),
    [
        ("systems.2.chance=1", "there is no '2' in this list of 2", None),
        ("systems.rain.Rian.chance=1", "there is no 'rain' in this list of 2", "did you mean rain.Rain?"),
        ("systems.rain.Rain=1", "there is no 'rain' in this list of 2", "did you mean rain.Rain?"),
    ],
)
def test_a_class_that_is_not_there_is_refused(scenario, override, message, hint):
    with pytest.raises(ScenarioError) as fault:
        scenario(TWO, override)
    (problem,) = fault.value.problems
    assert message in problem.message and problem.hint == hint and problem.file == f"--set {override}"


def test_a_name_that_is_there_twice_is_not_guessed(scenario):
    with pytest.raises(ScenarioError, match=r"there are 2 'rain\.Rain' in this list"):
        scenario("systems: [rain.Rain, {run: rain.Rain, chance: 0.1}]", "systems.rain.Rain.chance=1")


def test_a_policy_by_its_plain_name_gets_a_setting(scenario):
    spec = scenario("stores: {policy: rain.Own}", "stores.policy.step=2")
    assert to_plain(spec)["stores"]["policy"] == {"run": "rain.Own", "step": 2}


# -- bound to its class -----------------------------------------------------------------------------------------
def test_what_the_class_reads_stays_out_of_files_and_other_processes(scenario):
    spec = scenario("systems: [{run: rain.Rain, chance: 0.5}]")
    use, before = spec.systems[0], content_hash(spec)
    use.bind(read(spec, use))
    assert use.settings.chance == 0.5 and content_hash(spec) == before
    sent = pickle.loads(pickle.dumps(use))
    assert sent == use and sent.settings is None
    own = copy.deepcopy(use)
    assert own.settings == use.settings and own.settings is not use.settings


def test_a_use_keeps_what_it_was_bound_to_as_long_as_the_class_is_the_same(scenario):
    class Others(Block):
        pass

    use = Use(run="rain.Rain")
    first = use.bind(Settings())
    assert use.bind(Settings()) is first
    assert type(use.bind(Others())) is Others


def test_a_moved_setting_is_written_as_if_the_file_said_so():
    use = Use(run="rain.Rain")
    use.put(["chance"], 0.5)
    use.put(["storm", "wind"], 7.0)
    assert use.said == {"chance": 0.5, "storm": {"wind": 7.0}}


# -- for editors -------------------------------------------------------------------------------------------------
def test_the_json_schema_has_the_settings_of_plugins():
    Draft202012Validator = pytest.importorskip("jsonschema").Draft202012Validator
    schema = json_schema({"rain.Rain": Settings})
    Draft202012Validator.check_schema(schema)
    valid = Draft202012Validator(schema).is_valid
    for said in (
        "rain.Rain",
        "other.Own",
        {"run": "rain.Rain", "chance": 0.5, "storm": {"wind": 3}},
        {"run": "o.O", "a": 1},
    ):
        assert valid({"systems": [said], "stores": {"policy": said}}), said
    for said in (
        3,
        {"run": "rain.Rain", "chance": 2},
        {"run": "rain.Rain", "chanse": 1},
        {"run": "rain.Rain", "storm": {"wind": 0}},
    ):
        assert not valid({"systems": [said]}), said
        assert not valid({"landlords": {"policy": said}}), said
    chance = next(c for c in schema["$defs"]["Use"]["anyOf"] if c.get("title") == "rain.Rain")["properties"][
        "chance"
    ]
    assert chance["unit"] == "share" and chance["adjustable"] and "Chance of rain" in chance["description"]
    assert json.dumps(json_schema()) == json.dumps(json_schema({}))
