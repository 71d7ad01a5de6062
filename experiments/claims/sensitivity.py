"""Do the ten claims with the largest effects survive other defaults? Runs the points, and writes them to
robustness.csv.

python experiments/claims/sensitivity.py [--points 200] [--part 1/2] [--minutes 60], or `make robustness`

Every behavioural default (behaviour.py) is multiplied by a factor from 0.75 to 1.25, all at once, by one
Latin hypercube; at each point every claim's headline is run as one pair with the same seed. Points come one
after the other with all claims each, so that all claims have the same points wherever it stops; what is done
is not done again. The same headlines with the defaults as they are, twenty pairs of them (point 0), tell how
much is chance. `--part 2/3` runs the second third of the points; parts may run side by side."""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from behaviour import defaults, design, moved_spec, said

from o2o_sim import ScenarioError, Spec, metrics, run
from o2o_sim.record.metrics import monthly, window_value
from o2o_sim.studies.claim import ClaimSpec, load_claims
from o2o_sim.studies.job import key_of

HERE = Path(__file__).parent
FILE = HERE / "robustness.csv"
COLUMNS = ("claim", "point", "seed", "reference", "seen", "key")
POINTS, DESIGN_SEED, FIRST_SEED, PAIRS = 200, 2013, 1000, 20

SMALL: dict[str, dict[str, Any]] = {
    "C24": {},
    "C16": {},
    "C28": {"population": 2500},
    "C15": {"population": 2500},
    "C25": {"population": 2500},
    "C20": {"population": 2500},
    "C04": {},
    "C06": {"days": 243},
    "C02": {"population": 2500},
    "C18": {"population": 2500},
}
"""The ten claims by size of their effect (see `largest`), and what is changed so that a run takes less time:
a quarter of the people, each of whom stands for four times as many, or no days after those that the headline
looks at."""


def largest(table: pd.DataFrame, number: int = 10) -> pd.DataFrame:
    """The headlines of claims.csv with the largest effects, in multiples of the smallest effect that matters.

    Only those that are supported or contradicted by an interval that lies wholly beyond that smallest effect,
    on either side, count; a headline without a smallest effect has no such multiple. `distance` is how many
    standard deviations of a single pair the mean is from where the verdict would be another."""
    heads = table.groupby("id", sort=False).head(1)
    heads = heads[(heads["smallest"] > 0) & heads["seen"].isin(["supported", "contradicted"])].copy()
    nearest = heads[["low", "high"]].abs().min(axis=1).where(heads["low"] * heads["high"] > 0, 0.0)
    heads = heads[nearest > heads["smallest"]].copy()
    heads["multiple"] = (heads["effect"] / heads["smallest"]).abs()
    spread = (heads["high"] - heads["low"]) / 2 / 2.093 * PAIRS**0.5
    way = (
        heads["direction"]
        .map({"up": 1.0, "down": -1.0})
        .fillna(heads["effect"].apply(lambda e: 1 if e > 0 else -1))
    )
    heads["distance"] = (heads["effect"] * way - heads["smallest"]).abs() / spread
    return heads.nlargest(number, "multiple")


@dataclass(frozen=True)
class Headline:
    """What is looked at for a claim: its headline's arms as scenarios, and the keys that they themselves
    change."""

    claim: ClaimSpec
    arms: tuple[Spec, ...]
    keep: frozenset[tuple[str, ...]]

    def moved(self, by: dict[str, float] | None) -> list[Spec]:
        """The arms with all behavioural defaults moved."""
        return list(self.arms) if by is None else [moved_spec(s, by, self.keep)[0] for s in self.arms]

    def touched(self) -> set[str]:
        """The behavioural defaults that are there to be moved in either arm."""
        by = {d.name: 1.0 for d in defaults()}
        return {name for s in self.arms for name in moved_spec(s, by, self.keep)[1]}

    def value(self, spec: Spec, seed: int) -> float:
        """The headline's metric in one run."""
        e = self.claim.expect[0]
        result = run(spec, out=False, seed=seed, threads=1)
        for window in self.claim.windows_made():
            if window.name == e.metric:
                return window_value(monthly(result), window)
        return metrics(result)[e.metric]

    def pair(self, specs: list[Spec], seed: int) -> tuple[float, float]:
        """What it is compared with, and what is seen, with one seed."""
        against = self.claim.expect[0].against
        values = [self.value(s, seed) for s in specs]
        return (values[1], values[0]) if isinstance(against, str) else (float(against), values[0])


