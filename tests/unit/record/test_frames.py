"""Frames say what happened: compared, day by day, with a slow and plain reading of the model."""

from __future__ import annotations

import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import numba
import numpy as np
import pytest

from o2o_sim import O2OModel, load_scenario, run
from o2o_sim.errors import ScenarioError
from o2o_sim.market.offers import AT_PLACE
from o2o_sim.record import frames as frames_module
from o2o_sim.record.archive import load_run
from o2o_sim.record.frames import Encoder, Replay, decode, log_code, log_value, unpack
from o2o_sim.record.outcomes import OUTCOMES, outcome_of
from tests.baselines import frames as baseline
from tests.unit.systems.hamlet import HAMLET

ROOT = Path(__file__).parents[3]
TOWN = ROOT / "tests" / "baselines" / "town.yaml"
STAYED = 0
BOUGHT, LOOKED, ORDERED, LEFT = range(4)


def recorded(model, days, people=10_000, encoder=None):
    """The frames of the next days."""
    encoder = encoder or Encoder(model, people)
    made = []
    for _ in range(days):
        model.step()
        made.append(encoder.frame())
    return made


# -- a town day by day ---------------------------------------------------------------------------------------
class Town:
    """A town with every channel, where some shops have too few staff for who comes; 300 of its 2,000 people
    drawn."""

    def __init__(self, days):
        self.model = O2OModel(load_scenario(TOWN, ["seed=4"]))
        for store in self.model.stores[::9]:
            store.staffing = 0.02
        encoder = Encoder(self.model, 300)
        self.key = decode(encoder.key())
        self.days, self.codes, self.heat, self.visits, self.states, self.rows = [], [], [], [], [], []
        self.circles = []
        for _ in range(days):
            self.model.step()
            self.days.append(decode(encoder.frame()))
            self.codes.append(codes_of(self.model))
            self.heat.append(sales_by_cell(self.model))
            self.visits.append(visits_of(self.model))
            self.states.append([outcome_of(s) for s in self.model.stores])
            self.circles.append([(p.cash_yuan, p.members) for p in self.model.platforms])
        self.daily = self.model.results()["daily"]


@pytest.fixture(scope="module")
def town():
    return Town(100)


def codes_of(model):
    """What everybody's code of the day should be, by id, need by need and in words: the trip to the highest
    store, or else the order from the highest."""
    found = defaultdict(list)
    table = model.table
    for k, person in enumerate(model.purchases.consumer):
        offer, first = table.rows[model.purchases.picks[k]], table.rows[model.purchases.visited[k]]
        nothing = offer.channel in ("", "without")
        if model.purchases.visited[k]:
            found[person].append((1, first.store + 1, LEFT if nothing else LOOKED))
        elif offer.seen == AT_PLACE:
            found[person].append((1, offer.store + 1, BOUGHT if model.purchases.served[k] else LEFT))
        elif not nothing:
            found[person].append((0, offer.store + 1, ORDERED))
    codes = {}
    for person, did in found.items():
        _, store, what = max(did, key=lambda d: (d[0], d[1], -d[2]))
        codes[int(model.consumers.id[person])] = what << 14 | store
    return codes


def sales_by_cell(model):
    """Yuan of the day by cell: shop sales where the shop is, others where the buyer lives."""
    cells, table = np.zeros(model.city.grid.cells), model.table
    for k, person in enumerate(model.purchases.consumer):
        if not model.purchases.served[k]:
            continue
        offer = table.rows[model.purchases.picks[k]]
        fen = sum(
            s * int(table.fen[n][model.purchases.picks[k]])
            for n, s in (("price", 1), ("discount", -1), ("fee", 1))
        )
        cells[offer.cell if offer.seen == AT_PLACE else model.consumers.home[person]] += fen / 100
    return cells


