"""The report: a file that somebody gets by mail and opens by a double click, without a network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .helpers import PHONE, o2o_sim, picture, spot_of, wait

Visit = Callable[..., Any]
Runs = Callable[..., Path]
SCRIPT = "<script>window.hacked=1</script>"
MAPS = "window.o2oReport?.maps"


@pytest.fixture(scope="module")
def of_one(browser: Any, run_folder: Runs, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a report of one run."""
    out = tmp_path_factory.mktemp("report") / "one.html"
    o2o_sim("report", run_folder(), "-o", out)
    return out.as_uri()


@pytest.fixture(scope="module")
def of_two(browser: Any, run_folder: Runs, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a report that sets one run beside another."""
    out = tmp_path_factory.mktemp("report") / "two.html"
    o2o_sim("report", run_folder(), run_folder("levers.rent_x=10"), "-o", out)
    return out.as_uri()


def read(visit: Visit, url: str, **options: Any) -> Any:
    """Open a report and wait until its map plays."""
    page = visit(url, ready=False, offline=True, **options)
    wait(page, f"{MAPS}?.every(map => map.drawn > 0)")
    return page


def scrub(page: Any, day: int) -> None:
    page.get_by_role("slider", name="Day shown").fill(str(day))
    wait(page, f"o2oReport.day === {day}")


def test_a_report_opens_from_a_file_without_a_network(visit: Visit, of_one: str) -> None:
    page = read(visit, of_one)
    seen = picture(page, "o2oReport.maps[0]")
    assert seen["colours"] > 30 and seen["drawn"] > 0.05
    assert page.evaluate("o2oReport.last") == 364
    scrub(page, 30)
    earlier = picture(page, "o2oReport.maps[0]")["hash"]
    assert earlier != seen["hash"]
    scrub(page, 100)
    scrub(page, 30)
    assert picture(page, "o2oReport.maps[0]")["hash"] == earlier
    page.get_by_role("button", name="Play").click()
    wait(page, "o2oReport.playing && o2oReport.day > 30")


def test_a_report_asks_nobody_even_if_it_could(visit: Visit, of_one: str) -> None:
    page = visit(of_one, ready=False)  # with a network: `visit` counts what is asked for
    wait(page, f"{MAPS}?.every(map => map.drawn > 0)")
    text = Path(of_one.removeprefix("file://")).read_text(encoding="utf-8")
    assert "Content-Security-Policy" in text
    assert page.locator("[src^=http], link[href^=http]").count() == 0


def test_names_in_a_report_are_only_text(visit: Visit, of_one: str) -> None:
    page = read(visit, of_one)
    assert page.evaluate("window.hacked") is None
    assert page.get_by_text(SCRIPT).count() > 0
    store = page.evaluate(
        "name => o2oReport.maps[0].stores.stores.findIndex(store => store.name === name)", SCRIPT
    )
    page.locator(".o2o-map-view").scroll_into_view_if_needed()
    spot = spot_of(page, store, "o2oReport.maps[0]")
    page.mouse.click(spot["x"], spot["y"])
    wait(page, "o2oReport.cards[0] !== null")
    assert page.evaluate("o2oReport.cards[0]") == SCRIPT
    assert page.evaluate("window.hacked") is None


def test_a_shop_in_a_table_leads_to_its_card(visit: Visit, of_one: str) -> None:
    page = read(visit, of_one)
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    button = page.locator("table button.name").first
    name = button.inner_text()
    button.click()
    wait(page, "o2oReport.cards[0] !== null")
    assert page.evaluate("o2oReport.cards[0]") == name


def test_two_runs_have_one_time_bar(visit: Visit, of_two: str) -> None:
    page = read(visit, of_two)
    assert page.evaluate("o2oReport.maps.length") == 2
    scrub(page, 364)
    hashes = [picture(page, f"o2oReport.maps[{k}]")["hash"] for k in (0, 1)]
    assert hashes[0] != hashes[1]
    scrub(page, 5)
    assert [picture(page, f"o2oReport.maps[{k}]")["hash"] for k in (0, 1)] != hashes


@pytest.mark.parametrize("which", ["of_one", "of_two"])
def test_a_report_fits_a_phone(visit: Visit, which: str, request: pytest.FixtureRequest) -> None:
    page = read(visit, request.getfixturevalue(which), viewport=PHONE, is_mobile=True, has_touch=True)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]


def test_a_report_can_be_read_without_scripts(visit: Visit, of_one: str) -> None:
    page = visit(of_one, ready=False, java_script_enabled=False)
    assert page.locator("h1").inner_text().startswith("Village")
    assert page.locator("table").count() > 0
