"""Trails as lines: GeoJSON, polylines that are none, simplification at its worst."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import cos, log2, sin

import pytest

from trilha.domain.kernel import DomainError, GeoPoint, InvalidValue
from trilha.domain.tracks import (
    EARTH_RADIUS_M,
    MalformedPolyline,
    TrackPoint,
    decode_polyline,
    distance_to_segment_m,
    encode_polyline,
    length_m,
    simplify,
    simplifying,
    track_to_geojson,
)
from trilha.domain.tracks.simplifying import DEEPEST

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def trail(*places: tuple[float, ...]) -> list[TrackPoint]:
    return [TrackPoint(NOON + timedelta(seconds=i), *place) for i, place in enumerate(places)]


def test_one_segment_is_a_line_with_longitude_first() -> None:
    feature = track_to_geojson([trail((1.0, 2.0, 30.0), (1.5, 2.5))], {"vehicle": "7"})
    assert feature == {
        "type": "Feature",
        "properties": {"vehicle": "7"},
        "geometry": {"type": "LineString", "coordinates": [[2.0, 1.0, 30.0], [2.5, 1.5]]},
    }


def test_several_segments_are_several_lines_each_of_two_positions_at_least() -> None:
    geometry = track_to_geojson([trail((1.0, 2.0), (3.0, 4.0)), [], trail((5.0, 6.0))])["geometry"]
    assert geometry == {
        "type": "MultiLineString",
        "coordinates": [[[2.0, 1.0], [4.0, 3.0]], [[6.0, 5.0], [6.0, 5.0]]],
    }


@pytest.mark.parametrize("turned", [False, True])
def test_a_line_over_the_antimeridian_is_cut_there(turned: bool) -> None:
    points = trail((0.0, 179.0, 10.0), (0.0, -177.0, 30.0))
    geometry = track_to_geojson([points[::-1] if turned else points])["geometry"]
    west, east = [[179.0, 0.0, 10.0], [180.0, 0.0, 15.0]], [[-180.0, 0.0, 15.0], [-177.0, 0.0, 30.0]]
    expected = [east[::-1], west[::-1]] if turned else [west, east]
    assert geometry["type"] == "MultiLineString"
    assert [place for line in geometry["coordinates"] for place in line] == [
        pytest.approx(place, abs=0.01) for line in expected for place in line
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("_p~iF~ps|U_", "inside a number"),
        ("_p~iF", "latitude alone"),
        ("_p~iF ps|U", "' '"),
        ("é?", "'é'"),
        ("~" * 12 + "?", "does not end"),
        ("_izlhA~rlgdF", "precision 5"),
    ],
)
def test_a_text_that_is_no_polyline_is_refused(text: str, why: str) -> None:
    with pytest.raises(MalformedPolyline, match=why) as refusal:
        decode_polyline(text)
    assert refusal.value.code == "malformed_polyline"


def test_only_the_two_published_precisions_and_only_places_on_earth() -> None:
    with pytest.raises(InvalidValue, match="precision"):
        decode_polyline("", 7)  # type: ignore[arg-type] # the wrong precision on purpose
    with pytest.raises(DomainError, match="longitude_deg"):
        encode_polyline(trail((0.0, float("nan"))))


@pytest.mark.parametrize("place", [GeoPoint(0.0, 179.99), GeoPoint(0.0, -179.99), GeoPoint(0.0, 180.0)])
def test_distances_know_no_seam(place: GeoPoint) -> None:
    start, end = GeoPoint(0.0, 179.9), GeoPoint(0.0, -179.9)
    assert distance_to_segment_m(place, start, end) == pytest.approx(0.0, abs=0.001)


def test_beyond_the_ends_of_a_segment_the_nearer_end_counts() -> None:
    degree_m = EARTH_RADIUS_M * 3.141592653589793 / 180
    start, end = GeoPoint(0.0, 0.0), GeoPoint(0.0, 1.0)
    for east_deg, degrees in ((-1.0, 1.0), (-0.25, 0.25), (0.5, 0.0), (1.25, 0.25), (3.0, 2.0)):
        place = GeoPoint(0.0, east_deg)
        assert distance_to_segment_m(place, start, end) == pytest.approx(degrees * degree_m, rel=1e-4, abs=1e-6)
    assert distance_to_segment_m(end, start, start) == pytest.approx(degree_m)


def test_a_straight_trail_becomes_its_ends() -> None:
    points = trail(*((0.0, i / 1000) for i in range(1000)))
    assert simplify(points, 0.01) == (points[0], points[-1])


def test_a_spiral_neither_exhausts_the_stack_nor_loses_its_bound() -> None:
    spiral = trail(*((10 + i / 5000 * cos(i / 20), 10 + i / 5000 * sin(i / 20)) for i in range(5000)))
    simpler = simplify(spiral, 10.0)
    kept = set(simpler)
    ends = [i for i, point in enumerate(spiral) if point in kept]
    for first, last in pairwise(ends):
        for point in spiral[first + 1 : last]:
            assert distance_to_segment_m(point, spiral[first], spiral[last]) <= 10.000001


def test_the_work_is_bounded_where_every_cut_takes_off_one_point(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 1024
    visited = list[int]()

    def farthest_is_next(_: object, first: int, last: int) -> tuple[int, float]:
        visited.append(last - first - 1)
        return first + 1, 1_000.0

    monkeypatch.setattr(simplifying, "farthest", farthest_is_next)
    assert len(simplify(trail(*[(0.0, 0.0)] * count), 1.0)) == count
    assert sum(visited) <= count * (DEEPEST + log2(count))


def test_a_tolerance_below_zero_is_refused() -> None:
    with pytest.raises(InvalidValue, match="tolerance_m"):
        simplify([], -1.0)


def test_the_length_of_few_points() -> None:
    assert length_m([]) == length_m(trail((1.0, 2.0))) == 0.0
