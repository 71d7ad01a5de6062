"""Ways of integrating that a store takes up with a platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..market.consumers import ONLINE, member_bit
from ..market.offers import AT_PLACE, DELIVERED, FOLLOWERS, Offer
from .base import Holding, Mode

if TYPE_CHECKING:
    from ..agents.platform import Platform
    from ..agents.store import Store
    from ..policies.decisions import View


class Marketplace(Mode):
    """A parcel from its shop on the marketplace, at the marketplace's price. Followers see it as its own; a
    share of the platform's other orders falls to it too (`market_share`)."""

    name = "marketplace"
    channel = "marketplace shop"
    partner = "marketplace"
    is_online = True
    outlives_shop = True
    platform_sets_price = True
    joins_owner = True

    def publish(self, store: Store, category: str, share: float, holding: Holding) -> Offer | None:
        p = holding.platform
        if p is None or not p.carries(category):
            return None
        mode, base = self.settings, store.base_offer(self.channel, category, share)
        base |= p.parcel_terms(category)
        base["appeal"] += mode.appeal + store.quality - (1 - store.fit(self.name))
        return Offer(
            **base,
            seen=FOLLOWERS,
            carrier=store.account,
            handling=mode.per_order_yuan,
            order_share=mode.market_share,
        )

    def expects(
        self, store: Store, view: View, sales: float, margin: float, platform: Platform | None
    ) -> tuple[float, float]:
        """Its share of what the platform sells in its categories, here and beyond, at the platform's price."""
        assert platform is not None
        extra = sum(
            view.orders.get((platform.name, c), 0.0) / 100 * self.settings.market_share
            for c in store.floor
            if platform.carries(c)
        )
        c = view.spec.categories[store.category]
        extra *= 1 + self.settings.beyond_x
        price = c.online_price_x * platform.spec.price_x
        cost = (1 - c.gross_margin) * store.cost_x
        kept = (price - cost) / price - platform.commission - platform.advertising_share()
        kept -= (
            platform.parcel_cost(store.category)
            * (1 - platform.spec.parcel.fee_share)
            / (price * c.ticket_yuan)
        )
        return extra, kept


class Voucher(Mode):
    """A discount that a local-services platform sells and the shop takes, for members of the platform."""

    partner = "local_services"
    in_shop = True

    def expects(
        self, store: Store, view: View, sales: float, margin: float, platform: Platform | None
    ) -> tuple[float, float]:
        """Extra sales in proportion to the platform's members, until half of all people are members."""
        assert platform is not None
        reach = view.members.get(platform.name, 0.0)
        return sales * self.hoped_lift(view) * min(1.0, 2 * reach), self.kept(margin, platform)

    def kept(self, margin: float, platform: Platform) -> float:
        """Share of the extra sales that is kept."""
        raise NotImplementedError

    def voucher(
        self, store: Store, category: str, share: float, platform: Platform, *,
        discount: float, commission: float, appeal: float = 0.0,
    ) -> Offer | None:  # fmt: skip
        """The walk-in with a discount (share of the price), a commission (share of what is left), and the
        platform's subsidy."""
        if not store.is_here or not platform.carries(category):
            return None
        mode, base = self.settings, store.base_offer(self.channel, category, share)
        off = base["price"] * discount
        left = base["price"] - off
        base["appeal"] += (
            store.circle.attraction() + mode.appeal + appeal + platform.trust() - (1 - store.fit(self.name))
        )
        return Offer(
            **base,
            seen=AT_PLACE,
            platform=platform.number,
            needs=int(ONLINE | member_bit(platform.number)),
            discount=off,
            subsidy=platform.subsidy_for(left),
            commission=commission * left,
            handling=mode.per_order_yuan,
            payment=store.model.spec.consumers.payment_friction,
        )


