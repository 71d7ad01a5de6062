"""Days on which platforms sell for less and for which people wait."""

from __future__ import annotations

import numpy as np
import pytest

from o2o_sim import ScenarioError
from o2o_sim.market.ledger import LINE

from .bazaar import BAZAAR, COATS, DAY, fair, interval, members, parcel, shoppers, winter
from .hamlet import hamlet, run_days


def test_sellers_lower_the_price_on_the_day_and_only_then(tmp_path):
    model = fair(tmp_path, "discount: 0.2")
    seen = {}
    for day in range(DAY + 3):
        model.step()
        seen[day] = parcel(model)[1]
    assert all(o.discount == 0 and o.commission == pytest.approx(3) for d, o in seen.items() if d != DAY)
    on = seen[DAY]
    assert (on.price, on.discount, on.subsidy) == (100, 20, 0)
    assert on.commission == pytest.approx(0.03 * 80) and on.advertising == pytest.approx(0.05 * 80)


def test_a_platform_that_pays_books_it_to_the_fen(tmp_path):
    model = fair(tmp_path, "discount: 0.2, paid_by: platform, held_back: 1")
    run_days(model, DAY + 1)
    row, on = parcel(model)
    assert (on.discount, on.subsidy, on.commission) == (0, 20, pytest.approx(3))
    orders = int(model.purchases.bought[:, row].sum())
    assert orders > 20
    assert model.ledger.books[LINE["subsidy received"], model.platforms[0].account] == -orders * 2000
    assert model.platforms[0].spent_fen == orders * 2000
    run_days(model, 1)
    assert parcel(model)[1].subsidy == 0


def test_the_budget_ends_what_the_platform_pays(tmp_path):
    """1000 yuan are fifty orders; the festival's second day comes after more than that."""
    model = fair(
        tmp_path,
        "discount: 0.2, paid_by: platform, held_back: 1, days: 3",
        "population: 600\nresidents: 600\n",
    )
    run_days(model, DAY + 1)
    assert model.platforms[0].spent_fen > 100_000
    run_days(model, 1)
    assert parcel(model)[1].subsidy == 0


def test_the_lever_moves_what_the_platform_pays(tmp_path):
    model = fair(tmp_path, "discount: 0.2, paid_by: platform", "levers: {subsidy_x: 0.5}\n")
    run_days(model, DAY + 1)
    assert parcel(model)[1].subsidy == pytest.approx(10)


def test_only_who_takes_part_and_what_is_on_offer(tmp_path):
    other = BAZAAR + "  depot: {kind: self_operated, members_start: 0.5}\n"
    text = other + "calendar: {festivals: {fair: {dates: [2013-01-03], platforms: [depot], discount: 0.1}}}\n"
    model = run_days(hamlet(tmp_path, text), 3)
    off = {o.maker: o.discount for o in model.table.rows if o.channel == "parcel"}
    assert off == {"bazaar": 0, "depot": pytest.approx(10)}
    assert all(o.discount == 0 for o in model.table.rows if o.store >= 0)


def test_parcels_are_late_until_the_streets_are_clear(tmp_path):
    model = fair(tmp_path, "days: 2, delay_days: 4, congested_days: 3")
    late = []
    for day in range(DAY + 8):
        model.step()
        o = parcel(model)[1]
        if o.days > 3:
            late.append(day)
            assert o.days == pytest.approx(model.platforms[0].days() + 4, abs=0.02)
            assert o.wait == pytest.approx(0.1 * o.days, abs=0.01), "coats: impatience 0.1 a day"
    assert late == [DAY, DAY + 1, DAY + 2, DAY + 3, DAY + 4], "two days of terms and three after"


def test_needs_of_the_days_before_wait_for_the_day(tmp_path):
    model = fair(tmp_path, "held_back: 1, held_days: 10")
    run_days(model, DAY - 10)
    due = model.consumers.due[:, COATS].astype(int)
    waits = members(model) & (due < DAY)
    assert waits.sum() > 80
    for _ in range(10):
        model.step()
        assert not (shoppers(model) & members(model)).any()
    model.step()
    assert (shoppers(model) & members(model) == members(model) & (due <= DAY)).all()
    # The next need comes as if the last had been met when it was felt, but not before tomorrow.
    after = due + interval(model, DAY)
    assert (model.consumers.due[waits, COATS] == np.maximum(after, DAY + 1)[waits]).all()
    late = waits & (after < DAY + 1)
    assert late.sum() > 5, "whose next need is past already, which the one after that makes good"
    model.step()
    again = after + interval(model, DAY + 1)
    assert (model.consumers.due[late, COATS] == np.maximum(again, DAY + 2)[late]).all()


