"""The six stages of a platform: the arms, the campaign, and what is read off the runs."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import platform_growth
import pytest
from growth_campaign import Campaign

from o2o_sim.extend import equipped
from o2o_sim.scenario.settings import read_settings
from o2o_sim.studies.claim import Expectation, load_claims
from o2o_sim.studies.claims import Test as Tried
from o2o_sim.studies.statistics import Interval


def arms():
    claim = load_claims(platform_growth.CLAIMS)[0]
    return claim, {p.factors["arm"]: p.spec for p in claim.points()}


def test_arms_differ_in_what_they_are_called_after():
    claim, specs = arms()
    tuan = {name: s.platforms["tuan"] for name, s in specs.items()}
    assert [name for name, s in specs.items() if s.systems] == [
        "base",
        "treatment",
        "campaign alone",
        "no talk",
        "much talk",
    ]
    assert [n for n, p in tuan.items() if p.subsidy.per_order_yuan == 0] == ["nothing", "campaign alone"]
    assert [n for n, p in tuan.items() if p.harvest] == ["treatment"]
    assert [n for n, p in tuan.items() if p.recruit is None] == ["discount that draws nobody"]
    assert tuan["no talk"].membership.imitation == 0 and tuan[
        "much talk"
    ].membership.imitation == pytest.approx(0.5)
    assert all(p.members_start == 0 and p.membership.innovation == 0 for p in tuan.values())
    assert len(claim.expect) == len(platform_growth.ASKED) + len(platform_growth.REST)


def test_the_campaign_adds_to_one_platform_while_it_runs():
    (use,) = arms()[1]["base"].systems
    said = read_settings(Campaign.Settings, use.said, ("systems", 0), None)
    model = SimpleNamespace(platforms=[SimpleNamespace(name="bazaar"), SimpleNamespace(name="tuan")])
    added = {}
    for day in (date(2013, 2, 28), date(2013, 3, 31), date(2013, 4, 30), date(2013, 5, 31)):
        model.date, hazard = day, np.full((5, 4), 0.01)
        equipped(Campaign, said, model).hazards(hazard)
        assert (hazard[:, :3] == 0.01).all()
        added[day.month] = hazard[:, 3] - 0.01
    assert (added[2] == 0).all() and (added[5] == 0).all()
    assert added[3] == pytest.approx([0.16] * 5) and added[4] == pytest.approx([0.16] * 5)


def months(cash: dict[tuple[int, int], float]) -> pd.DataFrame:
    """The series of one run: cash at the end of months, in no order, and orders."""
    rows = [(date(y, m, 28), "cash_yuan/tuan", v) for (y, m), v in reversed(cash.items())]
    rows += [(date(y, m, 28), "orders/tuan", 5.0) for y, m in cash]
    return pd.DataFrame(rows, columns=["month", "series", "value"])


def test_takings_are_what_cash_grew_by_and_what_was_paid_for_the_platform_itself():
    found = platform_growth.takings(months({(2013, 10): 100.0, (2013, 11): 90.0, (2013, 12): 140.0}), 30.0)
    assert found[2013, 11] == 20.0 and found[2013, 12] == 80.0 and np.isnan(found[2013, 10])


def test_takings_are_told_apart_by_arm():
    fixed = 80_000.0  # of 200,000 a month and million people, in a town of 400,000
    greedy = {(2013, 10): 0.0, (2013, 11): 100e3 - fixed, (2014, 1): 0.0, (2014, 2): 40e3 - fixed}
    other = {(2014, 1): 0.0, (2014, 2): 20e3 - fixed}
    runs = pd.DataFrame({"point": [0, 1, 2], "replicate": 0, "arm": ["base", "treatment", "nothing"]})
    parts = [months(m).assign(point=k, replicate=0) for k, m in enumerate((other, greedy, other))]
    t = SimpleNamespace(results=SimpleNamespace(runs=runs, monthly=pd.concat(parts)))
    assert {k: v.tolist() for k, v in platform_growth.taken(t).items()} == {
        "first": [pytest.approx(100e3)], "last": [pytest.approx(40e3)], "usual": [pytest.approx(20e3)]}  # fmt: skip


def tried(verdict: str, against: str | float) -> Tried:
    e = Expectation(metric="orders", arm="treatment", against=against, direction="up", smallest=0.5,
                    relative=against == "base", because="so it is")  # fmt: skip
    return Tried(e, "orders", 2.0, Interval(0.6, 0.5, 0.7, 20), verdict)


@pytest.mark.parametrize(("verdict", "passed"), [("supported", True), ("contradicted", False), ("no evidence", None)])  # fmt: skip
def test_a_verdict_becomes_a_line(verdict, passed):
    line = platform_growth.row("a", tried(verdict, "base"), "theirs", True)
    assert line.passed is passed and line.value == 0.6 and line.n == "20 pairs"
    assert (
        "treatment against base, relative" in line.name
        and platform_growth.WORDS[verdict].capitalize() in line.note
    )
    assert platform_growth.row("a", tried(verdict, "base"), "theirs", False).passed is None


def test_against_a_number_the_line_shows_what_was_seen():
    line = platform_growth.row("a", tried("supported", 2.0), "theirs", True)
    assert (
        line.value == pytest.approx(2.6)
        and line.interval == pytest.approx((2.5, 2.7))
        and line.n == "20 seeds"
    )


@pytest.mark.slow
def test_all_of_it_can_be_run(monkeypatch, tmp_path):
    monkeypatch.setattr(platform_growth, "KEPT", tmp_path)
    monkeypatch.setattr(platform_growth, "SMALL", ["population=400"])
    platform_growth.tested.cache_clear()
    try:
        rows = platform_growth.results(quick=True)
        assert len(rows) == 12 and all(r.kind == "predicted" for r in rows)
        assert "| campaign alone |" in platform_growth.details(quick=True)
    finally:
        platform_growth.tested.cache_clear()
