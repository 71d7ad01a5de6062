"""Comparisons: what the tables say of runs whose figures are known, and which runs are made at all."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from o2o_sim.errors import ScenarioError
from o2o_sim.show.tables_studies import comparison_tables
from o2o_sim.studies.comparison import compare
from o2o_sim.studies.statistics import FIRST_LOOK, mean_interval
from o2o_sim.studies.study import load_results


@pytest.fixture(autouse=True)
def strict():
    """A warning of pandas or numpy is a fault here."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch):
    """They have tests of their own and take time."""
    monkeypatch.setattr("o2o_sim.show.plots_studies.comparison_pictures", lambda comparison: {})


@pytest.fixture
def pair(town):
    """Two scenarios that are told apart by their rents: 1 and 2."""
    dear = town.with_name("dear.yaml")
    dear.write_text("extends: town.yaml\nlevers: {rent_x: 2}\n")
    return [town, dear]


def by_rent(table):
    """Answers of a run by (rent_x, seed); what is an exception is how the run failed."""

    def answer(job):
        found = table[job.spec.levers.rent_x, job.seed]
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, dict) else {"metrics": {"sales_yuan": found}}

    return answer


def noisy(job):
    """Online shares whose difference between the pair has standard deviation 0.1."""
    rng = np.random.default_rng(job.seed)
    common, own = rng.normal(size=2) * (1.0, 0.1)
    return {"metrics": {"online_share": common + own * (job.spec.levers.rent_x > 1)}}


def printed(found):
    console = Console(file=io.StringIO(), width=100, highlight=False)
    for part in comparison_tables(found):
        console.print(part)
    return console.file.getvalue()


# -- figures ------------------------------------------------------------------------------------------------
def test_the_table_of_a_study_made_by_hand(pair, pretend):
    sales = {(1, 1): 10, (1, 2): 12, (1, 3): 20, (2, 1): 11, (2, 2): 15, (2, 3): 22}
    pretend.answer = by_rent(sales)
    found = compare(pair, replicates=3, work=pretend.work())
    row = found.table("dear", ["sales_yuan"]).iloc[0]
    # Differences 1, 3, 2: mean 2, standard error 1 / sqrt(3), t(0.975, 2) = 4.302653.
    assert row["metric"] == "sales_yuan"
    assert row[["a_mean", "b_mean", "difference", "n"]].tolist() == [14, 16, 2, 3]
    assert [row["low"], row["high"]] == pytest.approx([2 - 2.4841377, 2 + 2.4841377])
    written = pd.read_csv(found.results.folder / "comparison.csv").set_index("metric")
    assert list(written.index) == found.metrics
    assert written.loc["sales_yuan", ["difference", "label", "scenario"]].tolist() == [
        2,
        "sales (yuan)",
        "dear",
    ]


def test_all_scenarios_have_the_seeds_of_the_first(pair, pretend):
    pair[0].write_text(pair[0].read_text().replace("seed: 1 ", "seed: 7 "))
    pair[1].write_text("extends: town.yaml\nlevers: {rent_x: 2}\nseed: 100\n")
    compare(pair, replicates=3, work=pretend.work())
    seeds = {rent: [j.seed for j in pretend.done if j.spec.levers.rent_x == rent] for rent in (1, 2)}
    assert seeds == {1: [7, 8, 9], 2: [7, 8, 9]}


def test_a_failed_run_drops_its_pair_only(pair, pretend):
    broken = ValueError("no [red]money[/red]")
    pretend.answer = by_rent({(1, 1): 10, (1, 2): 12, (1, 3): 20, (2, 1): 11, (2, 2): broken, (2, 3): 22})
    found = compare(pair, replicates=3, work=pretend.work())
    row = found.table("dear", ["sales_yuan"]).iloc[0]
    assert row[["a_mean", "b_mean", "difference", "n"]].tolist() == [15, 16.5, 1.5, 2]
    assert found.results.failures["seed"].tolist() == [2]
    text = printed(found)
    assert "2 pairs of runs" in text
    assert "1 of 6 runs failed" in text
    assert "1 x ValueError: no [red]money[/red]" in text


