"""Parts of the year in which needs and tickets differ."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from .bazaar import BAZAAR, COATS, parcel, shoppers, winter
from .hamlet import hamlet, run_days


def test_needs_come_at_the_rate_of_the_season_from_its_first_day(tmp_path):
    """Two hundred coats a day, four hundred in March. How many 2000 people need in some time varies by a
    sixth of a need each."""
    march = "march: {first: 03-01, last: 03-31, demand_x: 2, categories: [coats]}"
    text = f"calendar: {{seasons: {{{march}}}}}\npopulation: 2000\nresidents: 2000\n"
    model = hamlet(tmp_path, text)
    coats = []
    for _ in range(120):
        model.step()
        coats.append(int(shoppers(model).sum()))
    first, end, sd = 31 + 28, 31 + 28 + 31, np.sqrt(2000 / 6 * 2)
    assert abs(sum(coats[first - 20 : first]) - 20 * 200) < 4 * sd
    assert abs(coats[first] - 400) < 4 * 20 and abs(coats[end] - 200) < 4 * 15, "at once, also at the end"
    assert abs(sum(coats[first:end]) - 31 * 400) < 4 * sd
    assert abs(sum(coats[end:]) - 30 * 200) < 4 * sd
    monthly = model.results()["city_monthly"]
    assert (
        monthly["season_demand_x/coats"].tolist() == [1, 1, 2, 1]
        and (monthly["season_demand_x/bread"] == 1).all()
    )


def test_a_larger_ticket_is_a_larger_purchase(tmp_path):
    model = winter(tmp_path, "ticket_x: 1.5", 30, BAZAAR)
    brought = model.platforms[0].parcel_cost("coats")
    run_days(model, 1)
    walk_in = next(o for o in model.table.rows if o.channel == "walk-in" and o.category == COATS)
    assert (walk_in.price, walk_in.usual, walk_in.goods) == (150, 150, 75)
    o = parcel(model)[1]
    assert (o.price, o.commission) == (150, pytest.approx(4.5))
    assert o.fee == pytest.approx(brought, rel=1e-3), "a parcel is a parcel"
    run_days(model, 30)
    assert parcel(model)[1].price == 100


def test_seasons_wrap_around_the_year_and_multiply(tmp_path):
    sales = "sales: {first: 01-10, last: 01-20, demand_x: 1.5, categories: [coats]}"
    text = f"calendar: {{seasons: {{winter: {{first: 11-01, last: 02-28, demand_x: 2}}, {sales}}}}}\n"
    seasons = hamlet(tmp_path, text).systems[0]
    at = {
        day: seasons.on(day)[0].tolist()
        for day in (date(2013, m, d) for m, d in ((1, 1), (1, 10), (1, 21), (3, 1), (11, 1)))
    }
    assert list(at.values()) == [[2, 2], [2, 3], [2, 2], [1, 1], [2, 2]]
