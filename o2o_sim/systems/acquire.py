"""Platforms that own physical shops: what ownership means, and how they buy chains and circles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..market.ledger import LINE, OWNERS
from ..modes import Holding
from ..units import FEN_PER_YUAN, fen
from .base import System

if TYPE_CHECKING:
    from ..agents.platform import Platform
    from ..agents.store import Store
    from ..model import O2OModel
    from ..policies.decisions import Decision
    from ..scenario.blocks.acquire import Acquisition
    from ..scenario.schema import Spec

CAPITAL, RENT = LINE["owners"], LINE["rent"]
MONTHS_A_YEAR = 12


class Owner(System):
    """What the stores of a platform have in common: whom they deal with, and where their profit goes.

    What an owned store pays out goes to the platform in proportion to its share of the capital, at the end of
    the month; in the same proportion it puts up what owners put in and bears what a closed store leaves
    unpaid."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.share: dict[int, float] = {}
        """Number of each owned store -> the platform's share of its capital."""
        self.tied: set[int] = set()
        """Numbers of the owned stores that may deal with no other platform."""
        self.before: dict[int, int] = {}
        """What this month's capital account of a store said when it was bought, in fen."""
        self.with_rival: set[int] = set()
        """Numbers of the owned stores that had a mode of their owner's kind with another platform before the
        month's decisions."""
        self.received: dict[str, int] = {}
        """Fen that each platform had from its stakes this month (less than 0: put in)."""
        self.settled = -1
        """The day on which it last settled accounts."""

    def own(self, store: Store, platform: Platform, share: float, tied: bool) -> None:
        """The store is the platform's from now on."""
        store.owner = platform
        self.share[store.number] = share
        # Who owns a store decides whose displays and couriers it has.
        self.model.offers_changed = True
        if tied:
            self.tied.add(store.number)
            drop_rivals(self.model, store, platform)

    def allows(self, store: Store, mode: str, platform: Platform | None) -> bool:
        return platform is None or store.number not in self.tied or platform is store.owner

    def bills(self) -> None:
        """Before anybody decides: which of its stores hold with another platform what they could have with
        it."""
        self.with_rival = set()
        for number in self.share:
            owner, modes = self.model.stores[number].owner, self.model.stores[number].modes
            mode = owners_mode(self.model, owner) if owner is not None else None
            holding = modes.get(mode) if mode is not None else None
            if holding is not None and holding.platform is not owner:
                self.with_rival.add(number)

    def decided(self, store: Store, decision: Decision) -> None:
        """Its owner does not let it give up the mode that it has with the platform."""
        owner = store.owner
        if store.number not in self.share or decision.kind != "quit" or owner is None:
            return
        if store.number in self.with_rival:
            return
        if decision.mode == owners_mode(self.model, owner):
            store.modes[decision.mode] = Holding(self.model.date, owner)
            self.model.log(store.name, "store", f"keep {decision.mode}", f"belongs to {owner.name}")

    def settle(self) -> None:
        """Settle the month's accounts, once on its last evening: before investors see who is out of money
        (systems/funding.py), if there are any."""
        if self.settled != self.model.day:
            self.settled = self.model.day
            self.share_profits()

    def month_end(self) -> None:
        self.settle()
        for number in list(self.share):
            owner = self.model.stores[number].owner
            if owner is None or owner.has_left:
                self._release(self.model.stores[number])
        self.before.clear()

    def share_profits(self) -> None:
        """Pass on what owned stores have paid out this month, to the fen."""
        model, book = self.model, self.model.ledger.book
        self.received = {}
        for number in list(self.share):
            store = model.stores[number]
            if store.owner is None or store.owner.has_left:
                self._release(store)
                continue
            paid = self.before.get(number, 0) - int(model.ledger.books[CAPITAL, store.account])
            part = np.int64(round(self.share[number] * abs(paid)))
            if paid > 0:
                book("owners", OWNERS, store.owner.account, part)
            elif paid < 0:
                book("owners", store.owner.account, OWNERS, part)
            self._receive(store.owner, int(part) if paid > 0 else -int(part))
            if not store.is_trading:
                del self.share[number]
                self.tied.discard(number)

    def _release(self, store: Store) -> None:
        """Its owner has left the market: the store belongs to nobody in particular again, as at first."""
        del self.share[store.number]
        self.tied.discard(store.number)
        store.owner = None

    def _receive(self, platform: Platform, amount: int) -> None:
        self.received[platform.name] = self.received.get(platform.name, 0) + amount


