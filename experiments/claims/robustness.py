"""Which conclusions are robust, and which are fragile? Reads robustness.csv and writes the section of
docs/claims.md.

python experiments/claims/robustness.py: writes docs/claims.md, docs/pictures/robustness.png and the sorted
csv

`make robustness` runs sensitivity.py first. What the words mean is laid down in docs/decisions/0016.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from behaviour import defaults, design
from numpy.typing import NDArray
from scipy import stats
from sensitivity import COLUMNS, DESIGN_SEED, FILE, POINTS, SMALL, headlines

from o2o_sim import proportion_interval
from o2o_sim.show.tables_studies import kind_of
from o2o_sim.show.wording import written
from o2o_sim.studies.claim import ClaimSpec, Expectation, label

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs/claims.md"
PICTURE = HERE.parents[1] / "docs/pictures/robustness.png"
BEGIN, END = "<!-- robustness: begin -->\n", "<!-- robustness: end -->"
ENOUGH = 0.95

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Published:
    """A row of the table of all claims in docs/claims.md: the headline's effect and its verdict."""

    effect: str
    verdict: str


def published(page: str) -> dict[str, Published]:
    """The headlines of the table of all claims."""
    row = r"^\| (C\d+) \|[^|]*\|[^|]*\| ([^|]*) \|[^|]*\|[^|]*\| (supported|contradicted|no evidence) \|"
    return {m[1]: Published(m[2], m[3]) for m in re.finditer(row, page, re.MULTILINE)}


def effects(rows: pd.DataFrame, relative: bool) -> Values:
    """Effects of pairs; NaN where there is nothing to divide by."""
    difference = (rows["seen"] - rows["reference"]).to_numpy(float)
    if not relative:
        return difference
    base = rows["reference"].to_numpy(float)
    return np.divide(difference, base, out=np.full(len(rows), np.nan), where=base != 0)


def margins(found: Values, e: Expectation, verdict: str, way: float) -> Values:
    """How far effects are on the verdict's side of the smallest effect that matters; below 0 the verdict is
    another.

    `way` is the sign of the effect that was published. NaN stays NaN, which is no margin.
    """
    if e.direction == "none":
        return e.smallest - np.abs(found) if verdict == "supported" else way * found - e.smallest
    past = (found if e.direction == "up" else -found) - e.smallest
    return past if verdict == "supported" else -past


def without_chance(found: Values, at_defaults: Values) -> Values:
    """Effects drawn towards their mean so that they spread as the mean effects do (Louis 1984).

    Their variance is that of the mean effects plus that of a single pair, known from pairs at the defaults.
    """
    kept = found[np.isfinite(found)]
    if len(kept) < 2 or len(at_defaults) < 2 or not (spread := kept.var(ddof=1)):
        return found
    left = max(0.0, 1 - float(np.nanvar(at_defaults, ddof=1)) / float(spread))
    return kept.mean() + np.sqrt(left) * (found - kept.mean())


def matters_most(
    found: Values, factors: pd.DataFrame, touched: Collection[str], level: float = 0.05
) -> tuple[str, float] | None:
    """The default with the largest rank correlation with the effect, unless chance would do as well
    (Bonferroni)."""
    kept, best = np.isfinite(found), ("", 0.0, 1.0)
    names = [str(name) for name in factors if name in touched]
    if kept.sum() < 10 or np.ptp(found[kept]) == 0:
        return None
    for name in names:
        rho, p = stats.spearmanr(factors[name].to_numpy()[kept], found[kept])
        if abs(rho) > abs(best[1]):
            best = (name, float(rho), float(p))
    return best[:2] if best[2] * len(names) < level else None


@dataclass(frozen=True)
class Found:
    """What became of a headline: effects at the points and, in pairs, at the defaults."""

    claim: ClaimSpec
    before: Published
    points: Values
    at_defaults: Values
    touched: int
    most: tuple[str, float] | None

    @property
    def expectation(self) -> Expectation:
        return self.claim.expect[0]

    @property
    def way(self) -> float:
        """The sign of the effect at the defaults."""
        return -1.0 if np.nanmean(self.at_defaults) < 0 else 1.0

    @property
    def steady(self) -> Values:
        """The effects at the points, with chance taken out."""
        return without_chance(self.points, self.at_defaults)

    def holds(self, found: Values) -> NDArray[np.bool_]:
        """Where the headline's verdict holds; an effect that is not defined never does."""
        margin = margins(found, self.expectation, self.before.verdict, self.way)
        return np.where(np.isnan(margin), -1.0, margin) >= 0

    @property
    def verdict(self) -> str:
        return word(self.holds(self.steady))

    @property
    def seen(self) -> str:
        """What it would be called with chance left in."""
        return word(self.holds(self.points))

    @property
    def told(self) -> str:
        """The verdict, and whether chance decides it."""
        return self.verdict if self.seen == self.verdict else f"{self.verdict}, as seen {self.seen}"

    def text(self, value: float) -> str:
        """An effect as people read it."""
        e = self.expectation
        kind = "share" if e.relative else kind_of(e.metric)
        sign = "+" if value > 0 else "-" if value < 0 else ""
        text = written(abs(value), kind)
        return sign + (text if e.relative else text.replace("%", "pp"))


def word(holding: NDArray[np.bool_]) -> str:
    """Robust if the headline holds at enough points."""
    return "robust" if len(holding) and holding.mean() >= ENOUGH else "fragile"


