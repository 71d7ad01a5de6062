"""docs/verification.md has a line for every published value, and every module there has rows to give."""

from __future__ import annotations

import csv
import importlib
import re

import pytest
from documents import ROOT, text

FOLDER = ROOT / "tests/verify"
OTHERS = {"test_from_odd"}
"""Modules that judge no figure of theory."""
MODULES = sorted({path.stem for path in FOLDER.glob("test_*.py")} - OTHERS)
BEGIN = "<!-- what follows is written by docs/make_verification.py -->"


@pytest.fixture(autouse=True)
def verify_can_be_imported(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tests"))


def published() -> list[dict[str, str]]:
    with (FOLDER / "analytic_reference_values.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def lines() -> list[list[str]]:
    """The cells of every line of the page's tables."""
    tables = text(ROOT / "docs/verification.md").partition(BEGIN)[2].splitlines()
    return [line.strip("| ").split(" | ") for line in tables if re.match(r"\| (?!theory \|)", line)]


def test_every_published_value_has_its_line():
    page = text(ROOT / "docs/verification.md")
    missing = [row for row in published() if f"| {row['test']} | {row['config']} |" not in page]
    assert missing == []
    assert "not tested yet" not in page


@pytest.mark.parametrize("said", published(), ids=lambda said: f"{said['test']}: {said['config']}")
def test_a_line_compares_with_the_published_number(said):
    """To the digits that were published; figures of its own, as the shares behind a log-sum, may stand beside
    it."""
    known = [float(x) for x in re.findall(r"(?<![\w.])\d*\.?\d+", said["reference_value"])]
    mine = [float(cells[3]) for cells in lines() if cells[:2] == [said["test"], said["config"]]]
    assert any(abs(a - b) <= 1e-5 for a in mine for b in known)


def test_the_count_is_that_of_the_lines():
    passed, all_ = re.search(
        r"^(\d+) of (\d+) figures pass", text(ROOT / "docs/verification.md"), re.M
    ).groups()
    verdicts = [cells[-1] for cells in lines()]
    assert (int(passed), int(all_)) == (verdicts.count("pass"), len(verdicts))
    assert set(verdicts) <= {"pass", "**miss**"}


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
