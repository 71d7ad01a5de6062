"""How landlords set rents."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..agents.circle import Circle
    from ..scenario.landlords import Landlords


class RentPolicy:
    """Base: `decide` returns next month's rent level in yuan per m2 and month. `why` is the reason that the
    log gives, if it is not what is empty."""

    why = ""

    def decide(self, circle: Circle, rules: Landlords) -> float:
        raise NotImplementedError


class Fixed(RentPolicy):
    """Rents stay."""

    def decide(self, circle: Circle, rules: Landlords) -> float:
        return circle.rent


class Indexed(RentPolicy):
    """Rents follow an index, whatever is empty. Leases of a circle step up once a year each, on days of their
    own, so that its level rises by a twelfth of the year's growth (compounded) every month."""

    why = "index"

    def decide(self, circle: Circle, rules: Landlords) -> float:
        return circle.rent * (1 + rules.index_yearly) ** (1 / 12)


class Vacancy(RentPolicy):
    """Empty units press the rent down, full houses let it rise, within a floor and a ceiling."""

    def decide(self, circle: Circle, rules: Landlords) -> float:
        change = 1 - rules.vacancy_response * (circle.vacancy - rules.vacancy_target)
        low, high = rules.rent_floor_x * circle.first_rent, rules.rent_ceiling_x * circle.first_rent
        return min(max(circle.rent * change, low), high)
