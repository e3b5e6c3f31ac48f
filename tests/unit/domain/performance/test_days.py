"""Days of work from trips, on whose clocks, and what cannot have been."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.made import NOON, journey
from trilha.domain.kernel import GeoPoint, TimeRange
from trilha.domain.performance import Journey, StayKind, day_sheets, in_order, is_suspect, stays
from trilha.domain.performance.stays import with_ends

BRASILIA = ZoneInfo("America/Sao_Paulo")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
trips = st.lists(
    st.tuples(st.integers(min_value=0, max_value=5_000), st.integers(min_value=0, max_value=300)), max_size=12
)


def made(drawn: list[tuple[int, int]]) -> list[Journey]:
    return in_order(journey(number, NOON + start * MINUTE, length) for number, (start, length) in enumerate(drawn))


def test_a_day_of_two_trips() -> None:
    first = journey(1, NOON, 60, standing_s=600, distance_km=30)
    second = journey(2, NOON + 90 * MINUTE, 30, distance_km=12)
    (sheet,) = day_sheets([first, second], BRASILIA)
    assert (sheet.day, sheet.trips, sheet.distance_km) == (date(2026, 3, 10), 2, 42.0)
    assert (sheet.driving_s, sheet.standing_s, sheet.engine_s, sheet.on_trip_s) == (4800.0, 600.0, 5400.0, 5400.0)
    assert (sheet.first_departure, sheet.last_arrival) == (NOON, NOON + 120 * MINUTE)
    assert (sheet.stops, sheet.longest_stop_s, sheet.overlap_s) == (1, 1800.0, 0.0)
    assert (sheet.fuel_l, sheet.max_speed_kmh, sheet.suspect_trips) == (20.0, 70.0, 0)
    assert sheet.utilisation == 4800 / 86_400


def test_distances_are_told_to_the_metre() -> None:
    (sheet,) = day_sheets([journey(n, NOON + n * HOUR, 9, distance_km=0.1) for n in range(3)], BRASILIA)
    assert sheet.distance_km == 0.3


def test_a_trip_counts_on_the_local_day_it_began() -> None:
    """22:30 in Brasilia is the next day in UTC; a trip past midnight stays with the evening."""
    evening = datetime(2026, 3, 11, 1, 30, tzinfo=UTC)
    (sheet,) = day_sheets([journey(1, evening, 120)], BRASILIA)
    assert (sheet.day, sheet.last_arrival) == (date(2026, 3, 10), evening + 120 * MINUTE)


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2018, 11, 4), "America/Sao_Paulo", 23),
        (date(2018, 2, 17), "America/Sao_Paulo", 25),
        (date(2026, 3, 29), "Europe/Lisbon", 23),
        (date(2026, 3, 10), "America/Sao_Paulo", 24),
    ],
)
def test_a_day_is_as_long_as_its_clocks_say(day: date, zone: str, hours: int) -> None:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    (sheet,) = day_sheets([journey(1, noon, 60)], ZoneInfo(zone))
    assert sheet.utilisation == pytest.approx(1 / hours)


@given(drawn=trips)
def test_an_hour_is_an_hour_however_many_trips_share_it(drawn: list[tuple[int, int]]) -> None:
    sheets = {sheet.day: sheet for sheet in day_sheets(made(drawn), BRASILIA)}
    for day, sheet in sheets.items():
        own = [one for one in drawn if (NOON + one[0] * MINUTE).astimezone(BRASILIA).date() == day]
        minutes = {minute for start, length in own for minute in range(start, start + length)}
        assert sheet.on_trip_s == pytest.approx(60 * len(minutes))
        assert sheet.on_trip_s + sheet.overlap_s == pytest.approx(60 * sum(length for _, length in own))
        assert sheet.driving_s == pytest.approx(60 * len(minutes))
        assert sheet.trips == len(own)
        first, last = min(start for start, _ in own), max(start + length for start, length in own)
        assert sheet.first_departure == NOON + first * MINUTE
        assert sheet.last_arrival == NOON + last * MINUTE
    assert sum(sheet.trips for sheet in sheets.values()) == len(drawn)


def test_a_trip_under_way_has_kilometres_but_no_times_yet() -> None:
    (sheet,) = day_sheets([journey(1, minutes=None, distance_km=3)], BRASILIA)
    assert (sheet.distance_km, sheet.driving_s, sheet.last_arrival) == (3.0, 0.0, None)


@pytest.mark.parametrize(
    ("trip", "suspect"),
    [
        (journey(minutes=60, distance_km=199), False),
        (journey(minutes=60, distance_km=201), True),
        (journey(minutes=0, distance_km=300), True),
        (journey(minutes=None, distance_km=300), False),
        (journey(minutes=60, distance_km=0), False),
        (journey(minutes=60, distance_km=None), False),
        (journey(minutes=60, distance_km=10, ends=(-47.9, -47.81)), False),
        (journey(minutes=60, distance_km=10, ends=(-47.9, -46.9)), True),
    ],
    ids=["fast", "too fast", "no time", "no end", "0 km", "no distance", "near", "teleport"],
)
def test_what_cannot_have_been_is_told(trip: Journey, suspect: bool) -> None:
    assert is_suspect(trip) is suspect
    (sheet,) = day_sheets([trip], BRASILIA)
    assert (sheet.suspect_trips, sheet.suspect_km) == ((1, trip.distance_km) if suspect else (0, 0))


def test_stands_lie_between_trips_of_one_vehicle_and_within_them() -> None:
    found = list(
        stays(
            [
                journey(1, NOON, 60),
                journey(2, NOON + 62 * MINUTE, 30, standing_s=900),
                journey(3, NOON + 120 * MINUTE, 30),
                journey(4, NOON + 900 * MINUTE, 30, vehicle=8),
            ]
        )
    )
    assert [(one.kind, one.trip_id, one.duration_s) for one in found] == [
        (StayKind.IDLING, 2, 900.0),
        (StayKind.PARKED, 2, 28 * 60.0),
    ]


def test_a_stand_is_where_the_trip_before_it_ended() -> None:
    (stay,) = stays([journey(1, NOON, 60, ends=(-47.9, -47.8)), journey(2, NOON + 62 * MINUTE, 30)], least_s=60)
    assert (stay.place, stay.began_at, stay.ended_at) == (GeoPoint(-15.8, -47.8), NOON + HOUR, NOON + 62 * MINUTE)


@given(drawn=trips, cuts=st.lists(st.integers(min_value=0, max_value=5_000), max_size=3))
def test_stands_asked_for_in_parts_are_those_of_the_whole(drawn: list[tuple[int, int]], cuts: list[int]) -> None:
    """What was asked for a day at a time must not lack the nights."""
    journeys = made(drawn)
    bounds = [NOON, *(NOON + cut * MINUTE for cut in sorted(cuts)), NOON + 5_001 * MINUTE]
    parts = [
        list(stays([one for one in journeys if one.began_at in with_ends(TimeRange(first, last))], 60, last))
        for first, last in pairwise(bounds)
    ]
    overlapping = any(one.ended_at > two.began_at for one, two in pairwise(journeys) if one.ended_at is not None)
    if not overlapping:
        assert [one for part in parts for one in part] == list(stays(journeys, 60))


@given(drawn=trips)
def test_nobody_is_parked_while_a_trip_goes_on(drawn: list[tuple[int, int]]) -> None:
    journeys = made(drawn)
    parked = [one for one in stays(journeys, least_s=60) if one.kind is StayKind.PARKED]
    busy = {minute for start, length in drawn for minute in range(start, start + length)}
    quiet = {
        minute
        for one in parked
        for minute in range(round((one.began_at - NOON) / MINUTE), round((one.ended_at - NOON) / MINUTE))
    }
    assert not busy & quiet
    if drawn:
        last_begun = max(start for start, _ in drawn)
        assert quiet == set(range(min(start for start, _ in drawn), last_begun)) - busy
