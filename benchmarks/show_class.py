"""A class at the server: silent connections, sessions that play, a slow reader, and browsers through a lesson.

python -m benchmarks.show_class [--parts flood paced slow browsers base] [--json FILE]

flood     1,100 requests that end after half a head, then 600 websockets without a word, at a server that may open
          1,024 files; while they are there, how long the page and a first picture take somebody else
paced     --sessions (30) sessions that each take 5 days a second, as a page does that shows them
slow      a reader that takes --day-seconds (0.6) for a day, through --days (400) days of classroom asked for at once
browsers  --browsers (30) Chromium pages, slowed --throttle (6) times, through the lesson "When the rent doubles", in
          which each shows two towns for a year, at a server that is started as docs/serve.md says
base      one page, slowed as much, in fast forward through the base city to day 200; and the speeds it is offered

Each page has a browser window (cookies) of its own. The load of the machine is told with the results."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import resource
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from benchmarks.child import ROOT
from benchmarks.show_sessions import browser
from tests.browser import helpers

PARTS = ("flood", "paced", "slow", "browsers", "base")
LESSON, LAST_DAY = "When the rent doubles", 364
PACE = 5.0
AHEAD = 5
FILES = 1024


# -- servers --------------------------------------------------------------------------------------------------
@contextlib.contextmanager
def server(*arguments: str, files: int | None = None) -> Iterator[tuple[str, int]]:
    """`o2o-sim serve classroom` for the length of a block, when it is warm: its address, its process number."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "o2o_sim", "serve", "classroom", "--no-open", "--port", str(port)]

    def few_files() -> None:
        if files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    process = subprocess.Popen(
        [*command, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=few_files,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)},
    )
    try:
        assert process.stdout is not None
        for line in (process.stdout.readline(), process.stdout.readline()):
            print(line, end="", file=sys.stderr)
        time.sleep(8)  # two workers are warm then
        yield f"http://127.0.0.1:{port}/", process.pid
    finally:
        process.send_signal(2)
        process.wait(30)


@contextlib.asynccontextmanager
async def session(url: str, want: int, **more: Any) -> Any:
    """A session of a visitor of their own, opened, its first days asked for."""
    import websockets

    address = url.replace("http", "ws", 1) + "ws"
    options = {"max_size": None, "compression": None, "open_timeout": 60, **browser(), **more}
    async with websockets.connect(address, **options) as line:
        await line.send(json.dumps({"do": "open", "scenario": "classroom"}))
        await line.send(json.dumps({"do": "want", "day": want}))
        yield line


async def next_day(line: Any) -> None:
    """Read up to the next day (or the key)."""
    while isinstance(said := await line.recv(), str):
        if json.loads(said)["say"] == "error":
            raise RuntimeError(json.loads(said)["message"])


