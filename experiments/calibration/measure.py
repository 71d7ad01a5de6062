"""What a run says about the figures that the base scenario is held against. Reads the tables of a run
only."""

from __future__ import annotations

import pandas as pd

ONLINE = ("parcel", "marketplace shop")


def measure(frames: dict[str, pd.DataFrame]) -> dict[str, float]:
    """All figures by name; shares are in per cent, money is in the scenario's currency."""
    found: dict[str, float] = {}
    daily, books = frames["daily"].copy(), frames["stores_monthly"].copy()
    sales, stores, circles = (
        frames["sales_monthly"].copy(),
        frames["outcomes"].copy(),
        frames["circles_monthly"],
    )
    daily["year"] = pd.to_datetime(daily["date"]).dt.year
    for table in (books, sales):
        table["year"] = pd.to_datetime(table["month"]).dt.year
    years = sorted(daily["year"].unique())

    # Online share of sales: by year, and by category and cohort in the middle year.
    channels = [c for c in daily.columns if c.startswith("sales/")]
    by_year = daily.groupby("year").sum(numeric_only=True)
    for year in years:
        all_ = by_year.loc[year, channels].sum()
        online = by_year.loc[year, [c for c in channels if c.removeprefix("sales/") in ONLINE]].sum()
        found[f"online share {year}"] = 100 * online / all_
        for c in channels:
            found[f"share of {c.removeprefix('sales/')} {year}"] = 100 * by_year.loc[year, c] / all_
        found[f"subsidies {year}"] = by_year.loc[year, "subsidy_yuan"]
        needs = by_year.loc[year, "needs"]
        found[f"turned away {year}"] = 100 * by_year.loc[year, "turned_away"] / needs
        month_ends = daily[daily["year"] == year]
        found[f"vacancy {year}"] = 100 * month_ends["vacancy"].iloc[-1]
        found[f"stores at the end of {year}"] = month_ends["stores_open"].iloc[-1]
    found["sales 2013" if 2013 in years else "sales first year"] = by_year.loc[years[0], "sales_yuan"]
    bought = sales[sales["channel"] != "without"]
    online = bought[bought["channel"].isin(ONLINE)]
    for year in years:
        for group in ("category", "cohort"):
            here, there = bought[bought["year"] == year], online[online["year"] == year]
            share = 100 * there.groupby(group)["sales_yuan"].sum() / here.groupby(group)["sales_yuan"].sum()
            for name, value in share.fillna(0).items():
                found[f"online share of {name} {year}"] = value
    unmet = sales[sales["channel"] == "without"].groupby("category")["purchases"].sum()
    for name, value in (100 * unmet / sales.groupby("category")["purchases"].sum()).fillna(0).items():
        found[f"unmet {name}"] = value

    # Looking in shops before buying online.
    looked, bought_online = by_year["showroomed"].sum(), online["purchases"].sum()
    found["online orders after a look in a shop"] = 100 * looked / max(bought_online, 1)

    # The books of the stores, by format.
    open_ = books[books["state"].isin(("open", "showroom"))]
    for name, b in open_.groupby("format"):
        total = b.sum(numeric_only=True)
        revenue = total["revenue_yuan"]
        goods = -total["cost of goods_yuan"] - total["spoilage_yuan"]
        found[f"{name}: gross margin"] = 100 * (revenue - goods) / revenue
        found[f"{name}: gross margin before spoilage"] = (
            100 * (revenue + total["cost of goods_yuan"]) / revenue
        )
        for line in ("rent", "wages", "overheads", "integration"):
            found[f"{name}: {line}"] = -100 * total[f"{line}_yuan"] / revenue
        found[f"{name}: profit"] = 100 * total["profit_yuan"] / revenue
        found[f"{name}: sales per unit and year"] = 12 * revenue / len(b)
    per_store = open_.groupby(["year", "store"])[["revenue_yuan", "profit_yuan"]].sum()
    margin = 100 * per_store["profit_yuan"] / per_store["revenue_yuan"].clip(lower=1.0)
    for year in years:
        if year in margin.index.get_level_values(0):
            found[f"median margin {year}"] = margin.loc[year].median()
            found[f"stores losing money {year}"] = 100 * (margin.loc[year] < 0).mean()

    by_format = open_.groupby("format")["revenue_yuan"].sum()
    all_sales = by_year[channels].to_numpy().sum()
    found["department stores' share of sales"] = 100 * by_format.get("department store", 0.0) / all_sales

    # Who goes, who comes.
    opened, changed = pd.to_datetime(stores["opened"]), pd.to_datetime(stores["changed"])
    closed = stores["outcome"].isin(("closed", "moved online"))
    start = pd.to_datetime(daily["date"].iloc[0])
    for year in years:
        first, last = max(pd.Timestamp(year, 1, 1), start), pd.Timestamp(year, 12, 31)
        there = ((opened < first) | (opened <= start)) & ~(closed & (changed < first))
        gone = closed & (changed >= first) & (changed <= last)
        came = (opened > first) & (opened <= last)
        found[f"exit rate {year}"] = 100 * (gone & there).sum() / max(there.sum(), 1)
        found[f"all closures per store {year}"] = 100 * gone.sum() / max(there.sum(), 1)
        found[f"entry rate {year}"] = 100 * came.sum() / max(there.sum(), 1)
        for name in stores["format"].unique():
            of = stores["format"] == name
            found[f"{name}: exit rate {year}"] = 100 * (gone & there & of).sum() / max((there & of).sum(), 1)
            found[f"{name}: stores at the start of {year}"] = int((there & of).sum())
    last_month = books[books["month"] == books["month"].max()]
    for mode in ("social", "marketplace", "partnership", "app"):
        found[f"stores with {mode}"] = 100 * last_month["modes"].str.contains(mode).mean()
    for outcome, n in stores["outcome"].value_counts().items():
        found[f"outcome {outcome}"] = n
    city = frames["city_monthly"]
    for column in city.columns:
        if column.startswith(("smartphone", "members/", "cash_yuan/")):
            found[f"{column} first month"], found[f"{column} last month"] = (
                city[column].iloc[0],
                city[column].iloc[-1],
            )
    rents = circles.groupby("month")["rent_yuan_m2_month"].mean()
    found["rent, last month over first"] = rents.iloc[-1] / rents.iloc[0]
    return found
