"""Claims: reading their files, what an interval says about them, and what is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.studies.claim import load_claim, load_claims
from o2o_sim.studies.claims import judge, overall, run_claims
from o2o_sim.studies.statistics import Interval

SHIPPED = Path(__file__).parents[3] / "experiments" / "claims"

RENTS = """
id: C07
claim: Dearer rents close shops.
by: a landlord's tenant
scenario: ../town.yaml
common: {days: 40}
base: {levers.rent_x: 0.5}
treatment: {levers.rent_x: 2}
others: {same: {levers.rent_x: 1}}
windows: [{name: orders in May, series: orders/*, first: 2013-05-01, last: 2013-05-31}]
finding: They pay them from their savings | first.
expect:
  - {metric: stores_closed, direction: up, smallest: 5, because: a tenth of the shops}
  - {metric: online_share, arm: same, direction: none, smallest: 0.01}
  - {metric: sales_yuan, arm: same, direction: down, smallest: 0.1, relative: true}
  - {metric: online_share, against: 0.5, direction: down, smallest: 0}
"""


@pytest.fixture
def write(town):
    """Writes a claim into the folder `claims` beside the town; returns the folder."""

    def write(text=RENTS, name="c07_rents.yaml"):
        folder = town.with_name("claims")
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        return folder

    return write


# -- verdicts -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("low", "high", "direction", "smallest", "verdict"),
    [
        (1, 3, "up", 0.5, "supported"),
        (1, 3, "up", 2, "supported"),
        (1, 3, "up", 2.5, "no evidence"),  # there, and perhaps large enough
        (1, 3, "up", 4, "contradicted"),  # there, but too small to matter
        (-1, 3, "up", 0.5, "no evidence"),
        (-3, -1, "up", 0.5, "contradicted"),
        (-3, 0.4, "up", 0.5, "contradicted"),
        (0, 0, "up", 0, "contradicted"),  # nothing ever changed
        (2, 2, "up", 2, "supported"),
        (-3, -1, "down", 2, "supported"),
        (-3, -1, "down", 3.5, "contradicted"),
        (1, 3, "down", 0, "contradicted"),
        (-1, 3, "down", 0, "no evidence"),
        (-0.5, 0.5, "none", 0.5, "supported"),
        (-0.6, 0.5, "none", 0.5, "no evidence"),
        (0.6, 2, "none", 0.5, "contradicted"),
        (-2, -0.6, "none", 0.5, "contradicted"),
        (-np.inf, np.inf, "up", 0, "no evidence"),
        (np.nan, np.nan, "none", 1, "no evidence"),
    ],
)
def test_what_an_interval_says(low, high, direction, smallest, verdict):
    assert judge(Interval((low + high) / 2, low, high, 20), direction, smallest) == verdict


def test_all_that_is_expected_must_be_seen():
    assert overall(["supported", "supported"]) == "supported"
    assert overall(["supported", "no evidence"]) == "no evidence"
    assert overall(["no evidence", "contradicted", "supported"]) == "contradicted"


# -- runs ---------------------------------------------------------------------------------------------------
def answer(job):
    """Rents of 0.5, 1, 2 close 10, 12, 20 shops, give or take the seed; sales fall by a fifth at 1."""
    rent = job.spec.levers.rent_x
    closed = {0.5: 10, 1: 12, 2: 20}[rent] + job.seed + (job.seed % 2 if rent == 2 else 0)
    return {
        "metrics": {"stores_closed": closed, "online_share": 0.1, "sales_yuan": 100.0 if rent != 1 else 80.0},
        "monthly": pd.DataFrame({"month": [], "series": [], "value": []}),
    }


def test_effects_are_paired_and_judged(write, pretend):
    pretend.answer = answer
    claims = run_claims(claims=write(), replicates=4, work=pretend.work())
    assert len(pretend.done) == 12, "three arms of four runs each"
    assert {j.spec.days for j in pretend.done} == {40}
    table = claims.table()
    assert table["effect"].tolist() == pytest.approx([10.5, 0, -0.2, -0.4])
    # Differences of 11, 10, 11, 10: standard error sqrt(1/3) / 2, t(0.975, 3) = 3.182446.
    assert [table["low"][0], table["high"][0]] == pytest.approx([10.5 - 0.918693, 10.5 + 0.918693])
    assert table["reference"].tolist() == pytest.approx([12.5, 0.1, 100, 0.5])
    assert table["seen"].tolist() == ["supported"] * 4
    assert set(table["verdict"]) == {"supported"} and table["n"].tolist() == [4] * 4


def test_what_is_written(write, pretend):
    pretend.answer = answer
    claims = run_claims(claims=write(), replicates=2, out="asked", work=pretend.work())
    assert pd.read_csv("asked/claims.csv")["id"].tolist() == ["C07"] * 4
    text = Path("asked/claims.md").read_text(encoding="utf-8")
    assert "| C07 | Dearer rents close shops. | stores closed |" in text
    assert claims.digest in text and "savings \\| first" in text
    assert (Path("asked") / "c07_rents" / "study.json").is_file()
    assert (Path("asked") / "plots" / "claims.png").stat().st_size > 10_000


def test_runs_are_kept_and_a_change_of_words_needs_no_new_ones(write, pretend):
    pretend.answer = answer
    first = run_claims(claims=write(), replicates=3, out="asked", work=pretend.work())
    again = run_claims(
        claims=write(RENTS.replace("smallest: 5", "smallest: 12")),
        replicates=4,
        out="asked",
        work=pretend.work(),
    )
    assert len(pretend.done) == 12, "three arms, and one more replicate of each"
    assert again.tested[0].verdict == "contradicted" and first.digest != again.digest


def test_one_study_takes_the_runs_of_the_other(write, pretend):
    pretend.answer = answer
    write()
    folder = write(RENTS.replace("C07", "C08"), "c08_rents.yaml")
    claims = run_claims(claims=folder, replicates=2, work=pretend.work())
    assert [t.claim.id for t in claims.tested] == ["C07", "C08"]
    assert len(pretend.done) == 6


def test_progress_counts_the_runs_of_all_claims(write, pretend):
    told = []
    pretend.answer = answer
    write()
    folder = write(RENTS.replace("C07", "C08").replace("days: 40", "days: 50"), "c08_rents.yaml")
    run_claims(claims=folder, replicates=2, work=pretend.work(progress=lambda *said: told.append(said)))
    assert {total for _, total, _ in told} == {12}
    assert [done for done, _, _ in told] == [*range(7), *range(6, 13)]


def test_a_part_of_the_runs(write, pretend):
    pretend.answer = answer
    assert run_claims(claims=write(), replicates=2, out="asked", work=pretend.work(shard=(1, 2))) is None
    claims = run_claims(claims=write(), replicates=2, out="asked", work=pretend.work(shard=(2, 2)))
    assert claims is not None and len(pretend.done) == 6


def test_failed_runs_are_left_out_of_the_pairs(write, pretend):
    def fails(job):
        if job.seed == 2 and job.spec.levers.rent_x == 2:
            raise ValueError("no money")
        return answer(job)

    pretend.answer = fails
    claims = run_claims(claims=write(), replicates=4, work=pretend.work())
    assert claims.table()["n"].tolist() == [3, 4, 4, 3]
    assert len(claims.failures) == 1


def test_overrides_change_every_arm(write, pretend):
    pretend.answer = answer
    run_claims(claims=write(), replicates=1, overrides=["population=300"], work=pretend.work())
    assert {j.spec.population for j in pretend.done} == {300}


# -- mistakes -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("id: C07", "id: seven", "must be like C07, found 'seven'"),
        ("../town.yaml", "gone.yaml", "there is no file gone.yaml"),
        ("arm: same, direction: none", "arm: sane, direction: none", "did you mean same?"),
        ("direction: up", "direction: upward", "expect.0.direction"),
        ("metric: stores_closed", "metric: stores_close", "did you mean stores_closed?"),
        ("smallest: 0.01", "smallest: 0", "smaller than something above 0"),
        ("against: 0.5, direction", "against: 0.5, relative: true, direction", "relative to it"),
        ("against: 0.5", "against: treatment", "must be another arm, or a number"),
        ("others: {same:", "others: {base:", "the arm 'base' has a key of its own"),
        ("name: orders in May", "name: online_share", "something else is called 'online_share' already"),
        ("last: 2013-05-31", "last: 2013-04-30", "comes before"),
        ("by: a landlord's tenant\n", "", "by"),
        ("treatment: {levers.rent_x: 2}", "treatment: {levers.rent: 2}", "did you mean"),
        ("treatment: {levers.rent_x: 2}", "treatment: {levers.rent_x: -2}", "c07_rents.yaml:8"),
    ],
)
def test_mistakes_are_told_with_their_place(write, pretend, before, after, said):
    assert RENTS.count(before) == 1
    with pytest.raises(ScenarioError) as fault:
        run_claims(claims=write(RENTS.replace(before, after)), work=pretend.work())
    assert said in str(fault.value) and "c07_rents.yaml" in str(fault.value)
    assert not pretend.done


def test_a_metric_that_no_run_has_is_told_when_the_runs_are_there(write, pretend):
    pretend.answer = answer
    folder = write(RENTS.replace("metric: stores_closed", "metric: stores_closed/circle/nowhere"))
    with pytest.raises(ScenarioError, match=r"there is no metric 'stores_closed/circle/nowhere'.*kept"):
        run_claims(claims=folder, replicates=1, work=pretend.work())
    assert len(pretend.done) == 3


def test_which_claims(write, pretend, tmp_path):
    write()
    folder = write(RENTS.replace("C07", "C01"), "another.yaml")
    assert [c.id for c in load_claims(folder)] == ["C01", "C07"]
    assert [c.id for c in load_claims(folder, ["c07", "C07"])] == ["C07"]
    with pytest.raises(ScenarioError, match="did you mean C07"):
        load_claims(folder, ["C17"])
    with pytest.raises(ScenarioError, match="holds no claims"):
        load_claims(tmp_path / "nowhere")
    write(RENTS, "twice.yaml")
    with pytest.raises(ScenarioError, match="c07_rents has this number, too"):
        load_claims(folder)


# -- what is shipped ----------------------------------------------------------------------------------------
def test_every_system_has_its_claim():
    claims = load_claims(SHIPPED)
    assert [c.id for c in claims] == [f"C{k:02d}" for k in range(1, 35)]
    for claim in claims:
        assert claim.stem.startswith(claim.id.lower() + "_")
        assert claim.by.startswith("practitioners 2013-14, on ")
        assert all(e.because for e in claim.expect), claim.id


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.yaml")), ids=lambda f: f.stem)
def test_every_arm_of_a_claim_is_a_valid_scenario(file):
    claim = load_claim(file)
    points = claim.points()
    assert all(10_000 <= p.spec.population <= 20_000 for p in points)
    specs = [p.spec for p in points]
    assert len(specs) == 1 or any(s != specs[0] for s in specs[1:]), "its arms differ"
