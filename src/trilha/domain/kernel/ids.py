"""Identifiers. What Trilha makes is a UUID (version 7); what a source made is a signed 64-bit integer."""

from typing import NewType
from uuid import UUID

from trilha.domain.kernel.errors import InvalidValue

OrganisationId = NewType("OrganisationId", UUID)
UserId = NewType("UserId", UUID)

GroupId = NewType("GroupId", int)
DriverId = NewType("DriverId", int)
VehicleId = NewType("VehicleId", int)
EventTypeId = NewType("EventTypeId", int)
EventId = NewType("EventId", int)
PositionId = NewType("PositionId", int)
TripId = NewType("TripId", int)

SMALLEST_SOURCE_ID = -(2**63)
LARGEST_SOURCE_ID = 2**63 - 1
_MAX_DIGITS = 19


def parse_source_id(text: str, field: str = "id") -> int:
    """Read a source's id from the string that stands for it in JSON and URLs.

    Strings, because a 64-bit integer does not survive a JavaScript number. Raises InvalidValue.
    """
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS):
        raise InvalidValue(
            field, text, "a signed 64-bit integer in decimal digits, -9223372036854775808 to 9223372036854775807"
        )
    return check_source_id(int(text), field)


def check_source_id(value: int, field: str = "id") -> int:
    """Return `value` if a signed 64-bit integer can hold it, else raise InvalidValue."""
    if not SMALLEST_SOURCE_ID <= value <= LARGEST_SOURCE_ID:
        raise InvalidValue(field, value, "a signed 64-bit integer")
    return value
