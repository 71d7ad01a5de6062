"""`stores.showroom`: what others pay for a showroom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Faults, unknown_names
from ..keys import Block, key

if TYPE_CHECKING:
    from ..schema import Spec

BRANDS = "brands"
"""Who pays by default: the makers of what is shown, who are not in the city."""


class Showroom(Block):
    """Showrooms that are paid for: brands, or a platform, want their goods to be seen where people come by."""

    formats: list[str] = key([], "Formats that may become one; empty means all", max_length=50)
    paid_by: str = key(BRANDS, "`brands`, or the platform that pays", min_length=1)
    yuan_visit: float = key(1.0, "What is paid for each visit to a showroom", unit="yuan", ge=0, le=1e4)
    yuan_m2_month: float = key(0.0, "What is paid besides for its floor", unit="yuan/m2/month", ge=0, le=1e5)
    most: int | None = key(
        None, "How many are paid for at most, those with the most visits; empty: all", ge=0, le=1_000_000
    )
    refit_yuan_m2: float = key(
        150.0,
        "Cost of fitting one out, per m2 of its floor; owners (`stores.owners`) have a cost of their own for it",
        unit="yuan/m2",
        ge=0,
        le=1e5,
    )


def check(spec: Spec) -> Faults:
    """Formats and a payer that are there."""
    rule = spec.stores.showroom
    if rule is None:
        return
    at = ("stores", "showroom")
    yield from unknown_names((*at, "formats"), "format", rule.formats, spec.stores.formats)
    if rule.paid_by != BRANDS:
        yield from unknown_names((*at, "paid_by"), "platform", [rule.paid_by], [BRANDS, *spec.platforms])
