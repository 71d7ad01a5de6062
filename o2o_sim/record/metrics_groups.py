"""Metrics of groups of stores: by format, landlords' incomes, and how a category's sales divide over channels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

Frames = Mapping[str, pd.DataFrame]

BY_FORMAT = (
    "stores_closed_share",
    "integrated_share",
    "life_days",
    "sales_yuan_month",
    "profit_yuan_month",
    "profit_margin",
    "visits_day",
    "turned_away_share",
)
"""The metrics that every format has, as `NAME/format/FORMAT`."""
_BOOKS = ("revenue_yuan", "profit_yuan", "visits", "turned_away")


def by_format(frames: Frames, formats: Iterable[str], integrated: frozenset[str]) -> dict[str, float]:
    """What became of the stores of every format, and what a trading store of it took, earned and saw in a
    month.

    `integrated` are the outcomes that count as integrated. Books are those of the months that the run has
    closed."""
    outcomes, books = frames["outcomes"], frames["stores_monthly"]
    lives = _lives(outcomes, frames["daily"]["date"].iloc[-1])
    closed = (outcomes["outcome"] == "closed").to_numpy(bool)
    online = outcomes["outcome"].isin(integrated).to_numpy(bool)
    form = outcomes["format"].to_numpy(object)
    columns = {name: books[name].to_numpy() for name in ("format", *_BOOKS) if len(books)}
    days = np.array([m.day for m in books["month"].tolist()] if len(books) else [])
    found: dict[str, float] = {}
    for name in sorted(formats):
        mine = form == name
        fate: tuple[float, ...] = (math.nan,) * 3
        if mine.any():
            fate = tuple(float(values[mine].mean()) for values in (closed, online, lives))
        of_months = _books(columns, days, name)
        found |= {f"{metric}/format/{name}": v for metric, v in zip(BY_FORMAT, (*fate, *of_months))}
    return found


def _lives(outcomes: pd.DataFrame, last: date) -> np.ndarray:
    """float64, the days of every store from the opening to the closure, or to the evening of the last day."""
    end = (last + timedelta(days=1)).isoformat()
    until = outcomes["changed"].where(outcomes["outcome"] == "closed", end)
    return np.array([_days(a, b) for a, b in zip(outcomes["opened"].tolist(), until.tolist())], dtype=float)


def _days(first: str, last: str) -> int:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def _books(columns: Mapping[str, np.ndarray], days: np.ndarray, form: str) -> tuple[float, ...]:
    """Per store of a format and month: sales, profit; then profit on sales, visitors a day, share of them turned
    away. `columns` are those of the monthly books, `days` the days of their months."""
    mine = columns["format"] == form if columns else np.zeros(0, bool)
    if not mine.any():
        return (math.nan,) * 5
    sales, profit, visits, away = (float(columns[c][mine].sum()) for c in _BOOKS)
    count = int(mine.sum())
    return (
        sales / count,
        profit / count,
        _ratio(profit, sales),
        visits / float(days[mine].sum()),
        _ratio(away, visits),
    )


def landlords(frames: Frames, names: Iterable[str]) -> dict[str, float]:
    """What landlords received in rent, and what their empty units would have brought at the mean rent that stores paid
    there in the month, in all and by circle (the streets are one)."""
    books, circles = frames["stores_monthly"], frames["circles_monthly"]
    income: dict[Any, float] = {}
    cost: dict[Any, float] = {}
    if len(books):
        income = (-books.groupby("circle")["rent_yuan"].sum()).to_dict()
    if len(books) and len(circles):
        mean = -books[books["rent_yuan"] < 0].groupby(["month", "circle"])["rent_yuan"].mean()
        empty = (circles["units"] - circles["let"]).clip(lower=0)
        at = pd.MultiIndex.from_frame(circles[["month", "circle"]])
        lost = empty * mean.reindex(at).fillna(0.0).to_numpy(float)
        cost = lost.groupby(circles["circle"]).sum().to_dict()
    found: dict[str, float] = {}
    for family, by in (("landlord_income_yuan", income), ("vacancy_cost_yuan", cost)):
        found[family] = math.fsum(by.values())
        found |= {f"{family}/{name}": by.get(name, 0.0) + 0.0 for name in sorted(names)}
    return found


def sales_shares(frames: Frames, categories: Iterable[str], channels: Iterable[str]) -> dict[str, float]:
    """Which share of a category's sales every channel had, in the months that the run has closed."""
    sales = frames["sales_monthly"]
    money: dict[Any, float] = {}
    if len(sales):
        money = sales.groupby(["category", "channel"])["sales_yuan"].sum().to_dict()
    known = sorted({*channels, *(channel for _, channel in money)} - {"without"})
    total = {c: math.fsum(money.get((c, channel), 0.0) for channel in known) for c in categories}
    return {
        f"sales_share/{c}/{channel}": _ratio(money.get((c, channel), 0.0), total[c])
        for c in sorted(total)
        for channel in known
    }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