def test_a_metric_that_is_undefined_in_a_run_drops_the_pair_for_it_only(pair, pretend):
    both = [{"metrics": {"sales_yuan": 1.0 * k, "online_share": 0.1 * k}} for k in range(4)]
    both[3]["metrics"]["online_share"] = float("nan")
    pretend.answer = by_rent({(1, 1): both[0], (1, 2): both[1], (2, 1): both[2], (2, 2): both[3]})
    found = compare(pair, replicates=2, work=pretend.work())
    assert found.table("dear", ["sales_yuan", "online_share"])["n"].tolist() == [2, 1]
    assert found.table("dear", ["online_share"])["b_mean"].tolist() == [0.2]


def test_every_other_scenario_is_compared_with_the_first(pair, pretend):
    third = pair[0].with_name("third.yaml")
    third.write_text("extends: town.yaml\nlevers: {rent_x: 3}\n")
    pretend.answer = lambda job: {"metrics": {"sales_yuan": 10.0**job.spec.levers.rent_x + job.seed}}
    found = compare([*pair, third], replicates=2, work=pretend.work())
    assert found.names == ["town", "dear", "third"]
    assert [found.difference(name, "sales_yuan").mean for name in found.names] == [0, 90, 990]
    assert "third against town: 2 pairs" in printed(found)


def test_headline_figures_lead(pair, pretend):
    pretend.answer = lambda job: {"metrics": {"gini_sales": 0.5, "zebra": 1.0}}
    found = compare(pair, replicates=1, work=pretend.work())
    assert found.metrics[0] == "sales_yuan"
    assert found.metrics[-2:] == ["gini_sales", "zebra"]


# -- stores -------------------------------------------------------------------------------------------------
def test_stores_that_fare_otherwise_are_matched_by_name(pair, pretend):
    closed = ("closed", "sales lost")
    shops = {
        (1, 1): {"x": "survived", "y": closed, "z": "integrated", "in A only": "survived"},
        # Other places in the list, and a newcomer.
        (2, 1): {"in B only": "survived", "z": "integrated", "y": "survived", "x": closed},
        (1, 2): {"x": "survived", "y": "survived"},
        (2, 2): {"y": "survived", "x": closed},
    }
    pretend.answer = by_rent({run: {"stores": pretend.shops(fates)} for run, fates in shops.items()})
    found = compare(pair, replicates=2, work=pretend.work())
    rows = found.changed[["replicate", "seed", "name", "before", "after", "reason_before", "reason_after"]]
    assert rows.to_numpy().tolist() == [
        [0, 1, "x", "survived", "closed", "", "sales lost"],
        [0, 1, "y", "closed", "survived", "sales lost", ""],
        [1, 2, "x", "survived", "closed", "", "sales lost"],
    ]
    assert found.moves("dear").to_numpy().tolist() == [["survived", "closed", 1], ["closed", "survived", 0.5]]
    count = found.changed_per_run("dear")
    assert (count.mean, count.n) == (1.5, 2)
    written = pd.read_csv(found.results.folder / "stores_changed.csv", keep_default_na=False)
    pd.testing.assert_frame_equal(written, found.changed, check_dtype=False)
    text = printed(found)
    assert "With seed 1 it is:" in text
    assert "x (old town): survived -> closed (sales lost)\n" in text
    assert "y (old town): closed (sales lost) -> survived\n" in text


def test_pairs_in_which_no_store_changes_count(pair, pretend):
    fates = {(1, 1): "survived", (2, 1): "closed", (1, 2): "survived", (2, 2): "survived"}
    pretend.answer = by_rent({run: {"stores": pretend.shops({"x": fate})} for run, fate in fates.items()})
    found = compare(pair, replicates=2, work=pretend.work())
    assert (found.changed_per_run("dear").mean, found.changed_per_run("dear").n) == (0.5, 2)


