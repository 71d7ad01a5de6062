"""The small cities of these tests, and reading what one day of them did."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from o2o_sim import O2OModel, load_scenario

HERE = Path(__file__).parent
SMALL = HERE / "small.yaml"


def city(file: str | Path = SMALL, /, seed: int | None = None, **changes: Any) -> O2OModel:
    """A model of a scenario file, with keys changed: `levers__rent_x=2` is `--set levers.rent_x=2`."""
    said = [f"{key.replace('__', '.')}={_text(value)}" for key, value in changes.items()]
    return O2OModel(load_scenario(HERE / file, said), seed)


def _text(value: Any) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def days(model: O2OModel, n: int) -> Iterator[int]:
    """Simulate n days; yields after each, with its number."""
    for _ in range(n):
        model.step()
        yield model.day - 1


def choices(model: O2OModel) -> dict[tuple[int, str], tuple[int, int, bool]]:
    """(consumer id, category) -> (key of the offer taken, of the shop's offer visited first or 0, served)."""
    rows, category = model.purchases.consumer, model.purchases.category
    names = list(model.spec.categories)
    ids, key = model.consumers.id[rows], model.table.columns["key"]
    return {
        (int(i), names[c]): (int(key[o]), int(key[v]) if v else 0, bool(s))
        for i, c, o, v, s in zip(
            ids, category, model.purchases.picks, model.purchases.visited, model.purchases.served
        )
    }


def counted(model: O2OModel) -> np.ndarray:
    """Purchases of the day by row of the offer table, counted here and not by the package: int64[rows]."""
    return np.bincount(model.purchases.picks[model.purchases.served], minlength=len(model.table))


def small(folder: Path, **said: Any) -> Path:
    """The file of a scenario of a few people and days, in a folder of the test."""
    path = folder / "city.yaml"
    text = {"extends": str(SMALL), "population": 200, "days": 9, **said}
    path.write_text(yaml.safe_dump(text), encoding="utf-8")
    return path


def stepped(scenario: Path, days: int = 2) -> O2OModel:
    """A model of it that has simulated some days."""
    model = O2OModel(load_scenario(scenario))
    for _ in range(days):
        model.step()
    return model
