"""`stores.owners`: owners who differ, learn what their own shop earns, and leave when something else is worth more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Faults, unknown_names
from ..keys import Block, block, key

if TYPE_CHECKING:
    from ..schema import Spec


class Outside(Block):
    """What owners could earn elsewhere, lognormal between them."""

    mean: float = key(
        0.015, "Mean, as a share of the usual sales of the format's usual unit", unit="share", ge=0, le=1
    )
    spread: float = key(0.7, "Standard deviation of its logarithm between owners", ge=0, le=3)
    by_format: dict[str, float] = key({}, "Format -> its mean, if not the general one", max_length=50)


class Discount(Block):
    """What a yuan of the next year is worth less than one of today, lognormal between owners."""

    mean: float = key(0.12, "Mean", unit="share/year", ge=0.01, le=2)
    spread: float = key(0.3, "Standard deviation of its logarithm between owners", ge=0, le=2)
    chains: float = key(
        0.12, "That of all chains: the return on capital they ask", unit="share/year", ge=0.01, le=2
    )


class Savings(Block):
    """Money that carries a shop through losses, lognormal between owners."""

    cash_months: float = key(
        9.0, "Mean cash at the opening, in months of usual fixed cost", unit="months", ge=0, le=120
    )
    credit_months: float = key(
        4.0,
        "Mean credit, in months of usual fixed cost; beyond it a shop is insolvent",
        unit="months",
        ge=0,
        le=120,
    )
    spread: float = key(0.6, "Standard deviation of the logarithm of both between owners", ge=0, le=3)


class Private(Block):
    """Reasons to leave that have nothing to do with what the shop earns."""

    yearly: float = key(0.02, "Chance a year to leave for private reasons", unit="share/year", ge=0, lt=1)
    opening_age: float = key(40.0, "Mean age of who opens a shop", unit="years", ge=18, le=80)
    age_spread: float = key(9.0, "Standard deviation of that age", unit="years", ge=0, le=20)
    retirement_age: float = key(62.0, "Age from which owners retire", unit="years", ge=30, le=100)
    retirement_yearly: float = key(
        0.15,
        "Chance a year to retire from that age on; half of it at that age",
        unit="share/year",
        ge=0,
        lt=1,
    )
    retirement_spread: float = key(
        3.0, "Years before and after over which that chance grows", unit="years", gt=0, le=20
    )


class Learning(Block):
    """What owners believe of their own shop's profit, in shares of its usual sales (Jovanovic 1982)."""

    prior: float = key(
        0.15,
        "Standard deviation of what a newcomer does not know of the shop's profit",
        unit="share",
        gt=0,
        le=2,
    )
    noise: float = key(0.15, "Standard deviation of chance in a month's profit", unit="share", gt=0, le=2)
    drift: float = key(
        0.012, "Standard deviation of a month's lasting change of the profit", unit="share", gt=0, le=1
    )


class Choice(Block):
    """How an owner weighs going on against leaving."""

    attention: float = key(
        0.025, "Chance that an owner thinks about leaving in a given month", unit="share", gt=0, le=1
    )
    doubt: float = key(
        0.04,
        "Scale of chance (logistic) in what leaving seems worth to him, as a share of the shop's usual sales",
        unit="share",
        gt=0,
        le=1,
    )
    stock_months: float = key(
        0.5,
        "What stock and fittings are sold for when a shop closes, in months of usual sales",
        unit="months",
        ge=0,
        le=24,
    )
    refit_months: float = key(
        3.0,
        "Cost of turning into a showroom, moving online or coming back, in months of usual fixed cost of what it becomes",
        unit="months",
        ge=0,
        le=60,
    )
    follow_online: float = key(
        0.1,
        "Share of its customers in the shop who an owner believes would order from it, if it were online only",
        unit="share",
        ge=0,
        le=1,
    )
    sisters_km: float = key(
        1.0, "How far the customers of a branch go to a sister shop when it closes", unit="km", ge=0, le=50
    )
    mode_memory_months: float = key(
        36.0,
        "Months after which the experience with a way of integrating that did not pay counts half",
        unit="months",
        gt=0,
        le=600,
    )


class Settled(Block):
    """The shops of the first day have been there for years, and are those that stayed."""

    age_years: float = key(8.0, "Mean time since they opened, exponential", unit="years", gt=0, le=60)
    rounds: int = key(
        6, "How often who would leave is replaced by another owner before the first day", ge=0, le=50
    )
    few: float = key(
        0.012, "Share that may want to leave in the first month when that ends", unit="share", ge=0, le=1
    )


class Owners(Block):
    """Owners who differ, learn what their own shop earns, and leave when going on is worth less than leaving."""

    outside: Outside = block(Outside, "What they could earn elsewhere")
    discount: Discount = block(Discount, "How much they value today over next year")
    savings: Savings = block(Savings, "Cash and credit, in place of `stores.cash_months` and `credit_months`")
    private: Private = block(Private, "Leaving for reasons of their own")
    learning: Learning = block(Learning, "What they believe of their own shop")
    choice: Choice = block(Choice, "How they weigh leaving")
    settled: Settled | None = block(
        Settled, "Shops of the first day that are sitting tenants; null: all are new"
    )


def check(spec: Spec) -> Faults:
    """Formats that are there."""
    owners = spec.stores.owners
    if owners is not None:
        at = ("stores", "owners", "outside", "by_format")
        yield from unknown_names(at, "format", owners.outside.by_format, spec.stores.formats)
