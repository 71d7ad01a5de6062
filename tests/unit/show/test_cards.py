"""Cards of stores, circles, platforms and people: right figures, quick enough, whatever things are called."""

from __future__ import annotations

import json
import re
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.levers import levers_of, move
from o2o_sim.model import O2OModel
from o2o_sim.record.frames import Encoder
from o2o_sim.record.life import life_of
from o2o_sim.record.replay import Replay
from o2o_sim.scenario.load import load_scenario, to_plain
from o2o_sim.show.cards import Cards
from o2o_sim.show.cards_parts import means_by_month, whole
from o2o_sim.show.wording import money

HAMLET = Path(__file__).parents[1] / "systems" / "hamlet.yaml"
SCENARIOS = Path(__file__).parents[3] / "scenarios"
PARTS = {"kind", "id", "title", "subtitle", "facts", "series", "waterfall", "table", "events", "end"}
EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def live(tiny_model) -> Cards:
    return Cards.of(tiny_model)


@pytest.fixture(scope="module")
def finished(tiny_result) -> Cards:
    return Cards(tiny_result.frames, tiny_result.manifest)


def everything(cards: Cards, model) -> list[dict]:
    found = list(cards.all_stores())
    found += [cards.card("circle", k) for k in range(len(model.circles))]
    return found + [cards.card("platform", k) for k in range(len(model.platforms))]


def facts(card: dict) -> dict[str, str]:
    return dict(card["facts"])


def test_every_card_has_the_form_that_pages_draw(live, finished, tiny_model):
    for card in [*everything(live, tiny_model), *everything(finished, tiny_model), live.card("person", 5)]:
        assert set(card) <= PARTS and {"kind", "id", "title", "subtitle", "facts"} <= set(card)
        json.dumps(card, allow_nan=False)
        assert all(len(f) == 2 and all(isinstance(x, str) and x for x in f) for f in card["facts"])
        for series in card.get("series", ()):
            assert set(series) == {"label", "unit", "dates", "values"}
            assert len(series["dates"]) == len(series["values"]) > 0
        if "table" in card:
            width = len(card["table"]["columns"])
            assert card["table"]["rows"] and all(len(row) == width for row in card["table"]["rows"])
        for event in card.get("events", ()):
            assert set(event) == {"date", "decision", "reason"} and event["decision"] != "keep"


def test_a_store_tells_what_its_life_tells(finished, tiny_result):
    """The same figures as `o2o-sim why`, which are worked out by themselves."""
    cards = list(finished.all_stores())
    assert [c["title"] for c in cards] == list(tiny_result.outcomes["name"])
    told = 0
    for card in cards:
        life = life_of(card["title"], tiny_result.frames)
        books = tiny_result.stores_monthly[tiny_result.stores_monthly["name"] == card["title"]]
        decided = (
            [] if life.decisions.empty else list(zip(life.decisions["date"], life.decisions["decision"]))
        )
        assert [e["date"] for e in card.get("events", ()) if e["decision"] != "open"] == [
            str(d) for d, what in decided if what != "keep"
        ]
        if not len(books):
            assert "waterfall" not in card and "series" not in card
            continue
        told += 1
        sales, profit, visitors = (s["values"] for s in card["series"])
        assert sales == pytest.approx(list(books["revenue_yuan"])) and profit == pytest.approx(
            list(books["profit_yuan"])
        )
        assert visitors == pytest.approx(list(books["visits"]))
        bars = dict(card["waterfall"]["bars"])
        assert sum(bars.values()) == pytest.approx(books["profit_yuan"].tail(12).mean())
        assert bars["rent"] == pytest.approx(books["rent_yuan"].tail(12).mean())
    assert told > 5


def test_how_it_ended_is_said(finished, live, tiny_result):
    for cards in (finished, live):
        for card, outcome, changed in zip(
            cards.all_stores(), tiny_result.outcomes["outcome"], tiny_result.outcomes["changed"]
        ):
            if outcome == "closed":
                assert card["end"].startswith(f"Closed on {changed}: ") and facts(card)["State"] == "closed"
            elif outcome in ("survived", "integrated"):
                assert card["end"].startswith("Still open on ") if cards is finished else "end" not in card
                assert facts(card)["State"].startswith("open")


