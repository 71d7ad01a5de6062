"""A real browser and a real server: what only the two together can show.

The browser is a Chromium that is installed already: the one that O2O_CHROMIUM names, or `chromium`,
`chromium-browser`, `google-chrome` on the path. Without one, or without Playwright, all of these tests are
skipped. Nothing here waits for a time, only for facts that the page tells (`window.o2oApp`); how long that
takes is not tested."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .helpers import FLAGS, PATIENCE_S, VILLAGE, WIDE, Seen, Server, chromium, o2o_sim, serve, wait


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, without a window."""
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is not installed: the extra [test]"
    )
    path = chromium()
    if path is None:
        pytest.skip("no Chromium found: install one, or name it in O2O_CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def live(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the village."""
    yield from serve(tmp_path_factory.mktemp("live") / "log", VILLAGE)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Runs of the village, each made once: `run_folder("levers.rent_x=3")`."""
    made: dict[tuple[str, ...], Path] = {}

    def make(*overrides: str) -> Path:
        if overrides not in made:
            folder = tmp_path_factory.mktemp("runs") / "run"
            sets = [part for override in overrides for part in ("--set", override)]
            command = ["run", str(VILLAGE), "--quiet", "--out", str(folder), *sets]
            o2o_sim(*command)
            made[overrides] = folder
        return made[overrides]

    return make


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open an address in a window of its own: `page = visit(url)`. At the end of every test no page may have
    asked anybody else for anything, or have logged an error (but for those that match `allow`)."""
    windows: list[tuple[Any, str, Seen, str]] = []

    def open_page(url: str, *, ready: bool = True, allow: str = "", **options: Any) -> Any:
        context = browser.new_context(**{"viewport": WIDE, **options})
        context.set_default_timeout(PATIENCE_S * 1000)
        page = context.new_page()
        seen = Seen()
        seen.watch(page)
        windows.append((context, url, seen, allow))
        page.goto(url)
        if ready:
            wait(page, "Number.isInteger(window.o2oApp?.shown) && o2oApp.map?.drawn > 0")
        return page

    yield open_page
    problems: list[str] = []
    for context, url, seen, allow in windows:
        context.close()
        problems += [f"{url} asked for {address}" for address in seen.strangers(url)]
        problems += [e for e in seen.errors if not (allow and re.search(allow, e))]
    assert not problems
