"""What studies found, as tables for a terminal, or for a file if the output goes there."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

from ..record.metrics import METRICS, family_of, label_of
from ..terminal import Table, Text
from .wording import plural, written, written_interval

if TYPE_CHECKING:
    import pandas as pd

    from ..studies.comparison import Comparison
    from ..studies.points import Point
    from ..studies.replicates import Replicates
    from ..studies.spec import StudySpec
    from ..studies.sweeps import Sweep

MOST_VALUES = 12
MOST_NAMED = 20
MOST_POINTS = 24
MOST_FACTORS = 5
WIDEST_VALUE, WIDEST_WORD = 20, 14
"""Longer values and words of names break."""
LOOK: dict[str, Any] = {
    "box": box.SIMPLE_HEAD, "show_edge": False, "pad_edge": False, "padding": (0, 1, 0, 0),
}  # fmt: skip
"""How tables look."""
FATES = ("survived", "integrated", "closed")


# -- numbers ------------------------------------------------------------------------------------------------
def kind_of(metric: str) -> str:
    """How a metric is written: as a share, a count, yuan, ...; one of the user's own is a plain number."""
    family = family_of(metric)
    return METRICS[family].kind if family else "index"


# -- compare ------------------------------------------------------------------------------------------------
def comparison_tables(comparison: Comparison) -> list[RenderableType]:
    """What differs between the first scenario and each of the others, and which stores fare otherwise."""
    shown: list[RenderableType] = []
    for other in comparison.names[1:]:
        shown += _compared(comparison, other)
    if comparison.not_converged:
        names = ", ".join(label_of(m) for m in comparison.not_converged)
        shown.append(Text(f"\nStill wider than asked for after the last pair: {names}.", style="bold"))
    return shown + failure_notes(comparison.results)


def _compared(comparison: Comparison, other: str) -> list[RenderableType]:
    first = comparison.names[0]
    headline = comparison.results.headline
    pairs = len(comparison._pairs(other))
    title = f"{other} against {first}: {plural(pairs, 'pair')} of runs with the same seeds"
    if not pairs:
        return [Text(f"{title}, so nothing is known\n", style="bold")]
    parts: list[RenderableType] = [
        Text(title, style="bold"),
        _table(comparison, other, headline, "", [label_of(m) for m in headline]),
    ]
    for by in ("category", "circle"):
        parts.append(_by(comparison, other, by))
    note = (
        "* the 95 % interval of the difference leaves out 0 (of differences that are chance, one in twenty does)"
        if pairs > 1
        else "a single pair has no intervals"
    )
    parts += [
        Text(f"{note}; pp: percentage points\n", style="dim"),
        _changed(comparison, other),
    ]
    return parts


def _table(
    comparison: Comparison, other: str, metrics: Sequence[str], title: str, labels: Sequence[str]
) -> Table:
    table = Table(title=Text(title, style="bold") if title else None, title_justify="left", **LOOK)
    table.add_column("")
    table.add_column(Text(comparison.names[0]), justify="right", overflow="fold")
    table.add_column(Text(other), justify="right", overflow="fold")
    table.add_column("difference [95 %]", justify="right")
    table.add_column("")
    rows = comparison.table(other, metrics).set_index("metric")
    for metric, label in zip(metrics, labels):
        gap, kind = comparison.difference(other, metric), kind_of(metric)
        means = (written(rows[c].to_dict()[metric], kind) for c in ("a_mean", "b_mean"))
        mark = "*" if gap.excludes_zero else ""
        table.add_row(Text(label), *means, Text(written_interval(gap, kind)), mark)
    return table


def _by(comparison: Comparison, other: str, by: str) -> Table:
    """Survived, integrated and closed of every category or circle: the difference and its interval."""
    known = comparison.metrics
    members = [m.removeprefix(f"stores_closed/{by}/") for m in known if m.startswith(f"stores_closed/{by}/")]
    table = Table(
        title=Text(f"\nstores, by {by}: difference [95 %]", style="bold"), title_justify="left", **LOOK
    )
    table.add_column(by)
    for fate in FATES:
        table.add_column(fate, justify="right")
    for member in members:
        cells = []
        for fate in FATES:
            gap = comparison.difference(other, f"stores_{fate}/{by}/{member}")
            cells.append(Text(written_interval(gap, "count") + (" *" if gap.excludes_zero else "  ")))
        table.add_row(Text(member), *cells)
    return table


def _changed(comparison: Comparison, other: str) -> Text:
    """How many single stores fare otherwise, and who they are in the first pair."""
    count = comparison.changed_per_run(other)
    mine = comparison.changed[comparison.changed["scenario"] == other]
    text = Text()
    text.append(f"{written(count.mean, 'count')} stores of a city fare otherwise", style="bold")
    if count.n > 1 and count.high > 0:
        text.append(f" (95 %: {written(max(count.low, 0), 'count')} to {written(count.high, 'count')})")
    steps = comparison.moves(other).to_dict("split")["data"]
    moves = [f"{before} -> {after} {written(stores, 'count')}" for before, after, stores in steps]
    text.append(": " + ", ".join(moves) + ".\n" if moves else ".\n")
    text.append("A store that opens in one of the two runs only is not among them.\n", style="dim")
    if len(mine):
        seed = mine["seed"].iloc[0]
        named = mine[mine["seed"] == seed]
        text.append(f"With seed {seed} it is:\n")
        for row in list(named.itertuples())[:MOST_NAMED]:
            fates = (_fate(row.before, row.reason_before), _fate(row.after, row.reason_after))
            text.append(f"  {row.name} ({row.circle}): {' -> '.join(fates)}\n")
        if len(named) > MOST_NAMED:
            text.append(
                f"  and {len(named) - MOST_NAMED} more; all of them, for every seed, in stores_changed.csv\n"
            )
    return text


