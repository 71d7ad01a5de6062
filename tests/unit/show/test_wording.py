"""Numbers, amounts and dates as people read them: the same in sentences, cards, tables and pictures."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from o2o_sim.show.wording import (
    compact,
    exact,
    fixed,
    in_ascii,
    in_percent,
    money,
    part_of,
    per,
    percent,
    plural,
    signed,
    written,
    written_interval,
)
from o2o_sim.studies.statistics import Interval, mean_interval


# -- on pages and pictures ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (999_499_999, "999 million"), (999_600_000, "1 billion"), (-999_600_000, "−1 billion"), (661_234, "661,000"),
        (999_499, "999,000"), (999_600, "1 million"), (-2_484_000_000, "−2.48 billion"), (12.34e15, "12,300 trillion"),
        (9_994, "9,990"), (870.4, "870"), (99.99, "99.99"), (99.996, "100"), (-99.996, "−100"), (2.5, "2.50"),
        (0.004, "0 "), (0, "0"),
    ],
)  # fmt: skip
def test_an_amount_has_three_figures_and_the_word_of_what_is_shown(amount, said):
    assert money(amount, "yuan") == f"{said.strip()} yuan"


def test_what_is_missing_is_a_dash():
    nan = math.nan
    unknown = [money(nan, "yuan"), per(nan, "yuan", "order"), fixed(nan), in_percent(nan), plural(nan, "x")]
    assert {*unknown, part_of(0, 0), compact(nan)} == {"–"}


def test_a_sign_is_a_real_minus_and_none_before_a_zero():
    assert [fixed(-1234.56, 1), fixed(-0.04, 1), fixed(0.04, 1, sign=True)] == ["−1,234.6", "0.0", "0.0"]
    assert [in_percent(-0.034, sign=True), in_percent(0.034, sign=True)] == ["−3.4 %", "+3.4 %"]
    assert in_ascii(fixed(-2)) == "-2"


def test_shares_in_sentences_say_no_more_than_is_known():
    told = [percent(x).replace("\u00a0", " ") for x in (0.0004, 0.004, 0.0994, 0.123, 0.996, 1.0, 0.0)]
    assert told == ["less than 0.1 %", "0.4 %", "9.9 %", "12 %", "over 99 %", "100 %", "0 %"]


def test_one_of_a_thing_is_singular_also_after_rounding():
    assert plural(1.2, "person", "people") == "1 person" and plural(1200, "shop") == "1,200 shops"
    assert per(2.5, "yuan", "order") == "2.50 yuan an order" and per(0, "yuan", "order") == "none"


def test_what_somebody_wrote_stays_in_full():
    assert [exact(x) for x in (12345, 1e10, 0.1 + 0.2, -0.25)] == ["12,345", "10,000,000,000", "0.3", "-0.25"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (1e-6, "1·10⁻⁶"), (-4.25e-5, "−4.25·10⁻⁵"), (0.00123, "0.00123"), (0.35, "0.35"), (9999, "9,999"),
        (99_999, "100 k"), (999_999, "1 M"), (1.234e6, "1.23 M"), (-5e9, "−5 bn"), (1e12, "1 tn"), (1e15, "1·10¹⁵"),
        (np.nan, "–"), (np.inf, "+∞"),
    ],
)  # fmt: skip
def test_compact_numbers(value, text):
    assert compact(value) == text


def test_shares_are_told_in_per_cent():
    assert compact(0.354, 2, share=True) == "35 %"
    assert signed(0.042, share=True) == "+4.2 pp"
    assert signed(-1200) == "−1,200"


# -- in tables of the terminal ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (0.1234, "share", "12.3 %"),
        (1.0, "flag", "100 %"),
        (0, "share", "0 %"),
        (0.000012, "share", "0.0012 %"),
        (0.0000012, "share", "0.0001 %"),
        (56, "count", "56.0"),
        (1234.6, "count", "1,235"),
        (1_327_004_357, "yuan", "1.33 bn"),
        (-2_500_000, "yuan", "-2.50 M"),
        (4.2e12, "yuan", "4.20 tn"),
        (999_999, "yuan", "999,999"),
        (-0.75, "index", "-0.750"),
        (math.nan, "yuan", "-"),
        (math.inf, "yuan", "?"),
        (0, "count", "0"),
    ],
)
def test_numbers_have_three_figures(value, kind, text):
    assert written(value, kind) == text


@pytest.mark.parametrize(
    ("interval", "kind", "text"),
    [
        (Interval(-2.75, -4.752, -0.748, 4), "count", "-2.8 [-4.8, -0.7]"),
        (Interval(0.00023, -0.00025, 0.00071, 4), "share", "+0.023 pp [-0.025, +0.071]"),
        (Interval(160363, -918876, 1239602, 4), "yuan", "+0.2 M [-0.9, +1.2]"),
        (Interval(2, 2, 2, 5), "count", "+2.00"),
        (Interval(0, 0, 0, 5), "share", "0"),
        (Interval(0.1, -math.inf, math.inf, 1), "share", "+10.0 pp"),
        (Interval(math.nan, -math.inf, math.inf, 0), "share", "-"),
    ],
)
def test_differences_are_as_exact_as_their_intervals(interval, kind, text):
    assert written_interval(interval, kind) == text


@pytest.mark.parametrize("seed", range(20))
def test_a_written_interval_is_the_interval(seed):
    """To the figures shown: half a unit of the last decimal, of an interval at least 10 of them wide."""
    rng = np.random.default_rng(seed)
    gap = mean_interval(rng.normal(rng.normal(), 1, 5) * 10.0 ** rng.integers(-3, 11))
    text = written_interval(gap, "yuan")
    found = re.fullmatch(r"(\S+)( tn| bn| M|) \[(\S+), (\S+)\]", text)
    scale = {" tn": 1e12, " bn": 1e9, " M": 1e6, "": 1.0}[found[2]]
    numbers = [scale * float(found[k].replace(",", "")) for k in (1, 3, 4)]
    assert numbers == pytest.approx([gap.mean, gap.low, gap.high], abs=0.06 * gap.width, rel=0)
