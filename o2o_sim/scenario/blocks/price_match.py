"""`stores.price_match`: what the policy `price_match` looks at."""

from __future__ import annotations

from ..keys import Block, key


class PriceMatch(Block):
    """What the policy `price_match` looks at. It prices no higher than the cheapest it sees."""

    rivals: bool = key(True, "Whether it matches shops of its main category in its circle")
    rivals_km: float = key(
        1.0,
        "For a street shop, which has no circle: how far off a rival still counts",
        unit="km",
        ge=0,
        le=100,
    )
    online: bool = key(True, "Whether it matches the cheapest parcel of its main category, fee included")
    margin_floor: float = key(
        0.1, "Gross margin, after what spoils, below which it follows nobody", unit="share", ge=0, le=0.95
    )
