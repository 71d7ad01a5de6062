"""What cards are made of: a group's rows of a monthly table, and single parts."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from .wording import MISSING, fixed, in_percent

if TYPE_CHECKING:
    import pandas as pd

Card = dict[str, Any]

STATES = {
    "survived": "open",
    "integrated": "open, integrated",
    "showroom": "showroom",
    "moved online": "online only",
    "closed": "closed",
}
"""How the outcomes of a run are said of a store that may live on."""


class Books:
    """The rows of one group of a monthly table, in order."""

    def __init__(self, table: dict[str, np.ndarray], rows: np.ndarray):
        self._table, self._rows, self.count = table, rows, len(rows)

    def has(self, column: str) -> bool:
        return column in self._table

    def dates(self) -> list[str]:
        return [f"{day:%Y-%m}" for day in self._table["month"][self._rows]]

    def values(self, column: str) -> list[float]:
        return [float(v) for v in self._table[column][self._rows]]

    def last(self, column: str) -> float:
        return float(self._table[column][self._rows[-1]]) if column in self._table else float("nan")

    def mean(self, column: str, n: int) -> float:
        return float(self._table[column][self._rows[-n:]].mean())


class Groups:
    """A monthly table, grouped by a column once."""

    def __init__(self, table: pd.DataFrame, column: str):
        self._table = {str(c): table[c].to_numpy() for c in table.columns}
        self._rows: dict[Any, np.ndarray] = {}
        if len(table):
            key = self._table[column]
            order = np.argsort(key, kind="stable")
            names, first = np.unique(key[order], return_index=True)
            self._rows = dict(zip(names.tolist(), np.split(order, first[1:])))

    def of(self, key: Any) -> Books:
        return Books(self._table, self._rows.get(key, np.zeros(0, np.int64)))


LEAST_DAYS = 7
"""Of fewer days a month tells nothing that could be compared: one may begin on a holiday."""


def is_months_last(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1


def means_by_month(
    days: Iterable[date], values: Iterable[float], whole: bool | None = None
) -> tuple[list[str], list[float]]:
    """(months, means over their days). A month that is not over (unless `whole` says that it is), or of which
    there are too few days, is left out where there are others."""
    found: dict[str, list[float]] = {}
    day = None
    for day, value in zip(days, values):
        found.setdefault(f"{day:%Y-%m}", []).append(float(value))
    over = whole if whole is not None else day is not None and is_months_last(day)
    running = "" if over or day is None else f"{day:%Y-%m}"
    kept = [m for m, v in found.items() if m != running and len(v) >= LEAST_DAYS] or list(found)[-1:]
    return kept, [sum(found[m]) / len(found[m]) for m in kept]


def state_of(about: Mapping[str, Any]) -> str:
    state = STATES.get(about["outcome"], about["outcome"])
    held = f" ({about['mode'].replace('+', ', ')})" if about["mode"] and about["outcome"] != "closed" else ""
    return state + held


def event_of(row: Sequence[Any]) -> Card:
    """A decision as a card tells it; of a change of price, how far from the usual it goes."""
    day, _, _, decision, reason, figures = row
    said = str(decision)
    if said in ("price", "rent"):
        found = json.loads(figures)
        if said == "price" and "price" in found:
            said = f"price {in_percent(found['price'] - 1, sign=True)} of usual"
        elif "rent (yuan/m2/month)" in found:
            said = f"rent {fixed(found['rent (yuan/m2/month)'], 1)}"
    return {"date": str(day), "decision": said, "reason": str(reason)}


def weighed(told: list[tuple[Any, ...]], currency: str) -> Card | None:
    """What a store considered when it last considered something."""
    for day, _, _, decision, _, figures in reversed(told):
        if '"considered"' not in figures:
            continue
        options = json.loads(figures).get("considered") or []
        rows = [
            [str(o.get("mode", "")), str(o.get("platform") or MISSING), fixed(o["gain"]), fixed(o["cost"])]
            for o in options
        ]
        if rows:
            title = f"What it weighed on {day}, in {currency} a month: {decision}"
            return {"title": title, "columns": ["way", "with", "gain", "cost"], "rows": rows}
    return None


def whole(card: Card) -> Card:
    """Without the parts that are empty, and without numbers that JSON does not have."""
    kept = {
        name: part for name, part in card.items() if part not in (None, [], "") or name in ("id", "subtitle")
    }
    for series in kept.get("series", ()):
        series["values"] = [v if math.isfinite(v) else None for v in series["values"]]
    return kept
