"""A run's folder that is not as the run wrote it is refused by every reader, with the file that is to blame."""

from __future__ import annotations

import json
import os
import shutil
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from o2o_sim.cli import app
from o2o_sim.errors import ScenarioError
from o2o_sim.record.archive import KNOWN, load_run
from o2o_sim.record.listing import LISTING, write_listing
from o2o_sim.record.message import decode, encode
from o2o_sim.record.replay import Replay
from o2o_sim.show.report import PNG, write_report
from o2o_sim.show.server import read_replay
from o2o_sim.studies.run import run

KIND = "Files of a run"


@pytest.fixture(scope="module")
def original(tmp_path_factory, tiny):
    """The folder of a run. Look, but do not change it."""
    return run(tiny, out=tmp_path_factory.mktemp("runs") / "town").folder


@pytest.fixture(scope="module")
def other(tmp_path_factory, tiny):
    """The folder of another run."""
    return run(tiny, out=tmp_path_factory.mktemp("runs") / "other", seed=2, days=35).folder


@pytest.fixture
def folder(original, tmp_path):
    return shutil.copytree(original, tmp_path / "town")


READERS = {
    "load_run": load_run,
    "replay": Replay.load,
    "serve": read_replay,
    "report": lambda folder: write_report(folder, out=folder.parent / "page.html"),
    "report of two": lambda folder: write_report(folder, folder, out=folder.parent / "page.html"),
}


def refused(reader, folder, *said):
    """What a reader says of a folder that it must refuse."""
    with pytest.raises(ScenarioError) as caught:
        READERS[reader](folder)
    for words in said:
        assert words in str(caught.value)
    assert not (folder.parent / "page.html").exists()
    return caught.value


def commands(folder):
    """What the commands that read a folder say of it, on stderr; all must end with exit code 2."""
    told = []
    for line in (["report", str(folder), "-o", str(folder.parent / "page.html")], ["why", str(folder), "x"]):
        done = CliRunner().invoke(app, line)
        assert done.exit_code == 2 and "Traceback" not in done.output, done.output
        told.append(done.stderr)
    return told


# -- not as listed ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("reader", READERS)
def test_a_whole_folder_is_read(folder, reader):
    READERS[reader](folder)


@pytest.mark.faults(KIND)
@pytest.mark.parametrize("reader", ["load_run", "serve", "report", "report of two"])
@pytest.mark.parametrize("name", KNOWN)
def test_a_byte_that_flipped_is_found(folder, reader, name):
    path = folder / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    refused(reader, folder, f"{name}: was changed since the run", "Take an unchanged copy")


@pytest.mark.faults(KIND, tries=300)
def test_any_byte_of_any_file_counts(folder):
    rng = np.random.default_rng(1)
    for k in range(300):
        name = KNOWN[k % len(KNOWN)]
        path = folder / name
        whole = path.read_bytes()
        damaged = bytearray(whole)
        if k % 3:
            damaged[rng.integers(len(damaged))] ^= 1 << rng.integers(8)
        else:
            del damaged[rng.integers(len(damaged)) :]
        path.write_bytes(damaged)
        refused("load_run", folder, name)
        path.write_bytes(whole)
    load_run(folder)


@pytest.mark.faults(KIND)
@pytest.mark.parametrize("name", KNOWN)
def test_a_file_that_is_missing_is_named(folder, name):
    (folder / name).unlink()
    said = "town: is not the folder of a run" if name == "manifest.json" else f"{name}: is missing"
    refused("load_run", folder, said)
    refused("report", folder, said)


@pytest.mark.faults(KIND)
@pytest.mark.parametrize(("a", "b"), [("daily.parquet", "events.parquet"), ("outcomes.csv", "replay.o2o")])
def test_files_that_were_swapped_are_named(folder, a, b):
    kept = (folder / a).read_bytes()
    (folder / a).write_bytes((folder / b).read_bytes())
    (folder / b).write_bytes(kept)
    refused("load_run", folder, f"{a}: has", f"{b}: has")


