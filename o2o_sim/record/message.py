"""A message: a JSON header and sections of numbers in one piece of bytes.

It is `o2o1`, the length of the header (u32), the header (padded with spaces), then the sections that
`header["sections"]` names as [name, type, length], everything little endian and each part 8-aligned. Screens
read the same bytes with js/src/frames.js.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ScenarioError

MAGIC = b"o2o1"
TYPES = {"u8": "<u1", "u16": "<u2", "u32": "<u4", "i32": "<i4", "f32": "<f4"}
_TYPE_OF = {np.dtype(code): name for name, code in TYPES.items()}


@dataclass(frozen=True)
class Message:
    """A message that was read: its header and its sections by name (arrays that cannot be written to)."""

    header: dict[str, Any]
    arrays: dict[str, np.ndarray]


@dataclass(frozen=True)
class Section:
    """Where a section lies: `length` numbers of a type of TYPES."""

    name: str
    kind: str
    length: int

    @property
    def size(self) -> int:
        """Bytes of one number."""
        return np.dtype(TYPES[self.kind]).itemsize

    @property
    def bytes(self) -> int:
        """Bytes without the padding."""
        return self.length * self.size

    @property
    def padded(self) -> int:
        """Bytes with the padding."""
        return self.bytes + -self.bytes % 8


def encode(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """A message; the sections lie in the order of `arrays`. Arrays of types not in TYPES are a KeyError."""
    named = [[name, _TYPE_OF[a.dtype.newbyteorder("<")], len(a)] for name, a in arrays.items()]
    # Escapes instead of UTF-8 letters: any text can be a name, also one that UTF-8 cannot write.
    said = {**header, "sections": named}
    head = json.dumps(said, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")
    head += b" " * (-len(head) % 8)
    parts = [MAGIC, struct.pack("<I", len(head)), head]
    for (_, kind, _), array in zip(named, arrays.values()):
        data = np.ascontiguousarray(array, TYPES[str(kind)]).tobytes()
        parts += [data, bytes(-len(data) % 8)]
    return b"".join(parts)


def decode(message: bytes) -> Message:
    """The header and sections of a message. Raises ScenarioError if it is none, or not whole."""
    header, offset = read_header(message)
    arrays: dict[str, np.ndarray] = {}
    for s in sections(header):
        if offset + s.padded > len(message):
            raise broken("is cut off")
        arrays[s.name] = np.frombuffer(message, TYPES[s.kind], s.length, offset)
        if any(message[offset + s.bytes : offset + s.padded]):
            raise broken("has something where nothing should be")
        offset += s.padded
    if offset != len(message):
        raise broken("goes on after its end")
    return Message(header, arrays)


def read_header(message: bytes, start: int = 0) -> tuple[dict[str, Any], int]:
    """(header of the message that begins at `start`, where its first section begins)."""
    if message[start : start + 4] != MAGIC:
        raise broken("is not one of o2o_sim")
    if len(message) < start + 8:
        raise broken("is cut off")
    begin = start + 8
    length = struct.unpack_from("<I", message, start + 4)[0]
    if length % 8 or begin + length > len(message):
        raise broken("is cut off")
    try:
        header = json.loads(bytes(message[begin : begin + length]).decode(), parse_constant=_no_number)
    except (ValueError, RecursionError) as fault:
        raise broken("has a header that cannot be read") from fault
    if not isinstance(header, dict):
        raise broken("has a header that cannot be read")
    return header, begin + length


def sections(header: Mapping[str, Any]) -> list[Section]:
    """The sections that a header names, each name once."""
    found: dict[str, Section] = {}
    listed = header.get("sections")
    for section in listed if isinstance(listed, list) else [None]:
        match section:
            case [str(name), str(kind), int(length)] if (
                kind in TYPES and type(length) is int and length >= 0 and name not in found
            ):
                found[name] = Section(name, kind, length)
            case _:
                raise broken("has a section that cannot be read")
    return list(found.values())


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def broken(what: str) -> ScenarioError:
    """The fault of bytes that are not what they should be."""
    return ScenarioError(f"the recording {what}")
