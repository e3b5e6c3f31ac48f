"""Checks of the figures that callers set."""

import math

from trilha.domain.kernel import InvalidValue


def check_not_negative(field: str, value: float | None) -> None:
    """Raise InvalidValue unless `value` is None or a finite number from 0 up."""
    if value is not None and not (math.isfinite(value) and value >= 0):
        raise InvalidValue(field, value, "a finite number, 0 or more")
