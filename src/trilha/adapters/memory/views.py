"""Stored records as screens show them, with what the source changed about them afterwards."""

from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from trilha.adapters.memory.database import OrganisationTables, StoredRecord
from trilha.application.telemetry.views import EventView, PointView, SubTripView, TripView
from trilha.domain.fleet import Classification, EventType
from trilha.domain.kernel import DriverId
from trilha.domain.telemetry import Position, Standing, Stream, SubTrip, TelemetryEvent, Trip

AnyRecord = TypeVar("AnyRecord", TelemetryEvent, Position, Trip)


class Shown(msgspec.Struct, Generic[AnyRecord], frozen=True):
    """A record as the source first meant it, the row it is kept in, and what amendments have made of it."""

    record: AnyRecord
    row: StoredRecord
    standing: Standing | None = None

    @property
    def driver_id(self) -> DriverId:
        """The driver whom reports count it for."""
        named = None if self.standing is None else self.standing.driver_id
        return self.record.driver_id if named is None else named

    @property
    def reassigned_from(self) -> str | None:
        """The driver whom the source named first, where that is another."""
        return None if self.driver_id == self.record.driver_id else str(self.record.driver_id)

    @property
    def is_withdrawn(self) -> bool:
        """Whether it does not count."""
        return self.standing is not None and self.standing.withdrawn_at is not None


def shown_records(tables: OrganisationTables, stream: Stream, kind: type[AnyRecord]) -> list[Shown[AnyRecord]]:
    """Every record of a feed."""
    return [
        Shown(row.record, row, tables.amended.get((stream, key)))
        for key, rows in tables.records[stream].items()
        for row in rows
        if isinstance(row.record, kind)
    ]


def classification_of(event_type: EventType | None) -> str:
    """That of a type, `unclassified` while the library does not have it."""
    return (Classification.UNCLASSIFIED if event_type is None else event_type.classification).value


def event_view(shown: Shown[TelemetryEvent], event_type: EventType | None) -> EventView:
    """An event as screens show it."""
    event = shown.record
    return EventView(
        id=str(event.id),
        occurred_at=event.occurred_at,
        started_at=event.started_at,
        ended_at=event.ended_at,
        received_at=shown.row.received_at,
        driver_id=str(shown.driver_id),
        vehicle_id=str(event.vehicle_id),
        event_type_id=str(event.event_type_id),
        description=None if event_type is None else event_type.description,
        classification=classification_of(event_type),
        category=event.category,
        occurrences=event.occurrences,
        duration_s=event.duration_s,
        value=event.value,
        value_kind=event.value_kind,
        value_unit=event.value_unit,
        speed_limit_kmh=event.speed_limit_kmh,
        fuel_used_l=event.fuel_used_l,
        odometer_start_km=event.odometer_start_km,
        odometer_end_km=event.odometer_end_km,
        start=_point(event.start_latitude_deg, event.start_longitude_deg),
        end=_point(event.end_latitude_deg, event.end_longitude_deg),
        location_id=None if event.location_id is None else str(event.location_id),
        reassigned_from=shown.reassigned_from,
        withdrawn_at=_withdrawn_at(shown.standing),
    )


def trip_view(shown: Shown[Trip]) -> TripView:
    """A trip as screens show it."""
    trip = shown.record
    return TripView(
        id=str(trip.id),
        vehicle_id=str(trip.vehicle_id),
        driver_id=str(shown.driver_id),
        occurred_at=trip.occurred_at,
        received_at=shown.row.received_at,
        started_at=trip.started_at,
        ended_at=trip.ended_at,
        departed_at=trip.departed_at,
        halted_at=trip.halted_at,
        driving_time_s=trip.driving_time_s,
        standing_time_s=trip.standing_time_s,
        duration_s=trip.duration_s,
        distance_km=trip.distance_km,
        odometer_start_km=trip.odometer_start_km,
        odometer_end_km=trip.odometer_end_km,
        engine_s=trip.engine_s,
        fuel_used_l=trip.fuel_used_l,
        max_speed_kmh=trip.max_speed_kmh,
        max_acceleration_kmh_per_s=trip.max_acceleration_kmh_per_s,
        max_deceleration_kmh_per_s=trip.max_deceleration_kmh_per_s,
        max_rpm=trip.max_rpm,
        start=_point(trip.start_latitude_deg, trip.start_longitude_deg),
        end=_point(trip.end_latitude_deg, trip.end_longitude_deg),
        classification=trip.classification,
        notes=trip.notes,
        sub_trips=tuple(sub_trip_view(leg) for leg in trip.sub_trips),
        reassigned_from=shown.reassigned_from,
        withdrawn_at=_withdrawn_at(shown.standing),
    )


def sub_trip_view(leg: SubTrip) -> SubTripView:
    """A leg as screens show it."""
    return SubTripView(
        started_at=leg.started_at,
        departed_at=leg.departed_at,
        halted_at=leg.halted_at,
        ended_at=leg.ended_at,
        driving_time_s=leg.driving_time_s,
        standing_time_s=leg.standing_time_s,
        duration_s=leg.duration_s,
        distance_km=leg.distance_km,
        odometer_start_km=leg.odometer_start_km,
        odometer_end_km=leg.odometer_end_km,
        fuel_used_l=leg.fuel_used_l,
        max_speed_kmh=leg.max_speed_kmh,
        start=_point(leg.start_latitude_deg, leg.start_longitude_deg),
        end=_point(leg.end_latitude_deg, leg.end_longitude_deg),
    )


def _withdrawn_at(standing: Standing | None) -> datetime | None:
    return None if standing is None else standing.withdrawn_at


def _point(latitude_deg: float | None, longitude_deg: float | None) -> PointView | None:
    if latitude_deg is None or longitude_deg is None:
        return None
    return PointView(latitude_deg, longitude_deg)
