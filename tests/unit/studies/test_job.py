"""What the key of a run hangs on and what not, and what a run leaves behind."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.inputs import inputs as inputs_module
from o2o_sim.inputs import package as package_module
from o2o_sim.inputs.inputs import file_digests
from o2o_sim.inputs.package import code_digest
from o2o_sim.scenario.load import load_scenario, to_plain
from o2o_sim.studies.job import execute, failed, job, key_of

ZONES = "name,x,y,population\nnorth,1000,1000,500\nsouth,3000,1000,700\n"


@pytest.fixture
def key(town):
    """The key of the town's scenario after some overrides, or of another file."""

    def key(*overrides, path=town, seed=1):
        return key_of(load_scenario(path, overrides), seed)

    return key


def edited(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return path


# -- what changes nothing -----------------------------------------------------------------------------------
def test_a_key_is_24_hex_digits_and_always_the_same(key, town):
    assert re.fullmatch("[0-9a-f]{24}", key())
    assert key() == key() == job(load_scenario(town), 1).key == job(load_scenario(town), 1, plugins=False).key


@pytest.mark.parametrize("said", ["name=Another", "question=Why?", "seed=7", "days=540", "levers.rent_x=1"])
def test_names_and_what_the_file_says_anyway_do_not_change_it(key, said):
    assert key(said) == key()


def test_comments_and_spaces_do_not_change_it(key, town):
    before = key()
    town.write_text("# A comment\n\n" + town.read_text().replace("days: 540 ", "days:     540 "))
    assert key() == before


def test_the_order_of_keys_does_not_change_it(key, town, tmp_path):
    """Of the schema's own keys; what the user named stays in its order."""
    plain = to_plain(load_scenario(town))
    turned = dict(reversed(plain.items()))
    turned["levers"] = dict(reversed(plain["levers"].items()))
    path = tmp_path / "turned.yaml"
    path.write_text(json.dumps(turned))
    assert key(path=path) == key()


def test_files_may_move_and_be_put_together(key, town, tmp_path):
    before = key()
    other = tmp_path / "other" / "renamed.yaml"
    other.parent.mkdir()
    shutil.copy(town, other)
    assert key(path=other) == before
    child = tmp_path / "child.yaml"
    child.write_text("extends: town.yaml\nname: Child\nlevers: {rent_x: 1}\n")
    assert key(path=child) == before


def test_a_folder_with_its_data_and_plugins_may_move(imported, key, tmp_path):
    before = key(path=imported)
    shutil.copytree(imported.parent, tmp_path / "moved")
    assert key(path=tmp_path / "moved" / imported.name) == before


# -- what changes it ----------------------------------------------------------------------------------------
CHANGES = [
    "days=181",
    "population=10001",
    "start=2013-01-02",
    "levers.rent_x=1.0001",
    "circles.new_mall.opens=2013-04-02",
    "circles.new_mall=null",
    "categories.clothing.shippable=false",
    "stores.policy=never_integrate",
    "engine=python",
    "platforms.marketplace.subsidy.end=null",
    "consumers.radius_max_min=77",
]


def test_every_value_changes_it(key):
    keys = [key(), *(key(change) for change in CHANGES)]
    assert len(set(keys)) == len(CHANGES) + 1


def test_the_seed_changes_it(key):
    assert len({key(seed=seed) for seed in range(5)}) == 5


def test_the_order_of_the_users_own_names_changes_it(key, town):
    before = key()
    plain = to_plain(load_scenario(town))
    plain["circles"] = dict(reversed(plain["circles"].items()))
    town.write_text(json.dumps(plain))
    assert key() != before


@pytest.fixture
def imported(town, tmp_path):
    """A scenario with a data file and a plugin, in a folder of its own."""
    folder = tmp_path / "imported"
    folder.mkdir()
    (folder / "zones.csv").write_text(ZONES)
    (folder / "mine.py").write_text("def begin(model):\n    pass\n")
    path = folder / "city.yaml"
    path.write_text(
        "extends: ../town.yaml\ncity: {centres: null, import: {zones: zones.csv}}\nplugins: [mine]\n"
        "phases: [{run: mine.begin, before: calendar}]\n"
    )
    return path


def test_the_content_of_data_files_changes_it(imported, key):
    before = key(path=imported)
    zones = imported.with_name("zones.csv")
    edited(zones, "500", "501")
    after = key(path=imported)
    assert after != before
    edited(zones, "501", "500")
    assert key(path=imported) == before
    assert set(file_digests(load_scenario(imported))) == {"plugins.0", "city.import.zones"}


def test_the_content_of_plugins_changes_it(imported, key):
    before = key(path=imported)
    edited(imported.with_name("mine.py"), "pass", "model.x = 1")
    assert key(path=imported) != before


def test_a_file_that_is_not_there_is_a_mistake_where_it_is_named(imported):
    spec = load_scenario(imported)
    imported.with_name("mine.py").unlink()
    with pytest.raises(
        ScenarioError, match=r"city.yaml:3:11: plugins.0: there is no file mine.py beside the scenario"
    ):
        job(spec, 1)


def test_plugins_are_refused_where_they_are_named(imported):
    with pytest.raises(
        ScenarioError, match=r"city.yaml:3:11: plugins.0: plugin 'mine' .*refused\n(.|\n)*--no-plugins"
    ):
        job(load_scenario(imported), 1, plugins=False)


# -- the package's code -------------------------------------------------------------------------------------
@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package in which the digest is made instead; a function that makes it anew."""
    top = tmp_path / "package"
    for name in ("model.py", "cli.py", "cli_app.py", "market/rules.py", "record/metrics.py", "record/frames.py",
                 "show/maps.py", *(f"studies/{n}.py" for n in ("job", "run", "rows", "study"))):  # fmt: skip
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(f"# {name}\n")
    monkeypatch.setattr(package_module, "top", lambda: top)
    return top


@pytest.mark.parametrize(
    "name", ["model.py", "market/rules.py", "record/metrics.py", "studies/run.py", "studies/rows.py"]
)
def test_code_of_the_simulation_counts(package, name):
    before = code_digest.__wrapped__()
    edited(package / name, "#", "##")
    assert code_digest.__wrapped__() != before


@pytest.mark.parametrize(
    "name", ["cli.py", "cli_app.py", "record/frames.py", "show/maps.py", "studies/study.py"]
)
def test_code_around_the_simulation_does_not(package, name):
    before = code_digest.__wrapped__()
    edited(package / name, "#", "##")
    (package / "notes.txt").write_text("x")
    assert code_digest.__wrapped__() == before


def test_new_and_renamed_modules_count(package):
    before = code_digest.__wrapped__()
    (package / "model.py").rename(package / "models.py")
    renamed = code_digest.__wrapped__()
    (package / "market" / "new.py").write_text("")
    assert len({before, renamed, code_digest.__wrapped__()}) == 3


def test_the_code_is_part_of_the_key(key, monkeypatch):
    before = key()
    monkeypatch.setattr(inputs_module, "code_digest", lambda: "other")
    assert key() != before


# -- runs ---------------------------------------------------------------------------------------------------
def test_a_run_and_the_same_run_again(tiny, row_of):
    one = job(load_scenario(tiny, ["days=20", "name=One"]), 3)
    two = job(load_scenario(tiny, ["days=20", "name=Two", "seed=9"]), 3)
    first, second = row_of(execute(one)), row_of(execute(two))
    assert first == second
    assert (first["key"], first["seed"], first["status"], first["error"]) == (one.key, 3, "ok", "")
    assert first["stores"] and first["monthly"]


def test_a_run_that_fails_is_a_result(town, tmp_path, row_of, monkeypatch):
    monkeypatch.setattr("o2o_sim.border.trial.try_out", lambda spec: None)
    (tmp_path / "breaks.py").write_text("import sys\n\n\ndef begin(model):\n    sys.exit('no money')\n")
    path = tmp_path / "broken.yaml"
    path.write_text(
        "extends: town.yaml\npopulation: 200\ndays: 3\nplugins: [breaks]\n"
        "phases: [{run: breaks.begin, before: calendar}]\n"
    )
    row = row_of(execute(job(load_scenario(path), 1)))
    assert row["status"] == "failed"
    assert "ends the program (sys.exit)" in row["error"]
    assert "breaks.py" in row["error"]
    assert row["stores"] == row["monthly"] == []


def test_ctrl_c_is_no_result(town, monkeypatch):
    def stop(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("o2o_sim.studies.run.run", stop)
    with pytest.raises(KeyboardInterrupt):
        execute(job(load_scenario(town), 1))


def test_a_failure_may_be_told_without_a_run(town, row_of):
    asked = job(load_scenario(town), 1)
    row = row_of(failed(asked, "the worker died"))
    assert (row["key"], row["status"], row["error"]) == (asked.key, "failed", "the worker died")
