"""Where firms settle on a plane and what they ask there: the game of Ottino-Loeffler et al. (2017).

    python experiments/validation/hotelling_plane.py            # 440 runs of 100 rounds, some 10 minutes of one core
    python experiments/validation/hotelling_plane.py --quick    # few firms, six rounds: only to see that it works
    python experiments/validation/hotelling_plane.py --picture  # and draws docs/pictures/hotelling_plane.png

Ottino-Loeffler, Stonedahl, Veetil & Wilensky 2017 ("Spatial competition with interacting agents",
International Journal of Microsimulation 10(3), 75-91) let two to ten firms on a plane choose place and price.
Of the paper, the abstract, the opening and the captions of seven figures were read, not the figures nor the
text between; of the NetLogo library's model "Hotelling's Law", on which it builds, the Info text and the
program (to follow the rule; nothing is copied). So claims are held against what the abstract says, in
direction, and not against the paper's figures.

How firms decide is in hotelling_plane_rules.py, the plane in hotelling_plane.yaml. What differs from the
NetLogo model: 21 x 21 cells instead of 41 x 41; ways along eight directions, up to 8 % longer than straight
lines; a little taste (a logit whose draws have a standard deviation of .64 of what a cell costs to cross),
because the package knows no other choice; and firms act one after the other in a drawn order, not all at
once, and price at the new place.

Every run has 100 rounds; every figure is the mean over the last 40 of them. `both` chooses place and price,
`moving` keeps the first price, `pricing` the first place. Starts are random, the same for all kinds of a
seed. n counts starts; for N of several sizes a start gives the mean over the sizes. Words used below:

- *near*: less than 3/41 of the plane's side (the paper: 3 units; the library's plane has 41), here one cell straight or across;
- *local duopoly*: two firms near each other with no third near either of them; by chance: N firms scattered at random;
- *spread*: mean distance of two firms, relative to random scatter; 0 is minimum differentiation for all;
- *rank correlation*: Spearman's over the firms of a round.

Bars, written before any run of more than 12 rounds, and not moved since. Seen then: 12 rounds of 20 firms and
6 of 3 with seed 901, which is not used. In those all firms acted at once, and two that met in a cell went on
as one for ever; turns were brought in because of that, and seen for 6 rounds. Only the numbers of firms in 4
and 5 were put down after a try-out of six rounds (`--quick`).

1. two firms end close together at the centre: their distance at most 2 cells, the way to the centre at most 3, and a mean
   price of at most half the first one (the upper bound of each interval);
2. minimum differentiation fails: with 4, 6, 8, 10, 15 and 20 firms, each, the lower bound of spread is at least 1/2;
3. local duopolies: the share of firms in one exceeds chance (lower bound above 0), N = 3 to 10 together, and 15 and 20;
4. firms with a rival near ask less: rank correlation of price and distance to the next rival above 0 (lower bound);
5. and earn less: the same with takings, which are profit, because goods cost nothing;
6. firms do not spread evenly, nor ask the same: people are at least 5 % further from the next firm than with the best
   spread that was found, and prices vary by at least 5 % of their mean (lower bounds).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT)]

from hotelling_plane_measures import (  # noqa: E402
    SIDE,
    between,
    chance,
    duopolies,
    next_firm,
    next_rival,
    pairwise,
    rank_correlation,
    to_centre,
)
from kept_tables import KEPT as ALL_KEPT  # noqa: E402
from kept_tables import made_once  # noqa: E402
from results import Result, table  # noqa: E402

from o2o_sim import Interval, O2OModel, load_scenario, mean_interval  # noqa: E402
from o2o_sim.studies.job import key_of  # noqa: E402

SCENARIO, KEPT = HERE / "hotelling_plane.yaml", ALL_KEPT / "hotelling_plane"
PICTURE = ROOT / "docs" / "pictures" / "hotelling_plane.png"
SYSTEMS = {"both": "Game", "moving": "MovesOnly", "pricing": "PricesOnly"}
FEW, MANY = (2, 3, 4, 6, 8, 10), (15, 20)
STARTS, FEWER_STARTS = tuple(range(1, 21)), tuple(range(1, 11))
ROUNDS, LAST = 100, 40
FIRMS = 20
"""As many are in the scenario."""
WEIGHTS = {"value_of_time": 2.0, "price_sensitivity": 10.0}
"""Utils, in the scenario."""
TASTES = (0.5, 2.0)
SHOWN = 1
FIRST_PRICE = 5.0
"""In what a cell costs to cross, as all prices."""


@dataclass(frozen=True)
class Play:
    """One run: the cells of the start, and of the last rounds cell, price (what a cell costs to cross) and
    share of all purchases, each [rounds, firms]."""

    start: np.ndarray
    cell: np.ndarray
    price: np.ndarray
    share: np.ndarray

    @property
    def takings(self) -> np.ndarray:
        """Per purchase of anybody."""
        return self.price * self.share


# -- runs ---------------------------------------------------------------------------------------------------
@cache
def play(
    kind: str, firms: int, start: int, rounds: int = ROUNDS, last: int = LAST, taste: float = 1.0
) -> Play:
    """A run, made or read: it is kept as a small table under runs/validation by its key. `taste` multiplies
    the standard deviation of taste, by dividing what way and price weigh."""
    said = [f"stores.named.f{k:02}=null" for k in range(firms + 1, FIRMS + 1)]
    if taste != 1:
        said += [f"consumers.{k}.median={v / taste}" for k, v in WEIGHTS.items()]
    spec = load_scenario(
        SCENARIO, [*said, f"systems=[hotelling_plane_rules.{SYSTEMS[kind]}]", f"days={rounds}"]
    )

    def made() -> pd.DataFrame:
        game: Any = O2OModel(spec, start).run().systems[0]
        return pd.concat(
            pd.DataFrame({"round": k, "cell": r.cell, "price_x": r.price_x, "share": r.share})
            for k, r in enumerate(game.rounds)
        )

    t = made_once(KEPT / f"{kind}-{firms}-{key_of(spec, start)}.csv", made)
    values = [t[c].to_numpy().reshape(-1, firms) for c in ("cell", "price_x", "share")]
    return Play(values[0][0], values[0][-last:], FIRST_PRICE * values[1][-last:], values[2][-last:])


@dataclass(frozen=True)
class Design:
    """How many firms, starts and rounds; `many` are sizes beyond the paper's."""

    few: tuple[int, ...] = FEW
    many: tuple[int, ...] = MANY
    starts: tuple[int, ...] = STARTS
    fewer: tuple[int, ...] = FEWER_STARTS
    rounds: int = ROUNDS
    last: int = LAST

    def plays(self, kind: str, firms: int, taste: float = 1.0) -> list[Play]:
        starts = self.fewer if firms in self.many or taste != 1 else self.starts
        return [play(kind, firms, s, self.rounds, self.last, taste) for s in starts]

    def over(self, kind: str, sizes: tuple[int, ...], measure, taste: float = 1.0) -> Interval:
        """The mean over starts of the mean over sizes of a measure (of a play)."""
        values = np.array([[measure(p) for p in self.plays(kind, n, taste)] for n in sizes], float)
        known = np.isfinite(values)
        each = np.where(known, values, 0).sum(axis=0) / np.where(known.any(axis=0), known.sum(axis=0), np.nan)
        return mean_interval(each)


