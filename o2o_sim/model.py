"""The simulation: build the city, then walk through the day, again and again.

`DAY` is the whole simulation in order; each phase is a function of the model in `phases.py` or `review.py`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from datetime import date as Date
from datetime import timedelta
from functools import partial
from typing import Any, Self

import mesa
import numpy as np

from . import phases, review, setup
from .agents.circle import Circle
from .agents.platform import Platform
from .agents.register import Placed
from .agents.store import Store
from .border.blame import answers
from .city.build import build_city
from .city.survey import survey
from .extend import Plugins
from .inputs.inputs import inputs_of
from .market.audiences import Audiences
from .market.board import Board, unseen_disutility
from .market.consumers import Population
from .market.day import MonthBooks, Purchases
from .market.expected import Expected, Needs, usual_needs
from .market.ledger import Ledger
from .market.offers import Table
from .market.records import Today
from .market.shoppers import Gather, gather
from .modes import Holding, Mode, modes_of
from .policies.decisions import View
from .policies.leaving import Leaving, Patience
from .record.recorder import Recorder
from .scenario.changing import own_copy
from .scenario.schema import Spec
from .scenario.stores import NamedStore
from .systems import System, switched_on
from .units import date_of, fen

Phase = Callable[["O2OModel"], None]

DAY: tuple[tuple[str, Phase], ...] = (
    ("calendar", phases.calendar),
    ("publish", phases.publish),
    ("shop", phases.shop),
    ("serve", phases.serve),
    ("settle", phases.settle),
    ("learn", phases.learn),
    ("review", review.review),
    ("record", phases.record),
)
"""The phases of a day: publish, shop, serve, settle, learn, review, record. A scenario's `phases` adds its
own."""


class O2OModel(mesa.Model):
    """A city that shops. `step()` is one day; `run()` all days of the scenario.

    `consumers` is the population, `stores`, `platforms`, `circles` the agents (also in Mesa's `agents`), `chains` the
    stores of each chain,
    `ledger` the money, `audiences` groups of consumers, `systems` the special systems that are on, `date` the
    day about to be simulated and `day` its number from 0, `spec` the scenario as it is now; `drift` has of every key
    that its time has moved what was written and what it is now; `leaving` says when stores leave; `past` says when the
    run was gone on with from a file, and what was changed then, `inputs` what was read to make it, `is_founded` whether what
    stands there on the first day is there already. Draws come from `streams`
    alone; Mesa's own random generators are never used. `people` draws the consumers, by default into this process;
    others let them stand in several (shards/shoppers.py)."""

    @answers
    def __init__(self, spec: Spec, seed: int | None = None, *, plugins: bool = True, people: Gather = gather):
        self.seed_number = int(spec.seed if seed is None else seed)
        super().__init__(rng=self.seed_number)
        if spec.timeline or spec.drivers is not None:
            spec = own_copy(spec)  # its keys will move
        self.spec = spec
        self.drift: dict[str, tuple[Any, Any]] = {}
        self.day = 0
        self.extensions = Plugins(spec, allowed=plugins)
        self.modes: dict[str, Mode] = modes_of(spec, self.extensions.modes())
        imported = survey(spec)
        self.city = build_city(spec.city, spec._origin, self.seed_number, imported, spec.limits.cells)
        self.inputs = inputs_of(spec)  # after the city, which says better what is wrong with a file
        self.expansion_factor = spec.residents / spec.population
        self.ledger = Ledger()
        self.channels: list[str] = []
        self.category_number = {name: k for k, name in enumerate(spec.categories)}
        self.month = MonthBooks()
        self.stores: list[Store] = []
        self.store_names: list[str] = []
        self._numbers: dict[str, int] = {}
        self.chains: dict[str, list[Store]] = {}
        self.platforms: list[Platform] = []
        self.circles: dict[str, Circle] = {}
        self.events: list[dict[str, Any]] = []
        self.past: list[dict[str, Any]] = []

        self.shoppers = people(spec, self.city, self.seed_number, self.extensions, self.store_names)
        self.consumers: Population = self.shoppers.population
        self.audiences = Audiences(self.consumers)
        self.habits = setup.habits(spec)
        self.demand_yuan = setup.demand(self)
        self.area_km2, self.typical_km = setup.extent(self)
        self.users = np.zeros(2 + len(spec.platforms))
        self.count_users()
        self.leaving: Leaving = Patience()
        self.systems: list[System] = []
        self.is_founded = False
        setup.open_business(self)
        self.is_founded = True

        self.board = Board(spec)
        self.offers_changed = True
        self.epochs = set(self.city.travel.epochs())
        self.today = Today(0.0, 0.0, 0.0, 1.0)
        self.is_free_day, self.next_free_day = False, 0
        self.subsidising: list[bool] = []
        self._view: View | None = None
        self._agents_known = 0
        self.systems = switched_on(self)
        self.schedule: list[tuple[str, Phase]] = list(DAY)
        for system in self.systems:
            self.schedule = system.schedule(self.schedule)
        self.day_seconds = {name: 0.0 for name, _ in self.schedule}
        self.day_counts: dict[str, int] = {"decisions": 0}
        self.recorder = Recorder(self)
        self.datacollector = self.recorder.collector()

    # -- time ---------------------------------------------------------------------------------------------
    @property
    def date(self) -> Date:
        """The calendar date of the day that is, or is about to be, simulated."""
        return date_of(self.spec.start, self.day)

    @answers
    def step(self) -> None:
        """Simulate one day. Raises ScenarioError with the line of a plugin that fails."""
        self._check_agents()
        for name, phase in self.schedule:
            began = time.perf_counter()
            phase(self)
            self.day_seconds[name] += time.perf_counter() - began
        self.day += 1

    def run(self, progress: Callable[[int, int, Date], None] | None = None) -> O2OModel:
        """Simulate all days of the scenario that are left; `progress(day, days, date)` is told of each."""
        while self.day < self.spec.days:
            self.step()
            if progress is not None:
                progress(self.day, self.spec.days, date_of(self.spec.start, self.day - 1))
        return self

    @property
    def purchases(self) -> Purchases:
        """The needs of the day last simulated, and what became of them."""
        return self.shoppers.purchases

    @property
    def table(self) -> Table:
        """The offers of the day, as `board` shows them. Raises RuntimeError before the first are published."""
        return self.board.table

    @property
    def view(self) -> View:
        """What everybody could see of the market at the last review. Raises RuntimeError before the first."""
        if self._view is None:
            raise RuntimeError("there is no view of the market before the first monthly review")
        return self._view

    @view.setter
    def view(self, view: View) -> None:
        self._view = view

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the city between two of its days as one file, from which `load` goes on.

        The file is there whole or not at all. Raises ScenarioError if it cannot be written, or if a plugin keeps
        something that cannot be saved (an open file, a generator, a function with a memory)."""
        from .record.state import save_state

        save_state(self, path)

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], *, overrides: Sequence[str] = (), plugins: bool = True
    ) -> Self:
        """The city that was saved in a file: it goes on as if it had not stopped, to the last bit.

        `overrides` are texts `key.path=value` that hold from the next day on, for what-if questions: levers, the
        number of days, and all keys by which nothing was built. `plugins=False` refuses a scenario with rules of
        its own. Raises ScenarioError for a file that is no state, is damaged, or was saved by another version of
        the package or with other plugins or data, and for keys that cannot change any more."""
        from .record.resume import resume

        return resume(path, partial(cls, plugins=plugins), overrides=overrides)[0]

    # -- what Mesa is told ----------------------------------------------------------------------------------
    def deregister_agent(self, agent: Any) -> None:
        """Remove an agent, as its `remove()` does: a store closes today. Raises ValueError for circles and platforms,
        which cannot be removed."""
        if isinstance(agent, Placed):
            agent.leave()
        super().deregister_agent(agent)

    def _check_agents(self) -> None:
        """Raise ValueError if a store was taken out of Mesa's lists in a way that Mesa does not tell of."""
        known = self.agents
        if len(known) == self._agents_known:
            return
        if lost := [s.name for s in self.stores if s.is_trading and s not in known]:
            message = "was taken out of model.agents, of which nobody is told; let a store leave with store.remove()"
            raise ValueError(f"{lost[0]} {message}")
        self._agents_known = len(known)

    # -- what agents and policies ask -----------------------------------------------------------------------
    def enlist(self, store: Store) -> int:
        """Give a new store its number."""
        self.stores.append(store)
        self._numbers.setdefault(store.name, len(self.store_names))
        self.store_names.append(store.name)
        self.month.grow()
        self.offers_changed = True
        return len(self.stores) - 1

    def store(self, name: str) -> Store:
        """The store that opened under a name. Raises KeyError if none did."""
        if name not in self._numbers:
            raise KeyError(f"there is no store {name!r}")
        return self.stores[self._numbers[name]]

    def has_store(self, name: str) -> bool:
        """Whether a store opened under a name, and so whether the name is taken."""
        return name in self._numbers

    def open_store(self, name: str, format_name: str, circle: Circle, cell: int, **given: Any) -> Store:
        """Open a store during the run; what is not given is drawn for its name."""
        return setup.open_store(self, name, format_name, circle, cell, **given)

    def open_named(self, name: str, said: NamedStore, key: str) -> Store:
        """Open a store placed by hand during the run, with the ways of integrating that it holds from its first day
        on; `key` says where the scenario places it."""
        store = setup.open_named(self, name, said, key)
        for mode in said.modes:
            store.modes[mode] = Holding(self.date, setup.first_partner(self, store, mode))
        return store

    def first_drops(self, platform: Platform) -> float:
        """A guess of the parcels that a platform will bring in a day, before it brings any."""
        return setup.first_drops(self, platform)

    def drawn(self, name: str, format_name: str) -> dict[str, Any]:
        """What is drawn of a store of a format for a name alone: `area_m2`, `quality`, `cost_x`, `skill` and `chain`."""
        return setup.drawn(self, name, format_name)

    def written(self, key: str, now: float) -> float:
        """What the scenario says at a key of which the value is `now`: another one if its time has moved it."""
        return float(self.drift[key][0]) if key in self.drift else now

    def wage_yuan(self) -> float:
        """Wage of one of the staff this month."""
        rules = self.spec.stores
        return rules.wage_yuan_month * (1 + rules.wage_growth) ** (self.day / 365.25)

    def unseen_disutility(self, category: str) -> float:
        """Utils lost by buying a category unseen; less where products are alike."""
        return unseen_disutility(self.spec, category)

    def mode_contribution(self, store: Store, mode: str) -> int:
        """What a mode brought a store this month, in fen: the margin of its channel less its fixed cost."""
        channel = self.modes[mode].channel
        margin = (
            int(self.month.channel_margin[store.number, self.channels.index(channel)])
            if channel in self.channels
            else 0
        )
        return margin - fen(store.mode_cost_yuan(mode))

    def usual_month(self, store: Store) -> float:
        """What a store may expect to sell in the month that ends today, as a multiple of the mean of all months: by its days
        (of a store that has come since, those since then) and the seasons of what it sells."""
        first = max(self.date.replace(day=1), self.spec.start, store.opened)
        days = [first + timedelta(days=k) for k in range((self.date - first).days + 1)]
        x = len(days) / (365.25 / 12)
        for system in self.systems:
            x *= system.expected_x(store, days)
        return x

    def count_users(self) -> None:
        """Shares of consumers with a smartphone, a phone payment, and a membership of each platform."""
        self.users = self.shoppers.count_users() / self.spec.population
        for p in self.platforms:
            p.members = float(self.users[2 + p.number])

    @answers
    def expected_sales(
        self,
        needs: Needs | None = None,
        *,
        as_city: bool = False,
        columns: np.ndarray | None = None,
        workday: bool | None = None,
    ) -> Expected:
        """What people as they are now are expected to buy of the offers last published, without drawing.

        `needs` says whose needs count, by default everybody's on a day like any other; `as_city` then takes
        the residents of each cell from the city instead of from those drawn. `columns` may be a changed copy
        of `table.columns`, as with other prices; `workday` says what kind of day it is, by default today's.
        Simulated counts of the same needs scatter around the expected ones by sampling error (but for full
        shops, which turn people away)."""
        if needs is None:
            homes = self.city.residents if as_city else None
            people, h = self.consumers.columns, self.habits
            needs = usual_needs(people, h.every_days, h.elasticity, homes, h.frequency)
        return self.shoppers.expected_sales(self.today, needs, columns, workday)

    def log(self, who: str, kind: str, decision: str, reason: str = "", **figures: Any) -> None:
        """Record a decision with the figures that led to it."""
        self.events.append(
            {
                "date": self.date,
                "kind": kind,
                "who": who,
                "decision": decision,
                "reason": reason,
                "figures": figures,
            }
        )

    def results(self) -> dict[str, Any]:
        """pandas frames: outcomes, daily, stores_monthly, sales_monthly, ledger, events."""
        return self.recorder.frames()


__all__ = ["DAY", "O2OModel"]
