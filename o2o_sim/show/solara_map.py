"""The city as a component of Mesa's SolaraViz, beside Mesa's own plots and sliders.

    from mesa.visualization import SolaraViz
    from o2o_sim import CityMap

    page = SolaraViz(model, components=[CityMap])

SolaraViz steps the model; the map shows the newest day, and can be scrubbed back, zoomed and asked like
everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ScenarioError
from .following import Following
from .live import Say

try:
    import solara
except ImportError as fault:
    message = "the map in SolaraViz needs Solara: pip install 'mesa[viz]' 'ipyvuetify<2'"
    raise ScenarioError(message) from fault

if TYPE_CHECKING:
    from ..model import O2OModel


def _widget_of(model: O2OModel, height: int) -> Any:
    """The widget that follows a model, and the same one for as long as the model lives."""
    from .widget import CityWidget

    found = getattr(model, "_followed_by", None)
    if found is None:
        talk = Following(model)
        found = CityWidget._of(talk, height)

        def tell(frame: bytes, errors: list[Say], day: int) -> None:
            for error in errors:
                found._say([], error)
            found._say([frame], {"say": "shown", "day": day})

        talk.tell = tell
        model._followed_by = found  # type: ignore[attr-defined]
    return found


@solara.component
def CityMap(model: O2OModel, height: int = 620) -> None:
    """The city of a model that SolaraViz steps. Put it into SolaraViz's `components`; the model must not have
    begun."""
    solara.display(solara.use_memo(lambda: _widget_of(model, height), [model]))


__all__ = ["CityMap"]
