"""What changes on a date: keys of the scenario, and stores, circles and platforms that come and go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from ..agents.store import CLOSED
from ..errors import ScenarioError
from ..levers import drift, in_force, moved
from ..market.consumers import ONLINE, member_bit
from ..policies.decisions import Decision
from ..scenario.blocks.timeline import Happening, in_order, told
from ..streams import uniforms
from .base import System
from .funding import leave_market

if TYPE_CHECKING:
    from ..agents.circle import Circle
    from ..agents.platform import Platform
    from ..market.offers import Offer
    from ..model import O2OModel
    from ..scenario.schema import Spec

MOST_STEPS = 50
"""A key that moves in a straight line does so in at most this many equal steps: offers are published anew after
each."""


@dataclass
class Ramp:
    """A key that moves in a straight line from its value of the day `begins` to another of the day `ends`."""

    key: str
    first: float
    last: float
    begins: date
    ends: date

    @property
    def step(self) -> int:
        """Days between two steps."""
        return max(1, -(-(self.ends - self.begins).days // MOST_STEPS))

    def steps_on(self, day: date) -> bool:
        """Whether the key moves on a day."""
        return day >= self.ends or (day - self.begins).days % self.step == 0

    def at(self, day: date) -> float:
        """The value of a day."""
        if day >= self.ends:
            return self.last
        return self.first + (self.last - self.first) * ((day - self.begins) / (self.ends - self.begins))


class Timeline(System):
    """The dated changes of a scenario, each on the morning of its day, in the order in which they are written.

    A key gets its value as a lever does (levers.py), so that a run with a change on day d is the run that was saved
    on the evening before and gone on with under another value. A platform that begins later is there from the first
    day on, without offers or members, as one that has left."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.ramps: list[Ramp] = []
        for name, h in model.spec.timeline.items():
            for key in h.set:
                self._check(name, key)
        absent = [p for p in model.platforms if p.has_left]
        for p in absent:
            record = model.consumers.columns.record
            record["access"] &= ~member_bit(p.number)
            model.consumers.familiarity[:, p.number + 1] = 0
        if absent:
            model.count_users()

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return bool(spec.timeline)

    def _check(self, name: str, key: str) -> None:
        """Raise ScenarioError for a setting of a plugin's class that is not there, or not adjustable."""
        try:
            what = moved(self.model.spec, key)
            what.check(self.model.spec.timeline[name].set[key])
        except ScenarioError as fault:
            problem = fault.problems[0]
            at = ("timeline", name, "set", key)
            raise ScenarioError(self.model.spec.problem_at(at, problem.message, problem.hint)) from None

    # -- every morning --------------------------------------------------------------------------------------
    def morning(self) -> None:
        today = self.model.date
        for ramp in [r for r in self.ramps if r.steps_on(today)]:
            self._move(ramp.key, ramp.at(today))
        self.ramps = [r for r in self.ramps if today < r.ends]
        for name, h in in_order(self.model.spec):
            if h.date == today:
                self._happen(name, h)

    def _happen(self, name: str, h: Happening) -> None:
        m = self.model
        figures: dict[str, Any] = {}
        for key, value in h.set.items():
            what = moved(m.spec, key)
            before, after = in_force(m, what), what.check(value)
            figures |= {f"{key} before": _plain(before), key: _plain(after)}
            if h.until is None:
                self._move(key, after)
            else:
                self.ramps.append(Ramp(key, float(before), float(after), m.date, h.until))
        m.log(
            name,
            "timeline",
            f"moves until {h.until}" if h.until else "happens",
            told(name, h),
            **figures,
        )
        for who in h.begin:
            self._begin(next(p for p in m.platforms if p.name == who), h.about or f"timeline: {name}")
        for who in h.close:
            self._close(who, h.about or f"timeline: {name}")
        for who in h.open:
            self._open(name, who, h)

    def _move(self, key: str, value: Any) -> None:
        try:
            drift(self.model, moved(self.model.spec, key), value)
        except ScenarioError as fault:  # a platform that has stopped paying for good
            self.model.log(key, "timeline", "does not change", fault.problems[0].message)

    # -- who comes ------------------------------------------------------------------------------------------
    def _open(self, name: str, who: str, h: Happening) -> None:
        m, said = self.model, h.open[who]
        if m.has_store(who):
            m.log(who, "timeline", "does not open", "a store has opened under this name already")
            return
        m.open_named(who, said, f"timeline.{name}.open.{who}")
        m.log(who, "entry", "open", h.about or f"timeline: {name}")

    def _begin(self, p: Platform, why: str) -> None:
        """It has the members that it would have had on the first day, of those who have a smartphone now."""
        m = self.model
        if not p.has_left:
            return
        p.has_left, p.is_broke, p.began, p.sellers = False, False, m.day, 1.0
        record, rule = m.consumers.columns.record, m.spec.consumers
        ids, literacy = record["id"], record["literacy"]
        chance = uniforms(m.seed_number, "member " + p.name, 0, ids, 0)
        joins = (record["access"] & ONLINE != 0) & (chance < p.spec.members_start * literacy)
        record["access"][joins] |= member_bit(p.number)
        habit = rule.habit_start * literacy * 2 * uniforms(m.seed_number, "habit " + p.name, 0, ids, 0)
        m.consumers.familiarity[:, p.number + 1] = np.where(joins, np.minimum(habit, 1.0), 0.0)
        m.count_users()
        p.drops_a_day = m.first_drops(p)
        p.subsidy_yuan = p.spec.subsidy.per_order_yuan
        m.log(p.name, "platform", "begin", why, members=round(p.members, 4))
        m.offers_changed = True

    # -- who goes -------------------------------------------------------------------------------------------
    def _close(self, who: str, why: str) -> None:
        m = self.model
        platform = next((p for p in m.platforms if p.name == who), None)
        if m.has_store(who) and m.store(who).is_trading:
            self._close_store(who, why)
        elif who in m.circles and m.circles[who].is_open:
            self._close_circle(m.circles[who], why)
        elif platform is not None and not platform.has_left:
            leave_market(m, platform, why)
        else:
            m.log(who, "timeline", "does not close", "it is not there any more, or never was")

    def _close_store(self, who: str, reason: str) -> None:
        m = self.model
        store, decision = m.store(who), Decision("close", reason)
        store.become(CLOSED, reason)
        m.log(who, "store", "close", reason)
        for system in m.systems:
            system.decided(store, decision)

    def _close_circle(self, circle: Circle, why: str) -> None:
        """Its tenants close with it; what they sold online ends, too."""
        m = self.model
        m.log(circle.name, "landlord", "close", why, tenants=len(circle.tenants))
        for store in list(circle.tenants):
            self._close_store(store.name, f"{circle.name} has closed")
        circle.is_open, circle.opens = False, None
        m.offers_changed = True

    # -- platforms that are not there -----------------------------------------------------------------------
    def amend(self, rows: list[Offer]) -> list[Offer]:
        gone = {p.number for p in self.model.platforms if p.has_left}
        return [row for row in rows if row.platform not in gone] if gone else rows

    def hazards(self, hazard: np.ndarray) -> None:
        for p in self.model.platforms:
            if p.has_left:
                hazard[:, 2 + p.number] = 0.0


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
