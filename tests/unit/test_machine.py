"""Faults of the machine are known, and those of ours are not taken for them."""

from __future__ import annotations

import errno
import os

import numpy as np
import pytest

from o2o_sim.machine import of_machine


def raised(function):
    try:
        function()
    except Exception as fault:
        return fault
    raise AssertionError("nothing was raised")


def chained():
    try:
        raise MemoryError
    except MemoryError as fault:
        raise RuntimeError("could not compile") from fault


@pytest.mark.faults("streams and signals")
@pytest.mark.parametrize(
    "fault",
    [
        MemoryError(),
        raised(lambda: np.empty(1 << 50)),
        OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
        RuntimeError("can't start new thread"),
        ImportError("x.so: failed to map segment from shared object"),
        raised(chained),
    ],
    ids=repr,
)
def test_no_memory_is_told_of_with_what_to_lower(fault):
    problem = of_machine(fault)
    assert problem.message.startswith("memory ran out while ")
    assert "population" in problem.hint and "--workers" in problem.hint


@pytest.mark.parametrize("name", ["EACCES", "EROFS", "ENOSPC", "EFBIG", "ENAMETOOLONG", "EMFILE"])
def test_a_disk_that_refuses_is_told_of(name):
    number = getattr(errno, name)
    problem = of_machine(OSError(number, os.strerror(number), "a.csv"))
    assert (problem.file, problem.message) == ("a.csv", f"cannot be read or written: {os.strerror(number)}")


@pytest.mark.parametrize(
    "fault",
    [ValueError("x"), KeyError("out of memory"), FileNotFoundError(2, "x", "y"), ImportError("no module x")],
    ids=repr,
)
def test_faults_of_ours_stay_so(fault):
    assert of_machine(fault) is None
