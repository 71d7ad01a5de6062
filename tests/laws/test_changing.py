"""Keys that change on a date: what happens is what a city that was saved would do under another value, and no key
that built something can change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, get_args

import pytest
import yaml

from o2o_sim import O2OModel, load_scenario
from o2o_sim.errors import ScenarioError
from o2o_sim.levers import HOLDERS
from o2o_sim.record.archive import tables_digest
from o2o_sim.record.state import first_day
from o2o_sim.scenario.changing import Scalar, built_by, find, own_copy, scalars
from o2o_sim.scenario.checks import check

from .cities import SMALL, city
from .test_switches import EITHER, SWITCHES, merged

CHANGES = {
    "levers.rent_x": 1.4,
    "levers.logistics_x": 2.0,
    "stores.satisficing.review_share": 1.0,
    "categories.clothes.online_appeal": 1.5,
    "categories.clothes.gross_margin": 0.4,
    "consumers.variety_weight": 0.6,
    "modes.social.available": False,
    "platforms.dine.coupon_discount": 0.3,
    "platforms.bazaar.commission": 0.11,
    "platforms.depot.subsidy.per_order_yuan": 5.0,
    "circles.old street.rent_yuan_m2_month": 160.0,
    "entry.share_per_month": 0.9,
}


@pytest.mark.parametrize("key", CHANGES)
def test_a_change_on_a_day_is_the_saved_city_under_another_value(key, tmp_path):
    """The first days of the run that is told of the change are those of a run without; then the two differ as two
    cities that were saved on that evening."""
    value, day = CHANGES[key], 26
    said = str(value).lower() if isinstance(value, bool) else value
    plain = city(population=200, days=50, start="2013-01-10")
    for _ in range(day):
        plain.step()
    plain.save(tmp_path / "city.o2os")
    gone_on = O2OModel.load(tmp_path / "city.o2os", overrides=[f"{key}={said}"]).run()
    when = date(2013, 1, 10) + timedelta(days=day)
    file = tmp_path / "dated.yaml"
    dated = {"x": {"date": when.isoformat(), "set": {key: value}}}
    file.write_text(
        yaml.safe_dump(
            {
                "extends": str(SMALL),
                "population": 200,
                "days": 50,
                "start": "2013-01-10",
                "timeline": dated,
            }
        )
    )
    told = O2OModel(load_scenario(file)).run()
    events = [e for e in told.events if e["kind"] == "timeline"]
    assert len(events) == 1
    told.events.remove(events[0])
    assert tables_digest(told.results()) == tables_digest(gone_on.results())
    plain.offers_changed = True  # as they are on any day on which something changes
    plain.run()
    assert tables_digest(told.results()) != tables_digest(plain.results()), "the key has no effect here"


ALSO_AT_FIRST = (
    "levers.rent_x", "stores.wage_yuan_month", "stores.formats.*.rent_x", "stores.formats.*.m2_per_staff",
    "stores.formats.*.other_cost_share", "stores.service.gain", "stores.service.scale_yuan_m2",
    "platforms.*.patience_yuan", "stores.luck.*", "landlords.leases.*", "landlords.vacancy_target",
    "entry.margin_wanted", "calendar.seasons.*",
)  # fmt: skip
"""Keys that are read where they are used, and on the first day as well: for the cash that a store begins with, and what its sitting tenants
have behind them."""
HABITS = ("habit_rate", "habit_fade", "loyalty_rate", "loyalty_fade", "follow_rate", "price_rate")
"""Keys of `consumers` of which a copy is kept that changes with them."""


def _others(scalar: Scalar) -> Iterator[Any]:
    value = scalar.value
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        for other in (value * 1.1, value * 0.9, value + 1, value - 1, value + 0.01, 0.5, 0.3):
            yield int(other) if type(value) is int else other
    elif isinstance(value, date):
        yield from ((value + timedelta(3)).isoformat(), (value - timedelta(3)).isoformat())
    else:
        yield from (a for a in get_args(scalar.field.annotation) if isinstance(a, str) and a != value)


def _may_build(key: str) -> bool:
    from fnmatch import fnmatchcase

    patterns = [*ALSO_AT_FIRST, *(".".join(p) for p in HOLDERS), *(f"consumers.{h}" for h in HABITS)]
    return any(fnmatchcase(key, pattern) for pattern in patterns)


@pytest.mark.slow
def test_no_key_that_can_change_builds_anything(tmp_path):
    """A city with every switch on is built anew with another value of each key that may change on a date."""
    said: dict = {"extends": str(SMALL), "population": 60, "days": 40, "start": "2013-01-20"}
    for name in SWITCHES:
        if name not in (EITHER[0], "timeline", "drivers"):
            said = merged(said, SWITCHES[name])
    file = tmp_path / "all.yaml"
    file.write_text(yaml.safe_dump(said, allow_unicode=True), encoding="utf-8")
    spec = load_scenario(file)
    before = first_day(O2OModel(own_copy(spec)))
    wrong, tried = [], set()
    for path in scalars(spec):
        key, kind = ".".join(path), (*path[:1], *path[-2:])  # of several formats or platforms one will do
        if built_by(spec, path) or _may_build(key) or kind in tried:
            continue
        changed = own_copy(spec)
        scalar = find(changed, key)
        for other in _others(scalar):
            try:
                scalar.hold(scalar.check(other))
            except ScenarioError:
                continue
            if not check(changed):
                tried.add(kind)
                if first_day(O2OModel(changed)) != before:
                    wrong.append(key)
                break
    assert not wrong, " ".join(wrong)
    assert len(tried) > 150


@pytest.mark.parametrize("key", ["residents", "population", "cohorts.older.literacy", "city.cell_m"])
def test_what_built_something_is_refused(key):
    with pytest.raises(ScenarioError, match="cannot change in a city that runs"):
        find(load_scenario(SMALL), key)


def test_a_key_takes_what_a_file_would_give():
    scalar = find(load_scenario(SMALL), "modes.social.available")
    assert scalar.check(False) is False
    with pytest.raises(ScenarioError, match="must be true or false, found the number 0"):
        scalar.check(0)
