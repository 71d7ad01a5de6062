"""Double-entry bookkeeping in whole fen. Nobody's money changes but through `Ledger.book`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

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
LANDLORD, PLATFORM, STORE = 9, 10, 11

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
"""What money is moved for: the lines of a store's profit and loss (`transfers` are shared gains, compensations and
fines; `owners` is capital, not profit)."""

LINE = {name: number for number, name in enumerate(LINES)}
CAPITAL = LINE["owners"]


class Ledger:
    """Accounts, their balances (int64 fen) and two summaries of what was booked since the month began.

    `balance[a]` is what account a holds. `flows[line, kind from, kind to]` and `books[line, account]` (what
    each account received less what it paid) are of the current month. The balances always sum to zero.
    """

    def __init__(self) -> None:
        singles = KINDS[:LANDLORD]
        self.names: list[str] = list(singles)
        self.kind = np.arange(len(singles), dtype=np.int64)
        self.balance = np.zeros(len(singles), np.int64)
        self.flows = np.zeros((len(LINES), len(KINDS), len(KINDS)), np.int64)
        self.books = np.zeros((len(LINES), len(singles)), np.int64)

    def open(self, name: str, kind: int) -> int:
        """Open an account of a kind and return its number."""
        self.names.append(name)
        self.kind = np.append(self.kind, kind)
        self.balance = np.append(self.balance, 0)
        self.books = np.concatenate([self.books, np.zeros((len(LINES), 1), np.int64)], axis=1)
        return len(self.names) - 1

    def book(self, line: str, payer: ArrayLike, receiver: ArrayLike, amount: ArrayLike) -> None:
        """Move `amount` (int64 fen, may be an array) from payer to receiver (account numbers, broadcast)."""
        payer, receiver, amount = np.broadcast_arrays(payer, receiver, amount)
        if not np.issubdtype(amount.dtype, np.integer):
            raise TypeError(f"money is booked in whole fen, not {amount.dtype}")
        for account in (payer, receiver):
            if account.size and not 0 <= account.min() <= account.max() < len(self.names):
                raise IndexError(
                    f"no such account, so nothing was booked: {account.min()} to {account.max()}"
                )
        k = LINE[line]
        np.subtract.at(self.balance, payer, amount)
        np.add.at(self.balance, receiver, amount)
        np.subtract.at(self.books[k], payer, amount)
        np.add.at(self.books[k], receiver, amount)
        np.add.at(self.flows[k], (self.kind[payer], self.kind[receiver]), amount)

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
