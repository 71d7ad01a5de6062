"""Every random draw of the simulation: a stateless hash of (seed, process, day, who, what).

There is no generator whose position could matter. A draw belongs to what it is *for*: consumer 17's taste
for shop A on day 40 is the same number whatever else happens in the city, for any number of threads, and in
every scenario of a comparison (common random numbers). `process` is named, never numbered.

The functions below work on NumPy `uint64` scalars and arrays, and compiled by Numba, with the same bits.
The parts are mixed one after another with the finaliser of splitmix64 (Steele, Lea & Flood 2014), so that
(seed 0, process 1) and (seed 1, process 0) have nothing in common.

For the shopping loop, where a draw is needed per (consumer, offer), `pair_bits` joins two 64-bit keys in
32-bit arithmetic, and logarithm and exponential are polynomials in single precision: eight pairs at a time on
an ordinary processor, and the same bits on all of them.
"""

from __future__ import annotations

import functools
import hashlib

import numpy as np
from numba import types
from numba.extending import intrinsic, overload, register_jitable

U64 = np.uint64
_M1, _M2 = U64(0xBF58476D1CE4E5B9), U64(0x94D049BB133111EB)
_GOLDEN = U64(0x9E3779B97F4A7C15)
_S20, _S27, _S30, _S31, _S32, _S52 = (U64(s) for s in (20, 27, 30, 31, 32, 52))
_LOW32 = U64(0xFFFFFFFF)
_EXPONENT_OF_ONE = U64(0x3FF0000000000000)
_SQRT_HALF, _EXPONENT_MASK, _BIAS = U64(0x3FE6A09E667F3BCD), U64(0xFFF), U64(1024)
_TWO52 = U64(0x4330000000000000)

U32, F32 = np.uint32, np.float32
_C1, _C2, _C3 = U32(0x9E3779B1), U32(0x7FEB352D), U32(0x846CA68B)
_T9, _T15, _T16, _U23, _T23 = U32(9), U32(15), U32(16), U32(23), np.int32(23)
_SQRT_HALF_32, _HALF, _STEP, _F1, _SHIFT = U32(0x3F3504F3), F32(0.5), F32(2.0**-23), F32(1), F32(12582912)
_LN2, _LN2_HIGH, _LN2_LOW, _LOG2E = F32(0.6931472), F32(0.693359375), F32(-2.1219444e-4), F32(1.442695)
_LOG1, _LOG2, _LOG3, _LOG4 = F32(-0.49999988), F32(0.33334186), F32(-0.25002074), F32(0.19956833)
_LOG5, _LOG6, _LOG7, _LOG8 = F32(-0.16562402), F32(0.14952283), F32(-0.14366788), F32(0.08722243)
_EXP0, _EXP1, _EXP2 = F32(1.0000000716865962), F32(0.999999691837055), F32(0.4999889451978896)
_EXP3, _EXP4, _EXP5 = F32(0.16667575053011172), F32(0.04191541948888964), F32(0.00829764641641545)
HALF_STEP = 2.0**-33
"""Half the distance between two neighbouring draws; a draw is in [HALF_STEP, 1 - HALF_STEP]."""

vector = register_jitable(error_model="numpy", no_cfunc_wrapper=True)


# -- bits of a float, in NumPy and in compiled code --------------------------------------------------------
def float_bits(x):
    """The 64 bits of a float64 as uint64."""
    return np.float64(x).view(np.uint64)


def bits_float(b):
    """The float64 that has the bits of the uint64 `b`."""
    return U64(b).view(np.float64)


@intrinsic
def _float_bits(typing, x):
    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], context.get_value_type(types.uint64))

    return types.uint64(types.float64), codegen


@intrinsic
def _bits_float(typing, x):
    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], context.get_value_type(types.float64))

    return types.float64(types.uint64), codegen


@overload(float_bits, inline="always")
def _overload_float_bits(x):
    return lambda x: _float_bits(x)  # type: ignore[call-arg]


@overload(bits_float, inline="always")
def _overload_bits_float(b):
    return lambda b: _bits_float(b)  # type: ignore[call-arg]


def single_bits(x):
    """The 32 bits of a float32 as uint32."""
    return F32(x).view(U32)


def bits_single(b):
    """The float32 that has the bits of the uint32 `b`."""
    return U32(b).view(F32)


@intrinsic
def _single_bits(typing, x):
    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], context.get_value_type(types.uint32))

    return types.uint32(types.float32), codegen


@intrinsic
def _bits_single(typing, x):
    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], context.get_value_type(types.float32))

    return types.float32(types.uint32), codegen


@overload(single_bits, inline="always")
def _overload_single_bits(x):
    return lambda x: _single_bits(x)  # type: ignore[call-arg]


@overload(bits_single, inline="always")
def _overload_bits_single(b):
    return lambda b: _bits_single(b)  # type: ignore[call-arg]


# -- keys --------------------------------------------------------------------------------------------------
@vector
def mix(x):
    """Scramble 64 bits (splitmix64's finaliser): a bijection in which every input bit moves every output
    bit."""
    x = (x ^ (x >> _S30)) * _M1
    x = (x ^ (x >> _S27)) * _M2
    return x ^ (x >> _S31)


@vector
def extend(key, part):
    """The key one level down: `key` continued by `part` (both uint64)."""
    return mix((key ^ mix(part + _GOLDEN)) + _GOLDEN)