def headline(claim: ClaimSpec, changes: dict[str, Any]) -> Headline:
    """The headline of a claim, with some keys changed in all arms."""
    e = claim.expect[0]
    specs = {p.factors["arm"]: p.spec for p in claim.points([f"{k}={v}" for k, v in changes.items()])}
    names = [e.arm, e.against] if isinstance(e.against, str) else [e.arm]
    keep = {place for name in names for place in said(claim.arms[name][1])}
    return Headline(claim, tuple(specs[n] for n in names), frozenset(keep))


def headlines() -> dict[str, Headline]:
    """The ten headlines, by their claims' numbers."""
    found = {c.id: c for c in load_claims(HERE, list(SMALL))}
    return {name: headline(found[name], changes) for name, changes in SMALL.items()}


def tasks(points: int, part: tuple[int, int]) -> Iterator[tuple[str, int, int]]:
    """(claim, point, seed) of all pairs, in the order in which they are run; point 0 is the defaults."""
    i, n = part
    for point in range(i, points + 1, n):
        for name in SMALL:
            yield name, point, FIRST_SEED + point
            if point <= PAIRS:
                yield name, 0, point


def known(file: Path = FILE) -> set[tuple[str, str, str, str]]:
    """The pairs that are there already: claim, point, seed, key."""
    if not file.exists():
        return set()
    with file.open(encoding="utf-8", newline="") as lines:
        return {(r["claim"], r["point"], r["seed"], r["key"]) for r in csv.DictReader(lines)}


def pair_key(specs: list[Spec], seed: int) -> str:
    """12 hex digits that stand for the scenarios of a pair, its seed and the code."""
    return hashlib.sha256("".join(key_of(s, seed) for s in specs).encode()).hexdigest()[:12]


def written(name: str, point: int, seed: int, pair: tuple[float, float], key: str) -> str:
    """A line of the file."""
    return f"{name},{point},{seed},{pair[0]:.8g},{pair[1]:.8g},{key}\n"


def run_points(
    points: int, part: tuple[int, int] = (1, 1), minutes: float = float("inf"), file: Path = FILE
) -> int:
    """Run what is missing of the first `points` points, and add it to the file; returns how many pairs were
    run."""
    wanted, heads, done, ran = design(POINTS, DESIGN_SEED), headlines(), known(file), 0
    until = time.monotonic() + 60 * minutes
    if not file.exists():
        file.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    with file.open("a", encoding="utf-8") as lines:
        for name, point, seed in tasks(points, part):
            if time.monotonic() > until:
                break
            pair, key, began = (float("nan"), float("nan")), "refused", time.monotonic()
            try:
                specs = heads[name].moved(wanted[point - 1] if point else None)
                key = pair_key(specs, seed)
                if (name, str(point), str(seed), key) in done:
                    continue
                pair = heads[name].pair(specs, seed)
            except ScenarioError as fault:
                print(f"{name}, point {point}: {fault}", file=sys.stderr, flush=True)
            lines.write(written(name, point, seed, pair, key))
            lines.flush()
            ran += 1
            took = time.monotonic() - began
            print(f"{name} point {point} seed {seed}: {pair[0]:.5g} {pair[1]:.5g} ({took:.1f} s)", flush=True)
    return ran


def part_of(text: str) -> tuple[int, int]:
    """2/3 as (2, 3)."""
    i, _, n = text.partition("/")
    if not (i.isdecimal() and n.isdecimal() and 1 <= int(i) <= int(n)):
        raise argparse.ArgumentTypeError(f"{text!r} is no part; it is written as 1/2, the first of two")
    return int(i), int(n)


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--points", type=int, default=POINTS, help=f"how many points, at most {POINTS}")
    asked.add_argument("--part", type=part_of, default="1/1", help="i/n: the i-th of n parts of the points")
    asked.add_argument(
        "--minutes", type=float, default=float("inf"), help="begin no pair after so many minutes"
    )
    asked.add_argument(
        "--choose", metavar="CLAIMS_CSV", help="only print the claims with the largest effects"
    )
    asked.add_argument("--keys", action="store_true", help="only print the behavioural defaults")
    said_ = asked.parse_args()
    if said_.choose:
        shown = ["id", "metric", "seen", "effect", "smallest", "multiple", "distance"]
        print(largest(pd.read_csv(said_.choose))[shown].to_string(index=False))
    elif said_.keys:
        touched = {name: head.touched() for name, head in headlines().items()}
        for d in defaults():
            print(
                f"- `{d.name}`: {d.sentence} ({sum(d.name in t for t in touched.values())} of {len(touched)})"
            )
    else:
        run_points(min(said_.points, POINTS), said_.part, said_.minutes)


if __name__ == "__main__":
    main()