QUICK = Design((2, 3, 4), (6,), (1, 2), (1, 2), 6, 2)


# -- measures of a play --------------------------------------------------------------------------------------
def by_round(measure):
    """A measure of cells as one of a play: its mean over the last rounds."""
    return lambda p: np.mean([measure(c) for c in p.cell])


def against_rivals(what: str):
    """Rank correlation of `price` or `takings` with the way to the next rival, a round's firms at a time."""

    def measure(p: Play) -> float:
        found = [rank_correlation(next_rival(c), x) for c, x in zip(p.cell, getattr(p, what))]
        known = [r for r in found if np.isfinite(r)]
        return float(np.mean(known)) if known else float("nan")

    return measure


def spread(p: Play) -> float:
    return float(np.mean([pairwise(c) for c in p.cell])) / chance(p.cell.shape[1])["pairwise"]


def more_duopolies(p: Play) -> float:
    return float(np.mean([duopolies(c) for c in p.cell])) - chance(p.cell.shape[1])["duopolies"]


def further_than_best(p: Play) -> float:
    return float(np.mean([next_firm(c) for c in p.cell])) / chance(p.cell.shape[1])["best"]


def variation(p: Play) -> float:
    """Of prices between the firms of a round, relative to their mean."""
    return float(np.mean(p.price.std(axis=1) / p.price.mean(axis=1)))


def mean_price(p: Play) -> float:
    return float(p.price.mean())


