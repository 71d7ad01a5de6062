"""Two runs side by side in words: what was changed, and whose fate differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from ..record.outcomes import OUTCOMES
from ..record.result import RunResult
from ..scenario.places import dotted
from ..studies.changes import plain_changes
from .report_words import FATES, STATES, Said
from .wording import day, exact, listed, of, plural


def changed_keys(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[tuple[tuple[str, ...], Any, Any]]:
    """(path, value in A, value in B) of all that two resolved scenarios say otherwise but name, question and
    seed."""
    found = [(change.path, change.before, change.after) for change in plain_changes(a, b)]
    return [change for change in found if change[0] not in (("name",), ("question",), ("seed",))]


def meaning_of(path: tuple[str, ...]) -> str:
    """What the scenario's schema says of a key, "" if it says nothing (keys that users choose)."""
    from ..scenario.schema import Spec
    from ..scenario.shape import slot_at

    field = slot_at(Spec, path[:-1]).fields().get(path[-1])
    return (field.description or "").removesuffix(" [x]") if field is not None else ""


CITY = ("city", "residents", "start", "population")
"""Keys by which two scenarios are of different cities: their stores share names at most."""


class Pairing(NamedTuple):
    """Two runs, store by store. `both` has a row per store of the same name (name, category, circle,
    outcome_a, mode_a, reason_a, changed_a, and the same of B); `only_a`, `only_b` count the others. `why_not`
    says why pairing the stores makes no sense; then `both` is empty."""

    both: pd.DataFrame
    only_a: int
    only_b: int
    why_not: str

    @property
    def differ(self) -> pd.DataFrame:
        """The stores whose outcome differs."""
        return self.both[self.both["outcome_a"] != self.both["outcome_b"]]


def pair(a: RunResult, b: RunResult) -> Pairing:
    """Match the stores of two runs by name."""
    left, right = a.outcomes, b.outcomes
    both = left.merge(right, on="name", suffixes=("_a", "_b"))
    both = both[both["format_a"] == both["format_b"]]
    why = _why_not(a, b, len(both))
    return Pairing(both.iloc[:0] if why else both, len(left) - len(both), len(right) - len(both), why)


def _why_not(a: RunResult, b: RunResult, shared: int) -> str:
    if a.manifest["seed"] != b.manifest["seed"]:
        return (
            f"the runs have different seeds ({a.manifest['seed']} and {b.manifest['seed']}), so that A and B are two "
            "different cities, whose stores have only their names in common"
        )
    x, y = a.manifest["scenario"], b.manifest["scenario"]
    other = [key for key in CITY if x.get(key) != y.get(key)]
    if other:
        return f"the scenarios describe different cities (they differ in {listed(other)})"
    if 2 * shared < max(len(a.outcomes), len(b.outcomes)):
        return f"only {plural(shared, 'store')} of the same name and kind are in both runs"
    return ""


def pair_answer(a: RunResult, b: RunResult, found: Pairing) -> list[Said]:
    """What differs between two runs, the most important first."""
    told = [Said("Changed", _changed(a, b)), *_spans(a, b)]
    if found.why_not:
        text = f"The stores of the two runs are not compared one by one: {found.why_not}. The totals below are all that can "
        return [*told, Said("No pairs", text + "be compared.")]
    differ = found.differ
    n = len(found.both)
    if differ.empty:
        which = "The one store that is" if n == 1 else f"All {n:,} stores that are"
        told.append(Said("Stores", f"{which} in both runs fared alike."))
    else:
        flows = Counter(zip(differ["outcome_a"], differ["outcome_b"]))
        parts = [
            f"{k:,} {FATES[x][k > 1]} in A and {FATES[y][k > 1]} in B" for (x, y), k in flows.most_common(4)
        ]
        more = len(differ) - sum(k for _, k in flows.most_common(4))
        rest = f"; {more:,} otherwise" if more else ""
        which = (
            "The one store that is in both runs"
            if n == 1
            else f"Of the {n:,} stores that are in both runs, {of(len(differ), n)}"
        )
        text = f"{which} fared differently: "
        told.append(Said("Stores", f"{text}{'; '.join(parts)}{rest}."))
    if found.only_a or found.only_b:
        text = f"{plural(found.only_a, 'store')} {'is' if found.only_a == 1 else 'are'} in A only, {found.only_b or 'none'} in B only"
        told.append(
            Said("One only", f"{text}. Where runs differ, others open shops in other places and months.")
        )
    return told


