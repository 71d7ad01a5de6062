"""`platforms.NAME.subsidy`: what a platform pays per order to win it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Fault, Faults, Key, ends_early
from ..keys import Block, Day, key
from ..use import Use

if TYPE_CHECKING:
    from ..platforms import Platform
    from ..schema import Spec


class Subsidy(Block):
    """What a platform pays per order to win it."""

    policy: Use = key("fixed", "`fixed`, `match_rival`, `buy_share`, or `plugin.Class`")
    per_order_yuan: float = key(0.0, "Subsidy per order", unit="yuan", ge=0, le=1e4, adjustable=True)
    largest_share: float = key(0.5, "Never more than this share of the price", unit="share", ge=0, le=1)
    budget_yuan_month: float = key(
        1e12, "Stops for the month when this much is spent", unit="yuan/month", ge=0, le=1e15, adjustable=True
    )
    start: Day | None = key(None, "First day; empty means from the beginning")
    end: Day | None = key(None, "First day without it; empty means never")
    match_x: float = key(1.0, "match_rival: the highest rival subsidy times this", unit="x", ge=0, le=10)
    match_limit_yuan: float = key(50.0, "match_rival: but never more than this", unit="yuan", ge=0, le=1e4)
    until_members: float | None = key(
        None, "buy_share: stops when this share of the consumers are members", unit="share", gt=0, le=1
    )
    until_orders_share: float | None = key(
        None, "buy_share: stops when it has this share of its kind's monthly orders", unit="share", gt=0, le=1
    )
    until_spent_yuan: float | None = key(
        None, "Stops for good when this much is spent in all", unit="yuan", gt=0, le=1e15
    )


def check(spec: Spec) -> Faults:
    """Dates in their order, and a share of the market that can be won and that the policy reads."""
    for name, p in spec.platforms.items():
        at: Key = ("platforms", name, "subsidy")
        yield from ends_early(at, p.subsidy.start, p.subsidy.end)
        yield from _targets(spec, p, at)


def _targets(spec: Spec, p: Platform, at: Key) -> Faults:
    s = p.subsidy
    targets = [t for t in ("until_members", "until_orders_share") if getattr(s, t) is not None]
    if s.policy == "buy_share" and not targets and s.until_spent_yuan is None:
        hint = "give until_members, until_orders_share or until_spent_yuan"
        yield Fault((*at, "policy"), "has nothing at which it would stop", hint)
    if s.policy in ("fixed", "match_rival"):
        for target in targets:
            yield Fault((*at, target), f"is not read by the policy '{s.policy}'", "write policy: buy_share")
    ships = p.kind != "local_services"
    rivals = [r for r in spec.platforms.values() if r is not p and (r.kind != "local_services") == ships]
    if s.until_orders_share is not None and not rivals:
        hint = "with no rival of its kind it has all orders from the first day"
        yield Fault((*at, "until_orders_share"), "there is nobody to win a share from", hint)
