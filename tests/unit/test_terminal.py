"""What is shown on terminals: nothing hidden, no name lost at any width."""

from __future__ import annotations

import ast
import io
from pathlib import Path

import pandas as pd
import pytest
from rich.cells import cell_len
from rich.console import Console

import o2o_sim
from o2o_sim.scenario.textfile import HIDDEN, printable
from o2o_sim.show.report import esc
from o2o_sim.show.tables import OutcomeTable
from o2o_sim.terminal import Table, Text, say

ROOT = Path(o2o_sim.__file__).parent
WIDTHS = [40, 52, 60, 80, 100]
HIDING = {
    "escape": "\x1b[31mred",
    "bell": "a\x07b",
    "backspace": "abc\b\b\bxyz",
    "c1": "a\x9b31m",
    "right to left": "\u202egnp.exe",
    "isolate": "\u2066a\u2069",
    "zero width": "a\u200bb",
    "joiner": "a\u200db",
    "soft hyphen": "a\u00adb",
    "tag": "a\U000e0041b",
    "filler": "a\u3164b",
    "surrogate": "a\udc80b",
    "line separator": "a\u2028b",
}
NAMES = {
    "english": [
        "groceries",
        "household goods",
        "health and beauty",
        "books & media",
        "electronics",
        "[red]clothes[/]",
    ],
    "chinese": ["家用电器", "服装鞋帽针纺织品", "food", "餐饮", "文化办公用品和图书音像制品", "珠宝"],
    "long": ["restaurants_and_takeaways_of_the_old_town", "x", "a b c d e f", "Donaudampfschiffe", "-", "=1"],
}


def shown(renderable, width: int) -> str:
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(renderable)
    return out.getvalue()


@pytest.mark.faults("terminals")
@pytest.mark.parametrize("kind", HIDING)
def test_nothing_is_hidden(kind, capsys):
    """Neither in messages nor in tables nor on pages."""
    name = HIDING[kind]
    table = Table(title=Text(name))
    table.add_column(name)
    table.add_row(name, style="bold")
    say(name, err=True)
    for text in (
        printable(name),
        shown(Text("").append(name), 80),
        shown(table, 80),
        shown(table, 2),
        esc(name),
    ):
        assert not HIDDEN.search(text)
    assert not HIDDEN.search(capsys.readouterr().err)
    assert "\\" in printable(name)


@pytest.mark.parametrize("text", ["家用电器", "Café — 3 €", "\u0627\u0644\u0633\u0648\u0642", "a\nb", "👍🏽"])
def test_what_can_be_seen_is_shown_as_it_is(text):
    assert shown(Text(text), 80) == text + "\n"


def outcomes(names: list[str]) -> pd.DataFrame:
    fates = ["survived", "integrated", "closed", "showroom", "moved online"]
    reasons = [
        "gave up: rent too high",
        "bankrupt: online competition",
        "gave up: too few visitors",
        "no hope",
    ]
    rows = [
        (names[k % len(names)], fates[k % 5], "partnership+marketplace", reasons[k % 4], f"{k % 3}. circle")
        for k in range(600)
    ]
    return pd.DataFrame(rows, columns=["category", "outcome", "mode", "reason", "circle"])


@pytest.mark.faults("terminals")
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", NAMES)
def test_no_name_is_lost_and_no_word_broken_without_need(kind, width):
    text = shown(OutcomeTable(outcomes(NAMES[kind]), "category"), width)
    assert all(cell_len(line) <= width for line in text.splitlines())
    everything = "".join(text.split())
    for name in NAMES[kind]:
        for word in name.split():
            if cell_len(word) <= 18:
                assert word in text
            else:  # in parts below each other, with the numbers of the row between them
                assert word[:8] in everything
    assert "600" in text


@pytest.mark.parametrize("width", WIDTHS)
def test_a_table_that_does_not_fit_becomes_lines_of_its_rows(width):
    table = Table(title=Text("differences"))
    table.add_column("")
    for head in ("rent_squeeze", "difference [95 %]", "mean", "standard deviation"):
        table.add_column(head, justify="right")
    table.add_row("share of stores that closed", "12.5 %", "+12.3 pp [+10.1, +14.5] *", "1.33", "0.1234")
    text = shown(table, width)
    for whole in ("stores", "12.5 %", "[+10.1,", "+14.5]", "1.33", "0.1234", "standard", "rent_squeeze"):
        assert whole in text
    assert all(cell_len(line) <= width for line in text.splitlines())


def test_all_tables_and_messages_go_through_one_place():
    """Nobody else makes texts and tables of Rich, or a console, whose texts could hide something."""
    wrong = []
    for file in sorted(ROOT.rglob("*.py")):
        name = file.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module in ("rich.text", "rich.table", "rich"):
                wrong += [name for a in node.names if a.name in ("Text", "Table", "print", "table", "text")]
            elif isinstance(node, ast.Attribute) and node.attr == "echo":
                wrong.append(name)
    assert set(wrong) == {"terminal.py"}


def test_all_csv_files_go_through_one_place():
    found = [f for f in sorted(ROOT.rglob("*.py")) if ".to_csv(" in f.read_text(encoding="utf-8")]
    assert [f.name for f in found] == ["csvtext.py"]
