"""The keys of the `modes` block: the ways for a store to integrate with online."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, Field, model_validator

from .keys import Block, Day, key
from .shape import closest
from .use import Use, name_of

MOST_OWN_MODES = 8


class Mode(Block):
    """One way for a store to integrate with online."""

    available: bool = key(True, "Whether stores can adopt it at all")
    start: Day | None = key(None, "First day on which it can be adopted")
    setup_yuan: float = key(0.0, "Cost of beginning", unit="yuan", ge=0, le=1e9)
    fixed_yuan_month: float = key(0.0, "Cost per month", unit="yuan/month", ge=0, le=1e9)
    shared_by_chain: bool = key(
        False, "Whether the shops of a chain share these two costs, each taking an equal part"
    )
    per_order_yuan: float = key(
        0.0, "Cost per order besides delivery and commission", unit="yuan", ge=0, le=1e5
    )
    skill: float = key(
        0.3, "Digital skill needed; a manager with less gets less appeal out of it", unit="share", ge=0, le=1
    )
    appeal: float = key(0.0, "Utility of its offers relative to walking in", unit="utils", ge=-20, le=20)
    delivery_reach_min: float = key(
        0.0,
        "How far the store's own delivery is seen by people who do not follow it",
        unit="min",
        ge=0,
        le=240,
    )
    delivery_cost_yuan: float = key(8.0, "Cost of one delivery to a door", unit="yuan", ge=0, le=1e5)
    delivery_fee_yuan: float = key(0.0, "What the customer pays for it", unit="yuan", ge=0, le=1e5)
    delivery_days: float = key(0.1, "Days until it is there", unit="days", ge=0, le=60)
    hoped_lift: float = key(
        0.05, "Extra sales that a store without experience hopes for, as a share of its sales", ge=0, le=5
    )
    market_share: float = key(
        0.0,
        "Marketplace shop: chance that a local order on the platform falls to it, before crowding",
        unit="share",
        ge=0,
        le=1,
    )
    beyond_x: float = key(
        0.0,
        "Marketplace shop: customers of the platform elsewhere who see it, as a multiple of those in the city",
        unit="x",
        ge=0,
        le=1e5,
    )


class Modes(Block):
    """The ways of integrating: the settings of each by its name. A name of one's own takes a class of a plugin,
    with its settings: `{run: plugin.Class, setup_yuan: 500}`."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Use] = Field(init=False)

    social: Mode = key(
        Mode(
            setup_yuan=3000,
            fixed_yuan_month=1500,
            per_order_yuan=1,
            skill=0.3,
            appeal=-0.4,
            delivery_reach_min=8,
        ),
        "Social account: followers see the shop, which delivers itself",
    )
    marketplace: Mode = key(
        Mode(
            setup_yuan=30000,
            fixed_yuan_month=6000,
            per_order_yuan=3,
            skill=0.6,
            appeal=0.0,
            market_share=0.002,
        ),
        "Shop on a marketplace: parcels to platform users, for a commission",
    )
    partnership: Mode = key(
        Mode(setup_yuan=5000, fixed_yuan_month=1000, per_order_yuan=0.5, skill=0.25, appeal=0.0),
        "Partnership with a local-services platform: its coupons are taken in the shop",
    )
    app: Mode = key(
        Mode(
            setup_yuan=400000,
            fixed_yuan_month=30000,
            per_order_yuan=2,
            skill=0.7,
            appeal=0.3,
            delivery_reach_min=15,
        ),
        "Own app: order ahead and delivery, no commission, no platform in between",
    )
    group: Mode = key(
        Mode(
            available=False,
            setup_yuan=2000,
            fixed_yuan_month=500,
            per_order_yuan=0.5,
            skill=0.15,
            hoped_lift=0.15,
        ),
        "Group deals: now and then a deep discount for who comes in, with a platform that has `group_deals`",
    )
    alliance: Mode = key(
        Mode(
            available=False,
            setup_yuan=5000,
            fixed_yuan_month=2500,
            per_order_yuan=3,
            skill=0.15,
            appeal=-1.0,
            delivery_reach_min=12,
            delivery_fee_yuan=5,
        ),
        "Alliance of shops around a service provider: its catalogue, couriers and card for a price per month and order",
    )

    warehouse: Mode = key(
        Mode(
            available=False,
            setup_yuan=8000,
            fixed_yuan_month=1500,
            per_order_yuan=1.5,
            skill=0.25,
            delivery_reach_min=12,
            delivery_cost_yuan=6,
            delivery_fee_yuan=5,
            delivery_days=0.05,
            hoped_lift=0.05,
        ),
        "Small warehouse of a platform: its orders nearby are picked from the shelves (the platform's from_stores)",
    )

    @model_validator(mode="before")
    @classmethod
    def _own_have_a_class(cls, said: Any) -> Any:
        """A misspelt name would otherwise be one of the user's own."""
        for name in said if isinstance(said, Mapping) else ():
            if name in cls.model_fields:
                continue
            if name_of(said[name]) is None:
                near = closest(name, [known for known in {**cls.model_fields, **said} if known != name])
                meant = f"did you mean {near}? " if near else ""
                raise ValueError(
                    f"{name}: is not a way of integrating; {meant}One of your own needs the key 'run'"
                )
            if not (name.isascii() and name.isidentifier()):
                raise ValueError(f"{name}: must be a name of letters, digits and underscores")
        if isinstance(said, Mapping) and len(said.keys() - cls.model_fields.keys()) > MOST_OWN_MODES:
            raise ValueError(f"there can be at most {MOST_OWN_MODES} ways of integrating of your own")
        return said

    @property
    def own(self) -> dict[str, Use]:
        """The classes of plugins, by the name of the mode."""
        return self.__pydantic_extra__

    @property
    def names(self) -> list[str]:
        """Every way of integrating there is."""
        return [*type(self).model_fields, *self.own]
