"""Subsidies that recruit members, and members who lapse when they end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..market.consumers import member_bit
from ..streams import stream, uniform, uniforms
from .base import System

if TYPE_CHECKING:
    from ..agents.platform import Platform
    from ..market.offers import Table
    from ..model import O2OModel
    from ..scenario.blocks.recruit import Recruit as RecruitSpec
    from ..scenario.schema import Spec


ACTIVE_DAYS = 30
"""Who has ordered within these days is an active customer."""


NEVER = -(10**6)


class Recruiting:
    """Whom the subsidies of one platform drew.

    Arrays have a row per consumer: `ordered` and `since` (int32) are the days of her last order and of her
    joining (NEVER: none, or before the first day), `was` (bool) says who was a member before the month's
    adoption. `offered` is the subsidy per order in yuan that its offers carry today, `month_yuan` the sum of
    that over the days of the month; `organic` (float64[cohorts]) the month's chance to join without it."""

    def __init__(self, platform: Platform, rule: RecruitSpec, consumers: int):
        self.platform, self.rule = platform, rule
        self.audience, self.bit = f"drawn to {platform.name}", member_bit(platform.number)
        self.ordered = np.full(consumers, NEVER, np.int32)
        self.since = np.full(consumers, NEVER, np.int32)
        self.was = np.zeros(consumers, np.bool_)
        self.offered = self.month_yuan = 0.0
        self.organic = np.zeros(0)
        self.joined = 0


class Recruit(System):
    """Subsidies draw members beyond those whom word of mouth brings, and many of them lapse when they end.

    The month's chance to join (Bass 1969) rises by `hazard_per_yuan` times the subsidy that an order would
    have brought a newcomer on a mean day of the month. Members who joined by that, and would not have
    without, are the audience `drawn to NAME`. In a month in which the platform paid nothing, each of them who
    is quiet and has no habit of it lapses with a chance of `lapse_month`: she is no member any more."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        n = len(model.consumers)
        self.all = [Recruiting(p, p.spec.recruit, n) for p in model.platforms if p.spec.recruit is not None]
        for r in self.all:
            model.audiences.bit(r.audience)
        self.days = 0
        self.table: Table | None = None

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return any(p.recruit is not None for p in spec.platforms.values())

    def after_sales(self) -> None:
        m = self.model
        if m.table is not self.table:
            self.table = m.table
            for r in self.all:
                r.offered = self._offered(m.table, r.platform)
        # Platform number + 1 of every purchase of the day, 0 for none.
        through = np.where(m.purchases.served, m.table.columns["platform"][m.purchases.picks], 0)
        for r in self.all:
            r.month_yuan += r.offered
            r.ordered[m.purchases.consumer[through == r.platform.number + 1]] = m.day
        self.days += 1

    def _offered(self, table: Table, platform: Platform) -> float:
        """The subsidy of a newcomer's usual order: the mean over what the platform offers now, in which a
        category counts by how often it is needed."""
        mine = table.columns["platform"] == platform.number + 1
        category = table.columns["category"][mine].astype(np.int64)
        paid = table.fen["subsidy"][mine] / (100 * self.model.expansion_factor)
        often = np.array([1 / c.every_days for c in self.model.spec.categories.values()])
        rows = np.bincount(category, minlength=len(often))
        total = np.bincount(category, weights=paid, minlength=len(often))
        often = np.where(rows > 0, often, 0.0)
        return float((often * total / np.maximum(rows, 1)).sum() / often.sum()) if rows.any() else 0.0

    def hazards(self, hazard: np.ndarray) -> None:
        access = self.model.consumers.columns.record["access"]
        for r in self.all:
            chance = hazard[:, 2 + r.platform.number]
            r.organic, r.was = chance.copy(), (access & r.bit) != 0
            if not r.platform.has_left:
                chance += r.rule.hazard_per_yuan * r.month_yuan / max(self.days, 1)

    def month_end(self) -> None:
        for r in self.all:
            if r.platform.has_left:
                continue
            drawn = self._welcome(r)
            lapsed = self._lapse(r) if r.month_yuan == 0 else 0
            if drawn or lapsed:
                self.model.log(
                    r.platform.name,
                    "platform",
                    "drawn members",
                    "subsidies" if drawn else "they ended",
                    **{
                        "subsidy of a usual order (yuan)": round(r.month_yuan / self.days, 4),
                        "drawn (consumers)": drawn,
                        "lapsed (consumers)": lapsed,
                    },
                )
            r.month_yuan = 0.0
        self.days = 0
        self.model.count_users()

    def _welcome(self, r: Recruiting) -> int:
        """Mark who joined this evening and would not have without the subsidy: whose draw, that of `adopt`,
        is not below the chance without. Returns how many."""
        m, record = self.model, self.model.consumers.columns.record
        new = ((record["access"] & r.bit) != 0) & ~r.was
        r.since[new] = m.day
        if r.month_yuan == 0:
            return 0
        key = stream(m.seed_number, "adopt member " + r.platform.name, m.day + 1)
        with np.errstate(over="ignore"):
            draw = uniform(key, record["id"].astype(np.uint64))
        drawn = new & (draw >= r.organic[record["cohort"]] * record["literacy"])
        m.audiences.join(r.audience, drawn)
        r.joined += int(drawn.sum())
        return int(drawn.sum())

    def _lapse(self, r: Recruiting) -> int:
        """Members who were drawn, are quiet and have no habit of it leave by chance. Returns how many."""
        m, people = self.model, self.model.consumers.columns
        quiet = m.day - np.maximum(r.ordered, r.since) >= r.rule.quiet_days
        strange = people.familiarity[:, r.platform.number + 1] < r.rule.loyal_familiarity
        who = np.flatnonzero(m.audiences.of(r.audience) & quiet & strange)
        draw = uniforms(
            m.seed_number, "lapse of members of " + r.platform.name, m.day, people.record["id"][who]
        )
        gone = who[draw < r.rule.lapse_month]
        people.record["access"][gone] &= ~r.bit
        m.audiences.leave(r.audience, gone)
        return len(gone)

    def _activity(self, r: Recruiting) -> dict[str, float]:
        """How many of those it drew it still has, and who orders; shares of nobody are 0."""
        m, name = self.model, r.platform.name
        member = (m.consumers.access & r.bit) != 0
        # Who was drawn to a platform that has left is no member of it any more.
        drawn = m.audiences.of(r.audience) & member
        own = member & ~drawn
        active = m.day - r.ordered < ACTIVE_DAYS
        return {
            f"drawn_members/{name}": float(drawn.mean()),
            f"drawn_kept/{name}": float(drawn.sum() / max(r.joined, 1)),
            f"drawn_active/{name}": float((drawn & active).sum() / max(r.joined, 1)),
            f"own_active/{name}": float((own & active).sum() / max(own.sum(), 1)),
        }

    def figures(self) -> dict[str, float]:
        """Members drawn by subsidies, as a share of all consumers; of all ever drawn, the share who are
        members still, and who ordered in the last 30 days; and the same of the other members."""
        found: dict[str, float] = {}
        for r in self.all:
            found |= self._activity(r)
        return found
