"""The tables of the report as markup. Every text passes `esc`, which is handed in, on its way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pandas as pd

from ..record.outcomes import OUTCOMES
from ..record.result import RunResult
from ..record.vital import of_run
from .report_pair import Pairing, headline_rows
from .report_words import cause
from .tables_lives import MEANT, TITLE, lived_enough, lives_rows
from .wording import MISSING, fixed, in_percent, listed, money

Escape = Callable[[object], str]

MOST_GROUPS = 40
MOST_FATES = 400
SHAPES = {"survived": "●", "integrated": "■", "showroom": "▲", "moved online": "◆", "closed": "✖"}
"""The signs of the map, so that colour is never alone."""


def outcome_mark(outcome: str, esc: Escape) -> str:
    """An outcome with its sign and colour."""
    kind = outcome.replace(" ", "-")
    sign = f'<span class="sign sign-{kind}" aria-hidden="true">{SHAPES.get(outcome, "")}</span> '
    return (sign if outcome in SHAPES else "") + esc(outcome)


def _table(
    caption: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    esc: Escape,
    *,
    numbers: Sequence[int] = (),
    kind: str = "",
    foot: Sequence[str] = (),
) -> str:
    """A table of cells that are markup already; `foot` is a last row that stays last however the others are
    sorted."""
    number = set(numbers)
    tops = "".join(
        f'<th scope="col"{" class=number" if k in number else ""}>{esc(head)}</th>'
        for k, head in enumerate(heads)
    )

    def line(row: Sequence[str]) -> str:
        cells = [f"<td{' class=number' if k in number else ''}>{cell}</td>" for k, cell in enumerate(row)]
        return f'<tr><th scope="row">{row[0]}</th>{"".join(cells[1:])}</tr>'

    body = "".join(map(line, rows))
    last = f"<tfoot>{line(foot)}</tfoot>" if foot else ""
    sort = f' class="{kind}"' if kind else ""
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{esc(caption)}"><table{sort}><caption>{esc(caption)}</caption>'
        f"<thead><tr>{tops}</tr></thead><tbody>{body}</tbody>{last}</table></div>"
    )


def groups(table: pd.DataFrame, by: str, esc: Escape) -> str:
    """What became of the stores, a row for each value of column `by`, and of all."""
    if table.empty:
        return ""
    shown = [o for o in OUTCOMES if (table["outcome"] == o).any()]
    sizes = table[by].value_counts()
    rows = []
    for name in sizes.index[:MOST_GROUPS]:
        rows.append(_group_row(esc(name), table[table[by] == name], shown, esc))
    if len(sizes) > MOST_GROUPS:
        rest = table[~table[by].isin(sizes.index[:MOST_GROUPS])]
        rows.append(_group_row(f"{len(sizes) - MOST_GROUPS:,} others", rest, shown, esc))
    foot = _group_row("all stores", table, shown, esc)
    heads = [by, "stores", *shown, "closed, %", "most frequent cause of closing"]
    numbers = range(1, len(shown) + 3)
    return _table(
        f"What became of the stores, by {by}",
        heads,
        rows,
        esc,
        numbers=list(numbers),
        kind="sortable short",
        foot=foot,
    )


def _group_row(name: str, part: pd.DataFrame, shown: Sequence[str], esc: Escape) -> list[str]:
    count = Counter(part["outcome"])
    causes = Counter(cause(r) for r in part.loc[part["outcome"] == "closed", "reason"])
    most = max(causes.values(), default=0)
    why = (
        esc(
            f"{listed(c for c, n in causes.items() if n == most)} ({most:,}{' each' if [*causes.values()].count(most) > 1 else ''})"
        )
        if causes
        else MISSING
    )
    cells = [f"{count[o]:,}" if count[o] else MISSING for o in shown]
    return [name, f"{len(part):,}", *cells, f"{100 * count['closed'] / len(part):.0f}", why]


def stores(table: pd.DataFrame, key: str, esc: Escape) -> str:
    """Every store that ever existed, closed unless opened; the names can be clicked where there is a map."""
    rank = {outcome: k for k, outcome in enumerate(reversed(OUTCOMES))}
    order = table.assign(rank=table["outcome"].map(rank)).sort_values(
        ["rank", "changed", "store"], kind="stable"
    )
    shown: Any = order.rename(columns={"name": "name_"}).itertuples()
    rows = [
        [
            f'<span data-run="{key}" data-store="{int(s.store)}">{esc(s.name_)}</span>',
            outcome_mark(str(s.outcome), esc),
            esc(str(s.mode).replace("+", ", ") or MISSING),
            esc(s.changed if s.changed != s.opened else MISSING),
            esc(s.reason or MISSING),
            esc(s.category),
            esc(s.format),
            esc(s.circle),
            esc(s.opened),
        ]
        for s in shown
    ]
    heads = ["store", "outcome", "sells online by", "since", "why", "category", "format", "place", "opened"]
    whole = _table(f"All {len(table):,} stores", heads, rows, esc, kind="sortable")
    return (
        f"<details><summary>All {len(table):,} stores, one by one</summary>{whole}</details>"
        '<p class="paper">The list of all stores stands in the file from which this was printed.</p>'
    )


def lives(result: RunResult, esc: Escape) -> str:
    """How shops lived beside real ones, where enough of them were seen for long enough."""
    shops = of_run(result.frames)
    if not lived_enough(shops):
        return ""
    rows = [[esc(cell) for cell in row] for row in lives_rows(shops)]
    heads = ["", f"{len(shops):,} shops here", "5,493 venues in Texas"]
    return _table(TITLE, heads, rows, esc, numbers=[1, 2], kind="short") + f"<p>{esc(MEANT)}</p>"


def side_by_side(a: RunResult, b: RunResult, esc: Escape) -> str:
    """The headline figures of two runs and their difference."""
    currency, other = (run.manifest["scenario"]["currency"] for run in (a, b))

    def said(value: float, kind: str, currency: str = currency) -> str:
        if kind == "share":
            return in_percent(value)
        return money(value, currency) if kind == "money" else fixed(value)

    rows = []
    for (what, x, kind), (_, y, _) in zip(headline_rows(a), headline_rows(b)):
        gap = y - x
        if x == y == 0:
            continue
        sign = "+" if gap > 0 else "−" if gap < 0 else "±"
        amount = f"{fixed(100 * abs(gap), 1)} points" if kind == "share" else said(abs(gap), kind)
        alike = kind == "share" and abs(gap) < 0.0005
        less = "±0.0 points" if alike else f"{sign}{amount}"
        if kind == "money" and currency != other:
            less = MISSING  # yuan less pounds are nothing
        rows.append([esc(what), esc(said(x, kind)), esc(said(y, kind, other)), esc(less)])
    heads = ["", "A", "B", "B less A"]
    return _table(
        "The headline figures of these two runs (a difference of one draw)",
        heads,
        rows,
        esc,
        numbers=[1, 2, 3],
        kind="short",
    )


def fates(found: Pairing, esc: Escape) -> str:
    """The stores that fare differently in two runs."""
    rank = {outcome: k for k, outcome in enumerate(reversed(OUTCOMES))}
    differ = found.differ
    worst = [min(rank[x], rank[y]) for x, y in zip(differ["outcome_a"], differ["outcome_b"])]
    differ = differ.assign(rank=worst).sort_values(["rank", "name"], kind="stable")
    rows = []
    shown: Any = differ.head(MOST_FATES).rename(columns={"name": "name_"}).itertuples()
    for s in shown:
        name = f'<span data-run="a" data-store="{int(s.store_a)}">{esc(s.name_)}</span>'
        cells = [outcome_mark(str(o), esc) + _why(o, m, r, d, esc) for o, m, r, d in (
            (s.outcome_a, s.mode_a, s.reason_a, s.changed_a), (s.outcome_b, s.mode_b, s.reason_b, s.changed_b)
        )]  # fmt: skip
        rows.append([name, esc(s.category_a), esc(s.circle_a), *cells])
    table = _table(
        "Stores whose fate differs",
        ["store", "category", "place", "in A", "in B"],
        rows,
        esc,
        kind="sortable",
    )
    more = len(differ) - MOST_FATES
    return table + (f"<p>And {more:,} more; the tables of all stores are below.</p>" if more > 0 else "")


def _why(outcome: str, mode: str, reason: str, changed: str, esc: Escape) -> str:
    if outcome == "survived":
        return ""
    if outcome == "closed":
        return f'<span class="why">{esc(changed)}: {esc(cause(reason))}</span>'
    return f'<span class="why">{esc(str(mode).replace("+", ", "))}</span>' if mode else ""
