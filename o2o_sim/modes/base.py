"""What a way for a store to integrate with online is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from ..scenario.modes import Mode as ModeSettings

if TYPE_CHECKING:
    from ..agents.platform import Platform
    from ..agents.store import Store
    from ..market.offers import Offer
    from ..policies.decisions import View
    from ..scenario.schema import Spec


@dataclass
class Holding:
    """A way of integrating that a store has taken up: since when, with which platform, for how many months,
    and what it contributed in each of them (in fen: the margin of its channel less its monthly cost)."""

    since: date
    platform: Platform | None = None
    months: int = 0
    contribution_fen: list[int] = field(default_factory=list)


class Mode:
    """One way for a store to integrate with online: what a store that holds it offers, who owns the customer
    then, which platform it needs, and what a store expects of it before it takes it up.

    `name` is its key under `modes`, and what events and outcomes call it. `settings` is what the scenario says
    there: costs, skill, appeal, reach, whether the shops of a chain share its costs. A class that needs more
    declares it in a `Settings` of its own, derived from `Mode.Settings`. The class attributes below are what
    the rest of the program asks a mode, so that nobody needs to know modes by name."""

    Settings = ModeSettings

    name: str = ""

    channel: str = ""
    """What its sales are called in tables; every mode has a channel of its own."""

    partner: str | None = None
    """The kind of platform that it needs, "" for one of any kind, None for no platform at all."""

    in_shop = False
    """Whether its customers come to the shop and buy there: a turnover lease counts these sales."""

    own_couriers = False
    """Whether the store itself delivers: a platform's couriers may take that over."""

    makes_followers = False
    """Who owns the customer: whether the buyers of a store that holds it can become the store's followers."""

    is_online = False
    """Whether its sales count as online sales: those that a parcel brought."""

    outlives_shop = False
    """Whether it can carry a store that gives up its shop and goes on online."""

    platform_sets_price = False
    """Whether the platform sets the price, not the store."""

    joins_owner = False
    """Whether stores that a platform of the kind `partner` owns take it up with their owner."""

    def __init__(self, settings: ModeSettings, name: str = ""):
        self.settings, self.name = settings, name or self.name

    # -- platforms ---------------------------------------------------------------------------------------
    def works_with(self, platform: Platform, category: str) -> bool:
        """Whether a platform takes stores that sell a category through this mode."""
        if self.partner is None or self.partner not in ("", platform.spec.kind):
            return False
        return platform.carries(category)

    def partners(self, store: Store, view: View) -> list[Platform | None]:
        """The platforms with which a store could take it up; [None] if it needs none, an empty list if the
        store cannot use it."""
        if self.partner is None:
            return [None]
        return [
            p for p in view.platforms if not p.is_broke and any(self.works_with(p, c) for c in store.floor)
        ]

    # -- what a store does with it -----------------------------------------------------------------------
    def publish(self, store: Store, category: str, share: float, holding: Holding) -> Offer | None:
        """What a store that holds it offers through it in a category today, if anything. `share` is that of
        its floor which the category has. (`Store.base_offer` is what all offers of a store have in common.)"""
        raise NotImplementedError

    # -- what a store expects of it ----------------------------------------------------------------------
    def hoped_lift(self, view: View) -> float:
        """Extra sales as a share of sales: what stores without experience hope for, or the mean of that and
        what the mode's holders have of it, once there are any."""
        seen = view.lift.get(self.name)
        return self.settings.hoped_lift if seen is None else 0.5 * (seen + self.settings.hoped_lift)

    def expects(
        self, store: Store, view: View, sales: float, margin: float, platform: Platform | None
    ) -> tuple[float, float]:
        """(extra sales in yuan a month, share of them that is kept after variable cost), before optimism and
        skill, of a store with `sales` yuan a month and a contribution margin `margin` (a share of sales)."""
        return sales * self.hoped_lift(view), margin

    def order_cost_yuan(self, spec: Spec) -> float:
        """What a store expects an order through it to cost besides goods and commission."""
        return self.settings.per_order_yuan
