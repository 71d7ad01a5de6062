"""The tables of a run and their columns: from docs/guide.md, whose list tests/docs/test_guide.py holds
against a run."""

from __future__ import annotations

import re

from .source import ROOT, Stale, table

GUIDE = ROOT / "docs/guide.md"
SECTION = re.compile(r"^## (\w+\.(?:csv|parquet))\n(.*?)(?=^## )", re.MULTILINE | re.DOTALL)
HEAD = ["column", "unit", "meaning"]


def columns() -> str:
    """Every table: what a row is, and its columns with units and meanings."""
    parts = []
    for name, text in SECTION.findall(GUIDE.read_text(encoding="utf-8")):
        lines = [line for line in text.splitlines() if line.startswith("|")]
        cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines]
        if not cells or cells[0] != HEAD:
            raise Stale(f"docs/guide.md, {name}: no table of columns, units and meanings")
        rows: list[list[object]] = [list(row) for row in cells[2:]]
        what = text.partition("|")[0].strip().split("\n\n")[0]
        parts.append(f"*{name}*. {' '.join(what.split())}\n\n{table(HEAD, rows)}")
    if not parts:
        raise Stale("docs/guide.md has no tables of a run")
    return "\n\n".join(parts)
