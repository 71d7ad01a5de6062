"""docs/faults.md names every module that holds tests against faults, and no other."""

from __future__ import annotations

import re

from documents import ROOT, text

BEGIN = "<!-- what follows is written by docs/make_faults.py -->"
MARKED = re.compile(r"mark\.faults\(|^@fuzz\(", re.MULTILINE)


def test_the_table_names_the_modules_that_have_such_tests():
    table = text(ROOT / "docs/faults.md").partition(BEGIN)[2]
    named = set(re.findall(r"\]\(\.\./(tests/[^)]+\.py)\)", table))
    marked = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests").rglob("test_*.py")
        if MARKED.search(text(path))
    }
    assert named == marked


def test_no_try_has_failed():
    rows = text(ROOT / "docs/faults.md").partition(BEGIN)[2].splitlines()
    total = next(row for row in rows if row.startswith("| **all**"))
    tries, failures = re.findall(r"\*\*([\d,]+)\*\*", total)
    assert int(tries.replace(",", "")) >= 300
    assert failures == "0"