@pytest.mark.faults(KIND)
@pytest.mark.parametrize("name", ["daily.parquet", "outcomes.csv", "replay.o2o", "manifest.json"])
def test_a_file_of_another_run_is_named(folder, other, name):
    shutil.copy(other / name, folder / name)
    refused("report", folder, f"{name}: ")


@pytest.mark.faults(KIND)
@pytest.mark.parametrize(
    "name",
    [
        "extra.parquet",
        "notes.txt",
        "daily.csv",
        "plots/script.js",
        "plots/a.parquet",
        ".hidden",
        "run.log.py",
    ],
)
def test_a_file_that_is_extra_is_named(folder, name):
    (folder / name).write_text("x")
    refused("load_run", folder, name, "Move it out of the folder")


@pytest.mark.parametrize(
    "name", ["report.html", "Town & Country.html", "run.log", ".DS_Store", "plots/Thumbs.db"]
)
def test_what_is_written_later_is_no_data(folder, name):
    (folder / name).write_text("x")
    load_run(folder)


def test_a_report_inside_the_folder_can_be_made_again_and_again(folder):
    pages = [write_report(folder, out=folder / "report.html").read_bytes() for _ in range(2)]
    assert pages[0] == pages[1]


@pytest.mark.parametrize("how", ["deleted", "drawn again", "more"])
def test_pictures_may_be_deleted_or_drawn_again_but_not_put_into_a_report(folder, how):
    picture = folder / "plots" / "city_map.png"
    if how == "deleted":
        shutil.rmtree(folder / "plots")
    elif how == "drawn again":
        picture.write_bytes(PNG + b"another")
    else:
        (folder / "plots" / "new.png").write_bytes(PNG)
    load_run(folder)
    if how == "drawn again":
        refused("report", folder, "city_map.png: has")
    else:
        READERS["report"](folder)


# -- what is no file ----------------------------------------------------------------------------------------
@pytest.mark.faults(KIND)
@pytest.mark.parametrize("name", [*KNOWN, LISTING, "plots/city_map.png", "plots"])
@pytest.mark.parametrize("kind", ["link to a secret", "link to /dev/zero", "pipe", "folder"])
def test_links_pipes_and_devices_are_not_opened(folder, tmp_path, name, kind):
    path = folder / name
    if name == "plots" and kind == "folder":
        pytest.skip("it is one")
    shutil.move(path, tmp_path / "kept")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        (tmp_path / "secret").write_text("my password")
        path.symlink_to(tmp_path / "secret" if "secret" in kind else "/dev/zero")
    with pytest.raises(ScenarioError) as caught:
        write_report(folder, out=tmp_path / "page.html")
    assert path.name in str(caught.value) or "is not the folder of a run" in str(caught.value)
    assert not (tmp_path / "page.html").exists()


@pytest.mark.faults(KIND)
@pytest.mark.parametrize("kind", ["link", "pipe", "device"])
def test_a_replay_that_is_no_file_is_not_waited_for(folder, tmp_path, kind):
    path = tmp_path / "run" / "replay.o2o"
    path.parent.mkdir()
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero" if kind == "device" else folder / "replay.o2o")
    for place in (path, path.parent):
        with pytest.raises(ScenarioError, match=r"replay\.o2o: cannot be read: it is a (link|pipe)"):
            Replay.load(place)


# -- lists that are none ------------------------------------------------------------------------------------
def changed(said, key, value):
    """Plain data with another value at a key written as `a/b`; None takes the key away."""
    *way, last = key.split("/")
    place = said
    for part in way:
        place = place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return said


