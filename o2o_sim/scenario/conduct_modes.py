"""Ways of going online together: an alliance of shops around a service provider, and a brand with its
dealers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .faults import Fault, Faults, unknown
from .keys import Block, Day, key

if TYPE_CHECKING:
    from .schema import Spec

NOT_ON_FIRST_DAY = "holds '{}' on the first day, but integrates only from {}"


class Provider(Block):
    """A third party that serves an alliance of shops: one catalogue, short-distance couriers, payment, one
    card.

    Shops join by the mode `alliance`: its setup_yuan, fixed_yuan_month and per_order_yuan are what the
    provider charges, its delivery_fee_yuan is what the provider takes from the customer."""

    cash_yuan: float = key(3e6, "Cash on the first day", unit="yuan", ge=0, le=1e13)
    fixed_yuan_month: float = key(
        60000.0, "Catalogue, call centre and rent of the provider", unit="yuan/month", ge=0, le=1e10
    )
    order_cost_yuan: float = key(
        1.0, "What taking an order and its payment costs the provider", unit="yuan", ge=0, le=1e4
    )
    drop_yuan: float = key(
        5.0, "What a courier gets for handing over one order, besides the way", unit="yuan", ge=0, le=1e4
    )
    km_yuan: float = key(2.5, "What a courier gets per km", unit="yuan/km", ge=0, le=1e4)
    longest_km: float = key(
        4.0, "Way per order if a courier goes for it alone, there and back", unit="km", gt=0, le=200
    )
    rounds_day: float = key(
        12.0,
        "Rounds a day in which orders are pooled: the more, the sooner they come and the longer the way per order",
        unit="rounds/day",
        gt=0,
        le=1000,
    )
    catalogue_weight: float = key(
        0.1,
        "Utility of ordering from the catalogue per log of the number of its shops",
        unit="utils",
        ge=0,
        le=5,
    )
    variety_weight: float = key(
        0.2, "Utility per log of the number of categories that it offers", unit="utils", ge=0, le=5
    )
    card_appeal: float = key(
        0.1, "Utility at every shop of the alliance for who holds its card", unit="utils", ge=0, le=20
    )
    card_taken: float = key(
        0.1,
        "Chance that a customer of one of the shops takes the card at a purchase",
        unit="share",
        ge=0,
        le=1,
    )
    patience_months: int = key(
        12, "It leaves after this many months of loss in a row", unit="months", ge=1, le=240
    )


class Brand(Block):
    """A brand that lives by its dealers and opens an online shop of its own beside them."""

    dealers: str = key(..., "The format, or the chain, whose stores are its dealers")
    platform: str = key("", "The marketplace its online shop is on; empty means a site of its own")
    start: Day | None = key(None, "First day of the online shop; empty means from the beginning")
    online_price_x: float = key(
        0.9, "Price online relative to the dealers' usual price", unit="x", gt=0, le=5
    )
    share: Literal["none", "equal", "by_territory", "by_sales"] = key(
        "none",
        "Whom the online margin is credited to: nobody, all dealers alike, the dealer nearest to the buyer's home,"
        " or dealers by their own sales",
    )
    credit: float = key(0.5, "Share of the online margin that is credited", unit="share", ge=0, le=1)
    supply_markup: float = key(
        0.25, "The brand's mark-up on what it supplies to dealers, on its own cost", unit="share", ge=0, le=5
    )
    appeal: float = key(
        0.0, "Utility of its online shop besides quality and range", unit="utils", ge=-20, le=20
    )
    near_km: float = key(
        0.5,
        "Who lives within this distance of a dealer knows the brand; so does who has one as favourite shop",
        unit="km",
        ge=0,
        le=100,
    )
    known_appeal: float = key(
        0.5, "Utility of its online shop for who knows the brand", unit="utils", ge=0, le=20
    )
    trust: float = key(0.0, "Own site: utility of its good name", unit="utils", ge=-20, le=20)
    parcel_yuan: float = key(14.0, "Own site: what one parcel costs", unit="yuan", ge=0, le=1e4)
    fee_share: float = key(
        1.0, "Own site: share of the cost per parcel that the customer pays", unit="share", ge=0, le=3
    )
    days: float = key(3.0, "Own site: days until the parcel is there", unit="days", ge=0, le=90)
    fixed_yuan_month: float = key(
        50000.0, "Staff and upkeep of the online shop", unit="yuan/month", ge=0, le=1e10
    )
    cash_yuan: float = key(1e7, "Cash on the first day", unit="yuan", ge=0, le=1e13)


def check_provider(spec: Spec) -> Faults:
    """An alliance needs somebody who serves it."""
    if spec.provider is not None:
        return
    hint = "write a block 'provider', if only 'provider: {}'"
    if spec.modes.alliance.available:
        message = "shops could join an alliance, but there is no provider that serves it"
        yield Fault(("modes", "alliance", "available"), message, hint)
    holders = [("formats", n, f.modes) for n, f in spec.stores.formats.items()]
    holders += [("named", n, s.modes) for n, s in spec.stores.named.items()]
    for group, name, modes in holders:
        if "alliance" in modes:
            at = ("stores", group, name, "modes", modes.index("alliance"))
            yield Fault(at, "there is no provider that serves an alliance", hint)


def check_franchise(spec: Spec) -> Faults:
    """Brands name dealers and marketplaces that there are, and sell what a parcel can carry."""
    chains = {f"{n} chain {k + 1}": n for n, f in spec.stores.formats.items() for k in range(f.chains)}
    for name, brand in spec.franchise.items():
        key_ = ("franchise", name)
        form = spec.stores.formats.get(chains.get(brand.dealers, brand.dealers))
        if form is None:
            # A file of stores may have chains of its own.
            if spec.city.import_ is None or spec.city.import_.stores is None:
                known = (*spec.stores.formats, *chains)
                yield unknown((*key_, "dealers"), "format or chain called", brand.dealers, known)
            continue
        sold = [c for c in form.demand_share if c in spec.categories and spec.categories[c].shippable]
        if not sold:
            message = f"no parcel can carry what '{brand.dealers}' sells"
            yield Fault((*key_, "dealers"), message, f"it sells {', '.join(form.demand_share)}")
        if not brand.platform:
            continue
        at = (*key_, "platform")
        platform = spec.platforms.get(brand.platform)
        if platform is None:
            yield unknown(at, "platform", brand.platform, spec.platforms)
        elif platform.kind != "marketplace":
            message = f"'{brand.platform}' is no marketplace: nobody else sells there"
            markets = [n for n, p in spec.platforms.items() if p.kind == "marketplace"]
            yield Fault(at, message, f"marketplaces: {', '.join(markets) or 'none'}")
        elif platform.categories and not any(c in platform.categories for c in sold):
            message = f"'{brand.platform}' carries nothing of what the dealers sell"
            yield Fault(at, message, f"they sell {', '.join(sold)}")


def check_late(spec: Spec) -> Faults:
    """Who integrates late holds nothing at first."""
    for name, f in spec.stores.formats.items():
        if f.modes and f.integrates_from is not None and f.integrates_from > spec.start:
            at = ("stores", "formats", name, "integrates_from")
            yield Fault(
                at, NOT_ON_FIRST_DAY.format(f.modes[0], f.integrates_from), "leave one of the two out"
            )
