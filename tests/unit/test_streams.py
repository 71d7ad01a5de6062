"""Random draws: uniform, independent of their neighbours, and the same bits however they are made.

All seeds are fixed, so a test passes always or never. Bounds are four or five standard errors of a fair
source."""

from __future__ import annotations

import math
from itertools import product

import numba
import numpy as np
import pytest
from numba.extending import register_jitable
from scipy import stats

from o2o_sim import streams
from o2o_sim.streams import (
    U64,
    exp,
    exp_single,
    exponential,
    extend,
    high_half,
    log,
    low_half,
    mix,
    name_bits,
    pair_bits,
    stream,
    uniform,
    unit,
)

N = 1 << 18
IDS = np.arange(N, dtype=np.uint64)


@register_jitable
def pair_of_keys(chooser, offer):
    """The bits of a pair from whole keys."""
    return pair_bits(low_half(chooser), high_half(chooser), low_half(offer), high_half(offer))


@pytest.fixture(autouse=True)
def _overflow_is_meant():
    with np.errstate(over="ignore"):
        yield


def is_uniform(u: np.ndarray, bins: int = 256) -> bool:
    """Whether a chi-square test lets draws pass; one in ten thousand fair samples would not."""
    count = np.histogram(u, bins, (0, 1))[0]
    return 5e-5 < stats.chisquare(count).pvalue < 1 - 5e-5


def are_independent(a: np.ndarray, b: np.ndarray) -> bool:
    """No correlation, and pairs that fill the square evenly."""
    r = np.corrcoef(a, b)[0, 1]
    count = np.histogram2d(a, b, 16, ((0, 1), (0, 1)))[0].ravel()
    return abs(r) < 4 / math.sqrt(len(a)) and 5e-5 < stats.chisquare(count).pvalue < 1 - 5e-5


# -- draws ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1, -1])
@pytest.mark.parametrize("process", ["home", "", "who gets which unit"])
def test_draws_are_uniform(seed, process):
    u = streams.uniforms(seed, process, 7, IDS)
    assert is_uniform(u)
    assert is_uniform(u * 2**16 % 1)  # the low half of the bits too


def test_draws_of_one_person_on_many_days_are_uniform():
    u = np.array([streams.uniforms(3, "taste", day, 17)[0] for day in range(20_000)])
    assert is_uniform(u)


def test_the_tests_can_fail():
    lattice = (IDS * U64(40503) % U64(2**16)) / 2.0**16  # far too even
    assert not is_uniform(lattice)
    u = streams.uniforms(1, "x", 0, IDS)
    assert not is_uniform(np.sqrt(u))
    assert not are_independent(u, (u + 0.25) % 1)  # uncorrelated it is not either


BASE = {"seed": 5, "process": "seller", "day": 40, "what": 3}
NEIGHBOURS = {
    "seed": {"seed": 6},
    "seed, one bit far up": {"seed": 5 ^ 1 << 62},
    "process": {"process": "sellers"},
    "day": {"day": 41},
    "what": {"what": 4},
    "day against what": {"day": 41, "what": 2},
    "seed against day": {"seed": 4, "day": 41},
    "exchanged": {"day": 3, "what": 40},
}


@pytest.mark.parametrize("change", NEIGHBOURS.values(), ids=NEIGHBOURS)
def test_neighbouring_draws_are_independent(change):
    here, there = (streams.uniforms(**key, who=IDS) for key in (BASE, BASE | change))
    assert are_independent(here, there)


@pytest.mark.parametrize("step", [1, 2, 512, 65536])
def test_neighbouring_people_are_independent(step):
    u = streams.uniforms(**BASE, who=IDS)
    assert are_independent(u[:-step], u[step:])


def test_people_and_days_are_not_exchanged():
    """Person a on day b is not person b on day a."""
    u = np.array([streams.uniforms(1, "x", day, np.arange(600)) for day in range(600)])
    above = np.triu_indices(600, 1)
    assert are_independent(u[above], u.T[above])


def keys_collide(combine) -> bool:
    """Whether any two of 64 x 64 pairs of small numbers share a key."""
    keys = {int(combine(*pair)) for pair in product(range(64), repeat=2)}
    return len(keys) < 64 * 64


def test_seed_and_process_are_not_exchanged():
    assert stream(0, "1") != stream(1, "0")
    assert not keys_collide(lambda seed, process: stream(seed, str(process)))
    assert not keys_collide(lambda process, day: stream(0, str(process), day))
    assert not keys_collide(lambda seed, day: stream(seed, "taste", day))


def test_day_who_and_what_are_not_exchanged():
    key = stream(0, "taste")
    assert not keys_collide(lambda day, who: extend(stream(0, "taste", day), U64(who)))
    assert not keys_collide(lambda who, what: extend(extend(key, U64(who)), U64(what)))


def test_a_collision_would_be_caught():
    """Parts that are only joined by XOR or by adding meet again at once, mixed or not."""
    assert keys_collide(lambda a, b: mix(U64(a) ^ U64(b)))
    assert keys_collide(lambda a, b: mix(U64(a)) ^ mix(U64(b)))
    assert keys_collide(lambda a, b: mix(U64(a) + U64(b)))


