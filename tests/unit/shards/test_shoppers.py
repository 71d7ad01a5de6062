"""A city whose people stand in shards is the city whose people stand in one process, to the last bit."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from o2o_sim import O2OModel, ScenarioError, load_scenario, run
from o2o_sim.market.shoppers import Part
from o2o_sim.record.frames import Encoder
from o2o_sim.shards import shoppers as module
from o2o_sim.shards.lines import Lost
from o2o_sim.shards.refuse import KEYS, MEASURES_ON_SUMS, OWN, POLICIES, refuse
from o2o_sim.shards.shard import Shard
from o2o_sim.systems import SYSTEMS
from tests.laws.test_switches import SMALL, SWITCHES, merged


class Straight:
    """A line to a shard in this process."""

    def __init__(self):
        self.shard, self.answers = Shard(), []

    def send(self, message):
        self.answers.append(self.shard.answer(message))

    def receive(self):
        return self.answers.pop(0)

    def close(self):
        pass


def in_shards(spec, shards, lines=Straight):
    """A model of a scenario whose people stand in so many shards."""
    lines = [lines() for _ in range(shards)]

    def people(spec, city, seed, extensions, stores):
        return module.SpreadShoppers(spec, city, seed, extensions, lines)

    return O2OModel(spec, people=people)


def lived(model, most=20):
    """All that comes out of a run: tables, accounts, and the frames that a screen is sent."""
    encoder = Encoder(model, most)
    found = {"key": encoder.key(), "frames": []}
    while model.day < model.spec.days:
        model.step()
        found["frames"].append(encoder.frame())
    found |= {name: table.to_csv() for name, table in model.results().items()}
    found |= {"queue": model.board.queue.tobytes(), "accounts": model.ledger.balance.tobytes()}
    return found


def same(found, wanted):
    """Which of two runs' results differ."""
    return [name for name in wanted if found[name] != wanted[name]]


@pytest.fixture(scope="module")
def crowded(tiny):
    """The tiny city with shops that are full, so that people are turned away."""
    few = [f"stores.formats.{name}.served_per_staff_day=6" for name in load_scenario(tiny).stores.formats]
    return load_scenario(tiny, [*few, "population=400", "days=45"])


@pytest.fixture(scope="module")
def alone(crowded):
    """What comes out without shards."""
    found = lived(O2OModel(crowded))
    daily = pd.read_csv(pd.io.common.StringIO(found["daily"]))
    assert daily["turned_away"].sum() > 0 and daily["showroomed"].sum() > 0 and daily["date"].nunique() == 45
    return found


@pytest.mark.parametrize("shards", [1, 2, 3, 5])
def test_results_are_the_same_bytes_for_any_number_of_shards(shards, crowded, alone):
    model = in_shards(crowded, shards)
    assert sum(model.shoppers.people) == 400 and min(model.shoppers.people) > 0
    assert same(lived(model), alone) == []


@pytest.mark.parametrize(
    "ends", [[0.0, 0.02, 1.0], [0.0, 0.0, 0.7, 0.7, 1.0, 1.0]], ids=["uneven", "some empty"]
)
def test_and_however_unlike_the_shards_are(ends, crowded, alone, monkeypatch):
    def cut(lived_in, shards):
        reached = np.cumsum(lived_in) / lived_in.sum()
        at = [int((reached <= end).sum()) for end in ends]
        return [Part(lived_in, range(a, b)) for a, b in zip([0, *at[1:]], at[1:])]

    monkeypatch.setattr(module, "cut", cut)
    model = in_shards(crowded, len(ends) - 1)
    assert sum(model.shoppers.people) == 400
    assert min(model.shoppers.people) == 0 if len(ends) > 3 else max(model.shoppers.people) > 350
    assert same(lived(model), alone) == []


def _slots(shoppers):
    return shoppers.sight.tiles.slots


def test_what_a_city_asks_of_people_before_its_first_day(tiny):
    spec = load_scenario(tiny, ["population=30000"])
    whole, parts = O2OModel(spec).shoppers, in_shards(spec, 3).shoppers
    for step in (1, 7, 1000):
        assert parts.incomes(step).tolist() == whole.incomes(step).tolist()
    assert parts.count_users().tolist() == whole.count_users().tolist()
    assert len({slots.tobytes() for slots in parts.ask(_slots) + whole.ask(_slots)}) == 1


