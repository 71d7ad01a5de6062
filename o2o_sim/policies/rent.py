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
    """Empty units press the rent down, full houses let it rise, within a floor and a ceiling.

    Where leases run for years (`landlords.leases`), what counts as empty is vacancy beyond the natural one: that of a
    place whose tenants leave at their usual rate and whose units then stand empty as long as searching takes (Rosen &
    Smith 1983, American Economic Review 73, 779-786), or `vacancy_target` if that is more. And the rent goes no lower than what newcomers could pay, for a
    unit that nobody has found yet is not let sooner by it, and no higher."""

    def bounds(self, circle: Circle, rules: Landlords) -> tuple[float, float]:
        """(Lowest, highest) rent level that it sets."""
        return rules.rent_floor_x * circle.first_rent, rules.rent_ceiling_x * circle.first_rent

    def decide(self, circle: Circle, rules: Landlords) -> float:
        natural, bid = circle.natural_vacancy, circle.bid_yuan_m2
        target = rules.vacancy_target if natural is None else natural
        change = 1 - rules.vacancy_response * (circle.vacancy - target)
        low, high = self.bounds(circle, rules)
        rent = circle.rent * change
        if bid is not None:
            rent = max(rent, min(circle.rent, bid)) if change < 1 else min(rent, max(circle.rent, bid))
        return min(max(rent, low), high)
