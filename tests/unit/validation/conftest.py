"""The parts of the validation are programs beside the package; their functions are tested here."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "experiments" / "validation"))
sys.path.append(str(Path(__file__).parents[3] / "experiments" / "calibration"))
sys.path.append(str(Path(__file__).parents[1] / "record"))
