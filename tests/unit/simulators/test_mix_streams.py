"""Positions, trips and alerts beside the events: one machinery, one truth for each kind, and tracks that agree."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trilha.simulators.mix import EventSource, Kind, Malformed, Scenario
from trilha.simulators.mix.fleet import Fleet
from trilha.simulators.mix.ranges import Ranges
from trilha.simulators.mix.sabotage import malformed
from trilha.simulators.mix.selection import EVERYTHING, Selection
from trilha.simulators.mix.streams import open_streams
from trilha.simulators.mix.timeline import to_ms
from trilha.simulators.mix.truth import fold, truth_of
from trilha.simulators.mix.wire import hundred_thousandths

EPOCH = datetime(2026, 5, 2, 9, 17, 23, tzinfo=UTC)
NOW = EPOCH + timedelta(days=6.5)
LATEST, FUTURE = timedelta(days=12, hours=2), timedelta(days=30)
SCENARIO = Scenario(
    epoch=EPOCH,
    vehicles=6,
    events_per_vehicle_per_day=90,
    positions_per_vehicle_per_day=100,
    trips_per_vehicle_per_day=30,
    late_share=0.05,
    future_share=0.003,
    absurd_share=0.005,
    repeat_near_share=0.02,
    repeat_far_share=0.02,
    revised_share=0.5,
    timeless_share=0.01,
)


def streams_of(scenario):
    fleet = Fleet(scenario)
    return open_streams(scenario, fleet, EventSource(scenario, fleet))


STREAMS = streams_of(SCENARIO)
RANGES = {kind: Ranges(stream) for kind, stream in STREAMS.items()}


def read(stream, quantity, now=NOW, only=EVERYTHING, since=EPOCH):
    since_ms, records, more = to_ms(since), [], True
    while more:
        page = stream.page(since_ms, quantity, now, only=only)
        records += page.records
        since_ms, more = page.until_ms, page.more
    return records


def held(records):
    return {record.identity: record for record in records}


@pytest.fixture(scope="module", params=list(Kind))
def kind(request):
    return request.param


@settings(max_examples=5, deadline=None)
@given(quantity=st.integers(1, 1500), hours=st.integers(1, 156))
def test_pages_of_any_size_hold_the_truth(kind, quantity, hours):
    now = EPOCH + timedelta(hours=hours, seconds=7)
    records = read(STREAMS[kind], quantity, now)
    assert fold(held(records).values(), len(records)) == truth_of(STREAMS[kind], EPOCH, now)


@settings(max_examples=3, deadline=None)
@given(cut_s=st.integers(40_000, 7 * 86_400))
def test_windows_of_any_length_hold_the_truth(kind, cut_s):
    ranges, found = RANGES[kind], []
    start_ms, end_ms = to_ms(EPOCH - LATEST), to_ms(NOW + FUTURE)
    while start_ms < end_ms:
        found += ranges.between(start_ms, start_ms + cut_s * 1000, NOW, EVERYTHING)
        start_ms += cut_s * 1000
    truth = truth_of(STREAMS[kind], EPOCH, NOW)
    assert fold(found, truth.records) == truth


def test_added_records_are_in_pages_windows_and_truth(kind):
    stream = streams_of(SCENARIO)[kind]
    made = stream.add(3, timedelta(days=9), NOW)
    later = NOW + timedelta(seconds=1)
    records = read(stream, 1000, later, since=NOW)
    assert held(records).keys() >= held(made).keys()
    assert len(held(made)) == 3
    start_ms = to_ms(NOW - timedelta(days=9, hours=1))
    window = Ranges(stream).between(start_ms, start_ms + 7_200_000, later, EVERYTHING)
    assert held(window).keys() >= held(made).keys()
    assert held(Ranges(stream).between(start_ms, start_ms + 7_200_000, NOW, EVERYTHING)).keys().isdisjoint(held(made))


def test_a_selection_by_vehicle_is_that_part_of_everything(kind):
    everything = read(STREAMS[kind], 1000)
    chosen = frozenset(sorted({record.asset_id for record in everything})[:3])
    some = read(STREAMS[kind], 50, only=Selection(assets=chosen))
    assert held(some) == held(record for record in everything if record.asset_id in chosen)


def test_ids_are_signed_beyond_doubles_and_two_collide(kind):
    ids = held(read(STREAMS[kind], 1000)).keys()
    assert {2**63 - 1, -(2**63)} <= ids
    assert 0.4 < sum(number < 0 for number in ids) / len(ids) < 0.6
    assert min(map(abs, ids)) > 2**53
    assert len(set(map(float, ids))) < len(ids)


def test_late_records_and_records_from_the_future():
    source = STREAMS[Kind.POSITIONS].source
    slots = range(source.timeline.slots_before(to_ms(NOW)))
    lags = [source.timeline.created_ms(slot) // 1000 - source.record((slot, 0)).timestamp.timestamp() for slot in slots]
    assert sum(lag < 0 for lag in lags) > 3
    assert 0.03 < sum(lag > 3600 for lag in lags) / len(lags) < 0.08


def test_late_trips_are_sent_once_after_others_that_ended_later():
    source = STREAMS[Kind.TRIPS].source
    sent = [number for slot in range(1150) for number, edition in source.sent(slot) if not edition]
    behind = [max(sent[: place + 1]) - number for place, number in enumerate(sent)]
    assert sum(lag > 15 for lag in behind) > 10
    first_sent = [number for number in dict.fromkeys(sent) if number < 550]
    assert len(first_sent) > 500


def test_a_repeated_trip_may_say_another_distance():
    editions = {}
    for trip in read(STREAMS[Kind.TRIPS], 1000):
        editions.setdefault(trip.trip_id, set()).add(trip.distance_kilometers)
    assert any(len(distances) > 1 for distances in editions.values())


@pytest.fixture(scope="module")
def calm():
    """Trips and positions by vehicle, in order of time, without anything odd."""
    scenario = msgspec.structs.replace(
        SCENARIO,
        positions_per_vehicle_per_day=900,
        vehicles=4,
        late_share=0.0,
        future_share=0.0,
        absurd_share=0.0,
        stranger_share=0.0,
        trips_revised_share=0.0,
        trips_per_vehicle_per_day=8,
    )
    streams = streams_of(scenario)
    trips = held(read(streams[Kind.TRIPS], 1000, EPOCH + timedelta(days=2))).values()
    positions = held(read(streams[Kind.POSITIONS], 1000, EPOCH + timedelta(days=2))).values()
    return [
        (
            sorted((trip for trip in trips if trip.asset_id == asset_id), key=lambda trip: trip.trip_start),
            sorted((place for place in positions if place.asset_id == asset_id), key=lambda place: place.timestamp),
        )
        for asset_id in {trip.asset_id for trip in trips}
    ]


def metres(one, other):
    lat1, lon1, lat2, lon2 = (radians(v) for p in (one, other) for v in (p.latitude, p.longitude))
    root = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * 6_371_008.8 * asin(sqrt(root))


def test_trips_follow_each_other_and_their_parts_add_up(calm):
    for trips, _ in calm:
        for before, after in pairwise(trips):
            assert before.trip_end <= after.trip_start
            assert before.end_odometer_kilometers == after.start_odometer_kilometers
        for trip in trips:
            parts = trip.sub_trips
            assert 1 <= len(parts) <= 4
            assert (parts[0].sub_trip_start, parts[-1].sub_trip_end) == (trip.trip_start, trip.trip_end)
            assert sum(round(part.distance_kilometres * 1000) for part in parts) == round(
                trip.distance_kilometers * 1000
            )
            assert sum(part.duration for part in parts) == trip.duration == trip.driving_time + trip.standing_time


def test_a_vehicle_moves_only_on_its_trips_at_the_speed_of_a_bus(calm):
    moving = 0
    for trips, positions in calm:
        for place in positions:
            on_trip = any(trip.trip_start <= place.timestamp <= trip.trip_end for trip in trips)
            moving += bool(place.speed_kilometres_per_hour)
            assert on_trip or not place.speed_kilometres_per_hour or place.timestamp > trips[-1].trip_end
        for one, other in pairwise(positions):
            seconds = (other.timestamp - one.timestamp).total_seconds()
            assert metres(one, other) <= 1.5 * 9.2 * seconds + 2
            odometers = one.odometer_kilometres, other.odometer_kilometres
            assert None in odometers or odometers[0] <= odometers[1]
    assert moving > 500


def test_the_way_between_the_ends_of_a_trip_is_about_its_distance(calm):
    for trips, positions in calm:
        for trip in trips:
            way = [place for place in positions if trip.trip_start <= place.timestamp <= trip.trip_end]
            if len(way) > 15:
                driven = sum(metres(one, other) for one, other in pairwise(way))
                assert 0.7 < driven / (trip.distance_kilometers * 1000) <= 1.001


@pytest.mark.parametrize("how", [one for one in Malformed if one is not Malformed.ID_TOO_LARGE])
def test_a_malformed_record_of_any_kind_cannot_be_read(kind, how):
    record = read(STREAMS[kind], 10, EPOCH + timedelta(hours=12))[0]
    assert msgspec.json.decode(msgspec.json.encode(record), type=type(record)) == record
    with pytest.raises((msgspec.MsgspecError, UnicodeDecodeError)):
        msgspec.json.decode(malformed(record, how), type=type(record))


def test_asking_in_another_order_changes_nothing():
    one, other = streams_of(SCENARIO), streams_of(SCENARIO)
    asked = [(kind, to_ms(EPOCH + timedelta(hours=hour))) for hour in range(0, 150, 30) for kind in Kind]
    forth = {(kind, since_ms): one[kind].page(since_ms, 40, NOW) for kind, since_ms in asked}
    back = {(kind, since_ms): other[kind].page(since_ms, 40, NOW) for kind, since_ms in reversed(asked)}
    assert forth == back


def test_coordinates_are_rounded_as_postgresql_rounds_them():
    cases = {0.000005: 1, -0.000005: -1, 41.123455: 4112346, -8.618643: -861864, 0.0: 0, -47.88271: -4788271}
    assert {degrees: hundred_thousandths(degrees) for degrees in cases} == cases
