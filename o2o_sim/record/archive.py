"""A run on disk: one folder that is there whole or not at all.

Everything is written into a hidden sibling, `.NAME.part-<pid>`, flushed to the disk, and renamed in one step.
Whatever goes wrong on the way (Ctrl-C, a full disk, a fault of ours) the sibling is removed, so that a folder
of the wanted name is always a finished run. Only a killed process can leave a hidden sibling behind; the next one
that writes there removes it (leftovers.py).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..csvtext import csv_bytes
from ..errors import ScenarioError
from ..scenario.textfile import printable
from .given import manifest_of, outcomes_of, table_of
from .leftovers import remove_leftovers, sibling
from .listing import LISTING, Listing, write_listing
from .replay import REPLAY
from .result import RunResult
from .runlog import log_into

if TYPE_CHECKING:
    import pyarrow as pa

MANIFEST = "manifest.json"
OUTCOMES = "outcomes.csv"
TABLES = (
    "daily",
    "stores_monthly",
    "sales_monthly",
    "circles_monthly",
    "city_monthly",
    "ledger",
    "events",
)
"""The tables kept as Parquet; `outcomes` is kept as CSV, for it is the one people open."""

ESSENTIAL = (MANIFEST, OUTCOMES, *(f"{name}.parquet" for name in TABLES))
KNOWN = (*ESSENTIAL, REPLAY)
"""The data of a run, without and with the replay, which there may not be."""


# -- a folder, whole or not at all --------------------------------------------------------------------------
def check_destination(folder: Path) -> None:
    """Refuse, before any work is done, a folder that cannot become a run.

    Raises ScenarioError if it is no folder, holds something other than an earlier run, or cannot be written.
    """
    with _told_plainly(folder):
        if os.path.lexists(folder):
            if not folder.is_dir():
                raise _refused(folder, "is in the way: it is not a folder", "Name another folder with --out.")
            if not _is_run(folder) and any(folder.iterdir()):
                hint = "Name another folder with --out; only folders of earlier runs are replaced."
                raise _refused(folder, "holds files that are not an earlier run, and was left alone", hint)
        above = folder.absolute().parent
        while not os.path.lexists(above):
            above = above.parent
        if not above.is_dir():
            raise _refused(folder, f"cannot be made: {printable(above.name)} is not a folder")
        if not os.access(above, os.W_OK | os.X_OK):
            raise _refused(folder, "cannot be written: no permission")
        with contextlib.suppress(FileNotFoundError):
            os.lstat(sibling(folder, "part"))  # which says if the name is too long


@contextlib.contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A new folder to fill; when the block ends it gets the name `folder`, if the block fails it is removed.

    A folder of an earlier run is replaced. Raises ScenarioError for what the disk refuses (no permission, no
    space left), and whatever the block raises.
    """
    check_destination(folder)
    folder = folder.absolute()
    part = folder.parent
    try:
        with _told_plainly(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            remove_leftovers(folder.parent)
            part = _new_sibling(folder, "part")
            yield part
            _flush_tree(part)
            _swap_in(part, folder)
    finally:
        # After the renaming there is nothing left of this name.
        if part != folder.parent:
            shutil.rmtree(part, ignore_errors=True)


@contextlib.contextmanager
def whole_file(path: Path, *, at_once: bool = True) -> Iterator[Path]:
    """The name of a file to write; when the block ends it gets the name `path`, if the block fails it is
    removed.

    A file of that name is replaced. With `at_once` the disk holds its name when the block has ended; else a power cut
    within the next seconds may cost the file, but never leave a part of it (`flush` the folder later). Raises
    ScenarioError for what the disk refuses, and whatever the block raises."""
    part = sibling(path, "part")
    try:
        with _told_plainly(path):
            remove_leftovers(path.parent)
            yield part
            flush(part)
            os.replace(part, path)
            if at_once:
                flush(path.parent)
    finally:
        with contextlib.suppress(OSError):  # a name that no file can have was told of already
            part.unlink()


def write_whole(path: Path, content: bytes, *, at_once: bool = True) -> None:
    """Write a file that is there whole or not at all; see `whole_file`."""
    with whole_file(path, at_once=at_once) as part:
        part.write_bytes(content)


def _is_run(folder: Path) -> bool:
    return (folder / MANIFEST).is_file()


def _refused(folder: Path, message: str, hint: str | None = None) -> ScenarioError:
    return ScenarioError(message, file=printable(str(folder)), hint=hint)


@contextlib.contextmanager
def _told_plainly(folder: Path) -> Iterator[None]:
    """The fault of a disk that refuses to write: the user can correct it."""
    try:
        yield
    except OSError as fault:
        raise _refused(folder, f"cannot be written: {fault.strerror or fault}") from fault
    except ValueError as fault:
        if "null" not in str(fault):
            raise
        raise _refused(folder, "cannot be the name of a folder") from fault


def _new_sibling(folder: Path, kind: str) -> Path:
    """Make a hidden folder beside `folder`. A killed process may have left one of the same number."""
    while True:
        found = sibling(folder, kind)
        with contextlib.suppress(FileExistsError):
            found.mkdir()
            return found


def _swap_in(part: Path, folder: Path) -> None:
    """Give `part` the name of `folder`, whose old content goes only when the new is in its place."""
    if not os.path.lexists(folder):
        os.rename(part, folder)
        flush(folder.parent)
        return
    if not _is_run(folder):
        folder.rmdir()  # empty; were it not by now, this fails and nothing is lost
        os.rename(part, folder)
        flush(folder.parent)
        return
    aside = sibling(folder, "old")
    try:
        os.rename(folder, aside)
        os.rename(part, folder)
        flush(folder.parent)
    finally:
        if os.path.lexists(folder):
            shutil.rmtree(aside, ignore_errors=True)
        elif os.path.lexists(aside):
            os.rename(aside, folder)


def _flush_tree(top: Path) -> None:
    """Have the disk hold every file and folder under and including `top`."""
    for where, _, files in os.walk(top, topdown=False):
        for name in files:
            flush(Path(where, name))
        flush(Path(where))


def flush(path: Path) -> None:
    """Have the disk hold a file, or the names in a folder. Raises OSError."""
    if os.name == "nt":
        if path.is_dir():
            return  # Windows opens no folders, and has their entries on disk by itself
        handle = os.open(path, os.O_RDWR)
    else:
        handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# -- a run --------------------------------------------------------------------------------------------------
def write_run(
    folder: Path,
    frames: Mapping[str, pd.DataFrame],
    manifest: Mapping[str, Any],
    draw: Callable[[Path], Any] | None = None,
) -> None:
    """Write a run's folder: outcomes.csv, Parquet tables, what `draw` puts into `plots`, the manifest, and the list
    of all these files.

    Raises ScenarioError if the folder is in the way or cannot be written; then nothing of it is left.
    """
    with whole_folder(Path(folder)) as part:
        (part / OUTCOMES).write_bytes(csv_bytes(frames["outcomes"]))
        for name in TABLES:
            (part / f"{name}.parquet").write_bytes(parquet_bytes(frames[name]))
        if draw is not None:
            (part / "plots").mkdir()
            draw(part / "plots")
            with contextlib.suppress(OSError):
                (part / "plots").rmdir()  # if nothing was put there
        text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False)
        (part / MANIFEST).write_text(text + "\n", encoding="utf-8", newline="\n")
        write_listing(part)
    log_into(Path(folder), {"seed": manifest["seed"], "versions": manifest["versions"]})


