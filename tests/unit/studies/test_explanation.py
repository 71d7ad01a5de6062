"""What changed is credited with what it did: by hand-made runs with known answers, and by real ones."""

from __future__ import annotations

import math
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from o2o_sim.errors import ScenarioError
from o2o_sim.record.metrics import HEADLINE
from o2o_sim.scenario.load import load_scenario
from o2o_sim.show.tables_explain import explanation_tables
from o2o_sim.studies.changes import Change
from o2o_sim.studies.explanation import NO_SINGLE_ONE, ORDERS, Explanation, explain
from o2o_sim.studies.job import Job, execute, failed, key_of
from o2o_sim.studies.rows import TEXTS, pack
from o2o_sim.studies.shapley import coalitions, coalitions_of, sampled_orders
from o2o_sim.studies.statistics import mean_interval
from o2o_sim.studies.study import Case, Study
from o2o_sim.studies.work import Work


class Here:
    """Runs in this process: `carry_out(job)` makes the content of a run's file."""

    def __init__(self, carry_out=execute):
        self.carry_out, self.done = carry_out, 0

    def run(self, jobs):
        for job in jobs:
            self.done += 1
            yield job, self.carry_out(job)

    def close(self):
        pass


def here(carry_out=execute, **how):
    work = Work(**how)
    work._engine = Here(carry_out)
    return work


def text_of(explanation):
    console = Console(file=StringIO(), width=100, highlight=False)
    for part in explanation_tables(explanation):
        console.print(part)
    return console.file.getvalue()


# -- runs made by hand --------------------------------------------------------------------------------------
GROUPS = {g: [Change(("levers", g), 1, 2)] for g in ("rent", "subsidy", "logistics")}
PAIRS = 4


def store(number, name, outcome):
    row = dict.fromkeys(TEXTS, "") | {"store": number, "name": name, "outcome": outcome}
    return row | {"category": "toys", "circle": "Mall", "reason": "sales" if outcome == "closed" else ""}


def metrics(some, r):
    """Sales: rent adds 10, subsidy 2 times the replicate, and rent and logistics together 6 more. Orders: 12
    if all three are there."""
    sales = 100 + r + 10 * ("rent" in some) + 2 * r * ("subsidy" in some)
    sales += 6 * ({"rent", "logistics"} <= some)
    undefined = math.nan if r == 2 and some == {"rent"} else 1.0 * len(some)
    orders = 12.0 * (set(GROUPS) <= some)
    return {
        "sales_yuan": sales,
        "orders_day": orders,
        "stores_closed": float(len(some)),
        "closed_after_days": undefined,
    }


def stores(some, r):
    """Four fates that follow from the groups; a store of A alone and one of B alone."""
    every = {"rent", "subsidy", "logistics"}
    closed = {
        "by rent": "rent" in some,
        "by two": {"rent", "subsidy"} <= some,
        "by any two": len(some) >= 2,
        "always": True,
        "newcomer": some == every,
        "with odd seeds": "logistics" in some and r % 2 == 1,
    }
    there = [n for n in closed if n != "newcomer" or some == every]
    rows = [store(k, n, "closed" if closed[n] else "integrated") for k, n in enumerate(there)]
    return pd.DataFrame(rows if some else [*rows, store(99, "of A alone", "survived")])


def by_hand(folder, steps, orders=None, groups=GROUPS, broken=()):
    def carry_out(job):
        point, r = divmod(int(job.key, 16), PAIRS)
        if (point, r) in broken:
            return failed(job, "Traceback\nValueError: no rent")
        some = set(steps[point])
        return pack(key=job.key, seed=job.seed, seconds=1, metrics=metrics(some, r), stores=stores(some, r))

    study = Study(folder, {"kind": "explain"})
    jobs = [
        Case(
            k,
            r,
            Job(f"{k * PAIRS + r:024x}", None, 50 + r),
            {"coalition": "+".join(sorted(some)) or "nothing"},
        )
        for k, some in enumerate(steps)
        for r in range(PAIRS)
    ]
    with here(carry_out) as work:
        study.run(jobs, work)
    return Explanation(study.finish(), ["A", "B"], groups, ["sales_yuan", "stores_closed"], steps, orders)


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    return by_hand(tmp_path_factory.mktemp("known") / "study", coalitions(list(GROUPS)))


