"""The folder of a study: what is there is not done again, and what it says does not depend on how it came
about."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal

from o2o_sim import ScenarioError
from o2o_sim.record.leftovers import sibling
from o2o_sim.record.metrics import Window
from o2o_sim.scenario.load import load_scenario
from o2o_sim.studies import study as study_module
from o2o_sim.studies.job import Job, job
from o2o_sim.studies.rows import TEXTS
from o2o_sim.studies.study import TABLES, Case, Study, load_results


def figures_of(job: Job) -> dict:
    """An invented run: 2 stores and 2 months, their figures made of the seed."""
    stores = [{"store": k, **dict.fromkeys(TEXTS, f"{job.seed}/{k}")} for k in range(2)]
    months = [{"month": date(2013, k, 1), "series": "sales", "value": job.seed + k / 10} for k in (1, 2)]
    figures = {"online_share": job.seed / 100, "sales_yuan": 7.0 * job.seed}
    return {"stores": pd.DataFrame(stores), "monthly": pd.DataFrame(months), "metrics": figures}


@pytest.fixture(scope="module")
def spec(tiny):
    return load_scenario(tiny, ["days=1"])


@pytest.fixture
def ask(spec, pretend, tmp_path):
    """Ask for some runs in a folder: (seeds of those that were carried out, the results). The last of them is
    the first to be done. `fail` are seeds of runs that fail, Ctrl-C is pressed after `stop_after` runs."""

    def ask(folder="study", points=(0,), replicates=3, fail=(), stop_after=1000, windows=(), **how):
        before = len(pretend.done)

        def answer(job):
            if len(pretend.done) - before > stop_after:
                raise KeyboardInterrupt
            if job.seed in fail:
                raise ValueError("no luck")
            return figures_of(job)

        pretend.answer, pretend.backwards = answer, True
        cases = [
            Case(p, r, job(spec, 100 * p + r), {"rent_x": p / 10, "policy": f"p{p}"})
            for p in points
            for r in range(replicates)
        ]
        study = Study(tmp_path / folder, {"kind": "test"}, windows)
        study.run(cases, pretend.work(**how))
        return [job.seed for job in pretend.done[before:]], study.finish()

    return ask


def rewrite(folder, **changes):
    """Write study.json with other values, and the checksum that fits them."""
    path = folder / "study.json"
    plan = json.loads(path.read_text()) | changes
    path.write_text(json.dumps(plan | {"checksum": study_module._checksum(plan)}))


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_one_row_per_run_with_its_factors_and_metrics(ask, tmp_path):
    _, results = ask(points=(0, 1), replicates=2)
    runs = results.runs
    assert list(runs.columns[:8]) == [
        *("point", "replicate", "seed", "key", "status", "error"),
        *("rent_x", "policy"),
    ]
    assert runs[["point", "replicate", "seed"]].to_numpy().tolist() == [
        [0, 0, 0],
        [0, 1, 1],
        [1, 0, 100],
        [1, 1, 101],
    ]
    assert list(runs["online_share"]) == [0, 0.01, 1, 1.01]
    assert list(runs["policy"]) == ["p0", "p0", "p1", "p1"]
    assert set(runs["status"]) == {"ok"} and results.missing == 0
    assert names(tmp_path / "study") == [
        "monthly.parquet",
        "run.log",
        "runs",
        "runs.parquet",
        "stores.parquet",
        "study.json",
    ]
    assert names(tmp_path / "study" / "runs") == sorted(f"{key}.parquet" for key in runs["key"])


def test_stores_and_months_stand_under_the_run_they_belong_to(ask):
    _, results = ask(points=(0, 1), replicates=2)
    stores, months = results.stores, results.monthly
    assert stores[["point", "replicate", "store", "name"]].to_numpy().tolist() == [
        [p, r, k, f"{100 * p + r}/{k}"] for p in (0, 1) for r in (0, 1) for k in (0, 1)
    ]
    assert list(months.columns) == ["point", "replicate", "month", "series", "value"]
    assert list(months["value"]) == pytest.approx([0.1, 0.2, 1.1, 1.2, 100.1, 100.2, 101.1, 101.2])
    assert list(months["month"][:2]) == [date(2013, 1, 1), date(2013, 2, 1)]


def test_what_an_unfinished_study_says_is_what_a_finished_one_says(ask, tmp_path):
    whole = ask(points=(0, 1))[1]
    rewrite(tmp_path / "study", complete=False)
    part = load_results(tmp_path / "study")
    assert not part.plan["complete"] and part.missing == 0
    for table in TABLES:
        assert_frame_equal(getattr(part, table), getattr(whole, table))


def test_asking_again_does_nothing_again(ask):
    first = ask()[1]
    asked, again = ask()
    assert asked == []
    assert_frame_equal(again.runs, first.runs)


def test_more_replicates_or_points_run_only_what_is_new(ask):
    ask(replicates=2)
    assert sorted(ask(replicates=4)[0]) == [2, 3]
    asked, results = ask(points=(0, 1), replicates=4)
    assert sorted(asked) == [100, 101, 102, 103]
    assert len(results.runs) == 8


def test_an_interrupted_study_keeps_what_is_done_and_goes_on(ask, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        ask(replicates=5, stop_after=2)
    part = load_results(tmp_path / "study")
    assert part.missing == 3 and list(part.runs["seed"]) == [3, 4]
    assert part.runs["sales_yuan"].tolist() == [21, 28] and len(part.stores) == 4
    assert not (tmp_path / "study" / "runs.parquet").exists()
    asked, results = ask(replicates=5)
    assert sorted(asked) == [0, 1, 2]
    assert list(results.runs["seed"]) == [0, 1, 2, 3, 4]


def test_a_replicate_of_all_points_comes_before_the_next(ask):
    asked, _ = ask(points=(0, 1, 2), replicates=2)
    assert asked[::-1] == [0, 100, 200, 1, 101, 201]


def test_points_that_differ_in_nothing_are_run_once_and_counted_twice(spec, pretend, tmp_path):
    study = Study(tmp_path / "study", {})
    study.run([Case(p, 0, job(spec, 7), {"x": p}) for p in (0, 1)], pretend.work())
    runs = study.finish().runs
    assert len(pretend.done) == 1
    assert list(runs["x"]) == [0, 1] and list(runs["seed"]) == [7, 7]


def test_what_a_neighbour_has_done_is_taken_from_there(ask, tmp_path):
    ask("first", replicates=3, fail=(1,))
    asked, results = ask("second", replicates=4)
    assert sorted(asked) == [1, 3]  # not what failed there
    assert set(results.runs["status"]) == {"ok"}
    (tmp_path / "no study" / "runs").mkdir(parents=True)
    assert ask("elsewhere/third", replicates=2)[0] == [1, 0]


def test_a_failed_run_is_kept_and_run_again_only_on_request(ask):
    _, results = ask(fail=(1,))
    assert list(results.runs["status"]) == ["ok", "failed", "ok"]
    assert list(results.failures["seed"]) == [1] and "no luck" in results.failures["error"][0]
    assert results.runs["online_share"].isna().tolist() == [False, True, False]
    assert list(results.ok["seed"]) == [0, 2] and len(results.stores) == 4
    assert ask()[0] == []
    asked, results = ask(retry=True)
    assert asked == [1]
    assert list(results.runs["status"]) == ["ok", "ok", "ok"]


def test_a_study_of_which_nothing_succeeded_says_so(ask):
    results = ask(fail=(0, 1, 2))[1]
    assert len(results.stores) == len(results.monthly) == 0
    with pytest.raises(ScenarioError, match=r"none of 3 runs succeeded; the first failed with\nTrace"):
        results.needs_some()


def test_the_tables_are_the_same_bytes_whoever_did_what_when(ask, tmp_path):
    tables = []
    for place in ("a", "b"):
        if place == "b":
            ask(f"{place}/study", points=(1,), replicates=1)
            with pytest.raises(KeyboardInterrupt):
                ask(f"{place}/study", points=(0, 1), stop_after=2)
            ask(f"{place}/study", points=(0, 1), shard=(2, 2))
        ask(f"{place}/study", points=(0, 1))
        tables.append([(tmp_path / place / "study" / f"{table}.parquet").read_bytes() for table in TABLES])
    assert tables[0] == tables[1]


def test_shards_are_equal_parts_that_make_a_whole(ask, tmp_path):
    parts = []
    for i in (3, 1, 2):
        asked, results = ask(points=(0, 1), replicates=5, shard=(i, 3))
        parts.append(asked)
        assert results.missing == 10 - sum(map(len, parts))
        assert results.plan["complete"] == (i == 2)
    assert [len(p) for p in parts] == [3, 4, 3]
    assert sorted(seed for part in parts for seed in part) == [*range(5), *range(100, 105)]
    assert ask(points=(0, 1), replicates=5)[0] == []
    assert len(load_results(tmp_path / "study").runs) == 10


def test_progress_is_told_of_what_is_there_and_of_every_run(ask):
    told = []
    ask(replicates=1)
    ask(replicates=4, fail=(2,), progress=lambda *now: told.append(now))
    assert told == [(1, 4, 0), (2, 4, 0), (3, 4, 1), (4, 4, 1)]


def test_windows_are_metrics_of_the_study(ask, tmp_path):
    window = Window("late", "sales", date(2013, 2, 1), date(2013, 2, 28), date(2013, 1, 1), date(2013, 1, 31))
    _, results = ask(windows=[window], fail=(0,))
    assert results.runs["late"].tolist() == pytest.approx([float("nan"), 1.2 / 1.1, 2.2 / 2.1], nan_ok=True)
    assert load_results(tmp_path / "study").windows == (window,)


def test_what_the_study_says_of_itself_is_kept(pretend, tmp_path):
    about = {"kind": "sweep", "name": "店", "labels": {"rent_x": "rent, times"}}
    study = Study(tmp_path / "study", about)
    study.run([], pretend.work())
    assert study.finish().about == load_results(tmp_path / "study").about == about


def test_a_factor_with_numbers_and_names_can_be_kept(spec, pretend, tmp_path):
    values = [(1, 1, True), (2.5, "high", "none"), (3, 0.1, 2)]
    study = Study(tmp_path / "study", {})
    cases = [Case(p, 0, job(spec, p), dict(zip("xyz", said))) for p, said in enumerate(values)]
    study.run(cases, pretend.work())
    runs = study.finish().runs
    assert list(runs["x"]) == [1, 2.5, 3]
    assert list(runs["y"]) == ["1", "high", "0.1"]
    assert list(runs["z"]) == ["True", "none", "2"]


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("")
    with pytest.raises(ScenarioError, match="not a study, and was left alone"):
        Study(tmp_path / "thesis", {})
    assert names(tmp_path / "thesis") == ["chapter.txt"]
    (tmp_path / "file").write_text("")
    with pytest.raises(ScenarioError, match="cannot be written"):
        Study(tmp_path / "file", {})


def test_a_study_that_was_killed_before_it_wrote_anything_can_be_asked_again(ask, tmp_path):
    (tmp_path / "study" / "runs").mkdir(parents=True)
    (tmp_path / "study" / ".study.json.part-77-1").write_text('{"about')
    assert len(ask()[1].runs) == 3


@pytest.mark.faults("What killed runs leave")
def test_what_killed_processes_left_is_removed(ask, tmp_path):
    ask()
    folder = tmp_path / "study"
    own = [sibling(where / "x.parquet", "part") for where in (folder, folder / "runs")]
    old = [where / ".x.parquet.part-elsewhere-2-1" for where in (folder, folder / "runs")]
    for part in (*own, *old):
        part.write_bytes(b"half")
        os.utime(part, (time.time() - 90_000,) * 2)
    assert ask()[0] == []
    assert [p.exists() for p in (*own, *old)] == [True, True, False, False]


def test_a_folder_without_a_study_cannot_be_loaded(tmp_path):
    with pytest.raises(ScenarioError, match="is not the folder of a study"):
        load_results(tmp_path)
    (tmp_path / "study.json").write_text("{")
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_results(tmp_path)


def test_a_full_disk_ends_the_study_and_what_is_done_stays(ask, tmp_path, monkeypatch):
    from o2o_sim.record import archive

    flushed = []

    def flush(path):
        flushed.append(path)
        if len(flushed) > 4:  # the plan and its name, and two runs
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive, "flush", flush)
    with pytest.raises(ScenarioError, match="cannot be written: No space left on device"):
        ask(replicates=5)
    monkeypatch.undo()
    assert load_results(tmp_path / "study").missing == 3
    assert not [p for p in (tmp_path / "study" / "runs").iterdir() if p.name.startswith(".")]
    assert len(ask(replicates=5)[0]) == 3


@pytest.mark.parametrize("page", ["cluster.md", "studies.md"])
def test_the_queries_of_the_documentation_can_be_asked(page, spec, pretend, tmp_path):
    duckdb = pytest.importorskip("duckdb", reason="is for reading studies")
    months = pd.DataFrame([{"month": date(2013, 1, 1), "series": "vacancy", "value": 0.1}])
    pretend.answer = lambda job: figures_of(job) | {"monthly": months}
    study = Study(tmp_path / "study", {})
    points = [{"subsidy": s, "rent": r} for s in (0, 5) for r in (0.8, 1.2)]
    cases = [Case(p, r, job(spec, 100 * p + r), said) for p, said in enumerate(points) for r in range(2)]
    study.run(cases, pretend.work())
    study.finish()
    text = (Path(__file__).parents[3] / "docs" / page).read_text(encoding="utf-8")
    queries = "".join(re.findall(r"^```sql\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    asked = [query for query in re.sub("--.*", "", queries).split(";") if query.strip()]
    assert asked
    for query in asked:
        assert len(duckdb.sql(query.replace("'DIR/", f"'{tmp_path}/study/")).fetchall()), query


# -- files that something has changed ------------------------------------------------------------------------
KIND = "Files of a study"
WORDS = "is not a run any more|cannot be read"


def runs_of(folder):
    return sorted((folder / "runs").glob("*.parquet"))


def cut(file):
    file.write_bytes(file.read_bytes()[:-100])


def flip(file):
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 4
    file.write_bytes(data)


def swap(file):
    """Give two files each other's name."""
    a, b = [path for path in file.parent.iterdir() if path.suffix == file.suffix][:2]
    kept = a.read_bytes()
    a.write_bytes(b.read_bytes())
    b.write_bytes(kept)


