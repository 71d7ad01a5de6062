"""Scenario files of any content: a scenario, or a ScenarioError whose every problem has its place."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fuzzing import fuzz
from hypothesis import example, given
from hypothesis import strategies as st

from o2o_sim.errors import ScenarioError
from o2o_sim.scenario import content_hash, load_scenario
from o2o_sim.scenario.describe import starter_text, summary
from o2o_sim.scenario.keys import Block
from o2o_sim.scenario.load import resolve
from o2o_sim.scenario.schema import Spec
from o2o_sim.scenario.shape import known_paths
from o2o_sim.scenario.shipped import shipped_files


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz") / "scenario.yaml"


def attempt(path: Path, raw: bytes, overrides=()) -> None:
    path.write_bytes(raw)
    try:
        spec = load_scenario(path, overrides)
    except ScenarioError as error:
        assert error.problems
        text = raw.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        lines = text.split("\n")
        for problem in error.problems:
            assert problem.message
            assert problem.file == str(path) or problem.file.startswith("--set ")
            if problem.line is not None:
                assert 1 <= problem.line <= len(lines)
                assert 1 <= problem.column <= len(lines[problem.line - 1]) + 2
            assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in str(problem).replace("\n", ""))
    else:
        assert isinstance(spec, Spec)
        assert len(content_hash(spec)) == 64
        summary(spec)


@fuzz("Scenario files")
@given(raw=st.binary(max_size=300))
def test_any_bytes(scratch, raw):
    attempt(scratch, raw)


STARTER = starter_text()
edits = st.tuples(
    st.integers(0, len(STARTER)),
    st.integers(0, 12),
    st.text(st.sampled_from("abc:{}[],-#&*!|>'\"%@`? \n\t0159._\x00\x1b\u2028é上\ufeff"), max_size=6),
)


@fuzz("Scenario files")
@given(changes=st.lists(edits, min_size=1, max_size=4))
def test_a_good_file_with_slips_of_the_keyboard(scratch, changes):
    text = STARTER
    for start, length, insert in changes:
        text = text[:start] + insert + text[start + length :]
    attempt(scratch, text.encode())


names = st.sampled_from(sorted({part for known in known_paths(Spec) for part in known.path})) | st.text(
    max_size=5
)
leaves = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.just("2013-01-01")
)
anything = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=6),
    max_leaves=30,
)


@fuzz("Scenario files")
@given(data=st.dictionaries(names, anything, max_size=8))
@example(data={"\t": {"": None}})  # a key of which another key's place is told
def test_any_data(scratch, data):
    attempt(scratch, json.dumps(data).encode())


@fuzz("Scenario files")
@given(
    path=st.sampled_from([".".join(known.path) for known in known_paths(Spec)]),
    data=anything,
    override=st.text(max_size=30) | st.builds("{}={}".format, names, st.text(max_size=8)),
)
def test_any_override_of_a_good_file(scratch, path, data, override):
    attempt(scratch, STARTER.encode(), [override])
    attempt(scratch, STARTER.encode(), [f"{path.replace('<name>', 'marketplace')}={json.dumps(data)}"])


@fuzz("Scenario files")
@given(number=st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53))
def test_numbers_arrive_with_every_bit(scratch, number):
    class One(Block):
        x: float

    scratch.write_text(f"x: {number!r}")
    assert load_scenario(scratch, model=One).x == number


# -- scenarios that were right before something in them was changed -----------------------------------------
SHIPPED = shipped_files("scenario")
SCENARIOS = sorted(SHIPPED)
ODD: list[Any] = [
    None, True, "", " ", "-", "null", "上海", "e\u0301", "\u202eabc", "x" * 3000, "a.b", "../x", "=1+1", "2013-02-30", "0001-01-01",
    "9999-12-31", 0, -1, 1, 2, 0.5, -0.0, 1e-320, 1e15, 1e300, -1e300, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), [], {}, [[]], [0, -1],
    {"": 1}, {"a": {}}, {"run": "x.Y"}, ["x", "x"], [{"run": "fixed", "run2": 1}],
]  # fmt: skip
changed = st.tuples(
    st.sampled_from(["replace", "scale", "remove", "rename", "add", "copy", "wrap"]),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.sampled_from(ODD) | leaves,
)
FACTORS = -1, 0, 1e-9, 0.5, 1.5, 1000, 1e6, 1e12


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value below the top."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        yield (*path, key)
        yield from places(value, (*path, key))


def at(data: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        data = data[part]
    return data


def change(data: Any, how: str, which: int, other: int, value: Any) -> None:
    """Change one thing in a tree of plain data."""
    paths = list(places(data))
    if not paths:
        return
    *above, key = paths[which % len(paths)]
    group = at(data, tuple(above))
    if how == "scale" and isinstance(group[key], int | float):
        value = group[key] * FACTORS[other % len(FACTORS)]
    elif how == "copy":
        value = deepcopy(at(data, paths[other % len(paths)]))
    elif how == "wrap":
        value = [group[key]] if other % 2 else {"run": group[key]}
    if how in ("remove", "rename"):
        old = group.pop(key)
    if how in ("rename", "add") and isinstance(group, dict):
        group[f"{key}x" if how == "add" else str(value)[:300]] = old if how == "rename" else value
    elif how not in ("remove", "rename"):
        group[key] = value


@fuzz("Scenario files")
@given(name=st.sampled_from(SCENARIOS), changes=st.lists(changed, min_size=1, max_size=4))
def test_a_good_scenario_of_which_something_was_changed(scratch, name, changes):
    data = deepcopy(resolved(name))
    for one in changes:
        change(data, *one)
    attempt(scratch, json.dumps(data).encode())


@cache
def resolved(name: str) -> Any:
    return resolve(name).data


def alike(value: Any, other: Any) -> bool:
    """Whether both are dates, both are text, both are numbers, both are lists ..."""
    dates = [
        isinstance(one, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", one) is not None for one in (value, other)
    ]
    return type(value) is type(other) and dates[0] is dates[1]


@fuzz("Scenario files")
@given(
    name=st.sampled_from(SCENARIOS),
    changes=st.lists(st.tuples(*[st.integers(0, 10**6)] * 2), min_size=1, max_size=3),
)
def test_a_good_scenario_of_which_values_were_exchanged_for_others_of_their_kind(scratch, name, changes):
    data = deepcopy(resolved(name))
    for which, other in changes:
        paths = list(places(data))
        path = paths[which % len(paths)]
        value = at(data, path)
        others = [at(data, one) for one in paths if one != path and alike(value, at(data, one))]
        if others:
            at(data, path[:-1])[path[-1]] = deepcopy(others[other % len(others)])
    attempt(scratch, json.dumps(data).encode())


MARKS = [
    "&a ", "*a", "!!python/object/apply:os.system ", "!x ", "!!float ", "!!binary ", "<<: ", "<<: *a\n", "? ", "- ", "---\n", "...\n",
    "%YAML 1.1\n", "%TAG ! x\n", "\t", "\r", "|\n", ">-\n", "'", '"', "#", ": ", "{", "}", "[", "]", "@", "`", "0x1F", "0o17", "1_000",
    "12:30:45", ".inf", "-.inf", ".nan", "~", "yes", "null", "[" * 200, "{a: " * 100, "\u2028", "\x85", "\ufeff", '"\\uD800"', "x" * 5000,
    "a: 1\n", "1e999", "9" * 400, "2013-13-45", "2013-01-01T00:00:00Z",
]  # fmt: skip
TEXTS = [SHIPPED[name].read_text(encoding="utf-8") for name in SCENARIOS]
slips = st.tuples(st.integers(0, 10**6), st.sampled_from([0, 0, 1, 5, 40]), st.sampled_from(MARKS))


@fuzz("Scenario files")
@given(text=st.sampled_from(TEXTS), slips=st.lists(slips, min_size=1, max_size=4), twice=st.booleans())
def test_a_good_scenario_with_marks_of_yaml_where_they_do_not_belong(scratch, text, slips, twice):
    for start, length, insert in slips:
        start %= len(text) + 1
        text = text[:start] + insert + text[start + length :]
    if twice:  # every key a second time
        text += "\n" + text
    attempt(scratch, text.encode("utf-8", "surrogatepass"))


@fuzz("Overrides")
@given(
    name=st.sampled_from(SCENARIOS),
    keys=st.lists(st.integers(0, 10**6), min_size=1, max_size=3),
    values=st.lists(st.sampled_from(MARKS) | st.sampled_from(ODD).map(json.dumps), min_size=3, max_size=3),
    ending=st.sampled_from(["", ".", ".0", ".x", ".-1", "..", "[0]", ".99999999999999999999", "\u00b2"]),
)
def test_overrides_of_a_shipped_scenario(name, keys, values, ending):
    paths = [".".join(map(str, path)) for path in places(resolved(name))]
    overrides = [f"{paths[key % len(paths)]}={value}" for key, value in zip(keys, values)]
    overrides[-1] = overrides[-1].replace("=", f"{ending}=", 1)
    try:
        summary(load_scenario(name, overrides))
    except ScenarioError as error:
        assert error.problems
        assert all(problem.message and problem.file for problem in error.problems)
