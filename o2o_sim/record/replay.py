"""A whole run as one file, small enough to be carried inside a page.

The file is a message of kind `replay`. Its sections are zlib streams: the key, then for each block of up to
BLOCK days the headers of its frames, one after another, and their numbers in columns. A column is one section
of all frames of the block that have it, padded with zeros to the longest: all days of its first element, then
all days of its second, ...; first the lowest bytes of all, then the next. So a person's days stand together,
and the numbers of shops apart from what was done there."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ScenarioError
from ..files import content
from ..scenario.textfile import printable
from .listing import LISTING, Listing, write_listing
from .message import Message, Section, broken, decode, encode, read_header, sections

REPLAY = "replay.o2o"
"""The name of the file in a run's folder."""
VERSION = 1
BLOCK = 128
"""Days of a block: longer ones gain 1 %, and are more to hold in memory at once."""
MOST_DAYS = 20_000
MOST_BYTES = 1 << 29
"""Of all that is unpacked; a year of ten thousand people takes 8 MB."""
_MOST_RATIO = 1100
"""No zlib stream unpacks to more than 1032 times its length; who claims more is not worth the memory."""


def pack(key: bytes, frames: Iterable[bytes]) -> bytes:
    """The file of a run. Raises ValueError for frames that do not follow each other, or more than can be
    kept."""
    packer = Packer(key)
    for frame in frames:
        if not packer.add(frame):
            raise ValueError(f"a replay holds no more than {MOST_BYTES // 2:,} bytes and {MOST_DAYS:,} days")
    return packer.finish()


def unpack(file: bytes) -> tuple[bytes, list[bytes]]:
    """(key, frames) of a file: byte for byte what was packed. Raises ScenarioError if the file is damaged,
    foreign, or claims to hold more than a replay may."""
    message = decode(file)
    claims = _Claims.of(message)
    key = inflated(message.arrays["key"], claims.key)
    _expect(key, "key")
    frames: list[bytes] = []
    for number, (days, heads, columns) in enumerate(claims.blocks):
        frames += _opened(
            days,
            inflated(message.arrays[f"heads {number}"], heads),
            inflated(message.arrays[f"columns {number}"], columns),
            first=len(frames),
        )
    return key, frames


class Packer:
    """Packs frames as they come, so that no more than a block of them is in memory."""

    def __init__(self, key: bytes):
        _expect(key, "key")
        self._bytes = self._key = len(key)
        self._sections = {"key": deflated(key)}
        self._blocks: list[list[int]] = []
        self._frames: list[bytes] = []
        self._next: int | None = None
        self._days = 0
        self._full = False

    def rekey(self, key: bytes) -> None:
        """Put another key in the place of the first."""
        _expect(key, "key")
        self._bytes += len(key) - self._key
        self._key, self._sections["key"] = len(key), deflated(key)

    def add(self, frame: bytes) -> bool:
        """Take the frame of the next day; False if the file has no room for it, nor for any later one.

        Raises ValueError if it is not the next day's."""
        # Half of what a reader takes, for columns are padded.
        self._full |= self._bytes + len(frame) > MOST_BYTES // 2 or self._days == MOST_DAYS
        if self._full:
            return False
        day = _expect(frame, "frame").header.get("day")
        if not isinstance(day, int) or self._next not in (None, day):
            raise ValueError(f"the frame of day {self._next} was to come, not of {day}")
        self._bytes, self._days, self._next = self._bytes + len(frame), self._days + 1, day + 1
        self._frames.append(frame)
        if len(self._frames) == BLOCK:
            self._close_block()
        return True

    def _close_block(self) -> None:
        if not self._frames:
            return
        heads = b"".join(f[: read_header(f)[1]] for f in self._frames)
        columns = _columns([decode(f) for f in self._frames])
        number = len(self._blocks)
        self._sections[f"heads {number}"] = deflated(heads)
        # Of a person's days hardly any stretch comes again, so that looking for one costs time and, oddly,
        # space.
        self._sections[f"columns {number}"] = deflated(columns, zlib.Z_RLE, memory=7)
        self._blocks.append([len(self._frames), len(heads), len(columns)])
        self._frames = []

    def finish(self) -> bytes:
        """The file of all that was added."""
        self._close_block()
        header = {"kind": "replay", "version": VERSION, "key": self._key, "blocks": self._blocks}
        arrays = {name: np.frombuffer(data, np.uint8) for name, data in self._sections.items()}
        return encode(header, arrays)


# -- blocks --------------------------------------------------------------------------------------------------
def _columns(frames: Sequence[Message]) -> bytes:
    """The numbers of a block's frames in columns. Raises ValueError if a section changes its type."""
    found: dict[str, list[np.ndarray]] = {}
    for frame in frames:
        for name, array in frame.arrays.items():
            found.setdefault(name, []).append(array)
    parts = []
    for name, days in found.items():
        if any(d.dtype != days[0].dtype for d in days):
            raise ValueError(f"section {name!r} changes its type")
        size = days[0].dtype.itemsize
        table = np.zeros((len(days), max(map(len, days)) * size), np.uint8)
        for row, day in zip(table, days):
            row[: len(day) * size] = day.view(np.uint8)
        parts.append(np.ascontiguousarray(table.reshape(len(days), -1, size).T).tobytes())
    return b"".join(parts)


