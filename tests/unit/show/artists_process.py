"""Artists of a process that has no threads yet, for test_artists.py: WHAT FOLDER, with what is to be drawn in FOLDER/run.

It prints a line of JSON: what was told, and how it ended."""

import json
import os
import pickle
import signal
import sys
import time
import warnings
from pathlib import Path

from o2o_sim.show import artists
from o2o_sim.show.plots import PICTURES

FEW = ("outcomes", "channels", "platforms")


def alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def main():
    what, folder = sys.argv[1], Path(sys.argv[2])
    frames, manifest, ground = pickle.loads((folder / "run").read_bytes())
    plots, told, found = folder / what, [], {}
    plots.mkdir()
    if what == "a picture that fails":
        manifest = {**manifest, "first_day": "never"}
    artists.cores = lambda: 2
    for name in set(PICTURES).difference(FEW):
        del PICTURES[name]
    with artists.artists_ready():
        ready = artists._ready.get()
        assert ready is not None
        if what == "killed":
            os.kill(ready._first, signal.SIGKILL)
        if what == "no room":
            plots = plots / "missing"
        if what == "left alone":
            print(ready._first, flush=True)
            time.sleep(60)
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                found["drawn"] = ready.draw(frames, manifest, ground, plots, lambda *said: told.append(said))
            except OSError as fault:
                found["refused"] = str(fault)
        found["left"] = alive(ready._first)
    found["warned"] = sorted({f"{w.category.__name__}: {w.message}" for w in warned})
    print(json.dumps(found | {"told": told}))


if __name__ == "__main__":
    main()