# -- side by side -------------------------------------------------------------------------------------------
def results(quick: bool = False) -> list[Result]:
    """Claim by claim."""
    d = QUICK if quick else Design()
    some = tuple(n for n in d.few if n >= 4)
    found = []

    def add(name, i: Interval, reference: str, passed, note: str = "", digits: int = 2) -> None:
        found.append(
            Result(name, "predicted", f"{i.n} starts", i.mean, (i.low, i.high), reference,
                   None if passed is None else bool(passed(i)), note, digits)
        )  # fmt: skip

    for kind in ("both", "moving"):
        what = {"both": "place and price", "moving": "place only"}[kind]
        add(f"two firms, {what}: distance (cells)", d.over(kind, (2,), by_round(pairwise)),
            "together: at most 2 (NetLogo Info, read)", lambda i: i.high <= 2)  # fmt: skip
        add(f"two firms, {what}: way to the centre (cells)", d.over(kind, (2,), by_round(to_centre)),
            "at the centre: at most 3 (Hotelling 1929)", lambda i: i.high <= 3)  # fmt: skip
    add("two firms, place and price: mean price (of 5 at first)", d.over("both", (2,), mean_price),
        "minimal prices (NetLogo Info, read): at most 2.5", lambda i: i.high <= FIRST_PRICE / 2)  # fmt: skip
    spreads = {n: d.over("both", (n,), spread) for n in (*some, *d.many)}
    least = min(spreads, key=lambda n: spreads[n].low)
    add(f"spread of 4 firms and more, place and price: the least ({least} firms)", spreads[least],
        "no minimum differentiation (abstract): at least 0.5", lambda i: i.low >= 0.5)  # fmt: skip
    add("firms in local duopolies beyond chance, place and price, N = 3 to 10",
        d.over("both", d.few[1:], more_duopolies), "local duopolies (abstract): above 0", lambda i: i.low > 0)  # fmt: skip
    add("the same, N = 15 and 20", d.over("both", d.many, more_duopolies), "above 0", lambda i: i.low > 0)
    add("the same, 3 and 4 firms alone", d.over("both", (3, 4), more_duopolies), "none said", None,
        "Not asked beforehand: added so that the larger numbers of firms do not hide the smaller ones.")  # fmt: skip
    add("the same, place only, N = 3 to 10", d.over("moving", d.few[1:], more_duopolies), "none said", None)
    for what, reference in (("price", "more competition, lower prices (abstract): above 0"),
                            ("takings", "more competition, lower profits (abstract): above 0")):  # fmt: skip
        name = f"rank correlation of {'profit' if what == 'takings' else what} and way to the next rival"
        measure = against_rivals(what)
        for kind, sizes, words in (("both", some, "place and price, N = 4 to 10"),
                                   ("both", d.many, "place and price, N = 15 and 20"),
                                   ("pricing", some, "price only, N = 4 to 10")):  # fmt: skip
            add(f"{name}, {words}", d.over(kind, sizes, measure), reference, lambda i: i.low > 0)
    add("people's way to the next firm over the best possible, place and price, N = 4 to 10",
        d.over("both", some, further_than_best), "firms do not spread evenly (abstract): at least 1.05",
        lambda i: i.low >= 1.05)  # fmt: skip
    add("variation of prices between firms, place and price, N = 4 to 10", d.over("both", some, variation),
        "not all ask the same (abstract): at least 0.05", lambda i: i.low >= 0.05)  # fmt: skip
    return found


COLUMNS = {
    "way to the centre": by_round(to_centre),
    "spread": spread,
    "way to the next rival": by_round(lambda c: next_rival(c).mean()),
    "in duopolies": by_round(duopolies),
    "mean price": mean_price,
    "variation of prices": variation,
    "price and rival's way": against_rivals("price"),
    "profit and rival's way": against_rivals("takings"),
    "people's way over best": further_than_best,
}
BY_CHANCE = {
    "way to the centre": lambda c: c["to_centre"],
    "spread": lambda c: 1.0,
    "way to the next rival": lambda c: c["next_rival"],
    "in duopolies": lambda c: c["duopolies"],
    "people's way over best": lambda c: c["next_firm"] / c["best"],
}


def _cell(x: float) -> str:
    return f"{x:.2f}" if np.isfinite(x) else "-"