def _opened(days: int, heads: bytes, columns: bytes, first: int) -> Iterator[bytes]:
    """The frames of a block, whose first is number `first` of all."""
    listed, offset = [], 0
    for _ in range(days):
        header, end = read_header(heads, offset)
        listed.append((header, heads[offset:end], sections(header)))
        offset = end
    if offset != len(heads):
        raise broken("goes on after its end")
    days_of: dict[str, list[Section]] = {}
    for _, _, named in listed:
        for s in named:
            days_of.setdefault(s.name, []).append(s)
    tables, offset = {}, 0
    for name, found in days_of.items():
        size, longest = found[0].size, max(s.length for s in found)
        end = offset + size * longest * len(found)
        if end > len(columns) or any(s.kind != found[0].kind for s in found):
            raise broken("has a block whose columns do not fit its headers")
        planes = np.frombuffer(columns, np.uint8, end - offset, offset).reshape(size, longest, len(found))
        tables[name] = iter(np.ascontiguousarray(planes.T))
        offset = end
    if offset != len(columns):
        raise broken("goes on after its end")
    for _, head, named in listed:
        parts = [head]
        for s in named:
            data = next(tables[s.name])[: s.length].tobytes()
            parts += [data, bytes(-len(data) % 8)]
        yield b"".join(parts)


def _expect(message: bytes, kind: str) -> Message:
    found = decode(message)
    if found.header.get("kind") != kind:
        raise broken(f"has something else where its {kind} should be")
    return found


# -- what a file claims --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Claims:
    """How many bytes a file unpacks to, checked before any is."""

    key: int
    blocks: list[tuple[int, int, int]]

    @classmethod
    def of(cls, message: Message) -> _Claims:
        header, arrays = message.header, message.arrays
        if header.get("kind") != "replay":
            raise broken("is no replay")
        if header.get("version") != VERSION:
            raise broken("was written by another version of o2o_sim, which this one cannot read")
        key, blocks = _whole(header.get("key")), header.get("blocks")
        claims = cls(key, [_block(b) for b in blocks] if isinstance(blocks, list) else [_block(None)])
        sizes = {"key": key}
        for number, (_, heads, columns) in enumerate(claims.blocks):
            sizes |= {f"heads {number}": heads, f"columns {number}": columns}
        if list(arrays) != list(sizes) or any(a.dtype != np.uint8 for a in arrays.values()):
            raise broken("has other sections than its header says")
        absurd = any(size > _MOST_RATIO * (len(arrays[name]) + 8) for name, size in sizes.items())
        if absurd or sum(sizes.values()) > MOST_BYTES or sum(b[0] for b in claims.blocks) > MOST_DAYS:
            raise broken("claims to hold more than a replay may")
        return claims


def _block(said: Any) -> tuple[int, int, int]:
    """[days, bytes of headers, bytes of columns]"""
    if not isinstance(said, list) or len(said) != 3:
        raise broken("has a header that cannot be read")
    days, heads, columns = (_whole(n) for n in said)
    return days, heads, columns


def _whole(said: Any) -> int:
    if type(said) is not int or said < 0:
        raise broken("has a header that cannot be read")
    if said > MOST_BYTES:
        raise broken("claims to hold more than a replay may")
    return said


def deflated(data: bytes, strategy: int = zlib.Z_DEFAULT_STRATEGY, memory: int = 8, level: int = 6) -> bytes:
    """Data as a zlib stream."""
    stream = zlib.compressobj(level, zlib.DEFLATED, zlib.MAX_WBITS, memory, strategy)
    return stream.compress(data) + stream.flush()


def inflated(data: np.ndarray, length: int) -> bytes:
    """Unpack a stream that must come to exactly `length` bytes, never making more than that."""
    stream = zlib.decompressobj()
    try:
        found = stream.decompress(data.tobytes(), length + 1)
    except zlib.error as fault:
        raise broken("is damaged") from fault
    if len(found) != length or not stream.eof or stream.unused_data:
        raise broken("is damaged")
    return found


# -- a run to be shown ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Replay:
    """A run that can be shown again: `file` is what lies on the disk, `key` and `frames` are its messages."""

    file: bytes

    @classmethod
    def of(cls, key: bytes, frames: Iterable[bytes]) -> Replay:
        """The replay of messages that an `Encoder` made."""
        return cls(pack(key, frames))

    @classmethod
    def load(cls, place: str | os.PathLike[str]) -> Replay:
        """Read the replay of a run's folder, or of a file. Raises ScenarioError, which names the file, if
        there is none, it cannot be shown, or it is not the one that the run wrote."""
        path = Path(place)
        try:
            listing = Listing.of(path) if os.path.lexists(path / LISTING) else None
            path = path / REPLAY if path.is_dir() else path
            if path.name == REPLAY and not os.path.lexists(path):
                raise ScenarioError("is not there", hint="Simulate the scenario again to get one.")
            replay = cls(content(path, MOST_BYTES) if listing is None else listing.read(REPLAY) or b"")
            replay._messages  # noqa: B018 - so that what is loaded can be shown
        except ScenarioError as fault:
            problems = [replace(p, file=p.file or printable(str(path))) for p in fault.problems]
            raise ScenarioError(problems) from fault
        except (OSError, ValueError) as fault:
            said = getattr(fault, "strerror", None) or fault
            raise ScenarioError(f"cannot be read: {said}", file=printable(str(path))) from fault
        return replay

    def save(self, place: str | os.PathLike[str]) -> Path:
        """Write it into a folder, or as the file of that name; returns the file. The list of a run's folder
        (listing.py) is made anew."""
        from .archive import write_whole

        path = Path(place)
        if path.is_dir():
            path = path / REPLAY
        write_whole(path, self.file)
        if path.name == REPLAY and (path.parent / LISTING).is_file():
            write_listing(path.parent)
        return path

    @cached_property
    def _messages(self) -> tuple[bytes, list[bytes]]:
        return unpack(self.file)

    @property
    def key(self) -> bytes:
        """The key."""
        return self._messages[0]

    @property
    def frames(self) -> list[bytes]:
        """The frames, day by day."""
        return self._messages[1]
