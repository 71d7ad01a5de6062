"""Numbers, amounts and dates as people write them, for reports, tables and pictures."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

NBSP = "\u00a0"


def percent(share: float) -> str:
    """A share as people say it: 0.4 %, 12 %."""
    if 0 < share < 0.001:
        return f"less than 0.1{NBSP}%"
    if 0.995 <= share < 1:
        return f"over 99{NBSP}%"
    return f"{100 * share:.1f}{NBSP}%" if 0 < share < 0.0995 else f"{100 * share:.0f}{NBSP}%"


def of(part: int, whole: int) -> str:
    """ "13 (19 %)"."""
    return f"{part:,} ({percent(part / whole)})" if whole else f"{part:,}"


def large(amount: float, currency: str) -> str:
    """An amount as people say it: 33.4 billion yuan, 661,234 yuan."""
    rounded = float(f"{amount:.3g}")  # before the word is chosen: 999.6 million are a billion
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if abs(rounded) >= size:
            return f"{rounded / size:,g} {word} {currency}"
    return f"{amount:,.0f} {currency}"


def money(amount: float, currency: str) -> str:
    """An amount in three figures: 661,000 yuan, 33.4 billion yuan."""
    return large(float(f"{amount:.3g}"), currency)


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
