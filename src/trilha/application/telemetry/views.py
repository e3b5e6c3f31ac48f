"""Telemetry and its ingestion as screens and partners see them; ids are strings, for JavaScript's sake."""

from datetime import datetime
from uuid import UUID

import msgspec

from trilha.domain.telemetry import Backfill, IngestionRun, Position, estimate_backfill


class PointView(msgspec.Struct, frozen=True):
    """A position in WGS 84 degrees."""

    latitude_deg: float
    longitude_deg: float


class EventView(msgspec.Struct, frozen=True):
    """A telemetry event.

    `description` and `classification` are those of its type now; null and `unclassified` while the library has none.
    """

    id: str
    occurred_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    received_at: datetime
    driver_id: str
    vehicle_id: str
    event_type_id: str
    description: str | None
    classification: str
    category: str
    occurrences: int
    duration_s: int | None
    value: float | None
    value_kind: str | None
    value_unit: str | None
    speed_limit_kmh: float | None
    fuel_used_l: float | None
    odometer_start_km: float | None
    odometer_end_km: float | None
    start: PointView | None
    end: PointView | None
    location_id: str | None
    reassigned_from: str | None = None
    """The driver whom the source named first, where it has named another since; `driver_id` is the present one."""
    withdrawn_at: datetime | None = None
    """When the source withdrew the record; such records are listed only where they are asked for."""


class VehiclePositionView(msgspec.Struct, frozen=True):
    """Where a vehicle was; `received_at` is null on live feeds. Units are in the names."""

    id: str
    vehicle_id: str
    driver_id: str
    occurred_at: datetime
    latitude_deg: float
    longitude_deg: float
    speed_kmh: float | None = None
    speed_limit_kmh: float | None = None
    heading_deg: int | None = None
    altitude_m: int | None = None
    odometer_km: float | None = None
    satellites: int | None = None
    hdop: int | None = None
    reading_age_s: int | None = None
    source: str | None = None
    received_at: datetime | None = None


class SubTripView(msgspec.Struct, frozen=True):
    """A leg of a trip."""

    started_at: datetime | None
    departed_at: datetime | None
    halted_at: datetime | None
    ended_at: datetime | None
    driving_time_s: float | None
    standing_time_s: float | None
    duration_s: float | None
    distance_km: float | None
    odometer_start_km: float | None
    odometer_end_km: float | None
    fuel_used_l: float | None
    max_speed_kmh: float | None
    start: PointView | None
    end: PointView | None


class TripView(msgspec.Struct, frozen=True):
    """A trip with its legs. `reassigned_from` and `withdrawn_at` as with events."""

    id: str
    vehicle_id: str
    driver_id: str
    occurred_at: datetime
    received_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    departed_at: datetime | None
    halted_at: datetime | None
    driving_time_s: float | None
    standing_time_s: float | None
    duration_s: float | None
    distance_km: float | None
    odometer_start_km: float | None
    odometer_end_km: float | None
    engine_s: int | None
    fuel_used_l: float | None
    max_speed_kmh: float | None
    max_acceleration_kmh_per_s: float | None
    max_deceleration_kmh_per_s: float | None
    max_rpm: float | None
    start: PointView | None
    end: PointView | None
    classification: str | None
    notes: str | None
    sub_trips: tuple[SubTripView, ...]
    reassigned_from: str | None = None
    withdrawn_at: datetime | None = None


class RunView(msgspec.Struct, frozen=True):
    """A run of ingestion; `duration_s` is null while it runs."""

    id: UUID
    kind: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    duration_s: float | None
    pages: int
    received: int
    inserted: int
    replaced: int
    duplicates: int
    quarantined: int
    error_code: str | None
    error_message: str | None


class CheckpointView(msgspec.Struct, frozen=True):
    """How far a stream has been read. `token_age_s` nears seven days only when something is wrong."""

    stream: str
    token: str
    token_time: datetime
    token_age_s: float
    moved_at: datetime
    checked_at: datetime
    pages: int
    open_gaps: int


