"""Scenario files of any content: a scenario, or a ScenarioError whose every problem has its place."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from fuzzing import fuzz
from hypothesis import given
from hypothesis import strategies as st

from o2o_sim.errors import ScenarioError
from o2o_sim.scenario import content_hash, load_scenario
from o2o_sim.scenario.describe import starter_text
from o2o_sim.scenario.keys import Block
from o2o_sim.scenario.schema import Spec
from o2o_sim.scenario.shape import known_paths


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


@fuzz("scenario files")
@given(raw=st.binary(max_size=300))
def test_any_bytes(scratch, raw):
    attempt(scratch, raw)


STARTER = starter_text()
edits = st.tuples(
    st.integers(0, len(STARTER)),
    st.integers(0, 12),
    st.text(st.sampled_from("abc:{}[],-#&*!|>'\"%@`? \n\t0159._\x00\x1b\u2028é上\ufeff"), max_size=6),
)


@fuzz("scenario files")
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


@fuzz("scenario files")
@given(data=st.dictionaries(names, anything, max_size=8))
def test_any_data(scratch, data):
    attempt(scratch, json.dumps(data).encode())


@fuzz("scenario files")
@given(
    path=st.sampled_from([".".join(known.path) for known in known_paths(Spec)]),
    data=anything,
    override=st.text(max_size=30) | st.builds("{}={}".format, names, st.text(max_size=8)),
)
def test_any_override_of_a_good_file(scratch, path, data, override):
    attempt(scratch, STARTER.encode(), [override])
    attempt(scratch, STARTER.encode(), [f"{path.replace('<name>', 'marketplace')}={json.dumps(data)}"])


@fuzz("scenario files")
@given(number=st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53))
def test_numbers_arrive_with_every_bit(scratch, number):
    class One(Block):
        x: float

    scratch.write_text(f"x: {number!r}")
    assert load_scenario(scratch, model=One).x == number