def test_people_are_cut_between_cells_into_equal_parts():
    lived_in = np.array([0, 5, 1, 4, 0, 0, 10, 0])
    parts = module.cut(lived_in, 3)
    assert [int(lived_in[list(p.cells)].sum()) for p in parts] == [6, 4, 10]
    assert [p.first for p in parts] == [0, 6, 10]
    assert [c for p in parts for c in p.cells] == list(range(8))


# -- what is refused, and what is not ------------------------------------------------------------------------
def switched(folder: Path, *names: str, days: int = 40):
    """The scenario of the small town with some switches on."""
    said: dict = {"extends": str(SMALL), "population": 300, "days": days, "start": "2013-01-20"}
    for name in names:
        said = merged(said, SWITCHES[name])
    file = folder / "switched.yaml"
    file.write_text(yaml.safe_dump(said, allow_unicode=True), encoding="utf-8")
    return load_scenario(file)


ON_SUMS = (
    "buy share", "harvest", "network", "acquire a circle and a chain", "own shops", "circle alliance", "leases",
    "price matching", "service", "chains decide", "imitation", "late joiners", "rounds", "floor follows sales",
    "what people pay", "too late", "luck", "leases that run for years", "newcomers who search",
    "prices, wages and residents grow", "dated keys and stores",
    "showrooms", "beyond",
)  # fmt: skip
"""Switches that can be had over shards; all others are refused."""


@pytest.mark.parametrize("name", [name for name in SWITCHES if name not in ON_SUMS])
def test_what_looks_at_people_one_by_one_is_refused_where_it_is_said(name, tmp_path):
    spec = switched(tmp_path, name)
    with pytest.raises(
        ScenarioError, match="cannot be had in a run over shards: it looks at consumers"
    ) as refused:
        refuse(spec)
    assert {Path(p.file).name for p in refused.value.problems} == {"switched.yaml"}
    assert all(p.line and p.key for p in refused.value.problems)


def test_the_guide_names_all_that_is_refused():
    guide = (Path(__file__).parents[3] / "docs/cluster.md").read_text(encoding="utf-8")
    told = set(
        re.findall(r"`([\w.*]+)`", guide.partition("**What cannot be divided yet.**")[2].partition("\n\n")[0])
    )
    assert {key for key in KEYS if key.split(".")[-1] not in told and key not in told} == set()
    assert {*POLICIES, *OWN, "measures", *MEASURES_ON_SUMS} <= told


def test_all_others_together_give_the_same_bytes(tmp_path):
    spec = switched(tmp_path, *ON_SUMS)
    refuse(spec)
    assert sum(cls.wanted(spec) for cls in SYSTEMS) >= 8
    assert same(lived(in_shards(spec, 3)), lived(O2OModel(spec))) == []


PLUGINS = {
    "systems": ("systems: [own.Own]", "class Own(System):\n    pass"),
    "phases": ("phases: [{run: own.look, before: shop}]", "def look(model):\n    pass"),
    "channels": ("channels: [own.Own]", "class Own:\n    def publish(self, model):\n        return []"),
}


def plugged(folder, tiny, said, code):
    """A scenario that extends the tiny city, with a plugin."""
    (folder / "own.py").write_text(f"import math\nfrom o2o_sim.plugin import *\n\n{code}\n")
    (folder / "case.yaml").write_text(f"extends: {tiny}\nplugins: [own]\npopulation: 200\ndays: 40\n{said}\n")
    return folder / "case.yaml"


@pytest.mark.parametrize("key", PLUGINS)
@pytest.mark.filterwarnings("ignore")
def test_what_plugins_do_in_a_day_is_refused(key, tiny, tmp_path):
    with pytest.raises(ScenarioError, match=rf"case.yaml:5:.*: {key}.*over shards: a plugin may look"):
        run(plugged(tmp_path, tiny, *PLUGINS[key]), out=tmp_path / "out", shards=2)
    assert not (tmp_path / "out").exists()