def test_contributions_are_shapley_values_of_every_pair(known):
    assert known.pairs == [0, 1, 2, 3]
    found = known.contributions("sales_yuan")
    np.testing.assert_allclose(found["rent"], [13, 13, 13, 13])
    np.testing.assert_allclose(found["logistics"], [3, 3, 3, 3])
    np.testing.assert_allclose(found["subsidy"], [0, 2, 4, 6])
    assert known.means("sales_yuan") == (101.5, 120.5)
    assert known.total("sales_yuan") == mean_interval([16, 18, 20, 22])


def test_the_table_has_intervals_and_what_groups_do_alone_and_last(known):
    table = known.table("sales_yuan")
    assert list(table["group"]) == ["rent", "subsidy", "logistics"]  # the largest first
    assert list(table["alone"]) == [10, 3, 0]
    assert list(table["last"]) == [16, 3, 6]
    subsidy = mean_interval([0, 2, 4, 6])
    row = table.set_index("group").loc["subsidy"]
    np.testing.assert_allclose(row[["value", "low", "high"]].to_numpy(float), [3, subsidy.low, subsidy.high])
    assert list(table.loc[0, ["low", "high"]]) == [13, 13]  # no pair is like another, but for rent


def test_a_pair_without_the_metric_is_left_out_for_that_metric(known):
    assert known.values("closed_after_days").shape == (3, 8)
    assert known.total("closed_after_days").n == 3
    assert known.total("sales_yuan").n == 4
    assert sum(known.table("closed_after_days")["value"]) == pytest.approx(3)


def test_pairs_of_which_a_run_failed_do_not_count(tmp_path):
    steps = coalitions(list(GROUPS))
    found = by_hand(tmp_path / "study", steps, broken=[(3, 1)])
    assert (found.pairs, found.left_out) == ([0, 2, 3], 1)
    np.testing.assert_allclose(found.contributions("sales_yuan")["subsidy"], [0, 4, 6])
    assert set(found.saved["replicate"]) == {0, 2, 3}
    said = text_of(found)
    assert "3 pairs" in said and "1 seeds are left out" in said and "ValueError: no rent" in said


def test_saved_stores(known):
    saved = known.saved
    assert list(saved.columns) == ["replicate", "seed", "name", "category", "circle", "reason", "saved_by"]
    first = saved[saved["replicate"] == 0]
    assert dict(zip(first["name"], first["saved_by"])) == {
        "by rent": ("rent",),
        "by two": ("rent", "subsidy"),
        "by any two": (),
    }
    odd = saved[saved["name"] == "with odd seeds"]
    assert list(odd["seed"]) == [51, 53]
    assert set(odd["saved_by"]) == {("logistics",)}
    assert set(saved["category"]) == {"toys"} and set(saved["reason"]) == {"sales"}


def test_saved_share_counts_cities_without_a_saved_store(known):
    assert known.lost == mean_interval([3, 4, 3, 4])
    share = known.saved_share.set_index("group")
    assert dict(share["stores"]) == {"rent": 2, "subsidy": 1, "logistics": 0.5, NO_SINGLE_ONE: 1}
    odd = mean_interval([0, 1, 0, 1])
    assert tuple(share.loc["logistics", ["low", "high"]]) == (odd.low, odd.high)


def test_nobody_to_save(tmp_path):
    """With one group that closes nothing."""
    steps = coalitions(["logistics"])
    found = by_hand(tmp_path / "study", steps, groups={"logistics": GROUPS["logistics"]})
    found.results.stores["outcome"] = "survived"
    assert found.saved.empty and found.lost.mean == 0
    assert list(found.saved_share["stores"]) == [0, 0]
    assert "0 [0, 0] stores of a city close in B but not in A" in text_of(found)


def test_the_tables_say_it(known):
    said = text_of(known)
    assert max(map(len, said.splitlines())) <= 100
    for text in (
        "Why B is otherwise than A: 4 pairs",
        "levers.subsidy    1 -> 2",
        "sales (yuan): 102 in A, 120 in B",
        "3.50 [2.58, 4.42] stores of a city close in B but not in A",
        "rent or subsidy",
    ):
        assert text in said
    bars = [
        line.index("█")
        for line in said.splitlines()
        if line.startswith(("rent ", "subsidy ")) and "█" in line
    ]
    assert bars[1] > bars[0]  # a bar begins where the one above ends


