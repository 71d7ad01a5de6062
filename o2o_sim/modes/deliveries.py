"""Ways of integrating by which a store's goods are brought to the door from its own place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..market.consumers import ONLINE
from ..market.offers import DELIVERED, Offer
from .base import Holding, Mode

if TYPE_CHECKING:
    from ..agents.platform import Platform
    from ..agents.store import Store
    from ..policies.decisions import View
    from ..scenario.schema import Spec


class Delivery(Mode):
    """Ordered by phone and brought to the door; of use to stores that sell something that can be delivered."""

    def partners(self, store: Store, view: View) -> list[Platform | None]:
        categories = view.spec.categories
        return [None] if any(categories[c].delivery_reach_min > 0 for c in store.floor) else []

    def publish(self, store: Store, category: str, share: float, holding: Holding) -> Offer | None:
        """Brought to the door by the store, from its place."""
        spec, mode = store.model.spec, self.settings
        c = spec.categories[category]
        if c.delivery_reach_min <= 0:
            return None
        logistics, base = spec.levers.logistics_x, store.base_offer(self.channel, category, share)
        base["appeal"] += mode.appeal - (1 - store.fit(self.name))
        return Offer(
            **base,
            seen=DELIVERED,
            reach_min=min(mode.delivery_reach_min, c.delivery_reach_min),
            needs=int(ONLINE),
            fee=mode.delivery_fee_yuan * logistics,
            delivery=mode.delivery_cost_yuan * logistics,
            handling=mode.per_order_yuan,
            wait=c.wait_utils(mode.delivery_days),
            days=mode.delivery_days,
            # Her own neighbourhood's shop is trusted more than a stranger's parcel: half the doubt.
            unseen=0.5 * store.model.unseen_disutility(category),
            payment=spec.consumers.payment_friction,
        )


class OwnDelivery(Delivery):
    """The store's own couriers and its own customers."""

    own_couriers = True
    makes_followers = True
    outlives_shop = True

    def order_cost_yuan(self, spec: Spec) -> float:
        mode = self.settings
        brings = (mode.delivery_cost_yuan - mode.delivery_fee_yuan) * spec.levers.logistics_x
        return mode.per_order_yuan + brings


class Social(OwnDelivery):
    """Ordered through its social account."""

    name = "social"
    channel = "social delivery"


class App(OwnDelivery):
    """Ordered in its own app."""

    name = "app"
    channel = "app delivery"


class Alliance(Delivery):
    """Ordered from the catalogue of its alliance, whose provider delivers (systems/provider.py puts in its
    terms)."""

    name = "alliance"
    channel = "alliance delivery"
