"""Two runs of one city beside each other: what differs, and only that, is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .helpers import Server, fact, frames, picture, seek, until, wait

Visit = Callable[..., Any]

# Names of the shops whose state differs on a day, worked out from the frames alone.
DIFFERENT = """day => {
  const [a, b] = o2oApp.sources.map(({frames}) => {
    const state = frames.at(day).arrays.state;
    return new Map(frames.stores.slice(0, state.length).map((store, n) => [store.name, state[n]]));
  });
  return [...new Set([...a.keys(), ...b.keys()])].filter(name => a.get(name) !== b.get(name)).sort();
}"""


def listed(page: Any) -> list[str]:
    """The shops the page lists as having another fate."""
    return sorted(page.locator(".o2o-fate-name strong").all_inner_texts())


def test_a_lever_moved_in_b_shows_whose_fate_it_changes(live: Server, visit: Visit) -> None:
    page = visit(live.url)
    page.get_by_role("button", name="Compare").click()
    until(page, "maps.length === 2")
    page.locator(".o2o-notice", has_text="Run B is the same city").wait_for()
    page.get_by_role("tab", name="A | B").click()
    page.get_by_text("every shop fares the same").wait_for()

    page.get_by_role("tab", name="Levers").click()
    page.get_by_role("button", name="Levers of B").click()
    field = page.locator('.lever[data-key="levers.rent_x"]:visible input[type="number"]')
    field.fill("10")
    field.press("Enter")
    wait(page, "o2oApp.sources[1].run.moves.length === 1")
    from_day = fact(page, "sources[1].run.moves[0][0]")
    assert fact(page, "sources[0].run.moves.length") == 0

    page.get_by_role("tab", name="A | B").click()
    seek(page, 364)
    a, b = frames(page, 365, 0), frames(page, 365, 1)
    assert a[:from_day] == b[:from_day] and a != b
    different = page.evaluate(DIFFERENT, 364)
    assert different, "rents of ten times the usual should close others"
    assert listed(page) == different
    assert picture(page, "o2oApp.maps[0]")["hash"] != picture(page, "o2oApp.maps[1]")["hash"]

    page.locator(".o2o-fate").first.click()
    name = fact(page, "selected.name")
    assert name in different
    wait(page, "[...document.querySelectorAll('.o2o-card-host h2')].length === 2")
    assert page.locator(".o2o-card-host .card h2").all_inner_texts() == [name, name]

    seek(page, 0)
    page.get_by_role("tab", name="A | B").click()
    page.get_by_text("every shop fares the same").wait_for()
    assert listed(page) == []


def test_a_link_to_two_runs_brings_both_back(live: Server, visit: Visit) -> None:
    link = f"{live.url}#scenario=village&seed=3&set=levers.rent_x:2&b.set=levers.rent_x:9&day=65"
    page = visit(link)
    until(page, "maps.length === 2")
    until(page, "shown === 65")
    runs = fact(page, "sources.map(source => source.run)")
    assert [run["set"] for run in runs] == [{"levers.rent_x": 2}, {"levers.rent_x": 9}]
    assert [run["seed"] for run in runs] == [3, 3]
    again = visit(page.url)
    until(again, "shown === 65")
    for k in (0, 1):
        assert frames(again, 66, k) == frames(page, 66, k)
        assert picture(again, f"o2oApp.maps[{k}]")["hash"] == picture(page, f"o2oApp.maps[{k}]")["hash"]


def test_both_maps_look_at_the_same_place(live: Server, visit: Visit) -> None:
    page = visit(f"{live.url}#scenario=village&b.set=levers.rent_x:2&day=3")
    until(page, "maps.length === 2")
    until(page, "shown === 3")
    page.locator(".o2o-map-view").nth(1).focus()
    page.keyboard.press("+")
    page.keyboard.press("Shift+ArrowRight")
    wait(page, "o2oApp.maps[1].view.zoom > 1.2")
    one, other = fact(page, "maps.map(map => map.view)")
    assert one == other


def test_a_link_whose_run_b_is_bad_shows_a(live: Server, visit: Visit) -> None:
    page = visit(f"{live.url}#scenario=village&b.set=levers.rent_x:200&day=3")
    until(page, "shown === 3")
    assert fact(page, "maps.length") == 1
    notice = page.locator(
        ".o2o-notice", has_text="Run B could not be opened: Rents: must be a number from 0 to 100"
    )
    notice.get_by_role("button", name="Open B without levers").click()
    until(page, "maps.length === 2")
    until(page, "shown === 3")
    assert fact(page, "sources.map(source => source.run.set)") == [{}, {}]


def test_a_link_whose_run_a_is_bad_says_so(live: Server, visit: Visit) -> None:
    page = visit(f"{live.url}#scenario=village&set=levers.rent_x:200&b.set=levers.rent_x:2", ready=False)
    page.locator(".o2o-notice", has_text="Run A: Rents: must be a number").wait_for()
