"""Measurements in a process of their own, so that memory and compiled code of one do not colour the next."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


class ChildFailed(RuntimeError):
    """A measuring process ended without a result."""


def with_byte_code(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment in which Python keeps the byte code of what it imports, as it is kept where a package was
    installed; else each start compiles this package anew, which takes .3 s."""
    return {name: value for name, value in environment.items() if name != "PYTHONDONTWRITEBYTECODE"}


def begin_with_byte_code() -> None:
    """Called first in a main program: begin it anew in such an environment, unless this is one."""
    if "PYTHONDONTWRITEBYTECODE" in os.environ:
        os.execve(sys.executable, sys.orig_argv, with_byte_code())


def call(module: str, *arguments: object, threads: int = 2) -> dict[str, Any]:
    """Run `python -m module arguments` on `threads` cores and return the JSON object of its last line."""
    # Threads that spin at the end of every parallel loop lose a time slice (24 ms were seen) whenever another
    # process has one of the cores: let them sleep.
    environment = {"OMP_WAIT_POLICY": "passive", **with_byte_code(), "BENCHMARK_THREADS": str(threads)}
    for variable in ("NUMBA_NUM_THREADS", "POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        environment[variable] = str(threads)
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise ChildFailed("\n".join(done.stderr.strip().splitlines()[-3:]) or f"exit code {done.returncode}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def keep_to_threads() -> None:
    """Called first in a child: stay on as many cores as there are threads, where the system can do that.

    XLA takes no number of threads; it counts the cores it may use.
    """
    threads = int(os.environ.get("BENCHMARK_THREADS", "0"))
    if threads and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def peak_bytes() -> int:
    """Largest resident memory of this process so far.

    Linux: not getrusage, whose maximum a child inherits from the process that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(text for text in status.read_text().splitlines() if text.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    if sys.platform == "win32":
        import psutil

        return psutil.Process().memory_info().peak_wset
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
