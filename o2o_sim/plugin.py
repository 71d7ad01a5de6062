"""What a file with rules of your own may import: everything here stays where it is, and what it is.

    from o2o_sim.plugin import Offer, System, name_bits, uniforms

The names come from the modules that define them, where their docstrings stand. Other modules of the package
may move or change between releases; a change of what is listed here is told of in the changelog.
"""

from __future__ import annotations

from .agents.circle import Circle
from .agents.platform import Platform
from .agents.store import Month, Store
from .market.consumers import ONLINE, PAYS_BY_PHONE, member_bit
from .market.day import Purchases
from .market.expected import Expected, Needs
from .market.ledger import (
    CONSUMERS,
    COURIERS,
    INVESTORS,
    LANDLORD,
    OUTSIDE_SELLERS,
    OVERHEADS,
    OWNERS,
    PLATFORM,
    PROVIDERS,
    STAFF,
    STORE,
    SUPPLIERS,
)
from .market.offers import AT_PLACE, DELIVERED, EVERYWHERE, FOLLOWERS, NONE, Offer, Table
from .market.rules import category, huff, value
from .model import O2OModel
from .modes import Holding, Mode
from .policies.decisions import KEEP, Decision, StorePolicy, View
from .policies.entry import EntryPolicy, Prospect
from .policies.integration import Option
from .policies.pricing import PriceMatch
from .policies.rent import RentPolicy
from .policies.rivals import Rival
from .policies.store import NeverIntegrate, Satisficing
from .policies.subsidy import SubsidyPolicy
from .scenario.keys import Block, Day, key
from .streams import name_bits, stream, uniforms
from .systems import System
from .systems.base import Agent
from .units import fen, is_month_end, yuan

__all__ = [
    "AT_PLACE",
    "CONSUMERS",
    "COURIERS",
    "DELIVERED",
    "EVERYWHERE",
    "FOLLOWERS",
    "INVESTORS",
    "KEEP",
    "LANDLORD",
    "NONE",
    "ONLINE",
    "OUTSIDE_SELLERS",
    "OVERHEADS",
    "OWNERS",
    "PAYS_BY_PHONE",
    "PLATFORM",
    "PROVIDERS",
    "STAFF",
    "STORE",
    "SUPPLIERS",
    "Agent",
    "Block",
    "Circle",
    "Day",
    "Decision",
    "EntryPolicy",
    "Expected",
    "Holding",
    "Mode",
    "Month",
    "Needs",
    "NeverIntegrate",
    "O2OModel",
    "Offer",
    "Option",
    "Platform",
    "PriceMatch",
    "Prospect",
    "Purchases",
    "RentPolicy",
    "Rival",
    "Satisficing",
    "Store",
    "StorePolicy",
    "SubsidyPolicy",
    "System",
    "Table",
    "View",
    "category",
    "fen",
    "huff",
    "is_month_end",
    "key",
    "member_bit",
    "name_bits",
    "stream",
    "uniforms",
    "value",
    "yuan",
]
