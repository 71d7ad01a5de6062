"""Paying by phone in the hamlet, where all of the young do it and none of the old."""

from __future__ import annotations

import numpy as np
import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.market.ledger import LINE
from o2o_sim.systems.mobile_payment import MobilePayments

from .hamlet import hamlet, run_days

FREE = "bank_share: 0, cost_per_payment_yuan: 0, cost_per_user_yuan_month: 0, fixed_yuan_month: 0"
NEVER = "consumers: {phone_payment: {innovation: 0, imitation: 0}}"


def paying(folder, keys="", more=""):
    """The hamlet with mobile payment; nobody takes it up by herself, and it costs nothing unless said."""
    said = {k.split(":")[0].strip() for k in keys.split(",")}
    free = ", ".join(k for k in FREE.split(", ") if k.split(":")[0] not in said)
    keys = ", ".join(k for k in (free, keys) if k)
    text = f"mobile_payment: {{{keys}}}\n{NEVER}\n{more}\n"
    return hamlet(folder, text)


def system(model) -> MobilePayments:
    return next(s for s in model.systems if isinstance(s, MobilePayments))


def bought_by_young(model, people=1):
    """(loaves, coats) bought by the young today, from the tally by cohort; each of them stands for some
    people."""
    price = model.table.fen["price"]
    young = model.purchases.bought[1]
    return int(young[price == 1000 * people].sum()), int(young[price == 10_000 * people].sum())


def test_sellers_pay_a_share_of_what_the_young_buy(tmp_path):
    """At 1 %: 0.10 yuan a loaf, 1 yuan a coat."""
    model = paying(tmp_path, "fee_share: 0.01")
    owed = payments = everything = 0
    for _ in range(20):
        model.step()
        loaves, coats = bought_by_young(model)
        owed += 10 * loaves + 100 * coats
        payments += loaves + coats
        everything += int(model.purchases.bought.sum())
    own = system(model)
    assert 0 < owed == model.ledger.cash(own.account)
    shops = sum(int(model.ledger.books[LINE["handling"], s.account]) for s in model.stores)
    assert shops == -owed
    assert own.figures()["phone_share"] == pytest.approx(payments / everything)
    assert own.figures()["till_hours_saved"] == pytest.approx(payments / 60)


def test_one_who_stands_for_four_pays_four_times(tmp_path):
    """Fees of 0.10 and 1 yuan, less 0.02 yuan a payment, times four."""
    keys = "fee_share: 0.01, cost_per_payment_yuan: 0.02"
    model = run_days(paying(tmp_path, keys, "residents: 800"), 1)
    loaves, coats = bought_by_young(model, 4)
    assert model.ledger.cash(system(model).account) == 4 * (8 * loaves + 98 * coats) > 0


def test_what_the_provider_earns_on_paper(tmp_path):
    """Fee 1 % and banks 0.5 % of sales, 0.02 a payment, 0.5 a month for each of the young, 1000 per million:
    0.2."""
    keys = "fee_share: 0.01, bank_share: 0.005, cost_per_payment_yuan: 0.02, cost_per_user_yuan_month: 0.5"
    model = paying(tmp_path, keys + ", fixed_yuan_month: 1000")
    earned = 0
    for _ in range(31):
        model.step()
        loaves, coats = bought_by_young(model)
        earned += loaves * (10 - 5 - 2) + coats * (100 - 50 - 2)
    users = round(float(model.users[1]) * 200)
    assert users == int((model.consumers.cohort == 1).sum())
    earned -= 50 * users + 20
    city = model.results()["city_monthly"]
    assert city["payment_profit_yuan"][0] == pytest.approx(earned / 100)
    assert city["payment_profit_yuan_user"][0] == pytest.approx(earned / 100 / users)
    assert model.ledger.cash(system(model).account) == earned
    assert model.ledger.is_balanced()


def test_queues_shrink_with_the_share_of_payers(tmp_path):
    """Service takes 4 minutes, payers save 2: where a share y pays by phone the wait is 1 - y / 2 of what it
    was."""
    (tmp_path / "x").mkdir()
    plain = run_days(paying(tmp_path / "x", "fee_share: 0, till_min_saved: 0"), 1)
    fast = run_days(paying(tmp_path, "fee_share: 0, till_min_saved: 2"), 1)
    assert np.array_equal(plain.purchases.picks, fast.purchases.picks)
    shop = fast.table.columns["store"][fast.purchases.picks]
    young = fast.consumers.cohort[fast.purchases.consumer] == 1
    for k in (1, 2):
        y = np.mean(young[shop == k])
        assert 0.2 < y < 0.8 and plain.board.queue[k - 1] > 0
        assert fast.board.queue[k - 1] == pytest.approx(plain.board.queue[k - 1] * (1 - y / 2))


