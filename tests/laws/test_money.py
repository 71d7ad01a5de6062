"""Money is moved, never made: to the fen, every day, through every channel."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from o2o_sim import O2OModel
from o2o_sim.market.ledger import CONSUMERS, COURIERS, LINES, OUTSIDE_SELLERS, OWNERS, PROVIDERS, SUPPLIERS

from .cities import city, counted, days

CHANNELS = (
    "walk-in", "coupon", "social delivery", "app delivery", "parcel", "marketplace shop", "without",
)  # fmt: skip
PARTS = tuple(f"{line}_yuan" for line in LINES)


def what_was_sold(model: O2OModel) -> dict[str, np.ndarray]:
    """From the day's choices alone: what every purchase moves, in fen, by row of the offer table."""
    table, count = model.table, counted(model)
    return {name: count * fen for name, fen in table.fen.items()} | {"count": count}


def expected_flows(model: O2OModel) -> np.ndarray:
    """What the day's purchases must do to every account, calculated offer by offer: int64[accounts]."""
    change = np.zeros(len(model.ledger.balance), np.int64)
    sold = what_was_sold(model)
    for row, offer in enumerate(model.table.rows):
        if not sold["count"][row]:
            continue
        fen = {name: int(amount[row]) for name, amount in sold.items()}
        carrier = offer.seller if offer.carrier < 0 else offer.carrier
        platform = model.platforms[offer.platform].account if offer.platform >= 0 else OWNERS
        paid = fen["price"] - fen["discount"] - fen["subsidy"]
        change[CONSUMERS] -= paid + fen["fee"]
        change[offer.seller] += paid + fen["subsidy"]
        change[platform] += fen["commission"] + fen["advertising"] - fen["subsidy"]
        change[offer.seller] -= sum(
            fen[k] for k in ("goods", "spoilage", "commission", "advertising", "handling")
        )
        change[SUPPLIERS] += fen["goods"] + fen["spoilage"]
        change[PROVIDERS] += fen["handling"]
        change[carrier] += fen["fee"] - fen["delivery"]
        change[COURIERS] += fen["delivery"]
    return change


def is_review(model: O2OModel) -> bool:
    """Whether the day just simulated was the last of its month."""
    return model.date.day == 1


def fen(yuan) -> np.ndarray:
    """Yuan of a results table as whole fen; they must be whole."""
    exact = np.asarray(yuan, dtype=float) * 100
    # A table's yuan is as near to its fen as double precision lets it be: two roundings of 2**-53 each.
    assert (np.abs(exact - np.rint(exact)) <= np.maximum(1e-3, 2**-52 * np.abs(exact))).all()
    return np.rint(exact).astype(np.int64)


@pytest.fixture(scope="module")
def quarter() -> O2OModel:
    """95 days of the small town, with a look at the books every evening."""
    model = city()
    model.seen = dict.fromkeys(CHANNELS, 0)
    model.showroomed, model.given, model.turned_away = 0, 0, 0
    model.sold_fen: list[dict[str, int]] = []
    model.wrong: list[tuple[date, str]] = []
    before = model.ledger.balance.copy()
    for _ in days(model, model.spec.days):
        balance = model.ledger.balance
        opened = len(balance) - len(before)
        change = balance - np.pad(before, (0, opened))
        wanted = expected_flows(model)
        if int(balance.sum()) != 0 or not model.ledger.is_balanced():
            model.wrong.append((model.date, "the accounts do not sum to zero"))
        same = change == wanted
        # On the last of a month rent, wages and the like are paid too: then only who has no part in those.
        daily = np.array([CONSUMERS, SUPPLIERS, OUTSIDE_SELLERS])
        if not (same[daily] if is_review(model) else same).all():
            names = [model.ledger.names[a] for a in np.flatnonzero(~same)]
            model.wrong.append((model.date, f"money moved otherwise than by purchases: {names[:5]}"))
        sold, columns = what_was_sold(model), model.table.columns
        worth = sold["price"] - sold["discount"] + sold["fee"]
        by_channel = {}
        for number, name in enumerate(model.channels):
            rows = columns["channel"] == number
            by_channel[name] = int(worth[rows].sum())
            if name in model.seen:
                model.seen[name] += int(sold["count"][rows].sum())
        model.sold_fen.append(by_channel)
        model.given += int(sold["subsidy"][columns["channel"] == model.channels.index("coupon")].sum())
        model.showroomed += int((model.purchases.visited > 0).sum())
        model.turned_away += int((~model.purchases.served).sum())
        before = balance.copy()
    return model


