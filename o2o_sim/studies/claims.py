"""Do the claims hold? Every claim's arms run in pairs with the same seeds, and the verdict is computed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from ..csvtext import csv_bytes
from ..record.archive import write_whole
from ..scenario.shipped import shipped_folder
from .claim import ClaimSpec, Expectation, label, load_claims
from .points import cases, check_measured
from .shown import Pictures, Shown
from .statistics import Interval, mean_interval, paired_interval
from .study import Case, Results, Study
from .work import STUDIES, Progress, Work

if TYPE_CHECKING:
    from rich.console import RenderableType


REPLICATES = 20

Verdict = Literal["supported", "contradicted", "no evidence"]


def judge(effect: Interval, direction: str, smallest: float) -> Verdict:
    """What an interval says about an expected effect.

    `up` is supported if the whole interval is above 0 and its mean not below `smallest`, and contradicted if
    the whole interval is below `smallest`: the effect is too small to matter, absent, or the other way.
    `down` is its mirror image. `none` is supported if the whole interval lies within `smallest` around 0 and
    contradicted if it lies wholly outside. Anything else, a single pair among it, is no evidence."""
    if not np.isfinite([effect.mean, effect.low, effect.high]).all():
        return "no evidence"
    mean, low, high = effect.mean, effect.low, effect.high
    if direction == "none":
        if -smallest <= low and high <= smallest:
            return "supported"
        return "contradicted" if low > smallest or high < -smallest else "no evidence"
    if direction == "down":
        mean, low, high = -mean, -high, -low
    if low > 0 and mean >= smallest:
        return "supported"
    return "contradicted" if high <= smallest else "no evidence"


def overall(verdicts: Sequence[Verdict]) -> Verdict:
    """A claim holds if all that it expects is seen; one thing that is otherwise contradicts it."""
    if "contradicted" in verdicts:
        return "contradicted"
    return "no evidence" if "no evidence" in verdicts else "supported"


@dataclass(frozen=True)
class Test:
    """One expectation, what was seen (`effect`, beside `reference`, the mean of what it is compared with),
    and what that says."""

    expectation: Expectation
    label: str
    reference: float
    effect: Interval
    verdict: Verdict


@dataclass(frozen=True)
class Tested:
    """A claim and what became of it. `results` are its runs."""

    claim: ClaimSpec
    results: Results
    tests: list[Test]

    @property
    def verdict(self) -> Verdict:
        return overall([t.verdict for t in self.tests])

    @property
    def seen(self) -> str:
        """How many of its expectations are supported, like `2 of 3`."""
        return f"{sum(t.verdict == 'supported' for t in self.tests)} of {len(self.tests)}"


@dataclass
class Claims(Shown):
    """All claims that were put to the test. `folder` holds a study for each; `digest` stands for all their
    runs."""

    folder: Path
    tested: list[Tested]

    def tables(self) -> list[RenderableType]:
        """What the command line prints of it."""
        from ..show.tables_claims import claims_tables

        return claims_tables(self)

    def pictures(self) -> Pictures:
        """The headline effects of all claims."""
        from ..show.plots_studies import claims_pictures

        return claims_pictures(self)

    @property
    def digest(self) -> str:
        """24 hex digits of a SHA-256 over the keys of all runs, each of which stands for scenario, seed and
        code."""
        keys = sorted({case["key"] for t in self.tested for case in t.results.plan["cases"]})
        return sha256("".join(keys).encode()).hexdigest()[:24]

    @property
    def runs(self) -> pd.DataFrame:
        """The runs of all claims, one below the other."""
        return pd.concat([t.results.runs.assign(claim=t.claim.id) for t in self.tested], ignore_index=True)

    @property
    def failures(self) -> pd.DataFrame:
        """The runs that failed, with their tracebacks."""
        return pd.concat(
            [t.results.failures.assign(claim=t.claim.id) for t in self.tested], ignore_index=True
        )

    @property
    def results(self) -> Claims:
        """What a command shows of it."""
        return self

    def table(self) -> pd.DataFrame:
        """One row per expectation: id, claim, verdict (of the whole claim), metric, arm, against, direction,
        smallest, reference, effect, low, high, n, seen (the verdict of this expectation)."""
        rows = [
            {
                "id": t.claim.id,
                "claim": t.claim.claim,
                "verdict": t.verdict,
                "metric": e.metric,
                "arm": e.arm,
                "against": e.against,
                "relative": e.relative,
                "direction": e.direction,
                "smallest": e.smallest,
                "reference": test.reference,
                "effect": test.effect.mean,
                "low": test.effect.low,
                "high": test.effect.high,
                "n": test.effect.n,
                "seen": test.verdict,
            }
            for t in self.tested
            for test in t.tests
            for e in [test.expectation]
        ]
        return pd.DataFrame(rows)


def run_claims(
    wanted: Sequence[str] = (),
    *,
    claims: str | os.PathLike[str] | None = None,
    replicates: int | None = None,
    out: str | os.PathLike[str] | None = None,
    overrides: Sequence[str] = (),
    work: Work | None = None,
) -> Claims | None:
    """Put claims to the test: those of the folder `claims` (the shipped ones) with the numbers `wanted`, or all.

    `replicates` is the number of pairs (20 if nothing is said); `overrides` change all arms of all claims.
    Writes claims.csv and claims.md into `out` (runs/claims), where every claim's runs lie in a folder of
    their own. Returns None where `work` is a shard and runs of others are still missing.

    Raises ScenarioError if a claim or a scenario is not valid, before anything is simulated.
    """
    chosen = load_claims(shipped_folder("claim") if claims is None else claims, wanted)
    with work or Work() as w:
        pairs = range(replicates or REPLICATES)
        arms = [cases(c.points(overrides, plugins=w.plugins), pairs, plugins=w.plugins) for c in chosen]
        folder = Path(out) if out is not None else Path(STUDIES) / "claims"
        studies = [Study(folder / c.stem, _about(c), c.windows_made()) for c in chosen]
        _run_all(studies, arms, w)
    found = [(claim, study.finish()) for claim, study in zip(chosen, studies)]
    if any(results.missing for _, results in found):
        return None
    tested = Claims(folder, [Tested(claim, results, _tests(claim, results)) for claim, results in found])
    write_whole(folder / "claims.csv", csv_bytes(tested.table()))
    from ..show.tables_claims import claims_text

    write_whole(folder / "claims.md", claims_text(tested).encode())
    w.draw(tested, folder)
    return tested


def _about(claim: ClaimSpec) -> dict[str, str]:
    return {"kind": "claim", "name": claim.id, "question": claim.claim}


def _run_all(studies: Sequence[Study], arms: Sequence[Sequence[Case]], work: Work) -> None:
    """Carry out the studies one after the other, and tell of all their runs together."""
    i, n = work.shard
    sizes = [len(list(dict.fromkeys(c.job.key for c in some))[i - 1 :: n]) for some in arms]
    tell, before, bad, now = work.progress, 0, 0, [0]

    def shifted(before: int, bad: int) -> Progress:
        def told(done: int, total: int, failed: int) -> None:
            now[0] = failed
            tell(before + done, sum(sizes), bad + failed)

        return told

    try:
        for study, some, size in zip(studies, arms, sizes):
            work.progress = shifted(before, bad)
            study.run(some, work)
            before, bad = before + size, bad + now[0]
    finally:
        work.progress = tell


def _tests(claim: ClaimSpec, results: Results) -> list[Test]:
    results.needs_some()
    check_measured(claim, {f"expect.{k}.metric": e.metric for k, e in enumerate(claim.expect)}, results)
    return [_test(claim, e, results) for e in claim.expect]


def _test(claim: ClaimSpec, e: Expectation, results: Results) -> Test:
    seen = results.values("arm", e.arm, e.metric)
    if isinstance(e.against, str):
        before = results.values("arm", e.against, e.metric)
        both = np.isfinite(seen) & np.isfinite(before)
        reference = float(before[both].mean()) if both.any() else float("nan")
        effect = paired_interval(before, seen)
        if e.relative:
            effect = _scaled(effect, reference)
    else:
        reference, effect = float(e.against), mean_interval(seen - e.against)
    return Test(e, label(claim, e), reference, effect, judge(effect, e.direction, e.smallest))


def _scaled(effect: Interval, by: float) -> Interval:
    if not by:
        return Interval(float("nan"), float("-inf"), float("inf"), effect.n)
    low, high = sorted((effect.low / by, effect.high / by))
    return Interval(effect.mean / by, low, high, effect.n)
