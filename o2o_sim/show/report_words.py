"""The answer of a run in plain sentences: what became of the stores, when and why, with the figures that say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

import pandas as pd

from ..record.outcomes import OUTCOMES
from ..record.result import RunResult, online_share
from . import style

NBSP = "\u00a0"
HALF_YEAR = 6
FEW = 8
"""Groups of fewer stores say nothing about a kind of store."""

STATES = {
    "survived": "open as a plain shop",
    "integrated": "open, and selling online too",
    "showroom": "a showroom",
    "moved online": "online only",
    "closed": "closed",
}
"""Outcome -> how it is said of a store."""

ENDS = {
    "survived": ("was still a plain shop", "were still plain shops"),
    "integrated": ("was open and also selling online", "were open and also selling online"),
    "showroom": ("was a showroom", "were showrooms"),
    "moved online": ("was online only", "were online only"),
    "closed": ("had closed", "had closed"),
}
"""Outcome -> what one store was at the end, what several were."""

FATES = {
    "survived": ("stays a plain shop", "stay plain shops"),
    "integrated": ("sells online too", "sell online too"),
    "showroom": ("becomes a showroom", "become showrooms"),
    "moved online": ("moves online", "move online"),
    "closed": ("closes", "close"),
}
"""Outcome -> what one store does, what several do."""

MEANINGS = {
    "survived": "still a shop like on its first day",
    "integrated": "a shop that also sells, delivers or takes coupons through a phone or a platform",
    "showroom": "a smaller floor where people look at goods that they order online",
    "moved online": "has given up its shop and sells online only",
    "closed": "has given up altogether",
}
WAYS = {
    "social": "orders by chat, delivered by the shop itself",
    "marketplace": "a shop on a marketplace platform, which sends parcels",
    "partnership": "a platform's coupons, taken in the shop",
    "app": "an app of its own",
    "group": "group deals with a platform",
    "alliance": "an alliance of shops with a common delivery service",
    "warehouse": "a small warehouse for a platform's orders",
}
"""Way of integrating -> what it is."""

REASONS = {
    "sales too low for the place": "never enough sales for the rent and staff of the place",
    "sales lost to other shops": "at least a tenth less sold than in the first half year, mostly lost to other shops",
    "sales lost, many to online": "at least a tenth less sold than in the first half year, in a trade where parcels take "
    "more than a quarter of sales",
    "rent too high": "more rent than stores of the kind can carry",
    "integration cost": "going online cost more than it brought",
    "no customers": "nobody bought",
    "no cash": "the money was gone before the first month was over",
}
"""Main cause of a closure, as the model names it -> what it means."""


class Said(NamedTuple):
    """One paragraph: what it is about, and the sentences."""

    about: str
    text: str


# -- numbers and names --------------------------------------------------------------------------------------
def percent(share: float) -> str:
    """A share as people say it: 0.4 %, 12 %."""
    if 0 < share < 0.001:
        return f"less than 0.1{NBSP}%"
    return f"{100 * share:.1f}{NBSP}%" if 0 < share < 0.0995 else f"{100 * share:.0f}{NBSP}%"


def of(part: int, whole: int) -> str:
    """ "13 (19 %)"."""
    return f"{part:,} ({percent(part / whole)})" if whole else f"{part:,}"


def money(amount: float, currency: str) -> str:
    """An amount in three figures: 661,000 yuan, 33.4 billion yuan."""
    return style.money(float(f"{amount:.3g}"), currency)


def day(iso: str | date) -> str:
    """A date as people write it: 5 April 2013."""
    at = date.fromisoformat(iso) if isinstance(iso, str) else iso
    return f"{at.day} {at:%B} {at.year}"


def month(iso: str) -> str:
    """The month of a date: April 2013."""
    at = date.fromisoformat(iso)
    return f"{at:%B} {at.year}"


def plural(n: int, one: str, many: str = "") -> str:
    """1 store, 2 stores."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def listed(words: Iterable[str]) -> str:
    """a, b and c."""
    told = list(words)
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}" if told else ""


