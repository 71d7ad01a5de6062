"""Metrics of groups of stores: by format, and how a category's sales divide over channels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

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


def by_format(frames: Frames, formats: Iterable[str], integrated: frozenset[str]) -> dict[str, float]:
    """What became of the stores of every format, and what a trading store of it took, earned and saw in a
    month.

    `integrated` are the outcomes that count as integrated. Books are those of the months that the run has
    closed."""
    daily, books = frames["daily"], frames["stores_monthly"]
    fates = _with_lives(frames["outcomes"], daily["date"].iloc[-1]).groupby("format")
    found: dict[str, float] = {}
    for name in sorted(formats):
        mine = fates.get_group(name) if name in fates.groups else None
        fate: tuple[float, ...] = (math.nan,) * 3
        if mine is not None:
            closed, online = mine["outcome"] == "closed", mine["outcome"].isin(integrated)
            fate = (float(closed.mean()), float(online.mean()), float(mine["life_days"].mean()))
        of_months = _books(books[books["format"] == name] if "format" in books else books)
        found |= {f"{metric}/format/{name}": v for metric, v in zip(BY_FORMAT, (*fate, *of_months))}
    return found


def _with_lives(outcomes: pd.DataFrame, last: date) -> pd.DataFrame:
    """The outcomes with `life_days`: from the opening to the closure, or to the evening of the last day."""
    end = (last + timedelta(days=1)).isoformat()
    until = outcomes["changed"].where(outcomes["outcome"] == "closed", end)
    return outcomes.assign(life_days=[_days(a, b) for a, b in zip(outcomes["opened"], until)])


def _days(first: str, last: str) -> int:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def _books(books: pd.DataFrame) -> tuple[float, ...]:
    """Per store and month: sales, profit; then profit on sales, visitors a day, share of them turned away."""
    if not len(books):
        return (math.nan,) * 5
    sales, profit, visits = (float(books[c].sum()) for c in ("revenue_yuan", "profit_yuan", "visits"))
    days = float(sum(m.day for m in books["month"]))
    away = float(books["turned_away"].sum())
    return sales / len(books), profit / len(books), _ratio(profit, sales), visits / days, _ratio(away, visits)


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
