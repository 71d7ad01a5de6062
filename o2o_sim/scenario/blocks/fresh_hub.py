"""`platforms.NAME.fresh_hub`: fresh food from a platform's own cold store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Fault, Faults, unknown_names
from ..keys import Block, key

if TYPE_CHECKING:
    from ..schema import Spec


class FreshHub(Block):
    """A platform's own cold store, from which it sells fresh food to its members all over the city."""

    categories: list[str] = key(
        ..., "What it sells; also what no ordinary parcel can carry", min_length=1, max_length=32
    )
    price_x: float = key(1.0, "Its prices relative to usual shop prices", unit="x", gt=0, le=5)
    gross_margin: float | None = key(
        None, "Gross margin on goods at that price, if not the category's", unit="share", ge=-0.5, le=0.95
    )
    appeal: float = key(
        0.0, "Utility of its choice, relative to a shop of 1000 m2", unit="utils", ge=-20, le=20
    )
    days: float = key(0.75, "Days until it is there", unit="days", ge=0, le=30)
    spoilage_per_day: float = key(
        0.04, "Share of the goods that spoils in a day in the cold store and on the way", ge=0, le=1
    )
    stock_days: float = key(1.0, "Days that goods lie in the cold store", unit="days", ge=0, le=60)
    parcel_x: float = key(
        1.3, "Cost of a cold parcel relative to the platform's ordinary one", unit="x", ge=0, le=50
    )
    fee_yuan: float = key(5.0, "What the customer pays for delivery", unit="yuan", ge=0, le=1000)
    fixed_yuan_month: float = key(
        200_000.0, "Cold store and its staff, per million residents", unit="yuan/month", ge=0, le=1e9
    )


def check(spec: Spec) -> Faults:
    """Categories that are there and do not come from the stores already, and a platform that has goods."""
    for name, p in spec.platforms.items():
        hub, at = p.fresh_hub, ("platforms", name, "fresh_hub")
        if hub is None:
            continue
        yield from unknown_names((*at, "categories"), "category", hub.categories, spec.categories)
        if p.kind == "local_services":
            hint = "let it sell from_stores, or choose another kind"
            yield Fault(at, "a platform of local services has no hub", hint, of_name=True)
        for k, category in enumerate(hub.categories):
            if p.from_stores is not None and category in p.from_stores.categories:
                message = f"'{category}' comes from the stores already"
                yield Fault((*at, "categories", k), message, "sell it one way or the other")
