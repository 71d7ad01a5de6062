"""Photograph the live page and a report for the README: docs/pictures/live.png and report.png.

python docs/make_screens.py, or `make screens` (needs Chromium: on the path, or named in O2O_CHROMIUM)
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the tests know how to start a server and a browser

from playwright.sync_api import sync_playwright  # noqa: E402

from tests.browser.helpers import FLAGS, WIDE, chromium, o2o_sim, serve, wait  # noqa: E402

PICTURES = ROOT / "docs/pictures"
TOWN = ROOT / "scenarios/town.yaml"
DAY = 200


def live(browser: Any, folder: Path) -> None:
    """The town on a summer's day, with its charts."""
    for server in serve(folder / "log", TOWN):
        page = browser.new_page(viewport=WIDE)
        page.goto(f"{server.url}#scenario=town&seed=1&set=levers.rent_x:1.3&day={DAY}")
        wait(page, f"window.o2oApp?.shown >= {DAY}")
        page.get_by_role("tab", name="Charts").click()
        page.wait_for_timeout(1500)
        page.screenshot(path=PICTURES / "live.png")
        page.close()


def report(browser: Any, folder: Path) -> None:
    """The head of the town's report."""
    o2o_sim("run", str(TOWN), "--days", "365", "--quiet", "--out", str(folder / "town"))
    o2o_sim("report", str(folder / "town"), "-o", str(folder / "town.html"))
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.goto((folder / "town.html").as_uri())
    page.wait_for_selector(".o2o-time")
    page.wait_for_timeout(1500)
    page.screenshot(path=PICTURES / "report.png")
    page.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        live(browser, Path(folder))
        report(browser, Path(folder))
        browser.close()


if __name__ == "__main__":
    main()
