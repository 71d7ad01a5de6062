"""A store: what it is, what it offers, and its books."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np

from ..market.ledger import CAPITAL, LINE, OVERHEADS, OWNERS, PROVIDERS, STAFF, STORE
from ..market.offers import AT_PLACE, Offer
from ..modes import Holding
from ..streams import name_bits
from ..units import FEN_PER_YUAN, fen, month_of
from . import lease
from .owner import meet
from .register import Placed

if TYPE_CHECKING:
    from ..model import O2OModel
    from ..record.life import Life
    from .circle import Circle
    from .lease import Lease
    from .owner import Owner
    from .platform import Platform

OPEN, SHOWROOM, ONLINE_ONLY, CLOSED = "open", "showroom", "online only", "closed"
SHOWROOM_FLOOR = 0.5
"""Share of floor and staff that a showroom keeps."""
KEPT = {OPEN: 1.0, SHOWROOM: SHOWROOM_FLOOR, ONLINE_ONLY: 0.1}
"""Share of a usual unit's staff and overheads that a store keeps in a state; an online-only one packs and answers."""
LEAST_STAFF, MOST_STAFF, STAFF_STEP = 0.6, 1.25, 0.25
"""Staff follow sales: a month's step towards sales over usual sales, between a skeleton and a full house."""
INCOME = [LINE[n] for n in ("sales", "subsidy received", "delivery fees")]
VARIABLE = [
    LINE[n] for n in ("cost of goods", "spoilage", "commission", "advertising", "handling", "delivery")
]
"""The lines of what comes in, and those that grow with sales."""


@dataclass(frozen=True)
class Month:
    """One month of a store's books, in fen: `lines` is what came in less what went out, by line.

    The sums are made once: neighbours, newcomers and landlords ask for them again and again.
    """

    lines: np.ndarray
    sales_by_channel: dict[str, int]
    customers: int
    visits: int
    looked_only: int
    turned_away: int

    # A few numbers are added up sooner in Python than in NumPy.
    @cached_property
    def revenue(self) -> int:
        lines = self.lines.tolist()
        return sum([lines[k] for k in INCOME])

    @cached_property
    def profit(self) -> int:
        """Everything but capital."""
        lines = self.lines.tolist()
        return sum(lines) - lines[CAPITAL]

    @cached_property
    def variable(self) -> int:
        """All that grows with sales."""
        lines = self.lines.tolist()
        return sum([lines[k] for k in VARIABLE])


