"""Studies whose runs are a formula of the scenario instead of a simulation, so that their answers are
known."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np

from o2o_sim.scenario.load import load_scenario
from o2o_sim.studies.job import execute, failed
from o2o_sim.studies.rows import pack
from o2o_sim.studies.work import Work

ROOT = Path(__file__).parents[3]
TINY = ROOT / "tests" / "scenarios" / "tiny.yaml"
CLASSROOM = ROOT / "scenarios" / "classroom.yaml"
LEVERS = ("levers.subsidy_x", "levers.rent_x", "levers.logistics_x")


class Here:
    """An engine in this process that notes what it was asked to do."""

    def __init__(self, carry_out=execute):
        self.carry_out, self.done = carry_out, []

    def run(self, jobs):
        for job in jobs:
            self.done.append(job)
            yield job, self.carry_out(job)

    def close(self):
        pass


class FormulaWork(Work):
    """`formula(levers, noise)` gives the metrics of a run from its three levers; None makes the run fail.

    `noise` are 8 standard normal numbers that hang on the seed alone, as much of a simulation does.
    """

    def __init__(self, formula=None, **how):
        super().__init__(**how)
        self._engine = self.fake = Here(self._carry_out if formula else execute)
        self.formula = formula

    def __exit__(self, *fault):
        """Stays, to be asked again and looked at."""

    def _carry_out(self, job):
        noise = np.random.default_rng(job.seed).normal(size=8)
        found = self.formula(job.spec.levers, noise)
        if found is None:
            return failed(job, "Traceback\nRuntimeError: broken")
        return pack(key=job.key, seed=job.seed, seconds=0.0, metrics=found)


@cache
def _tiny():
    return load_scenario(TINY)


def quick_scenario(path, overrides=(), *, model=None):
    """`load_scenario` without reading the base again for each of a thousand points; it knows levers only."""
    if model is not None:
        return load_scenario(path, overrides, model=model)
    assert Path(path).samefile(TINY)
    said = dict(text.split("=") for text in overrides)
    levers = {key.removeprefix("levers."): float(json.loads(value)) for key, value in said.items()}
    assert set(levers) <= {"subsidy_x", "rent_x", "logistics_x"}
    return _tiny().model_copy(update={"levers": _tiny().levers.model_copy(update=levers)})


def study(folder, text, base=TINY, name="asked.yaml"):
    """The path of a study file with this text."""
    path = folder / name
    path.write_text(f"base: {json.dumps(str(base))}\n{text}", encoding="utf-8")
    return path