def test_sampled_orders_widen_the_interval(tmp_path):
    """It matters which of the three comes last, which no order and its reverse tell of all of them."""
    names = [*GROUPS, "a", "b", "c", "d"]
    orders = sampled_orders(names, 6, seed=1)
    groups = {g: [Change(("levers", g), 1, 2)] for g in names}
    found = by_hand(tmp_path / "study", coalitions_of(orders), orders, groups)
    table = found.table("orders_day").set_index("group")
    assert table["value"].sum() == pytest.approx(12)
    assert tuple(table.loc["a", ["low", "high"]]) == (0, 0)
    gains = [12 * (max(GROUPS, key=order.index) == "rent") for order in orders]
    over_orders = mean_interval([np.mean(gains[k : k + 2]) for k in (0, 2, 4)])
    assert over_orders.width > 0
    assert table.loc["rent", "high"] - table.loc["rent", "low"] == pytest.approx(over_orders.width)
    subsidy = found.table("sales_yuan").set_index("group").loc["subsidy"]
    assert subsidy["high"] == mean_interval([0, 2, 4, 6]).high  # the same in every order
    assert "orders of changing were sampled" in text_of(found)


# -- real runs ----------------------------------------------------------------------------------------------
A = """
extends: {tiny}
population: 200
days: 45
seed: 5
stores: {{cash_months: 0.2, credit_months: 0}}
"""
B = """
extends: a.yaml
levers: {rent_x: 3, logistics_x: 0.1}
platforms: {tuan: {subsidy: {match_x: 3}}}
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory, tiny):
    """Two scenarios; of what they differ in, `match_x` does nothing: tuan matches nobody."""
    folder = tmp_path_factory.mktemp("pair")
    (folder / "a.yaml").write_text(A.format(tiny=tiny), encoding="utf-8")
    (folder / "b.yaml").write_text(B, encoding="utf-8")
    return folder / "a.yaml", folder / "b.yaml"


@pytest.fixture(scope="module")
def real(pair):
    with here() as work:
        found = explain(*pair, replicates=2, out=pair[0].parent / "study", work=work)
    assert found is not None
    return found


def test_real_contributions_sum_to_the_difference(real, pair):
    assert list(real.groups) == ["subsidy", "rent", "logistics"]
    runs = real.results.runs
    assert len(runs) == 16 and set(runs["status"]) == {"ok"}
    for metric in HEADLINE:
        values = real.values(metric)
        total = values[:, -1] - values[:, 0]
        np.testing.assert_allclose(sum(real.contributions(metric).values()), total, rtol=1e-9, atol=1e-9)
    assert real.total("sales_yuan").mean != 0
    assert real.total("stores_closed").mean > 0


def test_real_a_group_without_effect_contributes_exactly_nothing(real):
    for metric in HEADLINE:
        subsidy = real.table(metric).set_index("group").loc["subsidy"]
        assert (subsidy == 0).all() or subsidy.isna().all()
    assert "subsidy" not in {g for by in real.saved["saved_by"] for g in by}


def test_real_the_first_point_is_a_and_the_last_is_b_with_the_seeds_of_a(real, pair):
    cases = {(c["point"], c["replicate"]): c for c in real.results.plan["cases"]}
    a, b = (load_scenario(file) for file in pair)
    assert [cases[0, r]["key"] for r in (0, 1)] == [key_of(a, 5), key_of(a, 6)]
    assert [cases[7, r]["key"] for r in (0, 1)] == [key_of(b, 5), key_of(b, 6)]
    assert cases[0, 0]["factors"] == {"coalition": "nothing"}
    assert cases[7, 0]["factors"] == {"coalition": "subsidy+rent+logistics"}


def test_real_files(real):
    folder = real.results.folder
    table = pd.read_csv(folder / "explanation.csv")
    assert list(table.columns) == ["metric", "label", "group", "value", "low", "high", "alone", "last", "n"]
    assert set(HEADLINE) < set(table["metric"])
    sales = table[table["metric"] == "sales_yuan"].set_index("group")["value"]
    assert sales["total"] == pytest.approx(sales.drop("total").sum())
    assert len(pd.read_csv(folder / "saved.csv")) == len(real.saved) > 0
    pictures = {path.name for path in (folder / "plots").iterdir()}
    assert "waterfall_sales_yuan.png" in pictures
    assert "waterfall_subsidy_yuan.png" in pictures or not real.total("subsidy_yuan").mean


def test_real_again_runs_nothing_and_parts_wait_for_each_other(real, pair, tmp_path):
    work = here()
    engine = work._engine
    again = explain(*pair, replicates=2, metrics=["sales_yuan"], out=real.results.folder, work=work)
    assert engine.done == 0 and work._engine is None
    assert again is not None
    pd.testing.assert_frame_equal(again.table("sales_yuan"), real.table("sales_yuan"))
    runs = {path.stem: path.read_bytes() for path in (real.results.folder / "runs").iterdir()}
    parts = [here(lambda job: runs[job.key], shard=(k, 2)) for k in (1, 2)]
    assert explain(*pair, replicates=2, metrics=["sales_yuan"], out=tmp_path / "study", work=parts[0]) is None
    both = explain(*pair, replicates=2, metrics=["sales_yuan"], out=tmp_path / "study", work=parts[1])
    assert both is not None
    pd.testing.assert_frame_equal(both.saved, real.saved)


def test_real_groups_joined_or_by_key(real, pair, tmp_path):
    """What is in one group counts together; a name with a slash makes one file."""
    runs = {path.stem: path.read_bytes() for path in (real.results.folder / "runs").iterdir()}
    metrics = ["stores_closed/category/fresh food"]
    with here(lambda job: runs[job.key]) as work:
        found = explain(
            *pair, replicates=2, join=[("rent", "logistics")], metrics=metrics, out=tmp_path / "1", work=work
        )
    assert found is not None
    assert list(found.groups) == ["subsidy", "rent+logistics"]
    total = found.total(metrics[0]).mean
    assert found.table(metrics[0]).set_index("group").loc["rent+logistics", "value"] == total
    assert len(list((tmp_path / "1" / "plots").iterdir())) == (total != 0)
    with here(lambda job: runs[job.key]) as work:
        by_key = explain(*pair, replicates=2, by="key", metrics=["sales_yuan"], out=tmp_path / "2", work=work)
    assert by_key is not None
    assert list(by_key.groups) == ["levers.logistics_x", "levers.rent_x", "platforms.tuan.subsidy.match_x"]
    rent = by_key.table("sales_yuan").set_index("group").loc["levers.rent_x", "value"]
    assert rent == real.table("sales_yuan").set_index("group").loc["rent", "value"]


def test_of_many_groups_orders_are_sampled(pair, tmp_path):
    (tmp_path / "c.yaml").write_text(f"extends: {pair[1]}\nconsumers: {{touch_weight: 3, habit_fade: 0.02}}\n"
        "stores: {wage_growth: 0.1, supply_x: 1}\nentry: {share_per_month: 0.5}\n", encoding="utf-8")  # fmt: skip

    def sales(job):
        return pack(key=job.key, seed=job.seed, seconds=1, metrics={"sales_yuan": job.spec.levers.rent_x})

    with here(sales) as work:
        found = explain(pair[0], tmp_path / "c.yaml", by="key", replicates=2, metrics=["sales_yuan"],
                        out=tmp_path / "study", work=work)  # fmt: skip
    assert found is not None
    assert len(found.groups) == 8
    assert found.orders == sampled_orders(list(found.groups), ORDERS, seed=5)
    assert len(found.coalitions) < 2**8
    table = found.table("sales_yuan")
    assert (table["group"][0], table["value"][0]) == ("levers.rent_x", 2)
    assert not table["value"][1:].any()
    assert found.saved.empty and found.lost.mean == 0


# -- refused ------------------------------------------------------------------------------------------------
def test_what_cannot_be_explained_is_refused_before_any_run(pair, tmp_path):
    a, b = pair
    for args, how, said in (
        ((a, a), {}, "nothing to explain"),
        ((a, b), {"replicates": 0}, "at least 1"),
        ((a, b), {"metrics": ["online_shares"]}, "did you mean online_share?"),
        ((a, b), {"join": [("rent", "circles")]}, "'circles'"),
        ((a, b), {"by": "folder"}, "group or key"),
        ((a, b.with_name("c.yaml")), {}, "c.yaml"),
    ):
        work = here()
        with pytest.raises(ScenarioError, match=said.replace("?", r"\?")):
            explain(*args, out=tmp_path / "study", work=work, **how)
        assert not (tmp_path / "study").exists()


def test_a_member_that_no_run_knows_and_a_mixture_that_never_runs(real, pair, tmp_path):
    runs = {path.stem: path.read_bytes() for path in (real.results.folder / "runs").iterdir()}
    with pytest.raises(ScenarioError, match="stores_closed/category/toys"):
        explain(*pair, replicates=2, metrics=["stores_closed/category/toys"], out=tmp_path / "1",
                work=here(lambda job: runs[job.key]))  # fmt: skip

    def no_rent(job):
        whole = job.spec.levers.rent_x == 3 and job.spec.levers.logistics_x < 1
        return (
            runs[job.key] if whole or job.spec.levers.rent_x == 1 else failed(job, "x\nValueError: too dear")
        )

    with pytest.raises(ScenarioError, match="with only rent changed:\nValueError: too dear"):
        explain(*pair, replicates=2, out=tmp_path / "apart" / "2", work=here(no_rent))
