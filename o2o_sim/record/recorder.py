"""What is kept of a run: a row a day, tables a month, and at the end every store's fate."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable
from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np
import pandas as pd

from ..agents.store import Store
from ..border.guard import is_own, plain, refused
from ..market import exact
from ..market.consumers import ONLINE
from ..market.ledger import CAPITAL, LINE, LINES
from ..market.offers import AT_PLACE, Table
from .bounds import Bounds
from .life import Life, life_of
from .outcomes import outcomes
from .sales import MonthSales, Rows

if TYPE_CHECKING:
    from ..agents.platform import Platform
    from ..model import O2OModel
    from ..systems.base import System

_IS_HERE = attrgetter("is_here")

OUR_CHANNELS = ("", "without", "walk-in", "parcel", "brand online")
"""The channels of a city besides those of ways of integrating; all others are of plugins' systems."""


def online_channels(model: O2OModel) -> tuple[str, ...]:
    """The channels that count as online sales: what a parcel brought, regardless of the seller."""
    return ("parcel", *(mode.channel for mode in model.modes.values() if mode.is_online), "brand online")


def _check_new(
    system: System, method: Callable[..., Any], names: Iterable[str], there: Container[str]
) -> None:
    """Refuse columns of a plugin's system that are there already."""
    if (taken := [name for name in names if name in there]) and is_own(system):
        raise refused(method, f"the column {taken[0]!r}, which is there already; must be a name of its own")