@functools.lru_cache(maxsize=1 << 17)
def name_bits(name: str) -> np.uint64:
    """A 64-bit hash of a name, the same in every process and on every machine."""
    return U64(int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little"))


@functools.lru_cache(maxsize=1 << 12)
def stream(seed: int, process: str, day: int = 0) -> np.uint64:
    """The key of one process on one day. Continue it with `extend(key, who)` and `extend(key, what)`."""
    with np.errstate(over="ignore"):
        key = extend(mix(U64(seed % 2**64) + _GOLDEN), name_bits(process))
        return extend(key, U64(day))


@vector
def unit(bits32):
    """A float64 in (0, 1) from 32 bits held in a uint64: the middle of one of 2**32 equal intervals."""
    return bits_float(_EXPONENT_OF_ONE | (bits32 << _S20)) - (1.0 - HALF_STEP)


@vector
def uniform(key, who):
    """One draw in (0, 1) for `who` from the stream `key`."""
    return unit(extend(key, who) >> _S32)


def uniforms(seed: int, process: str, day: int, who, what: int = 0) -> np.ndarray:
    """Draws in (0, 1), one per element of `who` (uint64 ids), float64 of the same shape."""
    who = np.atleast_1d(np.asarray(who, dtype=np.uint64))
    with np.errstate(over="ignore"):
        key = extend(stream(seed, process, day), U64(what))
        bits = extend(key, who) >> _S32
    return (bits + 0.5) * 2.0**-32


@vector
def log(x):
    """Natural logarithm of a positive normal float64, relative error below 3e-8 (near 1 as well).

    Only multiplications and additions, in a fixed order: the same bits on every machine, and it vectorises.
    The polynomial is a minimax fit of log(1+f)/f over sqrt(1/2) <= 1+f < sqrt(2), by Lawson's algorithm.
    """
    bits = float_bits(x)
    power = (bits - _SQRT_HALF) >> _S52
    exponent = bits_float(_TWO52 | ((power + _BIAS) & _EXPONENT_MASK)) - (4503599627370496.0 + 1024.0)
    f = bits_float(bits - (power << _S52)) - 1.0
    f2 = f * f
    low = (0.9999999741892226 + f * -0.49999987969030213) + f2 * (
        0.33334185637152997 + f * -0.2500207365549307
    )
    high = (0.19956832823717421 + f * -0.1656240193189208) + f2 * (
        0.14952282999974661 + f * -0.14366788249275486
    )
    return exponent * 0.6931471805599453 + f * (low + (f2 * f2) * (high + (f2 * f2) * 0.08722243423495643))


@vector
def exp(x):
    """Exponential for |x| < 700, relative error below 2e-9; same remarks as for `log`."""
    shifted = x * 1.4426950408889634 + 6755399441055744.0
    r = x - (shifted - 6755399441055744.0) * 0.6931471805599453
    r2 = r * r
    low = (1.0000000005545242 + r * 1.0000000363395156) + r2 * (0.4999999207588348 + r * 0.16666420095647838)
    high = (0.04166822611622429 + r * 0.008374822070149304) + r2 * 0.001383683401794848
    return bits_float(float_bits(low + (r2 * r2) * high) + (float_bits(shifted) << _S52))


# -- a draw per (chooser, alternative), in single precision -------------------------------------------------
@vector
def low_half(key):
    """The low 32 bits of a 64-bit key, as uint32."""
    return U32(key & _LOW32)


@vector
def high_half(key):
    """The high 32 bits of a 64-bit key, as uint32."""
    return U32(key >> _S32)


@vector
def pair_bits(chooser_low, chooser_high, offer_low, offer_high):
    """32 random bits that belong to the pair of two well-mixed 64-bit keys, given in halves (uint32).

    All 64 bits of both enter; the steps are those of a multiply-xorshift finaliser with full avalanche
    (constants by C. Wellons' search, 2018).
    """
    h = U32(U32(chooser_low ^ offer_low) * _C1)
    h = U32(h ^ (h >> _T15))
    h = U32(h + U32(chooser_high ^ offer_high))
    h = U32(h ^ (h >> _T16))
    h = U32(h * _C2)
    h = U32(h ^ (h >> _T15))
    h = U32(h * _C3)
    return U32(h ^ (h >> _T16))


@vector
def exponential(bits):
    """A standard exponential draw (float32) from 32 bits; -log of it is a standard Gumbel draw.

    -log(u) with u = (bits >> 9 + 1/2) / 2**23, exact in float32, so between 6e-8 and 16.6. Same logarithm as
    `log`, with a polynomial one degree lower: relative error below 3e-7.
    """
    u = F32(F32(F32(np.int32(bits >> _T9)) + _HALF) * _STEP)
    b = single_bits(u)
    power = np.int32(U32(b - _SQRT_HALF_32)) >> _T23
    f = F32(bits_single(U32(b - (U32(power) << _U23))) - _F1)
    f2 = F32(f * f)
    low = F32(F32(_F1 + F32(f * _LOG1)) + F32(f2 * F32(_LOG2 + F32(f * _LOG3))))
    high = F32(F32(_LOG4 + F32(f * _LOG5)) + F32(f2 * F32(_LOG6 + F32(f * _LOG7))))
    high = F32(high + F32(F32(f2 * f2) * _LOG8))
    return F32(-F32(F32(F32(power) * _LN2) + F32(f * F32(low + F32(F32(f2 * f2) * high)))))


@vector
def exp_single(x):
    """Exponential of a float32 with |x| <= 87, relative error below 3e-7."""
    shifted = F32(F32(x * _LOG2E) + _SHIFT)
    n = F32(shifted - _SHIFT)
    r = F32(F32(x - F32(n * _LN2_HIGH)) - F32(n * _LN2_LOW))
    r2 = F32(r * r)
    low = F32(F32(_EXP0 + F32(r * _EXP1)) + F32(r2 * F32(_EXP2 + F32(r * _EXP3))))
    high = F32(_EXP4 + F32(r * _EXP5))
    p = F32(low + F32(F32(r2 * r2) * high))
    return bits_single(U32(single_bits(p) + U32(single_bits(shifted) << _U23)))