def complete(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[int]]:
    """The latest row of every pair, and the points that all claims have, in their order."""
    last = rows.drop_duplicates(["claim", "point", "seed"], keep="last").sort_values(
        ["point", "seed", "claim"]
    )
    had = last[last["point"] > 0].groupby("point")["claim"].nunique()
    return last, [int(point) for point in had.index[had == len(SMALL)]]


def judged(rows: pd.DataFrame, page: str) -> tuple[list[Found], int]:
    """All headlines, in the order of their effects, and the number of points."""
    last, points = complete(rows)
    plan = pd.DataFrame(design(POINTS, DESIGN_SEED))
    heads, before = headlines(), published(page)
    found = []
    for name, head in heads.items():
        own = last[last["claim"] == name]
        at_points = own[own["point"].isin(points)]
        relative = head.claim.expect[0].relative
        seen = effects(at_points, relative)
        touched = head.touched()
        most = matters_most(seen, plan.iloc[[p - 1 for p in at_points["point"]]], touched)
        at_defaults = effects(own[own["point"] == 0], relative)
        found.append(Found(head.claim, before[name], seen, at_defaults, len(touched), most))
    return found, len(points)


# -- what is written ----------------------------------------------------------------------------------------
def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def verdicts(found: Sequence[Found]) -> str:
    """The table of robust and fragile headlines."""
    lines = [
        "| id | headline | smallest that matters | effect at the defaults | in 5, 50, 95 % of the points below |"
        " holds, as seen | holds, chance taken out | |",
        "|---|---|---:|---:|---:|---:|---:|---|",
    ]
    for f in found:
        seen = f.holds(f.points)
        share = proportion_interval(int(seen.sum()), len(seen))
        low, middle, high = np.nanquantile(f.points, [0.05, 0.5, 0.95])
        lines.append(
            f"| {f.claim.id} | {label(f.claim, f.expectation)}: {f.before.verdict}"
            f" | {f.text(f.expectation.smallest).lstrip('+')}"
            f" | {f.text(float(np.nanmean(f.at_defaults)))}"
            f" | {f.text(low)}, {f.text(middle)}, {f.text(high)}"
            f" | {percent(share.mean)} ({percent(share.low)[:-2]}-{percent(share.high)})"
            f" | {percent(f.holds(f.steady).mean())} | **{f.verdict}**{f.told.removeprefix(f.verdict)} |"
        )
    return "\n".join(lines)


def details(found: Sequence[Found]) -> str:
    """The table of what stands behind the verdicts."""
    lines = [
        "| id | run with | published effect | at the defaults (pairs) | of a pair: sd by chance | sd over points |"
        " same sign as at the defaults | pairs at the defaults that hold | defaults moved | matters most |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    for f in found:
        changes = ", ".join(
            f"{v:,} {'people' if k == 'population' else k}" for k, v in SMALL[f.claim.id].items()
        )
        same = np.sign(f.points) == f.way
        most = f"`{f.most[0]}` ({f.most[1]:+.2f})" if f.most else "none stands out"
        pairs = f.holds(f.at_defaults)
        lines.append(
            f"| {f.claim.id} | {changes or 'all'} | {f.before.effect}"
            f" | {f.text(float(np.nanmean(f.at_defaults)))} ({len(f.at_defaults)})"
            f" | {f.text(float(np.nanstd(f.at_defaults, ddof=1))).lstrip('+')}"
            f" | {f.text(float(np.nanstd(f.points, ddof=1))).lstrip('+')}"
            f" | {percent(same.mean())} | {pairs.sum()} of {len(pairs)} | {f.touched} | {most} |"
        )
    return "\n".join(lines)


def section(found: Sequence[Found], points: int) -> str:
    """What stands between the marks."""
    clear = {w: [f.claim.id for f in found if f.told == w] for w in ("robust", "fragile")}
    told = "; ".join(
        f"{len(ids)} {w}{' (' + ', '.join(ids) + ')' if ids else ''}" for w, ids in clear.items()
    )
    chance = "".join(
        f" {f.claim.id} is {f.verdict} with chance taken out, but {f.seen} as seen: its headline holds in"
        f" {f.holds(f.points).sum()} of {len(f.points)} points, beside {f.holds(f.at_defaults).sum()} of"
        f" {len(f.at_defaults)} pairs at the defaults."
        for f in found
        if f.seen != f.verdict
    )
    lost = {f.claim.id: int(np.isnan(f.points).sum()) for f in found if np.isnan(f.points).any()}
    undefined = (
        " Not defined, and counted as not holding: "
        + ", ".join(f"{name} at {n} point{'s' if n > 1 else ''}" for name, n in lost.items())
        + "."
        if lost
        else ""
    )
    of = "all" if points == POINTS else f"{points} of the"
    return (
        f"At {of} {POINTS} points, with {len(defaults())} defaults multiplied by 0.75 to 1.25: {told},\nboth as seen and with chance taken out.{chance}{undefined}\n\n"
        f"{verdicts(found)}\n\n![Effects at all points](pictures/robustness.png)\n\n{details(found)}\n"
    )


def placed(page: str, text: str) -> str:
    """The page with the text between its marks."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN.strip()} ... {END}")
    return f"{head}{BEGIN}\n{text}\n{END}{tail}"


def main() -> None:
    from robustness_picture import draw

    rows = pd.read_csv(FILE)
    page = PAGE.read_text(encoding="utf-8")
    found, points = judged(rows, page)
    text = section(found, points)
    print(text)
    PAGE.write_text(placed(page, text), encoding="utf-8", newline="\n")
    draw(found, points, PICTURE)
    last, _ = complete(rows)
    last[list(COLUMNS)].to_csv(FILE, index=False, float_format="%.8g", lineterminator="\n")


if __name__ == "__main__":
    main()
