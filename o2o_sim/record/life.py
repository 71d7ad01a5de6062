"""The life of one store: what it saw each quarter, what it considered and decided, its profit and loss, its
end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from ..errors import ScenarioError
from ..market.ledger import CAPITAL, LINES
from ..scenario.shape import closest

Frames = Mapping[str, pd.DataFrame]

HALF_YEAR = 6
QUIET = {"keep"}
"""Decisions that change nothing; they are told only where something was considered first."""
SEEN = {"aspiration": "aspiration", "neighbours' margin": "neighbours"}
"""What a store's decisions say that it saw, and the column it stands in."""


@dataclass(frozen=True)
class Life:
    """One store from its opening to its end, or to the last day. Money is in yuan of real people, a month.

    `quarters` has a row per quarter: quarter, state, modes, sales, visitors (a day), looked (share of
    visitors who only looked), turned_away (share), profit, margin (profit on sales), rent_share (rent on
    sales), aspiration and neighbours (the margin it hoped for, and that of its neighbours, when it last
    decided), cash (at the quarter's end). `decisions` has a row per decision that changed something or
    weighed something: date, decision, reason, figures (a dict), considered (a list of dicts: mode, platform,
    gain and cost in yuan a month). `profit_and_loss` has a row per line of the books and a column per
    calendar year, means a month; the last row is the profit. `since_first` compares the last half year with
    the first: share by which sales, visitors, rent and wages changed; empty before a year."""

    name: str
    format: str
    category: str
    circle: str
    opened: str
    outcome: str
    changed: str
    reason: str
    last_day: date
    quarters: pd.DataFrame
    decisions: pd.DataFrame
    profit_and_loss: pd.DataFrame
    since_first: dict[str, float]

    @property
    def end(self) -> str:
        """What ended it, or what it is on the last day, in a sentence."""
        if self.outcome == "closed":
            return f"Closed on {self.changed}: {self.reason}."
        if self.outcome in ("showroom", "moved online"):
            return f"{self.outcome.capitalize()} since {self.changed}: {self.reason}."
        modes = self.quarters["modes"].iloc[-1] if len(self.quarters) else ""
        held = f", with {modes.replace('+', ', ')}" if modes else ""
        return f"Still open on {self.last_day}{held}."


def life_of(name: str, frames: Frames) -> Life:
    """The life of a store of a run, from its tables. Raises ScenarioError if there is no store of that
    name."""
    stores = frames["outcomes"]
    mine = stores[stores["name"] == name]
    if mine.empty:
        near = closest(name, [str(n) for n in stores["name"]])
        hint = f"did you mean {near}?" if near else "outcomes.csv in the run's folder lists them all."
        raise ScenarioError(f"there is no store {name!r} in this run", hint=hint)
    row = mine.iloc[0]
    books = frames["stores_monthly"]
    if len(books):
        books = books[books["name"] == name].sort_values("month", ignore_index=True)
    events = frames["events"]
    told = events[(events["kind"] == "store") & (events["who"] == name)].reset_index(drop=True)
    told["figures"] = pd.Series([json.loads(f) for f in told["figures"]], dtype=object)
    about = {
        k: str(row[k]) for k in ("format", "category", "circle", "opened", "outcome", "changed", "reason")
    }
    return Life(
        name=name,
        **about,
        last_day=frames["daily"]["date"].iloc[-1],
        quarters=_quarters(books, told),
        decisions=_decisions(told),
        profit_and_loss=_profit_and_loss(books),
        since_first=_since_first(books),
    )


def _quarter(day: date) -> str:
    return f"{day.year} Q{(day.month + 2) // 3}"


def _quarters(books: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    rows = []
    seen: dict[str, dict[str, float]] = {}
    for day, figures in zip(told["date"], told["figures"]):
        known = {column: figures[said] for said, column in SEEN.items() if said in figures}
        seen.setdefault(_quarter(day), {}).update(known)
    quarters = [_quarter(day) for day in books["month"]] if len(books) else []
    for quarter in dict.fromkeys(quarters):
        q = books[[name == quarter for name in quarters]]
        sales, visits, months = float(q["revenue_yuan"].sum()), float(q["visits"].sum()), len(q)
        profit = float(q["profit_yuan"].sum())
        rows.append(
            {
                "quarter": quarter,
                "state": q["state"].iloc[-1],
                "modes": q["modes"].iloc[-1],
                "sales": sales / months,
                "visitors": visits / sum(m.day for m in q["month"]),
                "looked": _ratio(q["looked_only"].sum(), visits),
                "turned_away": _ratio(q["turned_away"].sum(), visits),
                "profit": profit / months,
                "margin": _ratio(profit, sales),
                "rent_share": _ratio(-q["rent_yuan"].sum(), sales),
                "aspiration": seen.get(quarter, {}).get("aspiration", float("nan")),
                "neighbours": seen.get(quarter, {}).get("neighbours", float("nan")),
                "cash": float(q["cash_yuan"].iloc[-1]),
            }
        )
    columns = [
        "quarter",
        "state",
        "modes",
        "sales",
        "visitors",
        "looked",
        "turned_away",
        "profit",
        "margin",
        "rent_share",
        "aspiration",
        "neighbours",
        "cash",
    ]
    return pd.DataFrame(rows, columns=columns)


def _decisions(told: pd.DataFrame) -> pd.DataFrame:
    considered = [list(f.get("considered", [])) for f in told["figures"]]
    table = told[["date", "decision", "reason", "figures"]].copy()
    table["considered"] = pd.Series(considered, dtype=object)
    kept = [d not in QUIET or bool(c) for d, c in zip(table["decision"], considered)]
    return table[pd.Series(kept, index=table.index, dtype=bool)].reset_index(drop=True)


def _profit_and_loss(books: pd.DataFrame) -> pd.DataFrame:
    """Means a month by line and year; lines that nothing was booked on are left out."""
    lines = [f"{line}_yuan" for k, line in enumerate(LINES) if k != CAPITAL]
    if not len(books):
        return pd.DataFrame()
    years = pd.Index([m.year for m in books["month"]], name="year")
    means = books[[*lines, "profit_yuan"]].groupby(years).mean().T
    means.index = pd.Index([str(name).removesuffix("_yuan") for name in means.index], name="line")
    return means[(means != 0).any(axis=1) | (means.index == "profit")]


def _since_first(books: pd.DataFrame) -> dict[str, float]:
    if len(books) < 2 * HALF_YEAR:
        return {}
    first, last = books.head(HALF_YEAR), books.tail(HALF_YEAR)
    columns = {"sales": "revenue_yuan", "visitors": "visits", "rent": "rent_yuan", "wages": "wages_yuan"}
    change = {name: _ratio(last[c].sum(), first[c].sum()) - 1 for name, c in columns.items()}
    return {name: value for name, value in change.items() if value == value}


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")
