"""What the shopping loop and a rule read, as named tuples of plain numbers and arrays."""

from __future__ import annotations

from collections import namedtuple

BASE_ME = (
    "price_sensitivity",
    "value_of_time",
    "income",
    "radius",
    "literacy",
    "cohort",
    "pays_by_phone",
    "online",
)

Alternative = namedtuple(
    "Alternative", "appeal price queue wait unseen payment area quality discount days channel category"
)
Trip = namedtuple("Trip", "minutes familiarity loyalty follows")
Chooser = namedtuple("Chooser", "access favourite follows")
"""What else the loop must know of who looks: her access bits, her stores (number + 1)."""
Today = namedtuple("Today", "day weekday month workday")
World = namedtuple(
    "World",
    "people familiarity favourite loyalty extra offers start listed nearest first minutes tile_of slot_of slots "
    "reach_x touch scales today",
)
"""All that the loop reads: records and arrays (see consumers.py, offers.py and lists.py), `reach_x` and `touch`
(float64[categories]), and plain numbers in `scales` and `today`."""

Scales = namedtuple(
    "Scales",
    "familiarity loyalty work_anchor largest_radius stores delivered everywhere followers",
)
"""Weights in utils, minutes, how many stores there are, and the numbers of the first list of each kind."""

Me = namedtuple("Me", BASE_ME)  # type: ignore[misc]
