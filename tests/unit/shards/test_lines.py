"""Shards in processes and on workers of a Dask cluster give what this process gives."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal

import pytest

from o2o_sim import ScenarioError, run
from o2o_sim.shards.lines import Lost, ProcessLine, WorkerLine
from o2o_sim.shards.shard import Shard
from o2o_sim.shards.shoppers import _chosen

pytestmark = pytest.mark.slow
ASKED = pickle.dumps(("incomes", (1,)))


def ended(result):
    return {name: table.to_csv() for name, table in result.frames.items()}


@pytest.mark.parametrize("cluster", [None, "local"], ids=["processes", "dask"])
def test_a_run_is_the_same(cluster, tiny, tmp_path):
    if cluster:
        pytest.importorskip("distributed", reason="needs the extra [cluster]")
    how = {"days": 35, "overrides": ["population=300"], "plots": False}
    alone = run(tiny, out=tmp_path / "alone", **how)
    shared = run(tiny, out=tmp_path / "shared", shards=2, cluster=cluster, **how)
    assert ended(shared) == ended(alone)
    replay = "replay.o2o"
    assert (shared.folder / replay).read_bytes() == (alone.folder / replay).read_bytes()


@contextlib.contextmanager
def worker_line(workers=1):
    pytest.importorskip("distributed", reason="needs the extra [cluster]")
    from o2o_sim.studies.cluster import Cluster

    cluster = Cluster("local", workers)
    try:
        yield cluster, WorkerLine(cluster.client, cluster.workers()[0], 30.0)
    finally:
        cluster.close()


def test_a_worker_that_dies_is_lost_or_has_no_people():
    """Dask may make the actor anew on a worker that takes the place of the dead one."""
    with worker_line() as (cluster, line):
        os.kill(cluster._local.workers[0].pid, signal.SIGKILL)
        try:
            line.send(ASKED)
            assert pickle.loads(line.receive()).no_people
        except Lost as lost:
            assert "does not answer" in str(lost)


def test_each_shard_needs_a_worker_of_its_own():
    with worker_line(1) as (cluster, _):
        assert _chosen(cluster, None) == cluster.workers()
        with pytest.raises(
            ScenarioError, match="--shards: the cluster has 1 workers, and each shard needs one"
        ):
            _chosen(cluster, 2)


def test_a_shard_without_people_says_so():
    line = ProcessLine()
    try:
        line.send(ASKED)
        assert pickle.loads(line.receive()).no_people and pickle.loads(Shard().answer(ASKED)).no_people
    finally:
        line.close()
