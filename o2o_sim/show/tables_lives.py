"""How the shops of runs lived, beside real ones: rows for a terminal and for the report."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.console import RenderableType

from ..record.metrics import label_of
from ..record.vital import AGES, WAITS, YEAR, Lives, risks, statistics
from ..terminal import Table, Text
from .tables_studies import LOOK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..record.result import RunResult

ENOUGH = 50
"""Shops that must have traded through a year before figures about them are shown unasked."""
TITLE = "How shops lived"
VENUES = {
    "exit_rate": 0.094, "entry_rate": 0.135, "exit_slope": -0.298, "exits_worst_trend": 0.374,
    **dict(zip((f"entrant_survival_{age}" for age in AGES), (0.961, 0.902, 0.867, 0.804, 0.750))),
    **dict(zip((f"taken_again_{wait}" for wait in WAITS), (0.132, 0.175, 0.230, 0.311))),
    "closings_peak": 1.49, "sales_change_month": 0.167, "sales_change_year": 0.121, "sales_spread": 1.500,
    "entrant_ramp_1": -0.023, "entrant_ramp_3": 0.011,
}  # fmt: skip
"""The same figures of 5,493 bars and restaurants in Texas (experiments/validation/data/README.md)."""
SHORT = (
    "exit_rate", "entry_rate", "exit_slope", "exits_worst_trend", "entrant_survival_12", "taken_again_12", "closings_peak",
    "sales_change_month",
)  # fmt: skip
"""What is shown unasked."""
MEANT = (
    "One trade in one boom: the shape of these figures carries over to other trades and countries rather than their level. What "
    "each means: o2o_sim/record/vital.py."
)


def lived_enough(lives: Lives) -> bool:
    """Whether there are two years of enough shops to say how they lived."""
    return lives.months >= 2 * YEAR and len(risks(lives)) >= ENOUGH


def lives_rows(lives: Lives, names: Sequence[str] = tuple(VENUES)) -> list[tuple[str, str, str]]:
    """(what, the figure of these shops, that of the Texan venues); `-` where there is too little to say it."""
    found = statistics(lives)
    return [(label_of(name), _said(name, found), _number(VENUES[name])) for name in names]


def lives_table(lives: Lives, names: Sequence[str] = tuple(VENUES)) -> Table:
    """The rows as a table."""
    table = Table(title=Text(f"\n{TITLE}", style="bold"), title_justify="left", **LOOK)
    for head, where in (("", "left"), (f"{len(lives):,} shops here", "right"), ("real venues", "right")):
        table.add_column(Text(head), justify=where, vertical="bottom")
    for row in lives_rows(lives, names):
        table.add_row(*(Text(cell) for cell in row))
    return table


def lives_tables(lives: Lives, results: Sequence[RunResult]) -> list[RenderableType]:
    """Everything about how the shops of some runs of one scenario lived."""
    m = results[0].manifest
    name = m["scenario"]["name"] or m.get("file") or "scenario"
    seeds = ", ".join(str(r.manifest["seed"]) for r in results)
    head = f"{name}: {m['first_day']} to {m['last_day']}, seed{'s' * (len(results) > 1)} {seeds}"
    return [Text(head, style="bold"), lives_table(lives), Text(f"\n{MEANT}", style="dim")]


def _said(name: str, found: dict[str, float]) -> str:
    if name == "exit_slope" and math.isfinite(found[name]):
        return f"{_number(found[name])} (s.e. {_number(found['exit_slope_se'])})"
    return _number(found[name])


def _number(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "-"
