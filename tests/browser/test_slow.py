"""Slow computers and slow cities: slowed, never cut off, and offered what can be kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .helpers import Server, fact, seek, until, wait

Visit = Callable[..., Any]
pytestmark = pytest.mark.faults("Slow clients")
LOST = "sources.filter(one => one.lost && !one.ended).length"
# In how many animation frames one run told of new days more than once, for every time is a picture.
COUNT = """() => {
  window.told = window.twice = 0;
  const now = o2oApp.sources.map(() => 0);
  o2oApp.sources.forEach((source, k) => source.on("frame", () => { now[k] += 1; window.told += 1; }));
  const look = () => {
    if (Math.max(...now) > 1) window.twice += 1;
    now.fill(0);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


# Which speeds are offered when a day takes so long; at once, for the server may tell something else.
OFFERED = """seconds => {
  const [one] = o2oApp.sources;
  one.daySeconds = seconds;
  one.emit("pace");
  const select = document.querySelector(".o2o-speed select");
  return [[...select.options].filter(o => !o.hidden && !o.disabled).map(o => +o.value), +select.value];
}"""


@pytest.mark.parametrize("slower", [1, 6])
@pytest.mark.parametrize("maps", [1, 2])
def test_a_slow_computer_in_fast_forward_is_only_slowed(
    live: Server, visit: Visit, maps: int, slower: int
) -> None:
    page = visit(live.url)
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
    if maps == 2:
        page.get_by_role("button", name="Compare").click()
        until(page, "maps.length === 2")
    page.evaluate(COUNT)
    seek(page, 364)
    assert fact(page, LOST) == 0
    told, twice = page.evaluate("[told, twice]")
    assert told > 1 and twice == 0
    assert page.evaluate("o2oApp.sources.map(one => one.frames.count)") == [365] * maps


@pytest.mark.parametrize(("day_seconds", "fastest"), [(0.0001, 60), (0.08, 10), (0.3, 2), (9, 0.5)])
def test_only_speeds_that_the_city_keeps_are_offered(
    live: Server, visit: Visit, day_seconds: float, fastest: float
) -> None:
    offered, chosen = visit(live.url).evaluate(OFFERED, day_seconds)
    assert offered[-1] == fastest
    assert chosen == min(2, fastest), "two days a second, or what can be kept"


def test_the_server_tells_the_page_how_long_a_day_takes(live: Server, visit: Visit) -> None:
    page = visit(live.url)
    seek(page, 30)
    wait(page, "o2oApp.sources[0].daySeconds > 0")