def test_needs_of_the_days_after_come_on_the_day(tmp_path):
    model = fair(tmp_path, "pulled_forward: 1, pulled_days: 6")
    run_days(model, DAY)
    due = model.consumers.due[:, COATS].astype(int)
    early = members(model) & (due > DAY) & (due <= DAY + 6)
    assert early.sum() > 40
    model.step()
    assert shoppers(model)[early].all()
    assert (shoppers(model) == (early | (due <= DAY))).all(), "and nobody else who would not have come"
    assert (model.consumers.due[early, COATS] == (due + interval(model, DAY))[early]).all()


def test_only_the_share_that_was_said(tmp_path):
    model = fair(tmp_path, "pulled_forward: 0.25, pulled_days: 9", "population: 4000\nresidents: 4000\n")
    run_days(model, DAY)
    due = model.consumers.due[:, COATS].astype(int)
    could = members(model) & (due > DAY) & (due <= DAY + 9)
    model.step()
    n, came = could.sum(), shoppers(model)[could].sum()
    assert abs(came - n / 4) < 3 * np.sqrt(n * 3 / 16)
    run_days(model, 10)
    row = model.results()["city_monthly"].iloc[0]
    assert row["needs_pulled_forward/fair"] == came and row["needs_held_back/fair"] == 0


def test_nobody_waits_longer_than_usual_between_two(tmp_path):
    """Coats are needed every ten days, so nobody begins to wait on the fifteenth day before."""
    model = fair(tmp_path, "held_back: 1, held_days: 15")
    came = []
    for _ in range(DAY):
        model.step()
        came.append(bool((shoppers(model) & members(model)).any()))
    assert came == [True] * (DAY - 10) + [False] * 10


def test_who_is_there_for_the_festival_does_not_put_it_off_and_others_do_as_ever(tmp_path):
    text = "weekend: [5, 6]"
    ahead = "categories: {coats: {plan_ahead: 0.8}}\n"
    waiting = "fair: {every_year: 01-21, held_back: 1, held_days: 9}"
    model = hamlet(
        tmp_path,
        f"{BAZAAR}{ahead}calendar: {{{text}, festivals: {{{waiting}}}}}\n",
    )
    plain = hamlet(tmp_path, f"{BAZAAR}{ahead}calendar: {{{text}}}\n")
    run_days(model, DAY)
    run_days(plain, DAY)
    waits = members(model) & (model.consumers.due[:, COATS] == DAY)
    model.step()
    plain.step()
    assert waits.sum() > 20 and shoppers(model)[waits].all()
    others = ~members(model)
    assert (shoppers(model)[others] == shoppers(plain)[others]).all()
    assert (model.consumers.due[others] == plain.consumers.due[others]).all()
    run_days(model, 1)
    assert model.habits.plan_ahead[COATS] == 0.8, "the day after is a day like others"


@pytest.mark.parametrize("keys", ["held_back: 1, held_days: 10", "pulled_forward: 1, pulled_days: 10"])
def test_a_year_has_as_many_needs_with_festivals_as_without(tmp_path, keys):
    """A festival every month only shifts them. (Not set right, it would move some five days of everybody's
    needs a month: a thousand coats of seven thousand.) Intervals vary by 1/12 of their square, so a year's
    needs by 25."""
    dates = ", ".join(f"2013-{month:02}-15" for month in range(1, 13))
    with_, without = (
        hamlet(tmp_path, f"{BAZAAR}days: 365\ncalendar: {{weekend: [], festivals: {{{festival}}}}}\n")
        for festival in (f"fair: {{dates: [{dates}], {keys}}}", "")
    )
    found = []
    for model in (with_, without):
        coats = 0
        for _ in range(365):
            model.step()
            coats += int(shoppers(model).sum())
        found.append(coats)
    moved = with_.results()["city_monthly"].filter(like="needs_").to_numpy().sum()
    assert moved > 800
    assert abs(found[0] - found[1]) < 3 * np.sqrt(2) * np.sqrt(200 * 36.5 / 12), found


