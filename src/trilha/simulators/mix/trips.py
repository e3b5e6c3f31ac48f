"""The trips: the journeys of `journeys` as MiX tells them, with their sub-trips."""

from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import structs

from trilha.simulators.mix.draws import IdSpace, below, draws
from trilha.simulators.mix.fleet import Fleet
from trilha.simulators.mix.journeys import Journey, Journeys, Leg
from trilha.simulators.mix.names import ADDRESSES
from trilha.simulators.mix.records import Order, Rarely, RecordIds, Repeats, Sending
from trilha.simulators.mix.scenario import Scenario
from trilha.simulators.mix.timeline import Timeline
from trilha.simulators.mix.wire import Classification, Position, SubTrip, Trip

_EXTREMES = {7: 2**63 - 1, 8: -(2**63)}
_LANES = (0.01, 0.07, 0.25, 0.75)
_REVISED_M = 37
_ENGINE_ZERO_S = 1_700_000_000
_DAY_MS = 86_400_000


class TripSource:
    """Trips of one scenario.

    Every bus makes one journey in each of its windows, hence a late trip leaves its own slot empty and is sent at
    another together with that one's; the four possible delays are parts of `late_days`.
    """

    def __init__(self, scenario: Scenario, fleet: Fleet, journeys: Journeys) -> None:
        seed, daily = scenario.seed, scenario.trips_per_vehicle_per_day * scenario.vehicles
        self._seed = seed
        self._assets = tuple(asset.asset_id for asset in fleet.assets)
        self._journeys = journeys
        self.timeline: Order = journeys.timeline if daily else Timeline(scenario, 0)
        self._ids = RecordIds(seed, b"trip", _EXTREMES)
        self._position_ids = IdSpace(seed, b"trip-position")
        self._stranger_ids = IdSpace(seed, b"stranger")
        self._repeats = Repeats(seed, b"repeat-trip", scenario.repeat_near_share, scenario.repeat_far_share)
        self._revised = below(scenario.trips_revised_share)
        self._late = Rarely(seed, b"late-trip", scenario.late_share)
        self._lanes = tuple(max(1, int(part * scenario.late_days * daily)) for part in _LANES)
        self._stranger = below(scenario.stranger_share)

    @property
    def revises(self) -> bool:
        """Whether repeats may say another distance."""
        return self._revised > 0

    def sent(self, slot: int) -> tuple[Sending, ...]:
        """The slot's own trip unless it is late, late ones of before, and sometimes one again."""
        own = () if slot in self._late else ((slot, 0),)
        late = tuple(
            (slot - lag, 0)
            for lane, lag in enumerate(self._lanes)
            if slot >= lag and slot - lag in self._late and self._lane(slot - lag) == lane
        )
        again = self._repeats.original(slot)
        if again == slot or again in self._late:
            return own + late
        return own + late + ((again, slot if self._repeats.fate(slot) < self._revised else 0),)

    def first_sent(self, number: int) -> int:
        """Its own slot, or a lane later."""
        return number + (self._lanes[self._lane(number)] if number in self._late else 0)

    def record(self, sending: Sending) -> Trip:
        """A revision has a longer last sub-trip."""
        slot, edition = sending
        trip = self._trip(slot, self._journeys.journey(slot))
        return _longer(trip, _REVISED_M + edition % 100) if edition else trip

    def made(self, number: int, start: datetime) -> Trip:
        """A trip for adding by hand, along the line of its bus from `start` on."""
        bus = number % len(self._assets)
        journey = self._journeys.journey(1_000 * len(self._assets) + bus)
        return self._trip(number, _moved(journey, int(start.timestamp()) - journey.start_s))

    def around(self, start_ms: int, end_ms: int, slots: int) -> Iterator[int]:
        """A window of a bus may last a night; late trips must have been sent."""
        first = self.timeline.slots_before(start_ms)
        for slot in range(first, self.timeline.slots_before(end_ms + _DAY_MS)):
            if self.first_sent(slot) < slots:
                yield slot

    def type_id(self, number: int) -> None:
        """No type."""

    def _lane(self, slot: int) -> int:
        return draws(self._seed, b"trip", slot)[0] % len(_LANES)

    def _trip(self, slot: int, journey: Journey) -> Trip:
        draw = draws(self._seed, b"trip", slot)
        start_s, end_s = journey.start_s, journey.end_s
        driving_s = sum(leg.halt_s - leg.depart_s for leg in journey.legs)
        asset_id = self._stranger_ids[draw[2] % 5] if draw[1] < self._stranger else self._assets[journey.bus]
        ends = [self._end(slot, journey, asset_id, place, draw) for place in (0, 1)]
        sub_trips = tuple(self._sub_trip(journey, leg) for leg in journey.legs)
        return Trip(
            trip_id=self._ids[slot],
            asset_id=asset_id,
            driver_id=journey.driver_id,
            trip_start=_utc(start_s),
            trip_end=_utc(end_s),
            sub_trips=sub_trips,
            first_depart=_utc(journey.legs[0].depart_s),
            last_halt=_utc(journey.legs[-1].halt_s),
            driving_time=float(driving_s),
            standing_time=float(end_s - start_s - driving_s),
            duration=float(end_s - start_s),
            distance_kilometers=journey.length_m / 1000,
            start_odometer_kilometers=journey.odometer_m / 1000,
            end_odometer_kilometers=(journey.odometer_m + journey.length_m) / 1000,
            start_engine_seconds=start_s - _ENGINE_ZERO_S,
            end_engine_seconds=end_s - _ENGINE_ZERO_S,
            engine_seconds=end_s - start_s,
            start_position_id=ends[0].position_id,
            end_position_id=ends[1].position_id,
            start_position=ends[0] if draw[3] % 30 else None,
            end_position=ends[1] if draw[3] % 30 else None,
            fuel_used_litres=round(journey.length_m / 2750, 1) if draw[4] % 12 else None,
            max_speed_kilometers_per_hour=max(part.max_speed_kilometers_per_hour for part in sub_trips),
            max_acceleration_kilometers_per_hour_per_second=4.0 + draw[5] % 60 / 10,
            max_deceleration_kilometers_per_hour_per_second=5.0 + draw[6] % 90 / 10,
            max_rpm=1800.0 + draw[7] % 900,
            notes="" if draw[8] % 50 == 0 else None,
            classification=Classification(classification="None") if draw[8] % 9 else None,
        )

    def _sub_trip(self, journey: Journey, leg: Leg) -> SubTrip:
        driving_s = leg.halt_s - leg.depart_s
        length_m = leg.to_m - leg.from_m
        top_m_s = length_m / driving_s * 1.5
        return SubTrip(
            sub_trip_start=_utc(leg.start_s),
            depart=_utc(leg.depart_s),
            halt=_utc(leg.halt_s),
            sub_trip_end=_utc(leg.end_s),
            driving_time=driving_s,
            standing_time=leg.end_s - leg.start_s - driving_s,
            duration=leg.end_s - leg.start_s,
            distance_kilometres=length_m / 1000,
            start_odometer_kilometres=(journey.odometer_m + leg.from_m) / 1000,
            end_odometer_kilometres=(journey.odometer_m + leg.to_m) / 1000,
            fuel_used_litres=round(length_m / 2750, 1),
            max_speed_kilometers_per_hour=round(top_m_s * 3.6, 1),
            max_acceleration_kilometers_per_hour_per_second=4.0,
            max_deceleration_kilometers_per_hour_per_second=5.0,
            max_rpm=1800.0,
        )

    def _end(self, slot: int, journey: Journey, asset_id: int, place: int, draw: tuple[int, ...]) -> Position:
        at_s = journey.end_s if place else journey.start_s
        spot = self._journeys.spot(journey, at_s)
        return Position(
            position_id=self._position_ids[slot * 2 + place],
            asset_id=asset_id,
            driver_id=journey.driver_id,
            timestamp=_utc(at_s),
            latitude=round(spot.latitude, 5),
            longitude=round(spot.longitude, 5),
            speed_kilometres_per_hour=0.0,
            odometer_kilometres=round(spot.odometer_m / 1000, 1),
            formatted_address=ADDRESSES[draw[9 + place] % len(ADDRESSES)],
            source="Gps",
            is_avl=False,
        )


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _moved(journey: Journey, by_s: int) -> Journey:
    legs = (
        structs.replace(
            leg,
            start_s=leg.start_s + by_s,
            depart_s=leg.depart_s + by_s,
            halt_s=leg.halt_s + by_s,
            end_s=leg.end_s + by_s,
        )
        for leg in journey.legs
    )
    return structs.replace(journey, legs=tuple(legs))


def _longer(trip: Trip, metres: int) -> Trip:
    """The same trip, corrected: so many metres more at its end."""
    last = trip.sub_trips[-1]
    longer = structs.replace(last, distance_kilometres=_plus(last.distance_kilometres, metres))
    return structs.replace(
        trip,
        sub_trips=(*trip.sub_trips[:-1], longer),
        distance_kilometers=_plus(trip.distance_kilometers, metres),
        end_odometer_kilometers=_plus(trip.end_odometer_kilometers or 0.0, metres),
    )


def _plus(kilometres: float, metres: int) -> float:
    return (round(kilometres * 1000) + metres) / 1000