class Store(Placed, mesa.Agent):
    """A trading unit of one format at one place.

    Money is in fen and scaled to real residents. `number` is its row in the market's arrays, `account` its
    ledger account; `state` one of open, showroom, online only, closed; `modes` the ways of integrating it
    holds; `sales_per_m2_year_yuan` what it usually sells, its format's unless a file says; `cost_x` what goods cost
    it, relative to the category's usual cost; `price_x` its price relative to its format's; `owner` the platform that holds it, if one does; `months` its months' books, oldest
    first; `own_channels` the channels of plugins' systems through which it sells; `lease` what it has signed, None where
    it may leave its unit at any month's end; `luck_appeal` (utils, part of its appeal) and `luck_cost` (a share of its usual
    sales, paid a month) what chance adds to both this month; `run_by` its owner with what he believes of it, None where owners
    are all alike (`stores.owners`); `showroom_income` what others would pay it a month for being a showroom, in yuan."""

    model: O2OModel
    moved_by = "a store moves with store.cell = model.city.cell_at(x_m, y_m), or store.move(circle, cell)"

    def __init__(
        self,
        model: O2OModel,
        name: str,
        format_name: str,
        circle: Circle,
        cell: int,
        *,
        area_m2: float,
        quality: float,
        skill: float,
        chain: str = "",
        category: str = "",
        rent_yuan_m2: float | None = None,
        cash_yuan: float | None = None,
        sales_per_m2_year_yuan: float | None = None,
        cost_x: float | None = None,
        policy: Any = None,
    ):
        super().__init__(model)
        spec = model.spec
        self.name, self.format_name, self.format = name, format_name, spec.stores.formats[format_name]
        self._circle, self._cell, self._chain = circle, int(cell), ""
        self.chain = chain
        self.area_m2, self.quality, self.skill = area_m2, quality, skill
        self.fixed_rent_yuan_m2 = rent_yuan_m2
        usual = self.format.sales_per_m2_year_yuan
        self.sales_per_m2_year_yuan = usual if sales_per_m2_year_yuan is None else sales_per_m2_year_yuan
        self.cost_x = self.format.cost_x if cost_x is None else cost_x
        self.policy = policy
        self.bits = name_bits("store " + name)
        self.number = model.enlist(self)
        self.account = model.ledger.open(name, STORE)
        weights = {c: s * model.demand_yuan[c] for c, s in self.format.demand_share.items()}
        if category:
            weights = {category: 1.0}
        total = sum(weights.values())
        self.floor = {c: w / total for c, w in weights.items()}
        self.category = max(self.floor, key=lambda c: self.floor[c])
        self.state = OPEN
        self.modes: dict[str, Holding] = {}
        self.price_x, self.price_direction = 1.0, 1.0
        self.opened, self.changed, self.reason = model.date, model.date, ""
        self.owner: Platform | None = None
        self.months: list[Month] = []
        self.own_channels: tuple[str, ...] = ()
        self.lease: Lease | None = lease.first(self)
        self.luck_appeal, self.luck_cost, self.showroom_income = 0.0, 0.0, 0.0
        self.run_by: Owner | None = None
        self.losses = 0
        self.staffing = 1.0
        self.together = 1
        if spec.stores.owners is not None:
            self.run_by = meet(self, spec.stores.owners)
            self.run_by.hopes(self, spec.entry.margin_wanted * self.usual_sales_yuan())
        months = spec.stores.cash_months if self.run_by is None else self.run_by.cash_months
        cash = cash_yuan if cash_yuan is not None else months * self.fixed_cost_yuan()
        model.ledger.book("owners", OWNERS, self.account, np.int64(fen(cash)))
        circle.tenants.append(self)
        lease.pay_deposit(self)

    # -- where it is -------------------------------------------------------------------------------------
    @property
    def cell(self) -> int:
        """The cell it is in. Setting it moves the store, as `move` does within its circle."""
        return self._cell

    @cell.setter
    def cell(self, cell: int) -> None:
        self.move(self._circle, cell)

    @property
    def circle(self) -> Circle:
        """The circle whose landlord it rents from. Setting it moves the store there, as `move` does."""
        return self._circle

    @circle.setter
    def circle(self, circle: Circle) -> None:
        self.move(circle)

    def move(self, circle: Circle, cell: int | None = None) -> None:
        """Move to a cell of a circle, by default where the circle is; from today's phase `publish` on people find it
        there, and the next rent is paid there. Raises ValueError for a cell that is not on land in the city, and for
        a circle of streets without a cell."""
        if cell is None:
            if circle.is_street:
                raise ValueError(f"{self.name} cannot move to the streets without a cell")
            cell = circle.cell
        land = self.model.city.land
        if not (isinstance(cell, int | np.integer) and 0 <= cell < len(land) and land[cell]):
            raise ValueError(
                f"{self.name} cannot move to {cell!r}: that is no cell on land (0 to {len(land) - 1}); "
                "model.city.cell_at(x_m, y_m) gives the cell of a place in metres"
            )
        moves = self.is_here and (circle, cell) != (self._circle, self._cell)
        if moves:
            lease.end(self)
        if self.is_here and circle is not self._circle:
            self._circle.tenants.remove(self)
            circle.tenants.append(self)
        self._circle, self._cell = circle, int(cell)
        if moves:
            self._sign()
        self.model.offers_changed = True

    def _sign(self) -> None:
        """Sign a lease of the unit in which it is, if there are leases there."""
        self.lease = lease.sign(self)
        lease.pay_deposit(self)

    @property
    def chain(self) -> str:
        """The name of the chain it belongs to, empty if to none. It can be set."""
        return self._chain

    @chain.setter
    def chain(self, name: str) -> None:
        shops = self.model.chains
        if self._chain:
            shops[self._chain].remove(self)
        if name:
            shops.setdefault(name, []).append(self)
        self._chain = name

    # -- what it costs to be here ------------------------------------------------------------------------
    @property
    def is_here(self) -> bool:
        """Whether one can walk in."""
        return self.state in (OPEN, SHOWROOM)

    @property
    def is_trading(self) -> bool:
        return self.state != CLOSED

    @property
    def floor_m2(self) -> float:
        """Floor space in use (none if online only)."""
        return self.area_m2 * {OPEN: 1.0, SHOWROOM: SHOWROOM_FLOOR}.get(self.state, 0.0)

    @property
    def kept_share(self) -> float:
        """Share of a usual unit's staff and overheads that it has in its state (0 if closed)."""
        return KEPT.get(self.state, 0.0)

    @property
    def staff(self) -> float:
        """People at work."""
        return self.area_m2 / self.format.m2_per_staff * self.staffing * self.kept_share

    def staff_wanted(self, sales_yuan: float) -> float:
        """Staff that a month's sales ask for, relative to the usual, before its bounds; of a store with a unit."""
        return sales_yuan / (self.usual_sales_yuan() * self.floor_m2 / self.area_m2)

    @property
    def capacity(self) -> float:
        """Customers (real people) it can serve in a day."""
        return self.staff * self.format.served_per_staff_day

    @property
    def makes_followers(self) -> bool:
        """Whether who buys from it can become its follower: it trades, and owns the customer of one of its
        modes."""
        return self.is_trading and any(self.model.modes[name].makes_followers for name in self.modes)

    def usual_sales_yuan(self) -> float:
        """Monthly sales of a usual unit of this floor area."""
        return self.area_m2 * self.sales_per_m2_year_yuan / 12

    def rent_yuan(self) -> float:
        """Rent of a month."""
        if self.lease is not None:
            return self.lease.rent_yuan_m2(month_of(self.model.date)) * self.floor_m2
        return self.asked_yuan_m2() * self.model.spec.levers.rent_x * self.floor_m2

    def asked_yuan_m2(self) -> float:
        """What a landlord asks for its unit per m2 and month, before the rent lever. A rent of its own stands for ever
        without leases; with them it is that of the first day, and later ones move with the circle's level."""
        own, circle = self.fixed_rent_yuan_m2, self.circle
        if own is None:
            return circle.rent_yuan_m2(self.cell) * self.format.rent_x
        if lease.leases_of(self.model.spec, circle.name) is None or not circle.first_rent:
            return own
        return own * circle.rent / circle.first_rent

    def next_rent_yuan_m2(self) -> float:
        """What the next lease of its unit would cost per m2 and month: what its landlord has offered, or what he asks
        today, the rent lever included."""
        if self.lease is not None and self.lease.offer_yuan_m2 is not None:
            return self.lease.offer_yuan_m2
        return self.asked_yuan_m2() * self.model.spec.levers.rent_x

    def leaving_yuan(self, on: date | None = None) -> float:
        """What leaving its unit on a day costs by its lease, in yuan, by default today: what it still owes less the deposit
        that it gets back; 0 without a lease."""
        if self.lease is None:
            return 0.0
        return (lease.owed_fen(self, on) - self.lease.deposit_fen) / FEN_PER_YUAN

    def wages_yuan(self) -> float:
        """Wages of a month."""
        return self.staff * self.model.wage_yuan()

    def overheads_yuan(self) -> float:
        """Energy, upkeep, local promotion of a month."""
        return self.format.other_cost_share * self.usual_sales_yuan() * self.kept_share

    def fixed_cost_yuan(self) -> float:
        """Rent, wages and overheads of a month."""
        return self.rent_yuan() + self.wages_yuan() + self.overheads_yuan()

    @property
    def cash_yuan(self) -> float:
        return self.model.ledger.cash(self.account) / FEN_PER_YUAN

    @property
    def credit_yuan(self) -> float:
        months = self.model.spec.stores.credit_months if self.run_by is None else self.run_by.credit_months
        return months * self.fixed_cost_yuan()

    def bills(self) -> Iterator[tuple[str, int, int]]:
        """What it pays for a month, as (line, account paid, fen): rent, wages, overheads and the fixed cost of its
        modes."""
        yield "rent", self.circle.account, fen(self.rent_yuan())
        yield "wages", STAFF, fen(self.wages_yuan())
        yield "overheads", OVERHEADS, fen(self.overheads_yuan())
        for name in self.modes:
            yield "integration", PROVIDERS, fen(self.mode_cost_yuan(name))

    def sharers(self, mode: str) -> int:
        """How many shops bear the cost of a mode together: those of its chain that hold it, itself included,
        or that take it up together today (`together`)."""
        if not (self.chain and self.model.modes[mode].settings.shared_by_chain):
            return 1
        others = (s for s in self.model.chains[self.chain] if s is not self and s.is_trading)
        return max(self.together, 1 + sum(mode in s.modes for s in others))

    def mode_cost_yuan(self, mode: str) -> float:
        """Its part of what a mode costs in a month, whether it holds the mode or thinks of it."""
        return self.model.modes[mode].settings.fixed_yuan_month / self.sharers(mode)

    def setup_cost_yuan(self, mode: str) -> float:
        """Its part of what beginning a mode costs."""
        return self.model.modes[mode].settings.setup_yuan / self.sharers(mode)

    # -- what it offers ----------------------------------------------------------------------------------
    def fit(self, mode: str) -> float:
        """How well its manager handles a mode: 1 with the skill it needs, 0 without any."""
        needed = self.model.modes[mode].settings.skill
        return 1.0 if needed == 0 else min(1.0, self.skill / needed)

    def key(self, channel: str, category: str) -> np.uint64:
        """The identity of one of its offers; it stays the same whatever else is on offer."""
        return name_bits(f"store {self.name} | {channel} | {category}")

    def publish(self) -> list[Offer]:
        """All its offers of the day."""
        if self.state == CLOSED:
            return []
        rows = []
        for category, share in self.floor.items():
            if self.is_here:
                rows.append(self.walk_in(category, share))
            for mode, holding in self.modes.items():
                offer = self.model.modes[mode].publish(self, category, share, holding)
                if offer is not None:
                    rows.append(offer)
        return rows

    def walk_in(self, category: str, share: float) -> Offer:
        """Come in and buy."""
        base = self.base_offer("walk-in", category, share)
        base["appeal"] += self.circle.attraction()
        return Offer(**base, seen=AT_PLACE)

    def base_offer(self, channel: str, category: str, share: float) -> dict[str, Any]:
        """What all its offers have in common; `share` is that of its floor which the category has."""
        spec = self.model.spec
        c = spec.categories[category]
        floor = max(self.area_m2 * share * (SHOWROOM_FLOOR if self.state == SHOWROOM else 1.0), 1.0)
        goods = c.ticket_yuan * (1 - c.gross_margin) * self.cost_x
        return {
            "key": self.key(channel, category),
            "maker": self.name,
            "channel": channel,
            "category": self.model.category_number[category],
            "price": c.ticket_yuan * self.format.markup_x * self.price_x,
            "usual": c.ticket_yuan,
            "price_weight": c.price_weight,
            "seller": self.account,
            "store": self.number,
            "cell": self.cell,
            "goods": goods,
            "spoilage": goods * c.spoilage_per_day * c.stock_days,
            "quality": self.quality,
            "area": floor,
            "appeal": self.quality + self.luck_appeal + spec.stores.size_weight * math.log(floor / 1000.0),
        }

    # -- what became of it -------------------------------------------------------------------------------
    def history(self) -> Life:
        """Its life so far: what it saw each quarter, considered and decided, its profit and loss, its end."""
        return self.model.recorder.life(self.name)

    def close_month(self) -> Month:
        """Read the month's books."""
        m, sold = self.model, self.model.month
        channels = sold.channel_sales[self.number]
        month = Month(
            lines=m.ledger.books[:, self.account].copy(),
            sales_by_channel={m.channels[k]: int(channels[k]) for k in np.flatnonzero(channels)},
            customers=int(sold.customers[self.number]),
            visits=int(sold.visits[self.number]),
            looked_only=int(sold.looked_only[self.number]),
            turned_away=int(sold.turned_away[self.number]),
        )
        self.months.append(month)
        if self.run_by is not None:
            self.run_by.see(self, month)
        self.losses = self.losses + 1 if month.profit < 0 else 0
        if self.is_here:
            wanted = min(max(self.staff_wanted(month.revenue / FEN_PER_YUAN), LEAST_STAFF), MOST_STAFF)
            self.staffing += STAFF_STEP * (wanted - self.staffing)
        for name, holding in self.modes.items():
            holding.months += 1
            holding.contribution_fen.append(m.mode_contribution(self, name))
        return month

    def adopt(self, mode: str, platform: Platform | None) -> None:
        """Take up a mode and pay for beginning it."""
        setup = np.int64(fen(self.setup_cost_yuan(mode)))
        self.model.ledger.book("integration", self.account, PROVIDERS, setup)
        self.modes[mode] = Holding(self.model.date, platform)
        self.changed = self.model.date

    def quit(self, mode: str) -> None:
        """Give a mode up."""
        if self.run_by is not None:
            self.run_by.remember(mode, self.modes[mode], self.mode_cost_yuan(mode), self.model.date)
        del self.modes[mode]
        self.changed = self.model.date

    def become(self, state: str, reason: str) -> None:
        """Turn into a showroom, go online only, close, or come back as a shop; the unit is freed where it is left, and taken
        where it comes back."""
        if state in (ONLINE_ONLY, CLOSED) and self.is_here:
            lease.end(self)
            self.circle.tenants.remove(self)
        comes_back = state in (OPEN, SHOWROOM) and not self.is_here
        if comes_back:
            self.circle.tenants.append(self)
        self.state, self.reason, self.changed = state, reason, self.model.date
        if comes_back:
            self._sign()
        self.model.offers_changed = True
        if state == CLOSED:
            rest = self.model.ledger.cash(self.account)
            # Whatever is left goes to the owners; whatever is owed, they (or their bank) lose.
            self.model.ledger.book("owners", self.account, OWNERS, np.int64(rest))

    def leave(self) -> None:
        """Close, as a store does that Mesa was told to remove; it stays in `model.stores`, which keep their numbers,
        and in the results."""
        if self.is_trading:
            self.become(CLOSED, "removed")
            self.model.log(self.name, "store", "close", "removed")

    def pay_out(self) -> None:
        """Cash beyond what a careful owner keeps is paid out."""
        keep = fen(self.model.spec.stores.dividend_months * self.fixed_cost_yuan())
        surplus = self.model.ledger.cash(self.account) - keep
        if surplus > 0:
            self.model.ledger.book("owners", self.account, OWNERS, np.int64(surplus))