def last_day(model) -> str:
    """The last day that was simulated, which a page that shows an earlier one must not call today."""
    return model.results()["daily"]["date"].iloc[-1].isoformat()


def test_only_a_live_city_knows_skill_and_who_is_inside(live, finished, tiny_model):
    store = next(s for s in tiny_model.stores if s.is_here)
    card = facts(live.card("store", store.number))
    came = int(tiny_model.purchases.came[tiny_model.table.store == store.number].sum())
    last = last_day(tiny_model)
    assert card[f"Visitors on {last}"] == f"{came * tiny_model.expansion_factor:,.0f} people"
    assert (
        card["Manager's skill"] == f"{store.skill:.2f} of 1"
        and card["Floor area"] == f"{store.area_m2:,.0f} m2"
    )
    assert "Manager's skill" not in facts(finished.card("store", store.number))


def test_a_circle_lists_its_tenants_and_its_rents(live, finished, tiny_model, tiny_result):
    for number, circle in enumerate(tiny_model.circles.values()):
        for cards in (live, finished):
            card = cards.card("circle", number)
            assert card["title"] == ("Street shops" if circle.is_street else circle.name)
            rows = card.get("table", {"rows": []})["rows"]
            assert {r[0] for r in rows} == {s.name for s in circle.tenants} or len(rows) == 100
            if not circle.is_open:
                assert facts(card)["State"] == f"opens on {circle.opens}" and "series" not in card
                continue
            assert facts(card)["Shops"] == f"{len(circle.tenants):,} in {circle.units:,} units"
            rents = tiny_result.circles_monthly.query("circle == @circle.name")["rent_yuan_m2_month"]
            assert card["series"][0]["values"] == pytest.approx(list(rents))
            daily = tiny_result.daily[f"footfall/{circle.name}"]
            assert card["series"][-1]["values"][0] == pytest.approx(daily.head(31).mean())


def test_a_platform_tells_its_money_its_orders_and_its_partners(live, finished, tiny_model, tiny_result):
    for number, platform in enumerate(tiny_model.platforms):
        card, past = live.card("platform", number), finished.card("platform", number)
        assert card["title"] == platform.name == past["title"]
        assert facts(card)["Commission"] == f"{100 * platform.commission:.1f} %"
        series = {s["label"]: s["values"] for s in past["series"]}
        city = tiny_result.city_monthly
        assert series["Cash"] == pytest.approx(list(city[f"cash_yuan/{platform.name}"]))
        orders = tiny_result.daily[f"orders/{platform.name}"].head(31).mean() * tiny_model.expansion_factor
        assert series["Orders a day"][0] == pytest.approx(orders)
        partners = {
            s.name
            for s in tiny_model.stores
            for h in s.modes.values()
            if h.platform is platform and s.is_trading
        }
        assert {row[0] for row in card.get("table", {"rows": []})["rows"]} == partners


def test_a_person_tells_who_she_is_and_what_she_needed_today(tiny_model, live):
    row = int(tiny_model.purchases.consumer[0])
    number = int(tiny_model.consumers.id[row])
    card, me = live.card("person", number), tiny_model.consumers[number]
    assert (
        facts(card)["Age group"] == me.cohort and facts(card)["Income"] == f"{me.income:.2f} times the mean"
    )
    mine = (tiny_model.purchases.consumer == row).sum()
    assert card["table"]["title"] == f"Her needs on {last_day(tiny_model)}"
    assert len(card["table"]["rows"]) == mine and card["table"]["columns"][0] == "need"
    need = list(tiny_model.spec.categories)[int(tiny_model.purchases.category[0])]
    assert card["table"]["rows"][0][0] == need
    assert card["table"]["rows"][0][1] in (*tiny_model.store_names, *tiny_model.spec.platforms, "nobody")


def test_who_did_nothing_today_has_no_table(tiny_model, live):
    busy = set(tiny_model.consumers.id[tiny_model.purchases.consumer].tolist())
    idle = next(k for k in range(len(tiny_model.consumers)) if k not in busy)
    assert "table" not in live.card("person", idle)


