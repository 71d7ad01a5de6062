"""Scenarios in memory: changed like a file, found beside the same files, and refused with the same messages."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.scenario.load import load_scenario, to_plain
from o2o_sim.scenario.schema import Spec


def test_overrides_give_what_they_give_on_top_of_the_file(tiny):
    for some in (["levers.rent_x=2"], ["days=9", "start=2014-02-01"]):
        assert load_scenario(load_scenario(tiny), some) == load_scenario(tiny, some)


def test_the_scenario_given_stays_as_it_is(tiny):
    spec = load_scenario(tiny)
    before = to_plain(spec)
    assert load_scenario(spec, ["levers.rent_x=2"]).levers.rent_x == 2
    assert to_plain(spec) == before


def test_files_are_looked_for_beside_whatever_named_them(tiny, tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    file = tmp_path / "there/mine.yaml"
    file.write_text(f"extends: {tiny}\nplugins: [rules]\n")
    monkeypatch.chdir(tmp_path)
    spec = load_scenario(file)
    assert load_scenario(spec, ["days=3"])._origin.folder_of("plugins.0") == file.parent
    assert load_scenario(spec, ["plugins=[others]"])._origin.folder_of("plugins.0") == tmp_path


def test_what_a_file_says_is_shown_there_and_what_an_override_says_as_such(tiny, tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(f"extends: {tiny}\nlevers:\n  rent_x: 3\n")
    changed = load_scenario(load_scenario(file), ["levers.logistics_x=2"])
    assert changed.problem_at("levers.rent_x", "no").line == 3
    assert changed.problem_at("levers.logistics_x", "no").file == "--set levers.logistics_x=2"
    with pytest.raises(ScenarioError, match=r"^--set levers.rent_x=-1: levers.rent_x: "):
        load_scenario(changed, ["levers.rent_x=-1"])
    with pytest.raises(ScenarioError, match="did you mean levers"):
        load_scenario(changed, ["lever.rent_x=1"])


def test_a_scenario_that_was_never_in_a_file(tiny):
    made = Spec.model_validate_json(load_scenario(tiny).model_dump_json(by_alias=True))
    assert made._origin is None
    assert to_plain(load_scenario(made, ["days=3"])) == to_plain(load_scenario(tiny, ["days=3"]))


def test_a_mapping_says_what_a_file_would_say(tiny):
    plain = to_plain(load_scenario(tiny)) | {"start": date(2014, 2, 1), "days": np.int64(9)}
    same = load_scenario(tiny, ["days=9", "start=2014-02-01"])
    assert to_plain(load_scenario(plain)) == to_plain(same)
    with pytest.raises(ScenarioError, match=r"in memory: levers.rent_x: must be at least"):
        load_scenario(plain | {"levers": {"rent_x": -1}})
    with pytest.raises(ScenarioError, match=r"in memory: levers.rent_x: .* type object"):
        load_scenario(plain | {"levers": {"rent_x": object()}})
