"""`franchise`: brands whose dealers are stores here, and their online shops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..faults import Fault, Faults, unknown
from ..keys import Block, Day, key

if TYPE_CHECKING:
    from ..schema import Spec


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


def check(spec: Spec) -> Faults:
    """Brands name dealers and marketplaces that there are, and sell what a parcel can carry."""
    chains = spec.stores.chain_names()
    for name, brand in spec.franchise.items():
        key_ = ("franchise", name)
        form = spec.stores.formats.get(chains.get(brand.dealers, brand.dealers))
        if form is None:
            continue  # a chain of a file of stores, or unknown (naming.py)
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