class GapView(msgspec.Struct, frozen=True):
    """A time that a stream could not give; open while `closed_at` is null. `backfill_id` is the one that fills it."""

    stream: str
    start: datetime
    end: datetime
    opened_at: datetime
    closed_at: datetime | None
    backfill_id: UUID | None


class BackfillPartView(msgspec.Struct, frozen=True):
    """How far a feed has come, and how long its next window is."""

    stream: str
    done_until: datetime
    window_s: float


class BackfillView(msgspec.Struct, frozen=True):
    """A backfill as screens show it; `done_share` is 0 to 1."""

    id: UUID
    status: str
    reason: str
    start: datetime
    end: datetime
    parts: tuple[BackfillPartView, ...]
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    done_share: float
    calls: int
    calls_left: int
    expected_end_at: datetime | None
    received: int
    inserted: int
    replaced: int
    duplicates: int
    quarantined: int
    error_code: str | None
    error_message: str | None


class HourView(msgspec.Struct, frozen=True):
    """What a stream brought in within an hour of receipt."""

    stream: str
    hour: datetime
    received: int
    inserted: int
    late: int


class QuarantineView(msgspec.Struct, frozen=True):
    """A record that could not be understood; `raw` is its text, null in lists. Open while `settlement` is null."""

    id: UUID
    stream: str
    page_id: UUID | None
    at: datetime
    reason: str
    detail: str
    settlement: str | None
    settled_at: datetime | None
    raw: str | None = None


def run_view(run: IngestionRun) -> RunView:
    """A run as screens show it."""
    took = None if run.finished_at is None else (run.finished_at - run.started_at).total_seconds()
    return RunView(
        id=run.id,
        kind=run.kind.value,
        status=run.status.value,
        started_at=run.started_at,
        finished_at=run.finished_at,
        duration_s=took,
        pages=run.pages,
        received=run.received,
        inserted=run.inserted,
        replaced=run.replaced,
        duplicates=run.duplicates,
        quarantined=run.quarantined,
        error_code=run.error_code,
        error_message=run.error_message,
    )


def backfill_view(backfill: Backfill, now: datetime) -> BackfillView:
    """A backfill as screens show it."""
    left = estimate_backfill(backfill, now)
    return BackfillView(
        id=backfill.id,
        status=backfill.status.value,
        reason=backfill.reason.value,
        start=backfill.start,
        end=backfill.end,
        parts=tuple(BackfillPartView(part.stream.value, part.done_until, part.window_s) for part in backfill.parts),
        requested_at=backfill.requested_at,
        started_at=backfill.started_at,
        finished_at=backfill.finished_at,
        done_share=left.done_share,
        calls=backfill.calls,
        calls_left=left.calls_left,
        expected_end_at=left.ends_at,
        received=backfill.received,
        inserted=backfill.inserted,
        replaced=backfill.replaced,
        duplicates=backfill.duplicates,
        quarantined=backfill.quarantined,
        error_code=backfill.error_code,
        error_message=backfill.error_message,
    )


def vehicle_position_view(position: Position, received_at: datetime | None = None) -> VehiclePositionView:
    """A position as screens show it."""
    return VehiclePositionView(
        id=str(position.id),
        vehicle_id=str(position.vehicle_id),
        driver_id=str(position.driver_id),
        occurred_at=position.occurred_at,
        latitude_deg=position.latitude_deg,
        longitude_deg=position.longitude_deg,
        speed_kmh=position.speed_kmh,
        speed_limit_kmh=position.speed_limit_kmh,
        heading_deg=position.heading_deg,
        altitude_m=position.altitude_m,
        odometer_km=position.odometer_km,
        satellites=position.satellites,
        hdop=position.hdop,
        reading_age_s=position.reading_age_s,
        source=position.source,
        received_at=received_at,
    )
