"""What a screen needs of a run, as bytes: a key once, then a frame after each day.

docs/decisions/0012-frames.md says what they hold, message.py how they are written; js/src/frames.js reads
them. Frames are the same bytes for the same scenario and seed. Nothing of this is read by the simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..agents.store import Store
from ..market.offers import AT_PLACE
from ..units import date_of
from .message import Message, decode, encode
from .outcomes import OUTCOMES, outcome_of
from .replay import REPLAY, Packer, Replay, pack, unpack

if TYPE_CHECKING:
    from ..market.offers import Table
    from ..market.shoppers import LocalShoppers
    from ..model import O2OModel

VERSION = 1
MOST_PEOPLE = 10_000
"""People drawn: more than these a screen cannot show apart."""

BOUGHT, LOOKED, ORDERED, LEFT = range(4)
"""What somebody did: bought in the shop; looked there and ordered a parcel; ordered to the door; left
without."""
STORE_BITS = 14
_MOST_STORES = (1 << STORE_BITS) - 1
_TRIP = 1 << 20
_WEEK = 7

STEPS = 8
"""Steps of the log code per doubling."""
_LIMITS = 2.0 ** (np.arange(255) / STEPS)


def log_code(values: np.ndarray) -> np.ndarray:
    """uint8: 0 for nothing, else 1 + the number of eighths of a doubling above 1 (see `log_value`)."""
    code = np.searchsorted(_LIMITS, values, side="right")
    return np.where(values > 0, np.maximum(code, 1), 0).astype(np.uint8)


def log_value(codes: np.ndarray) -> np.ndarray:
    """What codes stand for: 0, or 2 ** ((code - 1) / 8), the lower end of what has the code."""
    return np.where(codes > 0, _LIMITS[np.maximum(codes, 1).astype(np.int64) - 1], 0.0)


class Encoder:
    """Makes the messages of a run: `key()` at any time, `frame()` after each `model.step()`, for the day just
    done.

    The people shown are the `people` (at most 10,000) with the smallest ids, a random sample, for everything
    about somebody is drawn by id; they stand in the order of home cell, then id."""

    def __init__(self, model: O2OModel, people: int = MOST_PEOPLE):
        self.model = model
        self._drawn = min(max(0, people), MOST_PEOPLE, len(model.consumers))
        # The population stands in this order already.
        self._shown = np.concatenate(model.shoppers.ask(_shown, self._drawn))
        self._stores = 0
        self._channels: list[str] | None = None
        self._next = model.day
        self._events = next(
            (k for k, e in enumerate(model.events) if e["date"] >= model.date), len(model.events)
        )
        self._circle = {name: k for k, name in enumerate(model.circles)}
        self._sales = np.zeros(model.city.grid.cells)
        self._table: Table | None = None
        # What each row of that table means for a consumer who takes it (`_look_at_table`).
        self._at_place = self._nothing = np.zeros(0, np.bool_)
        self._spent = np.zeros(0, np.int64)
        self._meaning: _Meaning | None = None

    def key(self) -> bytes:
        """What stays the same all through the run."""
        m = self.model
        spec, city = m.spec, m.city
        grid = city.grid
        header: dict[str, Any] = {
            "kind": "key",
            "version": VERSION,
            "name": spec.name,
            "question": spec.question,
            "seed": m.seed_number,
            "start": spec.start.isoformat(),
            "days": spec.days,
            "currency": spec.currency,
            "population": len(m.consumers),
            "residents": round(spec.residents),
            "people_each": m.expansion_factor,
            "people": len(self._shown),
            "grid": {"nx": grid.nx, "ny": grid.ny, "cell_m": _whole(grid.cell_m)},
            "circles": [
                {
                    "name": c.name,
                    "cell": -1 if c.is_street else c.cell,
                    "units": c.units,
                    "opens": c.opens.isoformat() if c.opens else None,
                    "street": c.is_street,
                }
                for c in m.circles.values()
            ],
            "platforms": [{"name": p.name, "kind": p.spec.kind} for p in m.platforms],
            "categories": list(spec.categories),
            "cohorts": list(spec.cohorts),
        }
        if city.river is not None:
            header["rivers"] = [
                {
                    "name": "river",
                    "kind": "river",
                    "points": _points(city.river.course),
                    "opens": None,
                    "width_m": round(city.river.width_m),
                    "bridges": _points(city.river.bridges),
                }
            ]
        if city.metro:
            header["metro"] = [
                {
                    "name": name,
                    "kind": "metro",
                    "points": _points(line.stations),
                    "opens": line.opens.isoformat() if line.opens else None,
                }
                for name, line in city.metro.items()
            ]
        record = self._shown
        return encode(
            header,
            {
                "home": record["home"].astype(np.int32),
                "id": record["id"].astype(np.uint32),
                "cohort": record["cohort"].astype(np.uint8),
                "residents": log_code(city.residents * spec.residents),
            },
        )

    def frame(self) -> bytes:
        """The day just done. Raises ValueError unless exactly one day was simulated since the last frame."""
        m = self.model
        if m.day != self._next + 1:
            raise ValueError(f"a frame is made after each day: day {self._next} was to come, not {m.day - 1}")
        self._next = m.day
        day, today = m.day - 1, date_of(m.spec.start, m.day - 1)
        news, self._events = m.events[self._events :], len(m.events)
        channels = [name for name in m.channels if name not in ("", "without")]
        header: dict[str, Any] = {
            "kind": "frame",
            "day": day,
            "date": today.isoformat(),
            "stores": [self._store(s) for s in m.stores[self._stores :]],
            "news": [
                {name: e[name] for name in ("kind", "who", "decision", "reason")}
                for e in news
                if e["decision"] != "keep" and _changed(e["figures"])
            ],
        }
        self._stores = len(m.stores)
        if channels != self._channels:
            header["channels"] = self._channels = channels
        self._look_at_table()
        arrays = {
            "people": self._people(),
            # The place among OUTCOMES: 0 plain, 1 integrated, 2 showroom, 3 online only, 4 closed.
            "state": np.array([OUTCOMES.index(outcome_of(s)) for s in m.stores], np.uint8),
            "visits": self._visits(),
        }
        self._sell()
        if day == 0 or day % _WEEK == _WEEK - 1:
            arrays["heat"] = log_code(self._sales / 100)
        if day % _WEEK == _WEEK - 1:
            self._sales[:] = 0
        return encode(header, arrays | self._figures(channels))

    def _store(self, s: Store) -> dict[str, Any]:
        return {
            "n": s.number,
            "name": s.name,
            "format": s.format_name,
            "category": s.category,
            "circle": self._circle[s.circle.name],
            "cell": s.cell,
            "area": round(s.area_m2),
            "opened": s.opened.isoformat(),
        }

    def _look_at_table(self) -> None:
        """What each offer of the day means for who takes it, unless it is the table of the day before."""
        t = self.model.table
        if t is self._table:
            return
        self._table = t
        self._at_place = t.seen == AT_PLACE
        self._spent = t.fen["price"] - t.fen["discount"] + t.fen["fee"]
        channel = t.columns["channel"].astype(np.int64)
        self._nothing = np.array([name in ("", "without") for name in t.channels])[channel]
        store = t.columns["store"].astype(np.int64)
        number = np.where(store <= _MOST_STORES, store, 0)
        went = number << 2 | _TRIP
        ordered = np.where(self._nothing, 0, number << 2 | 3 - ORDERED)
        # By rank, the highest of which is shown: trips before orders, then by store, then by what was done
        # there.
        taken = np.where(self._at_place, went | 3 - BOUGHT, ordered)
        refused = np.where(self._at_place, went | 3 - LEFT, 0)
        looked, gave_up = went | 3 - LOOKED, went | 3 - LEFT
        ranks = (rank.astype(np.uint32) for rank in (taken, refused, looked, gave_up))
        self._meaning = _Meaning._make([*ranks, self._nothing])

    def _people(self) -> np.ndarray:
        """uint16[people]: what each did; 0 stayed at home (or went where no store is), else store number + 1
        (0: no store) + 2**14 times what was done (BOUGHT, LOOKED, ORDERED, LEFT)."""
        rank = np.concatenate(self.model.shoppers.ask(_ranks, self._drawn, self._meaning))
        code = (3 - (rank & 3)) << STORE_BITS | (rank >> 2) & _MOST_STORES
        return np.where(rank > 0, code, 0).astype(np.uint16)

    def _visits(self) -> np.ndarray:
        """uint16[stores]: how many simulated consumers came, at most 65,535."""
        m = self.model
        mine = self._at_place & (self.model.table.store >= 0)
        came = np.bincount(self.model.table.store[mine], m.purchases.came[mine], minlength=len(m.stores))
        return np.minimum(came, 65535).astype(np.uint16)

    def _sell(self) -> None:
        """Add the day's sales (fen) to the map: where the shop is, or at home for what was brought there."""
        m, t = self.model, self.model.table
        count = m.purchases.bought.sum(axis=0)
        rows = np.flatnonzero(self._at_place & (count > 0))
        np.add.at(self._sales, t.columns["cell"][rows], (count * self._spent)[rows])
        brought = ~(self._at_place | self._nothing)
        for first, fen in m.shoppers.ask(_brought, brought, self._spent):
            self._sales[first : first + len(fen)] += fen

    def _figures(self, channels: list[str]) -> dict[str, np.ndarray]:
        m = self.model
        row = m.recorder._fresh
        sales = [row[f"sales/{name}"] for name in channels]
        online = sum(row[f"sales/{name}"] for name in m.recorder.online if name in channels)
        totals = (
            row["sales_yuan"],
            row["subsidy_yuan"],
            row["purchases"] * m.expansion_factor,
            row["vacancy"],
            round(row["surplus_mean"], 4),  # the rest hangs on the machine's logarithm
            online / sum(sales) if sum(sales) else 0.0,
        )
        figures: dict[str, Any] = {
            "channel_sales": sales,
            "footfall": [row[f"footfall/{name}"] for name in m.circles],
            "cash": [p.cash_yuan for p in m.platforms],
            "members": [p.members for p in m.platforms],
            "subsidy": subsidies_of(m),
            "totals": totals,
        }
        return {name: np.array(values, np.float32) for name, values in figures.items()}


