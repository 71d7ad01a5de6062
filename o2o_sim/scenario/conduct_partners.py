"""What a scenario may say about what a platform does to its partners: buys them, opens beside them, takes
over their customers, their tills and their deliveries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .faults import Fault, Faults, unknown
from .keys import Block, Day, key

if TYPE_CHECKING:
    from .business import Platform
    from .schema import Spec

STREETS = "streets"


class Acquisition(Block):
    """One deal: a platform buys a chain of stores, or a circle from its landlord."""

    date: Day | None = key(None, "It buys on the first day from this one on which its cash covers the price")
    share: float = key(
        1.0, "Share of the capital that it buys; it has the say with any share", unit="share", gt=0, le=1
    )
    price_yuan: float | None = key(
        None, "Price of the whole chain or circle, if it is agreed", unit="yuan", ge=0, le=1e13
    )
    # Listed Chinese supermarkets and department stores stood at 10 to 20 years of profit in 2014; unlisted
    # ones at less. A guess, as is the same number for the rent of a circle.
    profit_years: float = key(
        10.0,
        "Otherwise so many years of profit (of a circle: of rent), but no less than the stores' cash",
        unit="years",
        ge=0,
        le=100,
    )
    exclusive: bool = key(
        True, "Whether its stores, or the circle's tenants, may deal with no other platform"
    )


class OwnShops(Block):
    """A platform opens shops of its own next to the partners that sell most through it."""

    start: Day | None = key(None, "First day on which it watches what its partners sell")
    every_months: int = key(3, "Months between two openings", unit="months", ge=1, le=60)
    limit: int = key(5, "How many it opens at most", unit="shops", ge=1, le=1000)
    formats: list[str] = key([], "Formats of partners that it opens beside; empty means all", max_length=50)
    format: str = key("", "Format of its own shops; empty means that of the partner")
    best_only: bool = key(
        True, "Whether its shop sells only the category that sold best through the platform"
    )
    area_x: float = key(1.0, "Floor area relative to the partner's", unit="x", gt=0, le=10)
    price_x: float = key(0.95, "Price relative to the usual price of the format", unit="x", gt=0, le=5)
    quality: float = key(0.0, "Appeal relative to the format's", unit="utils", ge=-20, le=20)
    fit_out_yuan_m2: float = key(
        1500.0, "What the platform pays to fit a shop out (a guess)", unit="yuan/m2", ge=0, le=1e6
    )


class MemberData(Block):
    """Partners hand the data of their regular customers to the platform, which writes to them."""

    start: Day | None = key(None, "First day on which data are handed over")
    share: float = key(1.0, "Share of its partners that hand them over", unit="share", ge=0, le=1)
    loyalty: float = key(
        0.4, "Loyalty from which a store counts somebody among its regulars", unit="share", ge=0, le=1
    )
    # Open and answer rates of text messages and mails lie between 2 and 20 %; a guess within.
    response: float = key(
        0.1,
        "Chance in a month that one of literacy 1 answers, once she is in the list",
        unit="share",
        ge=0,
        le=1,
    )
    familiarity: float = key(
        0.1,
        "Step of familiarity with the platform towards 1 at each answer; who is no member joins",
        unit="share",
        ge=0,
        le=1,
    )
    fee_yuan: float = key(
        0.0, "What the store gets for each customer handed over", unit="yuan/customer", ge=0, le=1e5
    )
    commission_x: float = key(
        1.0, "The platform's commission from stores that hand data over, relative to others", ge=0, le=10
    )


class Till(Block):
    """A display at the till of partner stores, where visitors order what the platform sells."""

    formats: list[str] = key(..., "Formats of store that have one", min_length=1, max_length=50)
    share: float = key(1.0, "Share of these stores that have one", unit="share", ge=0, le=1)
    start: Day | None = key(None, "First day")
    categories: list[str] = key([], "What can be ordered; empty means all that it carries", max_length=50)
    commission: float = key(
        0.03, "Share of the price that the store gets of an order at its till", unit="share", ge=0, le=0.9
    )
    # Some thousands of goods of a range of more than a hundred thousand; a guess.
    range_share: float = key(
        0.05,
        "Share of the platform's range that a display shows; attraction grows in proportion to it",
        unit="share",
        gt=0,
        le=1,
    )
    appeal: float = key(
        0.0, "Utility of ordering there relative to ordering at home, besides", unit="utils", ge=-20, le=20
    )
    display_yuan_month: float = key(
        200.0, "What a display costs the platform (a guess)", unit="yuan/month", ge=0, le=1e6
    )


class LastKilometre(Block):
    """The platform's couriers bring what stores used to bring themselves; the order is placed with the
    platform."""

    start: Day | None = key(None, "First day")
    formats: list[str] = key([], "Formats of store concerned; empty means all", max_length=50)
    share: float = key(
        1.0, "Share of the stores with a delivery of their own that hand it over", unit="share", ge=0, le=1
    )
    reach_min: float = key(
        20.0, "How far it brings, where that is further than the store did", unit="min", ge=0, le=240
    )
    fee_yuan: float = key(0.0, "What the customer pays for a delivery", unit="yuan", ge=0, le=1e4)
    # Couriers who serve many shops need less time a delivery than a shop's own 8 yuan; a guess.
    cost_yuan: float = key(5.0, "What a delivery costs the platform", unit="yuan", ge=0, le=1e4)
    charge_yuan: float = key(6.0, "What the store pays the platform for one", unit="yuan", ge=0, le=1e4)
    credit: float = key(
        0.0,
        "Chance that a customer puts such an order down to the store, not to the platform",
        unit="share",
        ge=0,
        le=1,
    )


# -- what they say about the rest of the scenario ------------------------------------------------------------
def partner_faults(spec: Spec) -> Faults:
    """Unknown names, platforms that cannot do it, and chains or circles that are bought twice."""
    deals = [(name, target) for name, p in spec.platforms.items() for target in p.acquire]
    times = Counter(target for _, target in deals)
    for name, target in deals:
        at = ("platforms", name, "acquire", target)
        yield from _target(spec, target, at)
        if times[target] > 1:
            buyers = " and ".join(n for n, t in deals if t == target)
            yield Fault(at, f"'{target}' is bought by {buyers}", "one platform can own it", of_name=True)
    for name, p in spec.platforms.items():
        yield from _formats(spec, name, p)
        yield from _kinds(spec, name, p)


def _target(spec: Spec, target: str, at: tuple[str | int, ...]) -> Iterator[Fault]:
    """Whether a chain or circle of the name can be there."""
    if target == STREETS:
        hint = "a circle, or a chain such as 'supermarket chain 1'"
        yield Fault(at, "the streets belong to many", hint, of_name=True)
        return
    chains = [
        f"{f} chain {k + 1}" for f, x in spec.stores.formats.items() if x.chain_share for k in range(x.chains)
    ]
    imported = spec.city.import_
    if imported is not None and (imported.circles is not None or imported.stores is not None):
        return  # what the file holds is known when it is read
    if target not in chains and target not in spec.circles:
        yield unknown(at, "chain or circle", target, [*chains, *spec.circles], of_name=True)


def _formats(spec: Spec, name: str, p: Platform) -> Iterator[Fault]:
    """Formats and categories that are named."""
    for what in ("own_shops", "till", "last_kilometre"):
        rule = getattr(p, what)
        for k, said in enumerate(rule.formats if rule else ()):
            if said not in spec.stores.formats:
                yield unknown(("platforms", name, what, "formats", k), "format", said, spec.stores.formats)
    if p.own_shops and p.own_shops.format and p.own_shops.format not in spec.stores.formats:
        at = ("platforms", name, "own_shops", "format")
        yield unknown(at, "format", p.own_shops.format, spec.stores.formats)
    for k, said in enumerate(p.till.categories if p.till else ()):
        at_k = ("platforms", name, "till", "categories", k)
        if said not in spec.categories:
            yield unknown(at_k, "category", said, spec.categories)
        elif not spec.categories[said].shippable or (p.categories and said not in p.categories):
            yield Fault(at_k, f"{name} sends no '{said}'", "name categories that it carries")


def _kinds(spec: Spec, name: str, p: Platform) -> Iterator[Fault]:
    """What a platform of its kind can do at all."""
    if p.till and p.kind == "local_services":
        at = ("platforms", name, "till")
        yield Fault(at, "a platform of coupons has no goods to order", "kind: marketplace or self_operated")
    if p.kind == "self_operated" and not p.acquire:
        for what in ("own_shops", "member_data"):
            if getattr(p, what):
                hint = "kind: marketplace or local_services, or let it buy a chain"
                yield Fault(("platforms", name, what), "a platform that sells itself has no partners", hint)
