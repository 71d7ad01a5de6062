"""`provider`: who serves an alliance of shops (mode `alliance`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Fault, Faults
from ..keys import Block, key

if TYPE_CHECKING:
    from ..schema import Spec


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


def check(spec: Spec) -> Faults:
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
