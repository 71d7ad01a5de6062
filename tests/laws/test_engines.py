"""The same scenario and seed give the same bytes: in the interpreter or compiled, on one thread or two,
twice."""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numba
import numpy as np
import pandas as pd
import pytest

from o2o_sim import O2OModel
from o2o_sim.market import lists, rounds
from o2o_sim.record.archive import parquet_bytes, tables_digest

from .cities import HERE, SMALL, city


def assert_same(a: O2OModel, b: O2OModel) -> None:
    """Every table, every byte of every consumer, all money."""
    for name, frame in a.results().items():
        pd.testing.assert_frame_equal(frame, b.results()[name], check_exact=True, obj=name)
        assert parquet_bytes(frame) == parquet_bytes(b.results()[name]), name
    for name, mine, theirs in zip(a.consumers.columns._fields, a.consumers.columns, b.consumers.columns):
        assert mine.tobytes() == theirs.tobytes(), f"consumers.{name}"
    for name in ("picks", "visited", "surplus", "served"):
        assert getattr(a.purchases, name).tobytes() == getattr(b.purchases, name).tobytes(), name
    assert a.board.queue.tobytes() == b.board.queue.tobytes()
    for name in ("balance", "flows", "books"):
        assert np.array_equal(getattr(a.ledger, name), getattr(b.ledger, name)), f"ledger.{name}"


@contextmanager
def threads(n: int) -> Iterator[None]:
    before = numba.get_num_threads()
    numba.set_num_threads(n)
    try:
        yield
    finally:
        numba.set_num_threads(before)


FEW = {"population": 300, "days": 60, "residents": 3000}


def largest_crowd(model: O2OModel) -> int:
    """Most people of one tile who need the same thing today: they choose together, in groups."""
    rows, category = model.purchases.consumer, model.purchases.category.astype(int)
    tile = model.shoppers.sight.tiles.tile[category, model.consumers.home[rows]]
    return int(np.bincount(tile).max(initial=0))


@pytest.mark.slow
@pytest.mark.parametrize("cell_m", [250, 1000, 4000])
def test_python_equals_compiled(cell_m):
    """Sixty days; where people live far apart (tiles are large), close together, and all in one place."""
    n = 60 if cell_m == 1000 else 12
    few = FEW | {"days": n, "city__cell_m": cell_m}
    python, compiled = city(engine="python", **few).run(), city(engine="compiled", **few)
    crowd = 0
    for _ in range(n):
        compiled.step()
        crowd = max(crowd, largest_crowd(compiled))
    assert crowd > (64 if cell_m == 4000 else 5)
    assert python.day_counts["decisions"] > 200 * n
    if n == 60:
        assert (compiled.results()["daily"]["showroomed"] > 0).any()
    assert_same(python, compiled)


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["default", "huff"])
def test_a_crowd_chooses_as_each_of_it_alone(rule, monkeypatch):
    """How many people look at the offers together, and how far apart they live, is a matter of speed."""
    file = "small.yaml" if rule == "default" else "town.yaml"
    few = {"population": 300, "days": 12, "city__cell_m": 1000, "consumers__value": rule}
    together = city(file, **few).run()
    assert largest_crowd(together) > 5
    monkeypatch.setattr(lists, "SIDES", (1,))
    apart = city(file, **few).run()
    assert_same(together, apart)
    monkeypatch.setattr(rounds, "runs_of", functools.partial(rounds.runs_of, most=1))
    assert_same(together, city(file, **few).run())


@pytest.mark.slow
def test_python_equals_compiled_for_huff():
    """A rule with fields of its own."""
    few = {"population": 300, "days": 10, "consumers__value": "huff"}
    assert_same(
        city("town.yaml", engine="python", **few).run(), city("town.yaml", engine="compiled", **few).run()
    )


@pytest.mark.slow
@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="needs two threads")
@pytest.mark.parametrize("light", [rounds.LIGHT, 1], ids=["as it is", "sorted in threads"])
def test_one_thread_equals_two(light, monkeypatch):
    """Also where needs are sorted in parts, as only those of a million people are."""
    with threads(1):
        one = city(population=5000, residents=100_000, days=40).run()
    monkeypatch.setattr(rounds, "LIGHT", light)
    monkeypatch.setattr(rounds, "MANY", rounds.MANY if light > 1 else 1)
    monkeypatch.setattr(rounds, "BLOCK", 100)
    with threads(2):
        two = city(population=5000, residents=100_000, days=40).run()
    assert_same(one, two)


def test_twice_is_the_same():
    assert_same(city(days=35).run(), city(days=35).run())


def test_another_seed_is_another_town():
    one, other = city(days=2).run(), city(days=2, seed=2).run()
    assert tables_digest(one.results()) != tables_digest(other.results())


def test_neither_mesa_nor_numpy_nor_python_is_asked_for_numbers():
    """Their generators are where they were: no result can depend on them."""
    import random

    model = city(days=31, population=300)
    before = (model.random.getstate(), str(model.rng.bit_generator.state), random.getstate())
    legacy = [str(part) for part in np.random.get_state()]  # noqa: NPY002
    model.run()
    assert (model.random.getstate(), str(model.rng.bit_generator.state), random.getstate()) == before
    assert [str(part) for part in np.random.get_state()] == legacy  # noqa: NPY002


@pytest.mark.slow
def test_another_process_is_the_same(tmp_path):
    """Another process, which hashes strings otherwise and stands elsewhere, writes the same bytes."""
    import os

    script = (
        "import sys; from o2o_sim import O2OModel, load_scenario\n"
        "from o2o_sim.record.archive import parquet_bytes\n"
        "import hashlib\n"
        "model = O2OModel(load_scenario(sys.argv[1], ['days=35'])).run()\n"
        "for name, frame in sorted(model.results().items()):\n"
        "    print(name, hashlib.sha256(parquet_bytes(frame)).hexdigest())\n"
    )
    paths = os.pathsep.join(p for p in sys.path if p)
    told = []
    for hashing in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", script, str(SMALL)], cwd=tmp_path if hashing == "1" else HERE,
            env=os.environ | {"PYTHONHASHSEED": hashing, "PYTHONPATH": paths}, capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        told.append(done.stdout)
    assert told[0] == told[1] and "daily" in told[0]
