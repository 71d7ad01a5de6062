"""`stores.satisficing`: how a store that is content with enough decides."""

from __future__ import annotations

from ..keys import Block, key


class Satisficing(Block):
    """How a store that is content with enough decides once a month (Simon 1955)."""

    memory_months: int = key(3, "Months of profit that it looks back on", unit="months", ge=1, le=36)
    aspiration_margin: float = key(
        0.04, "Profit it hopes for, as a share of sales, before looking at others", unit="share", ge=-1, le=1
    )
    imitation: float = key(
        0.5, "Weight of what neighbours of its category earn, in its aspiration", unit="share", ge=0, le=1
    )
    hurdle_x: float = key(
        1.3, "Expected gain that a change must promise, as a multiple of its cost", unit="x", ge=0, le=20
    )
    optimism: float = key(
        1.0, "Expected extra sales as a multiple of what its books suggest", unit="x", ge=0, le=20
    )
    bandwagon: float = key(
        0.5,
        "Extra expected sales per share of comparable stores that hold the mode already",
        unit="share",
        ge=0,
        le=20,
    )
    follow: float = key(
        0.0,
        "Chance that a content store that thinks of a change takes up what all comparable stores hold, hoping or not",
        unit="share",
        ge=0,
        le=1,
    )
    trial_months: int = key(6, "Months before a mode is judged", unit="months", ge=1, le=60)
    patience_months: int = key(
        9, "Months of loss that it bears before it thinks of giving up", unit="months", ge=1, le=120
    )
    price_step: float = key(0.02, "Largest change of the mark-up in a month", unit="share", ge=0, le=0.5)
    review_share: float = key(
        0.34, "Chance that a store thinks about a larger change in a given month", unit="share", ge=0, le=1
    )
