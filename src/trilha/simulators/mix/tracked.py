"""A MiX organisation made of recorded tracks: a vehicle and a driver for each, its positions, trips and boardings.

All times of a recording are moved by the same whole number of days, so that its last point falls within the day
before seven days after the epoch: with the epoch a week ago, the last day. Records are created shortly after they
happened. Ids follow from the names of the files.
"""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import accumulate, pairwise

from msgspec import Struct, structs

from trilha.domain.tracks import TrackPoint, distance_m
from trilha.simulators.mix.fleet import Fleet
from trilha.simulators.mix.library import Kind as LibraryKind
from trilha.simulators.mix.people import SPECIAL
from trilha.simulators.mix.records import Kind, Sending
from trilha.simulators.mix.scenario import Scenario
from trilha.simulators.mix.stream import RecordStream
from trilha.simulators.mix.timeline import to_ms
from trilha.simulators.mix.track_files import Boarding, Dropped, Ignored, Recording, Trail
from trilha.simulators.mix.wire import ActiveEvent, Event, LibraryEvent, Position, Streamed, SubTrip, Trip

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_POSITION_MS, _EVENT_MS, _TRIP_MS = 20_000, 25_000, 60_000
_PER_FILE = 1 << 24
_LEAST_POINTS = 2


class TrackReport(Struct, frozen=True):
    """What became of a recording."""

    name: str
    vehicle_id: int
    driver_id: int
    shift_s: int
    points: int
    trips: int
    events: int
    distance_m: int
    dropped: tuple[Dropped, ...]


class Tracks(Struct, frozen=True):
    """What is served, and the files that are not."""

    recordings: tuple[TrackReport, ...]
    ignored: tuple[Ignored, ...]


def stable_id(what: str, name: str) -> int:
    """A signed 64-bit id beyond 2^53 from a name; the next 16 million integers are nobody else's."""
    number = int.from_bytes(blake2b(f"{what}|{name}".encode(), digest_size=8).digest())
    magnitude = 1 << 61 | (number & ((1 << 60) - 1)) // _PER_FILE * _PER_FILE
    return -magnitude if number >> 63 else magnitude


class TrackedFleet(Fleet):
    """The tree of groups of the scenario, with a vehicle and a driver for each recording."""

    def __init__(self, scenario: Scenario, recordings: list[Recording]) -> None:
        super().__init__(structs.replace(scenario, vehicles=max(6, len(recordings))))
        models, person = self.assets, self.drivers[SPECIAL]
        self.drivers = (
            *self.drivers[:SPECIAL],
            *(
                structs.replace(person, driver_id=stable_id("driver", one.name), name=f"MOTORISTA {one.name}"[:100])
                for one in recordings
            ),
        )
        self.assets = tuple(
            structs.replace(
                models[0],
                asset_id=stable_id("vehicle", one.name),
                description=one.name,
                fleet_number=str(number + 1),
                registration_number=f"REC{number:04}",
                site_id=self.sites[number % len(self.sites)],
                default_driver_id=stable_id("driver", one.name),
                fm_vehicle_id=number + 1,
                user_state="Available",
                odometer=None,
            )
            for number, one in enumerate(recordings)
        )
        self.library = (*self.library, *(LibraryKind(_boarding_type(in_=in_), 1, 0.0, 0.0, 0) for in_ in (True, False)))


def _boarding_type(*, in_: bool) -> LibraryEvent:
    return LibraryEvent(
        event_type_id=stable_id("event type", "pick-up" if in_ else "drop-off"),
        event_type="Custom",
        description="(Tr) Embarque de passageiro" if in_ else "(Tr) Desembarque de passageiro",
        format_type="Location",
    )


class _Told(Struct, frozen=True):
    created_ms: int
    record: Streamed


