"""A finished run as one row of one Parquet file: its metrics, its stores and its months, nested.

One file is there whole or not at all, is small (tens of kilobytes), and DuckDB reads thousands of them at
once: `SELECT key, unnest(stores, recursive := true) FROM 'DIR/runs/*.parquet'`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .. import __version__
from ..errors import ScenarioError
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
    """The content of a run's file. An `error` makes it a failed run, which has no tables."""
    row = {
        "key": [key],
        "seed": [seed],
        "status": ["failed" if error else "ok"],
        "error": [error],
        "version": [__version__],
        "seconds": [seconds],
        "metrics": [list((metrics or {}).items())],
        "stores": [[] if stores is None else stores.to_dict("records")],
        "monthly": [[] if monthly is None else monthly.to_dict("records")],
    }
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(row, schema=SCHEMA), sink, compression="zstd", store_schema=False)
    return sink.getvalue().to_pybytes()


def read_rows(paths: Iterable[Path], columns: Sequence[str] | None = None) -> pa.Table:
    """The rows of these files, in their order. `columns` leaves the rest unread.

    Raises ScenarioError for a file that something has damaged; what we write is whole.
    """
    wanted = SCHEMA if columns is None else pa.schema([SCHEMA.field(name) for name in columns])
    found = []
    for path in paths:
        try:
            found.append(pq.read_table(path, columns=wanted.names, schema=SCHEMA))
        except (OSError, pa.ArrowException) as fault:
            hint = "Delete the file, and ask again: that run is made anew."
            raise ScenarioError("is not a run any more", file=printable(str(path)), hint=hint) from fault
    return pa.concat_tables(found) if found else wanted.empty_table()


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
