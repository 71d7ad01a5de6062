"""What newcomers and landlords make of the books of sitting tenants."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..agents.circle import Circle
from ..agents.store import Store
from ..market.ledger import LINE
from ..units import FEN_PER_YUAN
from .entry import Prospect
from .integration import contribution_margin

if TYPE_CHECKING:
    from ..model import O2OModel
    from ..scenario.stores import Format


class Market:
    """What everybody can know of the last three months of sitting tenants; `floor` is floor space in use by category,
    m2, to which who opens adds."""

    def __init__(self, model: O2OModel):
        self.model = model
        sitting = [s for s in model.stores if s.is_here]
        self.sold = {s.number: quarter for s in sitting if (quarter := _last_quarter(s)) is not None}
        self._earned: dict[str, dict[str, tuple[float, float]]] = {}
        self.floor = dict.fromkeys(model.spec.categories, 0.0)
        for s in sitting:
            self.add_floor(s)

    @cached_property
    def everywhere(self) -> dict[str, _Quarters]:
        """What tenants of the whole city earned, by format."""
        return _by_format(self.sold.values())

    def tenants(self, circle: Circle) -> dict[str, _Quarters]:
        """What tenants of a circle earned, by format; of a format that is not there, those of the city. Formats
        that do not belong there are left out."""
        here = _by_format(self.sold[s.number] for s in circle.tenants if s.number in self.sold)
        formats = self.model.spec.stores.formats
        return {n: q for n, q in (self.everywhere | here).items() if belongs(formats[n], circle)}

    def earned(self, circle: Circle) -> dict[str, tuple[float, float]]:
        """(Median profit on sales at the rent that a circle asks, mean share kept), by format."""
        if circle.name not in self._earned:
            here = {n: q.earned(circle.rent) for n, q in self.tenants(circle).items()}
            self._earned[circle.name] = here
        return self._earned[circle.name]

    def add_floor(self, s: Store) -> None:
        """Count a store's floor space."""
        for category, share in s.floor.items():
            self.floor[category] += share * s.floor_m2

    def left(self, name: str) -> float:
        """Share of their sales that shops of a format keep when one more has come."""
        form = self.model.spec.stores.formats[name]
        weights = {c: share * self.model.demand_yuan[c] for c, share in form.demand_share.items()}
        total = sum(weights.values()) or 1.0
        floor = self.floor
        return sum(
            w / total * floor[c] / (floor[c] + form.area_m2 * w / total)
            for c, w in weights.items()
            if floor[c] > 0
        )

    def prospect(self, name: str, earned: tuple[float, float]) -> Prospect:
        """What a newcomer expects: what sitting tenants earn, less what they lose to one more unit's floor."""
        margin, kept = earned
        left = self.left(name)
        return Prospect(name, (margin - kept * (1 - left)) / left if left > 0 else -1.0)

    def prospect_at(self, name: str, circle: Circle) -> Prospect:
        """What a newcomer of a format expects in a circle; if no shop of the format is known, by a plan."""
        earned = self.earned(circle)
        return self.prospect(name, earned[name]) if name in earned else self._planned(name, circle)

    def _planned(self, name: str, circle: Circle) -> Prospect:
        """What a usual unit would earn, if a m2 of it sold what one of its categories sells now in other shops, or if
        there are none, what is usual for the format."""
        model = self.model
        form, usual = (
            model.spec.stores.formats[name],
            model.spec.stores.formats[name].sales_per_m2_year_yuan / 12,
        )
        weights = {c: share * model.demand_yuan[c] for c, share in form.demand_share.items()}
        total = sum(weights.values()) or 1.0
        sales, kept = 0.0, 0.0
        for c, w in weights.items():
            area, floor = form.area_m2 * w / total, self.floor[c]
            sold = self._sold_yuan_m2[c] * area * floor / (floor + area) if floor > 0 else usual * area
            sales += sold
            goods = (1 - model.spec.categories[c].gross_margin) * form.cost_x / form.markup_x
            kept += (1 - goods) * sold
        cost = self.fixed_cost_yuan(name, circle.rent)
        return Prospect(name, (kept - cost) / sales if sales > 0 else -1.0)

    @cached_property
    def _sold_yuan_m2(self) -> dict[str, float]:
        """Sales of a month per m2 of floor, by category; a shop's sales are spread over its floor."""
        sold = dict.fromkeys(self.model.spec.categories, 0.0)
        floor = dict(sold)
        for s in self.model.stores:
            if s.number in self.sold:
                for c, share in s.floor.items():
                    sold[c] += share * self.sold[s.number].revenue / len(s.months[-3:]) / FEN_PER_YUAN
                    floor[c] += share * s.floor_m2
        return {c: sold[c] / floor[c] if floor[c] > 0 else 0.0 for c in sold}

    def fixed_cost_yuan(self, name: str, level: float) -> float:
        """Rent at a level, wages and overheads of a month of a usual unit of a format."""
        model = self.model
        form = model.spec.stores.formats[name]
        wages = form.area_m2 / form.m2_per_staff * model.wage_yuan()
        overheads = form.other_cost_share * form.area_m2 * form.sales_per_m2_year_yuan / 12
        return self.rent_yuan(name, level) + wages + overheads

    def rent_yuan(self, name: str, level: float) -> float:
        """Rent of a month of a usual unit of a format at a level of rent."""
        form = self.model.spec.stores.formats[name]
        return level * form.rent_x * self.model.spec.levers.rent_x * form.area_m2

    def bid(self, circle: Circle, margin_wanted: float) -> float | None:
        """The highest level of rent in a circle at which newcomers of some format could expect a margin; 0 if they
        could not even without rent, None if nothing is known of any format."""
        bids = []
        for name, quarters in self.tenants(circle).items():
            left = self.left(name)
            if left > 0:
                bids.append(quarters.bid(margin_wanted * left + quarters.kept * (1 - left)))
        return max(max(bids), 0.0) if bids else None