def visits_of(model):
    came = [0] * len(model.stores)
    for k in range(len(model.purchases.picks)):
        offer = model.table.rows[model.purchases.visited[k] or model.purchases.picks[k]]
        if offer.seen == AT_PLACE:
            came[offer.store] += 1
    return came


def test_everybodys_day_is_what_she_did(town):
    ids = town.key.arrays["id"]
    assert sorted(ids) == list(range(300))
    did = defaultdict(int)
    for day, codes in zip(town.days, town.codes):
        wanted = [codes.get(int(i), STAYED) for i in ids]
        assert day.arrays["people"].tolist() == wanted
        for code in wanted:
            did[code >> 14 if code else "stayed", code & 0x3FFF > 0] += 1
    # The town has shown everything there is to be shown.
    assert set(did) == {
        ("stayed", False), (BOUGHT, True), (LOOKED, True), (ORDERED, True), (ORDERED, False), (LEFT, True),
    }  # fmt: skip


def test_who_is_drawn_stands_in_the_order_of_homes(town):
    consumers, arrays = town.model.consumers, town.key.arrays
    assert sorted(zip(arrays["home"], arrays["id"])) == list(zip(arrays["home"], arrays["id"]))
    for k, i in enumerate(arrays["id"]):
        one = consumers[int(i)]
        assert one.home == arrays["home"][k]
        assert one.cohort == town.key.header["cohorts"][arrays["cohort"][k]]


def test_visits_are_all_who_came(town):
    for day, came in zip(town.days, town.visits):
        assert day.arrays["visits"].tolist() == came
    assert max(map(max, town.visits)) > 20


def test_states_are_those_of_the_outcomes(town):
    for day, wanted in zip(town.days, town.states):
        assert [OUTCOMES[s] for s in day.arrays["state"]] == wanted
    assert len({s for states in town.states for s in states}) >= 3


def test_figures_are_those_of_the_daily_table(town):
    channels = []
    for k, day in enumerate(town.days):
        row, arrays = town.daily.iloc[k], day.arrays
        channels = day.header.get("channels", channels)
        assert day.header["date"] == row["date"].isoformat()
        assert arrays["channel_sales"] == pytest.approx([row[f"sales/{c}"] for c in channels])
        circles = [c["name"] for c in town.key.header["circles"]]
        assert arrays["footfall"] == pytest.approx([row[f"footfall/{c}"] for c in circles])
        sales, subsidy, purchases, vacancy, surplus, online = arrays["totals"]
        assert sales == pytest.approx(row["sales_yuan"])
        assert sales == pytest.approx(arrays["channel_sales"].sum())
        assert subsidy == pytest.approx(row["subsidy_yuan"])
        assert purchases == pytest.approx(row["purchases"] * town.model.expansion_factor)
        assert vacancy == pytest.approx(row["vacancy"])
        assert surplus == pytest.approx(row["surplus_mean"], abs=1e-4)
        parcels = sum(row.get(f"sales/{c}", 0.0) for c in town.model.recorder.online)
        assert online == pytest.approx(parcels / row["sales_yuan"])
        assert arrays["cash"] == pytest.approx([cash for cash, _ in town.circles[k]])
        assert arrays["members"] == pytest.approx([share for _, share in town.circles[k]])
    columns = {c[6:] for c in town.daily.columns if c.startswith("sales/")}
    assert set(channels) == columns
    assert len(channels) >= 5
    expansion_factor = town.key.header["people_each"]
    for day, came in zip(town.days, town.visits):
        assert day.arrays["footfall"].sum() == pytest.approx(sum(came) * expansion_factor)


def test_sales_of_the_week_lie_where_they_were_made(town):
    drawn = [k for k, day in enumerate(town.days) if "heat" in day.arrays]
    assert drawn == [0, *range(6, 100, 7)]
    for k in drawn:
        week = sum(town.heat[max(0, k - 6) : k + 1])
        low = log_value(town.days[k].arrays["heat"])
        assert np.array_equal(low > 0, week > 0)
        assert np.all(low <= week * (1 + 1e-9))
        assert np.all(week <= np.maximum(low * 2 ** (1 / 8), 2 ** (1 / 8)) * (1 + 1e-9))
    assert sum(town.heat[0]) == pytest.approx(town.daily["sales_yuan"].iloc[0])