def test_what_is_left_of_a_wait_is_halved_when_needs_come_twice_as_often(tmp_path):
    model = winter(tmp_path, "demand_x: 2, categories: [coats]", 30)  # tomorrow is 31 January
    left = np.arange(len(model.consumers)) % 10
    model.consumers.due[:, COATS] = 30 + left
    model.systems[0].morning()
    # A need of some time of a day: 9 to 10 days become 4.5 to 5, 10 to 11 become 5 to 5.5; whole days count.
    assert (model.consumers.due[:, COATS] == 30 + left // 2).all()
    assert model.habits.every_days.tolist() == [2, 5]
    model.day = 60  # 2 March
    model.consumers.due[:, COATS] = 60 + left
    model.systems[0].morning()
    assert model.habits.every_days.tolist() == [2, 10]
    stretched = model.consumers.due[:, COATS] - 60 - 2 * left
    assert set(stretched.tolist()) == {0, 1} and abs(stretched.mean() - 0.5) < 0.12


@pytest.mark.parametrize(
    ("calendar", "said"),
    [
        (
            "festivals: {fair: {every_year: 01-21, platforms: [bazar]}}",
            "no platform 'bazar'(.|\n)*did you mean bazaar",
        ),
        (
            "festivals: {fair: {every_year: 01-21, categories: [coat]}}",
            "no category 'coat'(.|\n)*did you mean coats",
        ),
        (
            "festivals: {fair: {every_year: 01-21, categories: [bread]}}",
            "no platform that takes part carries 'bread'",
        ),
        ("festivals: {fair: {discount: 0.2}}", "has no day"),
        ("festivals: {fair: {every_year: 21.1}}", "MM-DD"),
        ("festivals: {fair: {every_year: 02-29}}", "MM-DD"),
        ("seasons: {cold: {first: 12-01, last: 02-28, categories: [cots]}}", "did you mean coats"),
        (
            "seasons: {cold: {first: 12-01, last: 02-28, demand_x: 5}}",
            "'bread' would be needed more than 2 times a day",
        ),
    ],
)
def test_what_cannot_be_is_told_where_it_stands(tmp_path, calendar, said):
    with pytest.raises(ScenarioError, match=said) as fault:
        hamlet(tmp_path, f"{BAZAAR}calendar: {{{calendar}}}\n")
    assert "calendar." in str(fault.value) and "case.yaml:6" in str(fault.value)


def test_a_festival_needs_a_platform(tmp_path):
    with pytest.raises(ScenarioError, match="no platform that could hold it"):
        hamlet(tmp_path, "calendar: {festivals: {fair: {every_year: 01-21}}}\n")


@pytest.mark.parametrize("demand_x", [2, 0.3])
def test_what_waits_for_a_festival_goes_on_waiting_when_a_season_turns(tmp_path, demand_x):
    days = f"""
calendar:
  weekend: []
  seasons: {{s: {{first: 01-16, last: 01-31, demand_x: {demand_x}}}}}
  festivals: {{fair: {{every_year: 01-21, discount: 0, held_back: 1, held_days: 9}}}}
"""
    model = hamlet(tmp_path, BAZAAR + days)
    run_days(model, 15)
    moved = model.systems[-1].moved[:, COATS]
    waiting, before = moved < 0, moved.copy()
    assert waiting.sum() > 20
    for _ in range(DAY - 15):
        model.step()
        assert (model.consumers.due[waiting, COATS] == DAY).all()
    assert np.array_equal(moved[waiting], before[waiting]), "nobody waits twice"


def test_online_prices_that_shops_match_are_relative_to_the_season(tmp_path):
    season = "calendar: {seasons: {s: {first: 01-01, last: 01-31, ticket_x: 2}}}\n"
    found = []
    for text in ("", season):
        platform = "platforms: {bazaar: {kind: marketplace, members_start: 0.8, parcel: {fee_share: 0}}}\n"
        model = run_days(hamlet(tmp_path, platform + text), 31)
        found.append(model.view.online_price["coats"])
    assert found[1] == pytest.approx(found[0])
