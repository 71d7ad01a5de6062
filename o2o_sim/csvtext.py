"""Tables as CSV that a spreadsheet shows and never calculates.

A spreadsheet takes a cell that begins with =, +, -, @ or a control character for a formula, which can read other
cells or open addresses (OWASP, "CSV Injection"). Such text gets an apostrophe in front, which spreadsheets take for
"this is text"; numbers stay numbers. What already begins with apostrophes before such a sign gets one more, so that
`plain` gives back exactly what was written.
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

_SIGNS = r"=+\-@\t\r\n＝＋－＠"
_FORMULA = re.compile(rf"'*\s*[{_SIGNS}]")
_KEPT = re.compile(rf"'+\s*[{_SIGNS}]")
_QUOTED_OR_END = re.compile(r'("(?:[^"]|"")*")|\r\n')
_NUMBER = re.compile(r"[+-]?(\d[\d,]*\.?\d*|\.\d+)([eE][+-]?\d+)?")


def cell(text: Any) -> Any:
    """A cell as it is written: text that a spreadsheet could take for a formula begins with an apostrophe."""
    if isinstance(text, str) and _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def plain(text: Any) -> Any:
    """A cell as it was before `cell`."""
    return text[1:] if isinstance(text, str) and _KEPT.match(text) else text


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """A table as a CSV file in UTF-8, every text of it (names of columns too) through `cell`."""
    shown = frame.copy(deep=False)
    for k, kind in enumerate(frame.dtypes):
        if pd.api.types.is_object_dtype(kind) or pd.api.types.is_string_dtype(kind):
            shown.isetitem(k, frame.iloc[:, k].map(cell).array)
    shown.columns = pd.Index([cell(name) for name in frame.columns])
    # With this end of lines both of its characters are quoted inside of cells; outside of them it becomes one.
    text = shown.to_csv(index=False, lineterminator="\r\n")
    return _QUOTED_OR_END.sub(lambda found: found[1] or "\n", text).encode()


__all__ = ["cell", "csv_bytes", "plain"]