def test_news_are_the_days_decisions_but_those_to_keep_on(town):
    events = town.model.events
    told = [
        (d.header["date"], n["kind"], n["who"], n["decision"], n["reason"])
        for d in town.days
        for n in d.header["news"]
    ]
    wanted = [
        (e["date"].isoformat(), e["kind"], e["who"], e["decision"], e["reason"])
        for e in events
        if e["decision"] != "keep"
        and e["figures"].get("subsidy before (yuan/order)", 0) != e["figures"].get("subsidy (yuan/order)", 1)
    ]
    assert told == wanted
    assert len({decision for *_, decision, _ in told}) >= 3
    assert any(e["decision"] == "keep" for e in events)


def test_a_subsidy_that_stays_is_no_news():
    """The events tell of every month that pays; the news only of those that end with another amount."""
    model = O2OModel(
        load_scenario(ROOT / "tests/scenarios/tiny.yaml", ["platforms.bazaar.subsidy.per_order_yuan=5"])
    )
    platform = next(p for p in model.platforms if p.name == "bazaar")
    platform.policy.decide = lambda platform, rivals: 5.0 if model.date.month == 1 else 6.0
    days = [decode(f).header for f in recorded(model, 60)]
    told = [d["date"] for d in days for n in d["news"] if (n["who"], n["decision"]) == ("bazaar", "subsidy")]
    events = [e for e in model.events if (e["who"], e["decision"]) == ("bazaar", "subsidy")]
    assert [e["date"].isoformat() for e in events] == ["2013-01-31", "2013-02-28"]
    assert told == ["2013-02-28"]


def test_subsidies_are_what_is_in_force():
    """Until the day before the end, whether or not a shop is there to order from."""
    model = O2OModel(
        load_scenario(
            ROOT / "tests/scenarios/tiny.yaml",
            ["levers.subsidy_x=2", "platforms.tuan.subsidy.end=2013-01-04"],
        )
    )
    names = [p.name for p in model.platforms]
    found = [decode(f).arrays["subsidy"][names.index("tuan")] for f in recorded(model, 5)]
    assert found == [10, 10, 10, 0, 0]


# -- the key -------------------------------------------------------------------------------------------------
def test_the_key_tells_of_the_place(town):
    model, header = town.model, town.key.header
    grid = model.city.grid
    assert header["kind"] == "key"
    assert header["grid"] == {"nx": grid.nx, "ny": grid.ny, "cell_m": grid.cell_m}
    assert (header["seed"], header["start"], header["days"]) == (4, "2013-01-01", model.spec.days)
    assert (header["people"], header["population"], header["residents"]) == (300, 2000, model.spec.residents)
    assert header["categories"] == list(model.spec.categories)
    assert [c["name"] for c in header["circles"]] == list(model.circles)
    assert [c["cell"] for c in header["circles"] if not c["street"]] == [
        c.cell for c in model.circles.values() if not c.is_street
    ]
    assert [c["street"] for c in header["circles"]].count(True) == 1
    people = model.city.residents * model.spec.residents
    low = log_value(town.key.arrays["residents"])
    assert np.array_equal(low > 0, people > 0)
    some = people >= 1
    assert np.all((low[some] <= people[some]) & (people[some] < low[some] * 1.0906))


def test_rivers_and_lines_are_in_whole_metres(tiny_model):
    header = decode(Encoder(tiny_model).key()).header
    (river,), (line,) = header["rivers"], header["metro"]
    assert river["kind"] == "river"
    assert river["points"][1] == [4000, 4500]
    assert (line["kind"], line["opens"]) == ("metro", "2015-06-01")
    assert len(line["points"]) == 7


