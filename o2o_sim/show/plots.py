"""All pictures of a run, each of them to be understood on its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.figure import Figure

from ..errors import ScenarioError
from ..record.archive import load_run
from ..studies.shown import Drawing, Pictures
from . import pictures_market, pictures_stores
from .citymap import city_map
from .ground import Ground
from .style import draw_each

if TYPE_CHECKING:
    from ..model import O2OModel

Draw = Callable[[Mapping[str, pd.DataFrame], Mapping[str, Any]], Figure]

PICTURES: dict[str, Draw] = {
    "outcomes": pictures_stores.outcomes,
    "channels": pictures_market.channels,
    "stores": pictures_stores.stores,
    "footfall": pictures_market.footfall,
    "profit_and_loss": pictures_stores.profit_and_loss,
    "platforms": pictures_market.platforms,
    "rents": pictures_stores.rents,
}
"""File name -> how it is drawn; a new picture is a new row. The city map, which needs the ground, comes last."""


def pictures_of(
    frames: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any], ground: Ground | None = None
) -> Pictures:
    """Every picture of a run by its file's name, each a function that draws it; the city map only with the `ground`."""
    found: dict[str, Callable[[], Figure]] = {
        name: partial(draw, frames, manifest) for name, draw in PICTURES.items()
    }
    if ground is not None:
        found["city_map"] = partial(city_map, frames, manifest, ground)
    return found


def draw_all(
    frames: Mapping[str, pd.DataFrame],
    manifest: Mapping[str, Any],
    folder: Path,
    *,
    model: O2OModel | None = None,
    drawing: Drawing | None = None,
) -> list[Path]:
    """Draw every picture of a run as PNG into `folder`, which must be there; returns the files (see
    `style.draw_each`).

    The city map is drawn only with the `model`, for the ground is not kept in the tables.
    """
    ground = Ground.of(model) if model is not None else None
    return draw_each(pictures_of(frames, manifest, ground), Path(folder), drawing)


def draw_later(folder: str | os.PathLike[str], drawing: Drawing | None = None) -> list[Path]:
    """Draw the pictures of a finished run into its folder; returns the files. Each is there whole or not at all.

    The city map is not among them, for the ground is known only while the city runs; one that is there stays.

    Raises ScenarioError if the folder holds no readable run, OSError if it cannot be written."""
    if (Path(folder) / "study.json").is_file():
        hint = "The command of the study draws them: it goes on with what is there, and repeats no run."
        raise ScenarioError("is the folder of a study", file=str(folder), hint=hint)
    run = load_run(folder)
    assert run.folder is not None
    plots = run.folder / "plots"
    plots.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix=".plots.part-", dir=run.folder) as part:
        drawn = draw_all(run.frames, run.manifest, Path(part), drawing=drawing)
        return [path.replace(plots / path.name) for path in drawn]