def test_every_channel_and_mode_is_in_use(quarter):
    """Otherwise the other tests of this file would prove little."""
    assert all(count > 0 for count in quarter.seen.values()), quarter.seen
    assert quarter.showroomed > 0 and quarter.turned_away > 0
    assert quarter.given > 0, "a coupon with a subsidy"
    monthly = quarter.results()["stores_monthly"]
    held = {mode for modes in monthly["modes"] for mode in modes.split("+") if mode}
    assert held == {"social", "app", "marketplace", "partnership"}
    sales = quarter.results()["sales_monthly"]
    parcels = sales[sales["channel"] == "parcel"].groupby("platform")["purchases"].sum()
    assert (parcels[["bazaar", "depot"]] > 0).all(), "a marketplace and a self-operated platform"
    outcomes = quarter.results()["outcomes"].set_index("name")
    assert outcomes.loc["doomed shop", "outcome"] == "closed"
    assert (quarter.results()["events"]["decision"] == "open").any()


def test_books_are_right_every_evening(quarter):
    assert quarter.wrong == []


def test_fen_are_what_offers_say(quarter):
    """No offer is rounded by more than half a fen for a simulated consumer's people."""
    for name, amount in quarter.table.fen.items():
        yuan = np.array([getattr(offer, name) for offer in quarter.table.rows])
        assert np.abs(amount - yuan * 100 * quarter.expansion_factor).max() <= 0.5 + 1e-6, name


def test_daily_sales_by_channel_are_what_was_bought(quarter):
    daily = quarter.results()["daily"]
    for channel in set(CHANNELS) - {"without"}:
        told = fen(daily[f"sales/{channel}"])
        assert told.tolist() == [day.get(channel, 0) for day in quarter.sold_fen], channel
    assert fen(daily["sales_yuan"]).tolist() == [sum(day.values()) for day in quarter.sold_fen]
    assert not any(day.get("without", 0) for day in quarter.sold_fen), "who goes without pays nothing"


def test_purchases_are_sales_are_receipts(quarter):
    """What people paid (ledger) and were given (subsidies) is what was sold (tables), month by month."""
    frames = quarter.results()
    ledger, daily, groups = frames["ledger"], frames["daily"], frames["sales_monthly"]
    month_of = [(d.year, d.month) for d in daily["date"]]
    for month, flows in ledger.groupby("month"):
        days_ = [m == (month.year, month.month) for m in month_of]
        sold = int(fen(daily.loc[days_, "sales_yuan"]).sum())

        def moved(line: str, *, payer: str | None = None, flows=flows) -> int:
            rows = flows["line"] == line
            if payer:
                rows &= flows["from"] == payer
            return int(flows.loc[rows, "fen"].sum())

        paid = moved("sales", payer="consumers") + moved("delivery fees", payer="consumers")
        given = moved("subsidy received", payer="platform")
        assert paid + given == sold
        assert given == int(fen(daily.loc[days_, "subsidy_yuan"]).sum())
        assert moved("sales") + moved("delivery fees") == paid, "nobody but consumers pays for purchases"
        assert moved("subsidy received") == given, "nobody but platforms pays subsidies"
        group = groups[groups["month"] == month]
        assert int(fen(group["sales_yuan"]).sum()) == sold
        bought = group.loc[group["channel"] != "without", "purchases"].sum()
        assert bought == daily.loc[days_, "purchases"].sum()
        assert group["purchases"].sum() + daily.loc[days_, "turned_away"].sum() == (
            daily.loc[days_, "needs"].sum()
        )


