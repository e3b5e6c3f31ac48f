"""What others have published as right. Trips, stops and geometry are those of Traccar's tests, in knots and metres."""

import json
from datetime import datetime
from math import degrees, radians
from pathlib import Path
from typing import Any

import pytest

from trilha.domain.kernel import GeoPoint
from trilha.domain.tracks import (
    EARTH_RADIUS_M,
    TrackPoint,
    TripPolicy,
    decode_polyline,
    distance_m,
    distance_to_segment_m,
    encode_polyline,
    trips_and_stops,
)

HERE = Path(__file__).parent
CASES = json.loads((HERE / "trips_stops.json").read_text())
KMH_PER_KNOT = 1.852


def points_of(case: dict[str, Any]) -> list[TrackPoint]:
    """Metres travelled become metres east along the equator, so that the geometry has to find them again."""
    ignition = case.get("ignition", {})
    return [
        TrackPoint(
            at=datetime.fromisoformat(at),
            latitude_deg=0.0,
            longitude_deg=degrees(travelled_m / EARTH_RADIUS_M),
            speed_kmh=speed_kn * KMH_PER_KNOT,
            ignition=ignition.get(str(i)),
        )
        for i, (at, speed_kn, travelled_m) in enumerate(case["points"])
    ]


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_trips_and_stops_are_those_of_the_interval_method(case: dict[str, Any]) -> None:
    found = trips_and_stops(points_of(case), TripPolicy(**case["cfg"]))
    if "first_trip" in case:
        trip, expected = found.trips[0], case["first_trip"]
        assert trip.start == datetime.fromisoformat(expected["start"])
        assert trip.end == datetime.fromisoformat(expected["end"])
        assert trip.duration_s == expected["duration_s"]
        assert trip.average_speed_kmh == pytest.approx(expected["avg_kn"] * KMH_PER_KNOT, abs=0.01 * KMH_PER_KNOT)
        assert trip.max_speed_kmh == pytest.approx(expected["max_kn"] * KMH_PER_KNOT)
        assert trip.distance_m == pytest.approx(expected["distance_m"], abs=0.01)
    stops = [(stop.start, stop.end, stop.duration_s) for stop in found.stops]
    for expected in case.get("stops", ()):
        times = datetime.fromisoformat(expected["start"]), datetime.fromisoformat(expected["end"])
        assert (*times, expected["duration_s"]) in stops
    assert [trip.last for trip in found.trips if trip.last < len(case["points"]) - 1] == [
        stop.first for stop in found.stops if stop.first > 0
    ]


def test_a_silence_ends_the_trip_before_it() -> None:
    case = next(case for case in CASES if case["case"] == "gap becomes a stop")
    trip = trips_and_stops(points_of(case), TripPolicy(**case["cfg"])).trips[0]
    assert (trip.duration_s, round(trip.distance_m)) == (240, 600)
    assert trip.average_speed_kmh == pytest.approx(4.86 * KMH_PER_KNOT, abs=0.02)


def test_distances() -> None:
    across, to_segment = json.loads((HERE / "geometry.json").read_text())
    one, other = GeoPoint(*across["distance"][:2]), GeoPoint(*across["distance"][2:])
    assert distance_m(one, other) == pytest.approx(across["metres"], abs=across["tolerance"])
    place, start, end = (GeoPoint(*pair) for pair in to_segment["point_to_segment"])
    found_m = distance_to_segment_m(place, start, end)
    assert found_m == pytest.approx(to_segment["metres"], abs=to_segment["tolerance"])


def test_the_other_side_of_the_earth_is_far_from_a_road() -> None:
    antipode, start, end = GeoPoint(0, 180), GeoPoint(0, 0), GeoPoint(1, 0)
    assert distance_to_segment_m(antipode, start, end) == pytest.approx(EARTH_RADIUS_M * radians(179))


@pytest.mark.parametrize(
    ("places", "precision", "text"),
    [
        ([(38.5, -120.2), (40.7, -120.95), (43.252, -126.453)], 5, "_p~iF~ps|U_ulLnnqC_mqNvxq`@"),
        ([(38.5, -120.2), (40.7, -120.95), (43.252, -126.453)], 6, "_izlhA~rlgdF_{geC~ywl@_kwzCn`{nI"),
        ([(-179.9832104 / 2, -179.9832104)], 5, None),
        ([], 5, ""),
    ],
)
def test_polylines(places: list[tuple[float, float]], precision: Any, text: str | None) -> None:
    encoded = encode_polyline([GeoPoint(*place) for place in places], precision)
    if text is not None:
        assert encoded == text
    decoded = decode_polyline(encoded, precision)
    assert [(place.latitude_deg, place.longitude_deg) for place in decoded] == [
        pytest.approx(place, abs=0.51 / 10**precision) for place in places
    ]


def test_one_coordinate_of_the_published_walk_through() -> None:
    assert encode_polyline([GeoPoint(0.0, -179.9832104)]) == "?`~oia@"


@pytest.mark.parametrize(("degrees_", "text"), [(0.000005, "A"), (-0.000005, "@"), (0.0000049, "?"), (-0.0000049, "?")])
def test_halves_are_rounded_away_from_zero(degrees_: float, text: str) -> None:
    assert encode_polyline([GeoPoint(degrees_, 0.0)]) == text + "?"
