"""Records as JSON put together by PostgreSQL; each column named by its view's field, of a table called `r`."""

from collections.abc import Mapping
from typing import Final, LiteralString

from trilha.adapters.postgres.json_text import (
    identifier,
    identifier_or_null,
    json_object,
    number_or_null,
    plain,
    point_or_null,
    text,
    text_or_null,
    time,
    time_or_null,
)


def _numbers(*names: LiteralString) -> Mapping[LiteralString, LiteralString]:
    return {name: number_or_null(f"r.{name}") for name in names}


_WHO: Final[Mapping[LiteralString, LiteralString]] = {
    "id": identifier("r.id"),
    "vehicle_id": identifier("r.vehicle_id"),
    "driver_id": identifier("r.driver_id"),
    "occurred_at": time("r.occurred_at"),
    "received_at": time("r.received_at"),
}
_ENDS: Final[Mapping[LiteralString, LiteralString]] = {
    "start": point_or_null("r.start_latitude_deg", "r.start_longitude_deg"),
    "end": point_or_null("r.end_latitude_deg", "r.end_longitude_deg"),
}
_STANDING: Final[Mapping[LiteralString, LiteralString]] = {
    "reassigned_from": identifier_or_null("nullif(r.source_driver_id, r.driver_id)"),
    "withdrawn_at": time_or_null("r.withdrawn_at"),
}

EVENT: Final = json_object(
    {
        **_WHO,
        "started_at": time_or_null("r.started_at"),
        "ended_at": time_or_null("r.ended_at"),
        "event_type_id": identifier("r.event_type_id"),
        "description": text_or_null("t.description"),
        "classification": text("coalesce(t.shown_as, 'unclassified')"),
        "category": text("r.category"),
        "occurrences": plain("r.occurrences"),
        **_numbers("duration_s", "value"),
        "value_kind": text_or_null("r.value_kind"),
        "value_unit": text_or_null("r.value_unit"),
        **_numbers("speed_limit_kmh", "fuel_used_l", "odometer_start_km", "odometer_end_km"),
        **_ENDS,
        "location_id": identifier_or_null("r.location_id"),
        **_STANDING,
    }
)
"""An EventView; `t` is its type, if there is one."""

_MEASURED: Final[Mapping[LiteralString, LiteralString]] = {
    "latitude_deg": plain("r.latitude_deg"),
    "longitude_deg": plain("r.longitude_deg"),
    **_numbers("speed_kmh", "speed_limit_kmh", "heading_deg", "altitude_m", "odometer_km", "satellites", "hdop"),
    "reading_age_s": number_or_null("r.reading_age_s"),
    "source": text_or_null("r.source"),
}
POSITION: Final = json_object({**_WHO, **_MEASURED})
"""A VehiclePositionView."""

PLAIN_POSITION: Final = json_object(
    {
        "id": plain("r.id"),
        "occurred_at": time("r.occurred_at"),
        "driver_id": plain("r.driver_id"),
        "vehicle_id": plain("r.vehicle_id"),
        **_MEASURED,
        **_numbers("vdop", "pdop", "distance_since_reading_km"),
    }
)
"""A Position as the domain has it."""


def _of_leg(name: LiteralString) -> LiteralString:
    """A key may be missing, or be null."""
    return f"coalesce((leg -> '{name}')::text, 'null')"


def _legpoint_or_null(end: LiteralString) -> LiteralString:
    return point_or_null(f"(leg ->> '{end}_latitude_deg')", f"(leg ->> '{end}_longitude_deg')")


_SUMS: Final[tuple[LiteralString, ...]] = (
    "driving_time_s",
    "standing_time_s",
    "duration_s",
    "distance_km",
    "odometer_start_km",
    "odometer_end_km",
)
_MOMENTS: Final[tuple[LiteralString, ...]] = ("started_at", "departed_at", "halted_at", "ended_at")
_LEG: Final = json_object(
    {
        **{name: _of_leg(name) for name in (*_MOMENTS, *_SUMS, "fuel_used_l", "max_speed_kmh")},
        "start": _legpoint_or_null("start"),
        "end": _legpoint_or_null("end"),
    }
)
_LEGS: Final[LiteralString] = (
    f"(select '[' || coalesce(string_agg({_LEG}, ',' order by number), '') || ']' "
    "from jsonb_array_elements(r.sub_trips) with ordinality as legs (leg, number))"
)
TRIP: Final = json_object(
    {
        **_WHO,
        **{name: time_or_null(f"r.{name}") for name in _MOMENTS},
        **_numbers(*_SUMS, "engine_s", "fuel_used_l", "max_speed_kmh"),
        **_numbers("max_acceleration_kmh_per_s", "max_deceleration_kmh_per_s", "max_rpm"),
        **_ENDS,
        "classification": text_or_null("r.classification"),
        "notes": text_or_null("r.notes"),
        "sub_trips": _LEGS,
        **_STANDING,
    }
)
"""A TripView with its legs."""
