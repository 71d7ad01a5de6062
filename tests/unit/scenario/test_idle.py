"""Keys that have no effect by construction: each that is said to have none has none, to the last bit, and those
that may have one are never said to have none."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest
from typer.testing import CliRunner

from o2o_sim.cli import app
from o2o_sim.errors import ScenarioWarning
from o2o_sim.levers import levers_of
from o2o_sim.model import O2OModel
from o2o_sim.record.archive import tables_digest
from o2o_sim.scenario import load_scenario
from o2o_sim.scenario.checks import check
from o2o_sim.scenario.describe import starter_text
from o2o_sim.scenario.idle import idle, path_of
from o2o_sim.scenario.load import to_plain
from o2o_sim.scenario.places import dotted
from o2o_sim.scenario.schema import Spec
from o2o_sim.studies.comparison import compare
from o2o_sim.studies.explanation import explain
from o2o_sim.studies.search import find
from o2o_sim.studies.sweeps import sweep
from o2o_sim.studies.variant import Variant

SHORT = ("days=62", "population=300")
FREE = "platforms.marketplace.subsidy.per_order_yuan=0"
COUPONS = "platforms.tuan={kind: local_services, coupon_discount: 0.1, subsidy: {per_order_yuan: 1}}"
SWIFT = "platforms.swift={kind: self_operated, subsidy: {policy: match_rival}}"
NOBODY = "cohorts.nobody={share: 0}"
LATER = "circles.later={x_km: 3, y_km: 3, units: 9, rent_yuan_m2_month: 90, opens: 2015-01-01}"
TOYS = "categories.toys={every_days: 20, ticket_yuan: 90, gross_margin: 0.4, shippable: false, outside_option: 0}"
NO_PLATFORM = "platforms=null"

NONE = [
    ("no subsidy", (FREE,), "levers.subsidy_x", "no platform pays"),
    ("no platform", (NO_PLATFORM,), "levers.subsidy_x", "no platform that could"),
    ("over", ("platforms.marketplace.subsidy.end=2013-01-01",), "levers.subsidy_x", "in these days"),
    ("later", ("platforms.marketplace.subsidy={start: 2014-01-01, end: null}",), "levers.subsidy_x", "in these days"),
    ("none to match", (FREE, SWIFT), "levers.subsidy_x", "no platform pays"),
    ("no share", ("platforms.marketplace.subsidy.largest_share=0",), "levers.subsidy_x", "no platform pays"),
    ("budget", (FREE,), "platforms.marketplace.subsidy.budget_yuan_month", "pays no subsidy"),
    ("no match", (), "platforms.marketplace.subsidy.match_x", "match_rival only"),
    ("all free", ("landlords.street_rent_yuan_m2_month=0", "circles=null"),
     "levers.rent_x", "all rents are 0"),
    ("nothing moves", (NO_PLATFORM, "stores.policy=never_integrate"), "levers.logistics_x", "no parcels"),
    ("no coupons", (), "platforms.marketplace.coupon_discount", "has coupons"),
    ("ships nothing", (COUPONS,), "platforms.tuan.parcel.days", "ships nothing"),
    ("no commission", (SWIFT,), "platforms.swift.commission", "takes no commission"),
    ("no margin", (), "platforms.marketplace.gross_margin", "has a margin"),
    ("no sellers", (SWIFT,), "platforms.swift.advertising_share", "outside sellers"),
    ("no matcher", (), "stores.price_match.rivals_km", "no store has the policy price_match"),
    ("no answer", (), "stores.best_response.lowest_x", "no store has the policy best_response"),
    ("no entry", ("entry.policy=none",), "entry.share_per_month", "nobody takes"),
    ("no index", (), "landlords.index_yearly", "no landlord has the policy indexed"),
    ("fixed rents", ("landlords.policy=fixed",), "landlords.vacancy_response", "no landlord has the policy vacancy"),
    ("fixed ceiling", ("landlords.policy=fixed",), "landlords.rent_ceiling_x", "no landlord has the policy vacancy"),
    ("no file", (), "imported_circles.m2_per_unit", "no circles come from a file"),
    ("no alliance", (), "modes.alliance.setup_yuan", "no store can hold"),
    ("never", ("stores.policy=never_integrate",), "modes.social.appeal", "no store can hold"),
    ("nobody", (NOBODY,), "cohorts.nobody.literacy", "nobody belongs to it"),
    ("not open", (LATER,), "circles.later.units", "when the run has ended"),
    ("no parcel", (), "categories.restaurant.online_price_x", "no parcel can carry"),
    ("no carrier", (NO_PLATFORM,), "categories.clothing.online_appeal", "no platform brings"),
    ("unsold", (TOYS,), "categories.toys.gross_margin", "nobody sells toys"),
    ("never late", (), "categories.clothing.wanted_days", "loses nothing by being late"),
    ("prices unheeded", (), "consumers.price_rate", "no category has a frequency_elasticity"),
]  # fmt: skip

SOME = [
    ((), "levers.subsidy_x"),
    ((FREE, COUPONS), "levers.subsidy_x"),
    ((SWIFT, "platforms.marketplace.subsidy.per_order_yuan=1"), "levers.subsidy_x"),
    ((SWIFT, "platforms.marketplace.subsidy.per_order_yuan=1"), "platforms.swift.subsidy.match_x"),
    ((FREE, "calendar.festivals.day={every_year: 01-20, paid_by: platform}"), "levers.subsidy_x"),
    ((), "levers.rent_x"),
    ((NO_PLATFORM,), "levers.logistics_x"),
    (("stores.policy=never_integrate",), "levers.logistics_x"),
    (("stores.policy=price_match",), "stores.price_match.rivals_km"),
    (("stores.formats.eatery.policy=best_response",), "stores.best_response.lowest_x"),
    ((), "entry.share_per_month"),
    (("landlords.policy=fixed", "circles.main_street.landlord=vacancy"), "landlords.vacancy_target"),
    (("modes.alliance.available=true", "provider={}"), "modes.alliance.setup_yuan"),
    (("stores.formats.eatery.modes=[alliance]", "provider={}"), "modes.alliance.fixed_yuan_month"),
    ((NOBODY,), "cohorts.nobody.share"),
    ((), "cohorts.older.literacy"),
    ((), "circles.main_street.units"),
    ((LATER,), "circles.later.rent_free_months"),
    ((), "categories.clothing.online_price_x"),
    ((TOYS, "categories.toys.shippable=true"), "categories.toys.gross_margin"),
    (("categories.clothing.late_loss=1",), "categories.clothing.wanted_days"),
    (("categories.restaurant.frequency_elasticity=-0.5",), "consumers.price_rate"),
    ((FREE,), "platforms.marketplace.subsidy.per_order_yuan"),
    (("plugins=[mine]", FREE), "levers.subsidy_x"),
    ((), "no.such.key"),
]


@pytest.fixture(scope="module")
def city(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("idle") / "city.yaml"
    path.write_text(starter_text(), encoding="utf-8")
    return path


@pytest.mark.faults("Keys without effect")
@pytest.mark.parametrize(("said", "key", "why"), [case[1:] for case in NONE], ids=[case[0] for case in NONE])
def test_a_key_without_effect_is_known_with_the_reason(city, said, key, why):
    spec = load_scenario(city, [*SHORT, *said])
    found = idle(spec, key)
    assert found is not None and why in found.why
    for other in found.wakes:
        woken = load_scenario(city, [*SHORT, *said, f"{other}=3"])
        assert idle(woken, key) is None


@pytest.mark.faults("Keys without effect")
@pytest.mark.parametrize(("said", "key"), SOME, ids=[f"{key}-{k}" for k, (_, key) in enumerate(SOME)])
def test_a_key_that_may_have_an_effect_is_never_said_to_have_none(city, said, key):
    assert idle(load_scenario(city, [*SHORT, *said]), key) is None


TOWNS = {
    "free": (FREE, LATER, NOBODY, TOYS),
    "no parcels": (
        NO_PLATFORM,
        "stores.policy=never_integrate",
        "entry.policy=none",
        "landlords.policy=fixed",
    ),
    "all kinds": (SWIFT, COUPONS, FREE),
}


@pytest.mark.parametrize("said", TOWNS.values(), ids=TOWNS)
def test_other_values_of_all_that_is_said_to_have_none_change_no_bit(city, said):
    spec = load_scenario(city, [*SHORT, *said])
    changed, keys = _with_others(spec)
    assert len(keys) > 25
    before, after = (tables_digest(O2OModel(s).run().results()) for s in (spec, changed))
    assert before == after


def _with_others(spec: Spec) -> tuple[Spec, list[str]]:
    """The scenario with another value for every number that `idle` says has no effect, and these keys."""
    data, keys, found = to_plain(spec), [], spec
    for path, value in _leaves(to_plain(spec)):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or path[0] == "limits" or idle(found, path) is None:
            continue
        for other in (value * 2, value / 2, value + 1):
            _put(data, path, type(value)(other))
            try:
                tried = Spec.model_validate_json(json.dumps(data))
            except ValueError:
                tried = None
            if other != value and tried is not None and not check(tried) and idle(tried, path):
                found = tried
                keys.append(dotted(path))
                break
            _put(data, path, value)
    return found, keys


def _leaves(data, path=()):
    for name, value in data.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, name))
        else:
            yield (*path, name), value


def _put(data, path, value):
    for name in path[:-1]:
        data = data[name]
    data[path[-1]] = value


def test_a_key_is_found_also_where_names_hold_dots(city):
    spec = load_scenario(city, ["cohorts={no.body: {share: 0}}"])
    assert path_of(spec, "cohorts.no.body.literacy") == ("cohorts", "no.body", "literacy")
    assert path_of(spec, "cohorts.nobody.literacy") is None
    assert idle(spec, "cohorts.no.body.literacy")


# -- where it is told ----------------------------------------------------------------------------------------
def told(work) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        work()
    return [str(w.message) for w in caught if isinstance(w.message, ScenarioWarning)]


@pytest.mark.faults("Keys without effect")
@pytest.mark.parametrize(
    ("options", "warned"),
    [
        ((FREE, "levers.subsidy_x=2"), "--set levers.subsidy_x=2: levers.subsidy_x: has no effect"),
        (("levers.subsidy_x=2",), ""),
        (("stores.price_match.rivals_km=2",), "no store has the policy price_match"),
        ((FREE,), ""),
    ],
    ids=["lever", "lever that acts", "policy", "starter"],
)
def test_check_warns_of_what_was_changed(city, options, warned):
    said = [part for option in options for part in ("--set", option)]
    result = CliRunner().invoke(app, ["check", "-q", str(city), *said])
    assert result.exit_code == 0
    assert (warned in result.output) if warned else "no effect" not in result.output


def test_check_warns_of_what_the_file_itself_says(city, tmp_path):
    (tmp_path / "mine.yaml").write_text(f"extends: {city}\nlandlords: {{index_yearly: 0.1}}\n")
    result = CliRunner().invoke(app, ["check", "-q", str(tmp_path / "mine.yaml")])
    assert "mine.yaml:2" in result.output and "no landlord has the policy indexed" in result.output


def test_compare_and_explain_warn(city, pretend):
    pretend.answer = lambda job: {}
    scenarios = [Variant(city, [FREE]), Variant(city, [FREE, "levers.subsidy_x=2"])]
    for ask in (
        lambda: compare(scenarios, replicates=1, work=pretend.work()),
        lambda: explain(*scenarios, replicates=1, work=pretend.work()),
    ):
        said = told(ask)
        assert any("levers.subsidy_x: this change has no effect" in text for text in said)
        assert any("in nothing that has an effect" in text for text in said)
    others = [Variant(city, [FREE]), Variant(city, [FREE, "levers.subsidy_x=2", "levers.rent_x=2"])]
    said = told(lambda: compare(others, replicates=1, work=pretend.work()))
    assert len(said) == 1 and "levers.subsidy_x" in said[0]
    assert not told(
        lambda: compare([city, Variant(city, ["levers.subsidy_x=2"])], replicates=1, work=pretend.work())
    )
    (said,) = told(
        lambda: compare([Variant(city, name="a"), Variant(city, name="b")], replicates=1, work=pretend.work())
    )
    assert "says the same as a" in said


STUDY = "base: city.yaml\nreplicates: 1\nset: {{{set}}}\nfactors:\n  levers.subsidy_x: {subsidy}\n  levers.rent_x: {rent}\n"


@pytest.mark.parametrize(
    ("changed", "warned"),
    [("platforms.marketplace.subsidy.per_order_yuan: 0", True), ("levers.logistics_x: 2", False)],
    ids=["nothing", "something"],
)
def test_sweeps_and_searches_warn(city, pretend, tmp_path, changed, warned, monkeypatch):
    pretend.answer = lambda job: {}
    monkeypatch.chdir(tmp_path)
    study = city.with_name("study.yaml")
    study.write_text(STUDY.format(set=changed, subsidy="[1, 2]", rent="[1]"))
    seen = told(lambda: sweep(study, work=pretend.work()))
    assert [("varying levers.subsidy_x has no effect" in text, "study.yaml:5" in text) for text in seen] == [
        (True, True)
    ] * warned
    goal = "find: {seek: smallest, factor: levers.subsidy_x, metric: share_closed, at_least: 0, replicates: 3, most_replicates: 3}\n"
    study.write_text(STUDY.format(set=changed, subsidy="{low: 1, high: 2}", rent="[1]") + goal)
    assert (
        any("varying levers.subsidy_x" in text for text in told(lambda: find(study, work=pretend.work())))
        == warned
    )


def test_a_lever_without_effect_has_the_reason_and_what_wakes_it(city):
    levers = {lever["key"]: lever for lever in levers_of(load_scenario(city, [*SHORT, FREE]))}
    lever = levers["levers.subsidy_x"]
    assert lever["idle"] == "no platform pays a subsidy in these days"
    assert lever["wakes"] == ["platforms.marketplace.subsidy.per_order_yuan"]
    assert "idle" not in levers["levers.rent_x"]
    assert levers["platforms.marketplace.subsidy.budget_yuan_month"]["wakes"] == lever["wakes"]
    assert "platforms.marketplace.coupon_discount" not in levers
    acting = {lever["key"]: lever for lever in levers_of(load_scenario(city, SHORT))}
    assert "idle" not in acting["levers.subsidy_x"]
