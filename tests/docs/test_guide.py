"""docs/guide.md tells of every table and every column that a run leaves behind, and of nothing else."""

from __future__ import annotations

import re

import pytest
from documents import ROOT, table_rows, text

from o2o_sim import O2OModel, load_scenario
from o2o_sim.record import outcomes
from o2o_sim.record.archive import OUTCOMES, TABLES

GUIDE = ROOT / "docs/guide.md"
FILES = [OUTCOMES, *(f"{name}.parquet" for name in TABLES)]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    from o2o_sim.scenario.describe import starter_text

    path = tmp_path_factory.mktemp("guide") / "my_city.yaml"
    path.write_text(starter_text(), encoding="utf-8")
    return O2OModel(load_scenario(path, ["population=500", "days=40"])).run()


def test_every_table_has_its_heading():
    told = re.findall(r"^## (\w+\.(?:csv|parquet))$", text(GUIDE), re.MULTILINE)
    assert sorted(told) == sorted(FILES)


@pytest.mark.parametrize("file", FILES)
def test_every_column_is_told_of(run, file):
    frame = run.results()[file.partition(".")[0]]
    # `sales/walk-in` is told of as `sales/CHANNEL`.
    columns = {name.partition("/")[0] + "/" * ("/" in name) for name in frame.columns}
    told = [name for row in table_rows(GUIDE, file) for name in re.findall(r"`([^`]+)`", row[0])]
    told = [name.partition("/")[0] + "/" * ("/" in name) for name in told]
    assert len(told) == len(set(told))
    assert set(told) == columns


def test_every_outcome_is_told_of():
    told = [row[0].strip("`") for row in table_rows(GUIDE, "What became of a store")]
    assert told[: len(outcomes.OUTCOMES)] == list(outcomes.OUTCOMES)


def test_every_headline_figure_is_told_of(run):
    from o2o_sim.record.result import headline
    from o2o_sim.studies.run import describe

    figures = headline(run.results(), describe(run, wall=1.0, simulating=1.0))
    told = {
        name for row in table_rows(GUIDE, "The headline figures") for name in re.findall(r"`([^`]+)`", row[0])
    }
    assert told == set(figures)


def test_every_file_of_a_run_is_told_of():
    rows = table_rows(GUIDE, "The folder of a run")
    kept = {*FILES, "plots/*.png", "replay.o2o", "report.html", "manifest.json", "files.json", "run.log"}
    assert {row[0].strip("`") for row in rows} == kept
