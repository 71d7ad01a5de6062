"""What searches and screenings found, as tables for a terminal, or for a file if the output goes there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd
from rich.console import RenderableType

from ..terminal import Table, Text
from .tables_studies import LOOK, failure_notes, kind_of
from .wording import exact, in_ascii, in_percent, written

if TYPE_CHECKING:
    from ..studies.goal import Goal, Trial
    from ..studies.screening import Sensitivity
    from ..studies.search import Discovery, Finding

MOST_FACTORS = 20
FIRST_FEW = 3
Labels = Mapping[str, str]


def finding_tables(found: Finding) -> list[RenderableType]:
    """What a goal and a discovery came to: of each the answer first, then what it rests on."""
    shown: list[RenderableType] = []
    if found.goal:
        shown += _goal(found.goal, found.labels)
    if found.discovery:
        shown += _discovery(found.discovery, found.labels)
    return shown + failure_notes(found.results)


# -- goals --------------------------------------------------------------------------------------------------
def goal_sentence(goal: Goal, labels: Labels) -> str:
    """The answer in one sentence."""
    said, kind = goal.said, kind_of(goal.said.metric)
    factor = labels[said.factor]
    line = f"{labels[said.metric]} to {_target(goal)} with {exact(100 * said.confidence)} % confidence"
    if goal.found is None:
        low, high = goal.trials[0].value, goal.trials[-1].value
        text = f"None of the {len(goal.trials)} values of {factor} tried from {_value(low)} to {_value(high)} brings {line}"
        best = goal.best
        if math.isnan(best.mean):
            return f"{text}; no run has a value of it."
        return f"{text}; the best is {written(best.mean, kind)} at {_value(best.value)}."
    if goal.beyond is None:
        end = "lowest" if said.seek == "smallest" else "highest"
        return f"Already {factor} = {_value(goal.found)}, the {end} value of the range, brings {line}."
    what = "whole number" if goal.factor.whole else "value found"
    return f"{factor} = {_value(goal.found)} is the {said.seek} {what} that brings {line}."


def _goal(goal: Goal, labels: Labels) -> list[RenderableType]:
    kind, word = kind_of(goal.said.metric), _word(goal)
    table = Table(**LOOK)
    table.add_column(Text(labels[goal.said.factor]), justify="right", overflow="fold")
    for head in ("runs", "mean", f"{word}, surely"):
        table.add_column(head, justify="right")
    table.add_column("the target is")
    for row in goal.table().to_dict("records"):
        mine = row["value"] == goal.found
        figures = (_value(row["value"]), str(row["n"]), *(written(row[c], kind) for c in ("mean", "bound")))
        style = "bold" if mine else ""
        table.add_row(*map(Text, figures), Text(f"{row['verdict']}{'  <- found' * mine}"), style=style)
    shown: list[RenderableType] = [Text(goal_sentence(goal, labels) + "\n", style="bold"), table]
    sure = f"{exact(100 * goal.said.confidence)} %"
    notes = (
        f"Every bound is stricter than {sure}, so that the answer, which rests on all of them, is as sure."
    )
    shown.append(Text("\n" + notes, style="dim"))
    doubtful = goal.beyond or (goal.best if goal.found is None else None)
    if doubtful is not None and doubtful.verdict == "undecided":
        shown.append(Text(_open(doubtful)))
    for a, b in goal.bends:
        text = f"From {_value(a)} to {_value(b)} the mean moves away from the target: values that were not tried may do"
        text += "." if goal.found is None else ", too, and not all beyond the one found need do."
        shown.append(Text(text, style="bold"))
    return shown


def _open(trial: Trial) -> str:
    return (
        f"At {_value(trial.value)} {len(trial.values)} runs leave it open; with more of them (most_replicates) the "
        "answer may move there."
    )


def _word(goal: Goal) -> str:
    return "at least" if goal.said.at_least is not None else "at most"


def _target(goal: Goal) -> str:
    return f"{_word(goal)} {_line(goal.target, goal.said.metric)}"


def _line(value: float, metric: str) -> str:
    """A number that the user wrote, in full."""
    return f"{exact(100 * value)} %" if kind_of(metric) == "share" else exact(value)


def _value(value: float) -> str:
    """A factor's value in full, so that it can be written into a scenario."""
    return f"{value:.12g}"


