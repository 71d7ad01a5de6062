"""Fit the few numbers by which shops live and die to the Texan venues.

    python experiments/calibration/fit_lives.py                       # the town as it is: every figure beside its target
    python experiments/calibration/fit_lives.py --set KEY=VALUE ...   # with other values
    python experiments/calibration/fit_lives.py --rounds 1            # move each number up and down and keep what is better

Each figure (o2o_sim/record/vital.py) counts by its distance from the venues', in units of what is thought near enough; the loss is
the mean square of that. Runs of two seeds of the town over three years are kept under runs/validation by their keys, so that no
city is tried twice; delete that folder after a change of the code. Only the venues that are shown here
(experiments/validation/data/README.md) are fitted to; `experiments/validation/lives.py` judges the result with other seeds and
longer runs."""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "experiments" / "validation"), str(ROOT)]

from lives import SCENARIOS, city, decile_gap, venues  # noqa: E402

from o2o_sim import load_scenario  # noqa: E402
from o2o_sim.record import vital  # noqa: E402
from o2o_sim.record.vital import Lives  # noqa: E402

SEEDS, DAYS = (11, 12), 1096
"""Not those of the validation."""
NEAR = {
    "exit_slope": 0.08,
    "exits_worst_trend": 0.06,
    "sales_change_month": 0.025,
    "sales_change_year": 0.03,
    "exit_rate": 0.02,
    "entrant_survival_12": 0.04,
    "entrant_survival_24": 0.06,
    "taken_again_12": 0.1,
}
"""Figure -> what distance from the venues' counts as one."""


@dataclass(frozen=True)
class Number:
    """A key that may be moved by a factor `step`, and the figure that it is there for. `stores.formats.*` stands for all
    formats."""

    key: str
    step: float
    moves: str


NUMBERS = (
    Number("stores.formats.*.area_spread", 1.15, "exit_slope, through the spread of sales"),
    Number("stores.luck.appeal", 1.15, "sales_change_month"),
    Number("stores.luck.appeal_lasts", 1.15, "sales_change_year"),
    Number("stores.owners.choice.attention", 1.5, "exit_rate and exits_worst_trend"),
    Number("stores.owners.private.yearly", 1.3, "exit_slope, against attention"),
    Number("entry.search.rate_yearly", 1.4, "taken_again_12"),
)


def written(spec: dict, key: str, value: float) -> tuple[str, ...]:
    """The overrides that give a key a value, for every format if it names all."""
    if "*" not in key:
        return (f"{key}={value:.6g}",)
    return tuple(f"{key.replace('*', name)}={value:.6g}" for name in spec["stores"]["formats"])


def value_of(spec: dict, key: str) -> float | None:
    """What a scenario says of a key (of the first format, if it names all); None if its block is off."""
    found: object = spec
    for part in key.split("."):
        if part == "*":
            part = next(iter(found))  # type: ignore[call-overload]
        if not isinstance(found, dict) or found.get(part) is None:
            return None
        found = found[part]
    return float(found)  # type: ignore[arg-type]


def loss(lives: Lives) -> float:
    """Mean square of the distances from the venues', in units of NEAR; a figure that is not there counts as far as 3."""
    found, real = vital.statistics(lives), vital.statistics(venues())
    far = [(found[name] - real[name]) / near for name, near in NEAR.items()]
    return sum(x * x if math.isfinite(x) else 9.0 for x in far) / len(far)


def told(lives: Lives) -> str:
    """Every figure beside the venues', and the loss."""
    found, real = vital.statistics(lives), vital.statistics(venues())
    lines = [
        f"{name:22} {found[name]:8.3f}   venues {real[name]:7.3f}   near {near}"
        for name, near in NEAR.items()
    ]
    gap, noise = decile_gap(vital.risks(lives))
    lines.append(f"{'gap of deciles':22} {gap:8.3f}   of chance {noise:.3f}")
    return "\n".join([*lines, f"{'loss':22} {loss(lives):8.3f}"])


def tried(scenario: Path, changes: tuple[str, ...]) -> Lives:
    """The shops of all seeds with some overrides."""
    return city(scenario, (f"days={DAYS}", *changes), SEEDS).together


def improved(scenario: Path, changes: tuple[str, ...]) -> tuple[str, ...]:
    """The overrides after each number was moved up and down once, and what lowered the loss was kept."""
    best = loss(tried(scenario, changes))
    for number in NUMBERS:
        spec = load_scenario(scenario, changes).model_dump()
        now = value_of(spec, number.key)
        if now is None:
            print(f"{number.key}: is off in this scenario")
            continue
        for factor in (number.step, 1 / number.step):
            trial = (*changes, *written(spec, number.key, now * factor))
            found = loss(tried(scenario, trial))
            print(f"{number.key} = {now * factor:.4g}: loss {found:.3f} (before {best:.3f})", flush=True)
            if found < best:
                best, changes = found, trial
                break
    return changes


def main(arguments: list[str] | None = None) -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--scenario", type=Path, default=SCENARIOS / "town.yaml")
    asked.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="changes")
    asked.add_argument("--rounds", type=int, default=0, help="how often each number is moved (0)")
    given = asked.parse_args(arguments)
    changes = tuple(given.changes)
    for _ in range(given.rounds):
        changes = improved(given.scenario, changes)
    print(told(tried(given.scenario, changes)))
    for change in changes:
        print(f"  --set {change}")


if __name__ == "__main__":
    main()