@pytest.mark.faults(KIND)
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", 2),
        ("version", "1"),
        ("version", None),
        ("files", None),
        ("files", []),
        ("files", {}),
        ("pictures", 5),
        ("files/daily.parquet", None),
        ("files/daily.parquet", 3),
        ("files/daily.parquet/bytes", -1),
        ("files/daily.parquet/bytes", 1e9),
        ("files/daily.parquet/bytes", True),
        ("files/daily.parquet/bytes", 10**15),
        ("files/daily.parquet/sha256", "no digest"),
        ("files/daily.parquet/sha256", "0" * 64),
        ("files/daily.parquet/sha256", 7),
        ("files/..", {"bytes": 0, "sha256": "0" * 64}),
        ("pictures/../secret.png", {"bytes": 0, "sha256": "0" * 64}),
        ("files/new.parquet", {"bytes": 0, "sha256": "0" * 64}),
    ],
)
def test_a_list_that_is_none_or_does_not_fit_is_told_in_words(folder, key, value):
    said = json.loads((folder / LISTING).read_text())
    if key.startswith("pictures/"):
        said["pictures"][key.partition("/")[2]] = value
    else:
        changed(said, key, value)
    (folder / LISTING).write_text(json.dumps(said))
    told = refused("load_run", folder)
    assert LISTING in str(told) or "daily.parquet" in str(told)
    commands(folder)


@pytest.mark.faults(KIND)
@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"[" * 50_000, b"\xff", b'{"files": NaN}', b"9" * 5000]
)
@pytest.mark.parametrize("name", [LISTING, "manifest.json"])
def test_json_that_is_none_is_told_in_words(folder, name, content):
    (folder / name).write_bytes(content)
    if name != LISTING:
        write_listing(folder)
    refused("load_run", folder, f"{name}: ")
    commands(folder)


# -- forged: a list that fits files that no run wrote -------------------------------------------------------
@pytest.mark.faults(KIND)
@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[
            (key, None)
            for key in ("name", "seed", "days", "first_day", "versions", "scenario", "online_channels")
        ],
        *[
            (key, 5)
            for key in ("name", "question", "first_day", "last_day", "versions", "plugins", "scenario")
        ],
        *[(key, "x") for key in ("seed", "days", "last_day", "mode_channels", "online_channels", "scenario")],
        *[("days", value) for value in (-1, 1.5, True, [], 10**30)],
        *[
            ("first_day", value)
            for value in ("2013-02-30", "2013-13-01", "0000-01-01", "13-1-1", "", "9999-99-99")
        ],
        ("last_day", "1999-01-01"),
        ("versions", {"o2o_sim": 1}),
        ("online_channels", [1]),
        ("online_channels", {}),
        ("scenario", {}),
        ("scenario", []),
        ("scenario/residents", "many"),
        ("scenario/residents", -5),
        ("scenario/population", 0),
        ("scenario/start", "yesterday"),
        ("scenario/circles", []),
        ("scenario/circles", {"x": 1}),
        ("scenario/stores", None),
        ("scenario/stores/satisficing", {"patience_months": "long"}),
        ("scenario/platforms", "none"),
        ("scenario/currency", {"a": 1}),
        ("scenario/nonsense", 1),
        ("scenario/cohorts", {}),
    ],
)
def test_a_manifest_that_no_run_wrote_is_told_in_words(folder, key, value):
    said = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(changed(said, key, value)))
    write_listing(folder)
    refused("load_run", folder, "manifest.json")
    commands(folder)


def column(name, values):
    return lambda table: table.set_column(
        table.schema.get_field_index(name), name, pa.array(values(len(table)))
    )


def only_column(table):
    return table.select([table.column_names[0]])