# -- parts ----------------------------------------------------------------------------------------------------
def flood(said: argparse.Namespace) -> dict[str, Any]:
    """Silent connections of two kinds, and what somebody who comes then has of the server."""
    head = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
    greeting = (
        b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    found: dict[str, Any] = {}
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with server(files=FILES) as (url, pid):
        port = int(url.rstrip("/").rpartition(":")[2])
        for name, number, words in (("half requests", 1100, head), ("silent websockets", 600, greeting)):
            with contextlib.ExitStack() as open_:
                for _ in range(number):
                    sock = open_.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
                    with contextlib.suppress(OSError):  # the oldest are closed already
                        sock.sendall(words)
                began = time.perf_counter()
                with urllib.request.urlopen(url, timeout=60) as page:
                    assert b"<title>" in page.read()
                page_s = time.perf_counter() - began

                async def first() -> float:
                    began = time.perf_counter()
                    async with session(url, 0) as line:
                        await next_day(line)
                        await next_day(line)
                    return time.perf_counter() - began

                first_s = asyncio.run(first())
                files = psutil.Process(pid).num_fds()
            found[name] = {"page_s": round(page_s, 2), "first_picture_s": round(first_s, 2), "files": files}
    return found


def paced(said: argparse.Namespace) -> dict[str, Any]:
    """Sessions that play at 5 days a second: how many days behind the clock each is at the end, and the most that a
    day came late."""

    async def one(url: str, start: asyncio.Barrier) -> tuple[float, float]:
        late = 0.0
        async with session(url, AHEAD) as line:
            await next_day(line)
            await next_day(line)
            await start.wait()
            began = time.perf_counter()
            for day in range(1, said.days_paced):
                await line.send(json.dumps({"do": "want", "day": min(day + AHEAD, 364)}))
                await next_day(line)  # there already, unless the server is late
                due = began + day / PACE
                late = max(late, time.perf_counter() - due)
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            return (said.days_paced - 1) / (time.perf_counter() - began), late

    async def everybody(url: str) -> list[tuple[float, float]]:
        start = asyncio.Barrier(said.sessions)
        return await asyncio.gather(*(one(url, start) for _ in range(said.sessions)))

    with server("--places", str(said.sessions)) as (url, _):
        found = asyncio.run(everybody(url))
    rates, late = sorted(rate for rate, _ in found), sorted(late for _, late in found)
    return {
        "sessions": said.sessions,
        "slowest_days_per_s": round(rates[0], 2),
        "median_days_per_s": round(rates[len(rates) // 2], 2),
        "latest_day_s": round(late[-1], 2),
    }


def slow(said: argparse.Namespace) -> dict[str, Any]:
    """A reader that is slower than any time-out would wait."""

    async def read(url: str) -> float:
        began = time.perf_counter()
        async with session(url, said.days - 1, ping_interval=None, max_queue=1) as line:
            await next_day(line)
            for _ in range(min(said.days, 365)):
                await next_day(line)
                await asyncio.sleep(said.day_seconds)
        return time.perf_counter() - began

    with server() as (url, _):
        seconds = asyncio.run(read(url))
    return {"days": min(said.days, 365), "seconds": round(seconds), "connected": True}


async def _page(playwright_browser: Any, url: str, throttle: float) -> tuple[Any, helpers.Seen]:
    """A page in a window of its own on a slow computer."""
    context = await playwright_browser.new_context(viewport=helpers.WIDE)
    context.set_default_timeout(600_000)
    page = await context.new_page()
    seen = helpers.Seen()
    seen.watch(page)
    line = await context.new_cdp_session(page)
    await line.send("Emulation.setCPUThrottlingRate", {"rate": throttle})
    await page.goto(url, wait_until="commit")
    return page, seen


async def _until(page: Any, expression: str, seconds: float) -> float:
    """Seconds until something is so on the page; raises TimeoutError with what the page says instead."""
    began = time.perf_counter()
    while not await page.evaluate(expression):
        if time.perf_counter() - began > seconds:
            told = "document.querySelector('.o2o-notice:not([hidden])')?.textContent ?? ''"
            raise TimeoutError(f"{expression}: {await page.evaluate(told)}")
        await asyncio.sleep(0.5)
    return time.perf_counter() - began


NO_LOSS = "(window.o2oApp?.sources ?? []).map(one => one.ended ? null : one.lost).filter(Boolean)"


async def _lesson(playwright_browser: Any, url: str, said: argparse.Namespace, k: int) -> dict[str, Any]:
    await asyncio.sleep(k * said.apart)
    began = time.perf_counter()
    page, seen = await _page(playwright_browser, url, said.throttle)
    await _until(page, "window.o2oApp?.shown >= 0", 300)
    first = time.perf_counter() - began
    await page.get_by_role("tab", name="Lesson").click()
    await page.get_by_role("button", name=LESSON).click()
    await page.get_by_role("button", name="Step 3 of").click()
    began = time.perf_counter()
    await page.get_by_role("button", name="Open the city").click()
    await _until(page, "o2oApp.maps.length === 2", 300)
    two = time.perf_counter() - began
    await _until(page, f"({NO_LOSS}).length > 0 || o2oApp.shown === {LAST_DAY}", 1800)
    found = {
        "first_s": round(first, 1),
        "two_maps_s": round(two, 1),
        "year_s": round(time.perf_counter() - began - two, 1),
        "day": await page.evaluate("o2oApp.shown"),
        "lost": await page.evaluate(NO_LOSS),
        "errors": seen.errors,
    }
    print(k, found, file=sys.stderr)
    return found


async def _chromium(work: Any) -> Any:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=helpers.chromium(), args=helpers.FLAGS)
        try:
            return await work(started)
        finally:
            await started.close()


def browsers(said: argparse.Namespace) -> dict[str, Any]:
    """Slow pages through a lesson with two towns, all of them at once."""

    async def work(started: Any) -> list[Any]:
        pages = (_lesson(started, url, said, k) for k in range(said.browsers))
        return await asyncio.gather(*pages, return_exceptions=True)

    loads = []
    with server() as (url, _):
        loads.append(os.getloadavg()[0])
        found = asyncio.run(_chromium(work))
        loads.append(os.getloadavg()[0])
    whole = [one for one in found if isinstance(one, dict)]
    through = [one for one in whole if one["day"] == LAST_DAY and not one["lost"] and not one["errors"]]
    return {
        "browsers": said.browsers,
        "throttle": said.throttle,
        "through": len(through),
        "faults": [repr(one) for one in found if one not in through],
        "slowest_first_s": max((one["first_s"] for one in whole), default=None),
        "slowest_year_s": max((one["year_s"] for one in whole), default=None),
        "load": [round(load, 1) for load in loads],
    }


def base(said: argparse.Namespace) -> dict[str, Any]:
    """The page where one day takes longest."""

    async def work(started: Any) -> dict[str, Any]:
        page, seen = await _page(started, f"{url}#scenario=base", said.throttle)
        await _until(page, "window.o2oApp?.shown >= 0", 300)
        began = time.perf_counter()
        await page.get_by_role("slider", name="Day shown").fill("200")
        await _until(page, f"({NO_LOSS}).length > 0 || o2oApp.shown === 200", 1800)
        seconds = time.perf_counter() - began
        speeds = (
            "[...document.querySelectorAll('.o2o-speed option')].filter(o => !o.disabled).map(o => +o.value)"
        )
        return {
            "throttle": said.throttle,
            "seconds_to_day_200": round(seconds, 1),
            "lost": await page.evaluate(NO_LOSS),
            "errors": seen.errors,
            "days_per_s_made": round(1 / await page.evaluate("o2oApp.sources[0].daySeconds"), 1),
            "speeds_offered": await page.evaluate(speeds),
        }

    with server() as (url, _):
        return dict(asyncio.run(_chromium(work)))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    arguments.add_argument("--sessions", type=int, default=30)
    arguments.add_argument("--days-paced", type=int, default=300, help="days of each session in `paced`")
    arguments.add_argument("--browsers", type=int, default=30)
    arguments.add_argument("--throttle", type=float, default=6)
    arguments.add_argument("--apart", type=float, default=1.0, help="seconds from one page to the next")
    arguments.add_argument("--days", type=int, default=400)
    arguments.add_argument("--day-seconds", type=float, default=0.6)
    arguments.add_argument("--json", type=Path)
    said = arguments.parse_args()
    found: dict[str, Any] = {"load": [round(load, 1) for load in os.getloadavg()]}
    for part in said.parts:
        found[part] = globals()[part](said)
        print(json.dumps({part: found[part]}), flush=True)
    if said.json:
        said.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
