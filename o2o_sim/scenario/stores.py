"""The keys of the `stores` block: kinds of store, stores placed by hand, and what all stores have in common."""

from __future__ import annotations

from .blocks.best_response import BestResponse
from .blocks.chains_decide import ChainsDecide
from .blocks.floor_follows_sales import FloorFollowsSales
from .blocks.luck import Luck
from .blocks.owners import Owners
from .blocks.places import Places
from .blocks.price_match import PriceMatch
from .blocks.satisficing import Satisficing
from .blocks.service import Service
from .blocks.showroom import Showroom
from .blocks.try_then_buy import TryThenBuy
from .city import PlaceSpec
from .keys import Block, Day, block, key
from .use import Use


class Format(Block):
    """A kind of store. One simulated store is a trading unit: a supermarket, a floor of a department store,
    a row of like boutiques or restaurants under one decision; its floor area says how large."""

    demand_share: dict[str, float] = key(
        ..., "Category -> share of the city's shop sales in it that this format serves", min_length=1
    )
    area_m2: float = key(..., "Floor area of one trading unit", unit="m2", gt=0, le=1e6)
    area_spread: float = key(0.25, "Standard deviation of log floor area between units", ge=0, le=2)
    sales_per_m2_year_yuan: float = key(
        ...,
        "Sales that a usual unit makes; fixes how many units the city starts with",
        unit="yuan/m2/year",
        gt=0,
        le=1e7,
    )
    in_circles: float = key(
        0.5,
        "Share of the units that stand in business circles; the others in streets",
        unit="share",
        ge=0,
        le=1,
    )
    rent_x: float = key(
        1.0, "Rent per m2 relative to the circle's level (anchors pay less)", unit="x", ge=0, le=20
    )
    m2_per_staff: float = key(25.0, "Floor area served by one of the staff", unit="m2", gt=0, le=1e5)
    served_per_staff_day: float = key(
        40.0, "Customers that one of the staff can serve in a day", unit="customers/day", gt=0, le=1e5
    )
    other_cost_share: float = key(
        0.06,
        "Energy, upkeep, local promotion: share of usual sales, paid whatever is sold",
        unit="share",
        ge=0,
        le=1,
    )
    quality: float = key(0.0, "Appeal of the format relative to others", unit="utils", ge=-20, le=20)
    quality_spread: float | None = key(
        None,
        "Standard deviation of appeal between its stores, if not the general one",
        unit="utils",
        ge=0,
        le=5,
    )
    markup_x: float = key(1.0, "Price relative to the category's usual price", unit="x", gt=0, le=10)
    cost_x: float = key(
        1.0,
        "What goods cost it, relative to the category's usual cost: below 1 for who buys well",
        unit="x",
        ge=0,
        le=10,
    )
    cost_spread: float | None = key(
        None,
        "Standard deviation of the log of what goods cost its stores, if not the general one",
        ge=0,
        le=1,
    )
    chain_share: float = key(0.0, "Share of units that belong to a chain", unit="share", ge=0, le=1)
    chains: int = key(0, "Number of chains of this format", ge=0, le=1000)
    places: Places | None = key(None, "Room for so many visitors at a time, in place of served_per_staff_day")
    policy: Use = key("", "Policy of this format's stores, if not the general one")
    skill_mean: float | None = key(
        None, "Mean digital skill of its managers, if not the general one", unit="share", ge=0, le=1
    )
    modes: list[str] = key(
        [], "Ways of integrating that all its stores of the first day hold then", max_length=16
    )
    reluctance_x: float = key(
        1.0,
        "Factor on the hurdle that a way of integrating must clear: image, contracts",
        unit="x",
        ge=0,
        le=100,
    )
    integrates_from: Day | None = key(None, "First day on which its stores think of integrating at all")


class NamedStore(PlaceSpec):
    """One store placed by hand."""

    format: str = key(..., "Its format")
    category: str = key("", "Its main category, if the format has several")
    circle: str = key("", "The circle it stands in; otherwise give a place")
    area_m2: float | None = key(None, "Floor area, if not the format's", unit="m2", gt=0, le=1e6)
    rent_yuan_m2_month: float | None = key(
        None, "Rent of the unit, if not the place's", unit="yuan/m2/month", ge=0, le=1e5
    )
    skill: float | None = key(None, "Digital skill of its manager", unit="share", ge=0, le=1)
    quality: float | None = key(None, "Its appeal, if not drawn", unit="utils", ge=-20, le=20)
    cost_x: float | None = key(
        None, "What goods cost it, relative to the category's usual cost, if not drawn", unit="x", ge=0, le=10
    )
    cash_yuan: float | None = key(None, "Cash on the first day", unit="yuan", ge=-1e12, le=1e12)
    policy: Use = key("", "Its policy, if not the format's")
    modes: list[str] = key([], "Ways of integrating that it holds on the first day", max_length=16)


