"""How shops lived, as it is shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from o2o_sim.record import vital
from o2o_sim.record.metrics import METRICS
from o2o_sim.show import report_tables, tables
from o2o_sim.show.tables_lives import ENOUGH, SHORT, VENUES, lived_enough, lives_rows

ROOT = Path(__file__).parents[3]


def shops(n: int, months: int) -> vital.Lives:
    rng = np.random.default_rng(1)
    rows = [
        (k, k, f"{2014 + m // 12}-{m % 12 + 1:02}", s)
        for k in range(n)
        for m, s in enumerate(rng.random(months) + 1)
    ]
    table = pd.DataFrame(rows, columns=["shop", "site", "month", "sales"])
    return vital.from_months(table, shop="shop", site="site", month="month", sales="sales")


def test_the_venues_beside_a_run_are_those_of_the_data():
    table = pd.read_parquet(ROOT / "experiments" / "validation" / "data" / "texas_venue_months.parquet")
    found = vital.statistics(
        vital.from_months(
            table, shop="venue", site="site", month="month", sales="receipts_usd", unknown=3, watched=2
        )
    )
    assert {name: found[name] for name in VENUES} == pytest.approx(VENUES, abs=0.006)
    assert set(SHORT) <= set(VENUES) <= set(METRICS)


@pytest.mark.parametrize(
    "n, months, enough", [(ENOUGH, 25, True), (ENOUGH - 1, 25, False), (ENOUGH, 24, False)]
)
def test_little_is_not_shown_unasked(n, months, enough):
    """Of the last month of a table one does not know who left."""
    assert lived_enough(shops(n, months)) is enough


def test_what_cannot_be_said_is_a_dash():
    said = {what: mine for what, mine, _ in lives_rows(shops(20, 25))}
    assert said["slope of exits on sales"] == said["newcomers that live 12 months"] == "-"
    assert said["exits over shops"] == "0.000"
    assert float(said["spread of monthly changes of sales"]) > 0


@pytest.mark.parametrize("enough", [True, False])
def test_the_report_and_the_terminal_show_it_where_there_is_enough(monkeypatch, tiny_result, enough):
    for module in (tables, report_tables):
        monkeypatch.setattr(module, "lived_enough", lambda lives: enough)
    assert ("exits over shops" in report_tables.lives(tiny_result, str)) is enough
    titles = [str(getattr(part, "title", "")) for part in tables.outcome_tables(tiny_result)]
    assert ("\nHow shops lived" in titles) is enough
