"""How a scenario key is declared: once, with type, unit, bounds, default and one sentence.

The same declaration validates a file, makes the JSON Schema, the parameter tables of the documentation and
(where `adjustable`) a slider.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema


class Block(BaseModel):
    """A group of keys. Unknown keys are errors, numbers are finite, nothing is coerced, nothing changes."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
        validate_default=True,
    )


def key(
    default: Any,
    sentence: str,
    *,
    unit: str = "",
    adjustable: bool = False,
    was: str = "",
    until: str = "",
    **bounds: Any,
) -> Any:
    """Declare one key: its default (`...` where it must be given), its sentence, unit and bounds (ge, le,
    ...).

    `adjustable` marks a key that a live session may move while the simulation runs. `was` is the name that
    the key had before; files may use it, with a warning, before version `until` (see renamed.py).
    """
    extra: dict[str, Any] = {}
    if unit:
        extra["unit"] = unit
    if adjustable:
        extra["adjustable"] = True
    if was:
        extra |= {"was": was, "until": until}
    text = f"{sentence} [{unit}]" if unit else sentence
    if default.__class__ in (list, dict):
        value = default
        return Field(
            default_factory=lambda: value.copy(), description=text, json_schema_extra=extra or None, **bounds
        )
    return Field(default, description=text, json_schema_extra=extra or None, **bounds)


def block(cls: type[Block], sentence: str) -> Any:
    """Declare a nested block whose defaults are its own."""
    return Field(default_factory=cls, description=sentence)


def _to_date(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError("must be a date written YYYY-MM-DD") from None
    return value


Day = Annotated[
    date, BeforeValidator(_to_date), WithJsonSchema({"type": "string", "format": "date"}, mode="validation")
]
"""The type of a key that holds a date, which a file writes as YYYY-MM-DD."""


def _to_month_day(value: Any) -> Any:
    wrong = ValueError("must be a day of the year written MM-DD, such as 11-11")
    if not isinstance(value, str) or len(value) != 5:
        raise wrong
    try:
        date.fromisoformat("2013-" + value)  # no leap year, so that the day is there every year
    except ValueError:
        raise wrong from None
    return value


MonthDay = Annotated[
    str,
    BeforeValidator(_to_month_day),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{2}-[0-9]{2}$"}, mode="validation"),
]
"""A day of every year, as the text MM-DD."""
