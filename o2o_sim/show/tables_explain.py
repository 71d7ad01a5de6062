"""Why one scenario is otherwise than another, as tables for a terminal, or for a file if the output goes
there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import RenderableType

from ..record.metrics import label_of
from ..studies.statistics import Interval
from ..terminal import Table, Text
from .tables_studies import LOOK, MOST_NAMED, failure_notes, kind_of
from .wording import exact, written, written_interval

if TYPE_CHECKING:
    from ..studies.changes import Change
    from ..studies.explanation import Explanation

MOST_CHANGES = 15
MOST_GROUPS = 8
BAR = 22
LONGEST_VALUE = 30


def explanation_tables(explanation: Explanation) -> list[RenderableType]:
    """What changed, what each group of changes contributes to every figure that surely differs, and which
    stores a group alone would save."""
    a, b = explanation.names
    title = f"Why {b} is otherwise than {a}: {len(explanation.pairs)} pairs of runs with the same seeds"
    shown: list[RenderableType] = [Text(title, style="bold"), _changes(explanation)]
    unsure = []
    for metric in explanation.metrics:
        table, total = explanation.table(metric), explanation.total(metric)
        if _is_sure(table, total):
            shown += _contributions(explanation, metric, table, total)
        else:
            unsure.append(metric)
    if len(unsure) < len(explanation.metrics):
        shown.append(_legend(explanation))
    if unsure:
        shown.append(_unsure(explanation, unsure))
    shown += _stores(explanation)
    if explanation.left_out:
        said = f"\n{explanation.left_out} seeds are left out: with them a mixture of the two failed."
        shown.append(Text(said, style="bold"))
    return shown + failure_notes(explanation.results)


# -- what changed -------------------------------------------------------------------------------------------
def _changes(explanation: Explanation) -> Table:
    table = _plain("\nWhat changed")
    for _ in range(3):
        table.add_column("", overflow="fold")
    table.show_header = False
    groups = list(explanation.groups.items())
    each = max(1, MOST_CHANGES // len(groups))
    for group, changes in groups[:MOST_CHANGES]:
        for k, change in enumerate(changes[:each]):
            table.add_row(Text(group if k == 0 else ""), Text(change.key), Text(_said(change)))
        if len(changes) > each:
            table.add_row("", f"and {len(changes) - each} more", "")
    if len(groups) > MOST_CHANGES:
        table.add_row("", f"and {len(groups) - MOST_CHANGES} more groups", "")
    return table


def _said(change: Change) -> str:
    """A change in a few words: 1 -> 1.5."""
    before, after = change.before, change.after
    if before == after:
        return "another file of this name"
    if before is None and isinstance(after, dict):
        return "added"
    if after is None and isinstance(before, dict):
        return "removed"
    return f"{_value(before)} -> {_value(after)}"


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return exact(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) <= LONGEST_VALUE:
        return text
    return f"a list of {len(value)}" if isinstance(value, list) else text[: LONGEST_VALUE - 1] + "…"


# -- figures ------------------------------------------------------------------------------------------------
def _is_sure(table: pd.DataFrame, total: Interval) -> bool:
    """Whether the difference, or what some group contributes to it, is surely not 0; of a single pair,
    whether it differs at all."""
    if total.n < 2:
        return bool(table["value"].any())
    return total.excludes_zero or bool(((table["low"] > 0) | (table["high"] < 0)).any())


def _contributions(
    explanation: Explanation, metric: str, table: pd.DataFrame, total: Interval
) -> list[RenderableType]:
    """One metric: a bar for each group that begins where the one above ends, from A to B."""
    kind = kind_of(metric)
    a, b = (written(x, kind) for x in explanation.means(metric))
    title = f"\n{label_of(metric)}: {a} in {explanation.names[0]}, {b} in {explanation.names[1]}"
    shown = Table(**LOOK)
    shown.add_column("", overflow="fold", max_width=28)
    shown.add_column("contributes [95 %]", justify="right")
    shown.add_column("", min_width=BAR, no_wrap=True)
    shown.add_column("alone", justify="right")
    shown.add_column("last", justify="right")
    named = table.head(MOST_GROUPS)
    steps = {name: named[name].to_list() for name in ("value", "low", "high", "alone", "last")}
    rest = float(table["value"].iloc[MOST_GROUPS:].sum())
    bars = _bars([*steps["value"], rest])
    for k, group in enumerate(named["group"]):
        value, low, high, alone, last = (column[k] for column in steps.values())
        found = Text(_marked(Interval(value, low, high, total.n), kind))
        shown.add_row(Text(group), found, bars[k], _step(alone, kind), _step(last, kind))
    if len(table) > MOST_GROUPS:
        others = f"{len(table) - MOST_GROUPS} others"
        shown.add_row(others, Text(_step(rest, kind) + "  "), bars[-1], "", "")
    shown.add_row("together", Text(_marked(total, kind)), "", "", "", style="bold")
    return [Text(title, style="bold"), shown]


def _bars(steps: list[float]) -> list[str]:
    """A bar of text for each step, beginning where the one before ended."""
    ends = [0.0]
    for step in steps:
        ends.append(ends[-1] + step)
    low, span = min(ends), (max(ends) - min(ends)) or 1.0
    at = [round((end - low) / span * BAR) for end in ends]
    bars = []
    for step, begin, end in zip(steps, at, at[1:]):
        left = min(begin, end, BAR - 1)
        width = max(abs(end - begin), 1) if step else 0
        bars.append(" " * left + "█" * width)
    return bars


def _step(value: float, kind: str) -> str:
    """A difference without an interval."""
    return written_interval(Interval(value, value, value, 0), kind)


def _marked(found: Interval, kind: str) -> str:
    return written_interval(found, kind) + (" *" if found.excludes_zero else "  ")


def _legend(explanation: Explanation) -> Text:
    text = (
        "* the 95 % interval leaves out 0; pp: percentage points\n"
        "alone: if nothing else changes; last: if all else has changed already"
    )
    if explanation.orders is not None:
        text += f"\n{len(explanation.orders)} orders of changing were sampled; the intervals allow for it"
    return Text(text, style="dim")


def _unsure(explanation: Explanation, metrics: list[str]) -> Table:
    table = _plain("\nNo sure difference")
    table.add_column("")
    for name in explanation.names:
        table.add_column(Text(name), justify="right", overflow="fold")
    table.add_column("difference [95 %]", justify="right")
    for metric in metrics:
        kind, gap = kind_of(metric), explanation.total(metric)
        means = (written(x, kind) for x in explanation.means(metric))
        table.add_row(Text(label_of(metric)), *means, Text(written_interval(gap, kind)))
    return table


# -- stores -------------------------------------------------------------------------------------------------
def _stores(explanation: Explanation) -> list[RenderableType]:
    a, b = explanation.names
    saved = explanation.saved
    head = Text(f"\n{_count(explanation.lost)} stores of a city close in {b} but not in {a}", style="bold")
    if saved.empty:
        return [head]
    shares = _plain("")
    shares.add_column(Text(f"saved if this alone stays as in {a}"))
    shares.add_column("stores of a city [95 %]", justify="right")
    for group, mean, low, high in explanation.saved_share.itertuples(index=False):
        shares.add_row(Text(group), Text(_count(Interval(mean, low, high, explanation.lost.n))))
    return [head, shares, *_named(explanation)]


def _named(explanation: Explanation) -> list[RenderableType]:
    """The stores of the first pair that has any."""
    saved = explanation.saved
    seed = saved["seed"].iloc[0]
    named = saved[saved["seed"] == seed]
    table = _plain(f"\nWith seed {seed}")
    for name in ("store", "circle", "why it closed", "saved by"):
        table.add_column(name, overflow="fold")
    for row in named.head(MOST_NAMED).itertuples():
        by = " or ".join(row.saved_by) or "-"  # type: ignore[arg-type]
        table.add_row(*(Text(str(x)) for x in (row.name, row.circle, row.reason, by)))
    if len(named) <= MOST_NAMED:
        return [table]
    more = f"and {len(named) - MOST_NAMED} more; all of them, for every seed, in saved.csv"
    return [table, Text(more)]


def _count(found: Interval) -> str:
    if found.n < 2:
        return written(found.mean, "count")
    return f"{written(found.mean, 'count')} [{written(found.low, 'count')}, {written(found.high, 'count')}]"


def _plain(title: str) -> Table:
    return Table(title=Text(title, style="bold") if title else None, title_justify="left", **LOOK)
