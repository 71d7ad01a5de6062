"""The figures of the decisions come from the scripts that stand beside them."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from documents import ROOT, text

PAGES = ROOT / "docs/decisions"


def printed(script: str) -> str:
    done = subprocess.run(
        [sys.executable, PAGES / script], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_draw_per_pair():
    told = re.findall(r"^    (.+)$", text(next(PAGES.glob("0002-*.md"))), re.MULTILINE)
    assert told == printed("measure_0002.py").splitlines()


@pytest.mark.slow
def test_records():
    agent, record = (int(n) for n in re.findall(r"(\d+) bytes", printed("measure_0001.py")))
    told = text(next(PAGES.glob("0001-*.md")))
    assert f"record:     {record} bytes per consumer" in told
    assert agent > 10 * record  # its exact size is Python's and Mesa's affair
