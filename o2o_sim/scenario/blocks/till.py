"""`platforms.NAME.till`: displays at the tills of partner stores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Fault, Faults, Key, unknown, unknown_names
from ..keys import Block, Day, key

if TYPE_CHECKING:
    from ..schema import Spec


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


def check(spec: Spec) -> Faults:
    """Formats that are there, goods that the platform sends, and a platform that has goods."""
    for name, p in spec.platforms.items():
        till, at = p.till, ("platforms", name, "till")
        if till is None:
            continue
        yield from unknown_names((*at, "formats"), "format", till.formats, spec.stores.formats)
        for k, said in enumerate(till.categories):
            here: Key = (*at, "categories", k)
            if said not in spec.categories:
                yield unknown(here, "category", said, spec.categories)
            elif not spec.categories[said].shippable or (p.categories and said not in p.categories):
                yield Fault(here, f"{name} sends no '{said}'", "name categories that it carries")
        if p.kind == "local_services":
            hint = "kind: marketplace or self_operated"
            yield Fault(at, "a platform of coupons has no goods to order", hint)