def replace_by_another(file):
    others = [path for path in file.parent.iterdir() if path.suffix == file.suffix and path != file]
    shutil.copy(others[0], file)


def link(file):
    file.rename(file.with_name("elsewhere"))
    file.symlink_to(file.with_name("elsewhere"))


def pipe(file):
    file.unlink()
    os.mkfifo(file)


def rewritten(file):
    """The same table with another figure, as a program that reads and writes Parquet leaves it."""
    table = pq.read_table(file)
    name = "seconds" if "seconds" in table.column_names else "replicate"
    number = table.column_names.index(name)
    pq.write_table(table.set_column(number, name, [[7] * len(table)]), file)


DAMAGE = [cut, flip, swap, replace_by_another, link, pipe, rewritten]


@pytest.mark.faults(KIND)
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_run_that_was_changed_is_refused_by_who_reads_and_done_again_by_who_asks(ask, tmp_path, damage):
    whole = ask()[1]
    folder = tmp_path / "study"
    file = runs_of(folder)[0]
    kept = {path.name: pq.read_table(path).drop(["seconds"]) for path in runs_of(folder)}
    rewrite(folder, complete=False)  # what reads the files of single runs
    damage(file)
    with pytest.raises(ScenarioError, match=WORDS) as refused:
        print(load_results(folder).runs)
    assert "Ask the study again" in str(refused.value) and ".parquet" in str(refused.value)
    with pytest.warns(RuntimeWarning, match="is not a run any more"):
        asked, again = ask()
    assert len(asked) == (2 if damage is swap else 1)
    assert_frame_equal(again.runs, whole.runs)
    for path in runs_of(folder):
        assert pq.read_table(path).drop(["seconds"]).equals(kept[path.name]) and not path.is_symlink()


