"""The hamlet in which systems are tried: two shops, two hundred people, no chance but in tastes."""

from __future__ import annotations

from pathlib import Path

from o2o_sim import O2OModel, load_scenario
from o2o_sim.market.ledger import LINE

HAMLET = Path(__file__).with_name("hamlet.yaml")


def hamlet(folder: Path, text: str = "", seed: int | None = None) -> O2OModel:
    """A model of the hamlet, changed by the YAML in `text` as a scenario that extends it would."""
    file = folder / "case.yaml"
    file.write_text(f"extends: {HAMLET}\n{text}", encoding="utf-8")
    return O2OModel(load_scenario(file), seed)


def run_days(model: O2OModel, days: int) -> O2OModel:
    """Simulate some days."""
    for _ in range(days):
        model.step()
    return model


def line(model, name, account):
    """What an account had this month of a line, in yuan."""
    return int(model.ledger.books[LINE[name], account]) / 100


def system(model, name):
    return next(s for s in model.systems if type(s).__name__ == name)