def load_run(folder: str | os.PathLike[str]) -> RunResult:
    """Read back what `write_run` wrote; the scenario has the names that its keys have now.

    Raises ScenarioError, which names the file, if the folder is no run, or if a file is missing, extra, changed since
    the run was written, or holds what no run holds."""
    path = Path(folder)
    if not _is_run(path):
        raise _refused(path, f"is not the folder of a run (it has no {MANIFEST})")
    contents = Listing.of(path).contents()
    if unknown := [name for name in contents if name not in KNOWN]:
        raise _unreadable(path / unknown[0], "it is none of the files of a run")
    frames = {}
    try:
        for name in ESSENTIAL:
            at = path / name
            if name not in contents:
                raise _unreadable(at, f"{LISTING} does not list it")
            if name == MANIFEST:
                manifest = manifest_of(contents[name], printable(str(at)))
            elif name == OUTCOMES:
                frames["outcomes"] = outcomes_of(contents[name])
            else:
                frames[at.stem] = table_of(at.stem, contents[name])
    except ValueError as fault:
        raise _unreadable(at, str(fault)) from fault
    return RunResult(path, manifest, frames)


def _unreadable(path: Path, why: str) -> ScenarioError:
    hint = "Take an unchanged copy of the folder, or simulate the scenario again."
    return _refused(path, f"cannot be read: {printable(why)}", hint)