# -- discoveries --------------------------------------------------------------------------------------------
def discovery_sentences(discovery: Discovery, labels: Labels) -> list[str]:
    """The answer: a sentence for each box, or that there is none."""
    meaning = _passing(discovery, labels)
    if not discovery.boxes:
        return [f"No factor visibly decides which runs have {meaning}."]
    return [box.sentence(f"have {meaning}", labels) for box in discovery.boxes]


def _discovery(discovery: Discovery, labels: Labels) -> list[RenderableType]:
    shown: list[RenderableType] = [
        Text(text + "\n", style="bold") for text in discovery_sentences(discovery, labels)
    ]
    if discovery.boxes:
        table = Table(**LOOK)
        for head in ("box", "factor", "above", "below", "or one of", "by chance"):
            table.add_column(
                head, justify="left" if head in ("factor", "or one of") else "right", overflow="fold"
            )
        for row in discovery.table().to_dict("records"):
            ends = ("" if pd.isna(row[end]) else f"{row[end]:,.6g}" for end in ("low", "high"))
            cells = (str(row["box"]), labels[row["factor"]], *ends, row["values"], f"{row['chance']:.2g}")
            table.add_row(*map(Text, cells))
        shown.append(table)
    hits, size = int(discovery.interest.sum()), len(discovery.points)
    note = f"\n{hits} of {size} points have {_passing(discovery, labels)} in the mean of their runs."
    if discovery.boxes:
        note += " By chance: how likely the box were as dense if that factor did not matter (quasi-p)."
    if discovery.left_out:
        note += f" {discovery.left_out} points without any value are left out."
    return [*shown, Text(note, style="dim")]


def _passing(discovery: Discovery, labels: Labels) -> str:
    said = discovery.said
    side, line = ("above", said.above) if said.above is not None else ("below", said.below)
    assert line is not None
    return f"{labels[said.metric]} {side} {_line(line, said.metric)}"


# -- which factors matter -----------------------------------------------------------------------------------
def sensitivity_sentence(found: Sensitivity) -> str:
    """The answer for the first metric in one sentence."""
    metric, labels = found.metrics[0], found.labels
    if found.sobol is not None:
        top = _ranked(found.sobol, metric, "total").iloc[0]
        if not top["total"] > 0:
            return f"None of the factors changes {labels[metric]}."
        if not top["total_low"] > 0:
            return f"With so few runs the factors of {labels[metric]} cannot be told apart from chance."
        part = f"it has a part in {_part(top['total'])} of the variance of its mean"
        return f"{labels[top['factor']]} matters most for {labels[metric]}: {part}."
    assert found.morris is not None
    top = _ranked(found.morris, metric, "mu_star").iloc[0]
    if not top["mu_star"] > 0:
        return f"None of the factors changes {labels[metric]}."
    size = written(float(top["mu_star"]), kind_of(metric))
    return f"{labels[top['factor']]} has the largest effect on {labels[metric]}: {size} over its range, on average."


def sensitivity_tables(found: Sensitivity) -> list[RenderableType]:
    """The factors by what they do to the first metric, and the first few of every other metric."""
    metric, labels = found.metrics[0], found.labels
    shown: list[RenderableType] = [Text(sensitivity_sentence(found) + "\n", style="bold")]
    if found.sobol is not None:
        shown += _sobol(found.sobol, metric, labels)
    if found.morris is not None:
        shown += _morris(found.morris, metric, labels)
    if len(found.metrics) > 1:
        shown.append(_others(found))
    if found.held:
        held = ", ".join(f"{labels[f]} = {v}" for f, v in found.held.items())
        shown.append(Text(f"\nThe indices hold with {held}.", style="dim"))
    for name, runs in found.undefined.items():
        shown.append(
            Text(f"\n{labels[name]} is left out: it has no value in {runs} of {len(found.results.ok)} runs.")
        )
    return shown + failure_notes(found.results)


