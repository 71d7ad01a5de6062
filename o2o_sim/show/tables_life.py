"""The life of one store, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from ..terminal import Table, Text
from .tables_studies import LOOK
from .wording import fixed, in_ascii, in_percent

if TYPE_CHECKING:
    from ..record.life import Life

MOST_QUARTERS = 16


def life_tables(life: Life) -> list[RenderableType]:
    """Who it was, its quarters, its decisions, its profit and loss, and what ended it."""
    head = f"{life.name}: {life.format}, sells mostly {life.category}, in {life.circle}, since {life.opened}"
    parts: list[RenderableType] = [Text(head, style="bold"), Text(life.end, style="bold")]
    if life.since_first:
        changes = ", ".join(
            f"{name} {in_ascii(in_percent(v, 0, sign=True))}" for name, v in life.since_first.items()
        )
        parts.append(Text(f"Its last half year against its first: {changes}."))
    if life.quarters.empty:
        return [*parts, Text("It has not traded for a whole month.\n")]
    return [*parts, _quarters(life), _decisions(life), _books(life), Text("")]


def _title(text: str) -> dict[str, Any]:
    return {"title": Text(f"\n{text}", style="bold"), "title_justify": "left", **LOOK}


def _quarters(life: Life) -> Table:
    table = Table(**_title("What it saw, quarter by quarter (thousand yuan a month)"))
    shown = life.quarters.tail(MOST_QUARTERS)
    columns = ["sales", "visitors\na day", "profit", "profit\non sales", "hoped\nfor", "neigh-\nbours"]
    columns += ["rent\non sales", "turned\naway", "cash"]
    table.add_column("quarter", vertical="bottom")
    for name in columns:
        table.add_column(name, justify="right", vertical="bottom")
    table.add_column("as", vertical="bottom")
    rows: Any = shown.itertuples()
    for q in rows:
        cells = [_thousand(q.sales), _whole(q.visitors), _thousand(q.profit), _share(q.margin)]
        cells += [_share(q.aspiration), _share(q.neighbours), _share(q.rent_share), _share(q.turned_away)]
        state = q.state if not q.modes else f"{q.state} +{q.modes.replace('+', ' +')}"
        table.add_row(str(q.quarter), *cells, _thousand(q.cash), Text(str(state)))
    return table


def _decisions(life: Life) -> RenderableType:
    if life.decisions.empty:
        return Text("\nIt never decided to change anything.")
    table = Table(**_title("What it decided, and what it weighed before (yuan a month)"))
    table.add_column("date", no_wrap=True)
    table.add_column("decision")
    table.add_column("because")
    table.add_column("considered")
    rows: Any = life.decisions.itertuples()
    for d in rows:
        decision = str(d.decision)
        if "price" in d.figures and decision == "price":
            decision = f"price {in_ascii(in_percent(d.figures['price'] - 1, sign=True))} of usual"
        options = [_option(o) for o in d.considered]
        table.add_row(str(d.date), Text(decision), Text(str(d.reason)), Text("; ".join(options)))
    return table


def _option(option: dict[str, Any]) -> str:
    partner = f" with {option['platform']}" if option.get("platform") else ""
    return f"{option['mode']}{partner}: gain {_whole(option['gain'])}, cost {_whole(option['cost'])}"


def _books(life: Life) -> Table:
    table = Table(**_title("Its profit and loss (thousand yuan, mean of a month)"))
    table.add_column("")
    for year in life.profit_and_loss.columns:
        table.add_column(str(year), justify="right")
    for line, row in life.profit_and_loss.iterrows():
        style = "bold" if line == "profit" else ""
        table.add_row(Text(str(line)), *(_thousand(v) for v in row), style=style)
    return table


def _thousand(yuan: float) -> str:
    return in_ascii(fixed(yuan / 1000, 1))


def _whole(value: float) -> str:
    return in_ascii(fixed(value))


def _share(value: float) -> str:
    return in_ascii(in_percent(value))
