"""How platforms grow, harvest and die: what a scenario may say about it under `platforms.NAME`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .faults import Fault
from .keys import Block, Day, key

if TYPE_CHECKING:
    from .business import Platform
    from .schema import Spec


class Recruit(Block):
    """Subsidies recruit members, and whom they recruited may lapse when they end.

    The chance to join grows with the subsidy that a newcomer would get. Who would not have joined without it
    is drawn by coupons: she gives the platform up some time after it has stopped paying, unless she still
    orders, or has made a habit of it before.
    """

    # Of 2014, as recalled: a ride-hailing app grew from 22 to about 100 million users in 77 days at some 10
    # yuan a ride, when perhaps 200 million lived where it ran: 0.17 a month, or 0.017 a month and yuan.
    hazard_per_yuan: float = key(
        0.015,
        "Monthly chance to join, of somebody of literacy 1, per yuan of subsidy on an order",
        unit="1/month/yuan",
        ge=0,
        le=10,
    )
    # A guess: half of those who no longer look at it are gone after two months.
    lapse_month: float = key(
        0.3,
        "Chance that a quiet member drawn by coupons gives it up, in a month without any subsidy",
        unit="1/month",
        ge=0,
        le=1,
    )
    quiet_days: int = key(
        30, "A member is quiet who has not ordered for this long", unit="days", ge=1, le=3650
    )
    # At the usual habit_rate of 0.08 this is five orders in a row: 1 - 0.92**5 = 0.34.
    loyal_familiarity: float = key(
        0.3, "Familiarity with the platform from which on a member stays anyway", unit="share", ge=0, le=1
    )


class Harvest(Block):
    """First stores and users, then profit: from some point on no subsidies, and a commission that rises.

    Harvest begins with the end of the month in which any one of the targets is reached.
    """

    from_members: float | None = key(
        None, "Begins when this share of the consumers are members", unit="share", gt=0, le=1
    )
    from_stores: int | None = key(
        None, "Begins when this many shops have signed with it", unit="shops", ge=1, le=100_000
    )
    from_date: Day | None = key(None, "Begins at the end of the month of this day")
    # Guesses: coupon platforms took 5-10 % in 2013-14 and about twice that when few of them were left.
    commission_step: float = key(
        0.01, "What is added to the commission at each step", unit="share", ge=0, le=0.9
    )
    every_months: int = key(1, "Months from one step to the next", unit="months", ge=1, le=120)
    commission_ceiling: float = key(
        0.15, "The commission at which it stops rising", unit="share", ge=0, le=0.9
    )


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


class Network(Block):
    """A two-sided network: shops make a platform worth using, and users make it worth joining for shops.

    Its reach is log(1 + shops with it) / log(1 + shops that could be): 0 with none, 1 with all (a logarithm,
    because the tenth restaurant adds more choice than the hundredth). The other side, shops that come because
    users do, is in what shops expect of a partnership or a marketplace."""

    # Guesses: as much as its usual lack of trust (base.yaml: -0.5); and twice as many newcomers.
    appeal: float = key(0.5, "Utility of its offers when all shops are on it", unit="utils", ge=0, le=20)
    joining: float = key(
        1.0, "By how much the chance to join is higher when all shops are on it", unit="share", ge=0, le=100
    )


def growth_faults(spec: Spec) -> Iterator[Fault]:
    """What these blocks, and subsidies that shall buy a share, say against the rest of the scenario."""
    for name, p in spec.platforms.items():
        key = ("platforms", name)
        yield from (Fault((*key, *where), message, hint) for where, message, hint in _subsidy(spec, p))
        if p.kind == "self_operated":
            hint = "it sells itself; only marketplaces and local services have partners"
            for block in ("harvest", "network"):
                if getattr(p, block) is not None:
                    yield Fault((*key, block), "there are no shops on this platform", hint)
        if (h := p.harvest) is not None:
            if h.from_members is None and h.from_stores is None and h.from_date is None:
                hint = "give from_members, from_stores or from_date"
                yield Fault((*key, "harvest"), "says no target, so it never begins", hint)
            if h.commission_ceiling < p.commission:
                message = f"is below the commission it begins with, {p.commission:g}"
                yield Fault((*key, "harvest", "commission_ceiling"), message)
        if (f := p.funding) is not None:
            for k, (first, second) in enumerate(zip(f.rounds, f.rounds[1:])):
                if second.date <= first.date:
                    message = f"should be after the round before it, {first.date}"
                    yield Fault((*key, "funding", "rounds", k + 1, "date"), message)
            if f.every_months is not None and f.round_yuan == 0:
                yield Fault((*key, "funding", "every_months"), "puts in nothing", "say how much: round_yuan")
            if f.every_months is None and f.round_yuan > 0:
                yield Fault((*key, "funding", "round_yuan"), "is never put in", "say when: every_months")


def _subsidy(spec: Spec, p: Platform) -> Iterator[tuple[tuple[str, ...], str, str | None]]:
    """Faults of a subsidy that ends with a share of the market: (place, message, hint)."""
    s = p.subsidy
    targets = [t for t in ("until_members", "until_orders_share") if getattr(s, t) is not None]
    if s.policy == "buy_share" and not targets and s.until_spent_yuan is None:
        hint = "give until_members, until_orders_share or until_spent_yuan"
        yield ("subsidy", "policy"), "has nothing at which it would stop", hint
    if s.policy in ("fixed", "match_rival"):
        for target in targets:
            yield ("subsidy", target), f"is not read by the policy '{s.policy}'", "write policy: buy_share"
    ships = p.kind != "local_services"
    rivals = [r for r in spec.platforms.values() if r is not p and (r.kind != "local_services") == ships]
    if s.until_orders_share is not None and not rivals:
        hint = "with no rival of its kind it has all orders from the first day"
        yield ("subsidy", "until_orders_share"), "there is nobody to win a share from", hint
