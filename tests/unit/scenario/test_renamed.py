"""Earlier names of keys: read for a while, with a warning that says where and what to write."""

from __future__ import annotations

import warnings
from importlib.metadata import version
from pathlib import Path

import pytest

from o2o_sim.errors import ScenarioError, ScenarioWarning
from o2o_sim.scenario.describe import json_schema, starter_text
from o2o_sim.scenario.keys import Block, block, key
from o2o_sim.scenario.load import load_scenario, resolve, to_plain
from o2o_sim.scenario.places import Located
from o2o_sim.scenario.renamed import earlier_name, renamed
from o2o_sim.scenario.schema import Spec
from o2o_sim.scenario.shape import Slot, known_paths


class Door(Block):
    width_m: float = key(1.0, "Width", unit="m", gt=0, was="breadth", until="9.9")


class House(Located):
    doors: dict[str, Door] = key({}, "Doors")
    steps: list[Door] = key([], "Doors in a row")
    front: Door = block(Door, "The front door")
    back_door: Door | None = key(None, "The back door", was="rear", until="9.9")


def load(folder: Path, text: str, *overrides: str, **files: str) -> tuple[House, list[str]]:
    """A house, and the warnings that reading it gave."""
    for name, said in {"house": text, **files}.items():
        (folder / f"{name}.yaml").write_text(said, encoding="utf-8")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = load_scenario(folder / "house.yaml", overrides, model=House)
    assert [w.message.problem for w in told] == list(found._origin.warnings)
    return found, [str(w.message).replace(f"{folder}/", "") for w in told]


def test_a_warning_says_where_and_what_to_write(tmp_path):
    house, told = load(tmp_path, "front:\n  breadth: 2\nsteps: [{breadth: 3}]\nrear: {breadth: 4}\n")
    assert (house.front.width_m, house.steps[0].width_m, house.back_door.width_m) == (2, 3, 4)
    assert [line.partition(" now;")[0] for line in told] == [
        "house.yaml:2:3: front.breadth: is called 'width_m'",
        "house.yaml:3:10: steps.0.breadth: is called 'width_m'",
        "house.yaml:4:1: rear: is called 'back_door'",
        "house.yaml:4:8: back_door.breadth: is called 'width_m'",
    ]
    assert "will not be read from version 9.9 on" in told[2] and told[2].endswith("write back_door")


def test_the_names_now_give_no_warning(tmp_path):
    assert load(tmp_path, "front: {width_m: 2}\nback_door: {}\n")[1] == []


@pytest.mark.parametrize(("low", "high"), [("breadth", "width_m"), ("width_m", "breadth")])
def test_a_file_with_one_name_extends_a_file_with_the_other(tmp_path, low, high):
    base = f"doors: {{a: {{{low}: 2}}, b: {{{low}: 3}}}}\n"
    text = f"extends: base.yaml\ndoors: {{a: {{{high}: 5}}, b: {{{high}: null}}}}\n"
    house, told = load(tmp_path, text, base=base)
    assert (house.doors["a"].width_m, house.doors["b"].width_m) == (5, 1)
    (old,) = {"house.yaml"} if high == "breadth" else {"base.yaml"}
    assert len(told) == 2 and all(line.startswith(old) for line in told)


def test_overrides_by_either_name_and_with_names_that_hold_dots(tmp_path):
    text = "doors: {a.b: {breadth: 2}}\n"
    house, told = load(tmp_path, text, "doors.a.b.breadth=7", "rear={breadth: 8}", "rear.breadth=9")
    assert (house.doors["a.b"].width_m, house.back_door.width_m) == (7, 9)
    assert "--set doors.a.b.breadth=7: doors.a.b.breadth: is called 'width_m'" in told[1]
    assert len(told) == 6
    assert load(tmp_path, text, "doors.a.b.width_m=6")[0].doors["a.b"].width_m == 6


def test_both_names_in_one_group_are_a_fault(tmp_path):
    with pytest.raises(ScenarioError) as fault:
        load(tmp_path, "front:\n  width_m: 1\n  breadth: 2\nrear: {}\nback_door: {}\n")
    lines = [(p.line, p.key) for p in fault.value.problems]
    assert lines == [(3, "front.breadth"), (4, "rear")]
    assert "earlier name of 'width_m', which is given here as well" in str(fault.value)


def test_a_fault_in_the_value_is_shown_where_it_was_written(tmp_path):
    with pytest.raises(ScenarioError) as fault:
        load(tmp_path, "front:\n  breadth: -2\n")
    assert (fault.value.problems[0].line, fault.value.problems[0].key) == (2, "front.width_m")


def test_what_was_recorded_gets_the_names_that_keys_have_now():
    old = {"doors": {"breadth": {"breadth": 2}}, "steps": [{"breadth": 3}], "rear": None}
    assert renamed(old, Slot((House,))) == {
        "doors": {"breadth": {"width_m": 2}},
        "steps": [{"width_m": 3}],
        "back_door": None,
    }


# -- the keys of scenarios -----------------------------------------------------------------------------------
def earlier() -> list[tuple[tuple[str, ...], str, str]]:
    """(path, earlier name, until) of every renamed key of a scenario."""
    found = []
    for known in known_paths(Spec):
        field = Slot((known.owner,)).fields()[known.path[-1]]
        if (was := earlier_name(field)) is not None:
            found.append((known.path, *was))
    return found


def test_no_key_keeps_its_earlier_name_for_longer_than_was_said():
    now = tuple(int(part) for part in version("o2o-sim").split(".")[:2])
    assert earlier()
    for path, old, until in earlier():
        assert now < tuple(int(part) for part in until.split(".")), f"{'.'.join(path)}: drop was={old!r}"


def test_the_schema_has_earlier_names_as_deprecated():
    category = json_schema()["$defs"]["Category"]["properties"]
    assert category["without"]["deprecated"] and "was" not in category["outside_option"]
    assert category["without"]["anyOf"] == category["outside_option"]["anyOf"]


def test_a_scenario_with_earlier_names_is_the_same_scenario(tmp_path):
    new, old = tmp_path / "new.yaml", tmp_path / "old.yaml"
    new.write_text(starter_text(), encoding="utf-8")
    old.write_text(starter_text().replace("outside_option:", "without:"), encoding="utf-8")
    assert "outside_option" in resolve(old, model=Spec).data["categories"]["groceries"]
    with pytest.warns(
        ScenarioWarning, match=r"categories\.groceries\.without: is called 'outside_option' now"
    ):
        assert to_plain(load_scenario(old)) == to_plain(load_scenario(new))
