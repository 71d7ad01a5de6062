"""Whatever is killed, with a signal that nobody can catch: nothing that was finished is lost or done
again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from o2o_sim.studies.engines import TRIES, Processes
from o2o_sim.studies.job import execute
from o2o_sim.studies.study import TABLES, Case, Study, load_results
from o2o_sim.studies.work import Work

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL, FIFOs or fork"),
]

HERE = Path(__file__).parent
KILL = "os.kill(os.getpid(), signal.SIGKILL)"
ONCE = "mark = here / f'{model.seed_number}.once'\nif not mark.exists():\n    mark.touch()\n    "


@pytest.fixture(params=["workers", "local"])
def who(request):
    """The two engines that keep workers on this machine."""
    if request.param == "local":
        pytest.importorskip("distributed", reason="needs the extra [cluster]")
    return request.param


def start(told, folder, runs, who):
    args = [sys.executable, HERE / "study_process.py", told.path, folder, str(runs), who]
    return subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_a_command_that_is_killed_goes_on_where_it_was(told, tmp_path, who):
    runs, folder = 16, tmp_path / "study"
    os.mkfifo(told.path.with_name("forever"))
    told.does(1, ONCE + "open(here / 'forever').read()")
    command = start(told, folder, runs, who)
    assert command.stdout and command.stderr
    for _ in range(6):
        assert command.stdout.readline()
    command.kill()
    # The error output is shared with all workers, of which one is in the midst of an endless run: it ends
    # when the last of them does.
    command.communicate(timeout=300)

    kept = {job.seed for job in told.jobs(range(runs)) if (folder / "runs" / f"{job.key}.parquet").is_file()}
    begun = told.begun()
    assert len(kept) >= 5 and 1 not in kept and not load_results(folder).plan["complete"]
    assert set(load_results(folder).runs["seed"]) == kept

    again = start(told, folder, runs, who)
    out, err = again.communicate(timeout=300)
    assert again.returncode == 0, err.decode()
    assert int(out.split()[0]) == len(kept)
    results = load_results(folder)
    assert results.plan["complete"] and list(results.ok["seed"]) == list(range(runs))
    assert told.begun() == begun + Counter(set(range(runs)) - kept)


def test_a_worker_that_is_killed_costs_the_run_it_had_in_hand(told, tmp_path):
    for seed in (2, 3):
        told.does(seed, ONCE + KILL)
    results = carried_out(told, tmp_path / "study", 10)
    assert list(results.ok["seed"]) == list(range(10))
    assert told.begun() == Counter(range(10)) + Counter([2, 3])


def test_a_run_that_always_kills_its_worker_is_given_up_and_the_others_finish(told, tmp_path):
    told.does(1, KILL)
    told.does(5, "sys.exit(3)")
    told.does(6, "raise ValueError('no')")
    results = carried_out(told, tmp_path / "study", 9)
    assert list(results.ok["seed"]) == [0, 2, 3, 4, 7, 8]
    said = results.failures.set_index("seed")["error"]
    assert "died 3 times" in said[1] and "SIGKILL" in said[1]
    assert "sys.exit" in said[5] and "ValueError: no" in said[6]
    assert told.begun() == Counter({seed: TRIES if seed == 1 else 1 for seed in range(9)})


def carried_out(told, folder, runs):
    with Work(workers=2) as work:
        study = Study(folder, {"kind": "test"})
        study.run([Case(0, job.seed, job) for job in told.jobs(range(runs))], work)
        return study.finish()


class Shuffled:
    """An engine in this process that finishes jobs in another order."""

    def __init__(self, step):
        self.step = step

    def run(self, jobs):
        jobs = list(jobs)
        for k in range(len(jobs)):
            job = jobs[(k * self.step) % len(jobs)]
            yield job, execute(job)

    def close(self):
        pass


def test_the_order_in_which_workers_finish_does_not_show_in_the_tables(told, tmp_path):
    told.does(3, "raise ValueError('no')")
    tables = []
    for name, engine in (("a", Processes(2)), ("b", Shuffled(1)), ("c", Shuffled(3))):
        # In folders of their own, for a study takes what its neighbours have done.
        folder = tmp_path / name / "study"
        with Work() as work:
            work._engine = engine
            study = Study(folder, {"kind": "test"})
            study.run([Case(0, job.seed, job) for job in told.jobs(range(7))], work)
            study.finish()
        tables.append([(folder / f"{table}.parquet").read_bytes() for table in TABLES])
    assert told.begun() == Counter(dict.fromkeys(range(7), 3))
    assert tables[0] == tables[1] == tables[2]


def test_a_file_is_whole_whenever_its_writer_is_killed(tmp_path):
    done = subprocess.run(
        [sys.executable, HERE / "writer_process.py", tmp_path, "500", "1"],
        capture_output=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert int(done.stdout) > 50  # that many were killed in the midst of a file
