"""Fresh food ordered from a platform: out of its own cold store, or from the shelves of the nearest store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import modes
from ..market.consumers import ONLINE, member_bit
from ..market.ledger import OVERHEADS
from ..market.offers import EVERYWHERE, Offer
from ..streams import name_bits, uniforms
from ..units import fen
from .base import System
from .couriers import Ways
from .festivals import at_terms_of_the_day

if TYPE_CHECKING:
    from ..agents.platform import Platform
    from ..agents.store import Store
    from ..market.offers import Table
    from ..model import O2OModel
    from ..scenario.schema import Spec

MODE, CHANNEL = modes.Warehouse.name, modes.Warehouse.channel


@dataclass
class Account:
    """A platform's fresh food this month: simulated orders, and fen. `gain` is the hub's margin; `picked`
    what picking cost every store, `hired` what the platform won or lost by delivering for it
    (int64[stores])."""

    orders: int = 0
    sales: int = 0
    gain: int = 0
    picked: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    hired: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    def grow(self, stores: int) -> None:
        """Room for stores that have opened."""
        for name in ("picked", "hired"):
            old = getattr(self, name)
            setattr(self, name, np.append(old, np.zeros(stores - len(old), np.int64)))


class FreshFood(System):
    """A platform sells fresh food (or whatever else it says) from a hub, or from partner stores.

    From the hub: one offer to all members, that loses goods in the cold store and on the way, and comes
    tomorrow. From stores: one offer to the members within delivery reach of a partner; whose store is nearest
    fills the order at once from his shelf. The goods are his and so is the picking; what an order brings less
    goods, spoilage and delivery is the gain, which platform and stores share at the end of the month by
    transfers. If an order loses money, the platform bears it: who lends his shelves does not pay for that.
    """

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.ways = Ways(model)
        self.books = {p.name: Account() for p in model.platforms if p.spec.fresh_hub or p.spec.from_stores}
        self.told: dict[str, float] = {}
        self._orders: list[tuple[int, np.ndarray, np.ndarray, np.ndarray]] = []

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return any(p.fresh_hub or p.from_stores for p in spec.platforms.values())

    # -- what is on offer --------------------------------------------------------------------------------
    def amend(self, rows: list[Offer]) -> list[Offer]:
        """The hubs' offers, and one for all stores of a platform and category together."""
        for p in self.model.platforms:
            if p.has_left:
                continue
            if p.spec.fresh_hub is not None:
                fresh = [self._from_hub(p, c) for c in p.spec.fresh_hub.categories]
                fresh = at_terms_of_the_day(self.model, fresh)
                keys = {int(o.key) for o in fresh}
                rows = [o for o in rows if int(o.key) not in keys] + fresh
            if p.spec.from_stores is not None:
                for c in p.spec.from_stores.categories:
                    rows = rows + self._from_stores(p, c, rows)
        return rows

    def _terms(self, p: Platform, category: str, price: float, days: float) -> dict[str, Any]:
        """What both ways have in common."""
        m = self.model
        c = m.spec.categories[category]
        return {
            "maker": p.name,
            "category": m.category_number[category],
            "price": price,
            "usual": c.ticket_yuan,
            "price_weight": c.price_weight,
            "seller": p.account,
            "platform": p.number,
            "seen": EVERYWHERE,
            "subsidy": p.subsidy_for(price),
            "wait": c.wait_utils(days),
            "days": days,
            "payment": m.spec.consumers.payment_friction,
        }

    def _from_hub(self, p: Platform, category: str) -> Offer:
        """A cold parcel; it takes the place of the platform's ordinary one."""
        m, hub = self.model, p.spec.fresh_hub
        assert hub is not None
        c = m.spec.categories[category]
        price = c.ticket_yuan * hub.price_x
        usual_cost = c.ticket_yuan * (1 - c.gross_margin)
        goods = usual_cost if hub.gross_margin is None else price * (1 - hub.gross_margin)
        return Offer(
            key=name_bits(f"platform {p.name} | parcel | {category}"),
            channel="parcel",
            needs=int(ONLINE | member_bit(p.number)),
            goods=goods,
            spoilage=goods * (1 - (1 - hub.spoilage_per_day) ** (hub.stock_days + hub.days)),
            delivery=p.parcel_cost(category) * hub.parcel_x,
            fee=hub.fee_yuan * m.spec.levers.logistics_x,
            appeal=hub.appeal + p.trust(),
            unseen=m.unseen_disutility(category),
            **self._terms(p, category, price, hub.days),
        )

    def _from_stores(self, p: Platform, category: str, rows: list[Offer]) -> list[Offer]:
        """The platform's offer for all its partners, if there are any; who lives near one can see it."""
        m, terms = self.model, p.spec.from_stores
        assert terms is not None
        number = m.category_number[category]
        if not any(o.channel == CHANNEL and o.platform == p.number and o.category == number for o in rows):
            return []
        mode = m.modes[MODE].settings
        price = m.spec.categories[category].ticket_yuan * terms.price_x
        offer = Offer(
            key=name_bits(f"platform {p.name} | from stores | {category}"),
            channel=CHANNEL,
            needs=int(ONLINE | member_bit(p.number)) | m.audiences.bit(_near(p, category)),
            fee=mode.delivery_fee_yuan * m.spec.levers.logistics_x,
            appeal=mode.appeal + terms.appeal + p.trust(),
            # A shop of the neighbourhood is trusted more than a stranger's parcel: half the doubt, as when it
            # delivers.
            unseen=0.5 * m.unseen_disutility(category),
            **self._terms(p, category, price, mode.delivery_days),
        )
        return at_terms_of_the_day(m, [offer])

    def published(self, table: Table) -> None:
        """Find the row of each offer for all stores, and those of the stores behind it; tell who lives near
        one."""
        m, c = self.model, table.columns
        homes, number = m.consumers.columns.record["home"], _number(m)
        self._orders = []
        for p in m.platforms:
            for category in p.spec.from_stores.categories if p.spec.from_stores is not None else ():
                sold = c["category"] == m.category_number[category]
                rows = np.flatnonzero((c["channel"] == number) & (c["platform"] == p.number + 1) & sold)
                stores = rows[c["store"][rows] > 0]
                reached, order, alike = self.ways.nearest(c["cell"][stores], c["reach"][stores])
                near = _near(p, category)
                m.audiences.leave(near, ~reached[homes])
                m.audiences.join(near, reached[homes])
                self._orders += [(int(row), stores, order, alike) for row in rows if c["store"][row] == 0]

    # -- every day ---------------------------------------------------------------------------------------
    def after_choice(self) -> None:
        """The nearest partner fills the order; among several at one place, everybody keeps to one of them."""
        m = self.model
        for row, stores, order, alike in self._orders:
            mine = np.flatnonzero(m.purchases.picks == row)
            if not len(mine):
                continue
            who = m.purchases.consumer[mine]
            home = m.consumers.columns.record["home"][who]
            u = uniforms(m.seed_number, "which of the nearest stores", 0, m.consumers.id[who])
            m.purchases.picks[mine] = stores[order[(u * alike[home]).astype(np.int64), home]]

    def after_sales(self) -> None:
        """Count what fresh food brought; what stores have of it is in their own books."""
        m, t = self.model, self.model.table
        count = m.purchases.bought.sum(axis=0)
        f = t.fen
        for p in m.platforms:
            if p.name not in self.books:
                continue
            book = self.books[p.name]
            rows = np.flatnonzero((t.columns["platform"] == p.number + 1) & (count > 0))
            stores = rows[t.columns["channel"][rows] == _number(m)]
            hub = rows[np.isin(t.columns["key"][rows], _hub_keys(p))]
            for mine in (stores, hub):
                book.orders += int(count[mine].sum())
                book.sales += int((count * (f["price"] - f["discount"] + f["fee"]))[mine].sum())
            margin = f["price"] - f["discount"] - f["goods"] - f["spoilage"] + f["fee"] - f["delivery"]
            book.gain += int((count * margin)[hub].sum())
            book.grow(len(m.stores))
            np.add.at(book.picked, t.store[stores], (count * f["handling"])[stores])
            hired = stores[t.carrier[stores] == p.account]
            np.add.at(book.hired, t.store[hired], (count * (f["fee"] - f["delivery"]))[hired])

    # -- every month -------------------------------------------------------------------------------------
    def bills(self) -> None:
        """Cold stores are paid, gains are shared."""
        m = self.model
        self.told = {}
        for p in m.platforms:
            if p.name not in self.books:
                continue
            book = self.books[p.name]
            gain = book.gain
            if p.spec.fresh_hub is not None and not p.has_left:
                cold = fen(p.spec.fresh_hub.fixed_yuan_month * m.spec.residents / 1e6)
                m.ledger.book("overheads", p.account, OVERHEADS, np.int64(cold))
                gain -= cold
            if p.spec.from_stores is not None:
                gain += self._share(p, book)
            self.told |= {
                f"fresh_orders/{p.name}": book.orders * m.expansion_factor,
                f"fresh_sales_yuan/{p.name}": book.sales / 100,
                f"fresh_gain_yuan/{p.name}": gain / 100,
            }
            self.books[p.name] = Account()

    def _share(self, p: Platform, book: Account) -> int:
        """Give everybody his part; returns what was gained in all, after picking and what it costs to be a
        partner, fen."""
        m, terms = self.model, p.spec.from_stores
        assert terms is not None
        partners = [s for s in m.stores if s.is_trading and _partner(s) is p]
        if not partners or CHANNEL not in m.channels:
            return 0
        number, channel = np.array([s.number for s in partners]), _number(m)
        book.grow(len(m.stores))
        picking, hired = book.picked[number], book.hired[number]
        had = m.month.channel_margin[number, channel] + picking
        sold = m.month.channel_sales[number, channel]
        part = shared(terms.share, terms.store_share, had + hired, sold)
        net = part - had
        accounts = np.array([s.account for s in partners])
        m.ledger.book("transfers", p.account, accounts[net > 0], net[net > 0])
        m.ledger.book("transfers", accounts[net < 0], p.account, -net[net < 0])
        m.month.channel_margin[number, channel] += net
        total = int((had + hired).sum())
        m.log(
            p.name,
            "platform",
            "share the gain",
            terms.share,
            **{
                "gain (yuan)": total / 100,
                "stores' part (yuan)": float(part.sum()) / 100,
                "stores": len(partners),
            },
        )
        fixed = sum(fen(s.mode_cost_yuan(MODE)) for s in partners)
        return total - int(picking.sum()) - fixed

    def figures(self) -> dict[str, float]:
        """By platform: orders, sales, what all together gained after all costs, and stores that are
        partners."""
        count = {
            f"warehouse_stores/{p.name}": sum(s.is_trading and _partner(s) is p for s in self.model.stores)
            for p in self.model.platforms
            if p.name in self.books
        }
        return {**self.told, **count}


