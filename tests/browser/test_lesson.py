"""A lesson taken with the keyboard alone, from the list to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .helpers import VILLAGE, Server, serve, until, wait

LESSON = """\
title: Dear rents
minutes: 5
question: Who closes when rents are thirty times as high?
steps:
  - kind: predict
    text: A village, twice.
    ask: Will anybody close?
    options: ["yes", "no"]
  - kind: run
    text: Watch it.
    scenario: village
    seed: 1
    versus: {levers: {levers.rent_x: 30}}
    until: 2013-03-10
    watch: [outcomes]
  - kind: explain
    text: Those who cannot pay close.
    answer: "yes"
  - kind: try
    text: Try other rents.
    levers: [levers.rent_x]
"""
FOCUSED = """() => {
  const e = document.activeElement;
  if (!e.matches("button, input, textarea, select, a, summary")) return "";
  return [e.getAttribute("aria-label"), e.labels?.[0]?.textContent, e.textContent].filter(Boolean).join("|");
}"""


@pytest.fixture(scope="module")
def teaching(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a lesson of our own."""
    folder = tmp_path_factory.mktemp("lessons")
    (folder / "rents.yaml").write_text(LESSON, encoding="utf-8")
    yield from serve(tmp_path_factory.mktemp("teaching") / "log", VILLAGE, "--lessons", folder)


def tab_to(page: Any, words: str, *, most: int = 150) -> None:
    """Press Tab until what has the focus says `words`."""
    for _ in range(most):
        if words in page.evaluate(FOCUSED):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {words!r}")


def test_the_lessons_that_come_along_are_offered(teaching: Server, visit: Callable[..., Any]) -> None:
    lessons = teaching.get("api/lessons")
    page = visit(teaching.url)
    page.get_by_role("tab", name="Lesson").click()
    panel = page.get_by_role("tabpanel", name="Lesson")
    for lesson in lessons:
        assert panel.get_by_role("button", name=lesson["title"]).count() == 1
    assert "Dear rents" in [lesson["title"] for lesson in lessons] and len(lessons) > 3


def test_a_lesson_can_be_taken_with_the_keyboard(teaching: Server, visit: Callable[..., Any]) -> None:
    page = visit(teaching.url)
    press = page.keyboard.press
    page.get_by_role("tab", name="Lesson").wait_for()
    tab_to(page, "Levers")  # the tabs are one stop; arrows lead on
    press("ArrowLeft")  # round the corner to the last
    until(page, "tab === 'lesson'")
    tab_to(page, "Dear rents")
    press("Enter")
    step = page.locator(".o2o-lesson")
    step.get_by_text("Will anybody close?").wait_for()
    tab_to(page, "yes")
    press("Space")
    tab_to(page, "Next")
    press("Enter")
    tab_to(page, "Open the city")
    press("Enter")
    until(page, "maps.length === 2")
    until(page, "shown === 68")
    step.get_by_text("There we are").wait_for()
    tab_to(page, "Next")
    press("Enter")
    step.get_by_text("Those who cannot pay close").wait_for()
    assert "That is what happened" in step.inner_text()
    tab_to(page, "Next")
    press("Enter")
    step.get_by_text("Try other rents").wait_for()
    tab_to(page, "Show the levers")
    press("Enter")
    until(page, "tab === 'levers'")
    assert page.locator(".lever.watched").first.get_attribute("data-key") == "levers.rent_x"
    focused = page.evaluate("document.activeElement.closest('.lever')?.dataset.key")
    assert focused == "levers.rent_x"  # not lost with the button, which is hidden now
    press("ArrowRight")
    wait(page, "o2oApp.sources[1].run.moves.length + o2oApp.sources[0].run.moves.length > 0 || "
         "document.querySelector('.o2o-notice:not([hidden])') !== null")  # fmt: skip