class TrackedSource:
    """Records in a list, in the order of their creation."""

    revises = False

    def __init__(self, told: list[_Told]) -> None:
        told.sort(key=lambda one: (one.created_ms, one.record.identity))
        self._records = [one.record for one in told]
        self._created = [one.created_ms for one in told]
        self._by_time = sorted((to_ms(one.occurred), slot) for slot, one in enumerate(self._records) if one.occurred)
        self.timeline = self

    def created_ms(self, slot: int) -> int:
        """When the record of a slot was created."""
        return self._created[slot]

    def slots_before(self, moment_ms: int) -> int:
        """How many were created before."""
        return bisect_left(self._created, moment_ms)

    def sent(self, slot: int) -> tuple[Sending, ...]:
        """Each once."""
        return ((slot, 0),)

    def first_sent(self, number: int) -> int:
        """Its own slot."""
        return number

    def record(self, sending: Sending) -> Streamed:
        """The record of a slot."""
        return self._records[sending[0]]

    def made(self, number: int, start: datetime) -> Streamed:
        """One of the records again, under another id and at another time."""
        if not self._records:
            raise ValueError("no file holds a record of this kind")
        return _again(self._records[number % len(self._records)], stable_id("made", str(number)), start)

    def around(self, start_ms: int, end_ms: int, slots: int) -> Iterator[int]:
        """By the times at which they happened."""
        first, last = (bisect_left(self._by_time, (moment_ms, -1)) for moment_ms in (start_ms, end_ms))
        return (slot for _, slot in self._by_time[first:last] if slot < slots)

    def type_id(self, number: int) -> int | None:
        """That of an event."""
        record = self._records[number]
        return record.event_type_id if isinstance(record, Event | ActiveEvent) else None


def _again(record: Streamed, identity: int, start: datetime) -> Streamed:
    match record:
        case Position():
            return structs.replace(record, position_id=identity, timestamp=start)
        case Trip():
            end = start + (record.trip_end - record.trip_start)
            return structs.replace(record, trip_id=identity, trip_start=start, trip_end=end)
        case Event():
            return structs.replace(record, event_id=identity, start_date_time=start)
        case ActiveEvent():
            return structs.replace(record, event_id=identity, event_date_time=start)


def open_tracks(
    scenario: Scenario, recordings: list[Recording], ignored: list[Ignored]
) -> tuple[dict[Kind, RecordStream], Tracks]:
    """The streams of an organisation of recordings, and what became of each."""
    told: dict[Kind, list[_Told]] = {kind: [] for kind in Kind}
    reports = []
    for recording in recordings:
        vehicle = _Vehicle(recording, scenario.epoch + _WEEK)
        for kind, found in vehicle.told().items():
            told[kind] += found
        reports.append(vehicle.report())
    streams = {kind: RecordStream(scenario, TrackedSource(found)) for kind, found in told.items()}
    return streams, Tracks(tuple(reports), tuple(ignored))


