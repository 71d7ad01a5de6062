"""What a run found: its tables, and the few figures that everybody asks for first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import ScenarioError

DAYS_A_YEAR = 365.25
ONLINE = ("parcel", "marketplace shop", "brand online")
"""Channels that count as online sales where a manifest does not say which do: what a parcel brought, whoever
sold it (as in the recorder)."""


@dataclass
class RunResult:
    """A finished run. `folder` is where it lies (None if it was not written), `manifest` says what was
    simulated, with what and how fast, `frames` holds the tables by name. Money is in yuan of the whole city;
    `purchases`, `needs`, `orders`, `turned_away` of the daily table count simulated consumers."""

    folder: Path | None
    manifest: dict[str, Any]
    frames: dict[str, pd.DataFrame] = field(repr=False)

    @property
    def outcomes(self) -> pd.DataFrame:
        """One row per store that ever existed: what became of it, when and why."""
        return self.frames["outcomes"]

    @property
    def daily(self) -> pd.DataFrame:
        """One row per day."""
        return self.frames["daily"]

    @property
    def stores_monthly(self) -> pd.DataFrame:
        """Every store's profit and loss of every month, line by line."""
        return self.frames["stores_monthly"]

    @property
    def sales_monthly(self) -> pd.DataFrame:
        """Purchases and sales by month, channel, category, circle, platform and cohort."""
        return self.frames["sales_monthly"]

    @property
    def circles_monthly(self) -> pd.DataFrame:
        """Units, vacancy and rent of every circle."""
        return self.frames["circles_monthly"]

    @property
    def city_monthly(self) -> pd.DataFrame:
        """Who has a smartphone, and every platform's members, cash and subsidy."""
        return self.frames["city_monthly"]

    @property
    def ledger(self) -> pd.DataFrame:
        """Flows between kinds of account by month."""
        return self.frames["ledger"]

    @property
    def events(self) -> pd.DataFrame:
        """Every decision, with the figures behind it."""
        return self.frames["events"]

    def bounds(self, store: str | None = None) -> list[str]:
        """What was at one of its bounds for three months or longer (record/bounds.py), a sentence for each; of one
        store alone if named. Runs of earlier versions know of none."""
        told = self.manifest.get("bounds", [])
        if store is not None:
            mine = [entry for entry in told if entry["kind"] == "store" and store in entry["names"]]
            return [_of_bound(entry, store) for entry in mine]
        return [_of_bound(entry) for entry in told]

    def headline(self) -> dict[str, Any]:
        """The headline figures of the run; see `headline`."""
        return headline(self.frames, self.manifest)

    def _repr_html_(self) -> str:
        from ..show.notebook import as_html
        from ..show.tables import outcome_tables

        return as_html(outcome_tables(self), self.folder)

    def replay(self) -> Any:
        """The run on its map, to be played in a notebook. Raises ScenarioError if the run was not written to
        a folder, has no replay there, or the extra `notebook` is not installed."""
        if self.folder is None:
            hint = "Give run() an `out`, or leave it out: `out=False` is what keeps a run from being written."
            raise ScenarioError("this run was not written, so there is no replay of it", hint=hint)
        from ..show.cards import Cards
        from ..show.widget import CityWidget
        from .given import replay_of

        replay = replay_of(self.folder, self.manifest, self.daily)
        return CityWidget.replay(replay, Cards(self.frames, self.manifest, replay=replay))


def _of_bound(entry: Mapping[str, Any], store: str = "") -> str:
    """What was at a bound, and for how long, in a sentence."""
    what, kind, names = entry["what"], entry["kind"], entry["names"]
    who = store or (names[0] if entry["count"] == 1 else f"{entry['count']:,} {kind}s")
    whose = "" if kind == "city" else f" of {who}"
    text = f"{what[:1].upper()}{what[1:]}{whose} was {entry['bound']}, for {entry['months']} months or longer"
    return f"{text} (first in the month to {entry['since']})."


