"""Our worker processes beside those of Pebble, as engines of a study. Figures of decision 0009.

python -m pip install pebble
python docs/decisions/measure_0009.py
"""

from __future__ import annotations

import inspect
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, wait
from pathlib import Path

from pebble import ProcessExpired, ProcessPool

from o2o_sim import processes
from o2o_sim.scenario.describe import starter_text
from o2o_sim.scenario.load import load_scenario
from o2o_sim.studies import engines
from o2o_sim.studies.engines import TRIES, Processes, carry_out
from o2o_sim.studies.job import Job, failed, job

WORKERS, RUNS, KILLS = 2, 200, 6
LONGEST_S = 240.0
"""An engine that has not finished by then is said to hang: Pebble waits a minute for a lock before it gives up."""


class Pebbled:
    """What `Processes` does, on top of Pebble."""

    def __init__(self, workers: int):
        os.environ.update(processes.ONE_THREAD)  # Pebble starts workers whenever it likes
        fresh = multiprocessing.get_context("spawn")
        self.pool = ProcessPool(workers, initializer=processes.end_with_parent, context=fresh)

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, bytes]]:
        waiting = {self.pool.schedule(carry_out, (one,)): one for one in jobs}
        deaths: Counter[str] = Counter()
        try:
            while waiting:
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    one = waiting.pop(future)
                    try:
                        yield one, future.result()
                    except ProcessExpired as death:
                        deaths[one.key] += 1
                        if deaths[one.key] < TRIES:
                            waiting[self.pool.schedule(carry_out, (one,))] = one
                        else:
                            yield (
                                one,
                                failed(one, f"The worker died {TRIES} times, the last time by {death}."),
                            )
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        self.pool.stop()
        self.pool.join()


ENGINES = {"ours": Processes, "Pebble": Pebbled}


def jobs(days: int, count: int) -> list[Job]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "city.yaml")
        path.write_text(starter_text(), encoding="utf-8")
        spec = load_scenario(path, ["population=50", "residents=1000", f"days={days}"])
    return [job(spec, seed) for seed in range(count)]


def speed() -> None:
    """Seconds to the first result of a new engine, and for many short runs once it is warm."""
    for name, engine in [*ENGINES.items()] * 3:
        began = time.perf_counter()
        one = engine(WORKERS)
        list(one.run(jobs(1, WORKERS)))
        first, began = time.perf_counter() - began, time.perf_counter()
        assert len(list(one.run(jobs(1, RUNS)))) == RUNS
        print(
            f"{name}: first results after {first:.2f} s, {RUNS} runs in {time.perf_counter() - began:.2f} s"
        )
        one.close()


def kills(name: str) -> None:
    """Kill workers one after the other at random moments while runs go on."""
    one, done, ended, began = ENGINES[name](WORKERS), [0], threading.Event(), time.perf_counter()

    def kill() -> None:
        for _ in range(KILLS):
            if ended.wait(random.uniform(6.0, 12.0)):  # a new worker needs some seconds until it is ready
                return
            mine = [p.pid for p in multiprocessing.active_children() if p.pid]
            if mine:
                os.kill(random.choice(mine), signal.SIGKILL)

    list(one.run(jobs(1, WORKERS)))
    threading.Thread(target=kill, daemon=True).start()
    threading.Thread(target=_give_up, args=(name, done), daemon=True).start()
    try:
        for _ in one.run(jobs(300, RUNS)):
            done[0] += 1
    except Exception as fault:
        print(f"{name}: gave up after {done[0]} of {RUNS} runs: {type(fault).__name__} {fault}")
    else:
        print(f"{name}: {done[0]} of {RUNS} runs came back in {time.perf_counter() - began:.1f} s")
    ended.set()
    one.close()


def _give_up(name: str, done: list[int]) -> None:
    time.sleep(LONGEST_S)
    print(f"{name}: hangs after {done[0]} of {RUNS} runs", flush=True)
    os._exit(1)


def long(name: str) -> None:
    """One short run, then long ones; the process that started this one stops it."""
    one = ENGINES[name](WORKERS)
    list(one.run(jobs(1, 1)))
    print("begun", flush=True)
    try:
        list(one.run(jobs(20_000, WORKERS)))
    finally:
        one.close()


def stopped(name: str, how: signal.Signals) -> None:
    """Stop a study in the midst of its runs and see what is left of it."""
    command = [sys.executable, __file__, "long", name]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout and process.stderr
    process.stdout.readline()
    time.sleep(3)
    began = time.perf_counter()
    if how == signal.SIGINT:
        os.killpg(process.pid, how)  # as a terminal does
    else:
        process.kill()
    try:
        process.communicate(timeout=30)  # until the last of the workers has closed its output
        said = f"all processes gone after {time.perf_counter() - began:.2f} s"
    except subprocess.TimeoutExpired:
        said = "processes are left after 30 s"
        os.killpg(process.pid, signal.SIGKILL)
    print(f"{name}, {how.name}: {said}")


def length() -> None:
    """Lines of what would be replaced, and of what would replace it; o2o_sim/processes.py is needed by both."""
    for name, parts in (("ours", (Processes, engines._Worker, engines._work)), ("on Pebble", (Pebbled,))):
        print(f"{name}: {sum(len(inspect.getsource(part).splitlines()) for part in parts)} lines")


def main() -> None:
    length()
    speed()
    for name in ENGINES:
        for how in (signal.SIGINT, signal.SIGKILL):
            stopped(name, how)
        for _ in range(3):
            subprocess.run([sys.executable, __file__, "kills", name], check=False)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        {"kills": kills, "long": long}[sys.argv[1]](sys.argv[2])
    else:
        main()
