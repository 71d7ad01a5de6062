"""`landlords.turnover`, `circles.NAME.turnover`: leases with a share of the sales."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Fault, Faults, unknown
from ..keys import Block, key

if TYPE_CHECKING:
    from ..schema import Spec


class TurnoverRent(Block):
    """A lease with a base rent and a share of the sales made in the unit above a breakpoint.

    The natural breakpoint is where the share alone would earn the base rent: base rent / share.
    """

    base_x: float = key(
        0.8, "Base rent relative to what a plain lease would ask", unit="x", ge=0, le=5, adjustable=True
    )
    share: float = key(
        0.1, "Share of the sales above the breakpoint", unit="share", ge=0, le=0.9, adjustable=True
    )
    share_by_format: dict[str, float] = key(
        {}, "Share by format, where it is not the general one", unit="share", max_length=50
    )
    breakpoint_x: float = key(1.0, "Breakpoint relative to the natural one", unit="x", ge=0, le=100)
    online_counts: bool = key(
        False, "Whether parcels and deliveries of the shop count as sales, not only what is sold in the unit"
    )


def check(spec: Spec) -> Faults:
    """Shares of formats that are there, none of them nearly all of the sales."""
    if spec.landlords.turnover is not None:
        yield from _shares(spec, spec.landlords.turnover, ("landlords", "turnover"))
    for name, c in spec.circles.items():
        if c.turnover is not None:
            yield from _shares(spec, c.turnover, ("circles", name, "turnover"))


def _shares(spec: Spec, lease: TurnoverRent, key: tuple[str, ...]) -> Faults:
    for name, share in lease.share_by_format.items():
        at = (*key, "share_by_format", name)
        if name not in spec.stores.formats:
            yield unknown(at, "format", name, spec.stores.formats, of_name=True)
        elif not 0 <= share <= 0.9:
            yield Fault(at, f"must be a share from 0 to 0.9, found the number {share}")
