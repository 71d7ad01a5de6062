"""Tests that look for faults with examples that Hypothesis invents."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("FUZZ", 25))
"""Examples of each test: few in the suite, where they are always the same ones, many and new ones with `make fuzz`."""


def fuzz(kind: str) -> Callable[[Any], Any]:
    """Mark a test of Hypothesis, each example of which is a try against faults of a kind."""
    how = settings(
        deadline=None,
        max_examples=EXAMPLES,
        derandomize="FUZZ" not in os.environ,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )

    def mark(test: Any) -> Any:
        return pytest.mark.fuzz(pytest.mark.faults(kind, tries=EXAMPLES)(how(test)))

    return mark
