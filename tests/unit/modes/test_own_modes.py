"""A way of integrating that a scenario brings: everybody treats it as its class says, nobody by its name."""

from __future__ import annotations

import pytest

from o2o_sim import ScenarioError
from o2o_sim.market.ledger import LINE
from o2o_sim.record.metrics import metrics
from o2o_sim.record.result import RunResult
from o2o_sim.studies.run import describe
from tests.unit.systems.hamlet import hamlet, run_days

PLUGIN = '''
from o2o_sim.plugin import AT_PLACE, FOLLOWERS, Block, Mode, Offer, key


class Counter(Mode):
    """Ordered ahead, fetched from a counter at which nobody queues."""
    channel = "counter"
    in_shop = True
    makes_followers = True

    class Settings(Mode.Settings):
        bonus: float = key(50.0, "Utility of not having to queue", unit="utils", ge=0, le=100)

    def publish(self, store, category, share, holding):
        terms = store.base_offer(self.channel, category, share)
        terms["key"] = store.key("walk-in", category)
        terms["appeal"] += self.settings.bonus
        return Offer(**terms, seen=AT_PLACE, queues=False, needs=1, handling=self.settings.per_order_yuan)


class Post(Mode):
    """Sent by parcel to who follows the store."""
    channel = "post"
    is_online = True

    def publish(self, store, category, share, holding):
        terms = store.base_offer(self.channel, category, share)
        terms["appeal"] += 60
        return Offer(**terms, seen=FOLLOWERS)


class Lockers(Mode):
    channel = "lockers"
    partner = "local_services"

    def publish(self, store, category, share, holding):
        return None


class Nameless(Mode):
    pass


class Taken(Mode):
    channel = "coupon"


class Loose(Mode):
    channel = "loose"

    class Settings(Block):
        bonus: float = key(1.0, "Without the settings that all modes have")
'''
HOLDS = """
plugins: [own]
modes:
  counter: {run: own.Counter, setup_yuan: 100, fixed_yuan_month: 20, per_order_yuan: 1.5%s}
stores: {named: {left: {modes: [counter]}}}
"""


@pytest.fixture
def own(tmp_path):
    (tmp_path / "own.py").write_text(PLUGIN, encoding="utf-8")
    return tmp_path


def refused(folder, text):
    with pytest.raises(ScenarioError) as fault:
        hamlet(folder, text)
    (problem,) = fault.value.problems
    return problem


def test_its_holder_is_integrated_and_pays_what_the_settings_say(own):
    model = run_days(hamlet(own, HOLDS % ""), 31)
    frames = model.results()
    outcomes = frames["outcomes"].set_index("name")
    assert tuple(outcomes.loc["left", ["outcome", "mode"]]) == ("integrated", "counter")
    assert outcomes.loc["right", "outcome"] == "survived"
    month = model.store("left").months[0]
    assert month.lines[LINE["integration"]] == -2000
    sold = frames["sales_monthly"].query("channel == 'counter'")["purchases"].sum()
    assert sold > 100
    assert month.lines[LINE["handling"]] == -150 * sold


def test_its_customers_do_not_queue_and_are_never_turned_away(own):
    """One customer a day is served; whoever takes the counter does not need that."""
    few = "\nstores: {unserved_leave: true, formats: {shop: {served_per_staff_day: 0.5}}}\n"
    plain = run_days(hamlet(own, few), 10)
    model = run_days(hamlet(own, HOLDS.replace("stores: {", few.strip()[:-1] + ", ") % ""), 10)
    left = model.store("left").number
    assert plain.month.turned_away[left] > 0 == model.month.turned_away[left]
    assert plain.board.queue[left] > 0 == model.board.queue[left]
    model.board.queue[left] = 5.0
    model.step()
    table = model.board.table
    expected = {(row.channel, row.store): q for row, q in zip(table.rows, table.columns["queue"])}
    assert (expected["walk-in", left], expected["counter", left]) == (5.0, 0.0)


def test_its_customers_follow_the_store_if_the_store_owns_them(own):
    always = "\nconsumers: {follow_rate: 1}\n"
    model = run_days(hamlet(own, (HOLDS % "") + always), 3)
    follows = model.consumers.columns.record["follows"]
    assert set(follows) == {model.store("left").number}
    assert set(run_days(hamlet(own, always), 3).consumers.columns.record["follows"]) == {-1}


def test_what_it_sells_counts_as_online_if_a_parcel_brings_it(own):
    text = (HOLDS % "").replace("left: {modes: [counter]}", "left: {modes: [counter, post]}")
    text = text.replace("modes:\n", "modes:\n  post: {run: own.Post}\n", 1)
    model = run_days(hamlet(own, text + "\nconsumers: {follow_rate: 1}\n"), 12)
    result = RunResult(None, describe(model, wall=1, simulating=1), model.results())
    headline = result.headline()
    assert headline["share_by_channel"]["post"] > 0.1
    assert headline["online_share"] == pytest.approx(headline["share_by_channel"]["post"])
    online, _ = model.recorder.parcels_this_month()
    assert online["bread"] > 0


def test_runs_in_which_nobody_used_it_have_its_metrics_too(own):
    model = run_days(hamlet(own, "plugins: [own]\nmodes: {counter: {run: own.Counter}}\n"), 2)
    found = metrics(RunResult(None, describe(model, wall=1, simulating=1), model.results()))
    assert found["share_by_channel/counter"] == 0


def test_a_store_takes_it_up_when_it_promises_to_pay(own):
    text = "plugins: [own]\nmodes: {counter: {run: own.Counter, hoped_lift: 0.5%s}}\n"
    poor = "stores: {policy: satisficing, satisficing: {aspiration_margin: 1, review_share: 1}}\n"
    for more, held in (("", {"counter"}), (", available: false", set()), (", start: 2014-01-01", set())):
        model = run_days(hamlet(own, text % more + poor), 90)
        assert {mode for s in model.stores for mode in s.modes} & {"counter"} == held


@pytest.mark.parametrize(
    ("said", "key", "message"),
    [
        ("counter: {run: own.Counter, bonus: -1}", "modes.counter.bonus", "0"),
        ("counter: {run: own.Counter, bonis: 1}", "modes.counter.bonis", "is not a key here"),
        ("counter: {run: own.Counter, skill: 2}", "modes.counter.skill", "1"),
        ("counter: own.Conter", "modes.counter", "has no 'Conter'"),
        ("counter: {run: own.Block}", "modes.counter", "derived from Mode"),
        ("loose: {run: own.Loose}", "modes.loose", "derived from Mode.Settings"),
        ("nameless: {run: own.Nameless}", "modes.nameless", "`channel` of its own"),
        ("taken: {run: own.Taken}", "modes.taken", "`channel` of its own, found 'coupon'"),
        ("socal: {available: false}", "modes.socal", "did you mean social?"),
        ("own-counter: {run: own.Counter}", "modes.own-counter", "letters, digits and underscores"),
        ("social: {run: own.Counter}", "modes.social.run", "is not a key here"),
    ],
)
def test_what_is_wrong_is_shown_where_it_is_written(own, said, key, message):
    problem = refused(own, f"plugins: [own]\nmodes:\n  {said}\n")
    assert problem.key == key
    assert message in f"{problem.message} {problem.hint}"
    assert problem.line == 4


def test_without_a_platform_that_it_needs_no_store_can_begin_with_it(own):
    text = (HOLDS % "").replace("own.Counter", "own.Lockers")
    problem = refused(own, text)
    assert (problem.key, problem.line) == ("modes.counter", 5)
    assert "no local_services platform takes what it sells" in problem.message
