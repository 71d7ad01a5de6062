"""What the loop asks of a processor and neither Python nor Numba has a word for.

Each is a plain function that does the same in the interpreter, and an instruction in compiled code."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

VECTOR = 16
"""How many numbers of 32 bits are worked on at once."""


def read_alone(array, k):
    """array[k], never read together with others: a loop of such reads takes less time than instructions that gather sixteen
    numbers do, on processors where those are slow, and never much more."""
    return array[k]


def fetch_ahead(array, k):
    """Bring row k of an array near, to be read a little later; it changes nothing."""


@intrinsic
def _read_alone(typing, array, k):
    def codegen(context, builder, signature, args):
        numbers = context.make_array(signature.args[0])(context, builder, args[0])
        return builder.load_atomic(builder.gep(numbers.data, [args[1]]), "unordered", 4)

    return array.dtype(array, types.uint64), codegen


@intrinsic
def _fetch_ahead(typing, array, k):
    def codegen(context, builder, signature, args):
        rows = context.make_array(signature.args[0])(context, builder, args[0])
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        step = builder.extract_value(rows.strides, 0)
        at = builder.gep(builder.bitcast(rows.data, byte), [builder.mul(args[1], step)])
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        builder.call(prefetch, [at, number(0), number(3), number(1)])  # to read; keep it near; data
        return context.get_dummy_value()

    return types.void(array, types.int64), codegen


@overload(read_alone, inline="always")
def _overload_read_alone(array, k):
    return lambda array, k: _read_alone(array, k)  # type: ignore[call-arg]


@overload(fetch_ahead, inline="always")
def _overload_fetch_ahead(array, k):
    return lambda array, k: _fetch_ahead(array, k)  # type: ignore[call-arg]