def test_a_policy_that_asks_for_people_is_told_at_its_line(tiny, tmp_path):
    body = "        return KEEP if len(store.model.consumers.income) else None\n"
    code = f"class Own(Satisficing):\n    def review(self, store, view, chance):\n{body}"
    spec = load_scenario(plugged(tmp_path, tiny, "stores: {policy: own.Own}", code))
    with pytest.raises(
        ScenarioError, match=r"own.py:6.*cannot be looked at by `consumers.income` in a run over"
    ):
        in_shards(spec, 2).run()


@pytest.mark.parametrize("wrong", ["math.nan", "[1, 2]", "1 / 0"])
def test_a_choice_rule_that_fails_is_told_as_without_shards(wrong, tiny, tmp_path):
    code = f"def value(me, offer, trip, today):\n    return {wrong} if me.income > 1.5 else 0.0"
    file = plugged(tmp_path, tiny, "consumers: {value: own.value}\nengine: python", code)
    told = []
    for make in (O2OModel, lambda spec: in_shards(spec, 3)):
        with pytest.raises(ScenarioError) as fault:
            make(load_scenario(file)).step()
        told.append(str(fault.value))
    assert "own.py" in told[0] and "for consumer" in told[0]
    assert told[1] == told[0]
    rich = int(re.search(r"for consumer (\d+)", told[0])[1])
    assert O2OModel(load_scenario(file)).consumers[rich].income > 1.5


@pytest.mark.parametrize(
    ("also", "said"),
    [
        ({"checkpoint_days": 5}, "--checkpoint: cannot be had"),
        ({"from_state": "x.o2os"}, "--from: cannot be had"),
        ({"model": lambda spec, seed: O2OModel(spec, seed)}, "model: cannot be had"),
        ({"shards": 0}, "--shards: must be from 1"),
        ({"cluster": "nowhere"}, "--cluster: must be local or"),
    ],
    ids=["checkpoint", "state", "model", "no shards", "no such cluster"],
)
def test_what_cannot_be_had_beside_shards_is_said_at_once(also, said, tiny, tmp_path):
    scenario = None if "from_state" in also else tiny
    with pytest.raises(ScenarioError, match=said):
        run(scenario, out=tmp_path / "out", **{"shards": 2, **also})
    assert not (tmp_path / "out").exists()


# -- a shard that is lost ------------------------------------------------------------------------------------
class Frail(Straight):
    """A line that is lost after so many answers."""

    answered = 0

    def receive(self):
        type(self).answered -= 1
        if self.answered < 0:
            raise Lost("it went")
        return super().receive()


@pytest.mark.parametrize(("answered", "guarded"), [(0, True), (9, False)], ids=["as it begins", "later"])
def test_a_shard_that_is_lost_is_said_to_be(answered, guarded, tiny, monkeypatch):
    monkeypatch.setattr(Frail, "answered", answered)
    with pytest.raises(ScenarioError, match=r"--shards: shard 1 of 1 was lost, and .* it went") as lost:
        in_shards(load_scenario(tiny, ["population=100", "days=9"]), 1, Frail).run()
    assert ("__main__" in str(lost.value)) is guarded and "Nothing was written" in str(lost.value)


def test_a_shard_that_was_made_anew_has_lost_its_people(tiny):
    model = in_shards(load_scenario(tiny, ["population=100", "days=9"]), 2)
    model.shoppers._lines[1].shard = Shard()
    with pytest.raises(ScenarioError, match=r"shard 2 of 2 was lost, .* another one has taken its place"):
        model.step()


def test_a_killed_shard_ends_the_run_and_nothing_is_written(tiny, tmp_path):
    def kill(day, days, today):
        if day == 3:
            os.kill(multiprocessing.active_children()[-1].pid, signal.SIGKILL)

    with pytest.raises(ScenarioError, match=r"shard \d of 2 was lost, .* ended by SIGKILL") as lost:
        run(
            tiny,
            out=tmp_path / "out",
            days=10,
            overrides=["population=200"],
            shards=2,
            progress=kill,
            plots=False,
        )
    assert "Nothing was written" in str(lost.value)
    assert list(tmp_path.iterdir()) == [] and multiprocessing.active_children() == []
