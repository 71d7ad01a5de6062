"""Mesa's SolaraViz with the city as one of its components.

pip install 'o2o-sim[notebook]' 'mesa[viz]' 'ipyvuetify<2'
solara run docs/examples/solara_app.py
"""

from pathlib import Path

from mesa.visualization import SolaraViz, make_plot_component

from o2o_sim import CityMap, O2OModel, load_scenario, own_copy

SCENARIO = load_scenario(Path(__file__).parents[2] / "scenarios/classroom.yaml")


class City(O2OModel):
    """SolaraViz makes a new model on "Reset": it calls the class, so the scenario must be known to it."""

    def __init__(self, seed: int = 1, rng: object = None):
        super().__init__(own_copy(SCENARIO), seed)


model_params = {"seed": {"type": "InputText", "value": 1, "label": "Seed"}}
page = SolaraViz(
    City(),
    components=[CityMap, make_plot_component({"stores_open": "#0072B2", "turned_away": "#D55E00"})],
    model_params=model_params,
    name="A town that shops",
)
