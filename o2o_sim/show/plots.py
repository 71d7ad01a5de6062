"""All pictures of a run, each of them to be understood on its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.figure import Figure

from . import citymap, pictures_market, pictures_stores
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
"""File name -> how it is drawn; a new picture is a new row. The city map, which needs a model, comes last."""


def draw_all(
    frames: Mapping[str, pd.DataFrame],
    manifest: Mapping[str, Any],
    folder: Path,
    *,
    model: O2OModel | None = None,
) -> list[Path]:
    """Draw every picture of a run as PNG into `folder`, which must be there; returns the files (see
    `style.draw_each`).

    The city map is drawn only with the `model`, for the ground is not kept in the tables.
    """
    draws = dict(PICTURES)
    if model is not None:
        draws["city_map"] = lambda frames, manifest: citymap.city_map(frames, manifest, model)
    return draw_each({name: partial(draw, frames, manifest) for name, draw in draws.items()}, Path(folder))
