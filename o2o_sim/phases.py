"""The phases of a day, but for the monthly review."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from . import review
from .market import needs
from .market.ledger import CONSUMERS, COURIERS, OUTSIDE_SELLERS, OWNERS, PROVIDERS, SUPPLIERS
from .market.offers import AT_PLACE, EVERYWHERE, Offer, build_lists, same_places, tabulate
from .market.shopping import BLOCK, Scales, Today, World
from .streams import exponential, extend, high_half, low_half, name_bits, pair_bits, stream, uniforms

if TYPE_CHECKING:
    from .model import O2OModel


# -- calendar ----------------------------------------------------------------------------------------------
def is_free(model: O2OModel, ahead: int = 0) -> bool:
    """Whether the day `ahead` days from today is a weekend day or a holiday."""
    day, rules = model.date + timedelta(days=ahead), model.spec.calendar
    return day.weekday() in rules.weekend or day in rules.holidays


def calendar(model: O2OModel) -> None:
    """What kind of day it is, and whether something begins or ends today that changes offers."""
    free = is_free(model)
    ahead = next((k for k in range(1, 15) if is_free(model, k)), 1)
    model.is_free_day, model.next_free_day = free, model.day + ahead
    model.today = Today(
        float(model.day), float(model.date.weekday()), float(model.date.month), 0.0 if free else 1.0
    )
    review.open_circles(model)
    for system in model.systems:
        system.morning()
    starts = [(p.number, p.is_subsidising()) for p in model.platforms]
    if starts != getattr(model, "_subsidising", None):
        model._subsidising, model.offers_changed = starts, True
    if model.date in model.epochs:
        model.reach_date = None
        model.offers_changed = True


# -- publish -----------------------------------------------------------------------------------------------
def publish(model: O2OModel) -> None:
    """Stores and platforms put their offers on the table; who sees what is worked out again only if an
    offer came, went or moved. Queues that people expect change every day."""
    if model.offers_changed or model.table is None:
        rows: list[Offer] = [
            _without(model, name) for name, c in model.spec.categories.items() if c.without is not None
        ]
        for platform in model.platforms:
            rows += platform.publish()
        for store in model.stores:
            rows += store.publish()
        for channel in model.own_channels:
            rows += list(channel.publish(model))
        for system in model.systems:
            rows = system.amend(rows)
        table = tabulate(rows, model.expansion_factor, model.channels)
        for system in model.systems:
            system.published(table)
        model.queue = np.concatenate([model.queue, np.zeros(len(model.stores) - len(model.queue))])
        if same_places(model.table, table) and model.reach_date is not None:
            table.lists = model.table.lists  # type: ignore[union-attr]
        else:
            table.lists = _lists(model, table)
        model.table = table
        model.local_sellers = _local_sellers(model)
        c = model.spec.categories
        model.reach_x = np.array([x.reach_x for x in c.values()])
        model.touch = np.array([model.unseen_disutility(name) for name in c])
        model.capacities = (
            np.array([s.capacity if s.is_here else 0.0 for s in model.stores]),
            np.maximum(np.array([s.staff for s in model.stores]), 1.0),
        )
        model.offers_changed = False
    assert model.table is not None
    columns = model.table.columns
    expected = np.concatenate([[0.0], model.queue])[columns["store"]]
    columns["queue"] = np.where(model.table.seen == AT_PLACE, expected, 0.0)


def _without(model: O2OModel, category: str) -> Offer:
    """Go without, or buy outside the simulated market."""
    c = model.spec.categories[category]
    return Offer(
        name_bits(f"without | {category}"),
        "",
        "without",
        model.category_number[category],
        0.0,
        appeal=c.without or 0.0,
    )


def _lists(model: O2OModel, table):
    """Travel from every place that has an offer, and from that who sees what."""
    spec, city = model.spec, model.city
    categories = list(spec.categories.values())
    limit = np.array([spec.consumers.radius_max_min * c.reach_x for c in categories])
    delivery = np.array([c.delivery_reach_min for c in categories])
    reaches = table.columns["reach"][np.isfinite(table.columns["reach"])]
    furthest = float(max(limit.max(), delivery.max(), reaches.max()))
    if model.reach_date is None or furthest > model.reach_min:
        model.reach, model.reach_date, model.reach_min = None, model.date, furthest
        model.place_of_cell = np.full(city.grid.cells, -1, np.int32)
    at = np.unique(table.columns["cell"][table.columns["cell"] >= 0])
    if model.reach is None and not len(at):
        at = np.zeros(1, np.int32)  # no shop anywhere: travel from any place will do
    fresh = at[model.place_of_cell[at] < 0]
    if len(fresh):
        known = 0 if model.reach is None else len(model.reach.start) - 1
        found = city.travel.minutes_from(fresh, model.reach_min, model.date)
        model.place_of_cell[fresh] = known + np.arange(len(fresh))
        model.reach = found if model.reach is None else model.reach.joined(found)
    assert model.reach is not None
    return build_lists(
        table,
        model.reach,
        model.place_of_cell,
        city.grid.cells,
        len(categories),
        max(1, len(model.stores)),
        limit,
        delivery,
    )


def _local_sellers(model: O2OModel) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Platform row -> (weights, rows of the local shops on that marketplace); all outside sellers weigh 1."""
    table, found = model.table, {}
    assert table is not None
    if "marketplace shop" not in table.channels:
        return {}
    c, is_shop = table.columns, table.channels.index("marketplace shop")
    shops = np.flatnonzero((c["channel"] == is_shop) & (c["store"] > 0))
    base = model.spec.modes.marketplace.market_share
    theirs = (table.seen == EVERYWHERE) & (c["platform"] > 0) & (table.seller == OUTSIDE_SELLERS)
    for row in np.flatnonzero(theirs):
        mine = shops[
            (c["platform"][shops] == c["platform"][row]) & (c["category"][shops] == c["category"][row])
        ]
        if len(mine):
            crowding = model.platforms[int(c["platform"][row]) - 1].sellers
            weight = base * np.exp(np.minimum(c["appeal"][mine] - c["appeal"][row], 5.0)) / crowding
            found[int(row)] = (weight, mine.astype(np.uint32))
    return found