def units_carried(model: O2OModel, format_name: str) -> float:
    """How many units of a format the city's demand supports at their usual sales."""
    f = model.spec.stores.formats[format_name]
    sales = sum(model.demand_yuan[c] * s for c, s in f.demand_share.items())
    return model.spec.stores.supply_x * sales / (f.area_m2 * f.sales_per_m2_year_yuan)


def belongs(form: Format, circle: Circle) -> bool:
    """Formats that stand only in circles take no street unit, and street formats none in a circle."""
    return form.in_circles < 1 if circle.is_street else form.in_circles > 0


class _Quarter(NamedTuple):
    """The last three months of a shop that sold anything: its `profit`, what it `paid` as rent, and its `revenue` in fen,
    the level of `rent` per m2 that this rent comes to, and the share `kept` of a yuan of sales, which is left after all
    that grows with it."""

    format_name: str
    profit: int
    paid: int
    revenue: int
    rent: float
    kept: float


def _last_quarter(s: Store) -> _Quarter | None:
    """What a shop earned; None if nothing."""
    months = s.months[-3:]
    revenue = sum([m.revenue for m in months])
    if not s.is_here or revenue <= 0:
        return None
    paid = -sum([int(m.lines[LINE["rent"]]) for m in months])
    level = max(s.circle.rent if s.circle.is_street else s.circle.rent_yuan_m2(s.cell), 1e-9)
    if s.lease is not None:
        # A lease of earlier days is another level than what is asked now.
        level *= s.rent_yuan() / max(s.asked_yuan_m2() * s.model.spec.levers.rent_x * s.floor_m2, 1e-9)
    profit = sum([m.profit for m in months])
    return _Quarter(s.format_name, profit, paid, revenue, max(level, 1e-9), contribution_margin(months))


class _Quarters:
    """What shops of one format earned, in arrays: they are asked of it at the rents of many places."""

    def __init__(self, shops: list[_Quarter]):
        numbers = np.array([q[1:5] for q in shops], float)
        self.profit, self.paid, self.revenue, self.rent = numbers.T
        self.kept = sum([q.kept for q in shops]) / len(shops)

    def earned(self, rent: float) -> tuple[float, float]:
        """(Median profit on sales, had rents been at that level; mean share kept)."""
        margin = (self.profit + self.paid * (1 - rent / self.rent)) / self.revenue
        return float(np.median(margin)), self.kept

    def bid(self, margin: float) -> float:
        """The level of rent at which the median shop would earn a margin; infinite if none pays rent."""
        paying = self.paid > 0
        if not paying.any():
            return np.inf
        spare = self.profit + self.paid - margin * self.revenue
        return float(np.median((spare * self.rent)[paying] / self.paid[paying]))


def _by_format(shops: Iterable[_Quarter]) -> dict[str, _Quarters]:
    """What some shops earned, by their format."""
    found: dict[str, list[_Quarter]] = {}
    for quarter in shops:
        found.setdefault(quarter.format_name, []).append(quarter)
    return {name: _Quarters(quarters) for name, quarters in found.items()}
