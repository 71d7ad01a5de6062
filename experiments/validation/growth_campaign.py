"""A platform's campaign: while it runs, more people join than word of mouth brings. For
platform_growth.yaml."""

from __future__ import annotations

from datetime import date

import numpy as np

from o2o_sim.plugin import System

FIRST, END = date(2013, 3, 1), date(2013, 5, 1)
PLATFORM = "tuan"
# Set by arithmetic before any run: smartphones times literacy is 0.40 over the town's cohorts, and 0.40 * 2 *
# 0.16 = 0.127. So many of the paper's travellers, 254 of 2000, used the platform on the last day of its
# campaign.
CHANCE = 0.16


class Campaign(System):
    """Advertising is the external influence of Bass (1969): from `FIRST` until before `END` it adds `CHANCE`
    to the monthly chance to join of somebody of literacy 1."""

    def hazards(self, hazard: np.ndarray) -> None:
        if FIRST <= self.model.date < END:
            number = [p.name for p in self.model.platforms].index(PLATFORM)
            hazard[:, 2 + number] += CHANCE
