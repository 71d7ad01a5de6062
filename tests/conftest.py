"""One small run that tests share, for making it costs seconds, and what tests against faults report."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# Said before anything imports Numba, whose waiting threads would otherwise take the cores from other workers.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

TINY = Path(__file__).parent / "scenarios" / "tiny.yaml"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test against faults says its kind, and how many tries it makes, in its report, which
    docs/make_faults.py reads."""
    for item in items:
        if mark := item.get_closest_marker("faults"):
            kind = mark.args[0] if mark.args else "other"
            item.user_properties += [("faults", kind), ("tries", mark.kwargs.get("tries", 1))]


@pytest.fixture(scope="module", autouse=True)
def no_garbage() -> Iterator[None]:
    """Cities and pictures are rings of references, large ones: those of one module are not kept through the next, not
    even where a command that was tried keeps what is there (its libraries, it believes) out of later collections."""
    yield
    gc.unfreeze()
    gc.collect()


@pytest.fixture(scope="session")
def tiny() -> Path:
    """The file of a small scenario: 800 consumers, about 20 shops, 70 days."""
    return TINY


@pytest.fixture(scope="session")
def tiny_model():
    """A model of the small scenario that has run to its end. Look, but do not change it."""
    from o2o_sim.model import O2OModel
    from o2o_sim.scenario.load import load_scenario

    return O2OModel(load_scenario(TINY)).run()


@pytest.fixture(scope="session")
def tiny_result(tiny_model):
    """The result of that model, not written anywhere. Look, but do not change it."""
    from o2o_sim.record.result import RunResult
    from o2o_sim.studies.run import describe

    return RunResult(None, describe(tiny_model, wall=2.0, simulating=1.0), tiny_model.results())
