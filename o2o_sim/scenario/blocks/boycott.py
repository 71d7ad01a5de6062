"""`boycott`: shops that refuse to deal with one platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Fault, Faults, Key, unknown, unknown_names
from ..keys import Block, Day, key

if TYPE_CHECKING:
    from ..schema import Spec


class Boycott(Block):
    """Shops that refuse to deal with one platform, each as long as enough others do (Granovetter 1978).

    Who boycotts gives up its modes with the platform, takes none, and lets nobody try goods on its floor only
    to order them there."""

    platform: str = key(..., "The platform that is boycotted")
    formats: list[str] = key([], "Formats whose shops are asked to join; empty means any", max_length=50)
    categories: list[str] = key(
        [],
        "The goods at issue: shops with one of them as main category are asked; empty means any",
        max_length=50,
    )
    circles: list[str] = key([], "Circles whose shops are asked; empty means anywhere", max_length=500)
    starts: Day | None = key(None, "Its first day; empty means from the beginning")
    share: float = key(
        0.3, "Share of the shops asked that begin it, whatever others do", unit="share", ge=0, le=1
    )
    threshold_mean: float = key(
        0.4,
        "Share of the others that the usual shop wants to see in the boycott before it joins",
        unit="share",
        ge=0,
        le=1,
    )
    threshold_spread: float = key(0.2, "Standard deviation of that between shops", unit="share", ge=0, le=1)
    temptation: float = key(
        5.0,
        "Rise of a shop's threshold per share of its sales that the platform would add to its profit",
        unit="x",
        ge=0,
        le=1000,
    )
    fine_yuan: float = key(
        0.0, "What a shop that breaks ranks pays to the association", unit="yuan", ge=0, le=1e9
    )
    fine_months: float = key(
        12.0,
        "Months of gain that a tempted shop weighs against the fine",
        unit="months",
        gt=0,
        le=1200,
    )
    refuses_looking: bool = key(
        True, "Whether nobody can try goods on the floor of who boycotts and order them from the platform"
    )
    unseen_disutility_growth: float = key(
        0.3,
        "Growth of the disutility of ordering goods unseen, if they can be seen nowhere in town",
        unit="share",
        ge=0,
        le=10,
        was="doubt_growth",
        until="0.2",
    )
    range_share: float = key(
        0.15,
        "Share of the platform's range that goes with these shops: if all boycott, it lacks so much",
        unit="share",
        ge=0,
        le=0.95,
    )
    wait_months: int = key(
        3, "Months for which the association waits for a following", unit="months", ge=1, le=120
    )
    ends_below: float = key(
        0.1, "After that, it ends when a smaller share of the shops asked is in it", unit="share", ge=0, le=1
    )


def check(spec: Spec) -> Faults:
    """Formats, goods, circles and a platform that are there, and a platform that deals in the goods."""
    for name, b in spec.boycott.items():
        yield from _boycott(spec, ("boycott", name), b)


def _boycott(spec: Spec, at: Key, b: Boycott) -> Faults:
    yield from unknown_names((*at, "formats"), "format", b.formats, spec.stores.formats)
    yield from unknown_names((*at, "categories"), "category", b.categories, spec.categories)
    platform = spec.platforms.get(b.platform)
    if platform is None:
        yield unknown((*at, "platform"), "platform", b.platform, spec.platforms)
    elif b.categories and platform.categories and not set(b.categories) & set(platform.categories):
        message = f"'{b.platform}' deals in none of these goods, so there is nothing to boycott"
        yield Fault((*at, "categories"), message, f"it deals in {', '.join(platform.categories)}")
