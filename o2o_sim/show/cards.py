"""What one store, circle, platform or person is and was, as cards that a page shows without knowing what it
shows.

A card is plain data: `kind`, `id`, `title`, `subtitle`, `facts` (pairs of label and text), `series` (a line
chart each, raw numbers), `waterfall`, `table`, `events`, `end`; parts that there are none of are left out.
Money is in yuan of real people. Cards come from the tables of a run, live or finished; of the newest day of a
live city they know more (who is inside today). A card of an earlier day says what was known on that day: it
comes from the tables as they were then."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import ScenarioError
from ..market.ledger import CAPITAL, LINES
from ..record.past import tables_until
from .cards_live import person_card, store_today, subsidies_of_replay
from .cards_parts import Books, Card, Groups, event_of, means_by_month, state_of, weighed, whole
from .wording import MISSING, exact, fixed, in_percent, money, part_of, per, plural

if TYPE_CHECKING:
    import pandas as pd

    from ..model import O2OModel

YEAR = 12
MOST_ROWS = 100
MOST_EVENTS = 60


class Cards:
    """Cards of a run: `Cards(result.frames, result.manifest)`, or `Cards.of(model)` for a city that runs.

    `replay` (a `show.replay.Replay`) tells where people went, if there is one. Tables are grouped once; those
    of a live city again when its day has changed."""

    # What `_begin` sets: where people went, what everybody paid, and the days up to which this was made and seen.
    _replay: Any
    _paid: list[Card] | None
    _made: int
    _seen: tuple[int, int] | None
    # What `_refresh` finds: the tables up to the newest day, and the city if its newest day is the one asked for.
    _tables: Mapping[str, pd.DataFrame]
    _settings: Mapping[str, Any]
    _city: O2OModel | None
    # What `_group` sorts.
    _scenario: Mapping[str, Any]
    _currency: str
    _shops: dict[str, list[Any]]
    _books: Groups
    _circle_months: Groups
    _months: Groups
    _daily: pd.DataFrame
    _events: dict[str, list[tuple[Any, ...]]]
    _circles: list[str]
    _platforms: list[str]

    def __init__(
        self, frames: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any], *, replay: Any = None
    ):
        self._model: O2OModel | None = None
        self._begin(replay)
        self._tables = frames
        self._settings = manifest["scenario"]
        self._refresh(None)

    @classmethod
    def of(cls, model: O2OModel) -> Cards:
        """Cards of a city that runs, up to the last day that was simulated whenever one is asked for."""
        self = cls.__new__(cls)
        self._model = model
        self._begin(None)
        self._refresh(None)
        return self

    def _begin(self, replay: Any) -> None:
        self._replay = replay
        self._paid, self._made, self._seen = None, -1, None

    def card(self, kind: str, number: int, day: int | None = None) -> Card:
        """The card of a `store`, `circle` or `platform` by its number, or of a `person` by her id, on the
        evening of a day (0 is the first of the run; without, and after the newest, the newest). Raises
        ScenarioError if there is none."""
        self._refresh(day)
        make = {
            "store": self._store,
            "circle": self._circle,
            "platform": self._platform,
            "person": self._person,
        }
        if kind not in make:
            raise ScenarioError(f"there are no cards of {kind!r}", hint=f"there are: {', '.join(make)}")
        return whole(make[kind](number))

    def all_stores(self) -> Iterator[Card]:
        """The card of every store that ever was, by number."""
        self._refresh(None)
        for number in range(len(self._shops["name"])):
            yield whole(self._store(number))

    # -- tables ----------------------------------------------------------------------------------------------
    def _refresh(self, day: int | None) -> None:
        """Sort the tables as they were on a day, unless that is done."""
        if self._model is not None and self._model.day != self._made:
            from ..scenario.load import to_plain

            self._made = self._model.day
            self._tables = self._model.recorder.frames()
            self._settings = to_plain(self._model.spec)
        newest = len(self._tables["daily"]) - 1
        seen = newest if day is None else min(day, newest)
        if self._seen == (self._made, seen):
            return
        self._seen, self._paid = (self._made, seen), None
        self._city = self._model if seen == newest else None
        frames = self._tables
        if seen < newest:
            frames = tables_until(frames, frames["daily"]["date"].iloc[seen])
        self._group(frames, self._settings)

    def _group(self, frames: Mapping[str, pd.DataFrame], scenario: Mapping[str, Any]) -> None:
        """Sort what is asked for store by store, so that each is found in one step."""
        self._scenario = scenario
        self._currency = str(scenario.get("currency", "yuan"))
        self._shops = {name: frames["outcomes"][name].to_list() for name in frames["outcomes"].columns}
        self._books = Groups(frames["stores_monthly"], "store")
        self._circle_months = Groups(frames["circles_monthly"], "circle")
        self._months = Groups(
            frames["city_monthly"].assign(all=0) if len(frames["city_monthly"]) else frames["city_monthly"],
            "all",
        )
        self._daily = frames["daily"]
        events = frames["events"]
        columns = [events[c].to_list() for c in ("date", "kind", "who", "decision", "reason", "figures")]
        self._events = {}
        for row in zip(*columns):
            self._events.setdefault(row[2], []).append(row)
        self._circles = [
            str(c).partition("/")[2] for c in self._daily.columns if str(c).startswith("footfall/")
        ]
        if not self._circles and self._city is not None:
            self._circles = list(self._city.circles)
        self._platforms = list(scenario["platforms"])

    # -- a store ---------------------------------------------------------------------------------------------
    def _store(self, number: int) -> Card:
        shops = self._shops
        self._exists("store", number, len(shops["name"]))
        name, circle = shops["name"][number], shops["circle"][number]
        about = {k: shops[k][number] for k in shops}
        books = self._books.of(number)
        told = [e for e in self._events.get(name, []) if e[1] in ("store", "entry")]
        where = "on a street" if circle == "streets" else f"in {circle}"
        facts = [["State", state_of(about)], ["Open since", about["opened"]]]
        if self._city is not None:
            facts += store_today(self._city, number)
        return {
            "kind": "store",
            "id": number,
            "title": name,
            "subtitle": f"{about['format']} {where}, sells mostly {about['category']}",
            "facts": facts + self._month_facts(books),
            "series": self._store_series(books),
            "waterfall": self._waterfall(books),
            "table": weighed(told, self._currency),
            "events": [event_of(e) for e in told if e[3] != "keep"][-MOST_EVENTS:],
            "end": self._end(about),
        }

    def _month_facts(self, books: Books) -> list[list[str]]:
        """The last month's figures."""
        if not books.count:
            return []
        last = {
            k: books.last(k)
            for k in ("revenue_yuan", "profit_yuan", "rent_yuan", "visits", "turned_away", "looked_only")
        }
        month, sales = f"{books.dates()[-1]}", last["revenue_yuan"]
        rent = f", {part_of(-last['rent_yuan'], sales)} of sales" if sales else ""
        margin = f", {part_of(last['profit_yuan'], sales)} of sales" if sales else ""
        return [
            ["Cash", money(books.last("cash_yuan"), self._currency)],
            [f"Sales in {month}", money(sales, self._currency)],
            [f"Profit in {month}", money(last["profit_yuan"], self._currency) + margin],
            [f"Rent in {month}", money(-last["rent_yuan"], self._currency) + rent],
            [f"Visitors in {month}", plural(last["visits"], "person", "people")],
            ["Of them only looked", part_of(last["looked_only"], last["visits"])],
            ["Of them turned away", part_of(last["turned_away"], last["visits"])],
        ]

    def _store_series(self, books: Books) -> list[Card]:
        shown = (("Sales", "revenue_yuan"), ("Profit", "profit_yuan"), ("Visitors", "visits"))
        return [
            {
                "label": label,
                "unit": "people/month" if column == "visits" else f"{self._currency}/month",
                "dates": books.dates(),
                "values": books.values(column),
            }
            for label, column in shown
            if books.count
        ]

    def _waterfall(self, books: Books) -> Card | None:
        """From sales to profit, means of the last year's months."""
        if not books.count:
            return None
        n = min(YEAR, books.count)
        bars = [[line, books.mean(f"{line}_yuan", n)] for k, line in enumerate(LINES) if k != CAPITAL]
        bars = [[line, value] for line, value in bars if value]
        title = "From sales to profit, " + (f"mean of the last {n} months" if n > 1 else "last month")
        return {"title": title, "unit": f"{self._currency}/month", "bars": bars}

    def _end(self, about: Mapping[str, Any]) -> str:
        what = {"closed": "Closed on", "showroom": "Showroom since", "moved online": "Online only since"}
        if about["outcome"] in what:
            because = f": {about['reason']}" if about["reason"] else ""
            return f"{what[about['outcome']]} {about['changed']}{because}."
        if self._model is not None or not len(self._daily):
            return ""  # nothing has ended
        held = f", with {about['mode'].replace('+', ', ')}" if about["mode"] else ""
        return f"Still open on {self._daily['date'].iloc[-1]}{held}."

    # -- a circle --------------------------------------------------------------------------------------------
    def _circle(self, number: int) -> Card:
        self._exists("circle", number, len(self._circles))
        name = self._circles[number]
        said = self._scenario["circles"].get(name, {})
        months = self._circle_months.of(name)
        street = name == "streets"
        tenants = self._tenants(name)
        units, rent, landlord, opens = self._let(name, said, months)
        let = len(tenants)
        if opens:
            facts = [["State", f"opens on {opens}"], ["Units", f"{units:,}"]]
        else:
            facts = [["Shops", f"{let:,} in {units:,} units"], ["Empty", part_of(max(units - let, 0), units)]]
        facts += [["Rent level", self._rent_level(rent)], ["Landlord's policy", landlord]]
        walked = self._daily.get(f"footfall/{name}")
        if walked is not None and len(walked):
            facts.append([f"Visits on {self._last_day}", plural(float(walked.iloc[-1]), "person", "people")])
        title = f"Shops here: {len(tenants):,}" + (
            f" (the first {MOST_ROWS})" if len(tenants) > MOST_ROWS else ""
        )
        events = [event_of(e) for e in self._events.get(name, []) if e[1] == "landlord"]
        return {
            "kind": "circle",
            "id": number,
            "title": "Street shops" if street else name,
            "subtitle": "All shops outside circles" if street else "Business circle",
            "facts": facts,
            "series": [] if opens else self._circle_series(name, months),
            "table": {
                "title": title,
                "columns": ["shop", "what", "state", "since"],
                "rows": tenants[:MOST_ROWS],
            }
            if tenants
            else None,
            "events": events[-MOST_EVENTS:],
        }

    def _rent_level(self, rent: float) -> str:
        """What tenants pay: the landlord's level times the lever."""
        if not math.isfinite(rent):
            return MISSING
        if self._is_before:  # nobody noted where the lever stood on that day
            return f"{fixed(rent, 1)} {self._currency} per m2 and month, before the lever"
        factor = float((self._scenario.get("levers") or {}).get("rent_x", 1.0))
        said = f"{fixed(rent * factor, 1)} {self._currency} per m2 and month"
        if factor == 1:
            return said
        return f"{said} ({fixed(rent, 1)}, times the factor on every rent, {exact(factor)})"

    def _let(self, name: str, said: Mapping[str, Any], months: Books) -> tuple[int, float, str, str | None]:
        """(units, rent level, landlord's policy, the day on which it opens if that is still to come)."""
        landlord = str(said.get("landlord") or self._scenario["landlords"]["policy"])
        if self._city is not None:
            c = self._city.circles[name]
            return c.units, c.rent, landlord, None if c.is_open else str(c.opens)
        if months.count:
            return int(months.last("units")), months.last("rent_yuan_m2_month"), landlord, None
        opens, last = said.get("opens"), str(self._daily["date"].iloc[-1]) if len(self._daily) else ""
        later = opens if opens and opens > last else None
        return int(said.get("units", 0)), float(said.get("rent_yuan_m2_month", "nan")), landlord, later

    def _circle_series(self, name: str, months: Books) -> list[Card]:
        found = []
        if months.count:
            dates = months.dates()
            found = [
                {
                    "label": "Rent level before the lever",
                    "unit": f"{self._currency}/m2/month",
                    "dates": dates,
                    "values": months.values("rent_yuan_m2_month"),
                },
                {"label": "Empty units", "unit": "share", "dates": dates, "values": months.values("vacancy")},
            ]
        return found + self._by_month(f"footfall/{name}", "Visits a day", "people/day")

    def _by_month(self, column: str, label: str, unit: str) -> list[Card]:
        """Monthly means of a column of the daily table; see `means_by_month`."""
        if column not in self._daily or not len(self._daily):
            return []
        dates, means = means_by_month(self._daily["date"], self._daily[column])
        return [{"label": label, "unit": unit, "dates": dates, "values": means}]

    def _tenants(self, circle: str) -> list[list[str]]:
        s = self._shops
        rows = zip(
            s["name"],
            s["format"],
            s["outcome"],
            s["mode"],
            s["opened"],
            s["circle"],
            s["changed"],
            s["reason"],
        )
        found = []
        for name, format_, outcome, mode, opened, where, changed, reason in rows:
            if where == circle and outcome not in ("closed", "moved online"):
                about = {"outcome": outcome, "mode": mode, "changed": changed, "reason": reason}
                found.append([name, format_, state_of(about), opened])
        return sorted(found)

    # -- a platform ------------------------------------------------------------------------------------------
    def _platform(self, number: int) -> Card:
        self._exists("platform", number, len(self._platforms))
        name = self._platforms[number]
        said, months, money_ = self._scenario["platforms"][name], self._months.of(0), self._currency
        facts: list[list[str]] = []
        if self._city is not None:
            p = self._city.platforms[number]
            from ..record.frames import subsidies_of

            paid = subsidies_of(self._city)[number]
            when = f"at the end of {self._last_day}" if self._last_day else "before the first day"
            facts = [
                [
                    "State",
                    "has left the market" if p.has_left else "out of money" if p.is_broke else "in business",
                ],
                ["Members", in_percent(p.members)],
                ["Commission", in_percent(p.commission)],
                [f"Subsidy {when}", per(paid, money_, "order")],
                ["Subsidies paid so far", money((p.paid_fen + p.spent_fen) / 100, money_)],
                ["Cash", money(p.cash_yuan, money_)],
            ]
        elif months.count:
            facts = [
                ["Members", in_percent(months.last(f"members/{name}"))],
                *([] if self._is_before else [["Commission at first", in_percent(said["commission"])]]),
                *(
                    [f"{s['label']} in {s['dates'][-1]}", per(s["values"][-1], money_, "order")]
                    for s in self._subsidies(name, number, months)
                ),
                ["Cash", money(months.last(f"cash_yuan/{name}"), money_)],
            ]
        orders = self._daily.get(f"orders/{name}")
        if orders is not None and len(orders):
            facts.append(
                [
                    f"Orders on {self._last_day}",
                    plural(float(orders.iloc[-1]) * self._expansion_factor, "order"),
                ]
            )
        carries = ", ".join(said["categories"]) or "everything it can"
        kinds = {
            "marketplace": "Marketplace",
            "self_operated": "Sells itself",
            "local_services": "Coupons for local shops",
        }
        series = self._platform_series(name, number, months)
        return {
            "kind": "platform",
            "id": number,
            "title": name,
            "subtitle": f"{kinds.get(said['kind'], said['kind'])}; carries {carries}",
            "facts": facts,
            "series": series,
            "table": self._partners(name, number),
            "events": [event_of(e) for e in self._events.get(name, []) if e[1] == "platform"][-MOST_EVENTS:],
        }

    @property
    def _is_before(self) -> bool:
        """Whether an earlier day of a city that runs is shown: where levers stood then is not in its tables."""
        return self._model is not None and self._city is None

    @property
    def _expansion_factor(self) -> float:
        if self._model is not None:
            return float(self._model.expansion_factor)
        return float(self._scenario["residents"]) / float(self._scenario["population"])

    @property
    def _last_day(self) -> str:
        """The day that was simulated last; empty before the first."""
        return str(self._daily["date"].iloc[-1]) if len(self._daily) else ""

    def _subsidies(self, name: str, number: int, months: Books) -> list[Card]:
        """What it paid per order month by month, which only a replay knows; without, what its policy
        offered."""
        unit, column = f"{self._currency}/order", f"subsidy_yuan_order/{name}"
        if self._replay is not None and self._replay.frames:
            if self._paid is None:
                self._paid = subsidies_of_replay(self._replay_frames)
            return [{"label": "Subsidy", "unit": unit, **self._paid[number]}]
        if not months.count or not months.has(column):
            return []
        label = "Subsidy offered, before lever, dates and budget"
        return [{"label": label, "unit": unit, "dates": months.dates(), "values": months.values(column)}]

    def _platform_series(self, name: str, number: int, months: Books) -> list[Card]:
        columns = (
            (f"cash_yuan/{name}", "Cash", self._currency),
            (f"members/{name}", "Members", "share"),
        )
        found = [
            {"label": label, "unit": unit, "dates": months.dates(), "values": months.values(column)}
            for column, label, unit in columns
            if months.count and months.has(column)
        ] + self._subsidies(name, number, months)
        orders = self._by_month(f"orders/{name}", "Orders a day", "orders/day")
        for one in orders:
            one["values"] = [v * self._expansion_factor for v in one["values"]]
        return found + orders

    def _partners(self, name: str, number: int) -> Card | None:
        """Shops that do business with it: live, those that hold a mode with it; else those that once chose
        it."""
        if self._city is not None:
            rows = [
                [
                    s.name,
                    s.format_name,
                    ", ".join(
                        sorted(
                            m
                            for m, h in s.modes.items()
                            if h.platform is not None and h.platform.number == number
                        )
                    ),
                ]
                for s in self._city.stores
                if s.is_trading
                and any(h.platform is not None and h.platform.number == number for h in s.modes.values())
            ]
            title, columns = f"Partners: {plural(len(rows), 'shop')}", ["shop", "what", "how"]
        else:
            rows = [
                [who, str(e[3]).partition(" ")[2], str(e[0])]
                for who, told in self._events.items()
                for e in told
                if e[1] == "store"
                and str(e[3]).startswith("adopt")
                and json.loads(e[5]).get("platform") == name
            ]
            title, columns = f"Shops that began with it: {len(rows):,}", ["shop", "how", "since"]
        rows.sort()
        return {"title": title, "columns": columns, "rows": rows[:MOST_ROWS]} if rows else None

    # -- a person --------------------------------------------------------------------------------------------
    def _person(self, number: int) -> Card:
        if self._model is not None:
            self._exists("person", number, len(self._model.consumers), "id")
            return person_card(self._model, number, now=self._city is not None)
        from .cards_live import person_of_replay

        if self._replay is None:
            raise ScenarioError(
                "a finished run keeps no single people; its replay knows where those on the map went"
            )
        names = self._shops["name"]
        frames, cohorts = self._replay_frames, list(self._scenario["cohorts"])
        return person_of_replay(self._replay.key, frames, number, names, cohorts)

    @property
    def _replay_frames(self) -> Sequence[bytes]:
        """The frames of the replay up to the day asked for."""
        return self._replay.frames[: len(self._daily)]

    def _exists(self, kind: str, number: int, n: int, what: str = "number") -> None:
        if not 0 <= number < n:
            raise ScenarioError(
                f"there is no {kind} with the {what} {number}", hint=f"there are {n:,}, the first is 0"
            )


__all__ = ["Card", "Cards"]
