"""Do shops live and die as shops do - exits, newcomers and empty places beside 5,493 Texan venues.

    python experiments/validation/lives.py                     # town and base over five seeds, and pairs for the reasons
    python experiments/validation/lives.py --quick             # the classroom's town: only to see that it works
    python experiments/validation/lives.py --scenario FILE --set KEY=VALUE ... --seeds 3    # another city, without reasons

The figures are those of `o2o_sim/record/vital.py`, computed in the same way from the monthly receipts of the venues
(data/README.md) and from the books of simulated stores. Bars were written down before the rules that are judged
here were built. The town runs for four years instead of two, because who opens in two years is not seen for 24
months. Stores of all seeds are taken together; those of one format are one trade."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT)]

from kept_tables import KEPT, made_once  # noqa: E402
from results import Result, table  # noqa: E402

from o2o_sim import load_scenario, mean_interval, proportion_interval, run  # noqa: E402
from o2o_sim.policies.reasons import WORDS  # noqa: E402
from o2o_sim.record import vital  # noqa: E402
from o2o_sim.record.metrics import METRICS  # noqa: E402
from o2o_sim.record.vital import Lives  # noqa: E402
from o2o_sim.studies.job import key_of  # noqa: E402

SCENARIOS = ROOT / "scenarios"
CITIES: dict[str, tuple[Path, tuple[str, ...]]] = {
    "town": (SCENARIOS / "town.yaml", ("days=1461",)),
    "base": (SCENARIOS / "base.yaml", ()),
}
SMALL = (SCENARIOS / "classroom.yaml", ("days=760",))
OWNERS = (SCENARIOS / "shops_live_and_die.yaml", ("days=1461",))
OWN = ("stores.owners={}", "stores.luck={}", "landlords.leases={}", "entry.search={}")
"""The town with owners, luck, leases and newcomers who search, who alone give reasons, and what makes such a city of any."""
SEEDS = (1, 2, 3, 4, 5)
KEPT_OF = ("sales", "first", "last", "gone", "newcomer", "group", "site", "known", "empty")
"""What is kept of the lives of a run."""
VENUES = HERE / "data" / "texas_venue_months.parquet"


# -- what is compared ---------------------------------------------------------------------------------------
@cache
def venues() -> Lives:
    """The Texan venues. Who sold in the last three months is not known to have closed."""
    return vital.from_months(
        pd.read_parquet(VENUES), shop="venue", site="site", month="month", sales="receipts_usd",
        unknown=3, watched=2,
    )  # fmt: skip


@dataclass(frozen=True)
class City:
    """Runs of one scenario: the lives of each run, and its table of outcomes."""

    lives: tuple[Lives, ...]
    outcomes: tuple[pd.DataFrame, ...]

    @property
    def together(self) -> Lives:
        return vital.joined(self.lives)


def one_run(scenario: Path, changes: Sequence[str], seed: int) -> tuple[Lives, pd.DataFrame]:
    """The lives and the outcomes of a run. They are kept under runs/validation by its key, so that none is made
    twice."""
    spec = load_scenario(scenario, changes).model_copy(update={"seed": seed})
    key = key_of(spec, seed)
    arrays = KEPT / f"lives-{key}.npz"

    def made() -> pd.DataFrame:
        result = run(spec, out=False, threads=1)
        lives = vital.of_run(result.frames)
        arrays.parent.mkdir(parents=True, exist_ok=True)
        kept = {name: getattr(lives, name) for name in KEPT_OF}
        np.savez_compressed(arrays, **{name: value for name, value in kept.items() if value is not None})
        return result.outcomes

    outcomes = made_once(KEPT / f"lives-{key}.csv", made)
    with np.load(arrays) as kept:
        lives = Lives(**{name: kept[name] if kept[name].ndim else kept[name].item() for name in kept.files})
    return lives, outcomes.fillna("")


@cache
def city(scenario: Path, changes: tuple[str, ...] = (), seeds: tuple[int, ...] = SEEDS) -> City:
    made = [one_run(scenario, changes, seed) for seed in seeds]
    return City(tuple(lives for lives, _ in made), tuple(outcomes for _, outcomes in made))


# -- the bars -----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Bar:
    """A figure of `vital.statistics` and the range in which it must lie."""

    figure: str
    name: str
    low: float
    high: float
    digits: int = 3


BARS = (
    Bar("exits_worst_trend", "share of exits from the fifth with the worst half-year trend", 0.30, 0.45, 2),
    Bar("sales_change_month", "robust s.d. of monthly changes of ln sales", 0.12, 0.22),
    Bar("sales_change_year", "robust s.d. of yearly changes of ln sales", 0.08, 0.20),
    Bar("entrant_survival_12", "newcomers that live 12 months", 0.80, 0.95, 2),
    Bar("entrant_survival_24", "newcomers that live 24 months", 0.65, 0.87, 2),
    Bar("taken_again_12", "places left that are taken again within a year", 0.20, 0.50, 2),
)
SLOPE = (-0.45, -0.15)
NEAR, MOST = 0.03, 3.0
REPORTED = (
    ("sales_spread", "s.d. of ln yearly sales within formats"),
    ("entry_rate", "newcomers a year over shops"),
    ("exit_rate", "exits a year over shops"),
    ("entrant_ramp_1", "newcomers' ln sales at one month less those at twelve, median"),
)


def bars(name: str, found: City) -> list[Result]:
    """The figures of one city beside those of the venues; a figure passes if it lies in its range."""
    together = found.together
    each = [vital.statistics(x) for x in found.lives]
    all_, real = vital.statistics(together), vital.statistics(venues())
    n = f"{len(together)} shops, {len(found.lives)} seeds"

    def row(figure: str, said: str, low: float | None, high: float | None, digits: int) -> Result:
        over = mean_interval([x[figure] for x in each])
        reference = f"venues {real[figure]:.{digits}f}"
        passed = None
        if low is not None and high is not None:
            reference = f"{low:.{digits}f} to {high:.{digits}f}; {reference}"
            passed = low <= all_[figure] <= high
        most = 1.0 if METRICS[figure].kind == "share" else math.inf
        span = (max(over.low, 0.0), min(over.high, most)) if over.n > 1 and all_[figure] >= 0 else None
        return Result(f"{name}: {said}", "predicted", n, all_[figure], span, reference, passed, digits=digits)

    slope, error = all_["exit_slope"], all_["exit_slope_se"]
    risks = vital.risks(together)
    first = Result(
        f"{name}: logit slope of a year's exit on ln yearly sales, within formats",
        "predicted",
        f"{len(risks)} shop-years, {int(risks['gone'].sum())} exits",
        slope,
        (slope - 1.96 * error, slope + 1.96 * error),
        f"{SLOPE[0]} to {SLOPE[1]}; venues {real['exit_slope']:.3f} (s.e. {real['exit_slope_se']:.3f})",
        SLOPE[0] <= slope <= SLOPE[1],
        f"Standard error {error:.3f}.",
    )
    gap, noise = decile_gap(risks)
    deciles = Result(
        f"{name}: largest gap between exits by decile of sales and the venues', at the same mean",
        "predicted",
        first.n,
        gap,
        None,
        f"at most {NEAR}",
        gap <= NEAR,
        f"If the venues' rates were true, so few exits would lie apart by {noise:.3f} on average.",
    )
    peak = Result(
        f"{name}: largest month's closings of the first two years, over their mean",
        "predicted",
        f"{int(vital.closings(together)[:24].sum())} closings",
        all_["closings_peak"],
        None,
        f"below {MOST}; venues {real['closings_peak']:.2f}",
        all_["closings_peak"] < MOST,
        digits=2,
    )
    judged = [row(b.figure, b.name, b.low, b.high, b.digits) for b in BARS]
    return [first, deciles, *judged, peak, *(row(f, said, None, None, 3) for f, said in REPORTED)]


def decile_gap(risks: pd.DataFrame) -> tuple[float, float]:
    """(largest distance of exit rates by decile from the venues', scaled to the same mean; what chance alone
    would make it on average, with as many shops and the venues' rates)."""
    real = vital.exits_by(vital.risks(venues()), "decile")["rate"].to_numpy()
    mine = vital.exits_by(risks, "decile") if len(risks) else None
    if mine is None or not mine["gone"].sum() or len(mine) < len(real):
        return math.nan, math.nan
    shops = mine["shops"].to_numpy()

    def gaps(gone: np.ndarray) -> np.ndarray:
        scale = real.mean() / np.maximum(gone.sum(axis=-1) / shops.sum(), 1e-9)
        return np.abs(gone / shops * scale[..., None] - real).max(axis=-1)

    rate = mine["gone"].sum() / shops.sum()
    drawn = np.random.default_rng(1).binomial(shops, np.clip(real * rate / real.mean(), 0, 1), (2000, 10))
    return float(gaps(mine["gone"].to_numpy()[None])[0]), float(gaps(drawn).mean())


# -- reasons ------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Lever:
    """What is moved when half a year is over; `reasons` (keys of policies/reasons.py) are those by which a store that
    closes because of it should say so."""

    name: str
    set: dict[str, float]
    reasons: tuple[str, ...]

    def changes(self) -> tuple[str, ...]:
        values = ", ".join(f"{key}: {value}" for key, value in self.set.items())
        return (f"timeline={{a lever moves: {{date: {MOVED}, set: {{{values}}}}}}}",)


MOVED = date(2013, 7, 1)
ONLINE = ("groceries", "clothing", "electronics", "home furnishing", "luxury")
LEVERS = (
    Lever("rents x 1.7", {"levers.rent_x": 1.7}, ("rent",)),
    Lever("logistics x .25", {"levers.logistics_x": 0.25}, ("online",)),
    Lever("logistics x 4", {"levers.logistics_x": 4.0}, ("orders", "modes")),
    Lever("online appeal up by 2", {f"categories.{c}.online_appeal": 6.1 for c in ONLINE}, ("online",)),
    Lever("wages x 1.5", {"stores.wage_yuan_month": 5250.0}, ("wages",)),
)
AGREE, FEW = 0.7, 10
"""The share that must name the lever; of fewer closings, or of no more than there are the other way round, nothing is judged."""
BEYOND = pd.Timedelta(days=365)
"""For how long a store that a lever closed would have lived on without it, at least."""


def caused(without: pd.DataFrame, with_it: pd.DataFrame, end: date) -> list[str]:
    """The reasons of stores that a lever closed, from the tables of outcomes of two runs with the same seed up to a day.

    A lever closed a store that was there when it was moved, closed with it, and without it lived on for at least a year
    beyond that day. Who closed in the last year is left out, because that is not seen of it; who would have closed within a
    year anyway was only hastened."""
    both = with_it.merge(without, on=["store", "name", "opened"], suffixes=("", "_before"))
    there = both["opened"] <= MOVED.isoformat()
    beyond = pd.to_datetime(both["changed"]) + BEYOND
    alive = both["outcome_before"] != "closed"
    alive |= pd.to_datetime(both["changed_before"]) >= beyond
    hit = there & (both["outcome"] == "closed") & alive & (beyond <= pd.Timestamp(end))
    return [str(reason) for reason in both.loc[hit, "reason"]]


def closed(outcomes: pd.DataFrame) -> list[str]:
    """The reasons of all stores that were there when a lever was moved, or would have been, and closed later."""
    then = MOVED.isoformat()
    hit = (outcomes["opened"] <= then) & (outcomes["outcome"] == "closed") & (outcomes["changed"] > then)
    return [str(reason) for reason in outcomes.loc[hit, "reason"]]


def agreement(found: Sequence[str], reasons: Sequence[str]) -> tuple[int, int]:
    """(how many of some reasons are those of a lever, of how many)."""
    words = {WORDS[name] for name in reasons}
    return sum(reason.partition(": ")[2] in words for reason in found), len(found)


def reasons(quick: bool = False) -> list[Result]:
    """Whether stores that a lever closed say so, and how many say it without a lever."""
    found = []
    for lever in LEVERS:
        end, pairs = lever_pairs(lever, quick)
        hit, n = agreement([reason for a, b in pairs for reason in caused(a, b, end)], lever.reasons)
        kept = sum(len(caused(b, a, end)) for a, b in pairs)
        said, all_ = agreement([reason for a, _ in pairs for reason in closed(a)], lever.reasons)
        share = proportion_interval(hit, n)
        found.append(
            Result(
                f"town with owners: closings that {lever.name} caused, share that names it",
                "predicted",
                f"{n} closings in {len(pairs)} pairs",
                share.mean,
                (share.low, share.high),
                f"at least {AGREE}",
                share.mean >= AGREE if n >= FEW and n > kept else None,
                f"Stores that were there when it was moved, on {MOVED}, closed with it and lived on for a year or more without it; "
                f"{kept} the other way round, which is how far two runs drift apart by chance, too. Without any lever "
                f"{said} of {all_} closings since that day name it.",
                digits=2,
            )
        )
    return found


def lever_pairs(lever: Lever, quick: bool) -> tuple[date, list[tuple[pd.DataFrame, pd.DataFrame]]]:
    """The last day, and tables of outcomes without and with a lever, by seed."""
    scenario, given = (SMALL[0], (*SMALL[1], *OWN)) if quick else OWNERS
    seeds = SEEDS[:2] if quick else SEEDS
    sides = (city(scenario, changes, seeds).outcomes for changes in (given, (*given, *lever.changes())))
    spec = load_scenario(scenario, given)
    return spec.start + timedelta(days=spec.days - 1), list(zip(*sides))


def results(quick: bool = False) -> list[Result]:
    rows = [row for name, found in cities(quick).items() for row in bars(name, found)]
    return [*rows, *reasons(quick)]


def cities(quick: bool = False) -> dict[str, City]:
    chosen = {"town": SMALL} if quick else CITIES
    return {
        name: city(file, changes, SEEDS[:2] if quick else SEEDS) for name, (file, changes) in chosen.items()
    }


def details(quick: bool = False) -> str:
    """Markdown: exits by decile and by trend, survival, places taken again."""
    return shapes({"venues": venues(), **{name: c.together for name, c in cities(quick).items()}})


def shapes(lives: dict[str, Lives]) -> str:
    """Markdown: the courses of which the bars judge single points, a column per city."""
    columns: dict[str, list[float]] = {}
    for name, shops in lives.items():
        risks = vital.risks(shops)
        by = [vital.exits_by(risks, part)["rate"] for part in ("decile", "fifth")]
        columns[name] = [
            *by[0].reindex(range(1, 11)),
            *by[1].reindex(range(1, 6)),
            *vital.survival(shops).values(),
            *vital.taken_again(shops).values(),
        ]
    rows = [f"exit of decile {k} of sales" for k in range(1, 11)]
    rows += [f"exit of fifth {k} of the half-year trend" for k in range(1, 6)]
    rows += [f"newcomers alive at {age} months" for age in vital.AGES]
    rows += [f"places taken again within {wait} months" for wait in vital.WAITS]
    lines = [f"| | {' | '.join(columns)} |", "|---|" + "---:|" * len(columns)]
    for k, said in enumerate(rows):
        cells = (f"{c[k]:.3f}" if math.isfinite(c[k]) else "-" for c in columns.values())
        lines.append(f"| {said} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--quick", action="store_true", help="tiny runs, to see that it works")
    asked.add_argument("--scenario", help="a scenario file instead of town and base")
    asked.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as in o2o-sim run")
    asked.add_argument("--seeds", type=int, default=len(SEEDS), help="how many seeds (5)")
    given = asked.parse_args(arguments)
    if given.scenario:
        found = city(Path(given.scenario), tuple(given.set), tuple(range(1, given.seeds + 1)))
        print(table(bars(Path(given.scenario).stem, found)))
        print(shapes({"venues": venues(), "city": found.together}))
    else:
        print(table(results(given.quick)))
        print(details(given.quick))


if __name__ == "__main__":
    main()
