"""What platforms pay per order."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..agents.platform import Platform


class SubsidyPolicy:
    """Base: `decide` returns next month's subsidy per order in yuan, before the lever."""

    def decide(self, platform: Platform, rivals: list[Platform]) -> float:
        raise NotImplementedError


class Fixed(SubsidyPolicy):
    """What the scenario says."""

    def decide(self, platform: Platform, rivals: list[Platform]) -> float:
        return platform.spec.subsidy.per_order_yuan


class MatchRival(SubsidyPolicy):
    """At least its own; otherwise what the highest paying rival of its kind paid last month, times a
    factor."""

    def decide(self, platform: Platform, rivals: list[Platform]) -> float:
        rule = platform.spec.subsidy
        same = [r for r in rivals if r.ships == platform.ships and r.is_subsidising() and not r.is_broke]
        highest = max((r.subsidy_yuan for r in same), default=0.0)
        return max(rule.per_order_yuan, min(highest * rule.match_x, rule.match_limit_yuan))


class BuyShare(SubsidyPolicy):
    """What the scenario says until a share of the people are members, or a share of the orders of its kind
    are its own; then nothing, whatever becomes of the share. (Where the money for it ends, all policies
    stop.)"""

    def decide(self, platform: Platform, rivals: list[Platform]) -> float:
        rule = platform.spec.subsidy
        if platform.subsidy_yuan == 0:
            return 0.0
        if rule.until_members is not None and platform.members >= rule.until_members:
            return 0.0
        if rule.until_orders_share is not None:
            orders = platform.orders
            all_orders = orders + sum(r.orders for r in rivals if r.ships == platform.ships)
            if all_orders and orders >= rule.until_orders_share * all_orders:
                return 0.0
        return rule.per_order_yuan


class Stopped(SubsidyPolicy):
    """Nothing, for good: of a platform that harvests, or that has left."""

    def decide(self, platform: Platform, rivals: list[Platform]) -> float:
        return 0.0
