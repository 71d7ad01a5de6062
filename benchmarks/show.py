"""How many pictures of the city a browser shows in a second: Mesa's SolaraViz and the package's own page.

python -m benchmarks.show [--people 1000 10000] [--seconds 20] [--parts mesa page first classroom] [--json
FILE]

One machine, one Chromium without a window (the one on the path, or O2O_CHROMIUM), one scenario (town.yaml),
one kind of count: at every frame the browser draws (at most 60 a second), a script in the page looks whether
what is on the screen is another picture than at the frame before. Mesa's app is `show_mesa.py`; its play
interval is the shortest there is. The page plays at its highest speed; "days" are the simulated days it shows
in a second, "pictures" how often the map is drawn while it plays at two days a second, when people are seen
walking."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.child import ROOT
from tests.browser import helpers

TOWN = ROOT / "scenarios" / "town.yaml"
CLASSROOM = ROOT / "scenarios" / "classroom.yaml"
WAYS = ("space", "renderer", "matplotlib")
IDIOM = ("space", "renderer")
"""What Mesa offers for the purpose; the other ways are written by the user."""
BARS = {"times_mesa": 10.0, "days_per_s": 30.0, "first_s": 2.0, "session_days_per_s": 5.0}
MADE_WITH = ("mesa", "solara", "ipyvuetify", "playwright")
PATIENCE_S = 120
FASTEST = 60  # days per second, the most that the page offers

# What Mesa's page shows: a picture whose address changes, or a canvas (or drawing) that is made anew.
COUNT_MESA = """
window.counted = 0;
let last = null;
(function look() {
  const image = [...document.querySelectorAll("img")].find(one => one.naturalWidth > 300);
  const shown = image ? image.complete && image.src : document.querySelector("canvas.marks, svg.marks");
  if (shown && shown !== last) { last = shown; window.counted += 1; }
  requestAnimationFrame(look);
})();
"""
# What our page shows: days, and pictures of the map. `firstMs`: when the map was first seen to be none too
# plain.
COUNT_OURS = """
window.days = 0; window.pictures = 0; window.firstMs = 0;
let day = null, drawn = null;
function coloured(map) {
  const canvases = [...map.root.querySelectorAll("canvas")];
  const {width, height} = canvases[0];
  const whole = new OffscreenCanvas(width, height).getContext("2d", {willReadFrequently: true});
  for (const canvas of canvases) whole.drawImage(canvas, 0, 0);
  return new Set(new Uint32Array(whole.getImageData(0, 0, width, height).data.buffer)).size > 30;
}
(function look() {
  const app = window.o2oApp;
  if (app?.map && app.shown !== null && app.shown >= 0) {
    const now = performance.now();
    if (!window.firstMs && app.map.drawn && coloured(app.map)) window.firstMs = now;
    if (app.shown !== day) { day = app.shown; window.days += 1; }
    if (app.map.drawn !== drawn) { drawn = app.map.drawn; window.pictures += 1; }
  }
  requestAnimationFrame(look);
})();
"""
WAIT = """([expression, seconds]) => new Promise((done, fail) => {
  const last = performance.now() + 1000 * seconds;
  const look = () => {
    const there = CONDITION;
    if (there) done(performance.now()); else if (performance.now() > last) fail(new Error("timeout")); else setTimeout(look, 20);
  };
  look();
})"""


def chromium() -> str:
    """The browser's executable."""
    found = helpers.chromium()
    if found is None:
        raise SystemExit("There is no Chromium here: install one, or name it in O2O_CHROMIUM.")
    return found


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """A browser, started anew."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=helpers.FLAGS)
        yield started
        started.close()


@contextlib.contextmanager
def server(*command: object, ask: str = "/", **environment: str) -> Iterator[str]:
    """Run a server that takes `--port`; its address, once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [*map(str, command), "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        last = time.monotonic() + PATIENCE_S
        while True:
            try:
                urllib.request.urlopen(url + ask, timeout=PATIENCE_S).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > last:
                    raise RuntimeError(f"{' '.join(map(str, command))} does not answer") from None
                time.sleep(0.2)
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait(page: Any, condition: str, seconds: float = PATIENCE_S) -> float:
    """Wait for something in the page; when it was so, in ms since the page began to load.

    Not by Playwright's own means, which evaluate text in the page: our page's policy forbids that.
    """
    return page.evaluate(WAIT.replace("CONDITION", condition), [condition, seconds])


def per_second(page: Any, counters: list[str], seconds: float) -> list[float]:
    """How much counters of the page grow in a second, by the page's own clock."""
    read = f"[performance.now(), {', '.join(counters)}]"
    before = page.evaluate(read)
    page.wait_for_timeout(1000 * seconds)
    after = page.evaluate(read)
    return [1000 * (b - a) / (after[0] - before[0]) for a, b in zip(before[1:], after[1:])]


def mesa(people: int, way: str, seconds: float) -> float:
    """Pictures per second of SolaraViz while it plays."""
    solara = [sys.executable, "-m", "solara", "run", Path(__file__).with_name("show_mesa.py")]
    options = ["--host", "127.0.0.1", "--production", "--no-open"]
    environment = {"SHOW_PEOPLE": str(people), "SHOW_WAY": way, "SHOW_SCENARIO": str(TOWN)}
    with server(*solara, *options, ask="/readyz", **environment) as url, browser() as chrome:
        page = chrome.new_page(viewport=helpers.WIDE)
        page.add_init_script(COUNT_MESA)
        page.goto(url)
        page.get_by_role("button", name="▶").click(timeout=1000 * PATIENCE_S)
        wait(page, "window.counted > 5")
        return per_second(page, ["window.counted"], seconds)[0]


def ours(people: int, seconds: float) -> dict[str, float]:
    """Of the page: days shown per second at full speed, pictures per second at a walk."""
    with serve(TOWN, "--set", f"population={people}") as url, browser() as chrome:
        page = chrome.new_page(viewport=helpers.WIDE)
        page.add_init_script(COUNT_OURS)
        page.goto(url)
        wait(page, "window.firstMs > 0")
        speed = page.get_by_label("Speed")
        speed.select_option("2")
        page.get_by_role("button", name="Play").click()
        wait(page, "o2oApp.shown > 2")
        walking = per_second(page, ["window.pictures"], seconds / 2)[0]
        speed.select_option(str(FASTEST))
        wait(page, "o2oApp.shown > 30")
        left = page.evaluate("o2oApp.sources[0].days - o2oApp.shown")
        most = left / FASTEST * 0.9  # it must not come to its end meanwhile
        days, simulated = per_second(page, ["window.days", "o2oApp.shown"], min(seconds, most))
        cost = page.evaluate("o2oApp.map.cost")
        return {"days_shown": days, "days_passed": simulated, "pictures_walking": walking, "draw_ms": cost}


@contextlib.contextmanager
def serve(*arguments: object) -> Iterator[str]:
    """`o2o-sim serve`, warm: it had time to make the processes that wait for visitors."""
    with server(
        sys.executable, "-m", "o2o_sim", "serve", *arguments, "--no-open", ask="/api/scenarios"
    ) as url:
        time.sleep(8)
        yield url


def first_picture(scenario: Path, openings: int = 5) -> dict[str, float]:
    """Seconds from the start of loading to a map on the screen, by the page's clock; every opening in a
    browser that knows nothing, of a server that waits (and had three seconds to fill up the place the last
    one took)."""
    times = []
    with serve(scenario) as url, browser() as chrome:
        for _ in range(openings):
            context = chrome.new_context(viewport=helpers.WIDE)
            page = context.new_page()
            page.add_init_script(COUNT_OURS)
            page.goto(url)
            wait(page, "window.firstMs > 0")
            times.append(page.evaluate("window.firstMs") / 1000)
            context.close()
            time.sleep(3)
    return {"median": median(times), "worst": max(times)}


def classroom(sessions: int, days: int) -> dict[str, Any]:
    """A class at once: see `show_sessions`."""
    command = [sys.executable, "-m", "benchmarks.show_sessions"]
    command += ["--sessions", str(sessions), "--days", str(days)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"benchmarks.show_sessions failed:\n{done.stderr.strip()[-500:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def verdict(value: float, bar: float, *, most: bool = False) -> str:
    """Whether a bar is reached."""
    fine = value <= bar if most else value >= bar
    return f"({'at most' if most else 'at least'} {bar:g}: {'reached' if fine else 'MISSED'})"


def show_pictures(people: list[int], seconds: float, parts: set[str], ways: list[str]) -> dict[str, Any]:
    """Measure and print what is shown of towns of so many people."""
    report: dict[str, Any] = {}
    for n in people:
        row = report[str(n)] = {}
        print(f"{n:,} consumers", flush=True)
        if "mesa" in parts:
            row["mesa"] = {}
            for way in ways:
                try:
                    row["mesa"][way] = mesa(n, way, seconds)
                    print(f"  SolaraViz, {way:<11}{row['mesa'][way]:8.1f} pictures/s", flush=True)
                except Exception as fault:  # one way that does not work is no reason to lose the others
                    print(f"  SolaraViz, {way:<11} no picture: {str(fault).splitlines()[0]}", flush=True)
        if "page" in parts:
            found = row["page"] = ours(n, seconds)
            print(
                f"  our page             {found['days_shown']:8.1f} days shown/s (of {found['days_passed']:.1f} passed); "
                f"walking {found['pictures_walking']:.1f} pictures/s, {found['draw_ms']:.1f} ms each",
                flush=True,
            )
        if row.get("mesa") and "page" in row:
            row["times"] = {way: row["page"]["days_shown"] / rate for way, rate in row["mesa"].items()}
            for way, times in row["times"].items():
                said = verdict(times, BARS["times_mesa"]) if way in IDIOM else "(for information)"
                print(f"  {times:5.1f}x SolaraViz, {way} {said}")
    if "page" in report.get("10000", {}):
        rate = report["10000"]["page"]["days_shown"]
        print(f"10,000 consumers: {rate:.1f} days shown/s {verdict(rate, BARS['days_per_s'])}")
    return report


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.show", description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, nargs="*", default=[1000, 10_000])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--ways", nargs="*", default=list(WAYS), help="ways of SolaraViz (see show_mesa.py)")
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--days", type=int, default=120)
    every = ("mesa", "page", "first", "classroom")
    parser.add_argument("--parts", nargs="*", choices=every, default=every)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    parts = set(options.parts)

    report: dict[str, Any] = {"versions": {name: version(name) for name in MADE_WITH}}
    print(", ".join(f"{name} {number}" for name, number in report["versions"].items()))
    if parts & {"mesa", "page"}:
        report["pictures"] = show_pictures(options.people, options.seconds, parts, options.ways)
    if "first" in parts:
        for scenario in (CLASSROOM, TOWN):
            found = report[f"first_picture_{scenario.stem}"] = first_picture(scenario)
            print(
                f"first picture of {scenario.stem}: {found['median']:.2f} s, worst {found['worst']:.2f} s "
                f"{verdict(found['worst'], BARS['first_s'], most=True)}",
                flush=True,
            )
    if "classroom" in parts:
        found = report["classroom"] = classroom(options.sessions, options.days)
        rate = found["slowest_frames_per_second"]
        print(
            f"{options.sessions} sessions at once: slowest {rate:.1f} days/s "
            f"{verdict(rate, BARS['session_days_per_s'])}, {found['pss_mb_per_session']:.0f} MB each, "
            f"last first picture after {found['last_first_picture_seconds']:.1f} s"
        )
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
