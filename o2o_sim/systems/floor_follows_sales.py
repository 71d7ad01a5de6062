"""Stores whose floor grows and shrinks with their sales."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..units import FEN_PER_YUAN
from .base import System

if TYPE_CHECKING:
    from ..agents.store import Store
    from ..model import O2OModel
    from ..scenario.blocks.floor_follows_sales import FloorFollowsSales
    from ..scenario.schema import Spec

DAYS_A_YEAR = 365.25


class Floors(System):
    """Each month a store's floor moves a part of the way to the floor that its sales would keep.

    This is the balancing rule of Harris & Wilson (1978, Environment and Planning A 10, 371-388) in monthly
    steps: W is the floor, D the sales of a year at the month's pace, k what a m2 must sell in a year, and W'
    = W + pace * (D / k - W), within the bounds. With floor area in the attraction (`stores.size_weight`) it
    decides whether shops of a city stay side by side or a few take all."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        rules = model.spec.stores.floor_follows_sales
        assert rules is not None
        self.rules: FloorFollowsSales = rules

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return spec.stores.floor_follows_sales is not None

    def moves(self, store: Store) -> bool:
        """Whether a store has a floor that follows its sales, and a month that says how it sells."""
        rules = self.rules
        return (
            store.is_here and bool(store.months) and (not rules.formats or store.format_name in rules.formats)
        )

    def sales_per_m2(self, store: Store) -> float:
        """What the month's sales come to in a year, per m2 of the floor in use, in yuan."""
        date = self.model.date
        # A run or a shop may begin within a month.
        days = min(date.day, (date - max(store.opened, self.model.spec.start)).days + 1)
        yearly = store.months[-1].revenue / FEN_PER_YUAN / days * DAYS_A_YEAR
        return yearly / store.floor_m2

    def month_end(self) -> None:
        rules = self.rules
        for store in self.model.stores:
            if not self.moves(store):
                continue
            usual = store.sales_per_m2_year_yuan * rules.sales_per_m2_x
            wanted = store.area_m2 * self.sales_per_m2(store) / usual
            area = store.area_m2 + rules.pace * (wanted - store.area_m2)
            least, most = (x * store.format.area_m2 for x in (rules.smallest_x, rules.largest_x))
            store.area_m2 = min(max(area, least), most)

    def at_bounds(self) -> list[tuple[str, str, str, str]]:
        rules, found = self.rules, []
        for store in self.model.stores:
            if self.moves(store):
                x = store.area_m2 / store.format.area_m2
                if x <= rules.smallest_x:
                    found.append(
                        (
                            "the floor",
                            "store",
                            store.name,
                            f"at its smallest, {rules.smallest_x:g} of the usual",
                        )
                    )
                elif x >= rules.largest_x:
                    found.append(
                        (
                            "the floor",
                            "store",
                            store.name,
                            f"at its largest, {rules.largest_x:g} of the usual",
                        )
                    )
        return found

    def figures(self) -> dict[str, float]:
        """`floor_m2/FORMAT`: floor in use after the month's changes."""
        here = [s for s in self.model.stores if s.is_here]
        return {
            f"floor_m2/{name}": float(sum(s.floor_m2 for s in here if s.format_name == name))
            for name in self.model.spec.stores.formats
        }
