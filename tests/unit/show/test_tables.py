"""The tables a reader sees after a run."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from o2o_sim.record.outcomes import COLUMNS
from o2o_sim.record.result import RunResult
from o2o_sim.show.tables import OutcomeTable, outcome_tables

FATES = [
    ("food", "old town", "survived", "", ""),
    ("food", "old town", "integrated", "partnership+social", ""),
    ("food", "mall [b]x[/b]", "integrated", "social", ""),
    ("toys", "old town", "closed", "social", "gave up: no customers"),
    ("toys", "old town", "closed", "", "insolvent: no customers"),
    ("toys", "old town", "closed", "", "gave up: sales lost to other shops"),
    ("toys", "mall [b]x[/b]", "showroom", "", "few buy here"),
]


def shown(renderable, width=100, **options) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False, **options)
    console.print(renderable)
    return console.file.getvalue()


@pytest.fixture
def outcomes():
    rows = [
        (k, f"shop {k}", category, "row", circle, outcome, mode, reason, "2013-01-01", "2013-01-01")
        for k, (category, circle, outcome, mode, reason) in enumerate(FATES)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def row(text: str, name: str) -> list[str]:
    return next(line for line in text.splitlines() if line.startswith(name))[len(name) :].split()


def test_outcomes_by_category(outcomes):
    text = shown(OutcomeTable(outcomes, "category"))
    # stores survived integrated (social) (partnership) showroom online closed (no customers) (lost)
    assert row(text, "food") == ["3", "1", "2", "(2)", "(1)", "-", "-", "-"]
    assert row(text, "toys") == ["4", "-", "-", "1", "-", "3", "(2)", "(1)"]
    assert row(text, "all stores") == ["7", "1", "2", "(2)", "(1)", "1", "-", "3", "(2)", "(1)"]
    assert "no" in text and "customers)" in text and "gave up" not in text


def test_many_reasons_are_put_together(outcomes):
    outcomes["outcome"], outcomes["mode"] = "closed", ""
    outcomes["reason"] = ["a", "a", "a", "b", "b", "c", "d"]
    assert row(shown(OutcomeTable(outcomes, "format")), "row")[-4:] == ["(3)", "(2)", "(1)", "(1)"]


def test_many_groups_are_cut_to_the_largest(outcomes):
    many = pd.concat(
        [outcomes.assign(circle=f"c{k}") for k in range(30)] + [outcomes.assign(circle="big")] * 2
    )
    text = shown(OutcomeTable(many, "circle"))
    assert row(text, "big")[0] == "14"
    assert row(text, "12 others")[0] == str(12 * 7)
    assert row(text, "all stores")[0] == str(32 * 7)


def test_names_are_no_markup(outcomes):
    assert "[b]x[/b]" in shown(OutcomeTable(outcomes, "circle"))


@pytest.mark.parametrize("width", [100, 80, 60])
def test_no_number_is_cut_off(outcomes, width):
    many = pd.concat([outcomes] * 2000)
    for by in ("category", "circle"):
        text = shown(OutcomeTable(many, by), width)
        assert max(map(len, text.splitlines())) <= width
        assert "…" not in text and row(text, "all stores")[0] == "14,000"
        for mode in ("partnership", "social"):
            assert mode in text.replace("partner-", "partnership")


def test_everything_is_told_and_nothing_depends_on_colour(tiny_result):
    result = RunResult(Path("runs/tiny"), tiny_result.manifest, tiny_result.frames)
    text = "".join(shown(part) for part in outcome_tables(result))
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 100
    for word in ("Tiny city", "by category", "by circle", "online share", "outcomes.csv"):
        assert word in text
    coloured = "".join(
        shown(part, force_terminal=True, color_system="truecolor") for part in outcome_tables(result)
    )
    assert "\x1b[3" not in coloured, "bold and dim only"


def test_the_last_line_leads_over_to_the_folder_if_there_is_one(tiny_result):
    written = RunResult(Path("runs/x"), tiny_result.manifest, tiny_result.frames)
    assert shown(outcome_tables(written)[-1]).rstrip().endswith("all of it in")
    assert shown(outcome_tables(tiny_result)[-1]).rstrip().endswith("Nothing was written.")
