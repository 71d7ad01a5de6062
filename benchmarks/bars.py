"""The bars that measurements are held against: told, and written to a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def report(results: list[dict[str, Any]], bars: list[dict[str, Any]], file: Path | None) -> bool:
    """Print each bar beside its figure, and write it all to a file, if there is one. Returns whether one was missed.

    A bar says `what` was measured (and in which `part`), its `value`, the `bar`, whether it `clears` it, and if not so,
    that it is not `at_most`."""
    for bar in bars:
        what = ": ".join(bar[key] for key in ("part", "what") if key in bar)
        limit = f"{'at most' if bar.get('at_most', True) else 'at least'} {bar['bar']:g}"
        print(f"{'ok    ' if bar['clears'] else 'missed'} {what}: {bar['value']:.2f} ({limit})")
    if file is not None:
        file.write_text(json.dumps({"results": results, "bars": bars}, indent=1) + "\n", encoding="utf-8")
    return any(not bar["clears"] for bar in bars)