def _ranked(table: pd.DataFrame, metric: str, by: str) -> pd.DataFrame:
    return table[table["metric"] == metric].sort_values(by, ascending=False, kind="stable")


def _sobol(table: pd.DataFrame, metric: str, labels: Labels) -> list[RenderableType]:
    shown = Table(
        title=Text(f"share of the variance of {labels[metric]}", style="bold"), title_justify="left", **LOOK
    )
    shown.add_column("", overflow="fold")
    for head in ("by itself [95 %]", "with others [95 %]"):
        shown.add_column(head, justify="right")
    ranked = _ranked(table, metric, "total")
    for row in ranked.head(MOST_FACTORS).to_dict("records"):
        cells = [
            f"{_part(row[part])} [{_part(row[f'{part}_low'])}, {_part(row[f'{part}_high'])}]"
            for part in ("first", "total")
        ]
        shown.add_row(Text(labels[row["factor"]]), *map(Text, cells))
    notes: list[RenderableType] = [_noise(ranked)]
    estimates = ranked[["first", "total"]].to_numpy()
    if (estimates < 0).any() or (estimates > 1).any():
        said = "Estimates beyond 0 to 100 % are shown as these; sobol.csv has them as they are. "
        notes.append(Text(said + "More base_points make them surer.", style="dim"))
    return [shown, *notes]


def _part(share: float) -> str:
    """A share of a variance, which lies between 0 and 1 although its estimate from few runs need not."""
    return in_ascii(in_percent(share if math.isnan(share) else min(max(share, 0.0), 1.0), 0))


def _morris(table: pd.DataFrame, metric: str, labels: Labels) -> list[RenderableType]:
    kind = kind_of(metric)
    title = Text(f"\neffects on {labels[metric]} over a factor's whole range (Morris)", style="bold")
    shown = Table(title=title, title_justify="left", **LOOK)
    shown.add_column("", overflow="fold")
    for head in ("size [95 %]", "with sign", "varies by"):
        shown.add_column(head, justify="right")
    ranked = _ranked(table, metric, "mu_star")
    for row in ranked.head(MOST_FACTORS).to_dict("records"):
        size, low, high, mu, sigma = (
            written(float(row[c]), kind) for c in ("mu_star", "mu_star_low", "mu_star_high", "mu", "sigma")
        )
        shown.add_row(*map(Text, (labels[row["factor"]], f"{size} [{low}, {high}]", mu, sigma)))
    if len(ranked) > MOST_FACTORS:
        shown.add_row(f"and {len(ranked) - MOST_FACTORS} more in morris.csv")
    return [shown, _noise(ranked)]


def _noise(table: pd.DataFrame) -> Text:
    share = float(table["noise_share"].iloc[0])
    if math.isnan(share):
        return Text("One run of each point: what is chance among this cannot be told.", style="dim")
    return Text(
        f"{in_ascii(in_percent(share, 0))} of the variance of single runs is chance, not the factors.",
        style="dim",
    )


def _others(found: Sensitivity) -> Table:
    """What matters most for the other metrics."""
    table, by = (found.sobol, "total") if found.sobol is not None else (found.morris, "mu_star")
    assert table is not None
    head = "of its variance, with others" if by == "total" else "size of the effect"
    shown = Table(title=Text("\nwhat matters for the others", style="bold"), title_justify="left", **LOOK)
    shown.add_column("", overflow="fold")
    shown.add_column(f"the first {FIRST_FEW} factors ({head})", overflow="fold")
    for metric in found.metrics[1:]:
        ranked = _ranked(table, metric, by).head(FIRST_FEW)
        named = [
            f"{found.labels[row['factor']]} ({_size(float(row[by]), by, metric)})"
            for row in ranked.to_dict("records")
            if row[by] > 0
        ]
        shown.add_row(Text(found.labels[metric]), Text(", ".join(named) or "none"))
    return shown


def _size(value: float, by: str, metric: str) -> str:
    return _part(value) if by == "total" else written(value, kind_of(metric))
