"""docs/faults.md names modules that hold tests against faults, and no try in it has failed."""

from __future__ import annotations

import re

from documents import ROOT, text

BEGIN = "<!-- what follows is written by docs/make_faults.py -->"
MARKED = re.compile(r"mark\.faults\(|^@fuzz\(", re.MULTILINE)


def test_the_modules_of_the_table_have_such_tests():
    table = text(ROOT / "docs/faults.md").partition(BEGIN)[2]
    named = set(re.findall(r"\]\(\.\./(tests/[^)]+\.py)\)", table))
    assert len(named) > 10
    assert [name for name in sorted(named) if not MARKED.search(text(ROOT / name))] == []


def test_no_try_has_failed():
    rows = text(ROOT / "docs/faults.md").partition(BEGIN)[2].splitlines()
    total = next(row for row in rows if row.startswith("| **all**"))
    tries, failures = re.findall(r"\*\*([\d,]+)\*\*", total)
    assert int(tries.replace(",", "")) >= 300
    assert failures == "0"
