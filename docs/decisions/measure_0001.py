"""Memory of a consumer as a Mesa agent, and as a record. Figures of decision 0001.

python docs/decisions/measure_0001.py
"""

import tempfile
import tracemalloc
from pathlib import Path

import mesa

from o2o_sim import O2OModel, load_scenario
from o2o_sim.market.consumers import PERSON, TABLES
from o2o_sim.scenario.describe import starter_text

AGENTS = 20_000


class Shopper(mesa.Agent):
    """One consumer with the state that a record has: a number per field, lists per category and platform."""

    def __init__(self, model, categories: int, platforms: int):
        super().__init__(model)
        for k, name in enumerate(PERSON.names):
            setattr(self, name, 1000.5 + k)
        self.favourite = [None] * categories
        self.loyalty = [0.5 * k for k in range(categories)]
        self.due = [1000 + k for k in range(categories)]
        self.familiarity = [0.5 * k for k in range(platforms + 1)]


with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "city.yaml")
    path.write_text(starter_text(), encoding="utf-8")
    model = O2OModel(load_scenario(path))
spec = model.spec

tracemalloc.start()
empty = mesa.Model(rng=1)
before = tracemalloc.get_traced_memory()[0]
for _ in range(AGENTS):
    Shopper(empty, len(spec.categories), len(spec.platforms))
each = (tracemalloc.get_traced_memory()[0] - before) / AGENTS
print(f"categories {len(spec.categories)}, platforms {len(spec.platforms)}; tables {', '.join(TABLES)}")
print(f"Mesa agent: {each:.0f} bytes per consumer")
record = sum(column.nbytes for column in model.consumers.columns) / len(model.consumers)
print(f"record:     {record:.0f} bytes per consumer")
