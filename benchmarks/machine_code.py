"""The machine code of the shopping loop: how wide its vectors are, and whether it gathers, branches or calls.

    python -m benchmarks.machine_code              for this machine
    python -m benchmarks.machine_code --asm FILE   writes the assembly, too
    python -m benchmarks.machine_code --strict     exit 1 unless pairs are worked on as docs/decisions/0003 says

Loops are stretches of assembly that end in a jump back to their begin and hold no other such jump. Those that draw multiply
vectors of integers and turn them into numbers. There are two: that over pairs, and one for people who stand in a shop and look
at their phones, each of whom compares another offer, which is gathered. That over pairs gathers least.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LABEL, JUMP = re.compile(r"^(\.L\w+):"), re.compile(r"^\s+(j\w+)\s+(\.L\w+)")
REGISTERS = {"zmm": 512, "ymm": 256, "xmm": 128, "v": 128}
HASHES = ("vpmulld", "vpmuludq", "pmulld", "pmuludq")


@dataclass(frozen=True)
class Loop:
    """An innermost loop: its instructions as (name, operands)."""

    code: list[tuple[str, str]]

    @property
    def hashes(self) -> int:
        """Multiplications of vectors of integers."""
        return sum(name in HASHES for name, _ in self.code)

    @property
    def widths(self) -> Counter[int]:
        """How many instructions work on how many bits (0: none of a vector register)."""
        return Counter(
            next((bits for name, bits in REGISTERS.items() if f"%{name}" in operands), 0)
            for _, operands in self.code
        )

    def count(self, *begins: str) -> int:
        """Instructions whose names begin so."""
        return sum(name.startswith(begins) for name, _ in self.code)

    @property
    def branches(self) -> int:
        """Jumps but for the last, which goes round."""
        return self.count("j") - 1


def assembly() -> str:
    """The shopping loop with the package's own rule, compiled anew and run once on a small world."""
    import numba
    import numpy as np

    from benchmarks.package import market
    from benchmarks.world import make_world
    from o2o_sim.market import rules
    from o2o_sim.market.binding import Shopping

    world, shopping = market(make_world(2000)), Shopping(rules.value)
    kept = shopping._loop.look
    # What comes out of the cache cannot be looked at.
    fresh = numba.jit(**kept.targetoptions, pipeline_class=kept._compiler.pipeline_class)(kept.py_func)
    needs = np.arange(2000, dtype=np.uint32), np.zeros(2000, np.uint8)
    shopping._loop._replace(look=fresh).day(world, *needs, np.uint64(1))
    return "\n".join(fresh.inspect_asm().values())


def loops(text: str) -> Iterator[Loop]:
    """Innermost loops of a text in assembly."""
    lines = text.splitlines()
    at = {match[1]: k for k, line in enumerate(lines) if (match := LABEL.match(line))}
    back = [(at[m[2]], k) for k, line in enumerate(lines) if (m := JUMP.match(line)) and at.get(m[2], k) < k]
    for first, last in back:
        if not any(first < end < last for _, end in back):
            parts = (line.split(None, 1) for line in lines[first : last + 1] if re.match(r"^\s+[a-z]", line))
            yield Loop([(part[0], part[1] if len(part) > 1 else "") for part in parts])


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.machine_code", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--asm", type=Path, metavar="FILE", help="write the assembly of the whole loop here")
    parser.add_argument("--strict", action="store_true")
    options = parser.parse_args(arguments)
    text = assembly()
    if options.asm:
        options.asm.write_text(text, encoding="utf-8")
    drawing = [loop for loop in loops(text) if loop.hashes and loop.count("vcvtdq2ps", "cvtdq2ps")]
    found = min(drawing, key=lambda loop: loop.count("vgather", "vpgather"), default=Loop([]))
    widths = found.widths
    print(
        f"the loop over pairs: {len(found.code)} instructions, {found.hashes} of them products of the draws' hash"
    )
    print(
        "registers: "
        + ", ".join(f"{widths[bits]} of {bits} bits" for bits in (512, 256, 128) if widths[bits])
    )
    what = {
        "gathers": found.count("vgather", "vpgather"),
        "branches within": found.branches,
        "calls": found.count("call"),
    }
    print(", ".join(f"{name}: {n}" for name, n in what.items()))
    good = found.hashes > 0 and widths[512] + widths[256] > widths[128] and not any(what.values())
    print("ok" if good else "missed: wide vectors, no gather, no branch, no call")
    return int(options.strict and not good)


if __name__ == "__main__":
    sys.exit(main())
