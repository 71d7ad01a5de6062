"""Store today's figures of the small run as the ones to keep, and say what changed; and today's frames of the
tiny city.

    python -m tests.baselines.update            (in the root of the repository)
    python -m tests.baselines.update --dry      (only say)

Do this when a change of the model is meant, and commit the new `small.json` with that change: its difference
is the record of what the change did. `tiny.o2o` and `tiny_frames.json` change with the model too, or with the
format of frames; then js/src/frames.js has to follow."""

from __future__ import annotations

import json
import sys

from . import frames
from .figures import STORED, changes, measure, stored


def main(arguments: list[str]) -> int:
    figures = measure()
    lines = changes(stored(), figures)
    print("\n".join(lines) if lines else "nothing changed")
    if lines and "--dry" not in arguments:
        STORED.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"\n{len(lines)} figures stored in {STORED}")
    if "--dry" in arguments:
        same = frames.told(*frames.recorded()) == frames.stored()
    else:
        same = not frames.store()
    print(
        "the frames are what they were" if same else f"the frames changed: {frames.REPLAY}, {frames.EXPECTED}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
