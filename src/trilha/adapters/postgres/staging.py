"""The way bulk writes take: COPY cannot write into a table under row-level security, so it writes beside it first.

The staging table lives as long as its connection and is emptied at every commit. It has no organisation: the merge adds
the one of the transaction, so rows of another cannot come in.
"""

from typing import Final

COLUMNS: Final = (
    ("id", "int8"),
    ("occurred_at", "timestamptz"),
    ("driver_id", "int8"),
    ("vehicle_id", "int8"),
    ("event_type_id", "int8"),
    ("category", "text"),
    ("occurrences", "int8"),
    ("started_at", "timestamptz"),
    ("ended_at", "timestamptz"),
    ("duration_s", "int8"),
    ("value", "float8"),
    ("value_kind", "text"),
    ("value_unit", "text"),
    ("speed_limit_kmh", "float8"),
    ("fuel_used_l", "float8"),
    ("odometer_start_km", "float8"),
    ("odometer_end_km", "float8"),
    ("start_latitude_deg", "float8"),
    ("start_longitude_deg", "float8"),
    ("end_latitude_deg", "float8"),
    ("end_longitude_deg", "float8"),
    ("location_id", "int8"),
)
"""In the order of the fields of TelemetryEvent, so that a row is the event itself."""

NAMES: Final = ", ".join(name for name, _ in COLUMNS)
TYPES: Final = [kind for _, kind in COLUMNS]
CREATE_STAGING: Final = (
    "create temporary table if not exists staged_events ("
    + ", ".join(f"{name} {kind}" for name, kind in COLUMNS)
    + ") on commit delete rows"
)
COPY: Final = f"copy staged_events ({NAMES}) from stdin (format binary)"
