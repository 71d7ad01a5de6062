"""Accounts that write to some cohorts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..market.consumers import ONLINE
from ..market.ledger import PROVIDERS
from ..market.offers import AT_PLACE, Offer
from ..streams import uniforms
from ..units import fen
from .base import System

if TYPE_CHECKING:
    from ..agents.store import Store
    from ..model import O2OModel
    from ..scenario.blocks.closed_loop import ClosedLoop as ClosedLoopSpec
    from ..scenario.blocks.messages import TargetedAccount
    from ..scenario.schema import Spec


def is_running(model: O2OModel, said: TargetedAccount | ClosedLoopSpec) -> bool:
    """Whether something with a start and an end is on today."""
    return (said.start is None or model.date >= said.start) and (said.end is None or model.date < said.end)


def in_equal_parts(total: int, n: int) -> np.ndarray:
    """Whole fen that add up to the total; the first bear a fen more where it does not divide."""
    return total // n + (np.arange(n) < total % n)


class TargetedAccounts(System):
    """Accounts that speak for some shops to some cohorts: who subscribes gets these shops on better terms.

    A shop's own terms at its place (not a platform's coupon) are published a second time under the same key,
    for subscribers only, with `appeal` added and `discount` taken off. Once a month online people of the
    cohorts subscribe and some leave; the account's cost falls on its shops or on the landlords of its
    circles.
    """

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.accounts = dict(model.spec.messages)
        cohorts = list(model.spec.cohorts)
        number = model.consumers.columns.record["cohort"]
        self.meant_for = {
            name: np.isin(number, [cohorts.index(c) for c in (a.cohorts or cohorts)])
            for name, a in self.accounts.items()
        }
        self.bits = {name: model.audiences.bit(audience(name)) for name in self.accounts}
        self.running: dict[str, bool] = {}

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return bool(spec.messages)

    def speaks_for(self, name: str, store: Store) -> bool:
        """Whether a shop is one of an account's."""
        said = self.accounts[name].senders
        return (
            (not said.circles or store.circle.name in said.circles)
            and (not said.formats or store.format_name in said.formats)
            and (not said.chains or store.chain in said.chains)
        )

    def subscribers(self, name: str) -> int:
        """Simulated people."""
        return int(self.model.audiences.of(audience(name)).sum())

    def morning(self) -> None:
        """Accounts begin and end; when one ends, its subscribers are gone."""
        m = self.model
        now = {name: is_running(m, a) for name, a in self.accounts.items()}
        if now == self.running:
            return
        for name, on in now.items():
            if on != self.running.get(name, False):
                people = self.subscribers(name) * m.expansion_factor
                m.log(name, "store", "begin messages" if on else "end messages", "date", subscribers=people)
            if not on:
                m.audiences.leave(audience(name), m.audiences.of(audience(name)))
        self.running, m.offers_changed = now, True

    def amend(self, rows: list[Offer]) -> list[Offer]:
        """The shops' own terms again, for subscribers."""
        for name, account in self.accounts.items():
            if not self.running.get(name):
                continue
            mine = [self.speaks_for(name, s) for s in self.model.stores]
            rows = rows + [
                replace(
                    r,
                    needs=r.needs | self.bits[name],
                    appeal=r.appeal + account.appeal,
                    discount=r.discount + account.discount * (r.price - r.discount),
                )
                for r in rows
                if r.seen == AT_PLACE and r.store >= 0 and r.platform < 0 and mine[r.store]
            ]
        return rows

    def bills(self) -> None:
        m = self.model
        for name, account in self.accounts.items():
            if not self.running.get(name):
                continue
            cost = fen(account.cost_yuan_subscriber_month * self.subscribers(name) * m.expansion_factor)
            if account.paid_by == "landlord":
                payers = [m.circles[c].account for c in account.senders.circles]
            else:
                payers = [s.account for s in m.stores if s.is_here and self.speaks_for(name, s)]
            if payers and cost:
                m.ledger.book("integration", payers, PROVIDERS, in_equal_parts(cost, len(payers)))

    def month_end(self) -> None:
        """Who was a subscriber may leave; who was none, is online and of its cohorts may become one."""
        m = self.model
        record = m.consumers.columns.record
        online = record["access"] & ONLINE > 0
        for name, account in self.accounts.items():
            if not self.running.get(name):
                continue
            u = uniforms(m.seed_number, "subscribe " + name, m.day, record["id"])
            reads = m.audiences.of(audience(name))
            m.audiences.join(audience(name), ~reads & online & self.meant_for[name] & (u < account.reach))
            m.audiences.leave(audience(name), reads & (u < account.leave))

    def figures(self) -> dict[str, float]:
        """Subscribers of every account, real people."""
        return {
            f"subscribers/{name}": self.subscribers(name) * self.model.expansion_factor
            for name in self.accounts
        }


def audience(name: str) -> str:
    """What the group of an account's subscribers is called."""
    return "messages " + name
