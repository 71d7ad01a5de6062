"""The result of a run as tables for a terminal, or for a file if the output goes there."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich import box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

from ..record.vital import of_run
from ..terminal import Table, Text
from .tables_lives import SHORT, lived_enough, lives_table
from .wording import in_percent, money

if TYPE_CHECKING:
    from ..record.result import RunResult

MOST_ROWS = 20
MOST_REASONS = 3
MOST_WIDTH = 400
NONE = "-"
HEADS = {"partnership": "partner-\nship", "marketplace": "market-\nplace"}


def outcome_tables(result: RunResult) -> list[RenderableType]:
    """What became of the stores by category and by circle, the headline figures, how shops lived, and what lies in the folder.

    Nothing depends on colour, names are shown as they are (brackets in them are no markup), and all of it
    fits 100 columns. The last line leads over to the folder's path, which the caller prints as it is: a path
    that a table or paragraph broke over two lines could not be copied.
    """
    scenario = result.manifest["scenario"]
    name = scenario["name"] or result.manifest.get("file") or "scenario"
    m = result.manifest
    head = f"{name}: {m['first_day']} to {m['last_day']}, seed {m['seed']}"
    return [
        Text(head, style="bold"),
        OutcomeTable(result.outcomes, "category"),
        OutcomeTable(result.outcomes, "circle"),
        Text("\nA store that integrated in several ways counts in each of them.\n", style="dim"),
        headline_table(result),
        *_lives(result),
        *([Text("\n".join(["", *bounds]))] if (bounds := result.bounds()) else []),
        _where(result),
    ]


def _lives(result: RunResult) -> list[RenderableType]:
    """How shops lived, where enough of them were seen for long enough."""
    lives = of_run(result.frames)
    return [lives_table(lives, SHORT)] if lived_enough(lives) else []


class OutcomeTable:
    """What became of some stores, a row for each value of column `by`, the largest groups first.

    Numbers in brackets are parts of the number before them: the ways of those that integrated, the reasons
    of those that closed. On a narrower terminal fewer reasons have a column of their own, then none; ways and
    reasons are told of all stores together below the table then.
    """

    def __init__(self, outcomes: pd.DataFrame, by: str):
        self.by = by
        self.total = Group(outcomes)
        self.rows = _groups(outcomes, by)
        self.modes = [mode for mode, _ in self.total.modes.most_common()]
        self.reasons = [reason for reason, _ in self.total.reasons.most_common(MOST_REASONS)]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        shown = [(self.modes, self.reasons[:k]) for k in range(len(self.reasons), -1, -1)] + [([], [])]
        tables = ((modes, reasons, self._table(modes, reasons)) for modes, reasons in shown)
        fitting = (
            found for found in tables if found[2].fits(options.max_width) or not (found[0] or found[1])
        )
        modes, reasons, table = next(fitting)
        yield table
        told = [] if modes == self.modes else [f"integrated: {_told(self.total.modes)}"]
        told += [] if reasons or not self.reasons else [f"closed: {_told(self.total.reasons)}"]
        if told:
            yield Text("; ".join(told))

    def _table(self, modes: list[str], reasons: list[str]) -> Table:
        title = Text(f"\nWhat became of the stores, by {self.by}", style="bold")
        table = Table(
            title=title,
            title_justify="left",
            box=box.SIMPLE_HEAD,
            show_edge=False,
            show_footer=True,
            padding=0,
            pad_edge=False,
        )
        footer = iter(self.total.cells(modes, reasons))

        def column(head: str, **options: Any) -> None:
            table.add_column(Text(head), footer=Text(next(footer), style="bold"), **options)

        table.add_column(
            Text(self.by),
            footer=Text("all stores", style="bold"),
            min_width=10,
            max_width=18,
            vertical="bottom",
        )
        number: dict[str, Any] = {"justify": "right", "no_wrap": True, "vertical": "bottom"}
        column("stores", **number)
        column("survived", **number)
        column("inte-\ngrated", **number)
        for mode in modes:
            column(f"({HEADS.get(mode, mode)})", **number)
        column("show-\nroom", **number)
        column("moved\nonline", **number)
        column("closed", **number)
        for reason in reasons:
            column(f"({reason})", justify="right", max_width=10, vertical="bottom")
        if reasons and len(self.total.reasons) > len(reasons):
            column("(other\nreason)", **number)
        for name, group in self.rows:
            cells = group.cells(modes, reasons)
            table.add_row(name, *cells[: len(table.columns) - 1])
        return table


class Group:
    """Some stores, counted by outcome, way of integrating (of those that hold one) and reason to close."""

    def __init__(self, part: pd.DataFrame):
        self.count = Counter(part["outcome"])
        held = part.loc[part["outcome"] == "integrated", "mode"]
        self.modes = Counter(mode for modes in held for mode in modes.split("+"))
        self.reasons = Counter(_plain(r) for r in part.loc[part["outcome"] == "closed", "reason"])
        self.size = len(part)

    def cells(self, modes: list[str], reasons: list[str]) -> list[str]:
        """Its row: stores, survived, integrated (modes), showroom, moved online, closed (reasons, others)."""
        other = sum(self.reasons.values()) - sum(self.reasons[r] for r in reasons)
        return [
            _number(self.size),
            _number(self.count["survived"]),
            _number(self.count["integrated"]),
            *(_part(self.modes[m]) for m in modes),
            _number(self.count["showroom"]),
            _number(self.count["moved online"]),
            _number(self.count["closed"]),
            *(_part(self.reasons[r]) for r in reasons),
            _part(other),
        ]


def _groups(outcomes: pd.DataFrame, by: str) -> list[tuple[str, Group]]:
    """(name, stores) of the groups, the largest first, the smallest of very many together."""
    sizes = outcomes[by].value_counts(sort=False).sort_values(ascending=False, kind="stable")
    names = [str(n) for n in sizes.index]
    shown = names if len(names) <= MOST_ROWS else names[: MOST_ROWS - 1]
    groups = [(name, Group(outcomes[outcomes[by] == name])) for name in shown]
    if len(shown) < len(names):
        rest = outcomes[~outcomes[by].isin(shown)]
        groups.append((f"{len(names) - len(shown)} others", Group(rest)))
    return groups


def _plain(reason: str) -> str:
    """The cause alone, without whether the store gave up in time or its money ran out."""
    return reason.partition(": ")[2] or reason or "no reason given"


def _number(count: int) -> str:
    return f"{count:,}" if count else NONE


def _part(count: int) -> str:
    return f"({count:,})" if count else ""


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {n:,}" for name, n in counts.most_common()) or "none"


def headline_table(result: RunResult) -> Table:
    """The headline figures, each with what it means."""
    table = Table(
        title=Text("The city", style="bold"),
        title_justify="left",
        box=None,
        show_header=False,
        pad_edge=False,
    )
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in headline_rows(result):
        table.add_row(Text(label), Text(text))
    return table


def headline_rows(result: RunResult) -> list[tuple[str, str]]:
    """(what, figure) of the headline."""
    h = result.headline()
    currency = result.manifest["scenario"]["currency"]
    channels = ", ".join(f"{name} {in_percent(v)}" for name, v in h["share_by_channel"].items() if v)
    years = ", ".join(f"{year}: {in_percent(v)}" for year, v in h["online_share_by_year"].items())
    online = in_percent(h["online_share"])
    subsidy = money(h["subsidy_yuan"], currency)
    if h["subsidy_yuan"]:
        subsidy += f", {h['subsidy_per_order_yuan']:.2f} {currency} per order through a platform"
    stores = (
        f"{h['stores_at_start']:,} at the start, {h['stores_opened']:,} opened, "
        f"{h['stores_closed']:,} closed ({in_percent(h['yearly_exit_rate'])} of the stores a year)"
    )
    return [
        ("sales", money(h["sales_yuan"], currency)),
        ("share by channel", channels or NONE),
        (
            "online share",
            f"{online} of sales by parcel" + (f" ({years})" if len(h["online_share_by_year"]) > 1 else ""),
        ),
        ("subsidies burnt", subsidy if h["subsidy_yuan"] else "none"),
        ("stores", stores),
        (
            "empty units",
            f"{in_percent(h['vacancy_first'])} on the first day, {in_percent(h['vacancy_last'])} on the last",
        ),
        (
            "only looked",
            f"{in_percent(h['showrooming_share'], 2)} of shop visitors tried in the shop and bought a parcel",
        ),
        ("turned away", f"{in_percent(h['turned_away_share'])} of shop visitors found the shop full"),
        ("consumer surplus", f"{h['surplus_mean']:.3f} utils per need (compare between scenarios)"),
    ]


def _where(result: RunResult) -> Text:
    m = result.manifest
    rate = f"{m['consumer_days_per_second']:,} consumer-days a second"
    speed = f"\n{m['days']:,} days in {m['wall_seconds']:.0f} s, {rate}."
    if result.folder is None:
        return Text(speed + " Nothing was written.")
    pictures = (
        "Pictures in plots/"
        if (result.folder / "plots").is_dir()
        else "No pictures (o2o-sim plot draws them)"
    )
    what = f"{pictures}, every store in outcomes.csv, every day and month in *.parquet, settings in"
    return Text(f"{speed} {what} manifest.json: all of it in")
