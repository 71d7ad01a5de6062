"""What Python wrote is what a browser reads; and a finished run served again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from o2o_sim.record.frames import decode, unpack

from .helpers import ROOT, Server, fact, picture, seek, serve, spot_of, until

Visit = Callable[..., Any]
STORED = ROOT / "tests" / "baselines" / "tiny.o2o"
KINDS = {
    "Uint8Array": np.uint8,
    "Uint16Array": np.uint16,
    "Uint32Array": np.uint32,
    "Int32Array": np.int32,
    "Float32Array": np.float32,
}
READ = """async () => {
  const {unpack} = await import("/frames.js");
  const frames = await unpack(await (await fetch("/tiny.o2o")).arrayBuffer());
  const plain = ({header, arrays}) => ({
    header,
    arrays: Object.fromEntries(header.sections.map(([name]) => [name, [arrays[name].constructor.name, [...arrays[name]]]])),
  });
  const days = Array.from({length: frames.count}, (_, day) => plain(frames.at(day)));
  return [plain(frames.key), ...days];
}"""


def test_a_browser_reads_the_stored_recording_as_python_does(browser: Any) -> None:
    context = browser.new_context()
    files = {
        "frames.js": "text/javascript",
        "replay.js": "text/javascript",
        "tiny.o2o": "application/octet-stream",
    }

    def answer(route: Any) -> None:
        name = route.request.url.rpartition("/")[2]
        if not name:
            route.fulfill(body="<!doctype html>", content_type="text/html")
        else:
            path = STORED if name == STORED.name else ROOT / "js" / "src" / name
            route.fulfill(body=path.read_bytes(), content_type=files[name])

    context.route("**/*", answer)
    page = context.new_page()
    page.goto("http://o2o.test/")
    found = page.evaluate(READ)
    context.close()
    key, frames = unpack(STORED.read_bytes())
    wanted = [decode(message) for message in (key, *frames)]
    assert len(found) == len(wanted)
    for seen, meant in zip(found, wanted, strict=True):
        assert seen["header"] == meant.header
        assert list(seen["arrays"]) == [name for name, *_ in meant.header["sections"]]
        for name, (kind, numbers) in seen["arrays"].items():
            assert KINDS[kind] == meant.arrays[name].dtype
            np.testing.assert_array_equal(np.array(numbers, KINDS[kind]), meant.arrays[name])


@pytest.fixture(scope="module")
def again(
    browser: Any, run_folder: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that shows a finished run."""
    yield from serve(tmp_path_factory.mktemp("again") / "log", "--replay", run_folder())


def test_a_finished_run_is_served_again(again: Server, live: Server, visit: Visit) -> None:
    page, fresh = visit(again.url), visit(live.url)
    for one in (page, fresh):
        seek(one, 50)
    assert picture(page)["hash"] == picture(fresh)["hash"]
    assert page.locator(".lever input:enabled").count() == 0
    spot = spot_of(page)
    page.mouse.click(spot["x"], spot["y"])
    name = fact(page, f"sources[0].frames.stores[{spot['id']}].name")
    page.locator(".o2o-inspect .card h2", has_text=name).wait_for()
    until(page, "selected.kind === 'store'")