def test_the_replay_tells_where_people_of_a_finished_run_went():
    class Replay:
        pass

    model = O2OModel(load_scenario(HAMLET, ["days=31"]))
    encoder, replay = Encoder(model), Replay()
    replay.key, replay.frames, went = encoder.key(), [], 0
    row = int(model.consumers.position(7))
    for _ in range(31):
        model.step()
        replay.frames.append(encoder.frame())
        went += bool((model.purchases.consumer == row).any())
    from o2o_sim.record.result import RunResult
    from o2o_sim.studies.run import describe

    result = RunResult(None, describe(model, wall=1, simulating=1), model.results())
    card = Cards(result.frames, result.manifest, replay=replay).card("person", 7)
    assert facts(card)["Days without a purchase or trip"] == f"{31 - went} of 31"
    assert {r[1] for r in card["table"]["rows"]} == {"left", "right"}
    assert sum(int(r[2]) for r in card["table"]["rows"]) == went > 5
    with pytest.raises(ScenarioError, match="person 200 is not among the 200 on the map"):
        Cards(result.frames, result.manifest, replay=replay).card("person", 200)
    with pytest.raises(ScenarioError, match="keeps no single people"):
        Cards(result.frames, result.manifest).card("person", 7)


@pytest.mark.parametrize(
    ("kind", "number", "said"),
    [("store", 10**6, "no store with the number"), ("circle", -1, "no circle"), ("platform", 99, "no platform"),
     ("person", 800, "no person with the id 800"), ("shop", 0, "there are: store, circle, platform, person")],
)  # fmt: skip
def test_what_is_not_there_is_said(kind, number, said, live):
    with pytest.raises(ScenarioError, match=said):
        live.card(kind, number)


def test_names_stay_what_they_are(tmp_path):
    """A page shows text as text; so cards must not change it, and a name like that must not break them."""
    file = tmp_path / "evil.yaml"
    file.write_text(
        f"extends: {HAMLET}\ndays: 40\ncircles: {{'{EVIL}': {{x_km: 0.5, y_km: 0.5, units: 2, rent_yuan_m2_month: 1}}}}\n"
        f"stores: {{named: {{'{EVIL}': {{format: shop, circle: '{EVIL}', area_m2: 10}}}}}}\n"
        f"platforms: {{'{EVIL}p': {{kind: marketplace}}}}\n",
        encoding="utf-8",
    )
    model = O2OModel(load_scenario(file)).run()
    cards = Cards.of(model)
    titles = [c["title"] for c in everything(cards, model)]
    assert titles.count(EVIL) == 2 and f"{EVIL}p" in titles


def test_a_city_that_has_not_begun_has_cards_too():
    model = O2OModel(load_scenario(HAMLET))
    cards = Cards.of(model)
    for kind in ("store", "circle", "person"):
        assert json.dumps(cards.card(kind, 0), allow_nan=False)
    model.step()
    assert facts(cards.card("store", 0))["Visitors on 2013-01-01"] != "0 people"


def test_cards_of_a_live_city_follow_it():
    model = O2OModel(load_scenario(HAMLET, ["days=40"]))
    cards = Cards.of(model)
    assert "series" not in cards.card("store", 0)
    model.run()
    assert cards.card("store", 0)["series"][0]["dates"] == ["2013-01"]


def test_a_click_is_answered_at_once_after_a_year():
    model = O2OModel(load_scenario(SCENARIOS / "classroom.yaml")).run()
    cards, slowest = Cards.of(model), 0.0
    for kind, number in (("store", 3), ("circle", 0), ("platform", 0), ("person", 9)):
        cards._day = -1  # as on another day
        began = time.perf_counter()
        cards.card(kind, number)
        slowest = max(slowest, time.perf_counter() - began)
    assert slowest < 1.0, "0.1 s on a machine that has nothing else to do"


def test_the_waterfall_is_that_of_the_last_year():
    model = O2OModel(load_scenario(HAMLET, ["days=425", "levers.rent_x=0"]))
    for day in range(425):
        if day == 59:  # the first two months are over
            move(model, "levers.rent_x", 1)
        model.step()
    card = Cards.of(model).card("store", 0)
    assert len(card["series"][0]["values"]) == 14
    assert card["waterfall"]["title"] == "From sales to profit, mean of the last 12 months"
    assert dict(card["waterfall"]["bars"])["rent"] == pytest.approx(-100.0), (
        "a month without rent is left out"
    )


