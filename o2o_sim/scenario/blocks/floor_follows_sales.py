"""`stores.floor_follows_sales`: shops that grow and shrink with their sales."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Faults, unknown_names
from ..keys import Block, key

if TYPE_CHECKING:
    from ..schema import Spec


class FloorFollowsSales(Block):
    """Shops that grow and shrink: each month's end the floor moves towards what its sales would keep.

    The floor that a shop's sales keep is that at which a m2 sells as much as one of a usual unit of its
    format (Harris & Wilson 1978)."""

    pace: float = key(0.05, "Part of the way that a floor moves in a month", unit="share/month", gt=0, le=1)
    sales_per_m2_x: float = key(
        1.0,
        "What a m2 must sell, relative to the format's sales_per_m2_year_yuan, for the floor to stay as it is",
        unit="x",
        gt=0,
        le=100,
    )
    smallest_x: float = key(
        0.25, "No floor shrinks below this, relative to a usual unit of its format", unit="x", gt=0, le=1
    )
    largest_x: float = key(
        4.0, "No floor grows beyond this, relative to a usual unit of its format", unit="x", ge=1, le=1e4
    )
    formats: list[str] = key([], "Formats whose shops do so; empty means all", max_length=50)


def check(spec: Spec) -> Faults:
    """Formats that are there."""
    if spec.stores.floor_follows_sales is not None:
        at = ("stores", "floor_follows_sales", "formats")
        yield from unknown_names(at, "format", spec.stores.floor_follows_sales.formats, spec.stores.formats)