# -- asked of the people, wherever they stand -----------------------------------------------------------------
class _Meaning(NamedTuple):
    """The ranks (uint32[rows]) of who took an offer, was turned away from it, looked there and ordered another one, or
    looked and took `nothing` (bool[rows])."""

    taken: np.ndarray
    refused: np.ndarray
    looked: np.ndarray
    gave_up: np.ndarray
    nothing: np.ndarray


def _shown(shoppers: LocalShoppers, drawn: int) -> np.ndarray:
    """The `id`, `home` and `cohort` of those whose ids are below `drawn`."""
    return shoppers.population.columns.record[["id", "home", "cohort"]][shoppers.sample(drawn)]


def _ranks(shoppers: LocalShoppers, drawn: int, meaning: _Meaning) -> np.ndarray:
    """int64[those]: the highest rank of what each of them did, 0 for nothing."""
    day, shown = shoppers.purchases, shoppers.sample(drawn)
    rank = np.zeros(len(shown), np.int64)
    if len(shown) == len(shoppers.population):
        chosen, who = slice(None), day.consumer
    else:
        first = np.searchsorted(day.consumer, shown)
        count = np.searchsorted(day.consumer, shown, side="right") - first
        who = np.repeat(np.arange(len(shown)), count)
        chosen = np.arange(len(who)) + np.repeat(first - np.cumsum(count) + count, count)
    row, looked = day.picks[chosen], day.visited[chosen]
    found = np.where(day.served[chosen], meaning.taken[row], meaning.refused[row]).astype(np.int64)
    k = np.flatnonzero(looked)
    found[k] = np.where(meaning.nothing[row[k]], meaning.gave_up[looked[k]], meaning.looked[looked[k]])
    if len(who):
        starts = np.flatnonzero(np.r_[True, who[1:] != who[:-1]])
        rank[who[starts]] = np.maximum.reduceat(found, starts)
    return rank