def test_names_are_any_text():
    names = ["<script>alert(1)</script>", "花🏪", "x" * 5000]
    spec = load_scenario(HAMLET)
    model = O2OModel(spec)
    for store, name in zip(model.stores, names):
        store.name = name
    (frame,) = recorded(model, 1)
    assert [s["name"] for s in decode(frame).header["stores"]] == names[:2]


def test_a_place_without_platforms_and_circles():
    model = O2OModel(load_scenario(HAMLET))
    key, days = decode(Encoder(model).key()), [decode(f) for f in recorded(model, 8)]
    assert key.header["platforms"] == []
    assert "rivers" not in key.header
    assert "metro" not in key.header
    assert [s["name"] for s in days[0].header["stores"]] == ["left", "right"]
    for day in days:
        assert all(len(day.arrays[n]) == 0 for n in ("cash", "members", "subsidy"))
        assert set(day.arrays["people"] & 0x3FFF) <= {0, 1, 2}
        assert day.arrays["totals"][5] == 0


def test_what_opens_later_is_told_of_when_it_does():
    spec = load_scenario(ROOT / "tests/scenarios/tiny.yaml", ["days=62"])
    model = O2OModel(spec)
    encoder = Encoder(model)
    opens = {c["name"]: c["opens"] for c in decode(encoder.key()).header["circles"]}
    assert opens["Thaihot"] == "2013-02-10"
    assert opens["Dongjiekou"] is None
    days = [decode(f) for f in recorded(model, 62, encoder=encoder)]
    told = {
        (k, n["decision"]) for k, day in enumerate(days) for n in day.header["news"] if n["who"] == "Thaihot"
    }
    assert (40, "open") in told
    later = [(k, s) for k, day in enumerate(days[1:], 1) for s in day.header["stores"]]
    assert later
    for k, store in later:
        assert len(days[k].arrays["state"]) > store["n"] >= len(days[0].header["stores"])
        assert store["opened"] == days[k].header["date"]
        assert store["name"] == model.stores[store["n"]].name
    assert sum(len(d.header["stores"]) for d in days) == len(model.stores)


def test_a_frame_follows_each_day():
    model = O2OModel(load_scenario(HAMLET))
    encoder = Encoder(model)
    with pytest.raises(ValueError, match="day 0 was to come"):
        encoder.frame()
    model.step()
    encoder.frame()
    with pytest.raises(ValueError, match="after each day"):
        encoder.frame()
    model.step()
    model.step()
    with pytest.raises(ValueError, match="day 1 was to come, not 2"):
        encoder.frame()
    late = Encoder(model)
    model.step()
    frame = decode(late.frame())
    assert frame.header["day"] == 3
    assert len(frame.header["stores"]) == 2


def test_shops_beyond_what_a_code_holds_are_left_out(monkeypatch):
    model = O2OModel(load_scenario(HAMLET))
    (frame,) = recorded(model, 1)
    monkeypatch.setattr(frames_module, "_MOST_STORES", 1)
    again = O2OModel(load_scenario(HAMLET))
    (fewer,) = recorded(again, 1)
    before, after = (decode(f).arrays["people"] & 0x3FFF for f in (frame, fewer))
    assert set(before) == {0, 1, 2}
    assert set(after) == {0, 1}
    assert decode(fewer).arrays["visits"].tolist() == decode(frame).arrays["visits"].tolist()


def test_log_codes():
    values = np.array([0, 0.2, 1, 1.08, 1.1, 2, 1024, 2.0**40])
    assert log_code(values).tolist() == [0, 1, 1, 1, 2, 9, 81, 255]
    assert log_value(np.array([0, 1, 9, 81], np.uint8)).tolist() == [0, 1, 2, 1024]


