"""Records of telemetry as monitoring sees them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from trilha.domain.kernel import DriverId, VehicleId
from trilha.domain.monitoring import Fix, Happening, Observation, SignOfLife
from trilha.domain.telemetry import Position, Record, TelemetryEvent, Trip
from trilha.domain.tracks import TrackPoint


def by_vehicle(records: Iterable[Record], nobody: Collection[DriverId]) -> Mapping[VehicleId, list[Observation]]:
    """What was seen of each vehicle; `nobody` are the drivers who stand for no person."""
    seen: defaultdict[VehicleId, list[Observation]] = defaultdict(list)
    for record in records:
        seen[record.vehicle_id].append(observed(record, nobody))
    return seen


def observed(record: Record, nobody: Collection[DriverId] = ()) -> Observation:
    """One record. A trip, and an event that lasted, show the vehicle alive until they ended."""
    if isinstance(record, Position):
        return _fix(record, nobody)
    if isinstance(record, Trip):
        return SignOfLife(record.id, record.vehicle_id, record.driver_id, record.ended_at or record.occurred_at)
    return _happening(record)


def _fix(position: Position, nobody: Collection[DriverId]) -> Fix:
    return Fix(
        position.id,
        position.vehicle_id,
        position.driver_id,
        TrackPoint(
            position.occurred_at,
            position.latitude_deg,
            position.longitude_deg,
            None,
            position.speed_kmh,
            None,
            None,
            position.hdop,
        ),
        position.speed_limit_kmh,
        position.driver_id not in nobody,
    )


def _happening(event: TelemetryEvent) -> Happening:
    return Happening(
        event.id,
        event.vehicle_id,
        event.driver_id,
        event.occurred_at,
        event.event_type_id,
        event.start_latitude_deg,
        event.start_longitude_deg,
        event.value,
        event.speed_limit_kmh,
    )
