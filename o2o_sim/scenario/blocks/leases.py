"""`landlords.leases`, `circles.NAME.leases`: for how long a unit is let, and what binds tenant and landlord meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Fault, Faults, Key
from ..keys import Block, key

if TYPE_CHECKING:
    from ..schema import Spec


class Concession(Block):
    """What a landlord who sees his tenants' turnover does for one that cannot carry its rent.

    He takes what shops of its format usually have left for rent of a yuan of sales, times its sales, for what it can
    carry. He lowers the rent as far as that, for a time or for a new term, where the unit's standing empty would
    cost him more."""

    cut_most: float = key(0.3, "Most that he takes off the rent", unit="share", ge=0, lt=1)
    months: int = key(6, "For how many months he lowers a rent within a term", unit="months", ge=1, le=120)
    wait_months: int = key(
        24, "Months before the same tenant gets another one within a term", unit="months", ge=1, le=1200
    )


class Leases(Block):
    """Leases that run for years: the rent stands in the term, and is set anew when the term is over."""

    term_months: float = key(36.0, "Median term of a lease", unit="months", ge=1, le=1200)
    term_spread: float = key(0.35, "Standard deviation of the log of terms", ge=0, le=2)
    break_share: float = key(
        0.3, "Share of leases that the tenant may break once before their end", unit="share", ge=0, le=1
    )
    break_at: float = key(0.5, "When it may: part of the term that is over then", unit="share", gt=0, lt=1)
    notice_months: int = key(
        2,
        "Notice: least months of rent that who leaves before the end pays, if so many are left",
        unit="months",
        ge=0,
        le=60,
    )
    owed_months: int = key(
        6,
        "Most months of rent up to the next break or end that who leaves owes: the landlord must look for another",
        unit="months",
        ge=0,
        le=1200,
    )
    deposit_months: float = key(
        2.0, "Deposit, in months of the first rent; it comes back at the end", unit="months", ge=0, le=60
    )
    step_yearly: float = key(
        0.0, "By how much the rent rises each year within the term", unit="share/year", ge=-0.5, le=1
    )
    empty_months: float = key(
        9.0,
        "How long units stood empty before the run, as far as landlords remember; they learn from then on",
        unit="months",
        gt=0,
        le=600,
    )
    concession: Concession | None = key(
        None, "Landlords who see turnover and lower a rent before they lose a tenant; empty: they do not"
    )


def check(spec: Spec) -> Faults:
    """Notice that is within what is owed at most."""
    said: list[tuple[Key, Leases | None]] = [(("landlords", "leases"), spec.landlords.leases)]
    said += [(("circles", name, "leases"), c.leases) for name, c in spec.circles.items()]
    for at, rules in said:
        if rules is not None and rules.notice_months > rules.owed_months:
            message = (
                f"is more than owed_months, the {rules.owed_months} months of rent that one owes at most"
            )
            yield Fault((*at, "notice_months"), message, "lower it, or raise owed_months")
