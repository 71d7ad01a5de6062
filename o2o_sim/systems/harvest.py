"""Platforms that are large enough: no more subsidies, and a commission that rises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..policies.subsidy import Stopped
from .base import System
from .network import partners

if TYPE_CHECKING:
    from ..agents.platform import Platform
    from ..model import O2OModel
    from ..scenario.blocks.harvest import Harvest as HarvestSpec
    from ..scenario.schema import Spec


def stop_paying(platform: Platform) -> None:
    """No subsidies from now on, whatever rule it followed."""
    platform.policy, platform.subsidy_yuan = Stopped(), 0.0


@dataclass
class Harvesting:
    """A platform and for how many months it has been harvesting (None: not yet)."""

    platform: Platform
    rule: HarvestSpec
    months: int | None = None


class Harvest(System):
    """A platform that is large enough stops paying for orders and raises its commission by steps, up to a
    ceiling.

    The first step falls on the evening on which harvest begins. Whether its shops bear it is their own
    decision: they judge a partnership by what it contributes, as ever."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.all = [Harvesting(p, p.spec.harvest) for p in model.platforms if p.spec.harvest is not None]

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return any(p.harvest is not None for p in spec.platforms.values())

    def month_end(self) -> None:
        for h in self.all:
            if h.platform.has_left:
                continue
            if h.months is None:
                self._perhaps_begin(h)
            else:
                h.months += 1
            if h.months is not None and h.months % h.rule.every_months == 0:
                self._raise(h)

    def _perhaps_begin(self, h: Harvesting) -> None:
        p, rule, shops = h.platform, h.rule, len(partners(self.model, h.platform))
        reasons = {
            "members": rule.from_members is not None and p.members >= rule.from_members,
            "shops": rule.from_stores is not None and shops >= rule.from_stores,
            "date": rule.from_date is not None and self.model.date >= rule.from_date,
        }
        reached = [name for name, is_so in reasons.items() if is_so]
        if reached:
            h.months = 0
            stop_paying(p)
            self.model.log(
                p.name, "platform", "harvest", ", ".join(reached),
                members=round(p.members, 4), shops=shops, commission=round(p.commission, 4),
            )  # fmt: skip

    def _raise(self, h: Harvesting) -> None:
        p, before = h.platform, h.platform.commission
        p.commission = min(before + h.rule.commission_step, max(h.rule.commission_ceiling, before))
        if p.commission > before:
            shops = len(partners(self.model, p))
            self.model.log(
                p.name,
                "platform",
                "commission",
                "harvest",
                **{
                    "commission before": round(before, 4),
                    "commission": round(p.commission, 4),
                    "shops": shops,
                },
            )

    def figures(self) -> dict[str, float]:
        """The commission as a month ends, and the shops that are with the platform then."""
        found: dict[str, float] = {}
        for h in self.all:
            found[f"commission/{h.platform.name}"] = h.platform.commission
            found[f"shops_with/{h.platform.name}"] = float(len(partners(self.model, h.platform)))
        return found
