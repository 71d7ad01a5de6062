"""A very small scenario whose plugin tells of every run that begins, and misbehaves where it is told to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

PLUGIN = '''
import os
import signal
import sys
from pathlib import Path

here = Path(FOLDER)  # a plugin of the same content would be the same module


def begin(model):
    if model.day == 0:
        with open(here / "begun.log", "a") as log:
            log.write(f"{model.seed_number}\\n")


def misbehave(model):
    """What the file `SEED.does` says, on the third day."""
    told = here / f"{model.seed_number}.does"
    if model.day == 2 and told.is_file():
        exec(told.read_text(), globals() | {"model": model})
'''

SCENARIO = """
extends: {base}
days: 4
population: 200
plugins: [teller]
phases:
  - {{run: teller.begin, before: calendar}}
  - {{run: teller.misbehave, after: learn}}
"""


@dataclass(frozen=True)
class Told:
    """The scenario's file, and what its plugin tells."""

    path: Path

    def begun(self) -> Counter[int]:
        """How often a run of each seed has begun."""
        log = self.path.with_name("begun.log")
        return Counter(int(seed) for seed in log.read_text().split()) if log.is_file() else Counter()

    def does(self, seed: int, code: str) -> None:
        """Have the run with this seed execute some Python on its third day."""
        self.path.with_name(f"{seed}.does").write_text(code)

    def jobs(self, seeds: range) -> list:
        from o2o_sim.scenario.load import load_scenario
        from o2o_sim.studies.job import job

        spec = load_scenario(self.path)
        return [job(spec, seed) for seed in seeds]


@pytest.fixture
def told(tiny, tmp_path, monkeypatch) -> Told:
    """A scenario of its own for every test, whose plugin nobody tries before: it fails on purpose, and counts."""
    monkeypatch.setattr("o2o_sim.border.trial.try_out", lambda spec: None)
    path = tmp_path / "scenario" / "told.yaml"
    path.parent.mkdir()
    path.write_text(SCENARIO.format(base=tiny))
    path.with_name("teller.py").write_text(PLUGIN.replace("FOLDER", repr(str(path.parent))))
    return Told(path)


@pytest.fixture(scope="session")
def row_of():
    """Makes of a run's file the row that it holds, without the time that the run took."""

    def row_of(content: bytes) -> dict[str, Any]:
        (row,) = pq.read_table(BytesIO(content)).to_pylist()
        del row["seconds"]
        row["metrics"] = repr(row["metrics"])  # NaN is to be equal to NaN
        return row

    return row_of
