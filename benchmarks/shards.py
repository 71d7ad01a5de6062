"""What it costs to divide the people of one city over processes: seconds and bytes per day, memory.

    python -m benchmarks.shards                                   1,000,000 consumers of `base`, 20 days
    python -m benchmarks.shards --consumers 10000000 --set residents=10000000 --days 6 --shards 2

Every number of shards is a run of its own, in a fresh process; 0 stands for a run without shards, with as many threads
as there are processes otherwise. Seconds are medians over days, and those of the fastest day, but for the first two (the
first one compiles, or reads what was compiled). Seconds of processor time a day, here and in the busiest shard, hang less
on what else the machine does. `kB` are those of one day and shard."""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from typing import Any, NamedTuple


def main() -> None:
    """Run it as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shards", description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", default="base", help="a scenario file, or the name of a shipped one")
    parser.add_argument("--consumers", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument(
        "--shards", type=int, nargs="+", default=[0, 1, 2], help="numbers of shards (0: none)"
    )
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="for runs without shards")
    parser.add_argument("--set", action="append", default=[], help="other keys: key.path=value")
    parser.add_argument("--cluster", help="address of a Dask cluster, or local")
    options = parser.parse_args()
    print(f"{options.scenario}, {options.consumers:,} consumers, {options.days} days")
    print(
        f"{'':22} {'s/day':>7} {'fastest':>7} {'start s':>7} {'CPU here':>9} {'CPU shard':>9} {'kB out':>7} {'kB in':>7}",
        end="",
    )
    print("  MB here, MB of shards")
    for shards in options.shards:
        for threads in options.threads if shards == 0 else [1]:
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
                print(fresh.submit(measure, options, shards, threads).result(), flush=True)


def measure(options: Any, shards: int, threads: int) -> str:
    """A line of the table."""
    import numba

    from o2o_sim import O2OModel, load_scenario
    from o2o_sim.market.shoppers import gather
    from o2o_sim.shards.shoppers import SpreadShoppers, spread

    numba.set_num_threads(threads)
    said = [f"population={options.consumers}", f"days={options.days}", *options.set]
    spec = load_scenario(options.scenario, said)
    with nullcontext(gather) if shards == 0 else spread(spec, shards, options.cluster) as people:
        began = time.perf_counter()
        model = O2OModel(spec, people=people)
        ready, each = time.perf_counter() - began, []
        shoppers, before = model.shoppers, Used()
        for day in range(spec.days):
            if day == FIRST:
                before = Used.now(shoppers)
            since = time.perf_counter()
            model.step()
            each.append(time.perf_counter() - since)
        used, days = Used.now(shoppers), spec.days - FIRST
        there = [(b - a) / days for a, b in zip(before.there, used.there)]
        megabytes = shoppers.ask(peak_mb) if isinstance(shoppers, SpreadShoppers) else []
    name = f"{shards} shards" if shards else f"no shards, {threads} thread{'s' * (threads > 1)}"
    kb = [(used.sent - before.sent), (used.received - before.received)]
    return (
        f"{name:22} {statistics.median(each[FIRST:]):7.3f} {min(each[FIRST:]):7.3f} {ready:7.2f} "
        f"{(used.here - before.here) / days:9.3f} {max(there, default=0):9.3f} "
        + " ".join(f"{n / 1000 / days / max(shards, 1):7.1f}" for n in kb)
        + f"  {peak_mb():.0f}, {' '.join(f'{mb:.0f}' for mb in megabytes)}"
    )


FIRST = 2
"""The first day that counts."""


class Used(NamedTuple):
    """Seconds of processor time so far, here and in each shard, and bytes sent to and received from all of them."""

    here: float = 0.0
    there: tuple[float, ...] = ()
    sent: int = 0
    received: int = 0

    @classmethod
    def now(cls, shoppers: Any) -> Used:
        """What is used by now."""
        if not hasattr(shoppers, "sent"):
            return cls(time.process_time())
        there = tuple(shoppers.ask(seconds))
        return cls(time.process_time(), there, sum(shoppers.sent), sum(shoppers.received))


def seconds(_: Any = None) -> float:
    """Seconds of processor time that this process has used."""
    return time.process_time()


def peak_mb(_: Any = None) -> float:
    """The most memory that this process has used."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    main()