def shared(rule: str, share: float, gain: np.ndarray, sold: np.ndarray) -> np.ndarray:
    """What every store gets of the gain, whole fen: int64[stores]. `gain` (int64[stores], fen) is what the
    orders of each brought, `sold` for how much. What is left by rounding down stays with the platform."""
    if rule == "by_gain":
        return np.floor(share * np.maximum(gain, 0)).astype(np.int64)
    pool = share * max(int(gain.sum()), 0)
    weight = np.ones(len(gain)) if rule == "equal" else sold.astype(float)
    return np.floor(pool * weight / max(weight.sum(), 1.0)).astype(np.int64)


def _partner(store: Store) -> Platform | None:
    """The platform for which a store is a warehouse."""
    holding = store.modes.get(MODE)
    return holding.platform if holding is not None else None


def _near(p: Platform, category: str) -> str:
    """The audience of who lives within delivery reach of a partner."""
    return f"near a store of {p.name} with {category}"


def _hub_keys(p: Platform) -> np.ndarray:
    """Identities of the offers of a platform's hub."""
    fresh = p.spec.fresh_hub.categories if p.spec.fresh_hub is not None else []
    return np.array([name_bits(f"platform {p.name} | parcel | {c}") for c in fresh], dtype=np.uint64)


def _number(model: O2OModel) -> int:
    """Number of the channel, -1 if nobody has used it."""
    return model.channels.index(CHANNEL) if CHANNEL in model.channels else -1