# -- tables as values, and as bytes -------------------------------------------------------------------------
def _columns(frame: pd.DataFrame) -> Iterator[tuple[str, str, Any]]:
    """(name, kind, values) of every column; the kind is integer, number, truth, date or text, whichever way
    this version of pandas keeps it."""
    for name in frame.columns:
        column = frame[name]
        first = column.iloc[0] if len(column) else None
        if pd.api.types.is_bool_dtype(column.dtype):
            yield str(name), "truth", column.to_numpy(np.bool_)
        elif pd.api.types.is_integer_dtype(column.dtype):
            yield str(name), "integer", column.to_numpy(np.int64)
        elif pd.api.types.is_float_dtype(column.dtype):
            yield str(name), "number", column.to_numpy(np.float64)
        elif hasattr(first, "isoformat") or _is_day(str(name)):
            yield str(name), "date", column.tolist()
        else:
            yield str(name), "text", column.tolist()


def _is_day(column: str) -> bool:
    """Tables without rows do not show what their columns hold."""
    return column in ("date", "month")


def _arrow(frame: pd.DataFrame) -> pa.Table:
    import pyarrow as pa

    types = {
        "truth": pa.bool_(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "date": pa.date32(),
        "text": pa.string(),
    }
    found = [(name, pa.array(values, types[kind])) for name, kind, values in _columns(frame)]
    return pa.table([a for _, a in found], schema=pa.schema([(n, a.type) for n, a in found]))


def parquet_bytes(frame: pd.DataFrame) -> bytes:
    """A table as a Parquet file: the same values give the same bytes with the same pyarrow."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(
        _arrow(frame),
        sink,
        version="2.6",
        compression="zstd",
        compression_level=3,
        row_group_size=1 << 20,
        store_schema=False,  # no description of the pandas that wrote it
    )
    return sink.getvalue().to_pybytes()


def tables_digest(run: str | os.PathLike[str] | Mapping[str, pd.DataFrame]) -> str:
    """SHA-256 (hex) over the values of all tables of a run, given as its folder or its frames.

    Versions of Python, pandas and pyarrow do not change it, for it reads values, not files.
    """
    frames = run if isinstance(run, Mapping) else load_run(run).frames
    digest = hashlib.sha256()

    def add(data: bytes) -> None:
        digest.update(len(data).to_bytes(8, "little") + data)

    for table in sorted(frames):
        add(table.encode())
        for name, kind, values in _columns(frames[table]):
            add(name.encode())
            if kind == "number":
                # Every NaN is the same NaN, and -0.0 is 0.
                values = np.where(np.isnan(values), np.nan, values) + 0.0
            if isinstance(values, np.ndarray):
                add(values.astype(values.dtype.newbyteorder("<")).tobytes())
            else:
                add(json.dumps([str(v) for v in values], ensure_ascii=True).encode())
    return digest.hexdigest()
