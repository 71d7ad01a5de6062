"""What a platform takes over from its partners: the data of their customers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..market.consumers import ONLINE, member_bit
from ..streams import uniforms
from ..units import FEN_PER_YUAN
from .base import System

if TYPE_CHECKING:
    from ..agents.platform import Platform
    from ..market.offers import Offer
    from ..model import O2OModel
    from ..scenario.blocks.member_data import MemberData as MemberDataSpec
    from ..scenario.schema import Spec


def drawn(model: O2OModel, process: str, share: float) -> np.ndarray:
    """Which stores take part: bool[stores], each drawn once by its own name."""
    bits = np.array([s.bits for s in model.stores], dtype=np.uint64)
    return uniforms(model.seed_number, process, 0, bits)[: len(bits)] < share


def join_members(model: O2OModel, platform: Platform, who: np.ndarray) -> int:
    """These consumers (row numbers) become members; returns how many were none."""
    bit, access = member_bit(platform.number), model.consumers.access
    who = np.unique(who)
    fresh = who[(access[who] & bit) == 0]
    access[fresh] |= bit
    return len(fresh)


class _List:
    """The customers whose data one platform has, and what they bought this month."""

    def __init__(self, consumers: int):
        self.giver = np.full(consumers, -1, np.int32)
        """The store that handed each consumer over (-1: nobody did)."""
        self.bought = self.through = 0
        self.won = 0


class MemberData(System):
    """Partners hand the data of their regulars over; the platform writes to them, and who answers gets used
    to it.

    At the end of a month a partner hands over whom it counts among its regulars: online, the store her
    favourite, her loyalty above a level. Who answers becomes a member, and her familiarity with the platform
    grows, as it does with every purchase through it. All that the platform offers gains from that: its
    parcels, the coupons of other partners, and of the same store. Her loyalty to the store only fades as she
    buys elsewhere."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.lists: list[tuple[Platform, MemberDataSpec, _List]] = [
            (p, p.spec.member_data, _List(len(model.consumers)))
            for p in model.platforms
            if p.spec.member_data is not None
        ]

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return any(p.member_data for p in spec.platforms.values())

    def morning(self) -> None:
        if any(rule.start == self.model.date for _, rule, _ in self.lists):
            self.model.offers_changed = True

    def has_begun(self, rule: MemberDataSpec) -> bool:
        return rule.start is None or self.model.date >= rule.start

    def givers(self, p: Platform, rule: MemberDataSpec) -> np.ndarray:
        """Which stores hand data over now: bool[stores]."""
        deals = [
            s.is_trading and (s.owner is p or any(h.platform is p for h in s.modes.values()))
            for s in self.model.stores
        ]
        return np.array(deals, bool) & drawn(self.model, f"hands data to {p.name}", rule.share)

    def amend(self, rows: list[Offer]) -> list[Offer]:
        """Who hands data over pays another commission."""
        for p, rule, _ in self.lists:
            if rule.commission_x != 1 and self.has_begun(rule):
                gives = self.givers(p, rule)
                for o in rows:
                    if o.platform == p.number and o.store >= 0 and gives[o.store]:
                        o.commission *= rule.commission_x
        return rows

    def after_sales(self) -> None:
        """Count what those on the list buy, and through whom."""
        model = self.model
        t = model.table
        for p, _, mine in self.lists:
            if model.date.day == 1:
                mine.bought = mine.through = mine.won = 0
            pick = model.purchases.picks[(mine.giver[model.purchases.consumer] >= 0) & model.purchases.served]
            store, platform = t.columns["store"][pick], t.columns["platform"][pick]
            mine.bought += int(((store > 0) | (platform > 0)).sum())
            mine.through += int((platform == p.number + 1).sum())

    def month_end(self) -> None:
        for p, rule, mine in self.lists:
            if self.has_begun(rule) and not p.is_broke:
                self._hand_over(p, rule, mine)
                self._write(p, rule, mine)
        self.model.count_users()

    def regulars(self, gives: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
        """(row numbers of those who count as regulars of a store that gives, the store of each)."""
        people = self.model.consumers.columns
        favourite = people.favourite
        mine = np.append(gives, False)[favourite] & (people.loyalty >= level)
        mine &= ((people.record["access"] & ONLINE) != 0)[:, None]
        who = np.flatnonzero(mine.any(axis=1))
        # Of several stores, the one to which she is most loyal.
        best = np.where(mine[who], people.loyalty[who], -1.0).argmax(axis=1)
        return who, favourite[who, best]

    def _hand_over(self, p: Platform, rule: MemberDataSpec, mine: _List) -> None:
        model = self.model
        who, store = self.regulars(self.givers(p, rule), rule.loyalty)
        new = mine.giver[who] < 0
        who, store = who[new], store[new]
        mine.giver[who] = store
        each = round(rule.fee_yuan * model.expansion_factor * FEN_PER_YUAN)
        for number, count in zip(*np.unique(store, return_counts=True)):
            s = model.stores[number]
            if each:
                model.ledger.book("transfers", p.account, s.account, np.int64(each * count))
            told = {
                "customers": round(float(count) * model.expansion_factor, 2),
                "fee (yuan)": int(each * count) / FEN_PER_YUAN,
            }
            model.log(s.name, "store", "hand over customer data", f"to {p.name}", **told)

    def _write(self, p: Platform, rule: MemberDataSpec, mine: _List) -> None:
        """All on the list are written to; who answers joins, and gets used to the platform."""
        model, people = self.model, self.model.consumers.columns
        record = people.record
        u = uniforms(model.seed_number, f"answers {p.name}", model.day, record["id"])
        who = np.flatnonzero((mine.giver >= 0) & (u < rule.response * record["literacy"]))
        mine.won = join_members(model, p, who)
        known = people.familiarity[who, p.number + 1]
        people.familiarity[who, p.number + 1] = known + np.float32(rule.familiarity) * (np.float32(1) - known)

    def figures(self) -> dict[str, float]:
        """Per platform: people whose data it has; members won by writing this month; and of those on the list
        the share of purchases made through it, and who still are regulars of the store that handed them
        over."""
        found: dict[str, float] = {}
        people, each = self.model.consumers.columns, self.model.expansion_factor
        for p, rule, mine in self.lists:
            listed = mine.giver >= 0
            loyal = (people.favourite == mine.giver[:, None]) & (people.loyalty >= rule.loyalty)
            stays = float((loyal.any(axis=1) & listed).sum()) / listed.sum() if listed.any() else math.nan
            found |= {
                f"data_people/{p.name}": float(listed.sum()) * each,
                f"data_won/{p.name}": mine.won * each,
                f"data_through/{p.name}": mine.through / mine.bought if mine.bought else math.nan,
                f"data_regulars/{p.name}": stays,
            }
        return found
