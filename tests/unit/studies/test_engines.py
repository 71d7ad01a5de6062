"""Runs in worker processes are the runs that this process would make, and workers do only that."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections import deque

import pytest

from o2o_sim import ScenarioError, run
from o2o_sim.processes import ONE_THREAD
from o2o_sim.studies import engines
from o2o_sim.studies.engines import Processes, carry_out


@pytest.fixture(scope="module")
def two():
    """Two workers for all tests of this file."""
    engine = Processes(2)
    yield engine
    engine.close()


def test_every_job_comes_back_with_the_file_that_this_process_would_make(two, told, row_of):
    jobs = told.jobs(range(5))
    found = {job.seed: row_of(content) for job, content in two.run(jobs)}
    assert sorted(found) == [0, 1, 2, 3, 4]
    assert found[3] == row_of(carry_out(jobs[3]))
    assert found[3]["status"] == "ok" and found[3]["stores"]


def test_nothing_to_do_starts_no_worker():
    engine = Processes(2)
    assert list(engine.run([])) == []
    assert engine._workers == []


def test_no_more_workers_than_runs(told):
    engine = Processes(50)
    assert len(list(engine.run(told.jobs(range(1))))) == 1
    assert len(engine._workers) == 1
    engine.close()


def test_workers_are_kept_for_the_next_runs(two, told):
    list(two.run(told.jobs(range(2))))
    before = [w.process.pid for w in two._workers]
    assert len(list(two.run(told.jobs(range(2, 7))))) == 5
    assert [w.process.pid for w in two._workers] == before


def test_runs_that_nobody_waits_for_any_more_are_not_given_to_the_next_who_asks(two, told):
    asked = two.run(told.jobs(range(6)))
    next(asked)
    asked.close()
    assert {job.seed for job, _ in two.run(told.jobs(range(10, 14)))} == {10, 11, 12, 13}


def test_a_worker_has_one_thread_for_everything(two, told, row_of):
    told.does(
        0, "import numba, pyarrow; raise RuntimeError((numba.config.NUMBA_NUM_THREADS, pyarrow.cpu_count()))"
    )
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    ((_, content),) = two.run(told.jobs(range(1)))
    assert "RuntimeError: (1, 1)" in row_of(content)["error"]
    assert {name: os.environ.get(name) for name in ONE_THREAD} == before


def test_a_worker_has_the_environment_of_now(two, told, row_of, monkeypatch):
    list(two.run(told.jobs(range(1))))  # a server is there, which was started with another one
    monkeypatch.setenv("O2O_SIM_TOLD", "just now")
    told.does(1, "raise RuntimeError(os.environ.get('O2O_SIM_TOLD'))")
    engine = Processes(1)
    ((_, content),) = engine.run(told.jobs(range(1, 2)))
    engine.close()
    assert "RuntimeError: just now" in row_of(content)["error"]


class Pretended:
    """A worker that does nothing with what it is given."""

    ready = True

    def __init__(self):
        self.jobs = deque()

    def take(self, job):
        self.jobs.append(job)
        return True


@pytest.mark.parametrize(("runs", "given"), [(1, [1, 0]), (2, [1, 1]), (4, [1, 1]), (5, [2, 1]), (9, [2, 2])])
def test_a_worker_has_a_run_beside_the_one_in_hand_but_the_last_ones_go_to_who_is_free_first(runs, given):
    engine = Processes(2)
    engine._workers = [Pretended(), Pretended()]
    waiting = deque(range(runs))
    engine._deal(waiting)
    assert [len(w.jobs) for w in engine._workers] == given
    assert len(waiting) == runs - sum(given)


def test_what_a_plugin_says_goes_into_the_table_and_the_others_go_on(two, told, row_of):
    told.does(1, "raise ValueError('no such luck')")
    told.does(2, "sys.exit('enough')")
    told.does(3, "raise KeyboardInterrupt")
    told.does(4, "model.recorder = None")  # nothing to make tables of
    found = {job.seed: row_of(content) for job, content in two.run(told.jobs(range(7)))}
    assert [found[k]["status"] for k in range(7)] == ["ok", *["failed"] * 4, "ok", "ok"]
    assert "ValueError: no such luck" in found[1]["error"] and "teller.py" in found[1]["error"]
    assert "ends the program (sys.exit)" in found[2]["error"]
    assert "KeyboardInterrupt" in found[3]["error"]
    assert "AttributeError" in found[4]["error"]
    assert (found[1]["stores"], found[1]["metrics"], found[1]["monthly"]) == ([], "[]", [])


def test_tables_that_cannot_be_counted_make_a_failed_run(told, row_of, monkeypatch):
    def broken(result):
        raise ZeroDivisionError("no stores")

    monkeypatch.setattr("o2o_sim.record.metrics.metrics", broken)
    (job,) = told.jobs(range(1))
    assert "ZeroDivisionError: no stores" in row_of(carry_out(job))["error"]


def test_a_plugin_that_is_edited_meanwhile_stops_the_study(two, told):
    jobs = told.jobs(range(4))
    with told.path.with_name("teller.py").open("a") as plugin:
        plugin.write("\n# a second thought\n")
    with pytest.raises(ScenarioError, match="is not what it was when the study began"):
        list(two.run(jobs))
    assert not told.begun()
    assert len(list(two.run(told.jobs(range(2))))) == 2


def test_a_file_that_is_gone_meanwhile_stops_the_study_with_its_name(two, told):
    jobs = told.jobs(range(4))
    told.path.with_name("teller.py").unlink()
    with pytest.raises(ScenarioError, match=r"teller.py cannot be read"):
        list(two.run(jobs))


def test_close_ends_workers_also_in_the_midst_of_a_run(told):
    told.does(0, "open(here / 'forever', 'r').read()")
    os.mkfifo(told.path.with_name("forever"))
    engine = Processes(2)
    asked = engine.run(told.jobs(range(2)))
    assert next(asked)[0].seed == 1
    mine = {w.process.pid for w in engine._workers}
    assert len(mine) == 2 and mine <= {p.pid for p in multiprocessing.active_children()}
    engine.close()
    assert not mine & {p.pid for p in multiprocessing.active_children()}
    engine.close()


def test_workers_that_end_before_they_begin_are_not_started_for_ever(told, monkeypatch):
    monkeypatch.setattr(engines, "_work", bool)
    with pytest.raises(ScenarioError, match="end before they have begun") as fault:
        list(Processes(2).run(told.jobs(range(4))))
    assert "__main__" in str(fault.value)


def test_a_worker_makes_no_lock_that_it_would_leave_behind(two, told, row_of):
    told.does(0, "import multiprocessing; raise RuntimeError(multiprocessing.get_start_method())")
    ((_, content),) = two.run(told.jobs(range(1)))
    assert "RuntimeError: spawn" in row_of(content)["error"]


def test_fewer_than_one_worker_is_refused():
    with pytest.raises(ScenarioError, match="--workers: must be at least 1, found 0"):
        Processes(0)


def models() -> set[int]:
    from o2o_sim.model import O2OModel

    gc.collect()
    return {id(thing) for thing in gc.get_objects() if type(thing) is O2OModel}


def test_the_model_of_a_run_is_not_kept(told):
    """Mesa before 3.5 keeps every model; a worker that makes thousands of runs would need the memory of
    all."""
    told.does(0, "raise ValueError")
    before = models()
    for job in told.jobs(range(2)):
        carry_out(job)
        assert models() == before
    run(told.path, out=False)
    assert models() == before


def test_the_compiled_loop_is_made_once_in_a_process():
    """Numba keeps every one; the next run takes the last one's."""
    from o2o_sim.market import rules
    from o2o_sim.market.binding import Shopping

    assert Shopping(rules.value)._loop.look is Shopping(rules.value)._loop.look
    assert Shopping(rules.value)._loop.look is not Shopping(rules.value, compiled=False)._loop.look
