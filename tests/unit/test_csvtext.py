"""CSV that no spreadsheet calculates with, and that is read back as it was."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from o2o_sim.csvtext import csv_bytes, plain
from o2o_sim.record.archive import load_run, write_run

FORMULAS = [
    "=1+1",
    "+cmd|'/C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "＝1",
    "＋1",
    "－x",
    "＠x",
    "-",
]
STARTS = tuple("=+-@\t\r\n＝＋－＠")


@pytest.mark.faults("spreadsheets")
@pytest.mark.parametrize("name", FORMULAS)
def test_a_name_is_no_formula(name):
    """In a cell, and as the name of a column."""
    written = csv_bytes(pd.DataFrame({name: [name, f"'{name}", "plain"]}))
    cells = [row[0] for row in csv.reader(io.StringIO(written.decode(), newline=""))]
    assert not [cell for cell in cells if cell.lstrip(" ").startswith(STARTS)]
    assert [plain(cell) for cell in cells] == [name, name, f"'{name}", "plain"]


@pytest.mark.parametrize("number", ["-5", "+1.5", "-0.25", "1e-05", "-1,234.5"])
def test_numbers_stay_numbers(number):
    assert csv_bytes(pd.DataFrame({"n": [number]})).decode().strip("n\n").strip('"') == number
    assert csv_bytes(pd.DataFrame({"n": [-1.5, float("nan")]})) == b'n\n-1.5\n""\n'


NAMES = st.text(st.sampled_from("'=+-@\t\r\n＝1a,\" 中"), max_size=6)


@given(st.lists(NAMES, min_size=1), NAMES.map(lambda name: name + "h"))
def test_what_is_read_back_is_what_was_written(texts, head):
    written = csv_bytes(pd.DataFrame({head: texts, "n": range(len(texts))}))
    rows = csv.reader(io.StringIO(written.decode(), newline=""), strict=True)
    assert [plain(row[0]) for row in rows] == [head, *texts]


@pytest.mark.faults("spreadsheets")
@pytest.mark.parametrize("name", ["=HYPERLINK(A1)", "@home", "'=quoted"])
def test_a_run_with_such_a_store_is_read_back(name, tiny_result, tmp_path):
    outcomes = tiny_result.outcomes.copy()
    outcomes.loc[0, "name"] = name
    write_run(tmp_path / "run", tiny_result.frames | {"outcomes": outcomes}, tiny_result.manifest)
    assert f"'{name}" in (tmp_path / "run" / "outcomes.csv").read_text(encoding="utf-8")
    assert_frame_equal(load_run(tmp_path / "run").outcomes, outcomes)
