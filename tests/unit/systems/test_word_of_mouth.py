"""Word of mouth in the hamlet: two cohorts, of which one has what the other has not."""

from __future__ import annotations

import numpy as np
import pytest

from o2o_sim.market.consumers import ONLINE, PAYS_BY_PHONE, member_bit

from .hamlet import hamlet, run_days

TALK = """
consumers:
  word_of_mouth: {{within: {within}, idle: {idle}, recommend: {recommend}}}
  smartphone: {{innovation: 0.01, imitation: 0.4}}
  phone_payment: {{innovation: 0.02, imitation: 0.2}}
platforms:
  tuan: {{kind: local_services, membership: {{innovation: 0.03, imitation: 0.5}}}}
"""


def talking(tmp_path, within=0.0, idle=1.0, recommend=0.0, more=""):
    """Nobody old and everybody young is online, pays by phone and is a member; half are young."""
    model = hamlet(tmp_path, TALK.format(within=within, idle=idle, recommend=recommend) + more)
    record = model.consumers.columns.record
    record["cohort"] = np.arange(200) % 2
    record["access"] = np.where(record["cohort"] == 1, ONLINE | PAYS_BY_PHONE | member_bit(0), 0)
    model.count_users()
    return model


def asked(model) -> np.ndarray:
    """The hazards that the system makes of those of the base model: [cohort, technology]."""
    c = model.spec.consumers
    rates = [c.smartphone, c.phone_payment, model.spec.platforms["tuan"].membership]
    usual = np.array([r.innovation for r in rates]) + np.array([r.imitation for r in rates]) * model.users
    hazard = np.tile(usual, (2, 1))
    model.systems[0].hazards(hazard)
    return hazard


def test_who_hears_everybody_alike_has_the_usual_hazard(tmp_path):
    assert asked(talking(tmp_path)) == pytest.approx(np.array([[0.21, 0.12, 0.28]] * 2))


def test_a_cohort_that_half_keeps_to_itself_hears_half_of_its_own(tmp_path):
    """The old hear 0.5 * 0 + 0.5 * 0.5 = 0.25 and the young 0.75."""
    hazard = asked(talking(tmp_path, within=0.5))
    assert hazard[0] == pytest.approx([0.01 + 0.4 * 0.25, 0.02 + 0.2 * 0.25, 0.03 + 0.5 * 0.25])
    assert hazard[1] == pytest.approx([0.01 + 0.4 * 0.75, 0.02 + 0.2 * 0.75, 0.03 + 0.5 * 0.75])


def test_a_cohort_that_keeps_to_itself_never_hears_of_what_others_have(tmp_path):
    hazard = asked(talking(tmp_path, within=1))
    assert hazard[0] == pytest.approx([0.01, 0.02, 0.03]) and hazard[1] == pytest.approx([0.41, 0.22, 0.53])


def test_members_who_bought_nothing_talk_less(tmp_path):
    """Of 100 young members 25 bought: they count 25 + 0.2 * 75 = 40 of 200 people."""
    model = talking(tmp_path, idle=0.2)
    model.systems[0].bought[np.flatnonzero(model.consumers.cohort == 1)[:25], 0] = True
    hazard = asked(model)
    assert hazard[:, 2] == pytest.approx(0.03 + 0.5 * 0.2)
    assert hazard[:, 0] == pytest.approx(0.01 + 0.4 * 0.5), "of telephones everybody talks"
    assert asked(model)[:, 2] == pytest.approx(0.03 + 0.5 * 0.1), "a new month: nobody has bought yet"


def test_served_customers_of_the_month_are_those_who_talk(tmp_path):
    shops = "stores: {named: {left: {modes: [partnership]}, right: {modes: [partnership]}}}\n"
    model = talking(tmp_path, idle=0.0, more=shops)
    bought = set()
    for _ in range(20):
        model.step()
        through = model.purchases.served & (model.table.platform[model.purchases.picks] == 0)
        bought |= set(model.purchases.consumer[through].tolist())
    assert bought and set(np.flatnonzero(model.systems[0].bought[:, 0])) == bought


ACCOUNTS = "stores: {named: {left: {modes: [social]}}}\nmodes: {social: {delivery_reach_min: 0}}\n"


def test_a_neighbour_recommends_the_shop_she_is_loyal_to_if_it_has_an_account(tmp_path):
    model = talking(tmp_path, recommend=1, more=ACCOUNTS + "city: {cell_m: 1000}\n")
    people = model.consumers.columns
    people.record["home"], people.record["follows"] = 0, -1
    people.favourite[:100], people.loyalty[:100] = 0, 1.0  # half of the neighbours are loyal to the left shop
    people.favourite[100:], people.loyalty[100:] = 1, 1.0  # and half to the right one, which has no account
    model.systems[0].month_end()
    follows, online = people.record["follows"], people.record["access"] & ONLINE > 0
    assert set(follows[~online]) == {-1}, "the old are not online"
    assert set(follows[online]) == {-1, 0}, "nobody can follow a shop without an account"
    # Each of the 100 online asks a neighbour, one of two of whom sends her to the left shop: 50 +- 3 * 5.
    assert 35 <= (follows[online] == 0).sum() <= 65
    assert model.systems[0].figures()["recommended"] == (follows == 0).sum()
    before = follows.copy()
    people.favourite[:] = 0
    model.store("left").become("closed", "for the test")
    model.systems[0].month_end()
    assert np.array_equal(before, follows), "a closed shop has no account"


def test_in_a_town_of_one_sort_mixing_changes_nothing(tmp_path):
    one = "cohorts: {old: null, young: {share: 1, smartphone_start: 0.2, literacy: 0.8}}\n"
    runs = [
        run_days(
            hamlet(tmp_path, TALK.format(within=w, idle=1, recommend=0) + one), 59
        ).consumers.access.copy()
        for w in (0, 1)
    ]
    assert np.array_equal(*runs)
