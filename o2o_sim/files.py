"""Opening files that somebody else may have made: a folder that was forwarded, a checkpoint, a table of a city.

Such a file may be a link to a secret, a pipe that never ends, a gigabyte packed into a few bytes, or damaged. Every
reader of the package gets its bytes from `content` and its tables and plain data from `parquet_of` and `json_of`,
which look before they read and never take more memory than they were told they may.
"""

from __future__ import annotations

import errno
import json
import math
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

MB = 1_000_000
MOST_DEPTH = 64
"""Lists and objects inside each other in JSON; a scenario has about ten."""
_LONGEST_NUMBER = 40  # characters


def content(
    path: str | os.PathLike[str], most: int, *, links: bool = False, first: int | None = None
) -> bytes:
    """The bytes of a regular file of at most `most` bytes, or its `first` so many.

    Links are followed only with `links`, which is for files that the user named himself. Raises OSError, whose
    `strerror` says in words what is wrong: a link, a folder, a pipe, a device, too large, no permission."""
    try:
        found = os.stat(path) if links else os.lstat(path)
        if not stat.S_ISREG(found.st_mode):
            raise _refused(found.st_mode)
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        if not links:
            flags |= getattr(os, "O_NOFOLLOW", 0)
        with open(os.open(path, flags), "rb") as file:
            opened = os.fstat(file.fileno())  # it may have been replaced since it was looked at
            if not stat.S_ISREG(opened.st_mode):
                raise _refused(opened.st_mode)
            if opened.st_size > most:
                raise OSError(errno.EFBIG, f"it is larger than {_size(most)}")
            # A file of /proc says that it is empty and goes on for ever.
            data = file.read(opened.st_size + 1 if first is None else min(first, opened.st_size))
    except ValueError as fault:  # a NUL in the name
        raise OSError(errno.EINVAL, "this cannot be the name of a file") from fault
    if first is None and len(data) > opened.st_size:
        raise OSError(errno.EIO, "it grew while it was read")
    return data


def _refused(mode: int) -> OSError:
    kinds = {
        stat.S_IFLNK: "a link",
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
    }
    kind = kinds.get(stat.S_IFMT(mode), "a device")
    return OSError(errno.EINVAL, f"it is {kind}, and not a regular file")


def _size(count: int) -> str:
    return f"{count / MB:,.0f} MB" if count >= MB else f"{count:,} bytes"


# -- plain data ---------------------------------------------------------------------------------------------
def json_of(data: bytes | str, *, finite: bool = True) -> Any:
    """Plain data of JSON in UTF-8. Raises ValueError, which says what is wrong: no JSON, numbers that are endless
    or not `finite`, more than MOST_DEPTH lists and objects inside each other."""
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        strict: dict[str, Any] = {"parse_float": _number, "parse_constant": _constant} if finite else {}
        found = json.loads(text, parse_int=_integer, **strict)
    except UnicodeDecodeError as fault:
        raise ValueError(f"it is not UTF-8 text at byte {fault.start}") from fault
    except RecursionError as fault:
        raise ValueError(_TOO_DEEP) from fault
    layer, depth = _inside([found]), 0
    while layer:
        depth += 1
        if depth > MOST_DEPTH:
            raise ValueError(_TOO_DEEP)
        layer = [part for thing in layer for part in _inside(thing)]
    return found


_TOO_DEEP = f"it has more than {MOST_DEPTH} lists and objects inside each other"


def _inside(thing: dict[str, Any] | list[Any]) -> list[Any]:
    """The lists and objects that stand in one."""
    parts = thing.values() if isinstance(thing, dict) else thing
    return [part for part in parts if isinstance(part, dict | list)]


def _number(text: str) -> float:
    number = float(text) if len(text) <= _LONGEST_NUMBER else math.nan
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:20]} is too large or too long")
    return number


def _integer(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"the number {text[:20]}... is too large")
    return int(text)


def _constant(text: str) -> None:
    raise ValueError(f"{text} is no number that JSON has")


# -- tables -------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Most:
    """What a table may hold: `rows`, `columns`, `cells` (values, those inside lists too) and `bytes` (unpacked,
    and of all its texts together). Only with `lists` may a cell be a table of its own."""

    rows: int = 10_000_000
    columns: int = 10_000
    cells: int = 60_000_000
    bytes: int = 1_000 * MB
    lists: bool = False


def parquet_of(data: bytes, most: Most = Most(), columns: Iterable[str] | None = None) -> pa.Table:
    """The table in the bytes of a Parquet file; `columns` leaves the rest unread.

    What its footer says is held against `most` before any value is unpacked, and how long its texts are before
    they are written out, for a text that is kept once may stand in every row. Raises ValueError, which says what is
    wrong.

    Only bytes that a digest has shown to be as they were written may be read with `lists`: to count what is in
    them, pyarrow is asked something that ends the process if the footer is damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        footer = pq.read_metadata(pa.BufferReader(data))
        leaves = [footer.schema.column(k) for k in range(min(footer.num_columns, most.columns))]
        _check_footer(footer, most, lists=any(leaf.max_repetition_level for leaf in leaves))
        named = list(columns) if columns is not None else None
        texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
        wanted = [path for path in texts if named is None or path.partition(".")[0] in named]
        if wanted:
            packed = pq.ParquetFile(pa.BufferReader(data), read_dictionary=texts).read(columns=wanted)
            length = sum(_text_bytes(part) for column in packed.columns for part in column.chunks)
            if length > most.bytes:
                raise ValueError(f"its texts take {_size(length)}, which is more than {_size(most.bytes)}")
        return pq.ParquetFile(pa.BufferReader(data)).read(columns=named)
    except (OSError, pa.ArrowException, OverflowError) as fault:
        raise ValueError(f"it is not a readable Parquet file: {str(fault).partition(chr(10))[0]}") from fault


def _check_footer(footer: Any, most: Most, *, lists: bool) -> None:
    if footer.num_columns > most.columns:
        raise ValueError(f"it has {footer.num_columns:,} columns, which is more than {most.columns:,}")
    if lists and not most.lists:
        raise ValueError("it has lists in its cells")
    groups = [footer.row_group(k) for k in range(footer.num_row_groups)]
    # Rows are said twice, and the reader may believe either.
    rows = [footer.num_rows, *(group.num_rows for group in groups), sum(group.num_rows for group in groups)]
    cells = [max(rows) * footer.num_columns]
    if lists:
        each = [group.column(k).num_values for group in groups for k in range(group.num_columns)]
        cells += [*each, sum(each)]
    sizes = [group.total_byte_size for group in groups]
    for what, counts in (("rows", rows), ("cells", cells), ("bytes", [*sizes, sum(sizes)])):
        bound = getattr(most, what)
        if min(counts) < 0:
            raise ValueError(f"its footer says that it has {min(counts):,} {what}")
        if max(counts) > bound:
            raise ValueError(f"it has {max(counts):,} {what}, which is more than {bound:,}")


def _text_bytes(array: Any) -> int:
    """Bytes that the texts of an array take when each is written out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(array, pa.DictionaryArray):
        lengths = pc.binary_length(array.dictionary).cast(pa.int64())
        return int(pc.sum(lengths.take(array.indices)).as_py() or 0)
    return sum(map(_text_bytes, _children(array)))


def _children(array: Any) -> Iterator[Any]:
    import pyarrow as pa

    if isinstance(array, pa.MapArray):
        yield from (array.keys, array.items)
    elif isinstance(array, pa.ListArray | pa.LargeListArray):
        yield array.flatten()
    elif isinstance(array, pa.StructArray):
        yield from array.flatten()
