"""A class: the teacher drives one run, everybody sees it, nobody else can move anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .helpers import VILLAGE, Server, fact, frames, picture, seek, serve, until, wait

Visit = Callable[..., Any]

# What the server answers to a message of a page that does not keep to the rules.
SAY = """message => new Promise((done, fail) => {
  setTimeout(() => fail(new Error("no answer")), 30000);
  const socket = new WebSocket(`ws://${location.host}/ws`);
  socket.onopen = () => {
    socket.send(JSON.stringify({do: "open", scenario: "village"}));
    socket.send(JSON.stringify(message));
  };
  socket.onmessage = ({data}) => {
    if (typeof data !== "string") return;
    const said = JSON.parse(data);
    if (said.say === "error") { socket.close(); done(said); }
  };
})"""


@pytest.fixture
def school(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose one run begins anew with every test."""
    yield from serve(tmp_path_factory.mktemp("school") / "log", VILLAGE, "--broadcast")


def test_pupils_see_what_the_teacher_shows(school: Server, visit: Visit) -> None:
    teacher = visit(school.teacher)
    assert "teacher" not in teacher.url, "the secret must not stay in the address that a projector shows"
    pupil = visit(school.url)
    seek(teacher, 10)
    until(pupil, "shown === 10")
    assert frames(pupil, 11) == frames(teacher, 11)
    assert picture(pupil)["hash"] == picture(teacher)["hash"]
    teacher.get_by_role("button", name="Play").click()
    until(pupil, "shown >= 12")
    teacher.get_by_role("button", name="Pause").click()
    late = visit(school.url)
    now = fact(teacher, "shown")
    until(late, f"shown === {now}")


def test_pupils_look_back_and_come_back(school: Server, visit: Visit) -> None:
    teacher, pupil = visit(school.teacher), visit(school.url)
    seek(teacher, 9)
    until(pupil, "shown === 9")
    seek(pupil, 2)
    seek(teacher, 12)
    until(teacher, "shown === 12")
    back = pupil.get_by_role("button", name="Back to live")
    back.wait_for()
    assert fact(pupil, "shown") == 2
    back.click()
    until(pupil, "shown === 12")
    assert fact(teacher, "shown") == 12


def test_pupils_cannot_drive(school: Server, visit: Visit) -> None:
    teacher, pupil = visit(school.teacher), visit(school.url)
    seek(teacher, 3)
    until(pupil, "shown === 3")
    assert pupil.get_by_role("button", name="Play").count() == 0
    assert pupil.locator(".lever input:enabled").count() == 0
    pupil.keyboard.press("Space")
    said = pupil.evaluate(SAY, {"do": "move", "key": "levers.rent_x", "value": 9})
    assert said["about"] == "move" and not said.get("fatal")
    made = fact(teacher, "newest")
    pupil.evaluate(
        "() => { const s = new WebSocket(`ws://${location.host}/ws`);"
        " s.onopen = () => s.send(JSON.stringify({do: 'want', day: 110})); }"
    )
    seek(teacher, made)
    wait(teacher, f"o2oApp.newest >= {made}")
    assert fact(teacher, "sources[0].run.moves.length") == 0
    assert fact(teacher, "newest") < 60


def test_what_the_teacher_moves_all_see(school: Server, visit: Visit) -> None:
    teacher, pupil = visit(school.teacher), visit(school.url)
    seek(teacher, 3)
    field = teacher.locator('.lever[data-key="levers.rent_x"]:visible input[type="number"]')
    field.fill("5")
    field.press("Enter")
    wait(teacher, "o2oApp.sources[0].run.moves.length === 1")
    wait(pupil, "o2oApp.sources[0].run.moves.length === 1")
    pupil.locator(".o2o-flag").wait_for()