def owners_mode(model: O2OModel, platform: Platform) -> str | None:
    """The way of integrating that a platform's own stores take up with it; one that sells itself has none."""
    modes = (m for m in model.modes.values() if m.joins_owner and m.partner == platform.spec.kind)
    return next((mode.name for mode in modes), None)


def drop_rivals(model: O2OModel, store: Store, platform: Platform) -> None:
    """The store quits every mode that it holds with another platform."""
    for mode in [m for m, h in store.modes.items() if h.platform not in (None, platform)]:
        other = store.modes[mode].platform
        store.quit(mode)
        model.offers_changed = True
        model.log(
            store.name,
            "store",
            f"quit {mode}",
            f"bound to {platform.name}",
            platform=other.name if other else "",
        )


def take_up(model: O2OModel, store: Store, platform: Platform) -> None:
    """The store takes up the platform's mode, if it sells anything that the platform carries."""
    mode = owners_mode(model, platform)
    if mode is None or mode in store.modes or not model.modes[mode].settings.available:
        return
    if any(platform.carries(c) for c in store.floor):
        store.adopt(mode, platform)
        model.offers_changed = True
        model.log(store.name, "store", f"adopt {mode}", f"belongs to {platform.name}")


class Acquisitions(Owner):
    """A platform buys chains of stores, and circles from their landlords, and binds them to itself.

    On the first day from the date of the deal on which its cash covers the price, it pays the owners. The
    stores of a chain take up its mode, and what they pay out is its own. The rent of a circle is its own. If
    the deal is exclusive, these stores, or the tenants of the circle, give up what they have with other
    platforms and take up no more of it. Stores that join the chain later are its own too."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.pending = [(p, t, deal) for p in model.platforms for t, deal in p.spec.acquire.items()]
        self.chains: dict[str, tuple[Platform, Acquisition]] = {}
        self.circles: dict[str, tuple[Platform, Acquisition]] = {}
        self.seen = len(model.stores)
        self.paid_fen: dict[str, int] = {}

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return any(p.acquire for p in spec.platforms.values())

    def morning(self) -> None:
        self._newcomers()
        if self.pending:
            self.pending = [d for d in self.pending if not self._try(*d)]

    def _try(self, platform: Platform, target: str, deal: Acquisition) -> bool:
        """Buy, if it is time, there is something to buy, and the cash is there."""
        model = self.model
        if platform.is_broke or (deal.date is not None and model.date < deal.date):
            return False
        is_circle = target in model.circles
        stores = [s for s in model.chains.get(target, ()) if s.is_trading and s.owner is None]
        if not (is_circle or stores):
            return False
        price = self._price_fen(target, deal, stores)
        if price is None or model.ledger.cash(platform.account) < price:
            return False
        model.ledger.book("owners", platform.account, OWNERS, np.int64(price))
        self.paid_fen[platform.name] = self.paid_fen.get(platform.name, 0) + price
        if is_circle:
            self.circles[target] = (platform, deal)
            for s in list(model.circles[target].tenants) if deal.exclusive else ():
                if s.owner is None or s.owner is platform:
                    drop_rivals(model, s, platform)
        else:
            self.chains[target] = (platform, deal)
            for s in stores:
                self.before[s.number] = int(model.ledger.books[CAPITAL, s.account])
                self._join(s)
        figures = {"price (yuan)": price / FEN_PER_YUAN, "share": deal.share, "stores": len(stores)}
        if is_circle:
            figures["stores"] = len(model.circles[target].tenants)
        model.log(platform.name, "platform", f"buy {target}", "acquisition", **figures)
        return True

    def _price_fen(self, target: str, deal: Acquisition, stores: list[Store]) -> int | None:
        """What its share costs; None while there are no books, or no tenants, from which it could be calculated."""
        if deal.price_yuan is not None:
            return fen(deal.price_yuan * deal.share)
        if target in self.model.circles:
            if not self.model.circles[target].tenants:
                return None
            yearly = MONTHS_A_YEAR * sum(s.rent_yuan() for s in self.model.circles[target].tenants)
            return fen(deal.profit_years * yearly * deal.share)
        if not any(s.months for s in stores):
            return None
        profit = 0.0
        for s in stores:
            months = s.months[-MONTHS_A_YEAR:]
            profit += MONTHS_A_YEAR * sum(m.profit for m in months) / max(len(months), 1) / FEN_PER_YUAN
        cash = sum(s.cash_yuan for s in stores)
        return fen(max(deal.profit_years * profit, cash, 0.0) * deal.share)

    def _join(self, store: Store) -> None:
        """One store of a chain that was bought."""
        platform, deal = self.chains[store.chain]
        self.own(store, platform, deal.share, deal.exclusive)
        take_up(self.model, store, platform)

    def _newcomers(self) -> None:
        """Stores that have opened since: those of its chains are its own."""
        stores = self.model.stores
        for store in stores[self.seen :]:
            if store.chain in self.chains and store.owner is None:
                self._join(store)
        self.seen = len(stores)

    def allows(self, store: Store, mode: str, platform: Platform | None) -> bool:
        """Not even a tenant of its circle may deal with others; one that belongs to another platform is not
        bound."""
        if platform is not None and store.is_here and store.owner is None:
            landlord = self.circles.get(store.circle.name)
            if landlord is not None and landlord[1].exclusive and landlord[0] is not platform:
                return False
        return super().allows(store, mode, platform)

    def month_end(self) -> None:
        self.chains = {name: deal for name, deal in self.chains.items() if not deal[0].has_left}
        self.circles = {name: deal for name, deal in self.circles.items() if not deal[0].has_left}
        super().month_end()

    def share_profits(self) -> None:
        """Besides, pass on the rent of circles."""
        self._newcomers()
        super().share_profits()
        model = self.model
        for name, (platform, deal) in self.circles.items():
            account = model.circles[name].account
            rent = round(deal.share * int(model.ledger.books[RENT, account]))
            model.ledger.book("owners", account, platform.account, np.int64(rent))
            self._receive(platform, rent)

    def bound(self, platform: Platform) -> int:
        """How many trading stores may deal with this platform alone."""
        places = {n for n, (p, d) in self.circles.items() if p is platform and d.exclusive}
        return sum(
            (s.number in self.tied and s.owner is platform)
            or (s.is_here and s.circle.name in places and s.owner in (None, platform))
            for s in self.model.stores
            if s.is_trading
        )

    def figures(self) -> dict[str, float]:
        """Per platform: stores owned, stores bound to it, yuan paid for stakes so far, and yuan had of them
        this month."""
        found: dict[str, float] = {}
        for p in self.model.platforms:
            if p.spec.acquire:
                owned = sum(self.model.stores[n].owner is p for n in self.share)
                found |= {
                    f"stores_owned/{p.name}": float(owned),
                    f"stores_bound/{p.name}": float(self.bound(p)),
                    f"stakes_paid_yuan/{p.name}": self.paid_fen.get(p.name, 0) / FEN_PER_YUAN,
                    f"stakes_received_yuan/{p.name}": self.received.get(p.name, 0) / FEN_PER_YUAN,
                }
        return found
