"""What a run's files hold, looked at before anything is made of it: they may come from anywhere.

A manifest has the keys and kinds of value that `studies.run.describe` writes, and a scenario that can be read. A
table has its columns, each of one kind, with finite numbers and dates that there are. Everything wrong is a
ValueError that says what and where in the file, so that nobody who shows a run has to expect a text for a number.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..csvtext import plain
from ..errors import ScenarioError
from ..files import MB, Most, json_of, parquet_of
from ..scenario.textfile import printable
from .message import Message, decode
from .outcomes import COLUMNS
from .outcomes import OUTCOMES as STATES
from .replay import REPLAY, Replay

if TYPE_CHECKING:
    import pyarrow as pa

MOST_MANIFEST = 32 * MB
_MOST_OUTCOMES = 400 * MB
_MOST_STORES = 2_000_000
_LARGEST = 1e21
"""Sums and squares of such numbers are still finite."""

_DAILY = "needs purchases turned_away showroomed stores_open"
_DAILY_SHARES = "showroom_sales_yuan sales_yuan subsidy_yuan surplus_mean vacancy"
_OF_STORES = "sales_yuan rent_yuan wages_yuan revenue_yuan profit_yuan cash_yuan price_x customers visits"


def _kinds(**columns: str) -> dict[str, str]:
    return {name: kind for kind, names in columns.items() for name in names.split()}


_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "daily": _kinds(date="date", integer=_DAILY, number=_DAILY_SHARES),
    "stores_monthly": _kinds(
        date="month",
        integer="store",
        text="name category format circle state modes",
        number=f"{_OF_STORES} looked_only turned_away",
    ),
    "sales_monthly": _kinds(
        date="month", text="channel category circle platform cohort", integer="purchases", number="sales_yuan"
    ),
    "circles_monthly": _kinds(
        date="month", text="circle", integer="units let", number="vacancy rent_yuan_m2_month"
    ),
    "city_monthly": _kinds(date="month", number="smartphone pays_by_phone"),
    "ledger": _kinds(date="month", text="line from to", integer="fen", number="yuan"),
    "events": _kinds(date="date", text="kind who decision reason figures"),
}
"""The columns that each table has, and of which kind; others may be there too. A table of a run that is too short
for a row has none."""
_NUMERIC = ("sales/", "category/", "footfall/", "orders/", "members/", "cash_yuan/", "subsidy_yuan_order/")
"""Columns of numbers of which there are as many as the city has channels, platforms and so on."""
_TYPES = {"date32[day]": "date", "int64": "integer", "double": "number", "string": "text", "bool": "truth"}
_MAY_MISS = ("city_monthly",)
"""Tables in which a figure may be NaN: before there was what it is of."""


# -- the manifest -------------------------------------------------------------------------------------------
class _Bound(BaseModel):
    """What was at a bound, in a manifest."""

    model_config = ConfigDict(strict=True)

    what: str = Field(min_length=1, max_length=200)
    kind: str
    bound: str
    months: int
    count: int
    names: list[str] = Field(min_length=1)
    since: str
    until: str


class _Manifest(BaseModel):
    """What every manifest says; there may be more."""

    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)

    name: str
    question: str
    file: str | None
    content_hash: str
    seed: int
    days: int
    first_day: str
    last_day: str
    created: str
    versions: dict[str, str]
    plugins: dict[str, str]
    mode_channels: dict[str, str]
    online_channels: list[str]
    scenario: dict[str, Any]
    bounds: list[_Bound] = []


def manifest_of(data: bytes, shown: str) -> dict[str, Any]:
    """The manifest of a run; its scenario has the names that its keys have now. `shown` names the file.

    Raises ValueError, and ScenarioError for a scenario that cannot be read."""
    from ..scenario.load import from_plain
    from ..scenario.renamed import renamed
    from ..scenario.schema import Spec
    from ..scenario.shape import Slot

    if len(data) > MOST_MANIFEST:
        raise ValueError(f"it is larger than {MOST_MANIFEST // MB} MB")
    said = json_of(data)
    try:
        _Manifest.model_validate(said)
    except ValidationError as fault:
        error = fault.errors()[0]
        key = ".".join(map(str, error["loc"])) or "the whole"
        raise ValueError(f"{key}: {error['msg']}") from fault
    for key in ("first_day", "last_day"):
        _check_day(said[key], key)
    if said["first_day"] > said["last_day"]:
        raise ValueError("last_day: it is before first_day")
    for key in ("days", "seed"):
        if not 0 <= said[key] < 2**64:
            raise ValueError(f"{key}: {str(said[key])[:20]} is negative or too large")
    said["scenario"] = renamed(said["scenario"], Slot((Spec,)))
    from_plain(said["scenario"], said["file"] or "scenario", shown)
    return said


def _check_day(text: str, key: str) -> None:
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            raise ValueError(text)
        date.fromisoformat(text)
    except ValueError as fault:
        raise ValueError(f"{key}: {text[:20]!r} is no date") from fault


# -- tables -------------------------------------------------------------------------------------------------
def outcomes_of(data: bytes) -> pd.DataFrame:
    """The table of outcomes. Raises ValueError."""
    if len(data) > _MOST_OUTCOMES or data.count(b"\n") > _MOST_STORES:
        raise ValueError(f"it has more than {_MOST_STORES:,} lines or {_MOST_OUTCOMES // MB} MB")
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True)
        if next(reader, []) != COLUMNS:
            raise ValueError(f"line 1: the columns must be {', '.join(COLUMNS)}")
        rows = [[plain(cell) for cell in row] for row in reader if row]
    except csv.Error as fault:
        raise ValueError(f"line {reader.line_num}: it is not well-formed CSV: {fault}") from fault
    if wrong := [k for k, row in enumerate(rows) if len(row) != len(COLUMNS)]:
        found = len(rows[wrong[0]])
        raise ValueError(f"row {wrong[0] + 1}: it has {found} fields instead of {len(COLUMNS)}")
    frame = pd.DataFrame(rows, columns=COLUMNS, dtype=None if rows else str)
    for k, row in enumerate(zip(frame["store"], frame["outcome"], frame["opened"], frame["changed"])):
        number, outcome, *days = row
        if not re.fullmatch(r"\d{1,9}", number):
            raise ValueError(f"row {k + 1}: store {number[:20]!r} is no number of a store")
        if outcome not in STATES:
            raise ValueError(f"row {k + 1}: outcome {outcome[:20]!r} is none of {', '.join(STATES)}")
        for key, day in zip(("opened", "changed"), days):
            _check_day(day, f"row {k + 1}: {key}")
    return frame.astype({"store": "int64"})


def table_of(name: str, data: bytes) -> pd.DataFrame:
    """One of the tables that are kept as Parquet. Raises ValueError."""
    table = parquet_of(data, Most(columns=20_000))
    wanted = _COLUMNS[name]
    if name != "daily" and table.num_rows == 0:
        return _frame(table)  # of a run too short for a row, whose columns say nothing
    missing = [column for column in wanted if column not in table.column_names]
    if missing or len(set(table.column_names)) < table.num_columns:
        raise ValueError(f"column {missing[0]!r} is missing" if missing else "two columns have one name")
    for column in table.column_names:
        _check_column(table[column], column, wanted.get(column), may_miss=name in _MAY_MISS)
    frame = _frame(table)
    if name == "daily":
        _check_days(frame)
    if name == "events":
        for k, text in enumerate(frame["figures"]):
            _check_figures(text, k)
    return frame


def _frame(table: pa.Table) -> pd.DataFrame:
    import pyarrow as pa

    try:
        return table.to_pandas(date_as_object=True)
    except (pa.ArrowException, OverflowError, TypeError) as fault:
        raise ValueError(f"it holds what no table of a run holds: {fault}") from fault


def _check_column(values: pa.ChunkedArray, name: str, kind: str | None, *, may_miss: bool) -> None:
    import pyarrow as pa

    found = _TYPES.get(str(values.type))
    if found is None or (kind and found != kind):
        raise ValueError(f"column {name!r} is of the type {values.type}")
    if name.startswith(_NUMERIC) and found not in ("integer", "number"):
        raise ValueError(f"column {name!r} is not of numbers")
    if values.null_count and (kind or found != "number"):
        raise ValueError(f"column {name!r} lacks a value in {values.null_count} rows")
    if found == "date":
        # Python has years from 1 to 9999: days since 1970.
        days = values.cast(pa.int32()).to_numpy()
        if len(days) and not -719_162 <= days.min() <= days.max() <= 2_932_896:
            raise ValueError(f"column {name!r} holds a date that there is not")
    if found in ("integer", "number"):
        numbers = np.asarray(values.to_numpy(), np.float64)
        known = numbers[~np.isnan(numbers)] if may_miss and not kind else numbers
        if len(known) and not np.abs(known).max() <= _LARGEST:
            raise ValueError(f"column {name!r} holds a number that is none, or larger than {_LARGEST:g}")


def _check_days(daily: pd.DataFrame) -> None:
    if not len(daily):
        raise ValueError("it has no rows")
    days = np.array([day.toordinal() for day in daily["date"]])
    if (np.diff(days) != 1).any():
        raise ValueError("column 'date': the days do not follow each other")


_FIGURES = ("price", "rent (yuan/m2/month)", "spent this month (yuan)", "margin", "aspiration")


def _check_figures(text: str, row: int) -> None:
    """The figures behind a decision: names with values, and the options that were considered."""
    try:
        said = json_of(text, finite=False)  # a margin of nothing is NaN
        ok = isinstance(said, dict)
        ok = ok and all(_is_number(said[name]) for name in _FIGURES if name in said)
        options = said.get("considered") or [] if ok else []
        ok = ok and isinstance(options, list) and all(map(_is_option, options))
    except ValueError as fault:
        raise ValueError(f"row {row + 1}: figures: {fault}") from fault
    if not ok:
        raise ValueError(f"row {row + 1}: figures: they are not the figures of a decision")


def _is_option(said: Any) -> bool:
    return isinstance(said, dict) and all(_is_number(said.get(name)) for name in ("gain", "cost"))


def _is_number(said: Any) -> bool:
    if isinstance(said, bool) or not isinstance(said, int | float):
        return False
    return not math.isfinite(said) or abs(said) <= _LARGEST


# -- the replay ---------------------------------------------------------------------------------------------
def replay_of(folder: Path, manifest: Mapping[str, Any], daily: pd.DataFrame) -> Replay:
    """The replay of a run's folder, which shows the days of this very run. Raises ScenarioError."""
    replay = Replay.load(folder)
    try:
        _check_key(decode(replay.key), manifest)
        people, platforms = len(decode(replay.key).arrays["id"]), len(manifest["scenario"]["platforms"])
        if len(replay.frames) > len(daily):
            raise ValueError(f"it has {len(replay.frames)} days, the run {len(daily)}")
        for day, frame in zip(daily["date"], map(decode, replay.frames)):
            sizes = [len(frame.arrays[name]) for name in ("people", "subsidy")]
            if frame.header["date"] != day.isoformat() or sizes != [people, platforms]:
                raise ValueError(f"its picture of {day} is that of another day or city")
    except (KeyError, TypeError, ValueError) as fault:
        said = f"it lacks {fault}" if isinstance(fault, KeyError) else str(fault)
        hint = "Take an unchanged copy of the folder, or simulate the scenario again."
        where = printable(str(folder / REPLAY))
        raise ScenarioError(
            f"is not the replay of this run: {printable(said)}", file=where, hint=hint
        ) from fault
    return replay


def _check_key(key: Message, manifest: Mapping[str, Any]) -> None:
    scenario, header, arrays = manifest["scenario"], key.header, key.arrays
    for ours, theirs in (("seed", "seed"), ("start", "first_day")):
        if header[ours] != manifest[theirs]:
            raise ValueError(f"its {ours} is {str(header[ours])[:20]}, that of the run {manifest[theirs]}")
    if header["cohorts"] != list(scenario["cohorts"]):
        raise ValueError("its age groups are not those of the run")
    nx, ny, cell_m = (header["grid"][name] for name in ("nx", "ny", "cell_m"))
    if not (type(nx) is int and type(ny) is int and _is_number(cell_m) and min(nx, ny, cell_m) > 0):
        raise ValueError("its grid is none")
    homes, cohorts = arrays["home"], arrays["cohort"]
    if not len(arrays["id"]) == len(homes) == len(cohorts):
        raise ValueError("its people have no homes or ages")
    if len(homes) and (homes.max() >= nx * ny or cohorts.max() >= len(header["cohorts"])):
        raise ValueError("its people live outside the city or have no age")
