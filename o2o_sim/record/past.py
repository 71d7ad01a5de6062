"""The tables of a run as they were on an earlier day: what was known then, and nothing that came after."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from ..agents.store import CLOSED, ONLINE_ONLY, SHOWROOM

FATES = {CLOSED: "closed", ONLINE_ONLY: "moved online", SHOWROOM: "showroom"}
TIMES = {"daily": "date", "events": "date", "outcomes": None}
"""The column that says when a row is of; `month`, the last day of the month, where it is not said here."""
SMALL = {"keep", "price"}
"""Decisions after which a store is what it was before."""


def tables_until(frames: Mapping[str, pd.DataFrame], day: date) -> dict[str, pd.DataFrame]:
    """The tables of a run (`RunResult.frames`) as they were on the evening of `day`.

    Rows of later days and of months that were not over are left out, and so are stores that had not opened. A
    store's outcome, mode, reason and date of the last change are those of that evening."""
    cut = {}
    for name, table in frames.items():
        column = TIMES.get(name, "month")
        cut[name] = table if column is None or not len(table) else table[table[column] <= day]
    cut["outcomes"] = _outcomes(frames["outcomes"], frames["stores_monthly"], cut["events"], day)
    return {name: table.reset_index(drop=True) for name, table in cut.items()}


def _outcomes(stores: pd.DataFrame, books: pd.DataFrame, told: pd.DataFrame, day: date) -> pd.DataFrame:
    """One row per store that had opened. The books say what a store was in each month before its last evening,
    on which stores decide; so the month that follows says what it was on the evening of `day`."""
    today = day.isoformat()
    known = stores[stores["opened"] <= today].copy()
    later = known["changed"] > today
    if not later.any() or not len(books):
        return known
    after = books[books["month"] > day].drop_duplicates("store")
    then = dict(zip(after["store"], zip(after["state"], after["modes"])))
    last = _last_changes(told)
    rows = []
    for row in known[later].to_dict("records"):
        if row["store"] in then:
            state, modes = then[row["store"]]
            row |= {"outcome": FATES.get(state, "integrated" if modes else "survived"), "mode": modes}
        changed, reason = last.get(row["name"], (row["opened"], ""))
        ended = row["outcome"] in FATES.values()
        rows.append(row | {"changed": changed, "reason": reason if ended else ""})
    return pd.concat([known[~later], pd.DataFrame(rows, columns=stores.columns)]).sort_values("store")


def _last_changes(told: pd.DataFrame) -> dict[Any, tuple[str, str]]:
    """(date, reason) of the last decision of each store that changed it."""
    mine = told[told["kind"].isin(["store", "entry"]) & ~told["decision"].isin(SMALL)]
    return {who: (str(on), str(why)) for on, who, why in zip(mine["date"], mine["who"], mine["reason"])}


__all__ = ["tables_until"]