def test_seed_and_named_process_do_not_meet():
    """XORing the seed into the name would make process p of seed s the process p' of seed s ^ p ^ p'."""
    a, b = name_bits("home"), name_bits("work")
    for seed in (0, 1, 12345):
        meets = int(U64(seed) ^ a ^ b)
        assert stream(seed, "home") != stream(meets, "work")


def test_a_draw_depends_on_its_key_alone():
    everybody = streams.uniforms(9, "x", 4, IDS[:1000], 2)
    some = np.array([999, 3, 500])
    assert np.array_equal(streams.uniforms(9, "x", 4, some, 2), everybody[some])
    assert streams.uniforms(9, "x", 4, 3, 2)[0] == everybody[3]
    key = extend(stream(9, "x", 4), U64(2))
    assert [uniform(key, U64(k)) for k in range(50)] == everybody[:50].tolist()


def test_known_draws():
    """Published numbers of splitmix64, and our own: if they change, every published result changes."""
    assert int(mix(U64(0) + streams._GOLDEN)) == 0xE220A8397B1DCDAF  # first output of splitmix64, seed 0
    assert int(mix(streams._GOLDEN * U64(2))) == 0x6E789E6AA1B965F4  # second
    assert int(name_bits("home")) == 0x934A5870F61663A7
    assert int(stream(1, "taste", 5)) == 0xD6934B3891AD158B
    assert streams.uniforms(1, "taste", 5, 7)[0] == 0.5347115468466654


# -- the same bits everywhere --------------------------------------------------------------------------------
WORDS = np.concatenate(
    [
        np.array([0, 1, 2**31, 2**32 - 1, 2**32, 2**63, 2**64 - 1], dtype=np.uint64),
        mix(np.arange(2000, dtype=np.uint64)),
    ]
)
LOW = WORDS & U64(0xFFFFFFFF)
POSITIVE = np.concatenate([unit(LOW), 2.0 ** np.arange(-1000, 1000, 7), 1 + np.linspace(-1e-3, 1e-3, 99)])
EXPONENTS = np.concatenate([np.linspace(-699.9, 699.9, 3001), [0.0, -0.0, 1e-300, 0.5, -0.5]])