def cause(reason: str) -> str:
    """The cause alone, without whether the store gave up in time or its money ran out."""
    return str(reason).partition(": ")[2] or str(reason) or "no reason given"


def name_of(run: RunResult) -> str:
    """What the scenario is called."""
    scenario = run.manifest["scenario"]
    return str(scenario.get("name") or run.manifest.get("file") or "scenario")


# -- one run ------------------------------------------------------------------------------------------------
def headline_sentence(run: RunResult) -> str:
    """What became of all stores that ever existed, in a sentence."""
    table = run.outcomes
    if table.empty:
        return "There were no stores in this city."
    count, whole = Counter(table["outcome"]), len(table)
    parts = [f"{of(count[o], whole)} {ENDS[o][count[o] > 1]}" for o in OUTCOMES if count[o]]
    return (
        f"Of the {plural(whole, 'store')} of this city, {listed(parts)} on {day(run.manifest['last_day'])}."
    )


def answer(run: RunResult) -> list[Said]:
    """The paragraphs of the answer, the most important first."""
    told = [
        Said("Closed", _closures(run)),
        Said("Why", _causes(run)),
        Said("Integrated", _integrated(run)),
        Said("Survived", _survivors(run)),
        Said("Online", _online(run)),
        Said("Platforms", _platforms(run)),
    ]
    return [said for said in told if said.text]


def _closures(run: RunResult) -> str:
    table = run.outcomes
    closed = table[table["outcome"] == "closed"]
    start = run.manifest["first_day"]
    here, later = int((table["opened"] <= start).sum()), int((table["opened"] > start).sum())
    there = f"{plural(here, 'store')} {'was' if here == 1 else 'were'} there on the first day"
    there += f" and {later:,} opened later." if later else ", and none opened later."
    if closed.empty:
        return f"{there} No store closed."
    days = sorted(closed["changed"])
    text = f"{there} {plural(len(closed), 'store')} closed{_when(days)}."
    return " ".join(filter(None, (text, _hit(table))))