def _find_sellers(model: O2OModel, row: int, weights: np.ndarray, shops: np.ndarray) -> None:
    """Who sells what was ordered on a marketplace: a logit among local shops and the outside sellers, with a
    draw per (order, seller), so that a shop that leaves moves only its own buyers."""
    t, pick = model.table, model.pick
    assert t is not None
    orders = np.flatnonzero(pick == row)
    if not len(orders):
        return
    ids = model.consumers.id[model.needs[0][orders]].astype(np.uint64)
    with np.errstate(over="ignore"):
        key = extend(extend(stream(model.seed_number, "seller", model.day), ids), t.columns["key"][row])
    low, high = low_half(key), high_half(key)
    outside = name_bits("outside sellers")
    with np.errstate(over="ignore"):
        best = exponential(pair_bits(low, high, low_half(outside), high_half(outside))).astype(float)
        for weight, shop in zip(weights, shops):
            seller = t.columns["key"][shop]
            time = exponential(pair_bits(low, high, low_half(seller), high_half(seller))) / weight
            pick[orders[time < best]] = shop
            best = np.minimum(best, time)


# -- shop --------------------------------------------------------------------------------------------------
def shop(model: O2OModel) -> None:
    """Everybody whose need is due chooses."""
    people, day = model.consumers.columns, model.day
    blocks = (len(people.record) + BLOCK - 1) // BLOCK
    starts = np.zeros(blocks + 1, np.int64)
    key = stream(model.seed_number, "put off", day)
    needs.count_due(
        people.record,
        people.due,
        day,
        model.is_free_day,
        model.next_free_day,
        model.habits.plan_ahead,
        key,
        starts,
        BLOCK,
    )
    np.cumsum(starts, out=starts)
    n = int(starts[-1])
    consumer, category = np.zeros(n, np.uint32), np.zeros(n, np.uint8)
    needs.list_due(people.due, day, starts, BLOCK, consumer, category)
    model.needs = (consumer, category, starts)
    model.pick, model.visited, model.surplus = model.shopping.day(
        world(model), consumer, category, starts, model.seed_number, day
    )
    model.day_counts["decisions"] += n
    for system in model.systems:
        system.after_choice()


def world(model: O2OModel) -> World:
    """All that the shopping loop reads."""
    t, people, rule = model.table, model.consumers.columns, model.spec.consumers
    assert t is not None and t.lists is not None
    lists = t.lists
    scales = Scales(
        rule.familiarity_weight,
        rule.loyalty_weight,
        rule.work_anchor,
        rule.radius_max_min,
        model.city.grid.cells,
        max(1, len(model.stores)),
        lists.delivered,
        lists.everywhere,
        lists.followers,
        lists.longest,
    )
    return World(
        people.record,
        people.familiarity,
        people.favourite,
        people.loyalty,
        people.extra,
        t.columns,
        lists.start,
        lists.entries,
        model.reach_x,
        model.touch,
        scales,
        model.today,
    )


# -- serve -------------------------------------------------------------------------------------------------
def serve(model: O2OModel) -> None:
    """Local sellers get their share of a marketplace's orders; shops serve up to their capacity, in an order
    drawn for the day, and the others leave; what people will expect of queues follows from the crowd."""
    consumer = model.needs[0]
    t, pick = model.table, model.pick
    assert t is not None
    for row, (weights, shops) in model.local_sellers.items():
        _find_sellers(model, row, weights, shops)
    at_place = t.seen == AT_PLACE
    # The shop each person stands in (number + 1), 0 for who stands in none.
    inside = np.where(at_place, t.columns["store"], 0)[pick]
    here = np.bincount(inside, minlength=len(model.stores) + 1)[1:]
    real, servers = model.capacities
    capacity = np.maximum(real / model.expansion_factor, 1e-9)
    chance = uniforms(model.seed_number, "capacity", model.day, np.arange(len(real)))[: len(real)]
    whole = np.floor(capacity + chance).astype(np.int64)
    model.served = np.ones(len(pick), np.bool_)
    full = np.append(False, (here > whole) & (real > 0))
    if model.spec.stores.unserved_leave and full.any():
        k = np.flatnonzero(full[inside])
        turn = uniforms(model.seed_number, "turn", model.day, model.consumers.id[consumer[k]], 0)
        k = k[np.lexsort((turn, inside[k]))]
        first = np.searchsorted(inside[k], inside[k])
        place = np.arange(len(k)) - first
        model.served[k[place >= np.append(0, whole)[inside[k]]]] = False
    _expect_queues(model, here, capacity, servers)
    for system in model.systems:
        system.serve(inside)


