"""The hamlet with a marketplace, to see festivals and seasons."""

from __future__ import annotations

import numpy as np

from o2o_sim.market.consumers import member_bit
from o2o_sim.streams import uniforms

from .hamlet import hamlet, run_days

COATS, DAY = 1, 20  # the festival's day number: 21 January 2013, a Monday


BAZAAR = """
platforms:
  bazaar: {kind: marketplace, members_start: 0.8, commission: 0.03, advertising_share: 0.05,
           subsidy: {budget_yuan_month: 1000}}
"""


def fair(folder, keys: str, more: str = ""):
    """The hamlet with a marketplace and a festival on 21 January."""
    text = f"{BAZAAR}calendar: {{weekend: [], festivals: {{fair: {{every_year: 01-21, {keys}}}}}}}\n{more}"
    return hamlet(folder, text)


def parcel(model):
    """(row, offer) of the coats that bazaar sends."""
    return next(
        (k, o) for k, o in enumerate(model.table.rows) if o.channel == "parcel" and o.category == COATS
    )


def members(model) -> np.ndarray:
    return (model.consumers.access & member_bit(0)) != 0


def shoppers(model) -> np.ndarray:
    """Who chose a coat today: bool[n]."""
    consumer, category = model.purchases.consumer, model.purchases.category
    found = np.zeros(len(model.consumers), bool)
    found[consumer[category == COATS]] = True
    return found


def interval(model, day: int) -> np.ndarray:
    """Days until everybody's next coat after one bought on a day, as people learn it: 10 on average."""
    ids = model.consumers.id
    early, late = (uniforms(model.seed_number, "learn", day, ids, 2 * COATS + k) for k in (0, 1))
    return np.maximum(1, (10 * (0.5 + early) + late).astype(int))


def winter(folder, keys: str, days: int = 0, more: str = ""):
    text = f"calendar: {{weekend: [], seasons: {{winter: {{first: 01-31, last: 03-01, {keys}}}}}}}\n{more}"
    return run_days(hamlet(folder, text), days)
