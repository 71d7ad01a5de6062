"""The books: whatever is booked, nothing is made and nothing is lost."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from o2o_sim.market.ledger import CONSUMERS, KINDS, LANDLORD, LINE, LINES, STORE, SUPPLIERS, Ledger

SINGLES = LANDLORD
ACCOUNTS = SINGLES + 4

# Amounts may be negative: a store that closes hands its debt to its owners.
amounts = st.integers(-(10**15), 10**15)
accounts = st.integers(0, ACCOUNTS - 1)
entries = st.lists(st.tuples(accounts, accounts, amounts), min_size=1, max_size=6)
bookings = st.lists(st.tuples(st.sampled_from(LINES), entries), max_size=12)


def town(kinds=(LANDLORD, STORE, STORE, STORE)) -> Ledger:
    ledger = Ledger()
    for k, kind in enumerate(kinds):
        ledger.open(f"account {k}", kind)
    return ledger


def book(ledger: Ledger, months) -> None:
    """Several months, closed one by one; the last stays open."""
    for number, month in enumerate(months):
        if number:
            ledger.close_month()
        for line, rows in month:
            payer, receiver, amount = (np.array(column) for column in zip(*rows))
            ledger.book(line, payer, receiver, amount)


@settings(deadline=None)  # the first example compiles
@given(st.lists(bookings, min_size=1, max_size=3))
def test_balances_are_what_was_booked_and_sum_to_zero(months):
    ledger = town()
    book(ledger, months)
    balance = [0] * ACCOUNTS
    for month in months:
        for _, rows in month:
            for payer, receiver, amount in rows:
                balance[payer] -= amount
                balance[receiver] += amount
    assert ledger.balance.tolist() == balance
    assert [ledger.cash(a) for a in range(ACCOUNTS)] == balance
    assert ledger.is_balanced()
    assert ledger.balance.dtype == np.int64


@settings(deadline=None)  # the first example compiles
@given(st.lists(bookings, min_size=1, max_size=3))
def test_books_and_flows_are_those_of_the_open_month_and_agree(months):
    ledger = town()
    book(ledger, months[:-1] or [[]])
    before = ledger.balance.copy()
    ledger.close_month()
    book(ledger, months[-1:])
    assert np.array_equal(ledger.books.sum(axis=0), ledger.balance - before)
    assert not ledger.books.sum(axis=1).any()  # line by line: what one receives, another has paid
    for line in range(len(LINES)):
        received = ledger.flows[line].sum(axis=0) - ledger.flows[line].sum(axis=1)
        of_kind = np.zeros(len(KINDS), np.int64)
        np.add.at(of_kind, ledger.kind, ledger.books[line])
        assert np.array_equal(received, of_kind)
    flows = {(line, payer, receiver): fen for line, payer, receiver, fen in ledger.monthly_flows()}
    assert 0 not in flows.values()
    expected: dict[tuple[str, str, str], int] = {}
    for line, rows in months[-1]:
        for payer, receiver, amount in rows:
            key = (line, KINDS[ledger.kind[payer]], KINDS[ledger.kind[receiver]])
            expected[key] = expected.get(key, 0) + amount
    assert flows == {key: fen for key, fen in expected.items() if fen}


def test_one_payer_and_many_receivers_are_broadcast():
    ledger = town()
    a, b = SINGLES, SINGLES + 1
    ledger.book("sales", CONSUMERS, np.array([a, b, a]), np.array([1, 20, 300]))
    ledger.book("rent", a, b, 7)
    assert (ledger.cash(a), ledger.cash(b), ledger.cash(CONSUMERS)) == (294, 27, -321)
    assert ledger.books[LINE["sales"], a] == 301
    assert ledger.books[LINE["rent"], a] == -7
    assert ledger.flows[LINE["sales"], CONSUMERS, LANDLORD] == 301


def test_nothing_to_book_is_nothing_booked():
    ledger = town()
    ledger.book("sales", CONSUMERS, np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert not ledger.balance.any()
    assert ledger.monthly_flows() == []


def test_an_account_keeps_its_number_its_name_and_its_kind():
    ledger = town()
    ledger.book("sales", CONSUMERS, SINGLES, 5)
    number = ledger.open("newcomer", STORE)
    assert number == ACCOUNTS
    assert ledger.names[number] == "newcomer"
    assert ledger.kind[number] == STORE
    assert ledger.cash(number) == 0
    assert ledger.cash(SINGLES) == 5
    assert ledger.books.shape == (len(LINES), ACCOUNTS + 1)
    assert ledger.names[:SINGLES] == list(KINDS[:SINGLES])
    assert ledger.kind[:SINGLES].tolist() == list(range(SINGLES))


@pytest.mark.parametrize(
    "amount",
    [1.0, 0.5, np.float32(2), np.array([1.0, 2.0]), True, "5", Decimal(1), 2**70, float("nan"), None, 1j],
    ids=repr,
)
def test_only_whole_fen_are_booked(amount):
    ledger = town()
    with pytest.raises(TypeError, match="whole fen"):
        ledger.book("sales", CONSUMERS, SUPPLIERS, amount)
    assert not ledger.balance.any()
    assert not ledger.books.any()
    assert not ledger.flows.any()


def test_an_unknown_line_is_refused_before_anything_is_booked():
    ledger = town()
    with pytest.raises(KeyError):
        ledger.book("gifts", CONSUMERS, SUPPLIERS, 1)
    assert not ledger.balance.any()


def test_a_new_month_keeps_the_balances():
    ledger = town()
    ledger.book("sales", CONSUMERS, SINGLES, 5)
    ledger.close_month()
    assert ledger.cash(SINGLES) == 5
    assert ledger.monthly_flows() == []
    assert not ledger.books.any()


def test_money_out_of_nowhere_would_be_noticed():
    ledger = town()
    ledger.balance[SINGLES] += 1
    assert not ledger.is_balanced()