def headline(frames: dict[str, pd.DataFrame], manifest: dict[str, Any]) -> dict[str, Any]:
    """The figures that everybody asks for first.

    `sales_yuan` is what buyers paid or were given (price less discount plus delivery fee),
    `share_by_channel` how it splits, `online_share` the part brought by parcel, `online_share_by_year` the
    same by calendar year. `subsidy_yuan` is what platforms paid towards orders, `subsidy_per_order_yuan`
    that over all orders through platforms. Vacancy is that of the first and the last day.
    `yearly_exit_rate` is closures per store and year. `showrooming_share` and `turned_away_share` are of
    all who came to a shop; `surplus_mean` is the mean log-sum (in utility) a need met with. Shares are 0
    where there is nothing to share.
    """
    daily, outcomes = frames["daily"], frames["outcomes"]
    scenario = manifest["scenario"]
    each = people_each(frames, scenario)
    by_channel = {c.partition("/")[2]: float(daily[c].sum()) for c in columns_of(daily, "sales")}
    by_channel = dict(sorted(by_channel.items(), key=lambda item: -item[1]))
    sales = sum(by_channel.values())
    footfall = float(daily[columns_of(daily, "footfall")].to_numpy().sum())
    orders = _in_people(daily[columns_of(daily, "orders")].to_numpy().sum(axis=1), each)
    subsidy = float(daily["subsidy_yuan"].sum())
    needs = float(daily["needs"].sum())
    online = online_channels(manifest)
    start = str(scenario["start"])
    closed = int((outcomes["outcome"] == "closed").sum())
    store_years = float(daily["stores_open"].sum()) / DAYS_A_YEAR
    return {
        "sales_yuan": sales,
        "sales_by_channel_yuan": by_channel,
        "share_by_channel": {name: _share(v, sales) for name, v in by_channel.items()},
        "online_share": online_share(daily, online),
        "online_share_by_year": {year: online_share(days, online) for year, days in years(daily)},
        "subsidy_yuan": subsidy,
        "subsidy_per_order_yuan": _share(subsidy, orders),
        "vacancy_first": float(daily["vacancy"].iloc[0]),
        "vacancy_last": float(daily["vacancy"].iloc[-1]),
        "stores_at_start": int((outcomes["opened"] <= start).sum()),
        "stores_opened": int((outcomes["opened"] > start).sum()),
        "stores_closed": closed,
        "yearly_exit_rate": _share(closed, store_years),
        "showrooming_share": _share(_in_people(daily["showroomed"].to_numpy(), each), footfall),
        "turned_away_share": _share(_in_people(daily["turned_away"].to_numpy(), each), footfall),
        "surplus_mean": _share(float((daily["surplus_mean"] * daily["needs"]).sum()), needs),
    }


def people_each(frames: Mapping[str, pd.DataFrame], scenario: Mapping[str, Any]) -> float | np.ndarray:
    """How many people a simulated consumer stood for: one number, or where `drivers` let the city grow, a number for
    each row of the daily table (the last month's also for days of a month that was not over)."""
    population, city = scenario["population"], frames.get("city_monthly")
    if city is None or "residents" not in city or not len(city):
        return float(scenario["residents"] / population)
    days, months = frames["daily"]["date"].to_numpy(), city["month"].to_numpy()
    at = np.minimum(np.searchsorted(months, days), len(months) - 1)
    return city["residents"].to_numpy()[at] / population


def _in_people(counts: np.ndarray, each: float | np.ndarray) -> float:
    """The sum of a column of the daily table that counts consumers, in people."""
    return float(counts.sum()) * each if isinstance(each, float) else float((counts * each).sum())


def online_channels(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """The channels of a run that count as online sales, those of a plugin's ways of integrating included."""
    return tuple(manifest.get("online_channels", ONLINE))


def online_share(daily: pd.DataFrame, channels: Iterable[str] = ONLINE) -> float:
    """Share of sales brought by parcel, over some rows of the daily table; `channels` are the run's
    `online_channels`."""
    sales = float(daily[columns_of(daily, "sales")].to_numpy().sum())
    online = [f"sales/{c}" for c in channels if f"sales/{c}" in daily]
    return _share(float(daily[online].to_numpy().sum()), sales)


def columns_of(daily: pd.DataFrame, group: str) -> list[str]:
    """The columns `group/...` of the daily table."""
    return [str(c) for c in daily.columns if str(c).startswith(group + "/")]


def years(daily: pd.DataFrame) -> list[tuple[int, pd.DataFrame]]:
    """The daily table by calendar year."""
    year = np.array([d.year for d in daily["date"]])
    return [(int(y), daily[year == y]) for y in np.unique(year)]


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
