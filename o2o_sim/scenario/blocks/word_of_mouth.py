"""`consumers.word_of_mouth`: who hears of new things from whom."""

from __future__ import annotations

from ..keys import Block, key


class WordOfMouth(Block):
    """Who hears from whom: of smartphones, paying by phone and platforms, and of shops with an account."""

    within: float = key(
        0.0, "Share of people's talk that stays in their own cohort", unit="share", ge=0, le=1
    )
    idle: float = key(
        1.0,
        "How much a member talks of a platform where she bought nothing this month, relative to one who did",
        unit="x",
        ge=0,
        le=1,
    )
    recommend: float = key(
        0.0,
        "Chance that who follows no shop asks a neighbour about one kind of need, and follows the shop to"
        " which the neighbour is loyal, if it has a social account or app",
        unit="1/month",
        ge=0,
        le=1,
    )