def wrong_months(model: O2OModel) -> list[str]:
    """Store-months whose change of cash is not their profit and capital."""
    monthly = model.results()["stores_monthly"]
    wrong = []
    for name, book in monthly.groupby("name"):
        change = np.diff(fen(book["cash_yuan"]), prepend=0)
        lines = fen(book[list(PARTS)]).sum(axis=1)
        profit, capital = fen(book["profit_yuan"]), fen(book["owners_yuan"])
        for k in range(len(book)):
            if not change[k] == lines[k] == profit[k] + capital[k]:
                month, modes = book["month"].iloc[k], book["modes"].iloc[k]
                wrong.append(f"{name} ({modes}) {month}: cash {change[k]}, books {lines[k]} fen")
    return wrong


def test_cash_changes_by_profit_and_capital(quarter):
    """From one month's end to the next a store's cash changes by what its profit and loss and its owners'
    line say, to the fen; in its first month it starts from nothing."""
    wrong = wrong_months(quarter)
    assert not wrong, f"{len(wrong)} store-months, e.g. {wrong[:3]}"


def test_revenue_is_what_customers_and_platforms_paid(quarter):
    monthly = quarter.results()["stores_monthly"]
    income = fen(monthly[["sales_yuan", "subsidy received_yuan", "delivery fees_yuan"]]).sum(axis=1)
    assert (fen(monthly["revenue_yuan"]) == income).all()


def test_a_closed_store_owns_and_owes_nothing(quarter):
    closed = [s for s in quarter.stores if not s.is_trading]
    assert closed and all(quarter.ledger.cash(s.account) == 0 for s in closed)


def test_money_cannot_be_booked_in_fractions(quarter):
    with pytest.raises(TypeError):
        quarter.ledger.book("sales", CONSUMERS, SUPPLIERS, 0.5)


@pytest.mark.slow
@settings(
    max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)  # fmt: skip
@given(
    seed=st.integers(0, 2**63 - 1),
    residents=st.floats(150, 3e7),
    ticket=st.floats(0.01, 9e4),
    subsidy=st.floats(0, 80),
    commission=st.floats(0, 0.9),
    discount=st.floats(0, 0.9),
    logistics=st.floats(0, 5),
)
def test_money_is_moved_whatever_the_prices(
    seed, residents, ticket, subsidy, commission, discount, logistics
):
    """Two months' ends in a town of the four named shops, with other prices: the same laws."""
    model = city(
        seed=seed,
        population=150,
        residents=residents,
        start="2013-01-22",
        levers__logistics_x=logistics,
        categories__clothes__ticket_yuan=ticket,
        categories__eating__ticket_yuan=ticket / 3,
        platforms__bazaar__subsidy__per_order_yuan=subsidy,
        platforms__dine__subsidy__per_order_yuan=subsidy / 2,
        platforms__bazaar__commission=commission,
        platforms__dine__commission=commission,
        platforms__dine__coupon_discount=discount,
        stores__supply_x=1e-15,
        consumers__radius_min__median=60,
        consumers__radius_max_min=60,
    )
    before = model.ledger.balance.copy()
    for _ in days(model, 40):
        balance = model.ledger.balance
        assert int(balance.sum()) == 0
        change = balance - np.pad(before, (0, len(balance) - len(before)))
        same = change == expected_flows(model)
        assert (same[[CONSUMERS, SUPPLIERS]] if is_review(model) else same).all()
        before = balance.copy()
    assert wrong_months(model) == []


def test_landlords_hold_the_rents_paid_and_the_deposits_of_running_leases():
    """Whoever came, left, renewed or was relieved: a deposit is somebody's until it is given back, and no profit."""
    leases = "{term_months: 3, term_spread: 0.8, break_share: 0.5, deposit_months: 4, concession: {months: 1, wait_months: 1}}"
    model = city(landlords__leases=leases, entry__search="{rate_yearly: 3}", days=120)
    model.run()
    assert {"lease ends", "renew lease", "open"} <= {e["decision"] for e in model.events}
    flows = model.results()["ledger"]
    rent = flows[flows["line"] == "rent"]
    received = (
        rent.loc[rent["to"] == "landlord", "fen"].sum() - rent.loc[rent["from"] == "landlord", "fen"].sum()
    )
    held = sum(s.lease.deposit_fen for s in model.stores if s.lease is not None)
    assert sum(model.ledger.cash(c.account) for c in model.circles.values()) == received + held > held > 0
    assert wrong_months(model) == []
