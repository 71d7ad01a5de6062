"""A run's folder is there whole or not at all, and what is read back is what was written."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from o2o_sim import run
from o2o_sim.errors import ScenarioError
from o2o_sim.record import archive
from o2o_sim.record.archive import (
    TABLES,
    check_destination,
    load_run,
    parquet_bytes,
    tables_digest,
    whole_folder,
    write_run,
)


def names(folder):
    return sorted(p.name for p in folder.iterdir())


@pytest.fixture
def write(tiny_result, tmp_path):
    def write(name="run", draw=None, **changes):
        write_run(tmp_path / name, tiny_result.frames | changes, tiny_result.manifest, draw)
        return tmp_path / name

    return write


def test_what_is_read_back_is_what_was_written(write, tiny_result):
    folder = write(draw=lambda plots: (plots / "a.png").write_bytes(b"x"))
    assert names(folder) == sorted(
        ["files.json", "manifest.json", "outcomes.csv", "plots", *(f"{t}.parquet" for t in TABLES)]
    )
    read = load_run(folder)
    assert read.manifest == tiny_result.manifest
    assert set(read.frames) == set(tiny_result.frames)
    for name, frame in tiny_result.frames.items():
        assert len(frame), name
        assert_frame_equal(read.frames[name], frame)
    assert read.headline() == tiny_result.headline()


def test_outcomes_are_a_csv_of_fixed_columns(write):
    head = (write() / "outcomes.csv").read_text(encoding="utf-8").splitlines()[0]
    assert head == "store,name,category,format,circle,outcome,mode,reason,opened,changed"


def test_names_that_look_like_something_else_stay_text(write, tiny_result):
    odd = tiny_result.outcomes.copy()
    odd["name"] = ["NA", "007", "nan", 'a "b", c', "line\nbreak", "", "1e3", "店"][: len(odd)] + ["x"] * (
        len(odd) - 8
    )
    assert list(load_run(write(outcomes=odd)).outcomes["name"]) == list(odd["name"])


def test_tables_without_rows_or_columns_can_be_kept(write):
    folder = write(circles_monthly=pd.DataFrame(), events=pd.DataFrame(columns=["date", "who"]))
    frames = load_run(folder).frames
    assert len(frames["circles_monthly"]) == 0
    assert list(frames["events"].columns) == ["date", "who"]


def test_the_same_run_gives_the_same_bytes_and_another_seed_does_not(tiny, tmp_path):
    from o2o_sim import run

    bytes_of = {}
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        result = run(tiny, out=False, seed=seed, days=35)
        write_run(tmp_path / name, result.frames, result.manifest)
        bytes_of[name] = {t: (tmp_path / name / f"{t}.parquet").read_bytes() for t in TABLES}
        bytes_of[name]["outcomes"] = (tmp_path / name / "outcomes.csv").read_bytes()
    assert bytes_of["a"] == bytes_of["b"]
    assert bytes_of["a"] != bytes_of["c"]
    digest = {name: tables_digest(tmp_path / name) for name in "abc"}
    assert digest["a"] == digest["b"] != digest["c"]


def test_parquet_says_nothing_of_pandas_or_time(tiny_result):
    raw = parquet_bytes(tiny_result.daily)
    assert b"pandas" not in raw and b"ARROW:schema" not in raw


def test_the_digest_is_of_values(write, tiny_result):
    digest = tables_digest(tiny_result.frames)
    assert tables_digest(write()) == digest
    # as older versions of pandas keep text, and with another index
    older = {n: f.set_axis(f.index + 5).astype(object).infer_objects() for n, f in tiny_result.frames.items()}
    assert tables_digest(older) == digest
    changed = tiny_result.frames | {"daily": tiny_result.daily.assign(vacancy=0.123)}
    assert tables_digest(changed) != digest
    swapped = tiny_result.outcomes.assign(name=tiny_result.outcomes["name"][::-1].to_list())
    assert tables_digest(tiny_result.frames | {"outcomes": swapped}) != digest


# -- nothing that looks finished -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), ScenarioError),
        (PermissionError(errno.EACCES, "Permission denied"), ScenarioError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (RuntimeError("a fault of ours"), RuntimeError),
    ],
)
@pytest.mark.parametrize("when", ["table", "draw", "flush", "rename"])
@pytest.mark.parametrize("earlier", [False, True])
def test_a_failed_write_leaves_what_was_there_before(
    write, tmp_path, monkeypatch, fault, raised, when, earlier
):
    def fail(*_):
        raise fault

    before = {}
    if earlier:
        folder = write()
        (folder / "manifest.json").write_text('{"mine": true}')
        before = {p.name: p.read_bytes() for p in folder.iterdir()}
    with monkeypatch.context() as patch:
        if when == "table":
            real = archive.parquet_bytes
            calls = iter([real, real])
            patch.setattr(archive, "parquet_bytes", lambda frame: next(calls, fail)(frame))
        if when == "flush":
            patch.setattr(archive.os, "fsync", fail)
        if when == "rename":
            rename = os.rename
            # an earlier run is moved aside first; the second step is the one that fails
            steps = iter([rename, fail, rename] if earlier else [fail])
            patch.setattr(archive.os, "rename", lambda a, b: next(steps)(a, b))
        with pytest.raises(raised):
            write(draw=fail if when == "draw" else None)
    assert names(tmp_path) == (["run"] if earlier else [])
    if earlier:
        assert {p.name: p.read_bytes() for p in (tmp_path / "run").iterdir()} == before
    write()
    assert load_run(tmp_path / "run").manifest["days"] == 70


def test_a_full_disk_is_told_in_words(write, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archive.os, "fsync", full)
    with pytest.raises(ScenarioError, match=r"run: cannot be written: No space left on device"):
        write()


def test_no_folder_of_the_name_is_there_until_all_is_written(write, tmp_path):
    seen = []
    write(draw=lambda plots: seen.append(names(tmp_path)))
    assert len(seen[0]) == 1 and seen[0][0].startswith(".run.part-")
    assert names(tmp_path) == ["run"]


def test_an_earlier_run_is_replaced_whole(write, tmp_path):
    folder = write()
    (folder / "left over").write_text("from before")
    write()
    assert not (folder / "left over").exists()
    assert names(tmp_path) == ["run"]


def test_an_empty_folder_is_used(write, tmp_path):
    (tmp_path / "run").mkdir()
    assert (write() / "manifest.json").is_file()


# -- destinations that are refused ---------------------------------------------------------------------------
def test_a_folder_of_other_things_is_refused_and_left_alone(write, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("years of work")
    with pytest.raises(ScenarioError, match="not an earlier run"):
        write()
    assert names(tmp_path / "run") == ["thesis.txt"]
    assert names(tmp_path) == ["run"]


def test_a_file_in_the_way_is_refused(write, tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(ScenarioError, match="not a folder"):
        write()
    with pytest.raises(ScenarioError, match="run is not a folder"):
        check_destination(tmp_path / "run" / "below")


@pytest.mark.parametrize("name", ["a\0b", "x" * 300])
def test_impossible_names_are_told_in_words(tmp_path, name):
    with pytest.raises(ScenarioError), whole_folder(tmp_path / name):
        pass
    assert names(tmp_path) == []


def test_folders_on_the_way_are_made(write, tmp_path):
    assert (write("a/b/run") / "manifest.json").is_file()


@pytest.mark.parametrize("damage", ["none", "manifest", "table", "outcomes"])
def test_a_folder_that_is_no_readable_run_is_told_in_words(write, tmp_path, damage):
    folder = write()
    if damage == "none":
        folder = tmp_path
    elif damage == "manifest":
        (folder / "manifest.json").write_text("{")
    elif damage == "table":
        (folder / "daily.parquet").write_bytes(b"PAR1")
    else:
        (folder / "outcomes.csv").write_text("name\nx\n")
    with pytest.raises(ScenarioError):
        load_run(folder)


def test_the_manifest_is_plain_json(write):
    text = (write() / "manifest.json").read_text(encoding="utf-8")
    assert "NaN" not in text and json.loads(text)["scenario"]["name"] == "Tiny city"


def test_a_town_that_has_lost_every_store_is_read_again(tmp_path):
    """Months without a store leave no rows, and change no type."""
    village = Path(__file__).parents[2] / "browser/village.yaml"
    run(village, out=tmp_path / "run", overrides=["levers.rent_x=10"], plots=False)
    found = load_run(tmp_path / "run")
    assert not (found.outcomes["outcome"] == "survived").any()
    months = found.frames["stores_monthly"]
    assert months["store"].dtype.kind == "i"
