"""The table of offers."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from o2o_sim.market.offers import (
    AT_PLACE,
    DELIVERED,
    EVERYWHERE,
    FOLLOWERS,
    MONEY,
    Offer,
    tabulate,
)

# -- columns -------------------------------------------------------------------------------------------------
_numbers = count(1)


def offer(**given) -> Offer:
    return Offer(
        **{"key": np.uint64(next(_numbers)), "maker": "m", "channel": "walk-in", "category": 0, "price": 10.0}
        | given
    )


yuan = st.floats(-1e5, 1e5)


@given(st.lists(yuan, min_size=len(MONEY), max_size=len(MONEY)), st.floats(1, 1e4))
def test_money_is_whole_fen_for_all_the_people_one_stands_for(values, people):
    table = tabulate([offer(**dict(zip(MONEY, values)))], people, [])
    for name, value in zip(MONEY, values):
        amount = table.fen[name]
        assert amount.dtype == np.int64
        assert amount[0] == 0  # nobody's offer moves nothing
        assert abs(int(amount[1]) - value * 100 * people) <= 0.5 + 1e-12 * abs(value) * 100 * people


def test_the_buyer_compares_what_the_purchase_costs_her():
    row = offer(price=200.0, usual=250.0, discount=30.0, subsidy=10.0, fee=5.0, price_weight=2.0)
    columns = tabulate([row], 50.0, []).columns
    assert columns["price"][1] == pytest.approx((200 - 30 - 10 + 5) / 250 * 2)
    assert columns["discount"][1] == pytest.approx(0.2)
    free = tabulate([offer(price=0.0)], 50.0, []).columns
    assert (free["price"][1], free["discount"][1]) == (0, 0)


def test_numbers_are_shifted_so_that_none_is_zero():
    table = tabulate([offer(store=0, platform=3), offer(), offer(store=7, seller=4, carrier=9)], 1.0, [])
    assert table.columns["store"].tolist() == [0, 1, 0, 8]
    assert table.columns["platform"].tolist() == [0, 4, 0, 0]
    assert table.store.tolist() == [-1, 0, -1, 7]
    assert table.platform.tolist() == [-1, 3, -1, -1]
    assert table.seller[1:].tolist() == [0, 0, 4]
    assert table.carrier[1:].tolist() == [0, 0, 9]  # who sells delivers, unless said otherwise


def test_reach_says_who_sees_an_offer():
    kinds = [AT_PLACE, DELIVERED, EVERYWHERE, FOLLOWERS]
    table = tabulate([offer(seen=kind, reach_min=8.0, cell=1, store=0) for kind in kinds], 1.0, [])
    assert table.columns["reach"].tolist() == [-1, -1, 8, np.inf, -1]
    assert table.seen[1:].tolist() == kinds


def test_channels_are_registered_once_and_keep_their_numbers():
    channels = ["", "parcel"]
    table = tabulate([offer(channel="app"), offer(channel="parcel"), offer(channel="app")], 1.0, channels)
    assert channels == ["", "parcel", "app"]
    assert table.columns["channel"].tolist() == [0, 2, 1, 2]


def test_offers_that_cannot_be_seen_as_said_are_refused():
    """What a channel of one's own may get wrong is found when it publishes, not in the loop."""
    with pytest.raises(ValueError, match="no cell"):
        tabulate([offer(seen=AT_PLACE)], 1.0, [])
    with pytest.raises(ValueError, match="no store"):
        tabulate([offer(seen=FOLLOWERS)], 1.0, [])
    with pytest.raises(ValueError, match="same key"):
        tabulate([offer(key=np.uint64(5)), offer(key=np.uint64(5))], 1.0, [])
