"""A platform's campaign: while it runs, more people join than word of mouth brings. For
platform_growth.yaml."""

from __future__ import annotations

import numpy as np

from o2o_sim.plugin import Block, Day, System, key


class Campaign(System):
    """Advertising is the external influence of Bass (1969): it adds to the monthly chance to join of somebody
    of literacy 1."""

    class Settings(Block):
        platform: str = key(..., "The platform that is advertised")
        first: Day = key(..., "The first day of the campaign")
        end: Day = key(..., "The first day after it")
        chance: float = key(..., "What it adds to the chance to join", unit="1/month", ge=0, le=1)

    def hazards(self, hazard: np.ndarray) -> None:
        said = self.settings
        if said.first <= self.model.date < said.end:
            number = [p.name for p in self.model.platforms].index(said.platform)
            hazard[:, 2 + number] += said.chance
