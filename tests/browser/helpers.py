"""What the tests of the pages share: finding a browser, running servers, reading what a page shows."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
VILLAGE = HERE / "village.yaml"
PATIENCE_S = 60
WIDE, PHONE = {"width": 1280, "height": 720}, {"width": 360, "height": 740}
FLAGS = [
    "--no-sandbox",  # root has no sandbox, and the only pages seen are ours
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# What a map shows, as one number; how many colours there are in it; and where a shop can be clicked.
PICTURE = """map => {
  const canvases = [...map.root.querySelectorAll("canvas")];
  const {width, height} = canvases[0];
  const whole = new OffscreenCanvas(width, height).getContext("2d", {willReadFrequently: true});
  for (const canvas of canvases) whole.drawImage(canvas, 0, 0);
  const pixels = new Uint32Array(whole.getImageData(0, 0, width, height).data.buffer);
  let hash = 2166136261;
  const colours = new Map();
  for (const pixel of pixels) {
    hash = Math.imul(hash ^ pixel, 16777619);
    colours.set(pixel, (colours.get(pixel) ?? 0) + 1);
  }
  const most = Math.max(...colours.values());
  return {hash: hash >>> 0, colours: colours.size, drawn: 1 - most / pixels.length};
}"""
SPOT = """([map, id]) => {
  const box = map.pane.getBoundingClientRect();
  for (let y = 2; y < box.height; y += 3) for (let x = 2; x < box.width; x += 3) {
    const [px, py] = [box.left + x, box.top + y];
    const found = map.pane.contains(document.elementFromPoint(px, py)) && map.pick(x, y, 2);
    if (found && found.kind === "store" && (id === null || found.id === id)) return {x: px, y: py, id: found.id};
  }
  return null;
}"""


def chromium() -> str | None:
    """The browser's executable, or None."""
    named = os.environ.get("O2O_CHROMIUM")
    if named:
        return shutil.which(named)
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next((path for path in found if path), None)


# -- servers -------------------------------------------------------------------------------------------------
@dataclass
class Server:
    """`o2o-sim serve` in a process of its own. `teacher` is the teacher's address in a broadcast."""

    url: str
    teacher: str
    process: subprocess.Popen[str]

    def get(self, path: str) -> Any:
        """JSON that the server tells."""
        with urllib.request.urlopen(self.url + path.lstrip("/"), timeout=PATIENCE_S) as answer:
            return json.load(answer)


def serve(log: Path, *arguments: object) -> Iterator[Server]:
    """Serve until the caller has had enough. Ctrl-C must end it."""
    command = [sys.executable, "-m", "o2o_sim", "serve", *map(str, arguments), "--no-open", "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
    with log.open("w") as written:
        process = subprocess.Popen(
            _with_free_port(command),
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=written,
            text=True,
        )
    try:
        assert process.stdout is not None
        lines: list[str] = []
        wanted = "teacher" if "--broadcast" in command else "The page"
        while not any(wanted in line for line in lines):
            line = process.stdout.readline()
            assert line, f"the server ended:\n{''.join(lines)}{log.read_text()}"
            lines.append(line)
        found = re.findall(r"http://\S+", "".join(lines))
        server = Server(found[0], found[-1], process)
        server.get("api/about")
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        finally:
            process.kill()
            process.wait()


def _with_free_port(command: list[str]) -> list[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return [*command[:-1], str(probe.getsockname()[1])]


def o2o_sim(*arguments: object) -> str:
    """Run the command; what it said."""
    command = [sys.executable, "-m", "o2o_sim", *map(str, arguments)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# -- pages ---------------------------------------------------------------------------------------------------
@dataclass
class Seen:
    """What a page did that a test must know of."""

    addresses: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self, page: Any) -> None:
        page.on("request", lambda request: self.addresses.append(request.url))
        page.on("websocket", lambda socket: self.addresses.append(socket.url))
        page.on("pageerror", lambda error: self.errors.append(f"exception: {error}"))
        page.on("console", lambda said: said.type == "error" and self.errors.append(f"console: {said.text}"))

    def strangers(self, home: str) -> list[str]:
        """Addresses asked for that are not on `home`'s server (or in its own file)."""
        own = urlsplit(home)
        inside = {"data", "blob"} | ({"file"} if own.scheme == "file" else set())
        return [
            address
            for address in self.addresses
            if urlsplit(address).scheme not in inside and urlsplit(address).netloc != own.netloc
        ]


def picture(page: Any, which: str = "o2oApp.map") -> dict[str, Any]:
    """What a map shows at rest: `hash`, `colours` (how many), `drawn` (share that is not ground).

    A slow machine draws part of it a little later: it is looked at when nothing has been drawn for a while.
    """
    page.evaluate(
        f"""async () => {{
          const pause = () => new Promise(done => setTimeout(() => requestAnimationFrame(done), 300));
          for (let drawn = -1; drawn !== {which}.drawn; await pause()) drawn = {which}.drawn;
        }}"""
    )
    return page.evaluate(f"({PICTURE})({which})")


def fact(page: Any, expression: str) -> Any:
    """Something of `window.o2oApp`: `fact(page, "shown")`."""
    return page.evaluate(f"o2oApp.{expression}")


def wait(page: Any, condition: str) -> None:
    """Wait until a JavaScript expression is true.

    Not by Playwright's `wait_for_function`: that evaluates text in the page, which the page's own policy
    forbids."""
    page.evaluate(
        f"""() => new Promise((done, fail) => {{
          const last = performance.now() + {PATIENCE_S * 1000};
          const look = () => {{
            if ({condition}) done();
            else if (performance.now() > last) fail(new Error({json.dumps(f"never became true: {condition}")}));
            else setTimeout(look, 20);
          }};
          look();
        }})"""
    )


def until(page: Any, expression: str) -> None:
    """Wait until something of `window.o2oApp` is so: `until(page, "shown === 5")`."""
    wait(page, f"o2oApp.{expression}")


def seek(page: Any, day: int) -> None:
    """Drag the time bar to a day, and wait until it is shown."""
    page.get_by_role("slider", name="Day shown").fill(str(day))
    until(page, f"shown === {day}")


def paced(page: Any, day_seconds: float) -> None:
    """Have the page believe that a day of its first run takes so long to be simulated."""
    page.evaluate(
        """seconds => { const [one] = o2oApp.sources; one.daySeconds = seconds; one.emit("pace"); }""",
        day_seconds,
    )


def frames(page: Any, days: int, source: int = 0) -> list[str]:
    """What the page got of each day up to `days` (which are there): states of the shops and deeds of the
    people."""
    return page.evaluate(
        """([source, days]) => Array.from({length: days}, (_, day) => {
          const {people, state, totals} = o2oApp.sources[source].frames.at(day).arrays;
          return `${state} ${people} ${totals}`;
        })""",
        [source, days],
    )


def spot_of(page: Any, store: int | None = None, which: str = "o2oApp.map") -> dict[str, Any]:
    """Where on the screen a store (any, if None) can be clicked: `x`, `y`, and its number `id`."""
    spot = page.evaluate(f"([id]) => ({SPOT})([{which}, id])", [store])
    assert spot, f"store {store} is nowhere on the map"
    return spot