def test_stores_of_a_failed_pair_are_not_compared(pair, pretend):
    lost = {"stores": pretend.shops({"x": "closed"})}
    pretend.answer = by_rent({(1, 1): lost, (1, 2): lost, (2, 1): ValueError(), (2, 2): lost})
    found = compare(pair, replicates=2, work=pretend.work())
    assert found.changed.empty
    assert (found.changed_per_run("dear").mean, found.changed_per_run("dear").n) == (0, 1)


def test_where_nothing_changes_the_tables_are_there_and_empty(pair, pretend):
    third = pair[0].with_name("third.yaml")
    third.write_text("extends: town.yaml\nlevers: {rent_x: 3}\n")
    pretend.answer = lambda job: {
        "stores": pretend.shops({"x": "closed" if job.spec.levers.rent_x == 3 else "survived"})
    }
    found = compare([*pair, third], replicates=2, work=pretend.work())
    assert found.changed["scenario"].tolist() == ["third", "third"]
    assert found.moves("dear").empty
    assert "0 stores of a city fare otherwise." in printed(found)
    same = compare(pair, replicates=1, work=pretend.work())
    head = (same.results.folder / "stores_changed.csv").read_text()
    assert head == ",".join(same.changed.columns) + "\n"


# -- until the interval is narrow ---------------------------------------------------------------------------
def test_pairs_are_added_until_the_interval_is_narrow_enough(pair, pretend):
    pretend.answer = noisy
    found = compare(pair, until_width={"online_share": 0.08}, work=pretend.work())
    n = found.difference("dear", "online_share").n
    assert FIRST_LOOK < n < 200
    assert found.difference("dear", "online_share").width <= 0.08
    assert found.not_converged == []
    assert len(pretend.done) == 2 * n
    gaps = found.values("dear", "online_share") - found.values("town", "online_share")
    assert mean_interval(gaps[:FIRST_LOOK]).width > 0.08
    assert "Still wider" not in printed(found)


def test_how_many_pairs_does_not_hang_on_who_is_done_first(pair, pretend, tmp_path):
    counts = []
    for pretend.backwards in (False, True):
        pretend.answer, pretend.done = noisy, []
        out = tmp_path / "elsewhere" / str(pretend.backwards) / "study"  # neighbours would lend their runs
        found = compare(pair, until_width={"online_share": 0.1}, out=out, work=pretend.work())
        counts.append((len(pretend.done), found.table("dear").to_csv()))
    assert counts[0] == counts[1]


def test_the_widest_of_all_intervals_decides(pair, pretend):
    third = pair[0].with_name("third.yaml")
    third.write_text("extends: town.yaml\nlevers: {rent_x: 3}\n")

    def answer(job):
        spread = 0.3 if job.spec.levers.rent_x == 3 else 0.0
        return {
            "metrics": {"online_share": spread * np.random.default_rng(job.seed).normal(), "sales_yuan": 1.0}
        }

    pretend.answer = answer
    widths = {"online_share": 0.28, "sales_yuan": 1.0}
    found = compare([*pair, third], until_width=widths, work=pretend.work())
    assert found.difference("dear", "online_share").n > FIRST_LOOK
    assert found.difference("third", "online_share").width <= 0.28
    assert found.not_converged == []


@pytest.mark.parametrize("most", [4, 23])
def test_it_gives_up_at_the_cap_and_says_so(pair, pretend, most):
    pretend.answer = noisy
    found = compare(pair, until_width={"online_share": 1e-6}, most=most, work=pretend.work())
    assert len(pretend.done) == 2 * most
    assert found.not_converged == ["online_share"]
    assert "Still wider than asked for after the last pair: online share." in printed(found)