def test_only_the_days_own_part_of_the_queue_shrinks(tmp_path):
    """On the second day: 0.7 of what was expected, and 0.3 of the wait of two servers for 80 a day
    (Sakasegawa 1977), half of which is saved for each payer."""
    model = run_days(paying(tmp_path, "till_min_saved: 2"), 1)
    before = model.board.queue.copy()
    model.step()
    shop = model.table.columns["store"][model.purchases.picks]
    young = model.consumers.cohort[model.purchases.consumer] == 1
    for k in (1, 2):
        busy = min(np.sum(shop == k) / 80, 0.98)
        assert busy > 0.3 and before[k - 1] > 0
        wait = 4 * busy ** (np.sqrt(6) - 1) / (2 * (1 - busy))
        expected = 0.7 * before[k - 1] + 0.3 * wait * (1 - np.mean(young[shop == k]) / 2)
        assert model.board.queue[k - 1] == pytest.approx(expected, abs=0.001)


def test_with_nobody_in_the_shops_queues_fade(tmp_path):
    """By 1 - a a day, whatever happens at the till."""
    model = run_days(paying(tmp_path, "till_min_saved: 4"), 3)
    before = model.board.queue.copy()
    model.consumers.due[:] = 1000
    model.step()
    assert (before > 0).all()
    assert model.board.queue == pytest.approx(0.7 * before)


def test_who_does_not_take_it_pays_nothing(tmp_path):
    model = run_days(paying(tmp_path, "accepted_by: 0"), 10)
    assert system(model).figures()["phone_share"] == 0
    assert model.ledger.cash(system(model).account) == 0


def test_about_the_share_that_is_said_takes_it(tmp_path):
    model = paying(tmp_path, "accepted_by: 0.3")
    own = system(model)
    shops = [type("Shop", (), {"bits": np.uint64(k * 104729)})() for k in range(3000)]
    model.stores = shops
    assert own.accepting()[0]
    assert own.accepting()[1:].mean() == pytest.approx(0.3, abs=0.03)
    model.stores = shops[:10]
    assert len(own.accepting()) == 3001, "what a shop once drew stays"


def test_nothing_before_its_day(tmp_path):
    model = paying(tmp_path, "start: 2013-01-06, fixed_yuan_month: 5000")
    run_days(model, 5)
    assert model.ledger.cash(system(model).account) == 0
    run_days(model, 1)
    assert model.ledger.cash(system(model).account) > 0
    (told,) = (e for e in model.events if e["decision"] == "begin")
    assert (told["who"], told["date"].isoformat()) == ("phone payments", "2013-01-06")


def test_red_envelopes_bring_users_in_their_month_and_cost_what_they_give(tmp_path):
    """A chance of a third in January, of 1 at literacy 1 in March: 5 and 2 yuan for each who begins then."""
    pushes = "[{day: 2013-01-01, chance: 0.3, gift_yuan: 5}, {day: 2013-03-31, chance: 1, gift_yuan: 2}]"
    model = paying(tmp_path, f"fee_share: 0, pushes: {pushes}")
    own, users = system(model), []
    for days in (0, 31, 28, 31, 30):
        run_days(model, days)
        users.append(round(float(model.users[1]) * 200))
    first, january, february, march, april = users
    old = 200 - first
    assert 0.15 * old < january - first < 0.45 * old
    assert february == january and april == march
    assert march > 0.9 * 200, "literacy is drawn around 1, and cut off there"
    assert model.ledger.cash(own.account) == -500 * (january - first) - 200 * (march - february)
    told = [e["figures"] for e in model.events if e["decision"] == "push"]
    assert told == [
        {"new users": january - first, "spent (yuan)": 5.0 * (january - first)},
        {"new users": march - february, "spent (yuan)": 2.0 * (march - february)},
    ]


def test_the_wait_that_customers_expected_is_reported(tmp_path):
    model = paying(tmp_path)
    minutes = people = 0
    for _ in range(10):
        model.step()
        at = model.table.columns["store"][model.purchases.picks] - 1
        minutes += model.table.columns["queue"][model.purchases.picks].sum()
        people += len(at)
    assert system(model).figures()["queue_min"] == pytest.approx(minutes / people) and minutes > 0


@pytest.mark.parametrize(
    ("keys", "key", "message"),
    [
        ("till_min_saved: 5", "till_min_saved", "is more than the 4 minutes that serving a customer takes"),
        ("provider: left", "provider", "is what a platform or a shop is called"),
    ],
)
def test_what_cannot_be_is_said_where_it_stands(tmp_path, keys, key, message):
    with pytest.raises(ScenarioError) as fault:
        paying(tmp_path, keys)
    (problem,) = fault.value.problems
    assert (problem.key, problem.message) == (f"mobile_payment.{key}", message)
