"""Places: how many there are, and that nobody has all of them."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import talkers
from serving import running

from o2o_sim.show import admission
from o2o_sim.show.admission import Holder, Places, carried, connections
from o2o_sim.show.messages import Limits

LIMITS = Limits(places=6, pages_each=3, wait_seconds=0.01)
pytestmark = pytest.mark.faults("Visitors and places")


def comes(held: Places, who: str, page: str = "", address: str = "10.0.0.1") -> Holder | None:
    """A visitor with a new page (or map of one), who may not find a place."""
    holder = Holder(address, who, page)
    return holder if held.admit(holder) else None


def in_loop(test):
    """Run a test where futures can be made: in a thread, for the browser of other tests has a loop in this one."""

    async def run():
        if (waiting := test()) is not None:
            await waiting

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, run()).result()


def kept(holders: list[Holder | None]) -> list[bool]:
    return [holder is not None and not holder.replaced.done() for holder in holders]


@pytest.mark.parametrize("maps", [1, 2])
@pytest.mark.parametrize("behind_one_router", [True, False])
def test_as_many_visitors_as_places_find_one_with_two_maps_too(behind_one_router, maps):
    def test():
        held = Places(LIMITS)
        address = (lambda k: "10.0.0.1") if behind_one_router else (lambda k: f"10.0.0.{k}")
        class_ = [comes(held, f"v{k}", f"p{k}", address(k)) for k in range(6) for _ in range(maps)]
        assert all(kept(class_)) and held.full
        assert comes(held, "late", "p", "10.0.0.1" if behind_one_router else "10.0.0.9") is None

    in_loop(test)


@pytest.mark.parametrize("cookie", ["greedy", ""], ids=["a browser", "a program without a cookie"])
@pytest.mark.parametrize("free", [6, 3, 1])
def test_one_visitor_has_at_most_three_pages_and_yields_them(cookie, free):
    def test():
        held = Places(replace(LIMITS, places=6))
        others = [comes(held, f"v{k}", f"p{k}") for k in range(6 - free)]
        greedy = [comes(held, cookie) for _ in range(40)]
        mine = min(3, free)
        assert kept(greedy) == [False] * (40 - mine) + [True] * mine
        assert all("close" in holder.replaced.result() for holder in greedy[:-mine])
        assert all(kept(others))
        # Everybody who has none gets one, down to one page for the greedy.
        late = [comes(held, f"late{k}", f"q{k}") for k in range(free - 1)]
        assert all(kept(late)) and all(kept(others)) and sum(kept(greedy)) == 1
        assert comes(held, "one too many", "p") is None

    in_loop(test)


def test_one_page_has_two_maps_and_the_oldest_makes_room_for_a_third():
    def test():
        held = Places(LIMITS)
        maps = [comes(held, "a", "p") for _ in range(3)]
        assert kept(maps) == [False, True, True]
        for one in maps:
            held.leave(one)
        assert [bool(comes(held, f"v{k}", f"p{k}")) for k in range(7)] == [True] * 6 + [False]

    in_loop(test)


def test_made_up_cookies_of_one_address_shut_no_other_address_out():
    def test():
        held = Places(LIMITS)
        forged = [comes(held, f"f{k}", f"p{k}") for k in range(6)]
        forged[0].heard = float("inf")  # the others were silent for longer
        assert all(comes(held, f"v{k}", f"p{k}", f"10.0.0.{k}") for k in range(2, 5))
        assert kept(forged) == [True, False, False, False, True, True]
        assert comes(held, "late", "p", "10.0.0.9") is None, "half of the places are others'"

    in_loop(test)


def test_who_waits_is_woken_and_who_waits_in_vain_is_told():
    async def test():
        held = Places(replace(LIMITS, places=1, wait_seconds=5))
        first, second = Holder("10.0.0.1", "a", "p"), Holder("10.0.0.1", "b", "p")
        assert held.admit(first)
        waiting = asyncio.create_task(held.take(second))
        await asyncio.sleep(0)
        held.leave(first)
        await waiting
        held.limits = replace(LIMITS, places=1)
        with pytest.raises(TimeoutError):
            await held.take(Holder("10.0.0.1", "c", "p"))

    in_loop(test)


@pytest.mark.parametrize(
    ("changed", "cores", "memory", "files"),
    [("cores", 4, 1e12, 9999), ("memory", 999, 8e9, 9999), ("files", 999, 1e12, 600)],
)
def test_places_follow_what_the_machine_has(monkeypatch, changed, cores, memory, files):
    def found(cores=cores, memory=memory, files=files, consumers=2000):
        monkeypatch.setattr(admission, "cores", lambda: cores)
        monkeypatch.setattr(admission, "free_memory", lambda: memory)
        return carried(consumers, files)

    now = {"cores": cores, "memory": memory, "files": files}
    first = found()
    assert 1 < first < admission.MOST
    assert found(**{changed: now[changed] * 2}) > first > found(**{changed: now[changed] / 2})
    if changed != "files":
        assert found(consumers=20_000) < first
    assert found(cores=0, memory=0.0, files=10) == 1
    assert connections(first, files) >= 32


def test_free_memory_is_that_of_this_machine():
    assert 1e7 < admission.free_memory() < 1e14


def test_a_student_cannot_shut_the_class_out():
    with running(limits={"places": 4, "wait_seconds": 0.2}, spares=1, make=talkers.Talker) as server:
        talk = server.talk
        with talk(visitor="greedy") as a, talk(visitor="greedy") as b, talk(visitor="greedy") as c:
            a.open(), b.open(), c.open()
            with talk(visitor="greedy") as d:
                d.open()
                said = a.until("error")
                assert said["fatal"] and "3 other pages" in said["message"] and "close" in said["message"]
                with talk(visitor="one") as one, talk(visitor="two") as two, talk(visitor="three") as three:
                    assert one.open() and two.open() and three.open()
                    assert "All 4 places" in b.until("error")["message"]
                    assert "All 4 places" in c.until("error")["message"]
                    d.say(do="want", day=3)
                    assert len(d.frames(5)) == 5, "one page is left to the greedy"


def test_two_maps_of_one_page_are_one_place():
    with running(limits={"places": 2, "wait_seconds": 0.2}, spares=1, make=talkers.Talker) as server:
        page = "?page=" + "p" * 16
        one, two = (server.talk(visitor="one", query=page) for _ in range(2))
        with one as a, two as b, server.talk(visitor="two") as other:
            assert a.open() and b.open() and other.open()
            with server.talk(visitor="late") as late:
                late.say(do="open", scenario="hamlet")
                assert "All 2 places" in late.until("error")["message"]
            b.say(do="want", day=3)
            assert len(b.frames(5)) == 5
