"""docs/verification.md has a line for every published value, and every module there has rows to give."""

from __future__ import annotations

import csv
import importlib

import pytest
from documents import ROOT, text

FOLDER = ROOT / "tests/verify"
MODULES = sorted(path.stem for path in FOLDER.glob("test_*.py"))


@pytest.fixture(autouse=True)
def verify_can_be_imported(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tests"))


def test_every_published_value_has_its_line():
    page = text(ROOT / "docs/verification.md")
    with (FOLDER / "analytic_reference_values.csv").open(encoding="utf-8", newline="") as file:
        missing = [row for row in csv.DictReader(file) if f"| {row['test']} | {row['config']} |" not in page]
    assert missing == []
    assert "not tested yet" not in page


@pytest.mark.parametrize("name", MODULES)
def test_every_module_gives_rows(name):
    assert callable(importlib.import_module(f"verify.{name}").rows)
    assert f"| {name} |" in text(ROOT / "docs/verification.md")


def test_a_row_passes_within_what_is_allowed_only():
    rows = importlib.import_module("verify.rows")
    row = rows.Row("a", "b", "c", 1.0, 1.05, 0.0501, "5 %")
    assert row.passed and not rows.Row("a", "b", "c", 1.0, 1.05, 0.04, "4 %").passed
    assert not rows.Row("a", "b", "c", 1.0, float("nan"), 1.0, "any").passed
    with pytest.raises(AssertionError, match=r"1\.05 beside 1"):
        rows.assert_passed(row, rows.Row("a", "b", "c", 1.0, 1.05, 0.04, "4 %"))
