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
    """At least its own; otherwise what the highest paying rival of its kind paid last month, times a factor."""

    def decide(self, platform: Platform, rivals: list[Platform]) -> float:
        rule = platform.spec.subsidy
        same = [r for r in rivals if r.ships == platform.ships and r.is_subsidising() and not r.is_broke]
        highest = max((r.subsidy_yuan for r in same), default=0.0)
        return max(rule.per_order_yuan, min(highest * rule.match_x, rule.match_limit_yuan))
