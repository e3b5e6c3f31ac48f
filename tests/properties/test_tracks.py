"""The geometry of a trail, for any trail."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.domain.kernel import GeoPoint
from trilha.domain.tracks import (
    CleaningPolicy,
    GapPolicy,
    TrackPoint,
    TripPolicy,
    clean,
    decode_polyline,
    distance_m,
    distance_to_segment_m,
    encode_polyline,
    find_stops,
    length_m,
    measure,
    read_gpx,
    segment,
    simplify,
    track_to_geojson,
    trips_and_stops,
    write_gpx,
)
from trilha.testing.strategies import geo_points, track_points

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MICROMETRE = 1e-6


@st.composite
def trails(draw: st.DrawFn, max_size: int = 40) -> list[TrackPoint]:
    """A trail in strict order of time that halts, wanders and leaps, anywhere, across 180 degrees too."""
    steps = st.tuples(st.sampled_from([1, 10, 60, 600, 7200]), st.floats(-1, 1), st.floats(-1, 1))
    scale = draw(st.sampled_from([1e-5, 1e-3, 1.0]))
    at, north, east = NOON, draw(st.floats(-60, 60)), draw(st.sampled_from([0.0, 37.2, 179.9999, -179.0]))
    points = []
    for seconds, up, right in draw(st.lists(steps, max_size=max_size)):
        at += timedelta(seconds=seconds)
        north, east = max(-85.0, min(85.0, north + up * scale)), (east + right * scale + 180) % 360 - 180
        points.append(TrackPoint(at, north, east))
    return points


@st.composite
def dirty_points(draw: st.DrawFn) -> list[TrackPoint]:
    """A trail with spikes, doubles, nonsense and points that come late."""
    points = list(draw(trails(max_size=15)))
    wrong = track_points() | st.sampled_from(
        [TrackPoint(NOON, 0.0, 0.0), TrackPoint(NOON, float("nan"), 0.0), TrackPoint(NOON, 1.0, 181.0)]
    )
    for point in draw(st.lists(wrong, max_size=5)) + draw(
        st.lists(st.sampled_from(points), max_size=3) if points else st.just([])
    ):
        points.insert(draw(st.integers(0, len(points))), point)
    return points


@given(geo_points(), geo_points(), geo_points())
def test_distance_is_a_metric(one: GeoPoint, other: GeoPoint, third: GeoPoint) -> None:
    assert distance_m(one, other) == distance_m(other, one) >= 0 == distance_m(one, one)
    # beyond rounding near the antipode, where the arc sine of 1 keeps half of the digits
    assert distance_m(one, third) <= distance_m(one, other) + distance_m(other, third) + 0.2


@given(dirty_points(), st.booleans())
def test_cleaning_divides_what_it_was_given(points: list[TrackPoint], sort_by_time: bool) -> None:
    cleaned = clean(points, CleaningPolicy(sort_by_time=sort_by_time), now=NOON + timedelta(hours=1))
    dropped = {drop.position: drop.point for drop in cleaned.dropped}
    assert all(points[position] is point for position, point in dropped.items())
    kept = [point for position, point in enumerate(points) if position not in dropped]
    assert list(cleaned.points) == (sorted(kept, key=lambda point: point.at) if sort_by_time else kept)
    assert all(earlier.at < later.at for earlier, later in pairwise(cleaned.points))


@given(dirty_points())
def test_cleaning_twice_is_cleaning_once(points: list[TrackPoint]) -> None:
    once = clean(points)
    assert clean(once.points) == type(once)(once.points)


@given(trails(), st.sampled_from([None, 0.0, 60.0, 3600.0]), st.sampled_from([None, 0.0, 100.0]))
def test_segments_end_to_end_are_the_trail(trail: list[TrackPoint], gap_s: float | None, gap_m: float | None) -> None:
    segments = segment(trail, GapPolicy(gap_s, gap_m))
    assert [point for part in segments for point in part] == trail
    assert all(segments)
    for before, after in pairwise(segments):
        silence_s = (after[0].at - before[-1].at).total_seconds()
        leap_m = distance_m(before[-1], after[0])
        assert (gap_s is not None and silence_s > gap_s) or (gap_m is not None and leap_m > gap_m)


@given(trails(), st.sampled_from([0.0, 0.5, 10.0, 1_000.0, 100_000.0]))
def test_a_simpler_trail_stays_within_its_tolerance(trail: list[TrackPoint], tolerance_m: float) -> None:
    simpler = simplify(trail, tolerance_m)
    assert simpler[:1] == tuple(trail[:1])
    assert simpler[-1:] == tuple(trail[-1:])
    assert simplify(simpler, tolerance_m) == simpler
    kept = {id(point) for point in simpler}
    ends = [i for i, point in enumerate(trail) if id(point) in kept]
    for first, last in pairwise(ends):
        for point in trail[first + 1 : last]:
            assert distance_to_segment_m(point, trail[first], trail[last]) <= tolerance_m + MICROMETRE


@given(st.lists(geo_points()), st.sampled_from([5, 6]))
def test_polylines_come_back_to_half_a_unit(places: list[GeoPoint], precision: Literal[5, 6]) -> None:
    back = decode_polyline(encode_polyline(places, precision), precision)
    half = 0.5000001 / 10**precision
    assert len(back) == len(places)
    for place, found in zip(places, back, strict=True):
        assert found.latitude_deg == pytest.approx(place.latitude_deg, abs=half, rel=0)
        assert found.longitude_deg == pytest.approx(place.longitude_deg, abs=half, rel=0)
    assert decode_polyline(encode_polyline(back, precision), precision) == back


@given(st.lists(st.lists(track_points(), min_size=1, max_size=4), max_size=4), st.none() | st.text(max_size=8))
def test_gpx_comes_back(segments: list[list[TrackPoint]], name: str | None) -> None:
    document = write_gpx(segments, name)
    back = read_gpx(document)
    assert read_gpx(document.encode()) == back
    assert not back.unused
    for given_points, found in zip(segments, back.segments, strict=True):
        for point, other in zip(given_points, found, strict=True):
            assert (other.at, other.latitude_deg, other.longitude_deg) == (
                point.at,
                point.latitude_deg,
                point.longitude_deg,
            )
            assert (other.altitude_m, other.heading_deg, other.hdop) == (
                point.altitude_m,
                point.heading_deg,
                point.hdop,
            )
            assert other.speed_kmh == pytest.approx(point.speed_kmh)


@given(trails())
def test_geojson_draws_the_same_length_and_never_around_the_world(trail: list[TrackPoint]) -> None:
    geometry = track_to_geojson([trail])["geometry"]
    if not trail:
        assert geometry is None
        return
    lines = geometry["coordinates"] if geometry["type"] == "MultiLineString" else [geometry["coordinates"]]
    places = [[GeoPoint(north, east) for east, north, *_ in line] for line in lines]
    assert sum(map(length_m, places)) == pytest.approx(length_m(trail), rel=1e-9, abs=0.001)
    assert all(len(line) > 1 for line in lines)
    assert all(abs(b[0] - a[0]) <= 180 for line in lines for a, b in pairwise(line))


@given(trails(), st.booleans())
def test_trips_and_stops_take_turns_over_the_whole_trail(trail: list[TrackPoint], silence_ends: bool) -> None:
    policy = TripPolicy(min_trip_m=50, min_trip_s=60, min_parking_s=60, no_data_s=3600 if silence_ends else None)
    found = trips_and_stops(trail, policy)
    spans = sorted((span.first, span.last, kind) for kind in ("trips", "stops") for span in getattr(found, kind))
    if len(trail) < 2:
        assert not spans
        return
    assert (spans[0][0], spans[-1][1]) == (0, len(trail) - 1)
    assert all(one[1] == other[0] and one[2] != other[2] for one, other in pairwise(spans))


@given(trails())
def test_stops_are_long_small_and_apart(trail: list[TrackPoint]) -> None:
    stops = find_stops(trail)
    assert all(one.last < other.first for one, other in pairwise(stops))
    for stop in stops:
        stay = trail[stop.first : stop.last + 1]
        assert stop.duration_s >= 120
        assert all(distance_m(one, other) < 45 for one in stay for other in stay)
        assert distance_m(stop, stay[0]) < 45


@given(trails())
def test_times_of_a_summary_add_up(trail: list[TrackPoint]) -> None:
    summary = measure(segment(trail))
    assert summary.moving_s + summary.stopped_s + summary.gap_s == pytest.approx(summary.duration_s)
    assert min(summary.moving_s, summary.stopped_s, summary.gap_s) >= 0
    assert summary.points == len(trail)
    assert summary.distance_m == pytest.approx(sum(map(length_m, segment(trail))))