class _Vehicle:
    """One recording as the records of MiX."""

    def __init__(self, recording: Recording, before: datetime) -> None:
        self._recording = recording
        self._shift = (before - max(trail[-1].at for trail in recording.trails)) // _DAY * _DAY
        self._asset_id = stable_id("vehicle", recording.name)
        self._driver_id = stable_id("driver", recording.name)
        self._lengths_m = [_lengths_m(trail) for trail in recording.trails]

    def report(self) -> TrackReport:
        recording = self._recording
        return TrackReport(
            name=recording.name,
            vehicle_id=self._asset_id,
            driver_id=self._driver_id,
            shift_s=self._shift // timedelta(seconds=1),
            points=sum(map(len, recording.trails)),
            trips=sum(len(trail) >= _LEAST_POINTS for trail in recording.trails),
            events=len(recording.boardings),
            distance_m=sum(round(lengths[-1]) for lengths in self._lengths_m),
            dropped=recording.dropped,
        )

    def told(self) -> dict[Kind, list[_Told]]:
        positions: list[Position] = []
        trips: list[Trip] = []
        odometer_m = 0
        for trail, lengths_m in zip(self._recording.trails, self._lengths_m, strict=True):
            first = stable_id("position", self._recording.name) + len(positions)
            along = [self._position(first + n, trail, lengths_m, n, odometer_m) for n in range(len(trail))]
            positions += along
            if len(trail) >= _LEAST_POINTS:
                trips.append(self._trip(along, round(lengths_m[-1]), odometer_m, len(trips)))
            odometer_m += round(lengths_m[-1])
        events = [self._event(number, boarding) for number, boarding in enumerate(self._recording.boardings)]
        return {
            Kind.POSITIONS: [_Told(to_ms(one.timestamp) + _POSITION_MS, one) for one in positions],
            Kind.TRIPS: [_Told(to_ms(one.trip_end) + _TRIP_MS, one) for one in trips],
            Kind.EVENTS: [_Told(to_ms(one.occurred) + _EVENT_MS, one) for one in events if one.occurred],
        }

    def _moment(self, point: TrackPoint) -> datetime:
        return (point.at + self._shift).replace(microsecond=0)

    def _position(self, identity: int, trail: Trail, lengths_m: list[float], number: int, odometer_m: int) -> Position:
        point = trail[number]
        return Position(
            position_id=identity,
            asset_id=self._asset_id,
            driver_id=self._driver_id,
            timestamp=self._moment(point),
            latitude=point.latitude_deg,
            longitude=point.longitude_deg,
            speed_kilometres_per_hour=_speed_kmh(trail, lengths_m, number),
            altitude_metres=None if point.altitude_m is None else round(point.altitude_m),
            heading=None if point.heading_deg is None else int(point.heading_deg) % 360,
            odometer_kilometres=round((odometer_m + lengths_m[number]) / 1000, 3),
            source="Gps",
            is_avl=True,
        )

    def _trip(self, along: list[Position], metres: int, odometer_m: int, number: int) -> Trip:
        start, end = along[0], along[-1]
        seconds = (end.timestamp - start.timestamp) // timedelta(seconds=1)
        fastest = max(position.speed_kilometres_per_hour or 0.0 for position in along)
        part = SubTrip(
            sub_trip_start=start.timestamp,
            depart=start.timestamp,
            halt=end.timestamp,
            sub_trip_end=end.timestamp,
            driving_time=seconds,
            standing_time=0,
            duration=seconds,
            distance_kilometres=metres / 1000,
            max_speed_kilometers_per_hour=fastest,
            max_acceleration_kilometers_per_hour_per_second=0.0,
            max_deceleration_kilometers_per_hour_per_second=0.0,
            max_rpm=0.0,
        )
        return Trip(
            trip_id=stable_id("trip", self._recording.name) + number,
            asset_id=self._asset_id,
            driver_id=self._driver_id,
            trip_start=start.timestamp,
            trip_end=end.timestamp,
            sub_trips=(part,),
            first_depart=start.timestamp,
            last_halt=end.timestamp,
            driving_time=float(seconds),
            standing_time=0.0,
            duration=float(seconds),
            distance_kilometers=metres / 1000,
            start_odometer_kilometers=odometer_m / 1000,
            end_odometer_kilometers=(odometer_m + metres) / 1000,
            start_position_id=start.position_id,
            end_position_id=end.position_id,
            start_position=start,
            end_position=end,
            max_speed_kilometers_per_hour=fastest,
            max_acceleration_kilometers_per_hour_per_second=0.0,
            max_deceleration_kilometers_per_hour_per_second=0.0,
            max_rpm=0.0,
        )

    def _event(self, number: int, boarding: Boarding) -> Event:
        return Event(
            event_id=stable_id("event", self._recording.name) + number,
            asset_id=self._asset_id,
            driver_id=self._driver_id,
            event_type_id=_boarding_type(in_=boarding.in_).event_type_id,
            event_category="Notify",
            start_date_time=self._moment(boarding.point),
            total_time_seconds=0,
            total_occurances=1,
        )


def _lengths_m(trail: Trail) -> list[float]:
    """How far along the trail each of its points is, in two dimensions."""
    return list(accumulate((distance_m(one, other) for one, other in pairwise(trail)), initial=0.0))


def _speed_kmh(trail: Trail, lengths_m: list[float], number: int) -> float:
    """As recorded, or over the step that led here."""
    said = trail[number].speed_kmh
    if said is not None:
        return round(said, 1)
    if not number:
        return 0.0
    seconds = (trail[number].at - trail[number - 1].at).total_seconds()
    return round((lengths_m[number] - lengths_m[number - 1]) / seconds * 3.6, 1) if seconds else 0.0