def _brought(shoppers: LocalShoppers, brought: np.ndarray, spent: np.ndarray) -> tuple[int, np.ndarray]:
    """What was sold of some offers (`brought`: bool[rows], `spent`: fen[rows]) to people at home: the number of the first
    of their cells, and float64[cells] from that on, which hold whole fen."""
    day, cells = shoppers.purchases, shoppers.part.cells
    k = np.flatnonzero(brought[day.picks] & day.served)
    home = shoppers.population.home[day.consumer[k]] - cells.start
    return cells.start, np.bincount(home, spent[day.picks[k]], len(cells))


def subsidies_of(model: O2OModel) -> list[float]:
    """Yuan an order that each platform pays at the end of the last day: who subsidises was settled in the
    morning, by date and budget; the amount is that of the evening, so on a month's last that of the month to
    come."""
    paying = dict(enumerate(model.subsidising))
    return [
        p.subsidy_yuan * model.spec.levers.subsidy_x
        if paying.get(p.number) and not p.is_broke and not p.has_left
        else 0.0
        for p in model.platforms
    ]


def _changed(figures: dict[str, Any]) -> bool:
    """False if an event tells what was before and all of it still is: a subsidy is logged in every month that
    pays it."""
    before = {
        name: value
        for name, value in figures.items()
        if " before" in name and name.replace(" before", "") in figures
    }
    return not before or any(value != figures[name.replace(" before", "")] for name, value in before.items())


def _points(points: np.ndarray) -> list[list[int]]:
    return np.rint(points).astype(int).tolist()


def _whole(value: float) -> float:
    return int(value) if float(value).is_integer() else float(value)


__all__ = [
    "REPLAY",
    "Encoder",
    "Message",
    "Packer",
    "Replay",
    "decode",
    "encode",
    "log_code",
    "log_value",
    "pack",
    "subsidies_of",
    "unpack",
]
