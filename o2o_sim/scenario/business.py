"""What a scenario may say about supply: stores, circles, platforms, ways to integrate, entry."""

from __future__ import annotations

from typing import Literal

from .city import PlaceSpec
from .conduct_calendar import GroupDeals, Places
from .conduct_circles import CircleAlliance, SmartCircle, TurnoverRent
from .conduct_growth import Funding, Harvest, Network, Recruit
from .conduct_logistics import FreshHub, FromStores, Rounds
from .conduct_partners import Acquisition, LastKilometre, MemberData, OwnShops, Till
from .conduct_people import TryThenBuy
from .conduct_stores import BestResponse, ChainsDecide, FloorFollowsSales, PriceMatch, Service
from .keys import Block, Day, block, key
from .people import Adoption


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
    markup_x: float = key(1.0, "Price relative to the category's usual price", unit="x", gt=0, le=10)
    cost_x: float = key(
        1.0,
        "What goods cost it, relative to the category's usual cost: below 1 for who buys well",
        unit="x",
        ge=0,
        le=10,
    )
    chain_share: float = key(0.0, "Share of units that belong to a chain", unit="share", ge=0, le=1)
    chains: int = key(0, "Number of chains of this format", ge=0, le=1000)
    places: Places | None = key(None, "Room for so many visitors at a time, in place of served_per_staff_day")
    policy: str = key("", "Policy of this format's stores, if not the general one")
    skill_mean: float | None = key(
        None, "Mean digital skill of its managers, if not the general one", unit="share", ge=0, le=1
    )
    modes: list[str] = key(
        [], "Ways of integrating that all its stores of the first day hold then", max_length=8
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
    cash_yuan: float | None = key(None, "Cash on the first day", unit="yuan", ge=-1e12, le=1e12)
    policy: str = key("", "Its policy, if not the format's")
    modes: list[str] = key([], "Ways of integrating that it holds on the first day", max_length=8)


class Satisficing(Block):
    """How a store that is content with enough decides once a month (Simon 1955)."""

    memory_months: int = key(3, "Months of profit that it looks back on", unit="months", ge=1, le=36)
    aspiration_margin: float = key(
        0.04, "Profit it hopes for, as a share of sales, before looking at others", unit="share", ge=-1, le=1
    )
    imitation: float = key(
        0.5, "Weight of what neighbours of its category earn, in its aspiration", unit="share", ge=0, le=1
    )
    hurdle_x: float = key(
        1.3, "Expected gain that a change must promise, as a multiple of its cost", unit="x", ge=0, le=20
    )
    optimism: float = key(
        1.0, "Expected extra sales as a multiple of what its books suggest", unit="x", ge=0, le=20
    )
    bandwagon: float = key(
        0.5,
        "Extra expected sales per share of comparable stores that hold the mode already",
        unit="share",
        ge=0,
        le=20,
    )
    follow: float = key(
        0.0,
        "Chance that a content store that thinks of a change takes up what all comparable stores hold, hoping or not",
        unit="share",
        ge=0,
        le=1,
    )
    trial_months: int = key(6, "Months before a mode is judged", unit="months", ge=1, le=60)
    patience_months: int = key(
        9, "Months of loss that it bears before it thinks of giving up", unit="months", ge=1, le=120
    )
    price_step: float = key(0.02, "Largest change of the mark-up in a month", unit="share", ge=0, le=0.5)
    review_share: float = key(
        0.34, "Chance that a store thinks about a larger change in a given month", unit="share", ge=0, le=1
    )


class Stores(Block):
    """The shops of the city."""

    formats: dict[str, Format] = key(..., "Kinds of store", min_length=1, max_length=50)
    named: dict[str, NamedStore] = key({}, "Stores placed by hand", max_length=2000)
    supply_x: float = key(
        1.0, "Floor space at the start relative to what demand supports", unit="x", gt=0, le=10
    )
    policy: str = key(
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


class Mode(Block):
    """One way for a store to integrate with online."""

    available: bool = key(True, "Whether stores can adopt it at all")
    start: Day | None = key(None, "First day on which it can be adopted")
    setup_yuan: float = key(0.0, "Cost of beginning", unit="yuan", ge=0, le=1e9)
    fixed_yuan_month: float = key(0.0, "Cost per month", unit="yuan/month", ge=0, le=1e9)
    shared_by_chain: bool = key(
        False, "Whether the shops of a chain share these two costs, each taking an equal part"
    )
    per_order_yuan: float = key(
        0.0, "Cost per order besides delivery and commission", unit="yuan", ge=0, le=1e5
    )
    skill: float = key(
        0.3, "Digital skill needed; a manager with less gets less appeal out of it", unit="share", ge=0, le=1
    )
    appeal: float = key(0.0, "Utility of its offers relative to walking in", unit="utils", ge=-20, le=20)
    delivery_reach_min: float = key(
        0.0,
        "How far the store's own delivery is seen by people who do not follow it",
        unit="min",
        ge=0,
        le=240,
    )
    delivery_cost_yuan: float = key(8.0, "Cost of one delivery to a door", unit="yuan", ge=0, le=1e5)
    delivery_fee_yuan: float = key(0.0, "What the customer pays for it", unit="yuan", ge=0, le=1e5)
    delivery_days: float = key(0.1, "Days until it is there", unit="days", ge=0, le=60)
    hoped_lift: float = key(
        0.05, "Extra sales that a store without experience hopes for, as a share of its sales", ge=0, le=5
    )
    market_share: float = key(
        0.0,
        "Marketplace shop: chance that a local order on the platform falls to it, before crowding",
        unit="share",
        ge=0,
        le=1,
    )


class Modes(Block):
    """The ways of integrating. What a store must hold, and what it offers then."""

    social: Mode = key(
        Mode(
            setup_yuan=3000,
            fixed_yuan_month=1500,
            per_order_yuan=1,
            skill=0.3,
            appeal=-0.4,
            delivery_reach_min=8,
        ),
        "Social account: followers see the shop, which delivers itself",
    )
    marketplace: Mode = key(
        Mode(
            setup_yuan=30000,
            fixed_yuan_month=6000,
            per_order_yuan=3,
            skill=0.6,
            appeal=0.0,
            market_share=0.002,
        ),
        "Shop on a marketplace: parcels to platform users, for a commission",
    )
    partnership: Mode = key(
        Mode(setup_yuan=5000, fixed_yuan_month=1000, per_order_yuan=0.5, skill=0.25, appeal=0.0),
        "Partnership with a local-services platform: its coupons are taken in the shop",
    )
    app: Mode = key(
        Mode(
            setup_yuan=400000,
            fixed_yuan_month=30000,
            per_order_yuan=2,
            skill=0.7,
            appeal=0.3,
            delivery_reach_min=15,
        ),
        "Own app: order ahead and delivery, no commission, no platform in between",
    )
    group: Mode = key(
        Mode(
            available=False,
            setup_yuan=2000,
            fixed_yuan_month=500,
            per_order_yuan=0.5,
            skill=0.15,
            hoped_lift=0.15,
        ),
        "Group deals: now and then a deep discount for who comes in, with a platform that has `group_deals`",
    )
    alliance: Mode = key(
        Mode(
            available=False,
            setup_yuan=5000,
            fixed_yuan_month=2500,
            per_order_yuan=3,
            skill=0.15,
            appeal=-1.0,
            delivery_reach_min=12,
            delivery_fee_yuan=5,
        ),
        "Alliance of shops around a service provider: its catalogue, couriers and card for a price per month and order",
    )

    warehouse: Mode = key(
        Mode(
            available=False,
            setup_yuan=8000,
            fixed_yuan_month=1500,
            per_order_yuan=1.5,
            skill=0.25,
            delivery_reach_min=12,
            delivery_cost_yuan=6,
            delivery_fee_yuan=5,
            delivery_days=0.05,
            hoped_lift=0.05,
        ),
        "Small warehouse of a platform: its orders nearby are picked from the shelves (the platform's from_stores)",
    )


class Circle(PlaceSpec):
    """A business circle: a shopping district or mall, and its landlord."""

    units: int = key(..., "Units to let", ge=0, le=5000)
    share: float | None = key(
        None, "Weight in the allotment of the first stores, if not its units", ge=0, le=1e9
    )
    opens: Day | None = key(None, "Opening date; empty means it is there already")
    rent_yuan_m2_month: float = key(..., "Rent level", unit="yuan/m2/month", ge=0, le=1e5, adjustable=True)
    appeal: float = key(
        0.0,
        "Appeal of the place itself: parking, comfort, events",
        unit="utils",
        ge=-20,
        le=20,
        adjustable=True,
    )
    occupied_start: float = key(
        0.92, "Share of units let on the first (or opening) day", unit="share", ge=0, le=1
    )
    landlord: str = key("", "Its landlord's policy, if not the general one")
    rent_free_months: int = key(
        0, "Months without rent for who moves in, to lure tenants", unit="months", ge=0, le=120
    )
    turnover: TurnoverRent | None = key(None, "Its turnover leases, if not those of landlords.turnover")
    smart: SmartCircle | None = key(None, "A district system for paying by phone that its owners invest in")
    alliance: CircleAlliance | None = key(None, "The platform that its landlord favours")


class ImportedCircles(Block):
    """What imported circles are like; a circle of the same name under `circles` goes before this."""

    m2_per_unit: float = key(5000.0, "Floor space of the file that makes one unit", unit="m2", gt=0, le=1e7)
    rent_yuan_m2_month: float = key(
        100.0, "Rent level where the class has none of its own", unit="yuan/m2/month", ge=0, le=1e5
    )
    rent_by_class: dict[str, float] = key(
        {}, "Rent level by the file's class of circle", unit="yuan/m2/month", max_length=50
    )
    appeal_by_class: dict[str, float] = key({}, "Appeal by class", unit="utils", max_length=50)
    occupied_start: float = key(0.92, "Share of units let on the first day", unit="share", ge=0, le=1)


class Landlords(Block):
    """How rents are set."""

    policy: str = key("vacancy", "`fixed`, `indexed`, `vacancy`, or `plugin.Class`")
    street_rent_yuan_m2_month: float = key(
        70.0,
        "Rent level of street shops where people are as dense as the city's mean",
        unit="yuan/m2/month",
        ge=0,
        le=1e5,
        adjustable=True,
    )
    street_rent_density: float = key(
        0.25,
        "Elasticity of street rents in the density of residents and jobs",
        unit="elasticity",
        ge=-2,
        le=2,
    )
    street_vacancy_start: float = key(
        0.06, "Share of street units that are empty on the first day", unit="share", ge=0, lt=1
    )
    vacancy_target: float = key(
        0.06, "Vacancy at which a vacancy-driven landlord leaves the rent alone", unit="share", ge=0, le=1
    )
    vacancy_response: float = key(
        0.10, "Monthly change of rent per unit of vacancy above the target", unit="share/month", ge=0, le=5
    )
    rent_floor_x: float = key(0.5, "Lowest rent, relative to the first", unit="x", ge=0, le=1)
    rent_ceiling_x: float = key(2.0, "Highest rent, relative to the first", unit="x", ge=1, le=100)
    index_yearly: float = key(
        0.05, "Yearly growth of rents that are indexed", unit="share/year", ge=-0.5, le=2
    )
    turnover: TurnoverRent | None = key(None, "Turnover leases of all circles (streets have plain rents)")


class Subsidy(Block):
    """What a platform pays per order to win it."""

    policy: str = key("fixed", "`fixed`, `match_rival`, `buy_share`, or `plugin.Class`")
    per_order_yuan: float = key(0.0, "Subsidy per order", unit="yuan", ge=0, le=1e4, adjustable=True)
    largest_share: float = key(0.5, "Never more than this share of the price", unit="share", ge=0, le=1)
    budget_yuan_month: float = key(
        1e12, "Stops for the month when this much is spent", unit="yuan/month", ge=0, le=1e15, adjustable=True
    )
    start: Day | None = key(None, "First day; empty means from the beginning")
    end: Day | None = key(None, "First day without it; empty means never")
    match_x: float = key(1.0, "match_rival: the highest rival subsidy times this", unit="x", ge=0, le=10)
    match_limit_yuan: float = key(50.0, "match_rival: but never more than this", unit="yuan", ge=0, le=1e4)
    until_members: float | None = key(
        None, "buy_share: stops when this share of the consumers are members", unit="share", gt=0, le=1
    )
    until_orders_share: float | None = key(
        None, "buy_share: stops when it has this share of its kind's monthly orders", unit="share", gt=0, le=1
    )
    until_spent_yuan: float | None = key(
        None, "Stops for good when this much is spent in all", unit="yuan", gt=0, le=1e15
    )


class Parcel(Block):
    """What it costs to bring goods to a door, and what of it the customer pays."""

    per_order_yuan: float = key(7.0, "Sorting, packing and line haul", unit="yuan", ge=0, le=1e4)
    per_km_yuan: float = key(2.5, "Courier per km of round", unit="yuan/km", ge=0, le=1e4)
    hub_yuan_month: float = key(60000.0, "Local hub, per million residents", unit="yuan/month", ge=0, le=1e9)
    fee_share: float = key(
        1.0, "Share of the cost per parcel that the customer pays, in fee or price", unit="share", ge=0, le=3
    )
    days: float = key(2.5, "Delivery promise", unit="days", ge=0, le=90, adjustable=True)
    days_yearly_x: float = key(0.9, "Factor on the promise after a year", unit="x/year", gt=0, le=2)
    cost_yearly_x: float = key(0.95, "Factor on the costs after a year", unit="x/year", gt=0, le=2)
    rounds: Rounds | None = key(
        None, "Couriers' rounds from a hub; empty: the long-tour formula, however few the parcels"
    )


class Platform(Block):
    """An e-commerce platform."""

    kind: Literal["marketplace", "self_operated", "local_services"] = key(
        ..., "Who sells: outside sellers, itself, or the city's own shops (coupons)"
    )
    categories: list[str] = key(
        [],
        "What it carries; empty means everything shippable (parcels) or everything (coupons)",
        max_length=50,
    )
    price_x: float = key(
        1.0, "Its price level relative to the usual online price", unit="x", gt=0, le=5, adjustable=True
    )
    commission: float = key(
        0.03, "Take rate: share of a sale that the seller pays", unit="share", ge=0, le=0.9, adjustable=True
    )
    coupon_discount: float = key(
        0.0,
        "Local services: discount that shops give on a coupon",
        unit="share",
        ge=0,
        le=0.9,
        adjustable=True,
    )
    trust: float = key(0.0, "Utility of its good name", unit="utils", ge=-20, le=20)
    trust_growth: float = key(0.0, "Yearly growth of that", unit="utils/year", ge=-10, le=10)
    gross_margin: float = key(0.1, "Self-operated: gross margin on goods", unit="share", ge=-0.5, le=0.9)
    advertising_share: float = key(
        0.03,
        "Marketplace: what sellers bid for attention, share of sales, at the first crowding",
        unit="share",
        ge=0,
        le=0.9,
    )
    sellers_growth: float = key(
        0.3, "Marketplace: yearly growth of the number of outside sellers", unit="share/year", ge=-1, le=10
    )
    crowding_elasticity: float = key(
        0.3, "By how much advertising grows with sellers", unit="elasticity", ge=0, le=3
    )
    members_start: float = key(
        0.3,
        "Share of smartphone owners of literacy 1 who are members on the first day",
        unit="share",
        ge=0,
        le=1,
    )
    membership: Adoption = key(
        Adoption(innovation=0.01, imitation=0.08), "How membership spreads among smartphone owners"
    )
    parcel: Parcel = block(Parcel, "Logistics")
    fresh_hub: FreshHub | None = key(None, "Fresh food from a cold store of its own")
    from_stores: FromStores | None = key(
        None, "Orders filled from the nearest partner store (mode `warehouse`)"
    )
    subsidy: Subsidy = block(Subsidy, "Subsidies")
    group_deals: GroupDeals | None = key(None, "Local services: deals of shops that need enough buyers")
    fixed_yuan_month: float = key(
        200000.0, "Local fixed cost, per million residents", unit="yuan/month", ge=0, le=1e10
    )
    cash_yuan: float = key(1e9, "Cash on the first day", unit="yuan", ge=-1e13, le=1e13)
    patience_yuan: float = key(1e12, "What investors add before they stop", unit="yuan", ge=0, le=1e13)
    recruit: Recruit | None = key(None, "Subsidies draw members, who may lapse; empty: they only win orders")
    harvest: Harvest | None = key(None, "A rising commission once it is large; empty: never")
    funding: Funding | None = key(None, "Rounds, and the end of the platform without; empty: patience_yuan")
    network: Network | None = key(None, "Shops that draw users; empty: their number changes nothing")
    acquire: dict[str, Acquisition] = key({}, "Chains and circles that it buys, by name", max_length=50)
    own_shops: OwnShops | None = key(None, "Shops of its own next to its best-selling partners; empty: none")
    member_data: MemberData | None = key(None, "Customer data of its partners; empty: partners keep them")
    till: Till | None = key(None, "Displays at partners' tills where visitors order its range; empty: none")
    last_kilometre: LastKilometre | None = key(
        None, "Its couriers bring what stores brought themselves; empty: they go on"
    )


class Entry(Block):
    """Who takes an empty unit."""

    policy: str = key("best_category", "`best_category`, `none`, or `plugin.Class`")
    share_per_month: float = key(
        0.12,
        "Share of empty units that find a tenant in a month in which somebody earns well",
        unit="share/month",
        ge=0,
        le=1,
    )
    margin_wanted: float = key(
        0.02, "Profit on sales that a newcomer wants to see among sitting tenants", unit="share", ge=-1, le=1
    )
