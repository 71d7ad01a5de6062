"""How cards write figures: short, with their unit, the same on every machine."""

from __future__ import annotations

import math

MISSING = "–"
SIZES = ((1e9, 1e9, 1e5, "billion "), (1e6, 1e6, 1e2, "million "), (1e4, 1e3, 1.0, "thousand "))
"""From where a word is used, what it stands for, and to what the word below it rounds: 999,950,000 is a
billion."""


def money(amount: float, currency: str) -> str:
    """An amount: `1.2 million yuan`, `870 yuan`."""
    if not math.isfinite(amount):
        return MISSING
    for size, unit, grain, word in SIZES:
        if round(abs(amount) / grain) * grain >= size:
            return f"{_minus(amount / unit, 1)} {word}{currency}"
    return f"{_minus(amount, 0 if round(abs(amount), 2) >= 100 else 2)} {currency}"


def per(amount: float, currency: str, what: str) -> str:
    """An amount for each of something: `2.50 yuan an order`."""
    if not math.isfinite(amount):
        return MISSING
    return (
        "none" if amount == 0 else f"{money(amount, currency)} {'an' if what[0] in 'aeiou' else 'a'} {what}"
    )


def yuan_m2(amount: float, currency: str) -> str:
    """A rent."""
    return f"{_minus(amount, 1)} {currency} per m2 and month" if math.isfinite(amount) else MISSING


def share(part: float, whole: float) -> str:
    """A part of a whole in per cent."""
    if not whole or not math.isfinite(part) or not math.isfinite(whole):
        return MISSING
    return f"{_minus(100 * part / whole, 1)} %"


def count(n: float, what: str) -> str:
    """Things counted: `1,234 people`."""
    return f"{n:,.0f} {what}" if math.isfinite(n) else MISSING


def plural(n: int, word: str) -> str:
    """The word, with an s unless there is one of it."""
    return word if n == 1 else word + "s"


def _minus(number: float, digits: int) -> str:
    """With a real minus sign, and none before a zero."""
    text = f"{abs(number):,.{digits}f}"
    return f"−{text}" if number < 0 and text.strip("0.,") else text
