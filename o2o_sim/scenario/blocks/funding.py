"""`platforms.NAME.funding`: rounds of investors, and the end of a platform without them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Fault, Faults
from ..keys import Block, Day, key

if TYPE_CHECKING:
    from ..schema import Spec


class Round(Block):
    """Money that investors have promised for a day."""

    date: Day = key(..., "The day on which it is paid in")
    yuan: float = key(..., "How much", unit="yuan", gt=0, le=1e13)


class Funding(Block):
    """Who pays for growth, and what happens when they stop: the platform leaves the market.

    Investors put in what these rounds say and nothing else (`patience_yuan` is not used). A platform whose
    till is below zero at the end of a month, and that can hope for no further round, leaves: its offers,
    memberships and partnerships end, and its investors settle what it owes."""

    rounds: list[Round] = key([], "Rounds that are promised for a day, earliest first", max_length=100)
    every_months: int | None = key(
        None, "Besides those, investors meet every so many months", unit="months", ge=1, le=120
    )
    round_yuan: float = key(0.0, "What they put in then, if orders have grown", unit="yuan", ge=0, le=1e13)
    growth: float = key(
        0.3, "By how much daily orders must have grown since the last round", unit="share", ge=-1, le=100
    )
    most_rounds: int = key(8, "After this many rounds of theirs they put in no more", ge=0, le=1000)
    refusals: int = key(
        1, "Their patience: they meet no more after refusing this often in a row", ge=1, le=1000
    )


def check(spec: Spec) -> Faults:
    """Rounds in the order of their days, and meetings of investors that say when and how much."""
    for name, p in spec.platforms.items():
        f, at = p.funding, ("platforms", name, "funding")
        if f is None:
            continue
        for k, (first, second) in enumerate(zip(f.rounds, f.rounds[1:])):
            if second.date <= first.date:
                message = f"must be after the round before it, {first.date}"
                yield Fault((*at, "rounds", k + 1, "date"), message)
        if f.every_months is not None and f.round_yuan == 0:
            yield Fault((*at, "every_months"), "puts in nothing", "say how much: round_yuan")
        if f.every_months is None and f.round_yuan > 0:
            yield Fault((*at, "round_yuan"), "is never put in", "say when: every_months")
