"""The end of a run on the page, the days before it, and the way back."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .helpers import PHONE, Server, fact, seek, serve, until, wait

Visit = Callable[..., Any]
LAST = 364


def saved(page: Any, button: str, folder: Path) -> Path:
    """Press a button with the keyboard; the file that comes of it."""
    with page.expect_download() as coming:
        page.get_by_role("button", name=button).focus()
        page.keyboard.press("Enter")
    path = folder / coming.value.suggested_filename
    coming.value.save_as(path)
    return path


@pytest.mark.faults("The end of a run", tries=6)
def test_the_end_of_two_runs_says_what_differs_and_gives_files(
    live: Server, visit: Visit, tmp_path: Path
) -> None:
    page = visit(
        f"{live.url}#scenario=village&day={LAST - 3}&b.set=levers.rent_x:30", viewport=PHONE, has_touch=True
    )
    until(page, f"shown === {LAST - 3}")
    assert page.get_by_role("tab", name="Summary").count() == 0  # nothing is over yet
    page.locator("body").press("Space")
    until(page, "tab === 'summary'")
    summary = page.locator(".o2o-summary")
    assert page.evaluate("document.activeElement.textContent").startswith("The end:")
    rows = {
        row.locator("th").inner_text(): [int(x.replace("−", "-").replace("=", "0")) for x in row.locator("td").all_inner_texts()]
        for row in summary.locator("tbody tr").all()
    }  # fmt: skip
    states = [
        [row.count(k) for k in range(5)]
        for row in (fact(page, f"sources[{n}].frames.statesAt({LAST}).join().split(',').map(Number)") for n in (0, 1))
    ]  # fmt: skip
    assert [(a, b) for a, b, _ in rows.values()] == list(zip(*states, strict=True))
    assert all(change == b - a for a, b, change in rows.values())
    assert summary.locator(".o2o-changes li").count() == 3
    overhang = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overhang <= 0
    with saved(page, "Outcomes", tmp_path).open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["run"] for row in table] == ["A"] * sum(states[0]) + ["B"] * sum(states[1])
    assert [sum(row["outcome"] == "closed" for row in table if row["run"] == run) for run in "AB"] == [
        states[0][4],
        states[1][4],
    ]
    assert not any(cell[:1] in set("=+@") for row in table for cell in row.values())
    assert saved(page, "Picture", tmp_path).read_bytes().startswith(b"\x89PNG")
    report = saved(page, "Report of B", tmp_path).read_text(encoding="utf-8")
    assert report.startswith("<!DOCTYPE html>") and "<script>window" not in report
    assert page.evaluate("document.activeElement.textContent").startswith("Report of B")  # the focus stays


@pytest.mark.faults("The end of a run")
def test_a_stored_run_has_its_end_and_its_report(
    run_folder: Callable[..., Path], visit: Visit, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for server in serve(tmp_path_factory.mktemp("end") / "log", "--replay", run_folder()):
        page = visit(server.url)
        page.locator("body").press("End")
        page.get_by_role("tab", name="Summary").click()
        page.locator(".o2o-summary h2", has_text="The end").wait_for()
        report = saved(page, "Report", tmp_path).read_text(encoding="utf-8")
        assert 'id="o2o-replay-run"' in report  # with the map, which was recorded


@pytest.mark.faults("The day that is shown", tries=6)
def test_back_on_an_earlier_day_nothing_tells_of_later_ones(live: Server, visit: Visit) -> None:
    page = visit(f"{live.url}#scenario=village&day={LAST}&set=levers.rent_x:30")
    until(page, f"shown === {LAST}")
    closed = fact(page, f"sources[0].frames.statesAt({LAST}).findIndex(state => state === 4)")
    assert closed >= 0
    name = fact(page, f"sources[0].frames.stores[{closed}].name")
    page.get_by_role("tab", name="Inspect").click()
    page.get_by_label("Find a shop, circle or platform by name").fill(name[:20])
    page.locator(".o2o-inspect .found").get_by_text(name, exact=True).click()
    card = page.locator(".o2o-inspect")
    card.get_by_text("Closed on").wait_for()
    day = 20
    seek(page, day)
    card.get_by_text("As of 21 Jan 2013").wait_for()
    assert "losed" not in card.inner_text()
    page.get_by_label("Find a shop, circle or platform by name").fill(name[:20])
    page.locator(".o2o-inspect .found li").first.wait_for()
    assert "losed" not in page.locator(".o2o-inspect .found").inner_text()
    page.get_by_role("tab", name="Summary").click()
    page.locator(".o2o-summary h2", has_text="So far: 21 January 2013").wait_for()
    assert "Every shop is as it was" in page.locator(".o2o-summary").inner_text()
    page.get_by_role("tab", name="News").click()
    assert "Feb" not in page.locator(".o2o-news").inner_text()
    page.get_by_role("tab", name="Charts").click()
    wait(
        page, "document.querySelector('[data-chart=outcomes] .plot').ariaLabel?.includes('closed 0, then 0')"
    )
    # The line ends at the day shown: to the right of it nothing is painted.
    painted = page.evaluate(
        """() => {
          const canvas = document.querySelector("[data-chart=outcomes] canvas");
          const {width, height} = canvas;
          const pixels = canvas.getContext("2d").getImageData(Math.round(width * 0.5), 8, 1, height - 60).data;
          return pixels.filter((x, k) => k % 4 === 3 && x > 200).length;
        }"""
    )
    assert painted <= 6  # lines of the grid


@pytest.mark.faults("The day that is shown", tries=3)
def test_back_closes_a_window_and_goes_to_what_was_shown_before(live: Server, visit: Visit) -> None:
    page = visit(f"{live.url}#scenario=village&day=12")
    until(page, "shown === 12")
    seek(page, 14)
    wait(page, "location.hash.includes('day=14')")
    page.get_by_role("button", name="Help (?)").click()
    page.get_by_role("dialog").wait_for()
    page.go_back()
    page.get_by_role("dialog").wait_for(state="detached")
    assert fact(page, "shown") == 14
    page.get_by_role("button", name="Help (?)").click()
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    page.get_by_role("button", name="Compare two runs side by side").click()
    until(page, "maps.length === 2")
    wait(page, "location.hash.includes('b.set')")
    page.go_back()
    until(page, "maps.length === 1")
    until(page, "shown === 14")
    page.go_forward()
    until(page, "maps.length === 2")
