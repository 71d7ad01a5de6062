"""Run the base scenario with five seeds, hold it against the published figures, and write the tables into
docs/calibration.md.

    python experiments/calibration/calibrate.py                # the table of the base, about ten minutes
    python experiments/calibration/calibrate.py --levers       # also what each lever moves, over three paired seeds
    python experiments/calibration/calibrate.py --population 8000 --seeds 1 --dry    # a quick look, writes nothing
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BASE, PAGE = ROOT / "scenarios" / "base.yaml", ROOT / "docs" / "calibration.md"
YEARS = (2013, 2014, 2015)

# rent on sales, per cent: rule of thumb for the kind of shop that comes nearest (read), mean of the run
RENT = {
    "supermarket": ("grocery", 1, 4),
    "neighbourhood row": ("drug and convenience", 3, 6),
    "restaurant row": ("restaurants", 6, 10),
    "electronics store": ("strip specialty", 6, 10),
    "clothing row": ("mall specialty", 10, 15),
    "home centre": ("mall specialty", 10, 15),
    "department store": ("mall specialty", 10, 15),
    "luxury gallery": ("mall specialty", 10, 15),
}
MARGIN = {  # gross margin before spoilage, per cent
    "supermarket": ("grocery, recalled", 22, 28),
    "neighbourhood row": ("grocery, recalled", 22, 28),
    "electronics store": ("electronics, recalled", 20, 25),
    "clothing row": ("clothing, read 43.7-44.5", 43.2, 45.0),
    "home centre": ("furniture, read 44.1", 43.2, 45.0),
}
ONLINE = {  # online share of total retail sales, per cent; within 2 percentage points
    2013: (7.8, "read"),
    2014: (10.6, "computed from read figures"),
    2015: (12.9, "read: all online, services included; physical goods alone 10.8"),
}
LEVERS = {
    "base": [],
    "rents x 1.5": ["levers.rent_x=1.5"],
    "logistics x 2": ["levers.logistics_x=2"],
    "tuan pays 3 yuan an order": ["platforms.tuan.subsidy.per_order_yuan=3"],
}


def one(job: tuple[int, int, int, tuple[str, ...]]) -> dict[str, float]:
    """The figures of one run."""
    seed, population, days, overrides = job
    sys.path[:0] = [str(ROOT), str(HERE)]
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from measure import measure

    from o2o_sim import O2OModel, load_scenario

    spec = load_scenario(BASE, [f"population={population}", f"days={days}", *overrides])
    frames = O2OModel(spec, seed=seed).run().results()
    found = measure(frames)
    found["spending per head and year"] = (
        float(frames["daily"]["sales_yuan"].sum()) / days * 365.25 / spec.residents
    )
    for name in spec.platforms:
        found[f"orders of {name} (thousand a year)"] = (
            float(frames["daily"][f"orders/{name}"].sum())
            * spec.residents
            / population
            / days
            * 365.25
            / 1000
        )
    found["closures"] = float((frames["outcomes"]["outcome"] == "closed").sum())
    return found


def column(runs: list[dict[str, float]], name: str) -> list[float]:
    return [r.get(name, 0.0) for r in runs]


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def row(
    runs: list[dict[str, float]], name: str, label: str, target: str, low: float, high: float, digits: int = 1
) -> str:
    """One line: the mean, each seed, and whether the mean is where it should be."""
    values = column(runs, name)
    m = mean(values)
    verdict = "hit" if low <= m <= high else "**miss**"
    each = " ".join(f"{v:.{digits}f}" for v in values)
    return f"| {label} | {m:.{digits}f} | {each} | {target} | {verdict} |"


def plain(runs: list[dict[str, float]], name: str, label: str, note: str = "", digits: int = 1) -> str:
    """One line that is held against no range."""
    values = column(runs, name)
    return (
        f"| {label} | {mean(values):.{digits}f} | {' '.join(f'{v:.{digits}f}' for v in values)} | {note} | |"
    )


def base_table(runs: list[dict[str, float]]) -> str:
    lines = ["| figure | mean | each seed | held against | |", "|---|---:|---|---|---|"]
    for year, (goal, source) in ONLINE.items():
        lines.append(
            row(
                runs,
                f"online share {year}",
                f"online share of sales {year}, %",
                f"{goal} ± 2 ({source})",
                goal - 2,
                goal + 2,
            )
        )
    for year in YEARS:
        lines.append(row(runs, f"exit rate {year}", f"stores that closed in {year}, %", "4-20", 4, 20))
    for year in YEARS:
        lines.append(plain(runs, f"entry rate {year}", f"stores that opened in {year}, %", "about as many"))
    for year in YEARS:
        lines.append(
            row(
                runs,
                f"vacancy {year}",
                f"vacant units at the end of {year}, %",
                "5-15 (range set by us)",
                5,
                15,
            )
        )
    for year in YEARS:
        lines.append(
            row(
                runs,
                f"median margin {year}",
                f"median store's profit on sales {year}, %",
                "2-8 (range set by us)",
                2,
                8,
            )
        )
    for name, (kind, low, high) in RENT.items():
        lines.append(
            row(runs, f"{name}: rent", f"rent on sales, {name}, %", f"{low}-{high} ({kind})", low, high)
        )
    for name, (kind, low, high) in MARGIN.items():
        lines.append(
            row(
                runs,
                f"{name}: gross margin before spoilage",
                f"gross margin, {name}, %",
                f"{low:g}-{high:g} ({kind})",
                low,
                high,
            )
        )
    for name in ("department store", "restaurant row", "luxury gallery"):
        lines.append(plain(runs, f"{name}: gross margin before spoilage", f"gross margin, {name}, %"))
    for name in RENT:
        lines.append(plain(runs, f"{name}: profit", f"profit on sales, all of format {name}, %"))
    for name in ("electronics", "clothing", "home furnishing", "luxury", "groceries"):
        lines.append(plain(runs, f"online share of {name} 2014", f"online share 2014, {name}, %"))
    for name in ("60s", "70s", "80s", "90s", "00s"):
        lines.append(plain(runs, f"online share of {name} 2014", f"online share 2014, born in the {name}, %"))
    lines.append(
        plain(
            runs,
            "online orders after a look in a shop",
            "online orders after a look in a shop, %",
            "30-50 (IBM, read)",
        )
    )
    lines.append(plain(runs, "department stores' share of sales", "department stores' share of sales, %"))
    for year in YEARS:
        lines.append(
            plain(runs, f"turned away {year}", f"needs turned away by full shops {year}, %", digits=2)
        )
    for mode in ("social", "marketplace", "partnership", "app"):
        lines.append(plain(runs, f"stores with {mode}", f"stores with mode {mode}, last month, %"))
    lines.append(plain(runs, "share of coupon 2015", "coupons' share of sales 2015, %"))
    lines.append(
        plain(
            runs, "spending per head and year", "spending per head and year, yuan", "8,000-14,000", digits=0
        )
    )
    for name in (
        "fresh food",
        "groceries",
        "restaurants",
        "clothing",
        "electronics",
        "home furnishing",
        "luxury",
    ):
        lines.append(plain(runs, f"unmet {name}", f"needs met outside the market, {name}, %"))
    for name in ("bazaar", "swift", "tuan"):
        lines.append(
            plain(runs, f"members/{name} last month", f"members of {name} at the end, share", digits=2)
        )
        change = [
            1e-6 * (r[f"cash_yuan/{name} last month"] - r[f"cash_yuan/{name} first month"]) for r in runs
        ]
        lines.append(
            f"| cash of {name}, change over the run, million yuan | {mean(change):.0f} | {' '.join(f'{v:.0f}' for v in change)} | | |"
        )
    return "\n".join(lines)


def lever_table(runs: dict[str, list[dict[str, float]]]) -> str:
    names = (
        ("closures", "closures in three years", 0),
        ("vacancy 2015", "vacancy at the end, %", 1),
        ("online share 2015", "online share 2015, %", 2),
        ("orders of tuan (thousand a year)", "orders of tuan, thousand a year", 0),
        ("median margin 2015", "median margin 2015, %", 1),
    )
    lines = ["| |" + "".join(f" {label} |" for _, label, _ in names), "|---|" + "---:|" * len(names)]
    for lever, found in runs.items():
        lines.append(f"| {lever} |" + "".join(f" {mean(column(found, n)):.{d}f} |" for n, _, d in names))
    return "\n".join(lines)


def put(name: str, text: str) -> None:
    """Replace what stands between the page's markers of a name."""
    page = PAGE.read_text(encoding="utf-8")
    first, last = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    a, b = page.index(first) + len(first), page.index(last)
    PAGE.write_text(page[:a] + "\n" + text + "\n\n" + page[b:], encoding="utf-8")


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--seeds", type=int, default=5, help="how many seeds, from 1")
    ask.add_argument("--population", type=int, default=40000, help="simulated consumers")
    ask.add_argument("--days", type=int, default=1095)
    ask.add_argument("--processes", type=int, default=2)
    ask.add_argument(
        "--levers", action="store_true", help="also run the levers (three seeds, 8,000 consumers)"
    )
    ask.add_argument("--only-levers", action="store_true")
    ask.add_argument("--dry", action="store_true", help="print, and leave docs/calibration.md alone")
    given = ask.parse_args()
    os.environ["NUMBA_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(given.processes) as pool:
        if not given.only_levers:
            jobs = [(k + 1, given.population, given.days, ()) for k in range(given.seeds)]
            text = base_table(list(pool.map(one, jobs)))
            print(text)
            if not given.dry:
                put("base", text)
        if given.levers or given.only_levers:
            jobs = [(k + 1, 8000, 1095, tuple(how)) for how in LEVERS.values() for k in range(3)]
            found = list(pool.map(one, jobs))
            text = lever_table({name: found[3 * i : 3 * i + 3] for i, name in enumerate(LEVERS)})
            print(text)
            if not given.dry:
                put("levers", text)


if __name__ == "__main__":
    main()
