"""Outcomes know the channels of plugins: who sells through one is no plain shop, and its sales can be online."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.record.outcomes import outcome_of
from o2o_sim.record.recorder import OUR_CHANNELS
from o2o_sim.record.result import headline, online_channels, online_share
from o2o_sim.scenario.describe import starter_text
from o2o_sim.studies.run import run

OWN = """from dataclasses import replace
from o2o_sim.plugin import *

class Own(System):
    {more}

    def amend(self, rows):
        shops = [r for r in rows if r.channel == "walk-in" and r.maker.startswith("supermarket")]
        terms = dict(channel="own shop", seen={seen}, needs={needs}, reach_min=30.0, queues=False)
        return rows + [replace(r, key=name_bits("own | " + r.maker + str(r.category)), **terms) for r in shops]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch) -> Path:
    (tmp_path / "city.yaml").write_text(starter_text())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def scenario(code: str, days: int = 5):
    Path("own.py").write_text(code)
    Path("case.yaml").write_text(
        f"extends: city.yaml\npopulation: 300\ndays: {days}\nplugins: [own]\nsystems: [own.Own]\n"
    )
    return load_scenario("case.yaml")


@pytest.mark.faults("Outcomes and channels of plugins")
@pytest.mark.parametrize(
    ("seen", "needs", "more", "online"),
    [
        ("EVERYWHERE", "int(ONLINE)", "", True),
        ("DELIVERED", "int(ONLINE)", "", True),
        ("DELIVERED", "int(ONLINE)", "offline_channels = ('own shop',)", False),
        ("EVERYWHERE", "0", "", False),
        ("AT_PLACE", "int(ONLINE)", "", False),
    ],
)
def test_who_sells_through_a_plugins_channel_is_no_plain_shop(seen, needs, more, online):
    result = run(scenario(OWN.format(seen=seen, needs=needs, more=more)), out=False, seed=1)
    stores = result.frames["outcomes"].set_index("name")
    sellers = stores.index.str.startswith("supermarket")
    assert set(stores.loc[sellers, "outcome"]) == {"integrated"}
    assert set(stores.loc[sellers, "mode"]) == {"own shop"}
    assert set(stores.loc[~sellers, "outcome"]) == {"survived"}
    assert ("own shop" in online_channels(result.manifest)) == online
    daily = result.frames["daily"]
    sold = float(daily["sales/own shop"].sum())
    assert sold > 0
    without = online_share(daily)
    share = headline(dict(result.frames), result.manifest)["online_share"]
    assert share == pytest.approx(without + online * sold / daily.filter(like="sales/").to_numpy().sum())


@pytest.mark.faults("Outcomes and channels of plugins")
def test_who_no_longer_sells_through_it_is_a_plain_shop_again():
    code = OWN.format(
        seen="EVERYWHERE",
        needs="int(ONLINE)",
        more="def morning(self):\n        self.model.offers_changed = True",
    )
    model = O2OModel(scenario(code.replace("shops = [", "shops = [] if self.model.day > 2 else [")), 1)
    states = []
    for _ in range(5):
        model.step()
        states.append({outcome_of(s) for s in model.stores if s.name.startswith("supermarket")})
    assert states == [{"integrated"}] * 3 + [{"survived"}] * 2


def test_every_channel_of_a_shipped_city_is_known():
    model = O2OModel(load_scenario("town", ["population=300", "days=1"]), 1)
    model.step()
    assert set(model.channels) <= {*OUR_CHANNELS, *(mode.channel for mode in model.modes.values())}
    assert not any(s.own_channels for s in model.stores)


@pytest.mark.faults("Outcomes and channels of plugins")
@pytest.mark.parametrize("how", ["offer", "column"])
def test_minutes_that_an_offer_says_are_waited_besides_the_queue(how):
    """An offer's own `queue`, and one that a system writes into the table, were overwritten."""
    body = {
        "offer": "def amend(self, rows):\n        return [replace(r, queue=7.0) if r.seen == AT_PLACE else r for r in rows]",
        "column": "def published(self, table):\n        table.columns['queue'][table.seen == AT_PLACE] = 7.0",
    }[how]
    code = (
        f"from dataclasses import replace\nfrom o2o_sim.plugin import *\n\nclass Own(System):\n    {body}\n"
    )
    model = O2OModel(scenario(code), 1)
    for _ in range(3):
        model.step()
    model.board.show_queues()
    c, table = model.table.columns, model.table
    expected = np.concatenate([[0.0], model.board.queue])[c["store"]]
    assert np.array_equal(c["queue"][table.queued], 7.0 + expected[table.queued])
    assert (c["queue"][~table.queued] == 0).all() and expected.max() > 0