class Recorder:
    """Collects the figures of a run. Everything is in yuan of the whole city (real residents)."""

    def __init__(self, model: O2OModel):
        self.model = model
        self.parcels = self.online = online_channels(model)
        self._days: list[dict[str, Any]] = []
        self._store_months: list[pd.DataFrame] = []
        self._trading: list[tuple[Store, str, str]] = []
        self._sales_months: list[pd.DataFrame] = []
        self._flows: list[dict[str, Any]] = []
        self._circles: list[dict[str, Any]] = []
        self._city_months: list[dict[str, Any]] = []
        self._sales = MonthSales()
        self._table: Rows | None = None
        self._fresh: dict[str, float] = {}
        self.bounds = Bounds()

    # -- every day ---------------------------------------------------------------------------------------
    @property
    def rows(self) -> Rows:
        """The rows of the day's table as they are summed up. Raises RuntimeError before the first is published."""
        if self._table is None:
            raise RuntimeError("there are no offers before the first day's phase `publish`")
        return self._table

    def published(self, table: Table) -> None:
        """Note how the rows are summed up; through which channels of plugins' systems stores sell, and which of them
        are online: those that are ordered by phone and brought, unless their system says otherwise."""
        m = self.model
        self._table = Rows(m, table)
        known = {*OUR_CHANNELS, *(mode.channel for mode in m.modes.values())}
        own = [name for name in table.channels if name not in known]
        if not own:
            return
        c, through = table.columns, dict[int, set[str]]()
        offline = {name for system in m.systems for name in system.offline_channels}
        for name in own:
            rows = c["channel"] == table.channels.index(name)
            for number in np.unique(table.store[rows & (table.store >= 0)]).tolist():
                through.setdefault(number, set()).add(name)
            brought = rows & ((c["needs"] & ONLINE) > 0) & (table.seen != AT_PLACE)
            if brought.any() and name not in (*self.online, *offline):
                self.online = (*self.online, name)
        for store in m.stores:
            store.own_channels = tuple(sorted(through.get(store.number, ())))

    def day(self) -> None:
        """One row of daily figures."""
        m, rows = self.model, self.rows
        t = m.table
        count = m.purchases.bought.sum(axis=0)
        sales = count * rows.spent / 100
        by_channel = np.bincount(rows.channel, weights=sales, minlength=len(m.channels))
        by_category = np.bincount(rows.category, weights=sales, minlength=len(m.category_number))
        showroomed = int(m.purchases.looked.sum())
        subsidy = float((count * t.fen["subsidy"]).sum()) / 100
        purchases = int(count[rows.paid].sum())
        showroom_sales = float((m.purchases.ordered * rows.spent).sum()) / 100
        row: dict[str, Any] = {
            "date": m.date,
            "needs": m.purchases.needs,
            "purchases": purchases,
            "turned_away": int(m.purchases.turned_away.sum()),
            "showroomed": showroomed,
            "showroom_sales_yuan": showroom_sales,
            "sales_yuan": float(sales.sum()),
            "subsidy_yuan": subsidy,
            "surplus_mean": exact.total(m.purchases.worth) / max(m.purchases.needs, 1),
            "stores_open": sum(map(_IS_HERE, m.stores)),
            "vacancy": self.vacancy(),
        }
        row |= {
            f"sales/{name}": float(v)
            for name, v in zip(m.channels, by_channel)
            if name not in ("", "without")
        }
        row |= {f"category/{name}": float(v) for name, v in zip(m.category_number, by_category)}
        came = m.purchases.came[rows.visited]
        visits = np.bincount(rows.circle[rows.visited], weights=came, minlength=len(m.circles))
        row |= {f"footfall/{name}": float(v * m.expansion_factor) for name, v in zip(m.circles, visits)}
        row |= {f"orders/{p.name}": int(count[rows.platform == p.number + 1].sum()) for p in m.platforms}
        self._days.append(row)
        self._fresh = row

    def sales(self) -> None:
        """Add the day's purchases to the month's, by channel, category, circle, platform and cohort. Called
        as soon as they are settled, because the books of the month close before the day is recorded."""
        self._sales.add(self.rows, self.model.purchases.bought)

    def vacancy(self) -> float:
        """Share of the units in open circles and streets that are empty."""
        open_ = [c for c in self.model.circles.values() if c.is_open]
        units = sum(c.units for c in open_)
        return sum(c.vacant for c in open_) / units if units else 0.0

    # -- every month -------------------------------------------------------------------------------------
    def parcels_this_month(self) -> tuple[dict[str, float], dict[tuple[str, str], float]]:
        """(share of sales that parcels took, by category; fen ordered, by platform and category)."""
        m = self.model
        names = list(m.category_number)
        all_, online = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
        orders: dict[tuple[str, str], float] = {}
        for (channel, category, _, platform), total in self._sales.by_group().items():
            fen = int(total[1].sum())
            all_[names[category]] += fen
            if channel in self.online:
                online[names[category]] += fen
                if platform >= 0 and channel in self.parcels:
                    key = (m.platforms[platform].name, names[category])
                    orders[key] = orders.get(key, 0.0) + fen
        return {n: online[n] / all_[n] if all_[n] else 0.0 for n in names}, orders

    def parcel_count(self, platform: Platform) -> int:
        """Parcels through a platform this month, in simulated orders."""
        return sum(
            int(total[0].sum())
            for (channel, _, _, p), total in self._sales.by_group().items()
            if p == platform.number and channel in self.parcels
        )

    def order_count(self, platform: Platform) -> int:
        """Orders through a platform this month, in simulated orders, through whatever channel."""
        return sum(
            int(total[0].sum())
            for (_, _, _, p), total in self._sales.by_group().items()
            if p == platform.number
        )

    def month(self, trading: list[Store]) -> None:
        """Note who traded this month and how, before anybody decides."""
        self._trading = [(s, s.state, "+".join(sorted(s.modes))) for s in trading]

    def _close_books(self) -> None:
        """The books of every store of the month, with what the decisions of its last evening cost; also of
        who was founded that evening."""
        m = self.model
        known = {s.number for s, _, _ in self._trading}
        new = [(s, s.state, "") for s in m.stores if not s.months and s.is_trading and s.number not in known]
        rows = [*self._trading, *new]
        stores = [s for s, _, _ in rows]
        lines = m.ledger.books[:, [s.account for s in stores]].T
        for store, own in zip(stores[: len(known)], lines):
            store.months[-1] = replace(store.months[-1], lines=own.copy())
        frame = pd.DataFrame(lines / 100, columns=[f"{name}_yuan" for name in LINES])
        income = lines[:, [LINE["sales"], LINE["subsidy received"], LINE["delivery fees"]]].sum(axis=1)
        head: dict[str, Any] = {
            "month": [m.date] * len(rows),
            "store": [s.number for s in stores],
            "name": [s.name for s in stores],
            "category": [s.category for s in stores],
            "format": [s.format_name for s in stores],
            "circle": [s.circle.name for s in stores],
            "state": [state for _, state, _ in rows],
            "modes": [modes for _, _, modes in rows],
        }
        for k, (name, values) in enumerate(head.items()):
            frame.insert(k, name, values)
        frame["revenue_yuan"] = income / 100
        frame["profit_yuan"] = (lines.sum(axis=1) - lines[:, CAPITAL]) / 100
        frame["cash_yuan"] = [s.cash_yuan for s in stores]
        frame["price_x"] = [s.price_x for s in stores]
        numbers = np.array([s.number for s in stores], dtype=np.int64)
        for name in ("customers", "visits", "looked_only", "turned_away"):
            frame[name] = getattr(m.month, name)[numbers] * m.expansion_factor
        for system in m.systems:
            columns = system.store_columns(stores)
            _check_new(system, system.store_columns, columns, frame)
            for name, column in columns.items():
                frame[name] = column
        self._store_months.append(frame)

    def close_month(self) -> None:
        """Books, sales by group, flows between accounts, circles and technology of the month."""
        m = self.model
        self._close_books()
        names, circles, cohorts = list(m.category_number), list(m.circles), list(m.spec.cohorts)
        rows = [
            {
                "month": m.date,
                "channel": channel,
                "category": names[category],
                "circle": circles[place] if place >= 0 else "",
                "platform": m.platforms[platform].name if platform >= 0 else "",
                "cohort": cohorts[k],
                "purchases": int(total[0, k]),
                "sales_yuan": float(total[1, k]) / 100,
            }
            for (channel, category, place, platform), total in sorted(self._sales.by_group().items())
            for k in range(len(cohorts))
        ]
        self._sales_months.append(pd.DataFrame(rows))
        self._sales.clear()
        for line, source, target, fen in m.ledger.monthly_flows():
            self._flows.append(
                {"month": m.date, "line": line, "from": source, "to": target, "yuan": fen / 100, "fen": fen}
            )
        for c in m.circles.values():
            if c.is_open:
                self._circles.append(
                    {
                        "month": m.date,
                        "circle": c.name,
                        "units": c.units,
                        "let": len(c.tenants),
                        "vacancy": c.vacancy,
                        "rent_yuan_m2_month": c.rent,
                    }
                )
        city: dict[str, Any] = {
            "month": m.date,
            "smartphone": float(m.users[0]),
            "pays_by_phone": float(m.users[1]),
        }
        for p in m.platforms:
            city |= {
                f"members/{p.name}": p.members,
                f"cash_yuan/{p.name}": p.cash_yuan,
                f"subsidy_yuan_order/{p.name}": p.subsidy_yuan,
            }
        for system in m.systems:
            figures = system.figures()
            _check_new(system, system.figures, figures, city)
            city |= figures
        self._city_months.append(city)
        self.bounds.month(m)

    # -- at the end --------------------------------------------------------------------------------------
    def collector(self) -> mesa.DataCollector:
        """Mesa's own view of the run: a few model figures a day."""

        def latest(name: str) -> Callable[[O2OModel], Any]:
            return lambda model: model.recorder._fresh.get(name)

        names = (
            "sales_yuan",
            "purchases",
            "subsidy_yuan",
            "stores_open",
            "vacancy",
            "turned_away",
            "showroomed",
        )
        return mesa.DataCollector(model_reporters={"date": lambda m: m.date, **{n: latest(n) for n in names}})

    def life(self, store: str) -> Life:
        """The life of a store so far."""
        return life_of(store, self.frames())

    def frames(self) -> dict[str, pd.DataFrame]:
        """All tables of the run so far."""
        m = self.model

        def together(frames: list[pd.DataFrame]) -> pd.DataFrame:
            # A month without a store has no rows, and no types: with it, all numbers would become fractions.
            some = [frame for frame in frames if len(frame)] or frames
            return pd.concat(some, ignore_index=True) if frames else pd.DataFrame()

        daily = pd.DataFrame(self._days)
        if len(daily):
            extra = [c for c in daily.columns if "/" in c]
            daily[extra] = daily[extra].fillna(0.0)
        events = pd.DataFrame(m.events, columns=["date", "kind", "who", "decision", "reason", "figures"])
        events["figures"] = [
            json.dumps(f, ensure_ascii=False, sort_keys=True, default=plain) for f in events["figures"]
        ]
        return {
            "outcomes": outcomes(m),
            "daily": daily,
            "stores_monthly": together(self._store_months),
            "sales_monthly": together(self._sales_months),
            "ledger": pd.DataFrame(self._flows, columns=["month", "line", "from", "to", "yuan", "fen"]),
            "circles_monthly": pd.DataFrame(self._circles),
            "city_monthly": pd.DataFrame(self._city_months),
            "events": events,
        }


__all__ = ["Recorder", "online_channels"]