class Partnership(Voucher):
    """A coupon of the platform, taken in the shop."""

    name = "partnership"
    channel = "coupon"
    joins_owner = True

    def publish(self, store: Store, category: str, share: float, holding: Holding) -> Offer | None:
        p = holding.platform
        if p is None:
            return None
        terms = {"discount": p.spec.coupon_discount, "commission": p.commission}
        return self.voucher(store, category, share, p, **terms)

    def kept(self, margin: float, platform: Platform) -> float:
        return margin - platform.commission - platform.spec.coupon_discount


class Group(Voucher):
    """The same shop, for less, for members of the platform that sells its deal (systems/group_deals.py says
    when)."""

    name = "group"
    channel = "group deal"

    def works_with(self, platform: Platform, category: str) -> bool:
        return platform.spec.group_deals is not None and super().works_with(platform, category)

    def publish(self, store: Store, category: str, share: float, holding: Holding) -> Offer | None:
        p = holding.platform
        deals = p.spec.group_deals if p is not None else None
        if p is None or deals is None:
            return None
        terms = {"discount": deals.discount, "commission": deals.commission, "appeal": deals.appeal}
        deal = self.voucher(store, category, share, p, **terms)
        if deal is not None:
            # One draw for both: a deal is a second set of terms for the same visit, not a second chance.
            deal.key = store.key("walk-in", category)
        return deal

    def kept(self, margin: float, platform: Platform) -> float:
        """Of a yuan that customers pay, which buys more than a yuan's worth of goods."""
        deals = platform.spec.group_deals
        assert deals is not None
        return 1 - deals.commission - (1 - margin) / (1 - deals.discount)


class Warehouse(Mode):
    """What the platform sells from its shelves. Nobody sees this row: people see the platform's, and the
    nearest store fills what they order there (systems/fresh_food.py)."""

    name = "warehouse"
    channel = "warehouse delivery"
    partner = ""
    platform_sets_price = True

    def works_with(self, platform: Platform, category: str) -> bool:
        terms = platform.spec.from_stores
        return terms is not None and category in terms.categories and not platform.has_left

    def publish(self, store: Store, category: str, share: float, holding: Holding) -> Offer | None:
        p, model = holding.platform, store.model
        terms = p.spec.from_stores if p is not None else None
        if p is None or terms is None or not (store.is_here and self.works_with(p, category)):
            return None
        mode, c, hired = self.settings, model.spec.categories[category], terms.couriers == "hired"
        base = store.base_offer(self.channel, category, share)
        base["price"] = c.ticket_yuan * terms.price_x
        return Offer(
            **base,
            seen=DELIVERED,
            reach_min=min(mode.delivery_reach_min, c.delivery_reach_min),
            platform=p.number,
            needs=model.audiences.bit("nobody"),
            subsidy=p.subsidy_for(base["price"]),
            fee=mode.delivery_fee_yuan * model.spec.levers.logistics_x,
            delivery=(terms.hired_yuan if hired else mode.delivery_cost_yuan) * model.spec.levers.logistics_x,
            carrier=p.account if hired else store.account,
            # Who is not used to it takes up to twice as long over an order.
            handling=mode.per_order_yuan * (2 - store.fit(self.name)),
        )

    def expects(
        self, store: Store, view: View, sales: float, margin: float, platform: Platform | None
    ) -> tuple[float, float]:
        """Only what the platform sells from stores counts, and of that a part of the gain after delivery."""
        terms = platform.spec.from_stores if platform is not None else None
        assert platform is not None and terms is not None
        spec, mode = view.spec, self.settings
        sold = {c: share for c, share in store.floor.items() if c in terms.categories}
        ticket = spec.categories[max(sold, key=lambda c: sold[c])].ticket_yuan
        brings = terms.hired_yuan if terms.couriers == "hired" else mode.delivery_cost_yuan
        lost = (brings - mode.delivery_fee_yuan) * spec.levers.logistics_x / ticket
        reach = min(1.0, 2 * view.members.get(platform.name, 0.0))
        extra = sales * self.hoped_lift(view) * reach * sum(sold.values())
        return extra, terms.store_share * (margin - lost)
