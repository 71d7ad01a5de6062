"""The answer of a run in plain sentences: what became of the stores, when and why, with the figures that say
so."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import NamedTuple

import pandas as pd

from ..record.outcomes import OUTCOMES
from ..record.result import RunResult, online_channels, online_share
from .wording import day, listed, money, of, percent, plural

HALF_YEAR = 6
MOST_TOLD = 6
"""Kinds of stores or decisions that a paragraph describes."""
USUAL = ("keep", "price", "close", "adopt", "quit", "move online", "come back", "showroom", "rent", "open")
"""Decisions, or their first words, that other paragraphs or figures tell of."""
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
    "sales too low for the place": "less sold than such a floor usually sells, from the beginning",
    "sales lost to other shops": "over a tenth less sold than in the first half year, in a trade where parcels take no more "
    "than a quarter of sales",
    "sales lost, many to online": "over a tenth less sold than in the first half year, in a trade where parcels take "
    "more than a quarter of sales",
    "rent too high": "of all that set it apart, a rent above that of other stores of its kind cost it most",
    "integration cost": "of all that set it apart, its ways of selling online cost it most",
    "no customers": "nobody bought",
    "no cash": "the money was gone before the first month was over",
    "the rent is higher than at opening": "at the rent that its place cost when the run began it would have gone on",
    "sales went online": "had parcels no more of its trade than when it opened, it would have gone on",
    "sales went to other shops": "with the sales of its opening it would have gone on, and neither parcels nor luck took them",
    "wages are higher than at opening": "at the wages of its opening it would have gone on",
    "deliveries and commissions cost more than at opening": "had orders cost what they did when it opened, it would have gone on",
    "selling online costs more than it brings": "without its ways of selling online it would have gone on",
    "bad luck": "with the luck of its opening, or mean luck, it would have gone on",
    "something else seemed worth more": "it earned enough; its owner saw something better to do",
    "it attracts fewer people than others of its kind": "with the usual appeal of its kind it would have gone on",
    "the place never carried it": "none of these changes would have kept it",
    "retires": "its owner was too old to go on",
    "leaves": "its owner had reasons of his own",
}
"""Main cause of a closure, as the model names it -> what the model saw (`main_cause`, `why_gave_up`
and `why_insolvent` of policies/reasons.py)."""
APART = (
    "The model names only what set a store apart from others of its kind; what weighs on all alike, as high rents or wages do, "
    "is not among these causes but in the books."
)

KEPT = (
    "A cause is the change that would have kept the store, by its books and the formula by which its owner decided. What has changed "
    "around a store (costs, parcels, then other shops) comes before its luck, and that before a lasting weakness; of a kind the one that cost most."
)


class Said(NamedTuple):
    """One paragraph: what it is about, and the sentences."""

    about: str
    text: str


# -- names -----------------------------------------------------------------------------------------------
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
    last = day(run.manifest["last_day"])
    if len(count) == 1:
        ((outcome, _),) = count.items()
        stores = "the one store" if whole == 1 else f"all {whole:,} stores"
        return f"On {last} {stores} of this city {ENDS[outcome][whole > 1]}."
    parts = [f"{of(count[o], whole)} {ENDS[o][count[o] > 1]}" for o in OUTCOMES if count[o]]
    return f"On {last}, of the {whole:,} stores that this city ever had, {listed(parts)}."


def answer(run: RunResult) -> list[Said]:
    """The paragraphs of the answer, the most important first."""
    told = [
        Said("Closed", _closures(run)),
        Said("Why", _causes(run)),
        Said("Integrated", _integrated(run)),
        Said("Survived", _survivors(run)),
        Said("Named", _named(run)),
        Said("Also", _also(run)),
        Said("Online", _online(run)),
        Said("Platforms", _platforms(run)),
        Said("Dates", _dated(run)),
        Said("Bounds", " ".join(run.bounds())),
    ]
    return [said for said in told if said.text]


def _closures(run: RunResult) -> str:
    table = run.outcomes
    closed = table[table["outcome"] == "closed"]
    start = run.manifest["first_day"]
    here, later = int((table["opened"] <= start).sum()), int((table["opened"] > start).sum())
    there = f"{plural(here, 'store')} {'was' if here == 1 else 'were'} there on the first day"
    there += f" and {later:,} opened later." if later else ", and none opened later."
    patience = months_of_loss(run)
    if closed.empty:
        soon = _first_chance(run) > date.fromisoformat(run.manifest["last_day"])
        why = f" A store gives up after {patience} at the earliest, and this run was shorter." if soon else ""
        return f"{there} No store closed.{why}"
    days = sorted(closed["changed"])
    text = f"{there} {plural(len(closed), 'store')} closed{_when(days)}."
    peak = Counter(days).most_common(1)[0][0]
    if peak == _first_chance(run).isoformat() and peak == days[0] and len(days) > 1:
        text += (
            f" A store gives up after {patience} at the earliest, and {day(peak)} is the first day on which any could: the "
            "date says little about the city."
        )
    return " ".join(filter(None, (text, _hit(table))))


def months_of_loss(run: RunResult) -> str:
    """How long stores bear losses before they give up, in words."""
    return (
        plural(run.manifest["scenario"]["stores"]["satisficing"]["patience_months"], "month") + " of losses"
    )


def _first_chance(run: RunResult) -> date:
    """The end of the month in which a store of the first day can first have borne losses for as long as it
    does."""
    start = date.fromisoformat(run.manifest["first_day"])
    at = (
        12 * start.year
        + start.month
        - 1
        + run.manifest["scenario"]["stores"]["satisficing"]["patience_months"]
    )
    return date(at // 12, at % 12 + 1, 1) - timedelta(days=1)


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
    """Which categories and circles lost the largest and the smallest part of their stores, among those large
    enough to tell."""
    told = []
    for by, words in (("category", "trades"), ("circle", "places")):
        sizes = table.groupby(by).size()
        lost = table[table["outcome"] == "closed"].groupby(by).size().reindex(sizes.index, fill_value=0)
        share = (lost / sizes)[sizes >= FEW]
        if len(share) < 2 or share.min() == share.max():
            continue
        worst, best = (
            listed(
                f"{name} ({lost[name] or 'none'} of {sizes[name]:,})" for name in share.index[share == end]
            )
            for end in (share.max(), share.min())
        )
        told.append(
            f"Of the {words} with at least {FEW} stores, {worst} lost the largest part, {best} the smallest."
        )
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
        told.append(f"“{reason}” for {_part(n, len(closed)) if not told else f'{n:,}'}{meaning}")
    more = len(closed) - sum(n for _, n in counts.most_common(3))
    if more:
        told.append(f"other causes for {more:,}")
    owners = bool(run.manifest["scenario"].get("stores", {}).get("owners"))
    text = f"The main cause that the model names is {'; '.join(told)}. {KEPT if owners else APART}"
    broke = int(closed["reason"].str.startswith("insolvent").sum())
    gave_up = int(closed["reason"].str.startswith("gave up").sum())
    private = int(closed["reason"].str.startswith("private").sum())
    if broke or gave_up or private:
        gone = _how_they_left(
            gave_up, broke, private, "as leaving was worth more" if owners else "after long losses"
        )
        text += f" {_capital(gone)}."
    return " ".join(filter(None, (text, _books(run))))


def _part(n: int, whole: int) -> str:
    """How many of the stores that closed."""
    if n == whole:
        return "the one that closed" if n == 1 else f"all {n:,} that closed"
    return f"{n:,} of the {whole:,} that closed"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _how_they_left(gave_up: int, broke: int, private: int = 0, why: str = "after long losses") -> str:
    told = {
        f"gave up {why}": gave_up,
        "ran out of money and credit": broke,
        "left for private reasons": private,
    }
    return listed([f"{n:,} {what}" for what, n in told.items() if n])


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
        f"In {_spell(figures)} the stores that closed paid {100 * closed['rent'].median():.0f} {currency} of every 100 "
        f"they sold as rent and {_made(lost)} (medians); those that still trade paid "
        f"{100 * rest['rent'].median():.0f} and {_made(kept)}."
    )


def _made(margin: float) -> str:
    return f"{'earned' if margin >= 0 else 'lost'} {abs(100 * margin):.0f}"


def _spell(figures: pd.DataFrame) -> str:
    """How long the spell is that `last_half_year` looked at."""
    most = int(figures["months"].max())
    if most < HALF_YEAR:
        return f"the {most} complete months of their books" if most > 1 else "the one complete month"
    return "their last half year" + (" (or since they opened)" if (figures["months"] < most).any() else "")


def last_half_year(run: RunResult) -> pd.DataFrame:
    """Per store, over its last six months of trading, in whatever form, or as many as it has: name, outcome,
    format, months, revenue, profit (both a month), rent and margin (shares of revenue). Stores without sales
    are left out."""
    books = run.stores_monthly
    columns = ["name", "outcome", "format", "months", "revenue", "profit", "rent", "margin"]
    if not len(books):
        return pd.DataFrame(columns=columns)
    last = books.sort_values("month", kind="stable").groupby("store", sort=True).tail(HALF_YEAR)
    by = last.groupby("store", sort=True)
    found = pd.DataFrame(
        {
            "name": by["name"].first(),
            "format": by["format"].first(),
            "months": by.size(),
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
    some = "sells online as well as in its shop" if len(mine) < 2 else "sell online as well as in their shop"
    text = f"{of(len(mine), len(table)) if len(mine) else 'None'} of the stores {some}"
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
            text += f" {len(began):,} of these sold online from the first day."
    if len(quit_):
        times = {1: "Once", 2: "Twice"}.get(len(quit_), f"{len(quit_):,} times")
        text += f" {times} a store gave up a way of selling online again."
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
    good, middle, currency = len(mine) - loses, mine["margin"].median(), run.manifest["scenario"]["currency"]
    if len(mine) == 1:
        return f"The plain shop that survived {_made(middle)} {currency} on every 100 sold in {_spell(mine)}."
    text = (
        f"Of the {len(mine):,} plain shops that survived and have books of a complete month, "
        f"{of(good, len(mine)) if good else 'none'} earned a profit in {_spell(mine)}; the median {_made(middle)} "
        f"{currency} on every 100 sold."
    )
    return text + (f" {loses:,} lost money, and may not last." if loses else "")


def _named(run: RunResult) -> str:
    """What became of the stores that the scenario names, by their kind: often they are what it asks about."""
    table = run.outcomes
    mine = table[table["name"].isin(set(run.manifest["scenario"]["stores"].get("named") or {}))]
    told = []
    for kind, part in mine.groupby("format", sort=False):
        count = Counter(part["outcome"])
        ends = listed(f"{count[o]:,} {ENDS[o][count[o] > 1]}" for o in OUTCOMES if count[o])
        told.append(f"of {len(part):,} “{kind}” {ends}")
    if not told or len(told) > MOST_TOLD:
        return ""
    return f"Of the stores that the scenario names: {'; '.join(told)}."


def _dated(run: RunResult) -> str:
    """What the timeline of the scenario let happen."""
    events = run.events
    told = events[events["kind"] == "timeline"]
    said = [f"{day(on)}: {str(why).rstrip('.')}" for on, why in zip(told["date"], told["reason"])]
    more = len(said) - MOST_TOLD
    rest = f"; and {more:,} more" if more > 0 else ""
    return f"The scenario let happen: {'; '.join(said[:MOST_TOLD])}{rest}." if said else ""


def _also(run: RunResult) -> str:
    """The decisions that no other paragraph describes: who ends, joins, buys, builds or boycotts."""
    events = run.events
    events = events[events["kind"] != "timeline"]
    special = events[
        ~events["decision"].map(lambda d: d in USUAL or d.partition(" ")[0] in USUAL).astype(bool)
    ]
    told = []
    for decision, part in special.groupby("decision", sort=False):
        first, who = min(part["date"]), listed(dict.fromkeys(part["who"]))
        who = who if part["who"].nunique() <= 2 else plural(part["who"].nunique(), "decider")
        when = f"on {day(first)}" if len(part) == 1 else f"{len(part):,} times, first on {day(first)}"
        told.append(f"{decision} ({who}, {when})")
    more = len(told) - MOST_TOLD
    rest = f"; and {plural(more, 'other kind')} of decision" if more > 0 else ""
    return f"Other decisions: {'; '.join(told[:MOST_TOLD])}{rest}." if told else ""


def _online(run: RunResult) -> str:
    h = run.headline()
    currency = run.manifest["scenario"]["currency"]
    by_year = h["online_share_by_year"]
    told = listed(f"{percent(v)} in {year}" for year, v in by_year.items())
    text = f"People spent {money(h['sales_yuan'], currency)} in all. "
    if not h["online_share"]:
        text += "Nothing of it came by parcel."
    else:
        text += f"By parcel came {told}."
    daily, online = run.daily, online_channels(run.manifest)
    if len(daily) > 60 and h["online_share"]:
        first, last = (online_share(part, online) for part in (daily.iloc[:30], daily.iloc[-30:]))
        text += f" In the first 30 days it was {percent(first)}, at the end ({_dates(daily.iloc[-30:])}) {percent(last)}."
    local = sum(v for c, v in h["share_by_channel"].items() if c not in ("walk-in", *online))
    if local > 0:
        text += (
            f" Through online channels of local stores (coupons, chat, apps, delivery) went {percent(local)}."
        )
    return text


def _dates(daily: pd.DataFrame) -> str:
    first, last = daily["date"].iloc[0], daily["date"].iloc[-1]
    return f"{first.day} {first:%B} to {last.day} {last:%B}"


def _platforms(run: RunResult) -> str:
    h, scenario = run.headline(), run.manifest["scenario"]
    names = list(scenario["platforms"])
    if not names:
        return "There are no platforms in this scenario."
    currency = scenario["currency"]
    if h["subsidy_yuan"]:
        text = (
            f"Platforms paid {money(h['subsidy_yuan'], currency)} towards their customers' orders, "
            f"{h['subsidy_per_order_yuan']:.2f} {currency} on the average order through a platform."
        )
    else:
        text = "No platform paid subsidies on orders."
    months = run.city_monthly
    if not len(months):
        return text
    told = []
    for p in names:
        members = months[f"members/{p}"]
        began = f"{percent(members.iloc[0])} → " if len(months) > 1 else ""
        told.append(f"{p} {began}{percent(members.iloc[-1])}")
    when = (
        "at the end of the first month and of the last complete one"
        if len(months) > 1
        else "at the end of the month"
    )
    text += f" Members among consumers, {when}: {', '.join(told)}."
    before = {p: float(scenario["platforms"][p]["cash_yuan"]) for p in names}
    burnt = {p: before[p] - float(months[f"cash_yuan/{p}"].iloc[-1]) for p in names}
    worst = max(burnt, key=lambda p: burnt[p])
    if burnt[worst] > 0.05 * abs(before[worst]):
        text += (
            f" The cash of {worst} fell most, from {money(before[worst], currency)} on the first day to "
            f"{money(before[worst] - burnt[worst], currency)} (what investors added meanwhile included)."
        )
    broke = [p for p in names if float(months[f"cash_yuan/{p}"].iloc[-1]) <= 0]
    if broke:
        text += f" Out of cash at the end: {listed(broke)}."
    return text