def test_what_is_not_known_is_no_number_of_json():
    series = [{"label": "x", "unit": "", "dates": ["2013-01", "2013-02"], "values": [float("nan"), 1.0]}]
    card = whole(
        {"kind": "store", "id": 0, "title": "", "subtitle": "", "facts": [], "series": series, "end": ""}
    )
    assert card == {
        "kind": "store",
        "id": 0,
        "subtitle": "",
        "series": [{**series[0], "values": [None, 1.0]}],
    }


PAYING = "\nplatforms: {shop: {kind: marketplace, subsidy: {per_order_yuan: 4, end: 2013-02-11}}, rival: {kind: marketplace}}\n"


@pytest.fixture(scope="module")
def payer(tmp_path_factory) -> Path:
    """A platform that subsidises until a date, with a lever that doubles it."""
    file = tmp_path_factory.mktemp("payer") / "payer.yaml"
    file.write_text(f"extends: {HAMLET}\ndays: 59\nlevers: {{subsidy_x: 2}}{PAYING}", encoding="utf-8")
    return file


def subsidy_fact(card: dict) -> tuple[str, str]:
    return next((label, text) for label, text in card["facts"] if label.startswith("Subsidy "))


def test_a_platform_tells_the_subsidy_that_is_paid_not_the_one_held_ready(payer):
    from o2o_sim.record.frames import decode
    from o2o_sim.record.result import RunResult
    from o2o_sim.studies.run import describe

    model = O2OModel(load_scenario(payer))
    cards, encoder, frames = Cards.of(model), Encoder(model), []
    key = encoder.key()
    assert subsidy_fact(cards.card("platform", 0)) == ("Subsidy before the first day", "none")
    for day in range(59):
        model.step()
        frames.append(encoder.frame())
        if day in (9, 45):
            shown = float(decode(frames[-1]).arrays["subsidy"][0])
            assert shown == (8 if day == 9 else 0)
            said = "8.00 yuan an order" if shown else "none"
            assert subsidy_fact(cards.card("platform", 0)) == (
                f"Subsidy at the end of {last_day(model)}",
                said,
            )
    paid = facts(cards.card("platform", 0))["Subsidies paid so far"]
    assert paid == money(model.results()["daily"]["subsidy_yuan"].sum(), "yuan") != "0.00 yuan"
    assert model.platforms[0].subsidy_yuan == 4, "its policy goes on holding it ready"

    result = RunResult(None, describe(model, wall=1, simulating=1), model.results())
    told = Cards(result.frames, result.manifest, replay=Replay.of(key, frames))
    series = {s["label"]: s for s in told.card("platform", 0)["series"]}["Subsidy"]
    assert series["dates"] == ["2013-01", "2013-02"]
    assert series["values"] == pytest.approx([8, 8 * 10 / 27]), "the last day of a month tells of the next"
    assert subsidy_fact(told.card("platform", 1)) == ("Subsidy in 2013-02", "none")
    alone = Cards(result.frames, result.manifest).card("platform", 0)
    labels = [s["label"] for s in alone["series"]] + [label for label, _ in alone["facts"]]
    assert "Subsidy offered, before lever, dates and budget" in labels and "Subsidy" not in labels


def test_rent_is_what_tenants_pay():
    model = O2OModel(load_scenario(HAMLET, ["days=40"]))
    cards, circle = Cards.of(model), next(iter(model.circles.values()))
    model.step()
    assert facts(cards.card("circle", 0))["Rent level"] == f"{circle.rent:,.1f} yuan per m2 and month"
    move(model, "levers.rent_x", 2)
    model.step()
    said = f"{2 * circle.rent:,.1f} yuan per m2 and month ({circle.rent:,.1f}, times the factor on every rent, 2)"
    assert facts(cards.card("circle", 0))["Rent level"] == said
    model.run()
    assert cards.card("circle", 0)["series"][0]["label"] == "Rent level before the lever"
    finished = O2OModel(load_scenario(HAMLET, ["days=40", "levers.rent_x=3"])).run()
    from o2o_sim.scenario.load import to_plain

    card = Cards(finished.results(), {"scenario": to_plain(finished.spec)}).card("circle", 0)
    assert facts(card)["Rent level"].startswith(f"{3 * finished.circles[circle.name].rent:,.1f} yuan")
    landlord = facts(card)["Landlord's policy"]
    assert landlord == facts(cards.card("circle", 0))["Landlord's policy"] == "fixed"


