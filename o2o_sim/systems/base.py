"""What a special system of the market is, and where in the day it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from ..agents.store import Store
    from ..market.offers import Offer, Table
    from ..model import O2OModel
    from ..policies.decisions import Decision, View
    from ..policies.integration import Option
    from ..scenario.schema import Spec


class System:
    """One special way in which a market can work: a festival, a boycott, a hub for fresh food.

    A scenario switches it on with a block of its own. A model makes and asks only the systems that its
    scenario wants, so that one that is off costs nothing and changes no draw. Each stands in one class: what
    it does to offers, to money, to people and to decisions is read in one place. All methods but `wanted` may
    be left out."""

    kinds: tuple[str, ...] = ()
    """Kinds of decision that stores can take thanks to it, and that it carries out in `decided`."""

    def __init__(self, model: O2OModel):
        """Everything stands already: consumers, stores, platforms, circles."""
        self.model = model

    @staticmethod
    def wanted(spec: Spec) -> bool:
        """Whether the scenario switches it on."""
        raise NotImplementedError

    def morning(self) -> None:
        """In the calendar phase, before offers are published. Who changes what is on offer sets
        `model.offers_changed`."""

    def amend(self, rows: list[Offer]) -> list[Offer]:
        """The offers of everybody, to be changed, added to or cut; called only when offers are published
        anew."""
        return rows

    def published(self, table: Table) -> None:
        """The offers have become the rows of a table; who sees which is worked out next."""

    def after_choice(self) -> None:
        """Everybody has chosen: `picks` and `visited` of `model.purchases` may still be changed."""

    def serve(self, inside: np.ndarray) -> None:
        """Everybody stands in the shop she chose, and shops have served up to their capacity. `inside` (per
        need) is that shop's number + 1, 0 for who stands in none; consumers who are not `served` (`model.purchases`) come
        again tomorrow."""

    def after_sales(self) -> None:
        """The purchases of the day are booked; `model.purchases` says what they were."""

    def after_learning(self) -> None:
        """People have made of their purchases what they make of them; `model.purchases` is still that of the day."""

    def bills(self) -> None:
        """On the last day of a month, before the books of the month are closed."""

    def allows(self, store: Store, mode: str, platform: Any) -> bool:
        """Whether a store may take up a mode (with a platform, or None)."""
        return True

    def options(self, store: Store, view: View) -> list[Option]:
        """What a store that is not content could do thanks to it, each of one of its `kinds`."""
        return []

    def decided(self, store: Store, decision: Decision) -> None:
        """A store has decided, and it is done."""

    def month_end(self) -> None:
        """On the last day of a month, when everybody has decided and units are let again."""

    def hazards(self, hazard: np.ndarray) -> None:
        """Change, in place, the month's chances of adoption: float64[cohorts, 2 + platforms], as
        `needs.adopt`."""

    def figures(self) -> dict[str, float]:
        """What it adds to the month's row of `city_monthly`; names of a family have a slash:
        `till_min/mall`."""
        return {}
