"""A finished run as one row of one Parquet file: its metrics, its stores and its months, nested.

One file is there whole or not at all, carries its own checksum, is small (tens of kilobytes), and DuckDB reads thousands of them at
once: `SELECT key, unnest(stores, recursive := true) FROM 'DIR/runs/*.parquet'`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .. import __version__
from ..errors import ScenarioError
from ..files import MB, Most, content, parquet_of
from ..scenario.textfile import printable

TEXTS = ("name", "category", "format", "circle", "outcome", "mode", "reason", "opened", "changed")
STORE = pa.struct([("store", pa.int64()), *((name, pa.string()) for name in TEXTS)])
MONTH = pa.struct([("month", pa.date32()), ("series", pa.string()), ("value", pa.float64())])
SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("seed", pa.int64()),
        ("status", pa.string()),
        ("error", pa.string()),
        ("version", pa.string()),
        ("seconds", pa.float64()),
        ("metrics", pa.map_(pa.string(), pa.float64())),
        ("stores", pa.list_(STORE)),
        ("monthly", pa.list_(MONTH)),
    ]
)
"""A run's row. `status` is ok or failed, `error` the traceback of a failed one, `seconds` its wall time."""
MOST_BYTES = 256 * MB
_MOST = Most(rows=1, columns=100, cells=20_000_000, bytes=1_000 * MB, lists=True)
_KEY, _NONE = b"o2o_sim.sha256", b"0" * 64
"""The name in the footer under which a file has its checksum, and what stands there when that is computed."""


def pack(
    *,
    key: str,
    seed: int,
    seconds: float,
    metrics: Mapping[str, float] | None = None,
    stores: pd.DataFrame | None = None,
    monthly: pd.DataFrame | None = None,
    error: str = "",
) -> bytes:
    """The content of a run's file, with its checksum. An `error` makes it a failed run, which has no tables."""
    row = {
        "key": [key],
        "seed": [seed],
        "status": ["failed" if error else "ok"],
        "error": [error],
        "version": [__version__],
        "seconds": [seconds],
        "metrics": [list((metrics or {}).items())],
        "stores": _nested(stores, STORE),
        "monthly": _nested(monthly, MONTH),
    }
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, SCHEMA, compression="zstd", store_schema=False) as writer:
        writer.write_table(pa.table(row, schema=SCHEMA))
        writer.add_key_value_metadata({_KEY: _NONE})
    return _sealed(sink.getvalue().to_pybytes())


def _nested(table: pd.DataFrame | None, kind: pa.StructType) -> pa.Array:
    """A table as one list of rows; an empty one without a table."""
    if table is None:
        return pa.array([[]], pa.list_(kind))
    columns = [pa.array(table[field.name].tolist(), field.type) for field in kind]
    rows = pa.StructArray.from_arrays(columns, fields=list(kind))
    return pa.ListArray.from_arrays(pa.array([0, len(rows)], pa.int32()), rows, type=pa.list_(kind))


def is_failed(data: bytes) -> bool:
    """Whether the content of a run's file, as `pack` just made it, is that of a failed run."""
    return pq.ParquetFile(pa.BufferReader(data)).read(["status"])["status"][0].as_py() == "failed"


def read_rows(paths: Iterable[Path], columns: Sequence[str] | None = None) -> pa.Table:
    """The rows of these files, in their order. `columns` leaves the rest unread.

    Raises ScenarioError for a file that is not as we wrote it, or holds the run of another key than its name says.
    """
    wanted = SCHEMA if columns is None else pa.schema([SCHEMA.field(name) for name in columns])
    found = []
    for path in paths:
        try:
            found.append(_row(whole_content(path), path.stem, wanted))
        except ValueError as fault:
            raise _damaged(path, str(fault)) from fault
    return pa.concat_tables(found) if found else wanted.empty_table()


def whole_content(path: Path) -> bytes:
    """The content of a run's file, which is as `pack` made it. Raises ScenarioError if it is not."""
    try:
        data = content(path, MOST_BYTES)
        at = data.rfind(_KEY) + len(_KEY) + 2
        written, data_then = data[at : at + 64], data[:at] + _NONE + data[at + 64 :]
        if _KEY not in data or hashlib.sha256(data_then).hexdigest().encode() != written:
            raise ValueError("its checksum is not that of what it holds")
        return data
    except (OSError, ValueError) as fault:
        raise _damaged(path, getattr(fault, "strerror", None) or str(fault)) from fault


def _sealed(data: bytes) -> bytes:
    """A file with the SHA-256 of all of it, in which 64 zeros stand in the checksum's own place. The footer of a
    Parquet file is not packed, so that the value stands as it is two bytes (kind and length) behind its name."""
    at = data.rindex(_KEY) + len(_KEY) + 2
    assert data[at : at + 64] == _NONE
    return data[:at] + hashlib.sha256(data).hexdigest().encode() + data[at + 64 :]


def _row(data: bytes, key: str, wanted: pa.Schema) -> pa.Table:
    """The columns `wanted` of a file's row, which must be of the run with this key. Raises ValueError."""
    table = parquet_of(data, _MOST, dict.fromkeys(["key", *wanted.names]))
    if table.num_rows != 1 or table["key"].to_pylist() != [key]:
        raise ValueError(f"it holds the run {printable(str(table['key'][:1].to_pylist())[:40])}")
    try:
        return table.select(wanted.names).cast(wanted)
    except (KeyError, pa.ArrowException) as fault:
        raise ValueError(f"its columns are not those of a run: {fault}") from fault


def _damaged(path: Path, why: str) -> ScenarioError:
    hint = "Ask the study again with its command: that run is done again."
    return ScenarioError(f"is not a run any more: {printable(why)}", file=printable(str(path)), hint=hint)


def metrics_of(rows: pa.Table) -> pd.DataFrame:
    """One column per metric, one row per run; NaN where a run has no such metric.

    Columns stand in the order in which the first run that has them gives them.
    """
    names: dict[str, None] = {}
    records = [dict(pairs or ()) for pairs in rows["metrics"].to_pylist()]
    for record in records:
        names |= dict.fromkeys(record)
    return pd.DataFrame(records, columns=list(names), dtype="float64")


def unnested(rows: pa.Table, column: str) -> tuple[pa.Table, pa.Array]:
    """The nested table `column` (stores or monthly) of all rows, one below the other, and for each of its
    lines the number of the row it comes from."""
    lists = rows[column].combine_chunks()
    parents = pc.list_parent_indices(lists)
    items = pc.list_flatten(lists)
    fields = items.type
    return pa.table({f.name: pc.struct_field(items, f.name) for f in fields}), parents
