"""How many sessions of the live page a machine carries: frames per second and memory, each session with a
client.

python -m benchmarks.show_sessions --sessions 30 --days 120

The clients are in a process of their own, read as fast as they can, and ask for days as a page does: a few
ahead of what they have. What is measured is the slowest session's frames per second, how long a first picture
takes, and the memory of all processes of the server (PSS: what is shared counts once)."""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil

AHEAD = 10
SCENARIO = Path(__file__).parent.parent / "scenarios" / "classroom.yaml"


def browser() -> dict[str, Any]:
    """What makes a client a browser of its own for the server: every one is another visitor."""
    return {"additional_headers": {"Cookie": f"o2o_visitor={secrets.token_urlsafe(16)}"}}


async def one_client(url: str, scenario: str, days: int) -> dict[str, Any]:
    """Open a session and read `days` frames; seconds to the first picture, and from it to the last."""
    import websockets

    began = time.perf_counter()
    async with websockets.connect(
        url, max_size=None, compression=None, open_timeout=120, **browser()
    ) as line:
        await line.send(json.dumps({"do": "open", "scenario": scenario}))
        await line.send(json.dumps({"do": "want", "day": AHEAD}))
        got, size, first = -1, 0, 0.0  # the key comes before the first frame
        while got < days:
            message = await line.recv()
            if isinstance(message, str):
                said = json.loads(message)
                if said["say"] == "error":
                    raise RuntimeError(said["message"])
                continue
            got, size = got + 1, size + len(message)
            if got == 1:
                first = time.perf_counter()
            if got % (AHEAD // 2) == 0:
                await line.send(json.dumps({"do": "want", "day": min(got + AHEAD, days - 1)}))
        last = time.perf_counter()
    return {"first": first - began, "rate": (days - 1) / (last - first), "bytes": size, "end": last}


async def all_clients(url: str, scenario: str, sessions: int, days: int) -> list[dict[str, Any]]:
    """So many clients at once."""
    return await asyncio.gather(*(one_client(url, scenario, days) for _ in range(sessions)))


def memory(server: int, seconds: dict[int, float]) -> dict[str, float]:
    """PSS and number of processes of a server and all below it, in MB; their processor seconds go into
    `seconds`."""
    found = [psutil.Process(server), *psutil.Process(server).children(recursive=True)]
    sizes = []
    for process in found:
        try:
            sizes.append(process.memory_full_info())
            used = process.cpu_times()
            seconds[process.pid] = used.user + used.system
        except psutil.Error:
            continue
    pss = [getattr(size, "pss", size.rss) / 1e6 for size in sizes]
    return {"pss_mb": sum(pss), "processes": len(pss), "largest_pss_mb": max(pss)}


def measure(
    sessions: int = 30, days: int = 120, scenario: Path = SCENARIO, port: int = 8799, cores: int | None = None
) -> dict[str, Any]:
    """Start a server, let `sessions` clients in at once and then one more alone, and stop it.

    `cores` keeps the server to so many of them. The result has the slowest and median rate (frames/s), the
    seconds until the first and the last client had a first picture, those of one who comes to a waiting
    server, and memory."""
    command = [sys.executable, "-m", "o2o_sim", "serve", str(scenario), "--no-open", "--port", str(port)]
    server = subprocess.Popen([*command, "--places", str(sessions)], stdout=subprocess.DEVNULL)
    try:
        if cores:
            psutil.Process(server.pid).cpu_affinity(list(range(cores)))
        url = f"ws://127.0.0.1:{port}/ws"
        time.sleep(8)  # two workers are warm then
        alone = asyncio.run(one_client(url, scenario.stem, days))
        time.sleep(3)
        watch = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.show_sessions", "--clients", url, "--sessions", str(sessions)]
            + ["--days", str(days), "--scenario", str(scenario)],
            stdout=subprocess.PIPE,
            text=True,
        )
        most: dict[str, float] = {}
        before: dict[int, float] = {}
        after: dict[int, float] = {}
        memory(server.pid, before)
        while watch.poll() is None:
            now = memory(server.pid, after)
            most = max(most, now, key=lambda found: found.get("pss_mb", 0.0))
            time.sleep(0.5)
        with closing(watch.stdout) as said:  # type: ignore[type-var]
            found = json.loads(said.read())  # type: ignore[union-attr]
    finally:
        server.send_signal(2)
        server.wait(20)
    rates = sorted(one["rate"] for one in found)
    firsts = sorted(one["first"] for one in found)
    return {
        "sessions": sessions,
        "days": days,
        "slowest_frames_per_second": round(rates[0], 1),
        "median_frames_per_second": round(rates[len(rates) // 2], 1),
        "first_picture_seconds": round(firsts[0], 2),
        "last_first_picture_seconds": round(firsts[-1], 2),
        "alone_first_picture_seconds": round(alone["first"], 2),
        "alone_frames_per_second": round(alone["rate"], 1),
        # With the births of the processes; says more than the rates where others use the machine too.
        "cpu_ms_per_frame": round((sum(after.values()) - sum(before.values())) / sessions / days * 1000, 2),
        "bytes_per_frame": round(found[0]["bytes"] / days),
        **{key: round(value) for key, value in most.items()},
        "pss_mb_per_session": round(most["pss_mb"] / sessions, 1),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sessions", type=int, default=30)
    arguments.add_argument("--days", type=int, default=120)
    arguments.add_argument("--scenario", type=Path, default=SCENARIO)
    arguments.add_argument("--cores", type=int)
    arguments.add_argument("--clients", metavar="URL", help="only be the clients of a server that runs")
    said = arguments.parse_args()
    if said.clients:
        found: Any = asyncio.run(all_clients(said.clients, said.scenario.stem, said.sessions, said.days))
    else:
        found = measure(said.sessions, said.days, said.scenario, cores=said.cores)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