def _when(days: list[str]) -> str:
    """How closures are spread over time, from their ISO dates in order."""
    peak, most = Counter(days).most_common(1)[0]
    if most == len(days):
        return f", {'all of them ' if most > 1 else ''}on {day(peak)}"
    if 2 * most >= len(days):
        before = "" if days[0] == peak else f", the first on {day(days[0])}"
        after = "" if days[-1] == peak else f", the last on {day(days[-1])}"
        return f", {most:,} of them on {day(peak)}{before}{after}"
    half = days[(len(days) - 1) // 2]
    return f": the first on {day(days[0])}, half of them by {day(half)}, the last on {day(days[-1])}"


def _hit(table: pd.DataFrame) -> str:
    """Which category and which circle lost most of its stores, and which fewest, among those large enough to tell."""
    told = []
    for by, words in (("category", "By what they sell"), ("circle", "By place")):
        sizes = table.groupby(by).size()
        lost = table[table["outcome"] == "closed"].groupby(by).size().reindex(sizes.index, fill_value=0)
        share = (lost / sizes)[sizes >= FEW].sort_values(ascending=False, kind="stable")
        if len(share) < 2 or share.iloc[0] == share.iloc[-1]:
            continue
        worst, best = (
            (f"{name} ({lost[name] or 'none'} of {sizes[name]:,})") for name in share.index[[0, -1]]
        )
        told.append(f"{words}, {worst} lost the largest part, {best} the smallest.")
    return " ".join(told)


def _causes(run: RunResult) -> str:
    table = run.outcomes
    closed = table[table["outcome"] == "closed"]
    if closed.empty:
        return ""
    counts = Counter(cause(r) for r in closed["reason"])
    told: list[str] = []
    for reason, n in counts.most_common(3):
        meaning = f" ({REASONS[reason]})" if reason in REASONS else ""
        told.append(f"{n:,}{'' if told else f' of the {len(closed):,} closed'} for “{reason}”{meaning}")
    more = len(closed) - sum(n for _, n in counts.most_common(3))
    if more:
        told.append(f"{more:,} for other causes")
    text = f"By their books, {'; '.join(told)}."
    broke = int(closed["reason"].str.startswith("insolvent").sum())
    gave_up = int(closed["reason"].str.startswith("gave up").sum())
    if broke or gave_up:
        text += f" {_capital(_how_they_left(gave_up, broke))}."
    return " ".join(filter(None, (text, _books(run))))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _how_they_left(gave_up: int, broke: int) -> str:
    parts = [f"{gave_up:,} gave up after long losses"] if gave_up else []
    return listed([*parts, *([f"{broke:,} ran out of money and credit"] if broke else [])])


def _books(run: RunResult) -> str:
    """What the books of stores that closed show in their last half year, beside those that still trade."""
    figures = last_half_year(run)
    if figures.empty:
        return ""
    closed = figures[figures["outcome"] == "closed"]
    rest = figures[figures["outcome"] != "closed"]
    if closed.empty or rest.empty:
        return ""
    currency = run.manifest["scenario"]["currency"]
    lost, kept = closed["margin"].median(), rest["margin"].median()
    return (
        f"In their last half year the stores that closed paid {100 * closed['rent'].median():.0f} {currency} of every 100 "
        f"they sold as rent and {_made(lost)} (medians); those that still trade paid "
        f"{100 * rest['rent'].median():.0f} and {_made(kept)}."
    )


def _made(margin: float) -> str:
    return f"{'earned' if margin >= 0 else 'lost'} {abs(100 * margin):.0f}"


def last_half_year(run: RunResult) -> pd.DataFrame:
    """Per store, over its last six months of trading: name, outcome, format, revenue, profit (both a month), rent and
    margin (shares of revenue). Stores without sales are left out."""
    books = run.stores_monthly
    columns = ["name", "outcome", "format", "revenue", "profit", "rent", "margin"]
    if not len(books):
        return pd.DataFrame(columns=columns)
    last = books.sort_values("month", kind="stable").groupby("store", sort=True).tail(HALF_YEAR)
    last = last[last["state"] == "open"] if (last["state"] == "open").any() else last
    by = last.groupby("store", sort=True)
    found = pd.DataFrame(
        {
            "name": by["name"].first(),
            "format": by["format"].first(),
            "revenue": by["revenue_yuan"].mean(),
            "profit": by["profit_yuan"].mean(),
            "rent": -by["rent_yuan"].mean(),
        }
    )
    found = found[found["revenue"] > 0]
    found["rent"] /= found["revenue"]
    found["margin"] = found["profit"] / found["revenue"]
    fate = run.outcomes.set_index("store")["outcome"]
    found["outcome"] = fate.reindex(found.index).fillna("survived")
    return found[columns]


def ways(table: pd.DataFrame) -> Counter[str]:
    """How many of the stores that are integrated hold each way; a store with two counts twice."""
    held = table.loc[table["outcome"] == "integrated", "mode"]
    return Counter(mode for modes in held for mode in str(modes).split("+") if mode)


def _integrated(run: RunResult) -> str:
    table = run.outcomes
    mine = table[table["outcome"] == "integrated"]
    events = run.events
    adopted = events[(events["kind"] == "store") & events["decision"].str.startswith("adopt ")]
    quit_ = events[(events["kind"] == "store") & events["decision"].str.startswith("quit ")]
    if mine.empty and adopted.empty:
        return "No store took up a way of selling online."
    text = f"{of(len(mine), len(table))} of the stores sell online as well as in their shop"
    counts = ways(table)
    if counts:
        told = (f"{WAYS.get(way, way)} ({n:,})" for way, n in counts.most_common())
        text += f", through {listed(told)}"
    text += "."
    trade = mine["category"].value_counts()
    if len(trade) > 1 and len(mine) > 2:
        text += (
            f" Most are in one trade: {trade.index[0]} ({trade.iloc[0]:,})."
            if 2 * trade.iloc[0] > len(mine)
            else ""
        )
    if len(adopted):
        first = min(adopted["date"])
        began = set(mine["name"]) - set(adopted["who"])
        text += f" The first store to go online after the start did so on {day(first)}."
        if began:
            text += f" {len(began):,} sold online from their first day."
    if len(quit_):
        text += f" {plural(len(quit_), 'time')} a store gave a way of selling online up again."
    went_under = int(((table["outcome"] == "closed") & (table["mode"] != "")).sum())
    if went_under:
        text += f" Going online saved not all: {went_under:,} of the stores that closed sold online."
    others = [
        f"{n:,} {'is' if n == 1 else 'are'} {words}"
        for o, words in (
            ("showroom", "a showroom" if _one(table, "showroom") else "showrooms"),
            ("moved online", "online only"),
        )
        if (n := int((table["outcome"] == o).sum()))
    ]
    return f"{text} {_capital(listed(others))}." if others else text


def _one(table: pd.DataFrame, outcome: str) -> bool:
    return int((table["outcome"] == outcome).sum()) == 1


def _survivors(run: RunResult) -> str:
    figures = last_half_year(run)
    mine = figures[figures["outcome"] == "survived"]
    if mine.empty:
        return ""
    loses = int((mine["margin"] < 0).sum())
    middle = mine["margin"].median()
    text = (
        f"Of the {plural(len(mine), 'plain shop')} that survived and have sales, {of(len(mine) - loses, len(mine))} earned "
        f"a profit in the last half year; the median {_made(middle)} {run.manifest['scenario']['currency']} on every 100 sold."
    )
    if loses:
        text += f" {loses:,} lost money, and may not last."
    return text


def _online(run: RunResult) -> str:
    h = run.headline()
    currency = run.manifest["scenario"]["currency"]
    by_year = h["online_share_by_year"]
    told = ", ".join(f"{percent(v)} in {year}" for year, v in by_year.items())
    text = f"Parcels brought {told} of all that people bought ({money(h['sales_yuan'], currency)} in all)."
    daily = run.daily
    if len(daily) > 60:
        first, last = online_share(daily.iloc[:30]), online_share(daily.iloc[-30:])
        text += f" In the first 30 days it was {percent(first)}, in the last 30 {percent(last)}."
    local = sum(
        v
        for c, v in h["share_by_channel"].items()
        if c not in ("walk-in", "parcel", "marketplace shop", "brand online")
    )
    if local > 0:
        text += f" Another {percent(local)} went through online channels of local stores: coupons, chat, apps, delivery."
    return text


def _platforms(run: RunResult) -> str:
    h, scenario = run.headline(), run.manifest["scenario"]
    names = list(scenario["platforms"])
    if not names:
        return "There are no platforms in this scenario."
    currency = scenario["currency"]
    if h["subsidy_yuan"]:
        text = (
            f"Platforms paid {money(h['subsidy_yuan'], currency)} towards their customers' orders, "
            f"{h['subsidy_per_order_yuan']:.2f} {currency} on the average order."
        )
    else:
        text = "No platform paid subsidies on orders."
    months = run.city_monthly
    if not len(months):
        return text
    told = []
    for p in names:
        members = months[f"members/{p}"]
        told.append(f"{p} {percent(members.iloc[0])} → {percent(members.iloc[-1])}")
    text += f" Members among consumers, at the end of the first month and of the last: {', '.join(told)}."
    burnt = {p: float(months[f"cash_yuan/{p}"].iloc[0] - months[f"cash_yuan/{p}"].iloc[-1]) for p in names}
    worst = max(burnt, key=lambda p: burnt[p])
    if burnt[worst] > 0.05 * abs(float(months[f"cash_yuan/{worst}"].iloc[0])):
        text += f" The platform that used up most of its cash is {worst}: {money(burnt[worst], currency)}."
    broke = [p for p in names if float(months[f"cash_yuan/{p}"].iloc[-1]) <= 0]
    if broke:
        text += f" Out of cash at the end: {listed(broke)}."
    return text
