"""`measures`: monthly series that cost something to count."""

from __future__ import annotations

from typing import Literal

Measure = Literal["loyalty", "attention", "circles", "integration"]
"""Groups of series: see systems/measures.py, and systems/integration.py for the last."""