TABLES = {
    "no columns": ("daily", lambda table: pa.table({})),
    "no rows": ("daily", lambda table: table.slice(0, 0)),
    "first column only": ("daily", only_column),
    "texts for numbers": ("daily", column("sales_yuan", lambda n: ["much"] * n)),
    "NaN": ("daily", column("sales_yuan", lambda n: [float("nan")] * n)),
    "infinity": ("daily", column("vacancy", lambda n: [float("inf")] * n)),
    "huge": ("daily", column("subsidy_yuan", lambda n: [1e300] * n)),
    "nulls": ("daily", column("needs", lambda n: pa.nulls(n, pa.int64()))),
    "numbers for dates": ("daily", column("date", lambda n: [1.5] * n)),
    "dates that are none": (
        "daily",
        column("date", lambda n: pa.array([2**31 - 1] * n, pa.int32()).cast("date32")),
    ),
    "one day again and again": ("daily", column("date", lambda n: [date(2013, 1, 1)] * n)),
    "days out of order": (
        "daily",
        column("date", lambda n: [date(2013, 5, 1) - timedelta(k) for k in range(n)]),
    ),
    "a channel of texts": (
        "daily",
        lambda table: table.append_column("sales/x", pa.array(["a"] * len(table))),
    ),
    "lists in cells": ("daily", column("needs", lambda n: [[1]] * n)),
    "bytes": ("daily", column("needs", lambda n: [b"x"] * n)),
    "two columns of a name": ("daily", lambda table: table.append_column("needs", table["needs"])),
    "a store without a name": ("stores_monthly", column("name", lambda n: pa.nulls(n, pa.string()))),
    "a store of text": ("stores_monthly", column("store", lambda n: ["x"] * n)),
    "a table of another kind": ("stores_monthly", lambda table: pa.table({"a": [1]})),
    "price of nothing": ("stores_monthly", column("price_x", lambda n: [float("nan")] * n)),
    "sales without a channel": ("sales_monthly", only_column),
    "flows of text": ("ledger", column("yuan", lambda n: ["x"] * n)),
    "circles of numbers": ("circles_monthly", column("circle", lambda n: [1] * n)),
    "members of text": (
        "city_monthly",
        lambda table: table.append_column("members/x", pa.array(["a"] * len(table))),
    ),
    "figures that are no JSON": ("events", column("figures", lambda n: ["{"] * n)),
    "figures that are a list": ("events", column("figures", lambda n: ["[]"] * n)),
    "deep figures": ("events", column("figures", lambda n: ["[" * 9000] * n)),
    "a price of text": ("events", column("figures", lambda n: ['{"price": "x"}'] * n)),
    "an option of nothing": ("events", column("figures", lambda n: ['{"considered": [{}]}'] * n)),
    "options of text": ("events", column("figures", lambda n: ['{"considered": "x"}'] * n)),
}


@pytest.mark.faults(KIND)
@pytest.mark.parametrize("case", TABLES)
def test_a_table_that_no_run_wrote_is_told_in_words(folder, case):
    name, change = TABLES[case]
    path = folder / f"{name}.parquet"
    pq.write_table(change(pq.read_table(path)), path)
    write_listing(folder)
    refused("load_run", folder, f"{name}.parquet: cannot be read: ")
    commands(folder)


@pytest.mark.faults(KIND)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "store,name\n",
        "{head}\n1,2\n",
        "{head}\nx,a,b,c,d,closed,,,2013-01-01,2013-01-01\n",
        "{head}\n-1,a,b,c,d,closed,,,2013-01-01,2013-01-01\n",
        "{head}\n99999999999999999999,a,b,c,d,closed,,,2013-01-01,2013-01-01\n",
        "{head}\n1,a,b,c,d,eaten,,,2013-01-01,2013-01-01\n",
        "{head}\n1,a,b,c,d,closed,,,2013-02-30,2013-01-01\n",
        "{head}\n1,a,b,c,d,closed,,,2013-01-01,soon\n",
        "{head}\n1,a,b,c,d,closed,,,2013-01-01,2013-01-01,more\n",
        '{head}\n1,"a,b,c,d,closed,,,2013-01-01,2013-01-01\n',
        "{head}\n\xff\n",
        "\0" * 100,
    ],
)
def test_outcomes_that_no_run_wrote_are_told_in_words(folder, text):
    path = folder / "outcomes.csv"
    head = path.read_text(encoding="utf-8").partition("\n")[0]
    path.write_bytes(text.replace("{head}", head).encode("latin-1"))
    write_listing(folder)
    refused("load_run", folder, "outcomes.csv: cannot be read: ")
    commands(folder)


