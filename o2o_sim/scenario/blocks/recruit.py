"""`platforms.NAME.recruit`: subsidies that draw members."""

from __future__ import annotations

from ..keys import Block, key


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
