"""`stores.formats.F.places`: room in a shop for so many visitors at a time."""

from __future__ import annotations

from ..keys import Block, key


class Places(Block):
    """Room for so many visitors at a time: tables, chairs, fitting rooms. Visitors come at times of their
    own, stay as long as they like, and leave when all places are taken (or wait, if `stores.unserved_leave`
    is false)."""

    m2_per_place: float = key(3.0, "Floor area for each place", unit="m2", gt=0, le=1e5)
    visit_min: float = key(
        45.0, "Mean stay of a visitor; stays vary exponentially", unit="min", gt=0, le=1440
    )
    open_hours: float = key(
        5.0, "Hours of the day over which visitors come evenly; for meals: those of lunch and dinner",
        unit="hours", gt=0, le=24,
    )  # fmt: skip
    turned_away_min: float = key(
        20.0, "Minutes of queueing that being turned away is as bad as, in what people expect of a visit",
        unit="min", ge=0, le=1440,
    )  # fmt: skip
