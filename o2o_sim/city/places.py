"""Reading zones, circles and stores from CSV files that strangers made: strictly, and saying where it hurts.

Every fault is a `Problem` with file, line, the column's name, what is wrong and what to do; up to 20 of them
are reported at once.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import Problem, ScenarioError
from ..files import MB, content
from ..scenario.textfile import printable

MAX_BYTES = 50 * MB
MAX_PROBLEMS = 20
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class Column:
    """What a column must hold: text, a date, or a number within bounds; `blank` allows empty fields (None)."""

    names: tuple[str, ...]
    number: bool = True
    date: bool = False
    low: float = -math.inf
    high: float = math.inf
    above: float = -math.inf  # numbers must be larger than this
    required: bool = False
    blank: bool = False
    hint: str | None = None


_X = Column(("x",), hint="x is in metres east.")
_Y = Column(("y",), hint="y is in metres north.")
_LON = Column(("lon",), low=-180, high=180, hint="lon is in degrees; are lon and lat swapped?")
_LAT = Column(("lat",), low=-85, high=85, hint="lat is in degrees; are lon and lat swapped?")
_PLACE = {"x": _X, "y": _Y, "lon": _LON, "lat": _LAT}

ZONES: dict[str, Column] = {
    "name": Column(("name", "zone"), number=False, required=True),
    **_PLACE,
    "population": Column(("population", "households"), low=0, required=True),
    "jobs": Column(("jobs",), low=0),
    "income": Column(("income",), above=0),
}
CIRCLES: dict[str, Column] = {
    "name": Column(("name", "circle"), number=False, required=True),
    **_PLACE,
    "class": Column(("class",), number=False, blank=True),
    "floorspace_m2": Column(("floorspace_m2",), low=0, blank=True),
}
STORES: dict[str, Column] = {
    "name": Column(("name", "store"), number=False, required=True),
    **_PLACE,
    "category": Column(("category",), number=False, blank=True),
    "format": Column(("format",), number=False, required=True),
    "area_m2": Column(("area_m2",), above=0, required=True, blank=True),
    "circle": Column(("circle",), number=False, blank=True),
    "chain": Column(("chain",), number=False, blank=True),
    "rent_yuan_m2_month": Column(
        ("rent_yuan_m2_month", "rent"), low=0, high=1e5, blank=True, hint="per m2 and month"
    ),
    "sales_yuan_year": Column(
        ("sales_yuan_year", "sales"), above=0, high=1e13, blank=True, hint="of a whole year"
    ),
    "quality": Column(("quality",), low=-20, high=20, blank=True, hint="in utils; 0 is the format's"),
    "cost_x": Column(
        ("cost_x",), above=0, high=10, blank=True, hint="1 is what the category's goods usually cost"
    ),
    "opens": Column(("opens", "opening_date"), date=True, blank=True),
    "integration": Column(("integration",), number=False, blank=True),
}
TRAVEL: dict[str, Column] = {
    "from": Column(("from",), number=False, required=True, hint="A zone."),
    "to": Column(("to",), number=False, required=True, hint="A store, a circle or a zone."),
    "minutes": Column(("minutes",), low=0),
    "km": Column(("km",), low=0),
}


@dataclass(frozen=True)
class Table:
    """A file that passed: for each of our columns that it has, one value per row, and each row's line."""

    file: Path
    key: str
    columns: Mapping[str, list]
    lines: Sequence[int]
    used: frozenset[str]  # which of the `columns:` mapping's keys were found in this file

    @property
    def in_degrees(self) -> bool:
        """True if places are lon, lat; False if they are x, y."""
        return "lon" in self.columns

    def numbers(self, name: str) -> NDArray[np.float64]:
        """float64[rows] of a column; empty fields are NaN."""
        return np.array([math.nan if v is None else v for v in self.columns[name]], dtype=float)

    def problem(self, row: int, message: str, hint: str | None = None) -> Problem:
        """A fault of one row (the first is 0)."""
        return Problem(printable(message), str(self.file), self.lines[row], key=self.key, hint=hint)


