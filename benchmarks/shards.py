"""What it costs to divide the people of one city over processes: seconds and bytes per day, memory.

    python -m benchmarks.shards                                   1,000,000 consumers of `base`, 20 days
    python -m benchmarks.shards --consumers 50000 --days 10 --shards 1 2 3

Every number of shards is a run of its own, in a fresh process; 0 stands for a run without shards, with as many threads
as there are processes otherwise. Seconds are medians over days, but for the first two (the first one compiles, or reads
what was compiled)."""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import time
from contextlib import nullcontext
from typing import Any


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
    parser.add_argument("--cluster", help="address of a Dask cluster, or local")
    options = parser.parse_args()
    print(f"{options.scenario}, {options.consumers:,} consumers, {options.days} days")
    print(f"{'':24} {'s/day':>7} {'start s':>8} {'kB out':>8} {'kB in':>7}  MB here, MB of shards")
    for shards in options.shards:
        for threads in options.threads if shards == 0 else [1]:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.apply(measure, (options, shards, threads)), flush=True)


def measure(options: Any, shards: int, threads: int) -> str:
    """A line of the table."""
    import numba

    from o2o_sim import O2OModel, load_scenario
    from o2o_sim.market.shoppers import gather
    from o2o_sim.shards.shoppers import SpreadShoppers, spread

    multiprocessing.current_process()._config["daemon"] = False  # else it may have no shards
    numba.set_num_threads(threads)
    spec = load_scenario(options.scenario, [f"population={options.consumers}", f"days={options.days}"])
    with nullcontext(gather) if shards == 0 else spread(spec, shards, options.cluster) as people:
        began = time.perf_counter()
        model = O2OModel(spec, people=people)
        ready, each = time.perf_counter() - began, []
        sent = received = 0.0
        memory: list[float] = []
        for day in range(spec.days):
            if day == 2 and isinstance(model.shoppers, SpreadShoppers):
                sent, received = -sum(model.shoppers.sent), -sum(model.shoppers.received)
            before = time.perf_counter()
            model.step()
            each.append(time.perf_counter() - before)
        if isinstance(model.shoppers, SpreadShoppers):
            days = (spec.days - 2) * shards * 1000
            sent, received = (
                (sent + sum(model.shoppers.sent)) / days,
                (received + sum(model.shoppers.received)) / days,
            )
            memory = model.shoppers.ask(peak_mb)
    name = f"{shards} shards" if shards else f"no shards, {threads} thread{'s' * (threads > 1)}"
    return (
        f"{name:24} {statistics.median(each[2:]):7.3f} {ready:8.2f} {sent:8.1f} {received:7.1f}  "
        f"{peak_mb():.0f}, {' '.join(f'{mb:.0f}' for mb in memory)}"
    )


def peak_mb(_: Any = None) -> float:
    """The most memory that this process has used."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    main()
