"""What others made is looked at before it is opened, and never takes more memory than it may."""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from o2o_sim.files import MOST_DEPTH, Most, content, json_of, parquet_of

KIND = "Files of others"


def make(kind, path):
    """Put something of a kind at a path."""
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.with_name("secret").write_bytes(b"secret")
        path.symlink_to(path.with_name("secret"))
    elif kind == "link to a device":
        path.symlink_to("/dev/zero")
    elif kind == "link to nothing":
        path.symlink_to("nothing")
    elif kind == "link to itself":
        path.symlink_to(path.name)
    elif kind == "socket":
        os.chdir(path.parent)  # names of sockets are short
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(path.name)
    else:
        path.write_bytes(b"x" * 101)
    return path


@pytest.mark.faults(KIND)
@pytest.mark.parametrize("links", [False, True])
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("pipe", "a pipe, and not a regular file"),
        ("folder", "a folder, and not a regular file"),
        ("socket", "a socket, and not a regular file"),
        ("link", "a link, and not a regular file"),
        ("link to a device", "(a link|a device), and not a regular file"),
        ("link to nothing", "a link, and not|No such file"),
        ("link to itself", "a link, and not|Too many levels"),
        ("large", "larger than 100 bytes"),
    ],
)
def test_what_is_no_small_regular_file_is_not_read(tmp_path, monkeypatch, kind, said, links):
    monkeypatch.chdir(tmp_path)
    path = make(kind, tmp_path / "file")
    if kind == "link" and links:
        assert content(path, 100, links=True) == b"secret"
        return
    with pytest.raises(OSError, match=said):
        content(path, 100, links=links)


@pytest.mark.faults(KIND)
@pytest.mark.parametrize(
    "name", ["/dev/zero", "/dev/stdin", "/dev/tty", "/proc/self/status", "a\0b", "", "x" * 300]
)
def test_names_that_are_none_or_never_end(name):
    with pytest.raises(OSError, match=r"\w"):
        content(name, 100, links=True)


def test_a_pipe_that_takes_the_place_of_a_file_is_not_waited_for(tmp_path, monkeypatch):
    """Between looking and opening, a file can become something else."""
    path, seen = tmp_path / "file", os.lstat
    path.write_bytes(b"x")
    looked = seen(path)
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(os, "lstat", lambda p: looked if p == path else seen(p))
    caught = []

    def read():
        try:
            content(path, 100)
        except OSError as fault:
            caught.append(str(fault))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(20)
    assert caught and "a pipe" in caught[0]


@pytest.mark.parametrize("size", [0, 1, 100])
def test_a_regular_file_is_read_whole_or_its_beginning(tmp_path, size):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(size)))
    assert content(path, 100) == bytes(range(size))
    assert content(path, 100, first=10) == bytes(range(min(size, 10)))


@pytest.mark.faults(KIND)
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"[" * 100_000, "lists and objects inside each other"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "lists and objects inside each other"),
        (b"[" * (MOST_DEPTH + 1) + b"]" * (MOST_DEPTH + 1), "lists and objects inside each other"),
        (b"[1e999]", "too large"),
        (b"[NaN]", "NaN"),
        (b"[-Infinity]", "Infinity"),
        (b"9" * 50, "too large"),
        (b"0." + b"1" * 100, "too long"),
        (b"\xff\xfe{}", "not UTF-8 text at byte 0"),
        (b"", "line 1 column 1"),
        (b"{} {}", "line 1 column 4"),
        (b'{"a": 1', "line 1"),
    ],
)
def test_json_that_is_none_is_told_in_words(data, said):
    with pytest.raises(ValueError, match=said):
        json_of(data)


def test_json_as_deep_as_may_be_is_read():
    assert json_of("[" * MOST_DEPTH + "]" * MOST_DEPTH)
    assert json_of(b'{"a": [1, -2.5e3, true, null, "\xe5\xba\x97"]}') == {"a": [1, -2500.0, True, None, "店"]}


def parquet(table, **options):
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", store_schema=False, **options)
    return sink.getvalue().to_pybytes()


def repeated(length, rows, nested=False):
    """A text of some length, kept once, in every row: of kilobytes a table of gigabytes."""
    texts = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array(["x" * length]))
    if nested:
        texts = pa.ListArray.from_arrays(pa.array([0, rows], pa.int32()), texts.dictionary_decode())
    return pa.table({"name": texts})


SMALL = Most(rows=1000, columns=10, cells=2000, bytes=100_000)
LISTS = replace(SMALL, lists=True)


@pytest.mark.faults(KIND)
@pytest.mark.parametrize(
    ("table", "said"),
    [
        (pa.table({"a": [[1, 2]]}), "it has lists in its cells"),
        (pa.table({"a": np.zeros(1001)}), "1,001 rows, which is more than 1,000"),
        (pa.table({str(k): np.zeros(10) for k in range(11)}), "11 columns"),
        (pa.table({str(k): np.zeros(500) for k in range(5)}), "2,500 cells"),
        (pa.table({"a": pa.array([[1.5] * 3000])}), "3,000 cells"),
        (
            pa.table({"a": pa.array([str(k).zfill(200) for k in range(600)])}),
            "bytes, which is more than 100,000",
        ),
        (repeated(1000, 900), "texts take 900,000 bytes"),
        (repeated(1000, 900, nested=True), "texts take 900,000 bytes"),
    ],
)
def test_a_table_larger_than_it_may_be_is_not_unpacked(table, said):
    with pytest.raises(ValueError, match=said):
        parquet_of(parquet(table), SMALL if "lists" in said else LISTS)


def test_a_hundred_million_rows_of_three_megabytes_are_not_unpacked():
    rows = pa.chunked_array([pa.array(np.zeros(1_000_000, np.int8))] * 11)
    before = pa.total_allocated_bytes()
    data = parquet(pa.table({"a": rows}))
    with pytest.raises(ValueError, match="11,000,000 rows"):
        parquet_of(data)
    assert len(data) < 100_000 and pa.total_allocated_bytes() < before + 20_000_000


@pytest.mark.parametrize("columns", [None, ["a"], ["b", "c"], ["d"]])
def test_a_table_that_is_small_enough_is_what_was_written(columns):
    table = pa.table(
        {
            "a": ["x", "店", None],
            "b": [1, 2, 3],
            "c": pa.array([["p"], [], ["q", "r"]]),
            "d": pa.array([[("k", "v")], [], []], pa.map_(pa.string(), pa.string())),
        }
    )
    wanted = table if columns is None else table.select(columns)
    assert parquet_of(parquet(table), LISTS, columns).to_pylist() == wanted.to_pylist()


@pytest.mark.faults(KIND, tries=400)
def test_damaged_tables_are_read_or_told_in_words():
    """Bytes that flip, and ends that are missing: whatever comes of it, it is a table or a ValueError."""
    rng = np.random.default_rng(13)
    whole = parquet(pa.table({"a": ["x", "yy", "zzz"] * 50, "b": np.arange(150)}))
    told = 0
    for k in range(400):
        damaged = bytearray(whole)
        if k % 4:
            for _ in range(k % 3 + 1):
                damaged[rng.integers(len(damaged))] ^= 1 << rng.integers(8)
        else:
            del damaged[rng.integers(len(damaged)) :]
        try:
            parquet_of(bytes(damaged), SMALL)
        except ValueError as fault:
            told += bool(str(fault))
    assert told > 150
