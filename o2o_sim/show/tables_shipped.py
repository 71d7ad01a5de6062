"""The tables of `o2o-sim scenarios`: what comes with the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..scenario.shipped import KINDS, shipped_files
from ..scenario.textfile import read_source
from ..scenario.yamlio import parse

if TYPE_CHECKING:
    from ..terminal import Table

_HEADS = {
    "scenario": ("Scenario", "Question", "question"),
    "study": ("Study (for sweep)", "Question", "question"),
    "claim": ("Claim (for claims, by its number)", "What is claimed", "claim"),
}
"""Kind -> two heads of columns, and the key of the sentence in the second."""


def shipped_tables() -> list[Table]:
    """A table for each kind of shipped file: its name and the question it asks, or what it claims."""
    from rich import box

    from ..terminal import Table, Text

    tables = []
    for kind in KINDS:
        name, sentence, key = _HEADS[kind]
        table = Table(name, sentence, box=box.SIMPLE)
        for stem, file in shipped_files(kind).items():
            table.add_row(Text(stem, no_wrap=True), Text(_said(file, key)))
        tables.append(table)
    return tables


def _said(file: Path, key: str) -> str:
    """What the file itself says of a key. What it extends is not read: that would take seconds for all."""
    node = parse(read_source(file)).value.get(key)
    return str(node.value) if node is not None else ""