def _expect_queues(model: O2OModel, here: np.ndarray, capacity: np.ndarray, servers: np.ndarray) -> None:
    """Mean wait in an M/M/c queue by Sakasegawa's (1977) approximation, smoothed over days."""
    rules = model.spec.stores
    busy = np.minimum(here / capacity, 0.98)
    wait = rules.service_min * busy ** (np.sqrt(2 * (servers + 1)) - 1) / (servers * (1 - busy))
    wait = np.rint(wait * 1024) / 1024  # so that the last bit of a power function moves no choice
    a = rules.queue_smoothing
    model.queue = (1 - a) * model.queue + a * np.where(here > 0, wait, 0.0)


# -- settle ------------------------------------------------------------------------------------------------
def settle(model: O2OModel) -> None:
    """Book every purchase of the day, to the fen."""
    t = model.table
    assert t is not None
    consumer, _, _ = model.needs
    bought, turned, came = needs.tally(
        consumer,
        model.pick,
        model.visited,
        model.served,
        t.seen == AT_PLACE,
        model.consumers.cohort,
        len(model.spec.cohorts),
        len(t),
    )
    model.bought, model.turned, model.came = bought, turned, came
    count = bought.sum(axis=0)
    rows = np.flatnonzero(count)
    n, book = count[rows], model.ledger.book
    money = {name: n * amount[rows] for name, amount in t.fen.items()}
    seller, carrier = t.seller[rows], t.carrier[rows]
    accounts = np.array([OWNERS, *(p.account for p in model.platforms)])
    platform = accounts[t.columns["platform"][rows]]
    paid = money["price"] - money["discount"] - money["subsidy"]
    book("sales", CONSUMERS, seller, paid)
    book("subsidy received", platform, seller, money["subsidy"])
    book("delivery fees", CONSUMERS, carrier, money["fee"])
    book("cost of goods", seller, SUPPLIERS, money["goods"])
    book("spoilage", seller, SUPPLIERS, money["spoilage"])
    book("commission", seller, platform, money["commission"])
    book("advertising", seller, platform, money["advertising"])
    book("handling", seller, PROVIDERS, money["handling"])
    book("delivery", carrier, COURIERS, money["delivery"])
    for p in model.platforms:
        p.spent_fen += int(money["subsidy"][t.columns["platform"][rows] == p.number + 1].sum())
    for system in model.systems:
        system.after_sales()
    model.recorder.sales()
    _count_month(model, rows, n, paid + money["subsidy"], money, carrier == seller)


def _count_month(model: O2OModel, rows, n, received, money, carries) -> None:
    """What stores know of their month besides money: channels, visitors, who only looked."""
    t, month = model.table, model.month
    assert t is not None
    store, channel = t.store[rows], t.columns["channel"][rows].astype(np.int64)
    own = store >= 0
    margin = received - sum(money[k] for k in ("goods", "spoilage", "commission", "advertising", "handling"))
    margin = margin + np.where(carries, money["fee"] - money["delivery"], 0)
    np.add.at(month.channel_sales, (store[own], channel[own]), received[own])
    np.add.at(month.channel_margin, (store[own], channel[own]), margin[own])
    np.add.at(month.customers, store[own], n[own])
    everyone = t.store
    mine = everyone >= 0
    np.add.at(month.visits, everyone[mine], model.came[mine])
    np.add.at(month.turned_away, everyone[mine], model.turned[mine])
    looked = np.bincount(model.visited, minlength=len(t))
    looked[0] = 0
    np.add.at(month.looked_only, everyone[mine], looked[mine])


# -- learn -------------------------------------------------------------------------------------------------
def learn(model: O2OModel) -> None:
    """Habit, loyalty, following, and when the next need comes."""
    consumer, category, starts = model.needs
    t, people = model.table, model.consumers.columns
    assert t is not None
    social = np.zeros(len(model.stores) + 1, np.bool_)
    for s in model.stores:
        social[s.number + 1] = s.makes_followers
    needs.learn_all(
        people.record,
        people.familiarity,
        people.favourite,
        people.loyalty,
        people.due,
        model.habits,
        consumer,
        category,
        model.pick,
        model.served,
        starts,
        t.columns["store"],
        t.columns["platform"],
        social,
        model.day,
        stream(model.seed_number, "learn", model.day),
    )
    for system in model.systems:
        system.after_learning()


# -- record ------------------------------------------------------------------------------------------------
def record(model: O2OModel) -> None:
    """Keep the day's figures."""
    model.recorder.day()
    model.datacollector.collect(model)
