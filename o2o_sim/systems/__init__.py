"""Every special way to go O2O, each with a switch in the scenario and a class of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .acquire import Acquisitions
from .base import System
from .beyond import Beyond
from .boycott import Boycotts
from .chains_decide import Chains
from .circle_alliance import CircleAlliances
from .closed_loop import ClosedLoop
from .couriers import Couriers
from .drivers import Drivers
from .festivals import Festivals
from .floor_follows_sales import Floors
from .franchise import Franchise
from .fresh_food import FreshFood
from .funding import Funding
from .group_deals import GroupBuying
from .harvest import Harvest
from .integration import IntegrationWave
from .last_kilometre import LastKilometre
from .leases import Tenancies
from .luck import Luck
from .measures import Measures
from .member_data import MemberData
from .messages import TargetedAccounts
from .mobile_payment import MobilePayments
from .network import Network
from .own_shops import OwnShops
from .owners import Owners
from .places import FullShops
from .provider import Alliance
from .recruit import Recruit
from .search import Search
from .seasons import Seasons
from .service import ServiceWorks
from .showroom import Showrooms
from .smart import SmartCircles
from .till import Tills
from .timeline import Timeline
from .try_then_buy import TryThenBuy
from .turnover import Leases
from .word_of_mouth import WordOfMouth

if TYPE_CHECKING:
    from ..model import O2OModel

SYSTEMS: tuple[type[System], ...] = (
    Timeline, Drivers, Luck, Seasons, Festivals, FullShops, GroupBuying,
    WordOfMouth, TargetedAccounts, ClosedLoop, TryThenBuy, Showrooms, Beyond, Measures,
    Alliance, Franchise,
    Boycotts, ServiceWorks, Chains, IntegrationWave,
    Network, Recruit, Harvest, Funding,
    Acquisitions, OwnShops, MemberData, Tills, LastKilometre,
    Leases, Search, Tenancies, SmartCircles, CircleAlliances, MobilePayments,
    FreshFood, Couriers, Floors, Owners,
)  # fmt: skip
"""All systems of the package, in the order in which they are asked."""


def switched_on(model: O2OModel) -> list[System]:
    """The systems that the scenario wants, and those of its plugins, which come last."""
    own = [cls for cls in SYSTEMS if cls.wanted(model.spec)]
    return [*(cls(model) for cls in own), *model.extensions.systems(model)]


__all__ = ["SYSTEMS", "System", "switched_on"]
