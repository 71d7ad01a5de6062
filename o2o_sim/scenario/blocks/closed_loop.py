"""`closed_loop`: from the coupon to the shop and online again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Faults, ends_early, unknown_names
from ..keys import Block, Day, key

if TYPE_CHECKING:
    from ..schema import Spec


class ClosedLoop(Block):
    """Who came through a coupon is addressed again online: she may follow the shop, and gets a coupon for
    next time."""

    platforms: list[str] = key([], "Platforms whose coupons begin it; empty means all", max_length=16)
    formats: list[str] = key([], "Formats whose shops close the loop; empty means all", max_length=50)
    follow: float = key(
        0.2,
        "Chance that who comes through a coupon begins to follow the shop, if it has a social account or app",
        unit="share",
        ge=0,
        le=1,
    )
    discount: float = key(
        0.1, "Discount on her next order through that account or app", unit="share", ge=0, le=0.9
    )
    remember_days: int = key(30, "Days that this offer stands", unit="days", ge=1, le=3650)
    contact_yuan: float = key(
        0.0, "What the shop pays for addressing one customer again", unit="yuan", ge=0, le=1e4
    )
    start: Day | None = key(None, "First day; empty means from the beginning")
    end: Day | None = key(None, "First day without it; empty means never")


def check(spec: Spec) -> Faults:
    """Platforms with coupons and formats that are there, and dates in their order."""
    loop = spec.closed_loop
    if loop is None:
        return
    fitting = [n for n, p in spec.platforms.items() if p.kind == "local_services"]
    at = ("closed_loop",)
    yield from unknown_names((*at, "platforms"), "platform with coupons called", loop.platforms, fitting)
    yield from unknown_names((*at, "formats"), "format", loop.formats, spec.stores.formats)
    yield from ends_early(at, loop.start, loop.end)
