"""The pictures of a study, each in a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from .outcome_map import outcome_map
from .pictures_claims import claims_picture
from .pictures_effects import forest
from .pictures_studies import heat_map, response_curves
from .study_parts import levels, numbers
from .style import draw_each

if TYPE_CHECKING:
    from ..studies.claims import Claims
    from ..studies.comparison import Comparison
    from ..studies.sweeps import Sweep

PLOTS = "plots"
MOST_FOREST = 20


def draw_sweep(sweep: Sweep) -> list[Path]:
    """Response curves over every factor, heat maps of two factors for every metric, and the outcome map.

    The maps take the factors that the study's `report` names, else the first two or three in their order,
    those of numbers first. There is no outcome map over a factor without numbers."""
    said, runs, labels = sweep.study.report, sweep.results.runs, sweep.labels
    factors = [f for f in sweep.factors if runs[f].nunique() > 1]
    metrics = [m for m in (said.metrics or sweep.metrics) if m in runs]
    numeric = [f for f in factors if numbers(levels(runs[f])) is not None]
    rest = [f for f in (*numeric, *factors) if f not in (said.x, said.y, said.panel)]
    rest = list(dict.fromkeys(rest))
    x, y, panel = (
        f if f in factors else (rest.pop(0) if rest else None) for f in (said.x, said.y, said.panel)
    )
    pictures: dict[str, Callable[[], Figure]] = {}
    if x in numeric and y in numeric:
        base = said.base if {x, y} <= set(said.base) else None
        pictures["outcome_map"] = partial(outcome_map, runs, x, y, panel, labels, base=base)
    for factor in factors:
        by = next((f for f in (x, y, panel) if f and f != factor), None)
        pictures[f"response_{factor}"] = partial(response_curves, runs, factor, metrics, labels, by=by)
    if x and y:
        for metric in metrics:
            pictures[f"heat_{metric}"] = partial(heat_map, runs, x, y, metric, labels, panel=panel)
    return draw(pictures, sweep.results.folder / PLOTS)


def draw_comparison(comparison: Comparison) -> list[Path]:
    """The headline differences of every scenario from the first."""
    from ..record.metrics import HEADLINE, label_of

    first = comparison.names[0]
    shown = [m for m in HEADLINE if m in comparison.metrics][:MOST_FOREST]
    labels: Mapping[str, str] = {m: label_of(m) for m in shown}
    pictures = {
        f"difference_{other}": partial(forest, comparison.table(other, shown), labels, names=(first, other))
        for other in comparison.names[1:]
    }
    return draw(pictures, comparison.results.folder / PLOTS)


def draw_claims(claims: Claims) -> list[Path]:
    """The headline effects of all claims."""
    return draw({"claims": partial(claims_picture, claims)}, claims.folder / PLOTS)


def draw(pictures: Mapping[str, Callable[[], Figure]], folder: Path) -> list[Path]:
    """Draw every picture as PNG into `folder`, which is made if it is not there; returns the files."""
    folder.mkdir(exist_ok=True)
    return draw_each({_as_file(name): picture for name, picture in pictures.items()}, folder)


def _as_file(name: str) -> str:
    """A name that every file system takes."""
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name)[:80]
