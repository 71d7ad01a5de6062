"""All pictures of a run, each of them to be understood on its own."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from . import citymap, pictures_market, pictures_stores
from .style import house_style, save

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
    """Draw every picture of a run as PNG into `folder`, which must be there; returns the files.

    The city map is drawn only with the `model`, for the ground is not kept in the tables. A picture that
    fails is a fault of ours, but no reason to lose the run: it is left out with a warning. A disk that
    refuses is an OSError.
    """
    draws = dict(PICTURES)
    if model is not None:
        draws["city_map"] = lambda frames, manifest: citymap.city_map(frames, manifest, model)
    files = []
    with house_style():
        for name, draw in draws.items():
            path = Path(folder) / f"{name}.png"
            try:
                save(draw(frames, manifest), path)
                files.append(path)
            except OSError:
                raise
            except Exception as fault:
                path.unlink(missing_ok=True)
                said = f"the picture {name}.png could not be drawn: {type(fault).__name__}: {fault}"
                warnings.warn(said, RuntimeWarning, stacklevel=2)
            finally:
                plt.close("all")
    return files