def _fate(outcome: str, reason: str) -> str:
    return f"{outcome} ({reason})" if reason else outcome


# -- replicate ----------------------------------------------------------------------------------------------
def replicates_tables(found: Replicates) -> list[RenderableType]:
    """The headline figures of one scenario over many seeds: means with their intervals, and the spread."""
    ok = len(found.results.ok)
    title = f"{found.name}: {ok} run{'s' * (ok != 1)} with seeds of their own"
    table = Table(**LOOK)
    table.add_column("")
    for head in ("mean", "95 % interval", "sd", "least", "greatest"):
        table.add_column(head, justify="right")
    for row in found.table(found.results.headline).to_dict("records"):
        kind = kind_of(row["metric"])
        cells = [written(row[name], kind) for name in ("mean", "low", "high", "sd", "least", "greatest")]
        ends = f"[{cells[1]}, {cells[2]}]" if row["n"] > 1 else ""
        cells = [cells[0], ends, *cells[3:]]
        table.add_row(Text(label_of(row["metric"])), *map(Text, cells))
    note = "\nsd: standard deviation between runs. All metrics in replicates.csv, every run in runs.parquet."
    return [Text(title, style="bold"), table, Text(note, style="dim"), *failure_notes(found.results)]


# -- any study ----------------------------------------------------------------------------------------------
class Failed(Protocol):
    """What has run, and what of it failed."""

    @property
    def runs(self) -> pd.DataFrame: ...

    @property
    def failures(self) -> pd.DataFrame: ...


def failure_notes(results: Failed) -> list[RenderableType]:
    """What is to be said of failed runs: how many, and the last line of what each kind of failure said."""
    failed = results.failures
    if failed.empty:
        return []
    last = failed["error"].str.strip().str.rpartition("\n")[2]
    kinds = last.value_counts()
    lines = [f"\n{len(failed)} of {len(results.runs)} runs failed; the others are what is shown:"]
    lines += [f"  {n} x {said}" for said, n in kinds.items()]
    return [Text("\n".join(lines), style="bold red")]


# -- a study's file -----------------------------------------------------------------------------------------
def study_summary(study: StudySpec, points: Sequence[Point]) -> RenderableType:
    """The runs that a study makes, and the values of its factors."""
    runs = len(points) * study.replicates
    lines = [study.question] if study.question else []
    lines.append(
        f"{len(points)} points ({study.design}) x {study.replicates} replicates = {runs:,} runs of {study.base}"
    )
    for name in points[0].factors:
        values = list(dict.fromkeys(p.factors[name] for p in points))
        shown = ", ".join(str(v) for v in values[:MOST_VALUES])
        more = f", ... ({len(values)} values)" if len(values) > MOST_VALUES else ""
        lines.append(f"  {name}: {shown}{more}")
    return Text("\n".join(lines))


# -- sweep --------------------------------------------------------------------------------------------------
def sweep_tables(sweep: Sweep) -> list[RenderableType]:
    """The means at every point, or at the first and the last of very many."""
    runs = sweep.results.runs
    title = f"{sweep.study.name or 'study'}: {runs['point'].nunique()} points, {len(runs)} runs; means"
    where = "\nEvery run in runs.parquet, means with intervals in summary.csv, all of it in"
    notes = failure_notes(sweep.results)
    return [Text(title, style="bold"), Means(sweep), *notes, Text(where, style="dim")]


class Means:
    """The means of a sweep: a row per point, a column for every factor and metric that there is room for."""

    def __init__(self, sweep: Sweep):
        summary = sweep.summary()
        means = summary.pivot(index="point", columns="metric", values="mean")
        points = summary.drop_duplicates("point").set_index("point")
        shown, half = list(points.index), MOST_POINTS // 2
        self.gap = half if len(shown) > MOST_POINTS else None
        if self.gap:
            shown = [*shown[:half], *shown[-half:]]
        self.labels, self.hidden = sweep.labels, sweep.factors[MOST_FACTORS:]
        self.columns = {f: [_value(v) for v in points[f].loc[shown]] for f in sweep.factors[:MOST_FACTORS]}
        for metric, values in means.loc[shown, sweep.metrics].to_dict("list").items():
            self.columns[str(metric)] = [written(v, kind_of(str(metric))) for v in values]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table, room, shown = Table(**LOOK), options.max_width, list[list[str]]()
        hidden = list(self.hidden)
        for name, cells in self.columns.items():
            # Names break where they must, numbers never.
            longest = min(max(map(cell_len, cells)), WIDEST_VALUE)
            word = min(max(map(cell_len, self.labels[name].split()), default=0), WIDEST_WORD)
            head = textwrap.wrap(self.labels[name], max(longest, word))
            width = max(longest, *map(cell_len, head))
            room -= width + 2
            if room < -2:
                hidden.append(name)
                continue
            look: dict[str, Any] = {"justify": "right", "vertical": "bottom", "overflow": "fold"}
            table.add_column(Text("\n".join(head)), width=width, **look)
            shown.append(cells)
        for k, row in enumerate(zip(*shown)):
            if k == self.gap:
                table.add_row(*["..."] * len(row))
            table.add_row(*map(Text, row))
        yield table
        if hidden:
            yield Text(f"\nNot shown: {', '.join(self.labels[name] for name in hidden)}.", style="dim")


def _value(value: Any) -> str:
    """A value of a factor, short: whole numbers in full, others with four figures."""
    if isinstance(value, bool | str):
        return str(value)
    return str(int(value)) if float(value).is_integer() else f"{value:.4g}"
