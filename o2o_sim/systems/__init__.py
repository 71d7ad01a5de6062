"""Every special way to go O2O, each with a switch in the scenario and a class of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .alliance import Alliance
from .base import System
from .boycott import Boycotts
from .calendar import Festivals
from .chains import Chains
from .circle_alliances import CircleAlliances
from .circles import SmartCircles
from .diffusion import WordOfMouth
from .floors import Floors
from .franchise import Franchise
from .full_shops import FullShops
from .funding import Funding, Harvest
from .group_buying import GroupBuying
from .growth import Network, Recruit
from .leases import Leases
from .logistics import Couriers
from .measures import Measures
from .messages import ClosedLoop, TargetedAccounts
from .next_door import OwnShops
from .partners import LastKilometre, MemberData
from .payment import MobilePayments
from .seasons import Seasons
from .service import ServiceWorks
from .showrooms import TryThenBuy
from .stakes import Acquisitions
from .tills import Tills
from .warehouse import FreshFood
from .waves import IntegrationWave

if TYPE_CHECKING:
    from ..model import O2OModel

SYSTEMS: tuple[type[System], ...] = (
    Seasons, Festivals, FullShops, GroupBuying,
    WordOfMouth, TargetedAccounts, ClosedLoop, TryThenBuy, Measures,
    Alliance, Franchise,
    Boycotts, ServiceWorks, Chains, IntegrationWave,
    Network, Recruit, Harvest, Funding,
    Acquisitions, OwnShops, MemberData, Tills, LastKilometre,
    Leases, SmartCircles, CircleAlliances, MobilePayments,
    FreshFood, Couriers, Floors,
)  # fmt: skip
"""All systems of the package, in the order in which they are asked."""


def switched_on(model: O2OModel) -> list[System]:
    """The systems that the scenario wants, and those of its plugins, which come last."""
    own = [cls for cls in SYSTEMS if cls.wanted(model.spec)]
    return [cls(model) for cls in [*own, *model.extensions.systems()]]


__all__ = ["SYSTEMS", "System", "switched_on"]
