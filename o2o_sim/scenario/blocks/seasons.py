"""`calendar.seasons`: parts of every year in which needs and tickets differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Fault, Faults, Key, unknown_names
from ..keys import Block, MonthDay, key

if TYPE_CHECKING:
    from ..schema import Spec


SHORTEST_INTERVAL_DAYS = 0.5


class Season(Block):
    """A part of every year in which some things are needed more often, or less, and more or less is spent."""

    first: MonthDay = key(..., "First day of the season, MM-DD")
    last: MonthDay = key(..., "Last day of the season, MM-DD; before the first means in the year after")
    categories: list[str] = key([], "What is needed; empty means everything", max_length=32)
    demand_x: float = key(
        1.0, "How often it is needed, relative to the rest of the year", unit="x", ge=0.05, le=20
    )
    ticket_x: float = key(
        1.0, "What one purchase costs (and what the goods cost), relative to the rest of the year",
        unit="x", gt=0, le=20,
    )  # fmt: skip


def check(spec: Spec) -> Faults:
    """A season is about categories that are there, and leaves no need that comes more than twice a day."""
    for name, s in spec.calendar.seasons.items():
        at: Key = ("calendar", "seasons", name)
        yield from unknown_names((*at, "categories"), "category", s.categories, spec.categories)
        for category, c in spec.categories.items():
            concerned = not s.categories or category in s.categories
            if concerned and c.every_days / s.demand_x < SHORTEST_INTERVAL_DAYS <= c.every_days:
                message = f"'{category}' would be needed more than {1 / SHORTEST_INTERVAL_DAYS:g} times a day"
                yield Fault((*at, "demand_x"), message, "raise ticket_x instead")
