"""How unlike must shops be, and how large luck, for sales to differ and to move as those of real venues?

    python experiments/validation/spreads.py                            # the town, three seeds
    python experiments/validation/spreads.py --scenario FILE --set KEY=VALUE ... --seeds 5
    python experiments/validation/spreads.py --sd 0.9 --monthly 0.1     # other targets than those of the Texan venues

Two numbers are fitted, one after the other, each by secants on its square: `area_spread` of all formats, to the
standard deviation of ln yearly sales within a trade, and `stores.luck.appeal`, to the robust standard deviation of
the monthly change of ln sales. All other keys are those of the scenario, with `stores.supply_exact` on, and luck as by
default if the scenario has none. Every city that was tried is a row of what is printed; its runs are kept under
runs/validation."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from lives import SCENARIOS, one_run, venues  # noqa: E402

from o2o_sim import load_scenario  # noqa: E402
from o2o_sim.record import vital  # noqa: E402
from o2o_sim.record.vital import Lives  # noqa: E402

DAYS = 396
"""A year, and a month beyond."""
TRIES, CLOSE = 6, 0.02
"""How often a number is moved, and how near the target (relative) is near enough."""


def yearly_spread(lives: Lives) -> float:
    """The standard deviation of ln sales of the first year within a trade, of shops that sold in all of its months."""
    sales = lives.sales[:, : vital.YEAR]
    shop = np.flatnonzero((sales > 0).all(axis=1))
    rows = {"window": 0, "group": lives.group[shop], "ln_sales": np.log(sales[shop].sum(axis=1))}
    return vital.spread(pd.DataFrame(rows))


def monthly_change(lives: Lives) -> float:
    """The robust standard deviation of the monthly change of ln sales beyond what a trade has in common."""
    return vital.robust_sd(vital.monthly_changes(lives))


def fit(measure: Callable[[float], float], target: float, first: float, most: float) -> float:
    """The x in [0, most] at which `measure` is the target, if its square is about a straight line in the square of x.

    What is out of reach is told by the bound that it ends on."""
    tried = [(0.0, measure(0.0) ** 2)]
    if tried[0][1] >= target**2:
        return 0.0
    x = first
    for _ in range(TRIES):
        found = measure(x)
        if abs(found / target - 1) < CLOSE:
            break
        tried.append((x * x, found**2))
        (a, y), (b, z) = sorted(tried, key=lambda t: abs(t[1] - target**2))[:2]
        slope = (z - y) / (b - a) if b != a else 0.0
        if slope <= 0:
            break
        x = min(math.sqrt(max(a + (target**2 - y) / slope, 0.0)), most)
    return x


class Cities:
    """Runs of one scenario with other spreads; each is told when it is there."""

    def __init__(self, scenario: Path, changes: Sequence[str], seeds: Sequence[int]):
        self.scenario, self.changes, self.seeds = scenario, list(changes), seeds
        stores = load_scenario(scenario, changes).stores
        self.formats = list(stores.formats)
        if stores.luck is None:
            self.changes.append("stores.luck={}")

    def with_(self, area: float | None = None, appeal: float | None = None) -> Lives:
        """The lives of the shops of all seeds."""
        changes = [*self.changes, f"days={DAYS}", "stores.supply_exact=true"]
        if area is not None:
            changes += [f"stores.formats.{name}.area_spread={area:.4f}" for name in self.formats]
        if appeal is not None:
            changes.append(f"stores.luck.appeal={appeal:.4f}")
        lives = vital.joined([one_run(self.scenario, changes, seed)[0] for seed in self.seeds])
        said = "as it is" if appeal is None else f"{appeal:.3f}"
        print(
            f"area_spread {'as it is' if area is None else f'{area:.3f}':>8}   luck.appeal {said:>8}   "
            f"s.d. of ln yearly sales {yearly_spread(lives):.3f}   of monthly changes {monthly_change(lives):.3f}",
            flush=True,
        )
        return lives


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenario", type=Path, default=SCENARIOS / "town.yaml")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="changes")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--sd", type=float, help="s.d. of ln yearly sales within a trade; default: of the venues"
    )
    parser.add_argument(
        "--monthly", type=float, help="robust s.d. of monthly changes; default: of the venues"
    )
    said = parser.parse_args(arguments)
    sd = said.sd if said.sd is not None else vital.spread(vital.risks(venues()))
    monthly = said.monthly if said.monthly is not None else monthly_change(venues())
    print(f"wanted: s.d. of ln yearly sales {sd:.3f}, of monthly changes {monthly:.3f}")
    cities = Cities(said.scenario, said.changes, range(1, said.seeds + 1))
    cities.with_()
    area = fit(lambda x: yearly_spread(cities.with_(area=x)), sd, first=1.0, most=2.0)
    appeal = fit(lambda x: monthly_change(cities.with_(area, x)), monthly, first=0.2, most=2.0)
    found = cities.with_(area, appeal)
    print(
        f"fitted: area_spread {area:.3f} (s.d. {yearly_spread(found):.3f}), "
        f"stores.luck.appeal {appeal:.3f} (s.d. of monthly changes {monthly_change(found):.3f})"
    )


if __name__ == "__main__":
    main()
