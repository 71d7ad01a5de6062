"""Shipped files by name: what a name stands for, what goes before it, and what is said of one that is not there."""

from __future__ import annotations

import re

import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.scenario import load_scenario
from o2o_sim.scenario.describe import extending_text
from o2o_sim.scenario.load import resolve, to_plain
from o2o_sim.scenario.shipped import KINDS, find, kind_of, shipped_files, shipped_folder
from o2o_sim.scenario.textfile import read_source
from o2o_sim.scenario.yamlio import parse
from o2o_sim.studies.claim import load_claim
from o2o_sim.studies.points import load_study


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fault(path):
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    return str(caught.value)


def test_no_two_shipped_files_share_a_name():
    each = [name for kind in KINDS for name in shipped_files(kind)]
    assert len(each) == len(set(each)) == len(shipped_files())
    assert kind_of("town") == "scenario" and kind_of("levers") == "study" and kind_of("nothing") is None


def test_a_name_stands_for_the_shipped_file():
    assert to_plain(load_scenario("town")) == to_plain(
        load_scenario(shipped_folder("scenario") / "town.yaml")
    )


def test_a_file_of_that_name_goes_before_it_and_a_folder_does_not(nowhere):
    (nowhere / "town").mkdir()
    assert load_scenario("town").name == "Town"
    (nowhere / "town").rmdir()
    (nowhere / "town").write_text("extends: base\nname: Mine\n")
    assert load_scenario("town").name == "Mine"


def test_a_file_extends_a_shipped_one_by_name_whose_data_stay_where_they_are(nowhere):
    (nowhere / "mine.yaml").write_text("extends: london\ndays: 5\n")
    spec = load_scenario("mine.yaml")
    assert spec.days == 5
    assert spec._origin.folder_of("city.import.zones") == shipped_folder("scenario")
    (nowhere / "mine.yaml").write_text("extends: [cheap_logistics, rent_squeeze]\n")
    levers = load_scenario("mine.yaml").levers
    assert levers.logistics_x != 1 and levers.rent_x != 1


def test_what_a_file_extends_is_sought_beside_it_first(nowhere):
    (nowhere / "sub").mkdir()
    (nowhere / "sub" / "base").write_text("extends: town\nname: Beside\n")
    (nowhere / "sub" / "mine.yaml").write_text("extends: base\n")
    assert load_scenario("sub/mine.yaml").name == "Beside"


def test_a_study_and_a_claim_of_ones_own_start_from_a_name(nowhere):
    (nowhere / "study.yaml").write_text("base: town\nfactors: {days: [3, 4]}\n")
    assert load_study("study.yaml").base_path == shipped_files()["town"]
    (nowhere / "claim.yaml").write_text(
        "id: C90\nclaim: It is so.\nby: me\nscenario: town\n"
        "expect:\n  - {metric: stores_closed, direction: up, smallest: 1}\n"
    )
    assert load_claim("claim.yaml").scenario_path == shipped_files()["town"]


def test_a_mistyped_name_is_told_with_the_one_that_was_meant(nowhere):
    said = fault("twon")
    assert said.startswith("twon: cannot be read: it is neither a file nor a shipped name")
    assert "did you mean 'town'?" in said and "o2o-sim scenarios" in said
    assert "did you mean 'town'?" in fault("scenarios/town.yaml")
    (nowhere / "mine.yaml").write_text("extends: twon\n")
    assert re.search(r"mine.yaml:1:10: extends: .*\n.*\n.*\n  did you mean 'town'\?", fault("mine.yaml"))
    (nowhere / "study.yaml").write_text("base: twon\nfactors: {days: [3, 4]}\n")
    with pytest.raises(ScenarioError, match=r"1:7: base: there is no file .*twon(?s:.)*did you mean 'town'"):
        load_study("study.yaml")


@pytest.mark.parametrize("said", ["", ".", "..", "../town", "./town", "town/", "town.yaml", "sub/town"])
def test_what_has_a_folder_or_an_ending_is_no_name(said):
    assert str(find(said)) == said


@pytest.mark.parametrize("name", sorted(shipped_files()))
def test_every_shipped_file_says_its_own_question_and_can_be_extended(name, nowhere):
    said = parse(read_source(shipped_files()[name])).value
    assert str(said["claim" if kind_of(name) == "claim" else "question"].value).strip()
    (nowhere / "mine.yaml").write_text(extending_text(name), encoding="utf-8")
    assert resolve("mine.yaml").data == resolve(name).data
    assert (
        "extends"
        not in re.sub(rf"^extends: {name}$", "", extending_text(name), flags=re.M).split("\n\n", 1)[1]
    )


def test_the_lines_of_an_extending_file_say_the_same_when_they_are_no_comments(nowhere):
    settings = extending_text("levers").partition("# name:")[2]
    (nowhere / "mine.yaml").write_text(("# name:" + settings).replace("# ", ""), encoding="utf-8")
    study, shipped = load_study("mine.yaml"), load_study("levers")
    assert (
        study.base == "base" and study.base_path == shipped.base_path.resolve()
    )  # not ../../scenarios/base.yaml
    assert study.factors == shipped.factors and study.metrics == shipped.metrics