def test_what_has_no_value_in_any_pair_is_not_waited_for(pair, pretend):
    pretend.answer = lambda job: {"metrics": {"closed_after_days": float("nan")}}
    found = compare(pair, until_width={"closed_after_days": 30}, work=pretend.work())
    assert len(pretend.done) == 2 * FIRST_LOOK
    assert found.not_converged == ["closed_after_days"]


def test_when_every_run_fails_no_more_are_made(pair, pretend):
    def fail(job):
        raise ValueError("no money")

    pretend.answer = fail
    with pytest.raises(ScenarioError, match=r"none of 20 runs succeeded(.|\n)*ValueError: no money"):
        compare(pair, until_width={"online_share": 0.1}, work=pretend.work())
    assert len(pretend.done) == 20


def test_scenarios_of_which_one_always_fails_cannot_be_compared(pair, pretend):
    pretend.answer = by_rent(
        {(1, 1): 1, (1, 2): 2, (2, 1): ValueError("first"), (2, 2): ValueError("second")}
    )
    with pytest.raises(ScenarioError, match=r"no pair of runs that both succeeded(.|\n)*ValueError: first"):
        compare(pair, replicates=2, work=pretend.work())


def test_of_three_the_one_that_always_fails_is_left_out(pair, pretend):
    third = pair[0].with_name("third.yaml")
    third.write_text("extends: town.yaml\nlevers: {rent_x: 3}\n")
    pretend.answer = by_rent({(1, 1): 1, (2, 1): 2, (3, 1): ValueError("no")})
    text = printed(compare([*pair, third], replicates=1, work=pretend.work()))
    assert "third against town: 0 pairs of runs with the same seeds, so nothing is known" in text
    assert "dear against town: 1 pair of runs" in text
    assert "a single pair has no intervals" in text