# -- the same bytes ------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def tiny_frames():
    return recorded(O2OModel(load_scenario(ROOT / "tests/scenarios/tiny.yaml")), 40)


def test_threads_do_not_change_a_byte(tiny_frames):
    """The first half on one thread, the second on all."""
    before = numba.get_num_threads()
    model = O2OModel(load_scenario(ROOT / "tests/scenarios/tiny.yaml"))
    encoder = Encoder(model)
    try:
        numba.set_num_threads(1)
        found = recorded(model, 20, encoder=encoder)
        numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
        found += recorded(model, 20, encoder=encoder)
    finally:
        numba.set_num_threads(before)
    assert found == tiny_frames


def test_the_interpreter_makes_the_same_bytes(tiny_frames):
    model = O2OModel(load_scenario(ROOT / "tests/scenarios/tiny.yaml", ["engine=python"]))
    assert recorded(model, 3) == tiny_frames[:3]


def test_being_drawn_changes_nothing(tiny_frames):
    """The simulation does not know who looks at it."""
    plain, seen = (O2OModel(load_scenario(ROOT / "tests/scenarios/tiny.yaml")) for _ in range(2))
    for _ in range(10):
        plain.step()
    recorded(seen, 10, people=50)
    assert plain.consumers.columns.record.tobytes() == seen.consumers.columns.record.tobytes()
    assert plain.purchases.picks.tobytes() == seen.purchases.picks.tobytes()
    assert plain.events == seen.events


def test_the_tiny_city_is_what_it_was():
    """If the change is meant: `python -m tests.baselines.update`, and commit `tiny.o2o` and
    `tiny_frames.json` with it."""
    key, frames = baseline.recorded()
    found, stored = baseline.told(key, frames), baseline.stored()
    for name in stored:
        assert found[name] == stored[name], name
    assert unpack(baseline.REPLAY.read_bytes()) == (key, frames)


def test_javascript_reads_the_same():
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on this machine to run js/test/frames.test.mjs with")
    done = subprocess.run(
        [node, "--test", str(ROOT / "js/test/frames.test.mjs")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


# -- runs ----------------------------------------------------------------------------------------------------
def test_a_run_leaves_its_replay(tmp_path):
    told = []
    result = run(
        ROOT / "tests/scenarios/tiny.yaml",
        out=tmp_path / "run",
        days=12,
        progress=lambda *what: told.append(what[0]),
    )
    assert told == list(range(12))
    replay = Replay.load(tmp_path / "run")
    assert replay.frames == recorded(
        O2OModel(load_scenario(ROOT / "tests/scenarios/tiny.yaml", ["days=12"])), 12
    )
    assert Replay.load(load_run(tmp_path / "run").folder).file == replay.file
    assert result.manifest["simulation_seconds"] <= result.manifest["wall_seconds"]


def test_a_replay_that_fails_costs_no_run(tmp_path, monkeypatch):
    def fail(self):
        raise RuntimeError("no room in the picture")

    monkeypatch.setattr(Encoder, "frame", fail)
    with pytest.warns(RuntimeWarning, match="no replay of this run: RuntimeError: no room"):
        result = run(HAMLET, out=tmp_path / "run", days=3)
    assert (tmp_path / "run" / "manifest.json").is_file()
    assert not (tmp_path / "run" / "replay.o2o").exists()
    with pytest.raises(ScenarioError, match=r"replay\.o2o: is not there"):
        Replay.load(result.folder)


def test_a_result_shows_itself(tmp_path):
    pytest.importorskip("anywidget", reason="the extra 'notebook' is not installed")
    widget = run(HAMLET, out=tmp_path / "run", days=3).replay()
    assert type(widget).__name__ == "CityWidget"
    assert widget.model is None


def test_a_run_that_was_not_written_has_no_replay(tiny_result):
    with pytest.raises(ScenarioError, match=r"(?s)was not written.*out=False"):
        tiny_result.replay()
