"""One engine, one world, one process: prints what it measured as a line of JSON.

python -m benchmarks.worker ENGINE WORLD.npz DAYS
"""

from __future__ import annotations

import json
import sys
from importlib import import_module

from benchmarks.child import keep_to_threads, peak_bytes
from benchmarks.engines import ENGINES


def main(name: str, path: str, days: int) -> None:
    """Run and print; {"missing": reason} if the engine is not there."""
    keep_to_threads()
    from benchmarks.world import load  # not before: NumPy counts the cores when it is imported

    engine = ENGINES[name]
    world = load(path)
    before = peak_bytes()
    try:
        run = getattr(import_module(f"benchmarks.{engine.module}"), engine.function)
        buyers, seconds, held = run(world, days)
    except ModuleNotFoundError as error:
        print(json.dumps({"missing": f"no module {error.name}: {engine.install}"}))
        return
    except NotImplementedError as error:
        print(json.dumps({"missing": str(error)}))
        return
    result = {
        "engine": name,
        "consumers": world.consumers,
        "days": days,
        "decisions": int(buyers.sum()),
        "seconds": seconds,
        "bytes_held": int(held),
        "peak_before": before,
        "peak": peak_bytes(),
        "buyers": [int(b) for b in buyers],
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