def details(quick: bool = False) -> str:
    """Markdown: every measure by the number of firms, beside firms scattered at random."""
    d = QUICK if quick else Design()
    lines = [
        "The experiment of Ottino-Loeffler, Stonedahl, Veetil & Wilensky 2017, run with the package as the market: every day "
        "each firm in turn works out what people would buy from it on the cells beside its own, and at a price a step up and "
        "down, and takes the best. Held against what the paper's abstract claims; its figures were not read. With two firms "
        "every start ends in the same state, hence intervals without width.",
        "",
        "It does not show that shops behave so: these firms see one step and one day ahead, cost nothing to move, know what "
        "everybody would buy, and never leave; everybody buys at any price.",
        "",
        "Means over the starts; behind a stroke the same of firms scattered at random. A way is in cells of a plane of "
        "21 x 21, a price in what a cell costs to cross. The last rows have another amount of taste, to see what hangs on it.",
        "",
        f"| kind | firms | {' | '.join(COLUMNS)} |",
        f"|---|---:|{'---:|' * len(COLUMNS)}",
    ]

    def row(name: str, kind: str, n: int, taste: float = 1.0) -> None:
        cells = []
        for column, measure in COLUMNS.items():
            beside = f" / {_cell(BY_CHANCE[column](chance(n)))}" if column in BY_CHANCE else ""
            cells.append(_cell(d.over(kind, (n,), measure, taste).mean) + beside)
        lines.append(f"| {name} | {n} | {' | '.join(cells)} |")

    for kind in SYSTEMS:
        for n in (*d.few, *(d.many if kind != "moving" else ())):
            row(kind, kind, n)
    for taste in TASTES:
        for n in (n for n in (4, 8) if n in d.few):
            row(f"both, taste x {taste:g}", "both", n, taste)
    lines += [
        "",
        "![Where two, four and ten firms stand after 100 rounds, and what they ask](pictures/hotelling_plane.png)",
        "",
        f"The last round of start {SHOWN}. Crosses: where they started; lines: between those who would buy at one firm "
        "and at another.",
    ]
    return "\n".join(lines) + "\n"


# -- the picture --------------------------------------------------------------------------------------------
def draw(
    sizes: tuple[int, ...] = (2, 4, 10), start: int = SHOWN, file: Path = PICTURE, d: Design | None = None
) -> None:
    """The last round of one start for some numbers of firms: who is nearest to whom, places, prices."""
    from o2o_sim.show.style import GREY, PALE, house_style, plt

    d = d or Design()
    with house_style():
        figure, axes = plt.subplots(
            1, len(sizes), figsize=(3.6 * len(sizes) + 0.8, 4.2), layout="constrained"
        )
        plays = [play("both", n, start, d.rounds, d.last) for n in sizes]
        low, high = min(p.price[-1].min() for p in plays), max(p.price[-1].max() for p in plays)
        for axis, p in zip(np.atleast_1d(axes), plays):
            cell, price = p.cell[-1], p.price[-1]
            # Cheapest for whom: price and way together.
            total = between(np.arange(SIDE * SIDE)[:, None], cell[None, :]) + price
            area = total.argmin(axis=1).reshape(SIDE, SIDE)
            lines = np.arange(SIDE)
            for k in range(len(cell)):
                axis.contour(lines, lines, area == k, [0.5], colors=PALE, linewidths=1)
            y, x = np.divmod(p.start, SIDE)
            axis.plot(x, y, "x", color=GREY, markersize=5)
            (y, x), shift = np.divmod(cell, SIDE), _apart(cell)
            shown = axis.scatter(
                x + shift,
                y,
                c=price,
                s=90,
                cmap="viridis",
                vmin=low,
                vmax=high,
                edgecolors="black",
                linewidths=0.6,
                zorder=3,
            )
            axis.set(xlim=(-0.6, SIDE - 0.4), ylim=(-0.6, SIDE - 0.4), aspect="equal", xticks=[], yticks=[])
            axis.spines[:].set_visible(True)
            axis.set_title(f"{len(cell)} firms")
        figure.colorbar(shown, ax=axes, label="price (what a cell costs to cross)", shrink=0.8)
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file)
        plt.close(figure)


def _apart(cells: np.ndarray) -> np.ndarray:
    """Firms of one cell side by side, in cells."""
    rank = np.array([np.sum(cells[:k] == c) for k, c in enumerate(cells)])
    many = np.array([np.sum(cells == c) for c in cells])
    return 0.7 * (rank - (many - 1) / 2)


if __name__ == "__main__":
    quick = "--quick" in sys.argv
    print(table(results(quick)))
    print(details(quick))
    if "--picture" in sys.argv and not quick:
        draw()
