"""Money, time and calendar: fen inside, yuan outside; minutes; real dates.

Money is an integer number of minor units (fen) wherever it is booked. Yuan appear only in scenarios and
in reports, and in the utilities consumers compare, which need no exactness.
"""

from __future__ import annotations

from datetime import date, timedelta

FEN_PER_YUAN = 100
MONTHS_A_YEAR = 12


def fen(yuan: float) -> int:
    """Yuan to whole fen, halves to even."""
    return round(yuan * FEN_PER_YUAN)


def yuan(amount_fen: int | float) -> float:
    """Fen to yuan."""
    return amount_fen / FEN_PER_YUAN


def date_of(start: date, day: int) -> date:
    """The calendar date of simulated day `day` (0 is `start`)."""
    return start + timedelta(days=day)


def is_month_end(today: date) -> bool:
    """True on the last day of the calendar month."""
    return (today + timedelta(days=1)).month != today.month


def month_of(today: date) -> int:
    """The number of a day's month, so that differences are months."""
    return today.year * MONTHS_A_YEAR + today.month - 1


def rent_begins(signed: date) -> int:
    """The number of the first month for which who signs on a day pays: of the last day of a month, the next."""
    return month_of(signed) + is_month_end(signed)
