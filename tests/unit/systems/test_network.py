"""Shops draw users, and users draw shops."""

from __future__ import annotations

import math

import numpy as np
import pytest

from .hamlet import hamlet, run_days
from .tuan import figures, town


def test_shops_of_the_first_day_are_shared_out_by_members(tmp_path):
    """Both platforms have all people as members: of 40 shops about half each (binomial, within 3 standard
    deviations)."""
    rival = """
  rival: {kind: local_services, members_start: 1}
"""
    first = [town(tmp_path, "", rival, members=1, seed=k).stores for k in range(20)]
    with_tuan = sum(s.modes["partnership"].platform.name == "tuan" for stores in first for s in stores)
    assert abs(with_tuan - 20) < 3 * math.sqrt(10)
    nobody = town(tmp_path, "", rival.replace("members_start: 1", "members_start: 0"), members=1)
    assert {s.modes["partnership"].platform.name for s in nobody.stores} == {"tuan"}


def test_reach_is_the_logarithm_of_the_shops(tmp_path):
    m = town(tmp_path, "network: {appeal: 2, joining: 3}", members=0.5, innovation=0.1)
    system = m.systems[0]
    assert system.reach(m.platforms[0]) == 1
    m.stores[0].quit("partnership")
    assert system.reach(m.platforms[0]) == pytest.approx(math.log(2) / math.log(3))
    m.stores[1].quit("partnership")
    assert system.reach(m.platforms[0]) == 0
    m.stores[1].become("closed", "for the test")
    m.stores[0].become("closed", "for the test")
    assert system.reach(m.platforms[0]) == 0, "nobody could be"


def test_shops_make_offers_and_joining_better(tmp_path):
    """One of two shops: reach log 2 / log 3 = 0.6309; 2 utils and three times that of newcomers."""
    reach = math.log(2) / math.log(3)
    plain = town(tmp_path, "", members=0.5, innovation=0.1)
    net = town(tmp_path, "network: {appeal: 2, joining: 3}", members=0.5, innovation=0.1)
    for m in (plain, net):
        m.stores[0].quit("partnership")
        m.step()
    before, after = (m.table.columns["appeal"][m.table.platform == 0] for m in (plain, net))
    assert len(before) == 2 and after - before == pytest.approx(2 * reach)
    hazard = np.full((2, 3), 0.1)
    net.systems[0].hazards(hazard)
    assert hazard == pytest.approx(np.array([[0.1, 0.1, 0.1 * (1 + 3 * reach)]] * 2))
    run_days(net, 30)
    assert figures(net, "merchants/tuan") == [1] and figures(net, "reach/tuan") == pytest.approx([reach])
    assert figures(net, "orders_share/tuan") == [1] and figures(net, "orders_hhi/coupons") == [1]


def test_fresh_food_gains_from_the_network_too(tmp_path):
    """Both shops are on it, so its reach is 1; what it sells from a hub or from their shelves is its offer as
    well."""
    text = """
categories: {{coats: {{shippable: true}}}}
stores: {{formats: {{shop: {{modes: [marketplace, warehouse]}}}}}}
platforms:
  bao: {{kind: marketplace, members_start: 0.9, {}from_stores: {{categories: [bread]}}, fresh_hub: {{categories: [coats]}}}}
"""
    without = run_days(hamlet(tmp_path, text.format("")), 1).table.columns
    with_it = run_days(hamlet(tmp_path, text.format("network: {appeal: 3}, ")), 1).table.columns
    gain = with_it["appeal"] - without["appeal"]
    assert gain == pytest.approx(np.where(with_it["platform"] == 1, 3, 0))