def read_table(
    file: Path, key: str, wanted: Mapping[str, Column], renamed: Mapping[str, str], *, placed: bool = True,
    unique: tuple[str, ...] = ("name",),
) -> Table:  # fmt: skip
    """Read a CSV file with the columns `wanted`; `renamed` maps our names to the file's own.

    `key` is the scenario key that names the file, for messages. Other columns are left alone. `placed` files
    must say where things are. No two rows may be alike in the columns `unique`. Raises ScenarioError with
    everything that is wrong (up to 20 faults)."""
    faults = _Faults(file, key)
    rows = _rows(_text(file, faults), faults)
    if not rows:
        raise faults.error("is empty", hint="The first line names the columns.")
    header_line, header = rows[0]
    header = [h.strip() for h in header]
    _check_separator(header, header_line, faults)
    where, used = _find_columns(header, header_line, wanted, renamed, faults, placed)
    if len(rows) == 1:
        raise faults.error("has column names but no rows", header_line)
    columns: dict[str, list] = {name: [] for name in where}
    lines = []
    for line, row in rows[1:]:
        lines.append(line)
        if len(row) != len(header):
            faults.add(f"{len(row)} fields where the header has {len(header)}", line)
            continue
        for name, index in where.items():
            columns[name].append(_value(row[index].strip(), header[index], wanted[name], line, faults))
    faults.stop()
    first: dict[tuple[str, ...], int] = {}
    heads = "', '".join(header[where[n]] for n in unique)
    for line, names in zip(lines, zip(*(columns[n] for n in unique))):
        if names in first:
            what = "', '".join(_short(str(n)) for n in names)
            faults.add(
                f"column{'s'[: len(unique) - 1]} '{heads}': '{what}' is already on line {first[names]}", line
            )
        first.setdefault(names, line)
    faults.stop()
    return Table(file, key, columns, lines, used)


def outside(table: Table, inside: NDArray[np.bool_]) -> None:
    """Raise ScenarioError for rows that are not inside the city."""
    problems = [
        table.problem(
            row,
            f"columns {'lon, lat' if table.in_degrees else 'x, y'}: "
            f"'{_short(table.columns['name'][row])}' lies outside the city",
            "Correct the place, or widen city.import.margin_km or city.width_km and city.height_km.",
        )
        for row in np.flatnonzero(~inside)[:MAX_PROBLEMS]
    ]
    if problems:
        raise ScenarioError(problems)


class _Faults:
    """Collects what is wrong with one file."""

    def __init__(self, file: Path, key: str):
        self.file, self.key = file, key
        self.problems: list[Problem] = []

    def add(self, message: str, line: int | None = None, hint: str | None = None) -> None:
        """Note a fault; stop reading when there are enough of them."""
        self.problems.append(Problem(printable(message), str(self.file), line, key=self.key, hint=hint))
        if len(self.problems) >= MAX_PROBLEMS:
            raise self.error("reading stopped here: too many faults", line)

    def error(self, message: str, line: int | None = None, hint: str | None = None) -> ScenarioError:
        """Everything so far and one last fault, to be raised."""
        self.problems.append(Problem(printable(message), str(self.file), line, key=self.key, hint=hint))
        return ScenarioError(self.problems)

    def stop(self) -> None:
        """Raise what was found, if anything was."""
        if self.problems:
            raise ScenarioError(self.problems)