class Stores(Block):
    """The shops of the city."""

    formats: dict[str, Format] = key(..., "Kinds of store", min_length=1, max_length=50)
    named: dict[str, NamedStore] = key({}, "Stores placed by hand", max_length=2000)
    supply_x: float = key(
        1.0, "Floor space at the start relative to what demand supports", unit="x", gt=0, le=10
    )
    supply_exact: bool = key(
        False,
        "Whether the floors drawn for a format's first stores are scaled so that together they are what supply_x says",
    )
    policy: Use = key(
        "satisficing",
        "How stores decide: `satisficing`, `never_integrate`, `price_match`, `best_response`, or `plugin.Class`",
    )
    satisficing: Satisficing = block(Satisficing, "Parameters of the satisficing policy")
    price_match: PriceMatch = block(PriceMatch, "Parameters of the policy `price_match`")
    best_response: BestResponse = block(BestResponse, "Parameters of the policy `best_response`")
    service: Service | None = key(None, "Money that a store can put into service and assortment")
    chains_decide: ChainsDecide | None = key(None, "Chains that take one decision for all their shops")
    floor_follows_sales: FloorFollowsSales | None = key(
        None, "Shops that grow and shrink with their sales; empty: floors stay as they are"
    )
    luck: Luck | None = key(
        None, "Luck: appeal and costs that wander, and differ for good; empty: there is none"
    )
    owners: Owners | None = key(
        None,
        "Owners who differ, learn what their own shop earns and leave when something else is worth more; empty: all leave "
        "after `satisficing.patience_months` of loss",
    )
    showroom: Showroom | None = key(None, "Showrooms that brands or a platform pay for; empty: nobody pays")
    try_then_buy: TryThenBuy | None = key(
        None, "Experience stores with a share in orders made on their floor"
    )
    size_weight: float = key(
        1.0, "Exponent of floor area in the attraction of a store (Huff)", unit="utils per log m2", ge=0, le=3
    )
    wage_yuan_month: float = key(
        3500.0, "Wage and social cost of one of the staff", unit="yuan/month", ge=0, le=1e6
    )
    wage_growth: float = key(0.0, "Yearly growth of wages", unit="share/year", ge=-0.5, le=1)
    quality_spread: float = key(0.3, "Standard deviation of appeal between stores", unit="utils", ge=0, le=5)
    cost_spread: float = key(
        0.0,
        "Standard deviation of the log of what goods cost a store: who buys well, who wastes; its owner knows",
        ge=0,
        le=1,
    )
    skill_mean: float = key(0.45, "Mean digital skill of managers", unit="share", ge=0, le=1)
    skill_spread: float = key(0.2, "Standard deviation of digital skill", unit="share", ge=0, le=1)
    cash_months: float = key(
        6.0, "Cash on the first day, in months of usual fixed cost", unit="months", ge=0, le=120
    )
    credit_months: float = key(
        3.0,
        "Credit, in months of usual fixed cost; beyond it a store is insolvent",
        unit="months",
        ge=0,
        le=120,
    )
    dividend_months: float = key(
        12.0,
        "Cash above this many months of fixed cost is paid out to the owners",
        unit="months",
        ge=0,
        le=1200,
    )
    unserved_leave: bool = key(
        True, "Whether customers beyond a day's capacity leave (they return the next day)"
    )
    queue_smoothing: float = key(
        0.3, "Weight of today's queue in the queue people expect tomorrow", unit="share", gt=0, le=1
    )
    service_min: float = key(
        4.0, "Minutes that serving one customer takes, for the length of queues", unit="min", gt=0, le=240
    )

    def chain_names(self) -> dict[str, str]:
        """The name of every chain -> its format; stores of an imported file may have other chains."""
        return {f"{n} chain {k + 1}": n for n, f in self.formats.items() for k in range(f.chains)}
