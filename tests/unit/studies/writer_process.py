"""Kills a process again and again while it writes files with `write_whole`: FOLDER KILLS SEED.

Every file has to hold one of the contents that are written to it, from the first byte to the last, at all
times. The processes are forked from this one, which has no threads, so that a kill costs milliseconds. Prints
how many unfinished files the killed ones have left behind, under other names."""

import hashlib
import os
import random
import signal
import sys
import time
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"
FILES, VERSIONS = 6, 4


def content(k: int, version: int) -> bytes:
    """From a few bytes to some hundred kilobytes, and no two begin alike."""
    return random.Random(f"{k} {version}").randbytes(7 * 8**k)


def write_for_ever(folder: Path, contents: dict[Path, list[bytes]], begun: int) -> None:
    from o2o_sim.record.archive import write_whole

    os.write(begun, b".")
    for turn in range(10**9):
        for path, versions in contents.items():
            write_whole(path, versions[(turn + os.getpid()) % VERSIONS])


def main() -> None:
    from o2o_sim.record import archive  # noqa: F401  (before forking: it is what takes long)

    folder, kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    contents = {folder / f"{k}.parquet": [content(k, v) for v in range(VERSIONS)] for k in range(FILES)}
    whole = {path: {hashlib.sha256(c).digest() for c in versions} for path, versions in contents.items()}
    moments = random.Random(seed)
    left = 0
    for _ in range(kills):
        heard, begun = os.pipe()
        child = os.fork()
        if child == 0:
            write_for_ever(folder, contents, begun)
        os.close(begun)
        if not os.read(heard, 1):
            sys.exit("a writer ended before it began")
        time.sleep(moments.uniform(0, 0.02))  # the moment of the kill
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(heard)
        left += any(folder.glob(f".*.part-*-{child}-*"))  # which the next writer removes
        for path in folder.glob("*.parquet"):
            if hashlib.sha256(path.read_bytes()).digest() not in whole[path]:
                sys.exit(f"{path.name} is torn: {path.stat().st_size} bytes")
    print(left)


if __name__ == "__main__":
    main()
