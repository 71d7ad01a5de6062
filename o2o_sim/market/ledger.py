"""Double-entry bookkeeping in whole fen. Every account changes through `Ledger.book` only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from .compiled import kernel
from .growing import Growing

KINDS = (
    "consumers",
    "suppliers",
    "staff",
    "couriers",
    "providers",
    "owners",
    "investors",
    "outside sellers",
    "overheads",
    "landlord",
    "platform",
    "store",
)
"""Kinds of account. The first nine are single accounts with these numbers; the others are many."""

CONSUMERS, SUPPLIERS, STAFF, COURIERS, PROVIDERS, OWNERS, INVESTORS, OUTSIDE_SELLERS, OVERHEADS = range(9)
"""Numbers of the single accounts, each of which is also its kind."""
LANDLORD, PLATFORM, STORE = 9, 10, 11
"""Kinds of which there are many accounts; `Ledger.open` opens one."""

LINES = (
    "sales",
    "subsidy received",
    "delivery fees",
    "cost of goods",
    "spoilage",
    "commission",
    "advertising",
    "handling",
    "delivery",
    "rent",
    "wages",
    "overheads",
    "integration",
    "transfers",
    "owners",
)
"""What money is moved for: the lines of a store's profit and loss (`transfers` are shared gains,
compensations and fines; `owners` is capital, not profit)."""

LINE = {name: number for number, name in enumerate(LINES)}
CAPITAL = LINE["owners"]


ALL_KNOWN = -(2**62)


@kernel
def _move(balance, books, flows, kind, payer, receiver, amount, n):
    """Move n amounts; arrays of one element stand for n equal ones. If an account does not exist nothing is
    moved, and its number is returned, else ALL_KNOWN."""
    for accounts in (payer, receiver):
        for a in accounts:
            if n > 0 and not 0 <= a < len(balance):
                return a
    for i in range(n):
        a = payer[i if len(payer) > 1 else 0]
        b = receiver[i if len(receiver) > 1 else 0]
        fen = amount[i if len(amount) > 1 else 0]
        balance[a] -= fen
        balance[b] += fen
        books[a] -= fen
        books[b] += fen
        flows[kind[a], kind[b]] += fen
    return ALL_KNOWN


class Ledger:
    """Accounts, their balances (int64 fen) and two summaries of what was booked since the month began.

    `balance[a]` is what account a holds. `flows[line, kind from, kind to]` and `books[line, account]` (what
    each account received less what it paid) are of the current month. The balances always sum to zero.
    """

    kind, balance, books = Growing(), Growing(), Growing(len(LINES), last=True)

    def __init__(self) -> None:
        singles = KINDS[:LANDLORD]
        self.names: list[str] = list(singles)
        self.kind[:] = np.arange(len(singles))
        self.flows = np.zeros((len(LINES), len(KINDS), len(KINDS)), np.int64)

    def __len__(self) -> int:
        """How many accounts there are."""
        return len(self.names)

    def open(self, name: str, kind: int) -> int:
        """Open an account of a kind and return its number."""
        self.names.append(name)
        self.kind[-1] = kind
        return len(self) - 1

    def book(self, line: str, payer: ArrayLike, receiver: ArrayLike, amount: ArrayLike) -> None:
        """Move `amount` (int64 fen, may be an array) from payer to receiver (account numbers; any of the
        three may be one for all)."""
        amounts = np.asarray(amount)
        if amounts.dtype.kind not in "iu":
            raise TypeError(f"money is booked in whole fen, not {amounts.dtype}")
        a, b, moved = (np.asarray(x, np.int64).reshape(-1) for x in (payer, receiver, amounts))
        sizes = {len(a), len(b), len(moved)}
        if len(sizes - {1}) > 1:
            raise ValueError(f"payers, receivers and amounts are of different lengths: {sorted(sizes)}")
        n = 0 if 0 in sizes else max(sizes)
        k = LINE[line]
        stray = _move(self.balance, self.books[k], self.flows[k], self.kind, a, b, moved, n)
        if stray != ALL_KNOWN:
            raise IndexError(f"no such account, so nothing was booked: {stray}")

    def book_terms(
        self,
        customers: ArrayLike,
        seller: ArrayLike,
        carrier: ArrayLike,
        platform: ArrayLike,
        money: Mapping[str, ArrayLike],
    ) -> None:
        """Book what comes with sales, besides the price: the fee for delivery, and what goods, their spoilage, the
        platform, handling and delivery cost. `money` has the amounts by the names of an offer's terms (`Table.fen`); all
        arrays are of one length, as for `book`."""
        self.book("delivery fees", customers, carrier, money["fee"])
        self.book("cost of goods", seller, SUPPLIERS, money["goods"])
        self.book("spoilage", seller, SUPPLIERS, money["spoilage"])
        self.book("commission", seller, platform, money["commission"])
        self.book("advertising", seller, platform, money["advertising"])
        self.book("handling", seller, PROVIDERS, money["handling"])
        self.book("delivery", carrier, COURIERS, money["delivery"])

    def is_balanced(self) -> bool:
        """Whether all accounts sum to exactly zero."""
        return int(self.balance.sum()) == 0

    def cash(self, account: int) -> int:
        """What an account holds, in fen."""
        return int(self.balance[account])

    def close_month(self) -> None:
        """Begin a new month: empty the summaries, keep the balances."""
        self.flows[:] = 0
        self.books[:] = 0

    def monthly_flows(self) -> Sequence[tuple[str, str, str, int]]:
        """(line, kind from, kind to, fen) of the month, without the empty ones."""
        return [
            (LINES[k], KINDS[a], KINDS[b], int(self.flows[k, a, b]))
            for k, a, b in zip(*np.nonzero(self.flows))
        ]
