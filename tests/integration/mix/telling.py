"""Our records in the simulator's words, so that its checksums speak about them."""

from trilha.domain.telemetry import Stream
from trilha.simulators.mix import Kind
from trilha.simulators.mix.truth import fold
from trilha.simulators.mix.wire import Event, Position, Trip

KINDS = {Stream.EVENTS: Kind.EVENTS, Stream.POSITIONS: Kind.POSITIONS, Stream.TRIPS: Kind.TRIPS}


def distinct(pages):
    """The last of each id, as the stream means it."""
    return {record.id: record for page in pages for record in page.records}


def truth_of(stream, pages):
    """What a consumer of these pages holds."""
    records = sum(len(page.records) for page in pages)
    return fold(map(_TOLD[stream], distinct(pages).values()), records)


def _event(event):
    return Event(
        event_id=event.id,
        asset_id=event.vehicle_id,
        driver_id=event.driver_id,
        event_type_id=event.event_type_id,
        event_category=event.category,
        start_date_time=event.started_at,
        total_time_seconds=event.duration_s or 0,
        total_occurances=event.occurrences,
    )


def _position(position):
    return Position(
        position_id=position.id,
        asset_id=position.vehicle_id,
        driver_id=position.driver_id,
        timestamp=position.occurred_at,
        latitude=position.latitude_deg,
        longitude=position.longitude_deg,
    )


def _trip(trip):
    return Trip(
        trip_id=trip.id,
        asset_id=trip.vehicle_id,
        driver_id=trip.driver_id,
        trip_start=trip.started_at,
        trip_end=trip.ended_at,
        sub_trips=trip.sub_trips,
        driving_time=trip.driving_time_s,
        standing_time=trip.standing_time_s,
        duration=trip.duration_s,
        distance_kilometers=trip.distance_km,
        max_speed_kilometers_per_hour=trip.max_speed_kmh,
        max_acceleration_kilometers_per_hour_per_second=trip.max_acceleration_kmh_per_s,
        max_deceleration_kilometers_per_hour_per_second=trip.max_deceleration_kmh_per_s,
        max_rpm=trip.max_rpm,
    )


_TOLD = {Stream.EVENTS: _event, Stream.POSITIONS: _position, Stream.TRIPS: _trip}
