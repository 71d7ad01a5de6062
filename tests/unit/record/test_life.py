"""The life of a store: from tables on paper, from a run, and through the command."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.errors import ScenarioError
from o2o_sim.market.ledger import LINES
from o2o_sim.record.life import life_of
from o2o_sim.record.outcomes import COLUMNS


def book(month: date, sales: float, rent: float, **more) -> dict:
    lines = dict.fromkeys((f"{line}_yuan" for line in LINES), 0.0)
    lines |= {"sales_yuan": sales, "rent_yuan": -rent, "owners_yuan": 1e9}
    said = {"month": month, "name": "shop", "state": "open", "modes": "", "revenue_yuan": sales}
    said |= {
        "profit_yuan": sales - rent,
        "cash_yuan": 5.0,
        "visits": 310.0,
        "looked_only": 31.0,
        "turned_away": 62.0,
    }
    return lines | said | more


@pytest.fixture
def paper() -> dict[str, pd.DataFrame]:
    months = [date(2013, 1, 31), date(2013, 2, 28), date(2013, 3, 31), date(2013, 4, 30)]
    books = [book(m, 100.0 + 10 * k, 20.0) for k, m in enumerate(months)]
    books[3] |= {"modes": "app+social"}
    seen = {"aspiration": 0.04, "neighbours' margin": 0.1}
    options = [{"mode": "social", "platform": "", "gain": 9.0, "cost": 3.0}]
    events = [
        (months[0], "store", "shop", "keep", "content", seen),
        (
            months[1],
            "store",
            "shop",
            "keep",
            "nothing promises to pay",
            {**seen, "aspiration": 0.05, "considered": options},
        ),
        (months[2], "store", "other", "close", "gave up", {}),
        (months[3], "store", "shop", "adopt social", "promises to pay", {}),
    ]
    head = ["date", "kind", "who", "decision", "reason", "figures"]
    fate = (0, "shop", "food", "row", "mall", "closed", "social", "gave up", "2013-01-01", "2013-04-30")
    other = (1, "other", "food", "row", "mall", "survived", "", "", "2013-01-01", "2013-01-01")
    return {
        "outcomes": pd.DataFrame([fate, other], columns=COLUMNS),
        "stores_monthly": pd.DataFrame(books[::-1]),
        "events": pd.DataFrame([(*e[:5], json.dumps(e[5])) for e in events], columns=head),
        "daily": pd.DataFrame({"date": months}),
    }


def test_quarters(paper):
    q = life_of("shop", paper).quarters.set_index("quarter")
    assert list(q.index) == ["2013 Q1", "2013 Q2"]
    first = q.loc["2013 Q1"]
    assert first["sales"] == 110 and first["profit"] == 90
    assert first["visitors"] == pytest.approx(930 / 90)
    assert first["looked"] == pytest.approx(0.1) and first["turned_away"] == pytest.approx(0.2)
    assert first["margin"] == pytest.approx(270 / 330) and first["rent_share"] == pytest.approx(60 / 330)
    assert (first["aspiration"], first["neighbours"]) == (0.05, 0.1), "what it saw last"
    assert q.loc["2013 Q2", "modes"] == "app+social" and np.isnan(q.loc["2013 Q2", "neighbours"])


def test_decisions_that_changed_or_weighed_something(paper):
    d = life_of("shop", paper).decisions
    assert d["decision"].tolist() == ["keep", "adopt social"]
    assert d["considered"].iloc[0][0]["gain"] == 9


def test_a_store_that_decided_nothing_has_a_table_all_the_same(paper):
    paper["events"] = paper["events"].iloc[:0]
    d = life_of("shop", paper).decisions
    assert list(d.columns) == ["date", "decision", "reason", "figures", "considered"] and d.empty


def test_profit_and_loss(paper):
    table = life_of("shop", paper).profit_and_loss
    assert (
        table.loc["sales", 2013] == 115 and table.loc["rent", 2013] == -20 and table.loc["profit", 2013] == 95
    )
    assert list(table.index) == ["sales", "rent", "profit"], "capital is no profit, empty lines say nothing"


def test_the_end(paper):
    assert life_of("shop", paper).end == "Closed on 2013-04-30: gave up."
    paper["outcomes"].loc[0, ["outcome", "reason"]] = ["integrated", ""]
    assert life_of("shop", paper).end == "Still open on 2013-04-30, with app, social."
    paper["outcomes"].loc[0, ["outcome", "reason"]] = ["moved online", "rent too high"]
    assert life_of("shop", paper).end == "Moved online since 2013-04-30: rent too high."


def test_its_last_half_year_against_its_first(paper):
    assert life_of("shop", paper).since_first == {}
    months = [date(2013, m, 28) for m in range(1, 13)]
    paper["stores_monthly"] = pd.DataFrame(
        [book(m, 100.0 if k < 6 else 80.0, 20.0 if k < 6 else 25.0) for k, m in enumerate(months)]
    )
    assert life_of("shop", paper).since_first == pytest.approx({"sales": -0.2, "visitors": 0, "rent": 0.25})


def test_an_unknown_store(paper):
    with pytest.raises(ScenarioError, match="did you mean shop"):
        life_of("shpo", paper)


def test_a_store_without_a_month(paper):
    paper["stores_monthly"] = pd.DataFrame()
    life = life_of("other", paper)
    assert life.quarters.empty and life.profit_and_loss.empty and life.end.startswith("Still open")


def test_the_history_of_a_store_of_a_model(tiny):
    model = O2OModel(load_scenario(tiny, ["days=60"])).run()
    store = model.stores[0]
    life = store.history()
    assert life.name == store.name and life.last_day == date(2013, 3, 1)
    assert life.quarters["quarter"].tolist() == ["2013 Q1"]
    # Two months, to the fen.
    books = sum(m.lines for m in store.months)
    assert life.profit_and_loss.loc["rent", 2013] == pytest.approx(books[LINES.index("rent")] / 200)
    assert life.quarters["profit"].iloc[0] == pytest.approx(sum(m.profit for m in store.months) / 200)
