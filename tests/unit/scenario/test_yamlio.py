"""Text to plain data: what scalars mean, where things stand, and what is refused."""

from __future__ import annotations

import json
import math
import os
import socket
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from o2o_sim.errors import ScenarioError
from o2o_sim.scenario.places import Node, Positions, Source
from o2o_sim.scenario.textfile import MAX_BYTES, printable, read_source
from o2o_sim.scenario.yamlio import MAX_DEPTH, MAX_NODES, MAX_SCALAR, parse


def read(text: str, **options) -> Node:
    return parse(Source("x.yaml", text, Path("/x.yaml"), Path("/")), **options)


def refused(text: str, **options):
    with pytest.raises(ScenarioError) as caught:
        read(text, **options)
    return caught.value.problems


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("true", True),
        ("false", False),
        ("True", True),
        ("NO", "NO"),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("null", None),
        ("~", None),
        ("", None),
        ("12:30", "12:30"),
        ("1:20:30", "1:20:30"),
        ("190:20:30.15", "190:20:30.15"),
        ("2013-01-01", "2013-01-01"),
        ("2013-01-01 10:00:00", "2013-01-01 10:00:00"),
        ("017", 17),
        ("0o17", "0o17"),
        ("0x1F", "0x1F"),
        ("0b11", "0b11"),
        ("1_000", 1000),
        ("2_000_000", 2_000_000),
        ("-2_000", -2000),
        ("1__0", "1__0"),
        ("_1", "_1"),
        ("1_", "1_"),
        ("1_000.5", 1000.5),
        ("+5", 5),
        ("-0", 0),
        ("5.", 5.0),
        (".5", 0.5),
        ("-.5", -0.5),
        ("1e3", 1000.0),
        ("1E-3", 0.001),
        ("1.5e+2", 150.0),
        (".", "."),
        ("1.2.3", "1.2.3"),
        ("e5", "e5"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("'5'", "5"),
        ('"true"', "true"),
        ("'null'", "null"),
        ("=", "="),
        ("<<", "<<"),
        ("٣", "٣"),
        ("上海", "上海"),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("[1, a, ~]", [1, "a", None]),
        ("{b: 1, c: {d: no}}", {"b": 1, "c": {"d": "no"}}),
        ("|\n  two\n  lines\n", "two\nlines\n"),
    ],
)
def test_scalars_mean_what_yaml_1_2_says(written, meant):
    value = read(f"a: {written}").plain()["a"]
    assert value == meant
    assert type(value) is type(meant)


@pytest.mark.parametrize(("written", "key"), [("60", "60"), ("1_000", "1_000"), ("NO", "NO"), ("1.5", "1.5")])
def test_keys_are_text_as_written(written, key):
    assert read(f"{written}: x").plain() == {key: "x"}


def test_every_node_knows_its_place():
    positions = Positions(read("a:\n  b: 1\n  c:\n    - x\n    - {d: 5}\ne: [6,\n  7]\n'f.g': 8\n"))

    def at(place):
        return place.line, place.column

    assert at(positions.key("a")) == (1, 1)
    assert at(positions.key("a.b")) == (2, 3)
    assert at(positions.value("a.b")) == (2, 6)
    assert at(positions.value("a.c.0")) == (4, 7)
    assert at(positions.key("a.c.1.d")) == (5, 8)
    assert at(positions.value("a.c.1.d")) == (5, 11)
    assert at(positions.value("e.1")) == (7, 3)
    assert at(positions.value(("f.g",))) == (8, 8)
    assert at(positions.value("f.g")) == (8, 8)
    # What is not there is placed at the group around it.
    assert at(positions.value("a.zzz")) == (1, 1)
    assert at(positions.value("zzz")) == (1, 1)
    assert "a.c.0" in positions
    assert "a.c.2" not in positions


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_and_quoted_with_any_line_end(end, tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(f"# ü{end}a: 1{end}b: .nan{end}".encode())
    with pytest.raises(ScenarioError) as caught:
        parse(read_source(path))
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.key, problem.excerpt) == (3, 4, "b", "b: .nan")


def test_everything_wrong_is_reported_not_only_the_first():
    problems = refused("a: .inf\nb: 99999999999999999999\na: 2\nc: {d: !x 1}\n")
    assert [(p.line, p.key) for p in problems] == [(1, "a"), (2, "b"), (3, "a"), (4, "c.d")]
    assert "the first time in line 1" in problems[2].message


