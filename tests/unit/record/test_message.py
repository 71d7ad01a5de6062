"""Messages: whatever is written is read back, and bytes that are none are refused with a sentence."""

from __future__ import annotations

import contextlib
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from o2o_sim.errors import ScenarioError
from o2o_sim.record.message import TYPES, decode, encode

texts = st.text(st.characters(), max_size=20)  # half surrogates too
headers = st.dictionaries(texts.filter(lambda t: t != "sections"), texts | st.integers() | st.lists(texts))
arrays = st.dictionaries(
    texts,
    st.sampled_from(sorted(TYPES.values())).flatmap(
        lambda code: hnp.arrays(
            np.dtype(code), st.integers(0, 20), elements={"allow_nan": False} if "f" in code else None
        )
    ),
    max_size=4,
)


def written(head: str | bytes, rest: bytes = b"") -> bytes:
    """A message of any header."""
    data = head if isinstance(head, bytes) else head.encode()
    data += b" " * (-len(data) % 8)
    return b"o2o1" + struct.pack("<I", len(data)) + data + rest


@given(headers, arrays)
def test_what_is_read_is_what_was_written(header, sections):
    message = encode(header, sections)
    found = decode(message)
    assert {k: v for k, v in found.header.items() if k != "sections"} == header
    assert list(found.arrays) == list(sections)
    for name, array in sections.items():
        assert found.arrays[name].dtype == array.dtype
        assert np.array_equal(found.arrays[name], array)
    assert encode(header, found.arrays) == message
    assert len(message) % 8 == 0


def test_every_part_begins_at_a_multiple_of_8():
    message = encode({"a": 1}, {"x": np.arange(3, dtype=np.uint8), "y": np.array([7.5], np.float32)})
    length = struct.unpack_from("<I", message, 4)[0]
    assert message[:4] == b"o2o1"
    assert (8 + length) % 8 == 0
    assert json.loads(message[8 : 8 + length])["sections"] == [["x", "u8", 3], ["y", "f32", 1]]
    assert message[8 + length :] == b"\0\1\2" + bytes(5) + struct.pack("<f", 7.5) + bytes(4)


def test_headers_are_the_same_text_whatever_order_they_are_said_in():
    assert encode({"b": 1, "a": 2}, {}) == encode({"a": 2, "b": 1}, {})
    assert b'{"a":2,"b":1,"sections":[]}' in encode({"b": 1, "a": 2}, {})


def test_arrays_that_have_no_type_here_are_refused():
    with pytest.raises(KeyError):
        encode({}, {"x": np.zeros(3)})


def test_arrays_cannot_be_written_to():
    array = decode(encode({}, {"x": np.zeros(3, np.uint16)})).arrays["x"]
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (b"", "not one of o2o_sim"),
        (b"<!doctype html>", "not one of o2o_sim"),
        (b"o2o1", "cut off"),
        (b"o2o1\xf8\xff\xff\xff", "cut off"),
        (b"o2o1\1\0\0\0       ", "cut off"),
        (written("[1]"), "header that cannot be read"),
        (written("{"), "header that cannot be read"),
        (written(""), "header that cannot be read"),
        (written('{"a":NaN,"sections":[]}'), "header that cannot be read"),
        (written('{"sections":[]}'.encode("utf-16")), "header that cannot be read"),
        (written("[" * 100_000), "header that cannot be read"),
        (written("{}"), "section that cannot be read"),
        (written('{"sections":[["a","f64",1]]}', bytes(8)), "section that cannot be read"),
        (written('{"sections":[["a","u8",true]]}', bytes(8)), "section that cannot be read"),
        (written('{"sections":[["a","u8",-1]]}', bytes(8)), "section that cannot be read"),
        (written('{"sections":[["a","u8",1.0]]}', bytes(8)), "section that cannot be read"),
        (written('{"sections":[["a","u8",0],["a","u8",0]]}'), "section that cannot be read"),
        (written('{"sections":[["a",["u8"],0]]}'), "section that cannot be read"),
        (written('{"sections":[["a","u8",9]]}', bytes(8)), "cut off"),
        (written('{"sections":[["a","f32",1e400]]}'.replace("1e400", "9" * 30)), "cut off"),
        (written('{"sections":[["a","u8",1]]}', b"\1\2" + bytes(6)), "where nothing should be"),
        (written('{"sections":[["a","u8",1]]}', bytes(16)), "goes on after its end"),
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused(message, said):
    with pytest.raises(ScenarioError, match=said):
        decode(message)


@given(st.data())
def test_no_cut_and_no_changed_byte_is_any_other_fault(data):
    message = bytearray(encode({"kind": "key", "name": "x"}, {"a": np.arange(5, dtype=np.uint16)}))
    k = data.draw(st.integers(0, len(message) - 1))
    message[k] = data.draw(st.integers(0, 255))
    cut = bytes(message[: data.draw(st.integers(0, len(message)))])
    for bad in (bytes(message), cut):
        with contextlib.suppress(ScenarioError):
            decode(bad)
