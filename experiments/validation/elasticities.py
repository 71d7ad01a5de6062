"""What moves when rents, subsidies, wages, prices or fees move: elasticities in the town beside published ones.

    python experiments/validation/elasticities.py              # the town, five seeds: about twenty minutes
    python experiments/validation/elasticities.py --quick      # the classroom's town, two seeds: only to see that it works

A driver is moved up and down by the same factor in runs with the same seed, and all else stays. The elasticity of a
figure is its arc elasticity (Allen 1934), (b - a) / ((a + b) / 2) over ln(x_b / x_a), which is there where closings
are none, too; its mean over the seeds stands with its standard error. Profit, which may be negative, is told as points
of sales per doubling of the driver.

The elasticity of a category in its price is that of pieces bought in the price that was paid on average, when all
who sell it, shops and platforms, ask more or less. It is that of demand alone: the shops and their prices stand still for
the year, of which the second half is counted, when people know the prices. Published figures say where they were
read; "recalled" was not."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT)]

from kept_tables import KEPT, made_once  # noqa: E402
from results import Result, table  # noqa: E402

from o2o_sim import load_scenario, mean_interval, metrics, run  # noqa: E402
from o2o_sim.processes import cores  # noqa: E402
from o2o_sim.record.result import online_channels  # noqa: E402
from o2o_sim.studies.job import key_of  # noqa: E402

TOWN = (ROOT / "scenarios" / "town.yaml", ())
SMALL = (ROOT / "scenarios" / "classroom.yaml", ("days=240",))
SEEDS = (1, 2, 3, 4, 5)
STEP = 1.2
"""A driver is multiplied and divided by it."""
PAID = ("platforms.tuan.subsidy.per_order_yuan=3",)
"""What `levers.subsidy_x` multiplies: in the town as shipped nothing is paid."""
PLATFORMS = ("bazaar", "swift")
STILL = (
    "days=365", "stores.policy=never_integrate", "stores.satisficing.patience_months=120", "stores.cash_months=120",
    "stores.owners=null", "entry.search=null", "stores.satisficing.price_step=0", "entry.policy=none",
)  # fmt: skip
"""No shop closes, opens or moves its prices."""
HALF_YEAR = 6


# -- what is moved ------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Driver:
    """What is moved: `keys` are multiplied together, from what the scenario says with `also` set; or they `grow` by the
    factor each year, which over two years comes to the same on average."""

    name: str
    keys: tuple[str, ...]
    also: tuple[str, ...] = ()
    grow: bool = False

    def changes(self, scenario: Path, given: tuple[str, ...], factor: float) -> tuple[str, ...]:
        """The overrides that multiply the driver."""
        spec = load_scenario(scenario, (*given, *self.also)).model_dump()
        value = {key: factor - 1 if self.grow else _at(spec, key) * factor for key in self.keys}
        return (*given, *self.also, *(f"{key}={v:.10g}" for key, v in value.items()))


def _at(spec: dict, key: str) -> float:
    found: object = spec
    for part in key.split("."):
        found = found[part]  # type: ignore[index]
    return float(found)  # type: ignore[arg-type]


def prices(formats: Iterable[str], categories: Iterable[str]) -> tuple[str, ...]:
    """The keys of what shops of some formats ask, and of what is asked online for some categories."""
    return (
        *(f"stores.formats.{f}.markup_x" for f in formats),
        *(f"categories.{c}.online_price_x" for c in categories),
    )


FORMATS = (
    "supermarket", "neighbourhood row", "restaurant row", "clothing row", "department store", "electronics store",
    "home centre", "luxury gallery",
)  # fmt: skip
ONLINE = ("groceries", "clothing", "electronics", "home furnishing", "luxury")
DRIVERS = (
    Driver("rents", ("levers.rent_x",)),
    Driver("subsidies", ("levers.subsidy_x",), PAID),
    Driver("logistics cost", ("levers.logistics_x",)),
    Driver("wages", ("stores.wage_yuan_month",)),
    Driver("incomes", ("drivers.income.yearly",), grow=True),
    Driver("prices of all", prices(FORMATS, ONLINE)),
    Driver("online prices", prices((), ONLINE)),
    Driver("delivery fees", tuple(f"platforms.{p}.parcel.fee_share" for p in PLATFORMS),
           ("platforms.bazaar.parcel.fee_share=0.7",)),
)  # fmt: skip


@dataclass(frozen=True)
class Goods:
    """Categories whose price is moved, those who sell them, and what was published of the elasticity."""

    name: str
    categories: tuple[str, ...]
    keys: tuple[str, ...]
    low: float
    high: float
    source: str


GOODS = (
    Goods("food", ("fresh food", "groceries"),
          prices(("supermarket", "neighbourhood row"), ("groceries",)), -0.8, -0.3,
          "-.27 to -.81 over 160 studies (Andreyeva, Long & Brownell 2010, read); about -.5 in urban China (Cao, Ho, Hu & "
          "Jorgenson 2020, read)"),
    Goods("meals out", ("restaurants",), prices(("restaurant row",), ()), -0.85, -0.65,
          "-.7 to -.8 (Andreyeva, Long & Brownell 2010: -.81, read); services in urban China about -.8 (Cao et al. 2020, read)"),
    Goods("clothing", ("clothing",), prices(("clothing row", "department store"), ("clothing",)), -1.0, -0.5,
          "clothing and footwear -.7 in middle-income countries (Seale, Regmi & Bernstein 2003, recalled); single garments on "
          "both sides of -1 (Fadiga, Misra & Ramirez 2004, read)"),
)  # fmt: skip

ORDERS = "pieces bought online"
FIGURES = {
    "closings": "stores_closed",
    "integration": "share_integrated",
    "online share": "online_share",
    "online orders": ORDERS,
    "rents": "circle_rent_yuan_m2_month_last",
}
PROFIT = "profit on sales"
PUBLISHED = (
    ("wages -> closings", "a minimum wage higher by a dollar raises restaurants' exits by 4 to 10 %, at 8 to 13 dollars: an "
     "elasticity of .4 to 1 (Luca & Luca 2019, read)"),
    ("rents -> closings, vacancy", "relief of a third of rates, themselves some 40 % of rent, lowers vacancy of shops by 85 % "
     "(Lockwood, Simmler & Tam 2022, the 85 % read, the rest recalled): an elasticity well above 1"),
    ("online prices -> online share", "-2 of an item's chance to be bought on eBay; a sales tax of one point on shops' prices brings "
     "2 % more online purchases (Einav, Knoepfle, Levin & Sundaresan 2014, read)"),
    ("logistics cost -> closings", "a fulfilment centre nearby takes 4 % of shops' sales and 2 % of their jobs, and raises exits, of "
     "small and young shops most (Chava, Oettl, Singh & Zeng 2024, read)"),
    ("delivery fees -> online share", "order incidence answers to the fee strongly, more than basket size (Lewis 2006, read; no "
     "single elasticity)"),
    ("subsidies -> orders", "withdrawal of 2014: 57 % of orders were left (part `withdrawal`)"),
)  # fmt: skip


# -- runs ---------------------------------------------------------------------------------------------------
def measured(scenario: Path, changes: tuple[str, ...], seed: int) -> dict[str, float]:
    """The figures of one run: metrics, profit on sales, and pieces and yuan of each category in the last
    half-year (`pieces/CATEGORY`, `yuan/CATEGORY`). Kept under runs/validation by the key of the run."""
    spec = load_scenario(scenario, changes).model_copy(update={"seed": seed})

    def made() -> pd.DataFrame:
        result = run(spec, out=False, threads=1)
        found = metrics(result)
        books, sold = result.stores_monthly, result.sales_monthly
        parcels = sold["channel"].isin(online_channels(result.manifest))
        kept = {figure: found[figure] for figure in FIGURES.values() if figure in found}
        kept[ORDERS] = sold.loc[parcels, "purchases"].sum()
        kept[PROFIT] = books["profit_yuan"].sum() / books["revenue_yuan"].sum()
        late = sold["month"] > sorted(set(sold["month"]))[-HALF_YEAR - 1]
        bought = (
            sold[late & (sold["channel"] != "without")].groupby("category")[["purchases", "sales_yuan"]].sum()
        )
        for name, row in bought.iterrows():
            kept |= {f"pieces/{name}": row["purchases"], f"yuan/{name}": row["sales_yuan"]}
        return pd.DataFrame({"figure": list(kept), "value": [float(v) for v in kept.values()]})

    kept = made_once(KEPT / f"elasticities-{key_of(spec, seed)}.csv", made)
    return dict(zip(kept["figure"], kept["value"]))


def _one(asked: tuple[Path, tuple[str, ...], int]) -> dict[str, float]:
    return measured(*asked)


@cache
def pairs(
    driver: Driver, scenario: Path, given: tuple[str, ...], seeds: tuple[int, ...], step: float = STEP
) -> list[tuple[dict[str, float], dict[str, float]]]:
    """What was measured with the driver lower and higher, by seed; as many runs at a time as there are cores."""
    asked = [
        (scenario, driver.changes(scenario, given, factor), seed)
        for seed in seeds
        for factor in (1 / step, step)
    ]
    with ProcessPoolExecutor(max_workers=min(len(asked), cores())) as pool:
        found = list(pool.map(_one, asked))
    return list(zip(found[::2], found[1::2]))


def arc(low: float, high: float, x: float) -> float:
    """The arc elasticity of what went from `low` to `high` when its driver grew by the factor x. NaN if both are
    nothing."""
    middle = (low + high) / 2
    return (high - low) / middle / math.log(x) if middle else math.nan


# -- results ------------------------------------------------------------------------------------------------
def asked(quick: bool, changes: tuple[str, ...]) -> tuple[Path, tuple[str, ...], tuple[int, ...]]:
    """Scenario, overrides and seeds."""
    scenario, given = SMALL if quick else TOWN
    return scenario, (*given, *changes), SEEDS[:2] if quick else SEEDS


def elasticities(
    quick: bool = False, changes: tuple[str, ...] = ()
) -> dict[str, dict[str, tuple[float, float]]]:
    """(mean, standard error) by driver and figure."""
    where = asked(quick, changes)
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for driver in DRIVERS:
        both = pairs(driver, *where)
        rows = {
            name: [arc(low[figure], high[figure], STEP**2) for low, high in both]
            for name, figure in FIGURES.items()
        }
        points = math.log(2) / math.log(STEP**2)
        rows["profit, points"] = [100 * points * (high[PROFIT] - low[PROFIT]) for low, high in both]
        found[driver.name] = {name: _mean(values) for name, values in rows.items()}
    return found


def _mean(values: list[float]) -> tuple[float, float]:
    x = np.array(values)[np.isfinite(values)]
    return (float(x.mean()), float(x.std(ddof=1) / math.sqrt(len(x)))) if len(x) > 1 else (math.nan, math.nan)


def results(quick: bool = False, changes: tuple[str, ...] = ()) -> list[Result]:
    """The elasticities of categories in their prices; those of figures in drivers stand below, without a bar."""
    scenario, given, seeds = asked(quick, changes)
    still = (*given, *(() if quick else STILL))
    found = []
    for goods in GOODS:
        values = []
        driver = Driver(f"price of {goods.name}", goods.keys)
        for low, high in pairs(driver, scenario, still, seeds, 1.1):
            pieces, yuan = (
                [sum(side.get(f"{what}/{c}", 0.0) for c in goods.categories) for side in (low, high)]
                for what in ("pieces", "yuan")
            )
            values.append(arc(*pieces, yuan[1] / pieces[1] * pieces[0] / yuan[0]))
        i = mean_interval(values)
        found.append(
            Result(
                f"price elasticity of {goods.name}",
                "predicted",
                f"{len(values)} pairs",
                i.mean,
                (i.low, i.high),
                f"{goods.low} to {goods.high}: {goods.source}",
                goods.low <= i.mean <= goods.high,
            )
        )
    return found


def details(quick: bool = False, changes: tuple[str, ...] = ()) -> str:
    """Markdown: what each driver moves, and what was published."""
    found = elasticities(quick, changes)
    names = list(next(iter(found.values())))
    lines = [f"| driver | {' | '.join(names)} |", "|---|" + "---:|" * len(names)]
    for driver, row in found.items():
        cells = (f"{mean:.2f} ({se:.2f})" if math.isfinite(mean) else "-" for mean, se in row.values())
        lines.append(f"| {driver} | {' | '.join(cells)} |")
    said = [f"- **{what}**: {text}." for what, text in PUBLISHED]
    note = (
        f"\nMean arc elasticities with standard errors in brackets, drivers moved by {STEP} up and down over the whole run; "
        "profit in points of sales per doubling. Subsidies start from 3 yuan an order of tuan's, because the town as shipped pays "
        "none; delivery fees from the 70 % of parcels' cost that buyers pay.\n\nPublished, none of them fitted to:\n\n"
    )
    return "\n".join(lines) + "\n" + note + "\n".join(said) + "\n"


def main(arguments: list[str] | None = None) -> None:
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("--quick", action="store_true", help="tiny runs, to see that it works")
    said.add_argument(
        "--prices", action="store_true", help="only the elasticities of categories in their prices"
    )
    said.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as in o2o-sim run")
    given = said.parse_args(arguments)
    print(table(results(given.quick, tuple(given.set))))
    if not given.prices:
        print(details(given.quick, tuple(given.set)))


if __name__ == "__main__":
    main()