FUNCTIONS = {
    "mix": (mix, (WORDS,)),
    "extend": (extend, (WORDS, WORDS[::-1].copy())),
    "uniform": (uniform, (WORDS, WORDS[::-1].copy())),
    "unit": (unit, (LOW,)),
    "pair_bits": (pair_of_keys, (WORDS, WORDS[::-1].copy())),
    "log": (log, (POSITIVE,)),
    "exp": (exp, (EXPONENTS,)),
    "exponential": (exponential, (LOW.astype(np.uint32),)),
    "exp_single": (exp_single, (np.linspace(-87, 87, 30001, dtype=np.float32),)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_scalars_arrays_and_compiled_code_agree_to_the_bit(name):
    function, arguments = FUNCTIONS[name]

    def loop(out, *columns):
        for k in range(len(out)):
            out[k] = function(*[c[k] for c in columns])

    whole = function(*arguments)
    single = np.empty_like(whole)
    loop(single, *arguments)
    compiled = np.empty_like(whole)
    (_compiled_1 if len(arguments) == 1 else _compiled_2)(function)(compiled, *arguments)
    assert whole.tobytes() == single.tobytes() == compiled.tobytes()


def _compiled_1(function):
    @numba.njit(error_model="numpy")
    def loop(out, a):
        for k in range(len(out)):
            out[k] = function(a[k])

    return loop


def _compiled_2(function):
    @numba.njit(error_model="numpy")
    def loop(out, a, b):
        for k in range(len(out)):
            out[k] = function(a[k], b[k])

    return loop


# -- numbers -------------------------------------------------------------------------------------------------
def test_a_draw_is_never_zero_nor_one():
    ends = unit(np.array([0, 2**32 - 1], dtype=np.uint64))
    assert ends.tolist() == [streams.HALF_STEP, 1 - streams.HALF_STEP]
    assert np.all(np.diff(unit(np.arange(1000, dtype=np.uint64))) == 2.0**-32)


def test_log_is_within_3e_8():
    rng = np.random.default_rng(1)
    x = np.concatenate([np.exp2(rng.uniform(-1000, 1000, 500_000)), rng.uniform(0.5, 2, 500_000)])
    assert np.max(np.abs(log(x) / np.log(x) - 1)) < 3e-8
    near = np.concatenate([2.0 ** np.arange(-50, -1), -(2.0 ** np.arange(-50, -1))])
    assert np.max(np.abs(log(1 + near) / np.log1p(near) - 1)) < 3e-8
    assert log(1.0) == 0
    every = unit(np.arange(0, 2**32, 8191, dtype=np.uint64))  # what draws are made of
    assert np.max(np.abs(log(every) / np.log(every) - 1)) < 3e-8


def test_log_does_not_turn_round():
    """Where one piece of the approximation meets the next, order is kept as well."""
    for seam in (math.sqrt(0.5), math.sqrt(2), 1.0, 2.0):
        x = seam * (1 + np.linspace(-1e-6, 1e-6, 20001))
        assert np.all(np.diff(log(x)) > 0)


def test_exp_is_within_2e_9():
    x = np.concatenate([np.linspace(-699.99, 699.99, 1_000_001), np.linspace(-1, 1, 200_001)])
    assert np.max(np.abs(exp(x) / np.exp(x) - 1)) < 2e-9


def test_minus_log_of_an_exponential_draw_is_gumbel():
    """By quadrature over evenly spread bits, then with bits as they are drawn."""
    grid = np.arange(2**10, 2**32, 2**11, dtype=np.uint64).astype(np.uint32)
    gumbel = -np.log(exponential(grid).astype(float))
    assert np.mean(gumbel) == pytest.approx(np.euler_gamma, abs=1e-5)
    assert np.var(gumbel) == pytest.approx(math.pi**2 / 6, abs=1e-3)
    drawn = -np.log(exponential(high_half(extend(stream(1, "taste", 1), IDS))).astype(float))
    deviation = math.pi / math.sqrt(6)
    assert np.mean(drawn) == pytest.approx(np.euler_gamma, abs=4 * deviation / math.sqrt(N))
    assert np.var(drawn) == pytest.approx(deviation**2, abs=4 * math.sqrt(4.4 / N) * deviation**2)
    assert stats.kstest(drawn, "gumbel_r").pvalue > 1e-4


# -- a draw per (chooser, alternative) -----------------------------------------------------------------------
CHOOSERS = extend(stream(2, "taste", 9), np.arange(20_000, dtype=np.uint64))
OFFERS = np.array([name_bits(f"store {k} | walk-in | food") for k in range(48)], dtype=np.uint64)


@pytest.mark.parametrize("side", ["chooser", "offer"])
def test_every_bit_of_a_key_moves_every_bit_of_a_pair(side):
    chooser, offer = CHOOSERS, mix(CHOOSERS)
    before = pair_of_keys(chooser, offer)
    for bit in range(64):
        flip = U64(1 << bit)
        after = (
            pair_of_keys(chooser ^ flip, offer) if side == "chooser" else pair_of_keys(chooser, offer ^ flip)
        )
        moved = ((before ^ after)[:, None] >> np.arange(32, dtype=np.uint32)) & np.uint32(1)
        assert np.max(np.abs(moved.mean(axis=0) - 0.5)) < 0.06, bit  # both keys are well mixed already


def test_the_bits_of_a_pair_in_whole_numbers():
    """The same steps in Python's own whole numbers, which know no overflow."""

    def by_hand(chooser: int, offer: int) -> int:
        x = chooser ^ offer
        h = x % 2**32 * 0x9E3779B1 % 2**32
        h = ((h ^ h >> 15) + (x >> 32)) % 2**32
        h = (h ^ h >> 16) * 0x7FEB352D % 2**32
        h = (h ^ h >> 15) * 0x846CA68B % 2**32
        return h ^ h >> 16

    for chooser, offer in zip(WORDS, WORDS[::-1]):
        assert int(pair_of_keys(chooser, offer)) == by_hand(int(chooser), int(offer))


def test_exp_single_and_exponential_are_within_3e_7():
    x = np.linspace(-87, 87, 1_000_001, dtype=np.float32)
    assert np.max(np.abs(exp_single(x) / np.exp(x.astype(float)) - 1)) < 3e-7
    bits = np.concatenate([np.arange(0, 2**32, 4099), 2**32 - 1 - 512 * np.arange(100_000)]).astype(np.uint32)
    exact = -np.log(((bits >> np.uint32(9)) + 0.5) * 2.0**-23)
    assert np.max(np.abs(exponential(bits) / exact - 1)) < 3e-7


def unit_of(bits: np.ndarray) -> np.ndarray:
    """The uniform draw of 32 bits."""
    return unit(bits.astype(np.uint64))


def test_draws_of_pairs_are_uniform():
    u = unit_of(pair_of_keys(CHOOSERS[:, None], OFFERS[None, :])).ravel()
    assert is_uniform(u, 4096)
    assert is_uniform(u * 2**20 % 1, 4096)


def largest_correlation(u: np.ndarray) -> float:
    """The largest correlation between two different columns, in standard errors."""
    r = np.corrcoef(u.T)
    np.fill_diagonal(r, 0)
    return float(np.max(np.abs(r)) * math.sqrt(len(u)))


def test_people_do_not_agree_on_offers_nor_offers_on_people():
    """Fair sources stay below five standard errors among these few thousand pairs of columns."""
    u = unit_of(pair_of_keys(CHOOSERS[:, None], OFFERS[None, :]))
    assert largest_correlation(u) < 5  # two offers, over people
    many = np.array([name_bits(f"store {k} | walk-in | food") for k in range(20_000)], dtype=np.uint64)
    assert (
        largest_correlation(unit_of(pair_of_keys(many[:, None], CHOOSERS[None, :48]))) < 5
    )  # two people, over offers
    assert largest_correlation(u + 0.1 * u[:, :1]) > 5  # a common taste would be seen