def _text(file: Path, faults: _Faults) -> str:
    """The whole file, if it is a regular UTF-8 file of at most 50 MB."""
    try:
        if not file.exists():
            raise faults.error("there is no such file", hint="Paths start from the scenario's folder.")
        raw = content(file, MAX_BYTES, links=True)
    except (OSError, ValueError) as fault:  # ValueError: a path with a NUL in it
        raise faults.error(f"cannot be read: {getattr(fault, 'strerror', None) or fault}") from None
    if raw.startswith(b"PK\x03\x04"):
        raise faults.error(
            "is a workbook or an archive, not a CSV file", hint="Save the sheet as CSV in UTF-8."
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = raw.count(b"\n", 0, fault.start) + 1
        raise faults.error("is not UTF-8 text", line, "Save it as CSV in UTF-8.") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise faults.error("holds a NUL byte, as no text has", line, "Save it as CSV in UTF-8.")
    return text


def _rows(text: str, faults: _Faults) -> list[tuple[int, list[str]]]:
    """(first line, fields) of every row that has anything in it."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows, line = [], 1
    try:
        for row in reader:
            if any(field.strip() for field in row):
                rows.append((line, row))
            line = reader.line_num + 1
    except csv.Error as fault:
        raise faults.error(
            f"is not well-formed CSV: {fault}", line, "Is a quotation mark left open?"
        ) from None
    return rows


def _check_separator(header: list[str], line: int, faults: _Faults) -> None:
    """Whether the first line has columns that another program has separated otherwise."""
    hint = "Save it with commas between the columns, and a point in numbers."
    if len(header) == 1 and (found := next((mark for mark in ";\t|" if mark in header[0]), None)):
        shown = "tabs" if found == "\t" else f"'{found}'"
        raise faults.error(f"has columns with {shown} between them, not commas", line, hint)
    if header[0].lower().startswith("sep="):
        raise faults.error("begins with a line for Excel (sep=)", line, "Remove this line.")


def _find_columns(
    header: list[str],
    line: int,
    wanted: Mapping[str, Column],
    renamed: Mapping[str, str],
    faults: _Faults,
    placed: bool,
) -> tuple[dict[str, int], frozenset[str]]:
    """Where each of our columns is in the file, and which renamed ones were found."""
    for name in sorted({h for h in header if header.count(h) > 1 and h}):
        faults.add(f"column '{_short(name)}' is there twice", line)
    where, used = {}, set()
    for name, column in wanted.items():
        if renamed.get(name) in header:
            where[name] = header.index(renamed[name])
            used.add(name)
            continue
        for known in column.names:
            if known in header:
                where[name] = header.index(known)
                break
        else:
            if column.required:
                near = next((h for h in header if _plain(h) in column.names), "name in the file")
                faults.add(
                    f"column '{' or '.join(column.names)}' is missing; there are {_short(', '.join(header))}",
                    line,
                    f"Rename it, or say city.import.columns: {{{name}: {_short(near)}}}.",
                )
    places = {"x", "y", "lon", "lat"} & where.keys()
    if {"x", "y"} <= places and {"lon", "lat"} <= places:
        faults.add("gives places twice, as x, y and as lon, lat", line, "Keep one of the two.")
    elif placed and not ({"x", "y"} <= places or {"lon", "lat"} <= places):
        faults.add(
            f"columns 'x' and 'y', or 'lon' and 'lat', are missing; there are {_short(', '.join(header))}",
            line,
            "x, y are metres; lon, lat are degrees. city.import.columns renames columns.",
        )
    faults.stop()
    return where, frozenset(used)


def _value(text: str, name: str, column: Column, line: int, faults: _Faults) -> str | float | date | None:
    """One field as text, date or number; a fault, and None, if it is not what the column must hold."""
    if not text:
        if not column.blank:
            faults.add(f"column '{name}' is empty", line, column.hint)
        return None
    if column.date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            faults.add(f"column '{name}': '{_short(text)}' is not a date written YYYY-MM-DD", line)
            return None
    if not column.number:
        return text
    if not _NUMBER.fullmatch(text):
        finite = text.lstrip("+-").lower() not in ("nan", "inf", "infinity")
        what = "is not a number" if finite else "is not a finite number"
        hint = "Write numbers without separators or units, with a decimal point." if finite else column.hint
        faults.add(f"column '{name}': '{_short(text)}' {what}", line, hint)
        return None
    number = float(text)
    if not math.isfinite(number) or abs(number) > 1e15:
        faults.add(f"column '{name}': '{_short(text)}' is too large", line, column.hint)
    elif not column.low <= number <= column.high:
        bound = f"below {column.low:g}" if number < column.low else f"above {column.high:g}"
        faults.add(f"column '{name}': {_short(text)} is {bound}", line, column.hint)
    elif not number > column.above:
        faults.add(f"column '{name}': {_short(text)} must be above {column.above:g}", line, column.hint)
    return number


def _plain(text: str) -> str:
    """The name of a column without what programs and people put around it: capitals, invisible characters."""
    return "".join(c for c in text if c.isprintable()).strip().lower()


def _short(text: str) -> str:
    """Text fit for a message: at most 80 characters, all printable."""
    clean = "".join(c if c.isprintable() else "?" for c in text)
    return clean if len(clean) <= 80 else clean[:77] + "..."
