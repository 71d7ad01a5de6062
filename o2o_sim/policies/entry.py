"""Who takes an empty unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..agents.circle import Circle
    from .decisions import View


@dataclass(frozen=True)
class Prospect:
    """What a newcomer of one format could expect in a circle."""

    format: str
    margin: float
    """Profit on sales that it expects: the median of the format's sitting tenants, at this circle's rent,
    when its own floor space has taken its share of their customers."""


class EntryPolicy:
    """Base: `choose` names the format that takes a vacant unit, or None. `chance` is the unit's own draw."""

    def choose(self, circle: Circle, prospects: list[Prospect], view: View, chance: float) -> Prospect | None:
        raise NotImplementedError


class BestCategory(EntryPolicy):
    """The format whose tenants earn most takes it, if they earn what a newcomer wants and one is looking."""

    def choose(self, circle: Circle, prospects: list[Prospect], view: View, chance: float) -> Prospect | None:
        rules = view.spec.entry
        good = [p for p in prospects if p.margin >= rules.margin_wanted]
        if not good or chance >= rules.share_per_month:
            return None
        return max(good, key=lambda p: (p.margin, p.format))


class NoEntry(EntryPolicy):
    """Empty units stay empty."""

    def choose(self, circle: Circle, prospects: list[Prospect], view: View, chance: float) -> Prospect | None:
        return None
