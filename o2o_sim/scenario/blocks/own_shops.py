"""`platforms.NAME.own_shops`: a platform opens shops next to its best-selling partners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Fault, Faults, unknown, unknown_names
from ..keys import Block, Day, key

if TYPE_CHECKING:
    from ..schema import Spec


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


NO_PARTNERS = "a platform that sells itself has no partners"
HAVE_PARTNERS = "kind: marketplace or local_services, or let it buy a chain"


def check(spec: Spec) -> Faults:
    """Formats that are there, and a platform with partners."""
    formats = spec.stores.formats
    for name, p in spec.platforms.items():
        rule, at = p.own_shops, ("platforms", name, "own_shops")
        if rule is None:
            continue
        yield from unknown_names((*at, "formats"), "format", rule.formats, formats)
        if rule.format and rule.format not in formats:
            yield unknown((*at, "format"), "format", rule.format, formats)
        if p.kind == "self_operated" and not p.acquire:
            yield Fault(at, NO_PARTNERS, HAVE_PARTNERS)
