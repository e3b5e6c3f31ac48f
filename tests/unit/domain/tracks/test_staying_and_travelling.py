from datetime import UTC, datetime, timedelta
from math import degrees

import pytest

from trilha.domain.kernel import InvalidValue
from trilha.domain.tracks import (
    EARTH_RADIUS_M,
    GapPolicy,
    StopPolicy,
    TrackPoint,
    TripPolicy,
    find_stops,
    measure,
    trips_and_stops,
)

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def east(second: float, travelled_m: float, from_deg: float = 0.0, **said: float | bool) -> TrackPoint:
    """A point so many metres along the equator."""
    longitude_deg = (from_deg + degrees(travelled_m / EARTH_RADIUS_M) + 180) % 360 - 180
    return TrackPoint(NOON + timedelta(seconds=second), 0.0, longitude_deg, **said)


def spans(points: list[TrackPoint], policy: TripPolicy) -> list[tuple[str, int, int]]:
    found = trips_and_stops(points, policy)
    named = [("trip", span.first, span.last) for span in found.trips]
    return sorted(named + [("stop", span.first, span.last) for span in found.stops], key=lambda span: span[1])


def drive(*speeds_kmh: float, every_s: int = 60, step_m: float = 100.0) -> list[TrackPoint]:
    return [east(i * every_s, i * step_m, speed_kmh=speed) for i, speed in enumerate(speeds_kmh)]


def test_a_halt_ends_the_trip_after_the_parking_time_or_at_once_with_the_ignition_off() -> None:
    points = [*drive(30, 30, 0, 0, 30, 30)]
    waiting = TripPolicy(min_trip_m=50, use_ignition=True)
    assert spans(points, waiting) == [("trip", 0, 5)]
    points[3] = east(180, 300, speed_kmh=0.0, ignition=False)
    assert spans(points, waiting) == [("trip", 0, 2), ("stop", 2, 4), ("trip", 4, 5)]
    assert spans(points, TripPolicy(min_trip_m=50)) == [("trip", 0, 5)]


@pytest.mark.parametrize(("metres", "seconds", "begins"), [(500, 300, False), (99, 300, True), (500, 60, True)])
def test_a_trip_begins_by_distance_or_by_time(metres: float, seconds: float, begins: bool) -> None:
    found = spans(drive(0, 0, 30, 30), TripPolicy(min_trip_m=metres, min_trip_s=seconds))
    assert found == ([("stop", 0, 2), ("trip", 2, 3)] if begins else [("stop", 0, 3)])


def test_a_point_without_speed_has_that_of_the_step_to_it() -> None:
    points = [east(0, 0), east(60, 500), east(120, 1000), *(east(60 * i, 1000) for i in range(3, 12))]
    found = trips_and_stops(points, TripPolicy(min_trip_m=300, moving_above_kmh=3.0))
    (trip,) = found.trips
    assert (trip.first, trip.last) == (1, 3)
    assert trip.max_speed_kmh == pytest.approx(30.0)
    assert trip.average_speed_kmh == pytest.approx(15.0)


@pytest.mark.parametrize("from_deg", [0.0, 179.99995, -180.0])
def test_a_stay_is_found_wherever_it_is_the_seam_of_the_map_included(from_deg: float) -> None:
    metres = [-900.0, -600.0, -300.0, 0.0, 4.0, 10.0, 6.0, 5.0, 300.0, 600.0]
    points = [east(60 * i, walked_m, from_deg) for i, walked_m in enumerate(metres)]
    (stop,) = find_stops(points)
    assert (stop.first, stop.last, stop.duration_s) == (3, 7, 240.0)
    assert abs((stop.longitude_deg - points[7].longitude_deg + 180) % 360 - 180) < 1e-9


def test_a_silence_in_one_place_is_a_stay_and_one_second_too_short_is_none() -> None:
    assert [stop.duration_s for stop in find_stops([east(0, 0), east(7200, 5)])] == [7200.0]
    assert not find_stops([east(0, 0), east(119, 5)])
    assert not find_stops([east(0, 0), east(7200, 31)])
    assert find_stops([]) == find_stops([east(0, 0)]) == ()


def test_a_summary_tells_moving_from_standing_and_both_from_silence() -> None:
    # 60 s at 10 m/s, 60 s at 1 km/h less a little, then an hour's silence and 60 s at 5 m/s
    before = [east(0, 0), east(60, 600), east(120, 616)]
    after = [east(3720, 5000), east(3780, 5300)]
    summary = measure([before, [], after])
    assert (summary.points, summary.segments, summary.start, summary.end) == (5, 2, before[0].at, after[-1].at)
    assert (summary.duration_s, summary.moving_s, summary.stopped_s, summary.gap_s) == (3780, 120, 60, 3600)
    assert summary.distance_m == pytest.approx(916)


def test_the_top_speed_is_the_reported_one_else_one_that_lasted() -> None:
    steps_m = [0, 10, 20, 30, 200, 210, 220]  # one fix far ahead
    silent = [east(i, travelled_m) for i, travelled_m in enumerate(steps_m)]
    assert measure([silent]).max_speed_kmh == pytest.approx(36.0)
    assert measure([silent[2:5]]).max_speed_kmh == pytest.approx(36.0)
    assert measure([[*silent, east(9, 230, speed_kmh=50.0)]]).max_speed_kmh == 50.0
    assert measure([silent[:1]]).max_speed_kmh == measure([]).max_speed_kmh == 0.0


def test_no_points_no_start() -> None:
    summary = measure([])
    assert (summary.points, summary.start, summary.end, summary.duration_s) == (0, None, None, 0.0)


@pytest.mark.parametrize("policy", [GapPolicy, StopPolicy, TripPolicy])
def test_policies_below_zero_are_refused(policy: type) -> None:
    field = policy.__struct_fields__[0]
    with pytest.raises(InvalidValue, match=field):
        policy(**{field: -1.0})