def _spans(a: RunResult, b: RunResult) -> list[Said]:
    """That the runs cover other days, and how many stores had closed when both were as far."""
    spans = [(run.manifest["first_day"], run.manifest["last_day"]) for run in (a, b)]
    if spans[0] == spans[1]:
        return []
    told = " and ".join(f"{name} covers {day(x)} to {day(y)}" for name, (x, y) in zip("AB", spans))
    text = f"{told}: sums are of other days, and in the shorter run stores had less time to change."
    if spans[0][0] == spans[1][0]:
        last = min(y for _, y in spans)
        gone = [
            int(((t["outcome"] == "closed") & (t["changed"] <= last)).sum()) for t in (a.outcomes, b.outcomes)
        ]
        text += f" On {day(last)}, the last day of both, {gone[0] or 'no'} {'store' if gone[0] == 1 else 'stores'} had closed in A and {gone[1] or 'none'} in B."
    return [Said("Days", text)]


def _changed(a: RunResult, b: RunResult) -> str:
    found = changed_keys(a.manifest["scenario"], b.manifest["scenario"])
    same = a.manifest["seed"] == b.manifest["seed"]
    if not found:
        text = (
            "Nothing: scenario and seed are the same" if same else "The seed only; the scenarios are the same"
        )
        return f"{text}."
    seeds = "" if same else " The seeds differ too."
    told = [f"{_key(path)} {_versus(x, y)}" for path, x, y in found[:8]]
    more = f"; and {len(found) - 8:,} more keys" if len(found) > 8 else ""
    return f"B differs from A in {plural(len(found), 'key')} of the scenario. {'; '.join(told)}{more}.{seeds}"


def _key(path: tuple[str, ...]) -> str:
    meaning = meaning_of(path)
    return f"{dotted(path)} ({meaning[:1].lower()}{meaning[1:]})" if meaning else dotted(path)


def _versus(x: Any, y: Any) -> str:
    """What a key says in A and in B; of whole blocks, only who has them."""
    if isinstance(x, dict) or isinstance(y, dict):
        return f"is there in {'A' if y is None else 'B'} only" if x is None or y is None else "differs"
    return f"is {_short(x)} in A, {_short(y)} in B"


def _short(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return exact(value)
    if isinstance(value, list | tuple):
        plain = not any(isinstance(v, dict | list | tuple) for v in value)
        return (listed(map(str, value)) or "empty") if plain else plural(len(value), "entry", "entries")
    text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"


def headline_rows(run: RunResult) -> list[tuple[str, float, str]]:
    """(what, figure, kind) of the figures that are set side by side; the kind is count, share or money."""
    h, table = run.headline(), run.outcomes
    whole = max(len(table), 1)
    counts = Counter(table["outcome"])
    rows: list[tuple[str, float, str]] = [("stores that ever existed", len(table), "count")]
    rows += [(f"of these at the end: {STATES[o]}", counts[o], "count") for o in OUTCOMES]
    return [
        *rows,
        ("share of stores that closed", counts["closed"] / whole, "share"),
        ("share of sales that came by parcel", h["online_share"], "share"),
        ("sales", h["sales_yuan"], "money"),
        ("subsidies of platforms", h["subsidy_yuan"], "money"),
        ("units empty on the last day", h["vacancy_last"], "share"),
    ]
