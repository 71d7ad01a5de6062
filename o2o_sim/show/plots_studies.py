"""The pictures of a study, each in a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.figure import Figure

from ..studies.shown import Drawing, Pictures
from .outcome_map import outcome_map
from .pictures_claims import claims_picture
from .pictures_effects import forest, waterfall
from .pictures_replicates import spread
from .pictures_searches import box_plot, goal_curve
from .pictures_sensitivity import morris_plot, sobol_bars
from .pictures_studies import heat_map, response_curves
from .study_parts import levels, numbers
from .style import draw_each

if TYPE_CHECKING:
    from ..studies.claims import Claims
    from ..studies.comparison import Comparison
    from ..studies.explanation import Explanation
    from ..studies.replicates import Replicates
    from ..studies.screening import Sensitivity
    from ..studies.search import Finding
    from ..studies.sweeps import Sweep

PLOTS = "plots"
MOST_FOREST = 20


def sweep_pictures(sweep: Sweep) -> Pictures:
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
    return pictures


def comparison_pictures(comparison: Comparison) -> Pictures:
    """The headline differences of every scenario from the first."""
    from ..record.metrics import label_of

    first, shown = comparison.names[0], comparison.results.headline[:MOST_FOREST]
    labels: Mapping[str, str] = {m: label_of(m) for m in shown}
    return {
        f"difference_{other}": partial(forest, comparison.table(other, shown), labels, names=(first, other))
        for other in comparison.names[1:]
    }


def replicates_pictures(found: Replicates) -> Pictures:
    """The headline figures of every run."""
    from ..record.metrics import label_of

    shown = found.results.headline[:MOST_FOREST]
    labels = {m: label_of(m) for m in shown}
    return {"spread": partial(spread, found.results.ok, found.table(shown), labels, found.name)}


def claims_pictures(claims: Claims) -> Pictures:
    """The headline effects of all claims."""
    return {"claims": partial(claims_picture, claims)}


def explanation_pictures(explanation: Explanation) -> Pictures:
    """A waterfall of every metric that was asked for and that differs at all."""
    from ..record.metrics import label_of

    # The picture has a row for either scenario; a file may well be called as a group is.
    a, b = (f"{n} (scenario)" if n in explanation.groups else n for n in explanation.names)
    pictures: dict[str, Callable[[], Figure]] = {}
    for metric in explanation.metrics:
        steps = explanation.table(metric)
        if steps["value"].any() and not steps["value"].isna().any():
            ends = pd.DataFrame({"group": [a, b], "value": explanation.means(metric)})
            table = pd.concat([steps, ends], ignore_index=True)
            labels = {metric: label_of(metric)}
            pictures[f"waterfall_{metric}"] = partial(waterfall, table, metric, labels, (a, b))
    return pictures


def finding_pictures(found: Finding) -> Pictures:
    """The mean over the values that a goal tried, and the points in and around every box."""
    pictures: dict[str, Callable[[], Figure]] = {}
    goal, discovery, labels = found.goal, found.discovery, found.labels
    if goal:
        chosen = {"factor": goal.said.factor, "metric": goal.said.metric}
        pictures["goal"] = partial(goal_curve, goal.table(), labels, goal.target, goal.found, **chosen)
    if discovery:
        points, interest = discovery.points, discovery.interest
        if not discovery.boxes:
            pictures["boxes"] = partial(box_plot, points, interest, {}, labels)
        for box in discovery.boxes:
            name = "boxes" if box.number == 1 else f"boxes_{box.number}"
            pictures[name] = partial(box_plot, points, interest, box.limits, labels)
            # The next box is about what lies in none before it.
            left = ~box.inside(points)
            points, interest = points[left], interest[left]
    return pictures


def sensitivity_pictures(found: Sensitivity) -> Pictures:
    """The measures of every metric by both methods."""
    pictures: dict[str, Callable[[], Figure]] = {}
    for name, table, picture in (("morris", found.morris, morris_plot), ("sobol", found.sobol, sobol_bars)):
        if table is not None:
            for metric, part in table.groupby("metric", sort=False):
                pictures[f"{name}_{metric}"] = partial(picture, part, found.labels, str(metric))
    return pictures


def draw(pictures: Pictures, folder: Path, drawing: Drawing | None = None) -> list[Path]:
    """Draw every picture as PNG into `folder`, which is made if it is not there; returns the files. `drawing` is
    told of each."""
    folder.mkdir(exist_ok=True)
    return draw_each({_as_file(name): picture for name, picture in pictures.items()}, folder, drawing)


def _as_file(name: str) -> str:
    """A name that every file system takes."""
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name)[:80]
