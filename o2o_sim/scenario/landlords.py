"""The keys of the `landlords` block: how rents are set."""

from __future__ import annotations

from .blocks.leases import Leases
from .blocks.turnover import TurnoverRent
from .keys import Block, key
from .use import Use


class Landlords(Block):
    """How rents are set."""

    policy: Use = key("vacancy", "`fixed`, `indexed`, `vacancy`, or `plugin.Class`")
    street_rent_yuan_m2_month: float = key(
        70.0,
        "Rent level of street shops where people are as dense as the city's mean",
        unit="yuan/m2/month",
        ge=0,
        le=1e5,
        adjustable=True,
    )
    street_rent_density: float = key(
        0.25,
        "Elasticity of street rents in the density of residents and jobs",
        unit="elasticity",
        ge=-2,
        le=2,
    )
    street_vacancy_start: float = key(
        0.06, "Share of street units that are empty on the first day", unit="share", ge=0, lt=1
    )
    vacancy_target: float = key(
        0.06, "Vacancy at which a vacancy-driven landlord leaves the rent alone", unit="share", ge=0, le=1
    )
    vacancy_response: float = key(
        0.10, "Monthly change of rent per unit of vacancy above the target", unit="share/month", ge=0, le=5
    )
    rent_floor_x: float = key(0.5, "Lowest rent, relative to the first", unit="x", ge=0, le=1)
    rent_ceiling_x: float = key(2.0, "Highest rent, relative to the first", unit="x", ge=1, le=100)
    index_yearly: float = key(
        0.05, "Yearly growth of rents that are indexed", unit="share/year", ge=-0.5, le=2
    )
    turnover: TurnoverRent | None = key(None, "Turnover leases of all circles (streets have plain rents)")
    leases: Leases | None = key(
        None,
        "Leases that run for years, of circles and streets; empty: all rents follow at once, who leaves owes nothing",
    )