def test_the_last_day_has_its_date(live, finished, tiny_model):
    last = last_day(tiny_model)
    for cards in (live, finished):
        assert f"Visits on {last}" in facts(cards.card("circle", 0))
        assert f"Orders on {last}" in facts(cards.card("platform", 0))


def test_a_month_that_runs_is_not_compared_with_whole_ones():
    days = [date(2013, 1, 1) + timedelta(days=k) for k in range(90)]
    assert means_by_month(days[:60], range(60))[0] == ["2013-01", "2013-02"], "on 1 March"
    assert means_by_month(days[:89], range(89))[0] == ["2013-01", "2013-02"], "on 30 March"
    assert means_by_month(days, range(90)) == (["2013-01", "2013-02", "2013-03"], [15.0, 44.5, 74.0])
    assert means_by_month(days[29:59], range(30))[0] == ["2013-02"], "two days of January"
    assert means_by_month(days[:3], [1, 2, 6]) == (["2013-01"], [3.0]), "there is nothing to compare it with"
    assert means_by_month([], []) == ([], [])
    model = O2OModel(load_scenario(HAMLET, ["days=60"])).run()
    visits = Cards.of(model).card("circle", 0)["series"][-1]
    assert (visits["label"], visits["dates"]) == ("Visits a day", ["2013-01", "2013-02"])


def test_money_has_the_name_that_the_scenario_gives_it(payer):
    model = O2OModel(load_scenario(payer, ["currency=GBP", "days=40"])).run()
    cards = Cards.of(model)
    for card in [*everything(cards, model), cards.card("person", 5)]:
        assert "yuan" not in json.dumps(card)
    assert "GBP per m2" in facts(cards.card("circle", 0))["Rent level"]
    levers = levers_of(model.spec, model)
    assert not [d["key"] for d in levers if "yuan" in d["unit"] + d["about"]]
    assert {d["key"]: d["unit"] for d in levers}["platforms.shop.subsidy.per_order_yuan"] == "GBP"


@pytest.mark.faults("The day that is shown")
@pytest.mark.parametrize("kind", ["store", "circle", "platform", "person"])
def test_a_card_of_an_earlier_day_says_what_was_known_on_it(kind):
    """A run that ended on that day says the same; and of a city that runs no card tells of a day to come."""
    spec = load_scenario(
        SCENARIOS / "classroom.yaml", ["days=130", "population=300", "stores.satisficing.patience_months=3"]
    )
    scenario = {"scenario": to_plain(spec)}
    model, encoder, raw = O2OModel(spec, 1), None, []
    encoder = Encoder(model)
    key, ended = encoder.key(), {}
    live = Cards.of(model)
    for day in range(spec.days):
        model.step()
        raw.append(encoder.frame())
        if day in (0, 30, 100):
            ended[day] = model.recorder.frames(), Replay.of(key, list(raw))
    whole_run = Cards(model.results(), scenario, replay=Replay.of(key, raw))
    assert (model.results()["outcomes"]["outcome"] == "closed").any()
    n = {
        "store": len(model.stores),
        "circle": len(model.circles),
        "platform": len(model.platforms),
        "person": 20,
    }[kind]
    for day, (frames, replay) in ended.items():
        then = Cards(frames, scenario, replay=replay)
        there = len(frames["outcomes"]) if kind == "store" else n
        for number in range(there):
            assert whole_run.card(kind, number, day) == then.card(kind, number)
            told = json.dumps(live.card(kind, number, day))
            dates = re.findall(r"\d{4}-\d\d-\d\d", told)
            known = {"Habits and purchases"} & set(facts(live.card(kind, number, day)))
            assert known or all(
                on <= str(spec.start + timedelta(day)) for on in dates if "opens on" not in told
            )
        for number in range(there, n):
            with pytest.raises(ScenarioError, match="there is no store"):
                whole_run.card(kind, number, day)
    assert whole_run.card(kind, 0, 10**6) == whole_run.card(kind, 0)
