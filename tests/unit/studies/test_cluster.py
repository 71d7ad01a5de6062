"""A Dask cluster gives what worker processes give, or says which worker cannot."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from o2o_sim import ScenarioError
from o2o_sim.studies import cluster as module
from o2o_sim.studies.cluster import Cluster
from o2o_sim.studies.engines import carry_out

dask = pytest.importorskip("dask", reason="needs the extra [cluster]")
pytest.importorskip("distributed", reason="needs the extra [cluster]")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def local():
    """Two workers of Dask on this machine, where a run may kill one worker before it is suspected."""
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        engine = Cluster("local", 2)
    yield engine
    engine.close()


@contextlib.contextmanager
def elsewhere(threads=1, **environment):
    """The address of a cluster in another process, and the process."""
    args = [sys.executable, str(Path(__file__).with_name("cluster_process.py")), str(threads)]
    env = {**os.environ, **environment}
    with subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdin and process.stdout
        try:
            yield process.stdout.readline().strip(), process
        finally:
            process.stdin.close()
            process.wait(60)


def test_every_job_comes_back_with_the_file_that_this_process_would_make(local, told, row_of):
    told.does(2, "raise ValueError('no such luck')")
    told.does(3, "sys.exit('enough')")
    jobs = told.jobs(range(6))
    found = {job.seed: row_of(content) for job, content in local.run(jobs)}
    assert [found[k]["status"] for k in range(6)] == ["ok", "ok", "failed", "failed", "ok", "ok"]
    assert "ValueError: no such luck" in found[2]["error"] and "sys.exit" in found[3]["error"]
    assert found[4] == row_of(carry_out(jobs[4]))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no servers that processes are forked off")
def test_workers_of_this_machine_begin_with_all_that_a_run_needs(local):
    loaded = local.client.run(lambda: "o2o_sim.studies.preload" in sys.modules)
    assert list(loaded.values()) == [True, True]


def test_jobs_go_to_the_scheduler_bit_by_bit(local, told, monkeypatch):
    monkeypatch.setattr(module, "_AT_HAND", 2)
    submit, most = local.client.submit, []

    def counting(*args, **how):
        future = submit(*args, **how)
        most.append(len(local.client.futures))
        return future

    monkeypatch.setattr(local.client, "submit", counting)
    assert len(list(local.run(told.jobs(range(20))))) == 20
    assert len(most) == 20 and max(most) <= 8  # four for each of two workers
    assert not local.client.futures


def test_runs_that_nobody_waits_for_any_more_are_not_given_to_the_next_who_asks(local, told):
    asked = local.run(told.jobs(range(6)))
    next(asked)
    asked.close()
    assert {job.seed for job, _ in local.run(told.jobs(range(10, 13)))} == {10, 11, 12}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_run_that_always_kills_its_worker_is_given_up_and_the_others_finish(local, told, row_of):
    told.does(1, "os.kill(os.getpid(), signal.SIGKILL)")
    found = {job.seed: row_of(content) for job, content in local.run(told.jobs(range(6)))}
    assert [found[k]["status"] for k in range(6)] == ["ok", "failed", *["ok"] * 4]
    assert "died again and again" in found[1]["error"]
    # Once among the others, once alone; whoever waited at a worker that died is not blamed for it.
    assert told.begun()[1] == 2


def test_a_plugin_that_is_edited_meanwhile_stops_the_study_and_the_worker_is_named(local, told):
    jobs = told.jobs(range(3))
    told.path.with_name("teller.py").write_text("# a second thought\n")
    with pytest.raises(
        ScenarioError,
        match=r"not what it was when the study began: the file of plugins.0 is not the same \(seen by the worker tcp://127",
    ):
        list(local.run(jobs))
    assert not told.begun()


def test_a_worker_with_other_code_is_refused_by_name(local, told, monkeypatch):
    monkeypatch.setattr(module, "code_digest", lambda: "that of a newer version")
    with pytest.raises(ScenarioError, match=r"the worker tcp://127.* has another o2o_sim than this process"):
        list(local.run(told.jobs(range(2))))
    assert not told.begun()


def test_a_worker_without_the_package_is_refused_by_name(told, tmp_path):
    (tmp_path / "bare" / "o2o_sim").mkdir(parents=True)
    (tmp_path / "bare" / "o2o_sim" / "__init__.py").write_text("")
    with elsewhere(PYTHONPATH=str(tmp_path / "bare")) as (address, _):
        engine = Cluster(address)
        with pytest.raises(ScenarioError, match=r"the worker tcp://127.* lacks what it needs: .*o2o_sim"):
            list(engine.run(told.jobs(range(2))))
        engine.close()


def test_a_worker_with_several_threads_is_refused_by_name(told):
    with elsewhere(threads=2) as (address, _):
        engine = Cluster(address)
        with pytest.raises(ScenarioError, match=r"the worker tcp://127.* has 2 threads") as fault:
            list(engine.run(told.jobs(range(2))))
        assert "--nthreads 1" in str(fault.value)
        engine.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_scheduler_that_is_killed_ends_the_study_and_what_is_done_stays(told):
    done = Counter()
    with elsewhere() as (address, process):
        engine = Cluster(address)
        with pytest.raises(ScenarioError, match=f"the scheduler at {address} was lost"):
            for job, _ in engine.run(told.jobs(range(50))):
                done[job.seed] += 1
                if len(done) == 3:
                    process.send_signal(signal.SIGKILL)
        engine.close()
    assert 3 <= len(done) < 50 and set(done.values()) == {1}


def test_a_scheduler_that_does_not_answer_is_told_in_a_line(monkeypatch):
    monkeypatch.setattr(module, "_SECONDS", 0.5)
    with pytest.raises(
        ScenarioError, match=r"--cluster: no Dask scheduler answers at tcp://127.0.0.1:9"
    ) as fault:
        Cluster("tcp://127.0.0.1:9")
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize("address", ["", "here", "tcp://", "tcp://host", "http://host:8786", "host:8786"])
def test_addresses_that_are_none_are_refused(address):
    with pytest.raises(ScenarioError, match="--cluster: must be local or tcp://HOST:PORT"):
        Cluster(address)


def test_a_cluster_has_workers_of_its_own():
    with pytest.raises(ScenarioError, match="--workers: a cluster has the workers that it has"):
        Cluster("tcp://127.0.0.1:9", 4)


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ScenarioError, match=r"pip install 'o2o-sim\[cluster\]'"):
        Cluster("local")