@pytest.mark.faults(KIND, tries=180)
def test_forged_bytes_are_read_or_told_in_words(folder):
    """Bytes that flip in files whose list was made anew: a run all the same, or a ScenarioError."""
    rng = np.random.default_rng(5)
    told = 0
    for k in range(180):
        name = KNOWN[k % len(KNOWN)]
        path = folder / name
        whole = path.read_bytes()
        damaged = bytearray(whole)
        for _ in range(k % 4 + 1):
            damaged[rng.integers(len(damaged))] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        write_listing(folder)
        try:
            load_run(folder)
            Replay.load(folder)
        except ScenarioError as fault:
            told += name in str(fault)
        path.write_bytes(whole)
    assert told > 90


def other_key(folder, **changes):
    """The replay of a folder with another key: header values, or sections under `arrays`."""
    replay = Replay.load(folder)
    key = decode(replay.key)
    header = {name: value for name, value in key.header.items() if name != "sections"}
    arrays = key.arrays | changes.pop("arrays", {})
    return Replay.of(encode(header | changes, arrays), replay.frames)


def other_frames(folder, change):
    """The replay of a folder with other frames."""
    replay = Replay.load(folder)
    frames = []
    for raw in replay.frames:
        frame = decode(raw)
        header = {name: value for name, value in frame.header.items() if name != "sections"}
        frames.append(encode(*change(header, dict(frame.arrays))))
    return Replay.of(replay.key, frames)


REPLAYS = {
    "another seed": lambda f: other_key(f, seed=77),
    "another start": lambda f: other_key(f, start="1999-01-01"),
    "no grid": lambda f: other_key(f, grid=None),
    "a flat grid": lambda f: other_key(f, grid={"nx": 0, "ny": 3, "cell_m": 100}),
    "a grid of text": lambda f: other_key(f, grid={"nx": "a", "ny": 3, "cell_m": 100}),
    "other ages": lambda f: other_key(f, cohorts=["old"]),
    "ages of nobody": lambda f: other_key(f, cohorts=5),
    "no homes": lambda f: other_key(f, arrays={"home": np.zeros(0, np.uint32)}),
    "far homes": lambda f: other_key(f, arrays={"home": decode(Replay.load(f).key).arrays["home"] + 10**6}),
    "no people": lambda f: other_frames(f, lambda h, a: (h, {n: x for n, x in a.items() if n != "people"})),
    "few people": lambda f: other_frames(f, lambda h, a: (h, a | {"people": a["people"][:3]})),
    "few platforms": lambda f: other_frames(f, lambda h, a: (h, a | {"subsidy": a["subsidy"][:0]})),
    "other days": lambda f: other_frames(f, lambda h, a: (h | {"date": "2013-01-01"}, a)),
    "no days": lambda f: other_frames(f, lambda h, a: ({n: x for n, x in h.items() if n != "date"}, a)),
}


@pytest.mark.faults(KIND)
@pytest.mark.parametrize("case", REPLAYS)
def test_a_replay_that_is_not_of_the_run_is_told_in_words(folder, case):
    REPLAYS[case](folder).save(folder)
    for reader in ("serve", "report"):
        refused(reader, folder, "replay.o2o: is not the replay of this run: ")


@pytest.mark.faults(KIND)
def test_a_replay_of_another_run_is_told_in_words(folder, other):
    Replay.load(other).save(folder)
    refused("report", folder, "its seed is 2, that of the run 1")


def test_a_figure_that_a_month_does_not_have_may_be_missing(folder):
    path = folder / "city_monthly.parquet"
    table = pq.read_table(path)
    pq.write_table(table.append_column("members/new", pa.array([float("nan")] * len(table))), path)
    write_listing(folder)
    assert load_run(folder).city_monthly["members/new"].isna().all()


def test_figures_that_are_not_finite_are_figures(folder):
    """A margin on no sales, say."""
    path = folder / "events.parquet"
    table = pq.read_table(path)
    figures = ['{"margin": NaN, "price": Infinity}'] * len(table)
    pq.write_table(column("figures", lambda n: figures)(table), path)
    write_listing(folder)
    READERS["report"](folder)


def test_a_run_too_short_for_a_month_is_read(tiny, tmp_path):
    result = run(tiny, out=tmp_path / "short", days=3)
    pd.testing.assert_frame_equal(load_run(tmp_path / "short").daily, result.daily)