def test_a_hundred_times_the_same_mistake_is_cut_short():
    problems = refused("a: .nan\n" * 500)
    assert len(problems) == 101
    assert problems[-1].message.startswith("... and ")


def test_limits_allow_what_they_should_and_no_more():
    assert read("a: " + "x" * MAX_SCALAR)
    assert "longer" in refused("a: " + "x" * (MAX_SCALAR + 1))[0].message
    assert read("a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1))
    assert "deep" in refused("a: " + "[" * MAX_DEPTH + "]" * MAX_DEPTH)[0].message
    most = MAX_NODES - 3  # the top, the key and the list itself
    assert len(read("a: [" + "1," * most + "]").plain()["a"]) == most
    assert "50,000" in refused("a: [" + "1," * (most + 1) + "]")[0].message


@pytest.mark.parametrize(
    "text",
    [
        "[" * MAX_BYTES,
        "- " * 400_000,
        "? " * 400_000,
        "a: 1\n" * 20_000,
        "a: &a 1\n" * 20_000,
        "{a: " * 200_000,
    ],
    ids=["brackets", "dashes", "questions", "duplicates", "anchors", "braces"],
)
def test_hostile_text_is_refused_soon(text):
    began = time.perf_counter()
    refused(text)
    assert time.perf_counter() - began < 10


def test_values_of_overrides_are_scalars_or_flow_values():
    assert read("[1, 2]", as_value=True).plain() == [1, 2]
    assert read("no", as_value=True).plain() == "no"
    assert read("null", as_value=True).plain() is None
    for block in ("a: 1", "- 1", "--- 1"):
        assert "one value" in refused(block, as_value=True)[0].message


def test_a_path_that_is_no_file_is_refused_and_never_waited_for(tmp_path):
    fifo, link, missing = tmp_path / "fifo", tmp_path / "link", tmp_path / "missing"
    os.mkfifo(fifo)
    link.symlink_to(link)
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "socket"))
    names = [
        fifo,
        tmp_path / "socket",
        tmp_path,
        link,
        missing,
        "/dev/null",
        "/dev/zero",
        "a\0b",
        "",
        "x" * 5000,
    ]
    for name in names:
        with pytest.raises(ScenarioError) as caught:
            read_source(name)
        assert "regular file" in str(caught.value) or "cannot be read" in str(caught.value)
    server.close()


def test_size_and_encoding(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(b"a: 1\n" + b"#" * (MAX_BYTES - 5))
    assert parse(read_source(path)).plain() == {"a": 1}
    path.write_bytes(b"a: 1\n" + b"#" * (MAX_BYTES - 4))
    with pytest.raises(ScenarioError, match="larger than 1 MB"):
        read_source(path)
    path.write_bytes(b"\xef\xbb\xbfa: 1")
    assert parse(read_source(path)).plain() == {"a": 1}
    path.write_bytes(b"a: 1\nb: \xff")
    with pytest.raises(ScenarioError, match=r"x\.yaml:2:1: is not UTF-8"):
        read_source(path)


def test_messages_cannot_move_the_cursor():
    assert printable("a\x1b[31m\udc80\nb") == "a\\x1b[31m\\udc80 b"


plain_text = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=20)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | plain_text
scalars |= st.floats(allow_nan=False, allow_infinity=False)
data = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(plain_text.filter(bool), inner, max_size=4),
)


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(plain_text.filter(bool), data, max_size=5))
def test_json_is_read_as_json(value):
    assert json.dumps(read(json.dumps(value, ensure_ascii=False)).plain()) == json.dumps(value)


@settings(deadline=None, max_examples=300)
@given(st.text(st.characters(exclude_characters="\0"), max_size=200))
def test_any_text_gives_data_or_a_located_problem(text):
    try:
        value = read("".join(c for c in text if printable(c) == c or c == "\n")).plain()
    except ScenarioError as error:
        assert error.problems
        assert all(p.file == "x.yaml" for p in error.problems)
    else:
        assert isinstance(value, dict)


@settings(deadline=None)
@given(st.text(st.sampled_from("0123456789._-+eEnaif:xo"), min_size=1, max_size=12))
def test_every_number_is_finite_and_as_python_reads_it(text):
    try:
        value = read(f"a: {text}").plain()["a"]
    except ScenarioError:
        return
    if type(value) in (int, float):
        assert math.isfinite(value)
        assert value == float(text)
