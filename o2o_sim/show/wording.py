"""Numbers, amounts and dates as people read them, in sentences, cards, tables and pictures: the one place that
writes them.

What people look at (sentences, cards, pictures) has a real minus and a dash for what is missing. Tables of the
terminal, which may know neither and whose text is copied into other programs, have a hyphen for both:
`written`, `written_interval`, and whatever goes through `in_ascii`."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..studies.statistics import Interval

NBSP = "\u00a0"
MISSING = "–"
SIZES = ((1e12, "trillion", "tn"), (1e9, "billion", "bn"), (1e6, "million", "M"), (1e3, "thousand", "k"))
"""Large units, the largest first, with their word and their sign."""
_MILLION = 1e6
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


# -- numbers ------------------------------------------------------------------------------------------------
def fixed(value: float, decimals: int = 0, *, sign: bool = False) -> str:
    """A number with so many decimals: 1,234.5; with its `sign` also if it is above zero: +1,234.5."""
    if not math.isfinite(value):
        return MISSING
    text = f"{abs(value):,.{decimals}f}"
    if not text.strip("0.,"):
        return text  # nothing that is seen, so no sign either
    return f"−{text}" if value < 0 else f"+{text}" if sign else text


def exact(value: float) -> str:
    """A number that somebody wrote, in full: 12,345, 0.25."""
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:,.10g}"


def compact(value: float, digits: int = 3, *, share: bool = False) -> str:
    """A number as short as it can be told: 1.2 M, 0.35, 4·10⁻⁶; a `share` as 35 %."""
    if not math.isfinite(value):
        return MISSING if math.isnan(value) else f"{value:+}".replace("inf", "∞").replace("-", "−")
    if share:
        return compact(100 * value, digits) + " %"
    if abs(value) < 1e3 or abs(value) >= 1e4:
        value = float(f"{value:.{digits - 1}e}")
    size = abs(value)
    minus = "−" if value < 0 else ""
    if size >= 1e15 or 0 < size < 1e-3:
        factor, power = f"{size:.{digits - 1}e}".split("e")
        return f"{minus}{_short(float(factor), digits)}·10{str(int(power)).translate(_SUPERSCRIPT)}"
    for unit, _, letter in SIZES:
        # Years and other numbers of four digits are told in full.
        if size >= max(unit, 1e4):
            return f"{minus}{_short(size / unit, digits)} {letter}"
    return minus + _short(size, digits)


def signed(value: float, digits: int = 3, *, share: bool = False) -> str:
    """A difference, compact, with its sign; of shares in percentage points: +4.2 pp."""
    text = compact(100 * value, digits) + " pp" if share else compact(value, digits)
    return f"+{text}" if 0 < value < math.inf else text


def _short(size: float, digits: int) -> str:
    decimals = max(digits - 1 - math.floor(math.log10(size)), 0) if size else 0
    text = f"{size:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# -- shares -------------------------------------------------------------------------------------------------
def in_percent(part: float, decimals: int = 1, *, sign: bool = False) -> str:
    """A share in per cent, for tables and labels: 12.3 %; with its `sign`, how much more or less: +12.3 %."""
    return f"{fixed(100 * part, decimals, sign=sign)} %" if math.isfinite(part) else MISSING


def part_of(part: float, whole: float) -> str:
    """A part of a whole in per cent; of nothing it is missing."""
    return in_percent(part / whole) if whole else MISSING


def percent(part: float) -> str:
    """A share as sentences say it: 0.4 %, 12 %."""
    if 0 < part < 0.001:
        return f"less than 0.1{NBSP}%"
    if 0.995 <= part < 1:
        return f"over 99{NBSP}%"
    return in_percent(part, int(0 < part < 0.0995)).replace(" ", NBSP)


def of(part: int, whole: int) -> str:
    """ "13 (19 %)"."""
    return f"{part:,} ({percent(part / whole)})" if whole else f"{part:,}"


# -- amounts ------------------------------------------------------------------------------------------------
def money(amount: float, currency: str) -> str:
    """An amount in three figures, below 100 in cents: 33.4 billion yuan, 661,000 yuan, 2.50 yuan."""
    if not math.isfinite(amount):
        return MISSING
    rounded = float(f"{amount:.3g}")  # before the word is chosen: 999.6 million are a billion
    for size, word, _ in SIZES:
        if abs(rounded) >= size >= _MILLION:
            return f"{rounded / size:,g} {word} {currency}".replace("-", "−")
    cents = 0 < round(abs(amount), 2) < 100
    return f"{fixed(amount if cents else rounded, 2 if cents else 0)} {currency}"


def per(amount: float, currency: str, what: str) -> str:
    """An amount for each of something: 2.50 yuan an order."""
    if not math.isfinite(amount):
        return MISSING
    article = "an" if what[0] in "aeiou" else "a"
    return f"{money(amount, currency)} {article} {what}" if amount else "none"


# -- words --------------------------------------------------------------------------------------------------
def plural(n: float, one: str, many: str = "") -> str:
    """1 store, 2 stores; a number of things is rounded to whole ones."""
    text = fixed(n)
    return text if text == MISSING else f"{text} {one if text == '1' else many or one + 's'}"


def listed(words: Iterable[str]) -> str:
    """a, b and c."""
    told = list(words)
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}" if told else ""


def day(iso: str | date) -> str:
    """A date as people write it: 5 April 2013."""
    at = date.fromisoformat(iso) if isinstance(iso, str) else iso
    return f"{at.day} {at:%B} {at.year}"


def month(iso: str) -> str:
    """The month of a date: April 2013."""
    at = date.fromisoformat(iso)
    return f"{at:%B} {at.year}"


# -- tables of the terminal ---------------------------------------------------------------------------------
def in_ascii(text: str) -> str:
    """A number as tables of the terminal have it."""
    return text.replace("−", "-").replace(MISSING, "-")


def written(value: float, kind: str) -> str:
    """A number with three figures, so that a column of them can be compared: shares in per cent, large numbers
    with a sign, as 1.33 bn. `kind` is that of a metric (METRICS in record/metrics.py)."""
    if math.isinf(value):
        return "?"
    if math.isnan(value):
        return in_ascii(MISSING)
    scale, unit = _scale(value, kind)
    return in_ascii(fixed(value / scale, _places(value / scale, 3))) + unit


def written_interval(gap: Interval, kind: str) -> str:
    """A difference and its 95 % interval, as exact as the interval is narrow: +1.2 pp [0.9, 1.5]. Differences
    of shares are in percentage points. A single pair has no interval."""
    if math.isnan(gap.mean):
        return in_ascii(MISSING)
    if gap.n < 2 or gap.mean == gap.low == gap.high:
        return _difference(gap.mean, kind)
    scale, unit = _scale(max(abs(gap.low), abs(gap.high)), kind)
    places = _places((gap.high - gap.low) / 2 / scale, 2)
    mean, low, high = (f"{x / scale:+,.{places}f}" for x in (gap.mean, gap.low, gap.high))
    return f"{mean}{unit.replace('%', 'pp')} [{low}, {high}]"


def _difference(value: float, kind: str) -> str:
    if value == 0:
        return "0"
    scale, unit = _scale(value, kind)
    return f"{value / scale:+,.{_places(value / scale, 3)}f}{unit.replace('%', 'pp')}"


def _scale(value: float, kind: str) -> tuple[float, str]:
    """What a number is divided by, and the unit it has then."""
    if kind in ("share", "flag"):
        return 0.01, " %"
    return next(((s, f" {u}") for s, _, u in SIZES if abs(value) >= s >= _MILLION), (1.0, ""))


def _places(value: float, digits: int) -> int:
    """Decimals with which `digits` figures show, four at most."""
    if value == 0:
        return 0
    return min(max(digits - 1 - math.floor(math.log10(abs(value))), 0), 4)
