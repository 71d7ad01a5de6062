"""The live page as people use it: look, play, move a lever, look back, ask, share."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from .helpers import PHONE, Server, fact, frames, paced, picture, seek, spot_of, until, wait

Visit = Callable[..., Any]
SCRIPT, IMAGE = "<script>window.hacked=1</script>", "<img src=x onerror=window.hacked=2>"


def lever(page: Any, key: str, value: float) -> None:
    """Type a value into the number field of a lever."""
    page.get_by_role("tab", name="Levers").click()
    field = page.locator(f'.lever[data-key="{key}"]:visible input[type="number"]')
    field.fill(str(value))
    field.press("Enter")


def speed(page: Any, days_per_second: int) -> None:
    paced(page, 0.001)  # a busy machine may not keep it, and would not offer it
    page.get_by_label("Speed").select_option(str(days_per_second))


def test_the_page_opens_with_a_map(live: Server, visit: Visit) -> None:
    page = visit(live.url)
    seen = picture(page)
    assert seen["colours"] > 30 and seen["drawn"] > 0.05
    assert fact(page, "shown") == 0 and not fact(page, "playing")
    assert "Village" in page.title()
    assert page.locator(".o2o-date").inner_text() == "Tue 1 Jan 2013"


def test_the_page_may_ask_nobody_but_its_server(live: Server) -> None:
    with urllib.request.urlopen(live.url) as answer:
        policy = answer.headers["Content-Security-Policy"]
    rules = dict(part.strip().partition(" ")[::2] for part in policy.split(";") if part.strip())
    assert rules["default-src"] in ("'none'", "'self'")
    assert "unsafe" not in rules.get("script-src", "") and "http" not in rules.get("script-src", "")
    own = live.url.removeprefix("http:").strip("/")
    assert set(rules["connect-src"].split()) <= {"'self'", f"ws://{own}", f"wss://{own}"}


def test_play_goes_on_from_day_to_day(live: Server, visit: Visit) -> None:
    page = visit(live.url)
    speed(page, 10)
    page.get_by_role("button", name="Play").click()
    until(page, "shown >= 4")
    page.get_by_role("button", name="Pause").click()
    until(page, "playing === false")
    shown = fact(page, "shown")
    assert page.locator(".o2o-date").inner_text().endswith(f" {1 + shown} Jan 2013")
    assert f"day {1 + shown} of 365" in page.locator(".o2o-progress").inner_text()


def test_a_lever_changes_what_follows_and_nothing_before(live: Server, visit: Visit) -> None:
    untouched, moved = visit(live.url), visit(live.url)
    seek(moved, 3)
    lever(moved, "levers.rent_x", 20)
    wait(moved, "o2oApp.sources[0].run.moves.length === 1")
    from_day = fact(moved, "sources[0].run.moves[0][0]")
    assert from_day > 3
    for page in (untouched, moved):
        seek(page, 70)
    a, b = frames(untouched, 71), frames(moved, 71)
    assert a[:from_day] == b[:from_day]
    assert a != b
    assert moved.locator(".o2o-flag").count() == 1


def test_looking_back_shows_the_same_picture(live: Server, visit: Visit) -> None:
    page = visit(live.url)
    seek(page, 10)
    first = picture(page)["hash"]
    seek(page, 30)
    assert picture(page)["hash"] != first
    seek(page, 10)
    assert picture(page)["hash"] == first


def test_the_time_bar_can_be_dragged_while_it_plays(live: Server, visit: Visit) -> None:
    page = visit(live.url)
    speed(page, 30)
    page.get_by_role("button", name="Play").click()
    until(page, "shown >= 20")
    seek(page, 2)
    assert fact(page, "playing") is False


def test_a_click_on_a_shop_shows_its_card(live: Server, visit: Visit) -> None:
    page = visit(live.url)
    seek(page, 40)
    spot = spot_of(page)
    page.mouse.click(spot["x"], spot["y"])
    name = fact(page, f"sources[0].frames.stores[{spot['id']}].name")
    page.locator(".o2o-inspect .card h2", has_text=name).wait_for()
    assert fact(page, "tab") == "inspect"
    assert fact(page, "selected") == {"kind": "store", "name": name}
    assert page.locator(".o2o-inspect .card h2").inner_text() == name


def test_two_windows_do_not_disturb_each_other(live: Server, visit: Visit) -> None:
    one, other = visit(live.url), visit(live.url)
    before = picture(other)["hash"]
    seek(one, 20)
    lever(one, "levers.subsidy_x", 3)
    wait(one, "o2oApp.sources[0].run.moves.length === 1")
    assert fact(other, "shown") == 0 and fact(other, "sources[0].run.moves.length") == 0
    assert picture(other)["hash"] == before
    seek(other, 20)
    assert frames(one, 21) == frames(other, 21)


def test_a_link_brings_back_city_levers_and_day(live: Server, visit: Visit) -> None:
    page = visit(f"{live.url}#scenario=village&seed=7&set=levers.rent_x:2&moves=15:levers.subsidy_x:2&day=20")
    until(page, "shown === 20")
    run = fact(page, "sources[0].run")
    assert run["seed"] == 7 and run["set"] == {"levers.rent_x": 2}
    assert [15, "levers.subsidy_x", 2] in run["moves"]
    seek(page, 25)
    wait(page, "location.hash.includes('day=25')")
    again = visit(page.url)
    until(again, "shown === 25")
    assert picture(again)["hash"] == picture(page)["hash"]
    assert frames(again, 26) == frames(page, 26)


def test_names_are_only_text(live: Server, visit: Visit) -> None:
    page = visit(live.url)
    seek(page, 3)
    names = fact(page, "sources[0].frames.stores.map(store => store.name)")
    for name in (SCRIPT, IMAGE):
        spot = spot_of(page, names.index(name))
        page.mouse.move(spot["x"], spot["y"])
        assert page.locator(".o2o-map-tip").inner_text().startswith(name)
        page.mouse.click(spot["x"], spot["y"])
        page.locator(".o2o-inspect .card h2", has_text=name).wait_for()
    page.get_by_label("Find a shop, circle or platform by name").fill("script")
    page.locator(".o2o-inspect .found", has_text=SCRIPT).wait_for()
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == 0
    assert "<b>&amp;</b>" in page.title()


def test_the_keyboard_is_enough(live: Server, visit: Visit) -> None:
    page = visit(live.url)
    press = page.keyboard.press
    press("ArrowRight")
    until(page, "shown === 1")
    press("Shift+ArrowRight")
    until(page, "shown === 32")  # 2 February
    press("Home")
    until(page, "shown === 0")
    press("Space")
    until(page, "shown >= 1")
    press("Space")
    until(page, "playing === false")
    page.locator(".o2o-map-view").focus()
    press("ArrowRight")
    press("Enter")
    until(page, "selected?.kind === 'store'")
    page.locator(".o2o-inspect .card h2").wait_for()
    page.locator("body").click(position={"x": 2, "y": 2})
    press("?")
    page.get_by_role("dialog").wait_for()
    press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")


def test_a_phone_shows_all_of_it(live: Server, visit: Visit) -> None:
    page = visit(live.url, viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=2)
    seen = picture(page)
    assert seen["colours"] > 30
    for tab in ("Levers", "Charts", "Inspect", "News"):
        page.get_by_role("tab", name=tab).tap()
        until(page, f"tab === '{tab.lower()}'")
        wide = page.evaluate("document.scrollingElement.scrollWidth")
        assert wide <= PHONE["width"], f"{tab} is {wide} wide"
    seek(page, 2)
    page.get_by_role("button", name="Play").tap()
    until(page, "shown >= 3")


def test_a_projector_needs_no_scrolling(live: Server, visit: Visit) -> None:
    page = visit(live.url)
    high = page.evaluate("[document.scrollingElement.scrollHeight, innerHeight, scrollX]")
    assert high[0] <= high[1] and high[2] == 0


@pytest.mark.parametrize("dark", [False, True])
def test_light_and_dark(live: Server, visit: Visit, dark: bool) -> None:
    page = visit(live.url, color_scheme="dark" if dark else "light")

    def ground() -> int:
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour.strip("rgba()").split(",")[:3])

    assert fact(page, "theme") == ("dark" if dark else "light")
    assert (ground() < 200) == dark
    seen = picture(page)
    assert seen["colours"] > 30
    page.get_by_role("button", name="theme").or_(page.get_by_role("button", name="dark")).or_(
        page.get_by_role("button", name="light")
    ).first.click()
    until(page, f"theme === '{'light' if dark else 'dark'}'")
    assert (ground() < 200) != dark
    assert picture(page)["hash"] != seen["hash"]


def test_an_unknown_city_is_refused_in_words(live: Server, visit: Visit) -> None:
    page = visit(f"{live.url}#scenario=atlantis&day=3", ready=False)
    notice = page.locator(".o2o-notice", has_text="does not offer that scenario")
    notice.wait_for()
    assert notice.get_by_role("button", name="Choose another city").is_visible()


def test_the_address_goes_on_while_it_plays(live: Server, visit: Visit) -> None:
    """Who reloads the page stays where the class is."""
    page = visit(live.url)
    speed(page, 5)
    page.get_by_role("button", name="Play").click()
    wait(page, "/day=([5-9]|[1-9][0-9])/.test(location.hash) && o2oApp.playing")
    page.reload()
    wait(page, "window.o2oApp?.shown >= 5")


def test_the_last_day_is_told(live: Server, visit: Visit) -> None:
    page = visit(live.url)
    assert page.locator("[role=status] > .o2o-notice").count() == 1  # there before anything is said
    seek(page, 355)
    speed(page, 60)
    page.get_by_role("button", name="Play").click()
    # A screen reader says what has the focus.
    page.locator(".o2o-summary h2:focus", has_text="The end: 31 December 2013").wait_for()
    assert fact(page, "shown") == 364 and not fact(page, "playing")


def test_what_a_link_says_in_vain_is_told(live: Server, visit: Visit) -> None:
    page = visit(f"{live.url}#scenario=village&set=levers.rent_x:NaN&day=soon")
    page.locator(".o2o-notice", has_text="left out: “set=levers.rent_x:NaN”, “day=soon”").wait_for()
    until(page, "shown === 0")


LOSABLE = """
const Real = WebSocket;
window.sockets = [];
window.WebSocket = class {
  constructor(url) {
    if (!window.dead) {
      window.sockets.push(new Real(url));
      return window.sockets.at(-1);
    }
    this.readyState = 3;
    setTimeout(() => this.onclose({reason: "Nobody is there."}), 0);
  }
  close() {}
};
"""


def test_a_reconnect_that_fails_takes_nothing_away(live: Server, visit: Visit) -> None:
    page = visit(live.url)
    page.add_init_script(LOSABLE)
    page.reload()
    wait(page, "Number.isInteger(window.o2oApp?.shown) && o2oApp.map?.drawn > 0")
    seek(page, 20)
    before = picture(page)["hash"]
    page.evaluate("window.dead = true; sockets.at(-1).close()")
    notice = page.locator(".o2o-notice")
    notice.get_by_text("The connection to the simulation is lost.").wait_for()
    notice.get_by_role("button", name="Reconnect").click()
    notice.get_by_text("Nobody is there.").wait_for()
    assert picture(page)["hash"] == before
    seek(page, 10)  # its days are still there
    page.evaluate("window.dead = false")
    notice.get_by_role("button", name="Reconnect").click()
    notice.get_by_text("Connected again.").wait_for()
    until(page, "shown === 10")
    seek(page, 20)
    assert picture(page)["hash"] == before


def test_tabs_know_home_and_end(live: Server, visit: Visit) -> None:
    page = visit(live.url)
    seek(page, 3)
    page.get_by_role("tab", name="Charts").click()
    page.keyboard.press("End")
    last = page.locator("[role=tab]:visible").last
    assert last.get_attribute("aria-selected") == "true"
    page.keyboard.press("Home")
    assert fact(page, "tab") == "levers" and page.evaluate("document.activeElement.textContent") == "Levers"
    assert fact(page, "shown") == 3


@pytest.mark.parametrize("viewport", [PHONE, {"width": 1280, "height": 720}])
def test_the_figures_of_platforms_are_named(live: Server, visit: Visit, viewport: dict[str, int]) -> None:
    page = visit(live.url, viewport=viewport)
    assert page.locator(".o2o-map-platforms").get_by_text("members").is_visible()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= viewport["width"]