@pytest.mark.faults(KIND)
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("damage", [d for d in DAMAGE if d is not swap])
def test_a_table_that_was_changed_is_refused_by_who_reads_and_made_anew_by_who_asks(
    ask, tmp_path, table, damage
):
    whole = getattr(ask()[1], table)
    damage(tmp_path / "study" / f"{table}.parquet")
    with pytest.raises(ScenarioError, match=rf"{table}\.parquet: cannot be read") as refused:
        getattr(load_results(tmp_path / "study"), table)
    assert "its tables are made anew of its runs" in str(refused.value)
    asked, again = ask()
    assert asked == []
    assert_frame_equal(getattr(again, table), whole)


@pytest.mark.faults(KIND, tries=200)
def test_any_byte_of_a_run_counts(ask, tmp_path):
    from o2o_sim.studies.rows import read_rows

    ask(replicates=1)
    file = runs_of(tmp_path / "study")[0]
    whole, rng = file.read_bytes(), np.random.default_rng(3)
    for k in range(200):
        damaged = bytearray(whole)
        if k % 4:
            damaged[rng.integers(len(damaged))] ^= 1 << rng.integers(8)
        else:
            del damaged[rng.integers(len(damaged)) :]
        file.write_bytes(damaged)
        with pytest.raises(ScenarioError, match="is not a run any more"):
            read_rows([file], ["status"])
    file.write_bytes(whole)
    assert len(read_rows([file])) == 1