# -- what is refused ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"until_width": {"onlineshare": 0.1}}, r"--until-width: there is no metric 'onlineshare'\n.*did you mean online_share"),
        ({"until_width": {"online_share": 0.0}}, "the width of online_share must be more than 0"),
        ({"until_width": {"members/x": float("nan")}}, "the width of members/x must be more than 0"),
        ({"replicates": 0}, "--replicates: must be at least 1, found 0"),
        ({"overrides": ["dayz=3"]}, r"--set dayz=3: dayz: is not a key here\n  did you mean days"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_before_anything_is_run(pair, pretend, tmp_path, how, message):
    with pytest.raises(ScenarioError, match=message):
        compare(pair, work=pretend.work(), **how)
    assert pretend.done == []
    assert not (tmp_path / "runs").exists()


def test_a_member_that_no_run_has_shows_after_the_first_pairs(pair, pretend):
    pretend.answer = lambda job: {"metrics": {"members/tuan": 0.1}}
    with pytest.raises(ScenarioError, match=r"no metric 'members/tuann'\n  did you mean members/tuan\?"):
        compare(pair, until_width={"members/tuann": 0.1}, work=pretend.work())


def test_plugins_are_refused_before_anything_is_run(pair, pretend, tmp_path):
    pair[1].write_text("extends: town.yaml\nplugins: [mine]\n")
    with pytest.raises(ScenarioError, match=r"dear.yaml:2:11: plugins.0: plugin 'mine' .* refused"):
        compare(pair, work=pretend.work(plugins=False))
    assert pretend.done == []
    assert not (tmp_path / "runs").exists()


def test_one_scenario_is_too_few_and_the_same_twice_is_one(pair, pretend):
    with pytest.raises(ScenarioError, match="needs at least two"):
        compare(pair[:1], work=pretend.work())
    for again in (pair[0], pair[0].parent / "other" / ".." / "town.yaml", "town.yaml"):
        with pytest.raises(ScenarioError, match="names the same scenario twice"):
            compare([pair[0], again], work=pretend.work())
    assert pretend.done == []


def test_scenarios_with_one_file_name_are_called_by_their_folders(pair, pretend, tmp_path):
    names = ("one/x/s.yaml", "two/x/s.yaml")
    for k, name in enumerate(names):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(f"extends: ../../town.yaml\nlevers: {{rent_x: {k + 1}}}\n")
    found = compare([tmp_path / name for name in names], replicates=1, work=pretend.work())
    assert found.names == list(names)
    assert found.results.folder.parent.name == "runs"  # a slash in a name makes no folder


# -- runs ---------------------------------------------------------------------------------------------------
def test_overrides_change_all_scenarios(pair, pretend):
    compare(pair, replicates=1, overrides=["days=5", "levers.subsidy_x=3"], work=pretend.work())
    assert [(j.spec.days, j.spec.levers.subsidy_x) for j in pretend.done] == [(5, 3.0)] * 2
    assert [j.spec.levers.rent_x for j in pretend.done] == [1, 2]


def test_asking_again_repeats_no_run(pair, pretend):
    pretend.answer = noisy
    first = compare(pair, replicates=3, work=pretend.work())
    assert len(pretend.done) == 6
    again = compare(pair, replicates=3, work=pretend.work())
    assert len(pretend.done) == 6
    pd.testing.assert_frame_equal(first.table("dear"), again.table("dear"))
    more = compare(pair, replicates=5, work=pretend.work())
    assert [j.seed for j in pretend.done[6:]] == [4, 4, 5, 5]
    assert more.results.folder == first.results.folder
    # A third scenario is another study beside it, which takes the runs of the first two from there.
    third = pair[0].with_name("third.yaml")
    third.write_text("extends: town.yaml\nlevers: {rent_x: 3}\n")
    compare([*pair, third], replicates=5, work=pretend.work())
    assert [j.spec.levers.rent_x for j in pretend.done[10:]] == [3] * 5


def test_failed_runs_are_run_again_only_if_that_is_asked(pair, pretend):
    pretend.answer = by_rent({(1, 1): 1, (1, 2): 2, (2, 1): ValueError("no money"), (2, 2): 4})
    compare(pair, replicates=2, work=pretend.work())
    pretend.answer = lambda job: {}
    assert len(compare(pair, replicates=2, work=pretend.work()).results.failures) == 1
    assert len(pretend.done) == 4
    assert compare(pair, replicates=2, work=pretend.work(retry=True)).results.failures.empty
    assert [(j.spec.levers.rent_x, j.seed) for j in pretend.done[4:]] == [(2, 1)]


def test_parts_of_a_study_come_together(pair, pretend, tmp_path):
    pretend.answer = noisy
    whole = compare(pair, replicates=4, out=tmp_path / "elsewhere" / "whole", work=pretend.work())
    pretend.done = []
    assert compare(pair, replicates=4, work=pretend.work(shard=(1, 3))) is None
    assert compare(pair, replicates=4, work=pretend.work(shard=(3, 3))) is None
    (folder,) = (tmp_path / "runs").iterdir()
    assert load_results(folder).missing == 8 - len(pretend.done) == 3
    # Whoever asks without a part does what is left, once.
    found = compare(pair, replicates=4, work=pretend.work())
    assert len({j.key for j in pretend.done}) == len(pretend.done) == 8
    pd.testing.assert_frame_equal(found.table("dear"), whole.table("dear"))


def test_the_last_part_shows_what_was_found(pair, pretend):
    assert compare(pair, replicates=2, work=pretend.work(shard=(2, 2))) is None
    found = compare(pair, replicates=2, work=pretend.work(shard=(1, 2)))
    assert found is not None and found.results.missing == 0


def test_a_part_cannot_wait_for_an_interval(pair, pretend, tmp_path):
    with pytest.raises(ScenarioError, match="--shard: cannot be used here"):
        compare(pair, until_width={"online_share": 0.1}, work=pretend.work(shard=(1, 2)))
    assert not (tmp_path / "runs").exists()
