"""`platforms.NAME.from_stores`: orders filled from the shelves of the nearest partner store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..faults import Fault, Faults, unknown_names
from ..keys import Block, key

if TYPE_CHECKING:
    from ..schema import Spec


MOST_FROM_STORES = 8
"""Platforms times categories: each is an audience of those who live near a store, and audiences are few."""


class FromStores(Block):
    """A platform sells what shops near its customers have on their shelves: the stores are its warehouses.

    Shops join by the mode `warehouse`, whose keys say what it costs them and how far they deliver.
    """

    categories: list[str] = key(..., "What is sold so", min_length=1, max_length=32)
    price_x: float = key(1.0, "Prices relative to usual shop prices", unit="x", gt=0, le=5)
    appeal: float = key(
        0.0, "Utility of the choice, relative to a shop of 1000 m2", unit="utils", ge=-20, le=20
    )
    couriers: Literal["own", "hired"] = key(
        "own", "Who delivers: the shop's own people, or couriers hired by the platform"
    )
    hired_yuan: float = key(8.0, "What a hired courier takes for an order", unit="yuan", ge=0, le=1000)
    share: Literal["equal", "by_sales", "by_gain"] = key(
        "by_sales",
        "How the stores' part is divided: alike, by what each sold, or to each the gain on its own orders",
    )
    store_share: float = key(0.5, "Part of the gain that the stores get", unit="share", ge=0, le=1)


def check(spec: Spec) -> Faults:
    """Categories that are there and not too many, and shops that have a platform to be a warehouse for."""
    selling = {n: p.from_stores.categories for n, p in spec.platforms.items() if p.from_stores is not None}
    for name, categories in selling.items():
        at = ("platforms", name, "from_stores", "categories")
        yield from unknown_names(at, "category", categories, spec.categories)
    pairs = sum(len(categories) for categories in selling.values())
    if pairs > MOST_FROM_STORES:
        message = (
            f"platforms sell {pairs} categories from stores; at most {MOST_FROM_STORES} can be told apart"
        )
        yield Fault(("platforms",), message, "let each sell fewer", of_name=True)
    yield from _warehouses(spec, {c for categories in selling.values() for c in categories})


def _warehouses(spec: Spec, sold: set[str]) -> Faults:
    """Who is a warehouse on the first day has a platform for what he sells; and one can be had at all."""
    hint = "write a block 'from_stores' at a platform"
    if spec.modes.warehouse.available and not sold:
        message = "shops could become warehouses, but no platform sells from stores"
        yield Fault(("modes", "warehouse", "available"), message, hint)
    shops = [("formats", n, f.modes, list(f.demand_share)) for n, f in spec.stores.formats.items()]
    for n, s in spec.stores.named.items():
        f = spec.stores.formats.get(s.format)
        shops.append(("named", n, s.modes, [s.category] if s.category else list(f.demand_share if f else ())))
    for group, n, modes, sells in shops:
        if "warehouse" in modes and not sold.intersection(sells):
            at = ("stores", group, n, "modes", modes.index("warehouse"))
            yield Fault(at, f"no platform sells {' or '.join(sells)} from stores", hint)