@pytest.mark.faults(KIND)
@pytest.mark.parametrize("damage", [cut, flip, replace_by_another, link, pipe, rewritten])
def test_a_damaged_run_of_a_neighbour_is_not_taken(ask, tmp_path, damage):
    ask("first", replicates=2)
    file = runs_of(tmp_path / "first")[0]
    damage(file)
    asked, results = ask("second", replicates=2)
    assert len(asked) == 1 and set(results.runs["status"]) == {"ok"}


@pytest.mark.faults(KIND)
@pytest.mark.parametrize(
    "changes",
    [
        {"about": None},
        {"about": {"own": "all"}},
        {"complete": "yes"},
        {"complete": True, "tables": {}},
        {"windows": [{"name": "x"}]},
        {"windows": [{"name": "x", "series": "sales", "start": "soon"}]},
        {"cases": {}},
        {"cases": [5]},
        {"cases": [{"point": -1, "replicate": 0, "seed": 0, "key": "a" * 24, "factors": {}}]},
        {"cases": [{"point": 0, "replicate": 0, "seed": 10**30, "key": "a" * 24, "factors": {}}]},
        {"cases": [{"point": 0, "replicate": 0, "seed": 0, "key": "../../../secret", "factors": {}}]},
        {"cases": [{"point": 0, "replicate": 0, "seed": 0, "key": "a" * 24 + "\n", "factors": {}}]},
        {"cases": [{"point": 0, "replicate": 0, "seed": 0, "key": "a" * 24, "factors": []}]},
        {"cases": [{"point": 0.5, "replicate": 0, "seed": 0, "key": "a" * 24, "factors": {}}]},
    ],
)
def test_a_plan_that_is_none_is_refused_by_who_reads_and_written_anew_by_who_asks(ask, tmp_path, changes):
    whole = ask()[1]
    rewrite(tmp_path / "study", **changes)
    with pytest.raises(ScenarioError, match=r"study\.json: cannot be read: .*\n  Ask the study again"):
        load_results(tmp_path / "study")
    asked, again = ask()
    assert asked == []
    assert_frame_equal(again.runs, whole.runs)


@pytest.mark.faults(KIND)
@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"\xff", b"[" * 10_000, b'{"about": {}, "cases": NaN}']
)
def test_a_plan_that_is_no_json_is_refused(ask, tmp_path, content):
    ask()
    (tmp_path / "study" / "study.json").write_bytes(content)
    with pytest.raises(ScenarioError, match=r"study\.json: cannot be read"):
        load_results(tmp_path / "study")


@pytest.mark.faults(KIND)
def test_a_factor_that_was_changed_in_the_plan_is_found(ask, tmp_path):
    ask(points=(0, 1))
    path = tmp_path / "study" / "study.json"
    path.write_text(path.read_text().replace('"rent_x": 0.1', '"rent_x": 0.7'))
    with pytest.raises(ScenarioError, match="its checksum is not that of what it says"):
        load_results(tmp_path / "study")
