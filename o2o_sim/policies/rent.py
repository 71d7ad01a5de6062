"""How landlords set rents."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..agents.circle import Circle
    from ..scenario.business import Landlords


class RentPolicy:
    """Base: `decide` returns next month's rent level in yuan per m2 and month."""

    def decide(self, circle: Circle, rules: Landlords) -> float:
        raise NotImplementedError


class Fixed(RentPolicy):
    """Rents stay."""

    def decide(self, circle: Circle, rules: Landlords) -> float:
        return circle.rent


class Vacancy(RentPolicy):
    """Empty units press the rent down, full houses let it rise, within a floor and a ceiling."""

    def decide(self, circle: Circle, rules: Landlords) -> float:
        change = 1 - rules.vacancy_response * (circle.vacancy - rules.vacancy_target)
        low, high = rules.rent_floor_x * circle.first_rent, rules.rent_ceiling_x * circle.first_rent
        return min(max(circle.rent * change, low), high)
