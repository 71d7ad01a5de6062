"""Who is likely to close - exits by revenue decile, and by the rent that a store bears.

    python experiments/validation/closing.py            # the base city, five seeds
    python experiments/validation/closing.py --quick    # 120 days of the classroom's town: only to see that it works

At the end of every year but the last, stores that traded through it are ranked by its revenue; an exit is to
close within the next year. Stores that leave their shop and go on online count as exits too, because the shop
is given up."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from base_city import base  # noqa: E402
from results import Result, table  # noqa: E402

from o2o_sim import RunResult, proportion_interval  # noqa: E402
from o2o_sim.record.logit import logit  # noqa: E402

DISTRESS = 0.15
"""Rent on sales above which a store is held to be in distress (stylised facts, read)."""
GONE = ("closed", "moved online")


def risks(result: RunResult, months: int = 12) -> pd.DataFrame:
    """A row per store and window of `months`: `window`, `store`, `format`, `revenue_yuan` and `rent_share` in
    the window, `decile` of its revenue (1 the least), and whether it was `gone` within as many months after
    it.

    Windows follow one another from the first month; the last is one that has as many months after it in the
    run. Stores that did not trade in every month of a window, or were not open at its end, are not in it."""
    books, fates = result.stores_monthly, result.outcomes.set_index("store")
    ends = sorted(set(books["month"]))
    left = {
        s: date.fromisoformat(d)
        for s, d, o in zip(fates.index, fates["changed"], fates["outcome"])
        if o in GONE
    }
    rows = []
    for k in range(0, len(ends) - 2 * months + 1, months):
        first, last, until = ends[k], ends[k + months - 1], ends[k + 2 * months - 1]
        here = books[(books["month"] >= first) & (books["month"] <= last)]
        here = here[here["state"].isin(("open", "showroom"))]
        t = here.groupby("store").agg(
            traded=("month", "count"),
            format=("format", "first"),
            revenue_yuan=("revenue_yuan", "sum"),
            rent=("rent_yuan", "sum"),
        )
        # Who closed on the last evening of the window is gone from the next day on.
        t = t[(t["traded"] == months) & (t["revenue_yuan"] > 0)]
        t = t[[left.get(s, date.max) > last for s in t.index]]
        t["gone"] = [left.get(s, date.max) <= until for s in t.index]
        t["decile"] = 1 + np.floor(10 * (t["revenue_yuan"].rank(method="first") - 1) / max(len(t), 1)).astype(
            int
        )
        t["rent_share"] = -t["rent"] / t["revenue_yuan"]
        rows.append(t.drop(columns=["traded", "rent"]).reset_index().assign(window=k // months))
    none = pd.DataFrame(columns=["store", "format", "revenue_yuan", "gone", "decile", "rent_share", "window"])
    return pd.concat(rows, ignore_index=True) if rows else none


def by_decile(found: pd.DataFrame) -> pd.DataFrame:
    """Exits by revenue decile: `decile`, `stores`, `gone`, `rate`, `low`, `high` (Wilson)."""
    rows = []
    for d, t in found.groupby("decile"):
        i = proportion_interval(int(t["gone"].sum()), len(t))
        rows.append((d, len(t), int(t["gone"].sum()), i.mean, i.low, i.high))
    return pd.DataFrame(rows, columns=["decile", "stores", "gone", "rate", "low", "high"])


def slope(found: pd.DataFrame, within_format: bool = False) -> tuple[float, float]:
    """Change of the log-odds of exit per doubling of revenue, and its standard error.

    Every window of every run has a level of its own; those in which nobody left, or everybody, tell nothing
    of the slope and are left out. `within_format` gives every format a level too: then a row of small shops
    is compared with its like."""
    by = ["run", "window"] if "run" in found else ["window"]
    share = found.groupby(by)["gone"].transform("mean")
    t = found[(share > 0) & (share < 1)]
    if within_format:
        share = t.groupby("format")["gone"].transform("mean")
        t = t[(share > 0) & (share < 1)]
    if not len(t):
        return float("nan"), float("nan")
    size = np.log2(t["revenue_yuan"].to_numpy(float))
    columns = [size - size.mean()]
    for names in (by, ["format"]) if within_format else (by,):
        cells = list(t[names].itertuples(index=False, name=None))
        columns += [np.array([c == other for c in cells], float) for other in sorted(set(cells))[1:]]
    b, se = logit(t["gone"], np.column_stack(columns))
    return float(b[1]), float(se[1])


def results(quick: bool = False) -> list[Result]:
    return of_runs(base(quick), 2 if quick else 12)


def _together(runs: tuple[RunResult, ...], months: int) -> pd.DataFrame:
    return pd.concat([risks(r, months).assign(run=k) for k, r in enumerate(runs)], ignore_index=True)


def of_runs(runs: tuple[RunResult, ...], months: int = 12) -> list[Result]:
    """The slope, and exits with and without a rent beyond the mark of distress, over all runs together."""
    found = _together(runs, months)
    n = f"{len(found)} store-windows of {months} months, {len(runs)} seeds"
    slopes = []
    for within, name in ((False, "log-odds of exit per doubling of revenue"),
                         (True, "log-odds of exit per doubling of revenue, among stores of one format")):  # fmt: skip
        b, se = slope(found, within)
        span = (b - 1.96 * se, b + 1.96 * se)
        slopes.append(
            Result(
                name,
                "predicted",
                n,
                b,
                span,
                "below 0: small firms leave more often (Dunne, Roberts & Samuelson 1989, recalled)",
                span[1] < 0 if np.isfinite(b) else None,
                f"Standard error {se:.3f}, {int(found['gone'].sum())} exits. Stores of one run are not quite "
                "independent, so the interval is a little narrow.",
            )
        )
    high = found["rent_share"] > DISTRESS
    bb, bse = logit(found["gone"], high.astype(float))
    odds = (float(bb[1] - 1.96 * bse[1]), float(bb[1] + 1.96 * bse[1]))
    rates = [proportion_interval(int(t["gone"].sum()), len(t)).mean for t in (found[high], found[~high])]
    return [
        *slopes,
        Result(
            f"log-odds of exit, rent above {DISTRESS:.0%} of sales against below",
            "predicted",
            n,
            float(bb[1]),
            odds,
            "above 0: 15 % is a mark of distress (stylised facts, read)",
            odds[0] > 0 if np.isfinite(bb[1]) else None,
            f"{int(high.sum())} store-windows above. Exit rates {rates[0]:.3f} and {rates[1]:.3f}.",
        ),
    ]


def details(quick: bool = False) -> str:
    """Markdown: exits by decile."""
    t = by_decile(_together(base(quick), 2 if quick else 12))
    lines = ["| revenue decile | stores | gone | exit rate | 95 % interval |", "|---:|---:|---:|---:|---:|"]
    for r in t.itertuples():
        lines.append(f"| {r.decile} | {r.stores} | {r.gone} | {r.rate:.3f} | {r.low:.3f} to {r.high:.3f} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    quick = "--quick" in sys.argv
    print(table(results(quick)))
    print(details(quick))
