"""What is an area, and what is refused, with its place."""

import math
import re
from time import perf_counter

import pytest

from trilha.domain.areas import (
    AreaIndex,
    Circle,
    Corridor,
    CrossingRings,
    Polygon,
    area_from_geojson,
    area_from_wkt,
    area_to_geojson,
    area_to_wkt,
    contains,
    crosses,
    distance_to_edge_m,
)
from trilha.domain.kernel import GeoPoint, InvalidValue
from trilha.domain.tracks import EARTH_RADIUS_M

DEPOT = GeoPoint(-19.92, -43.94)


def ring(*corners: tuple[float, float]) -> tuple[GeoPoint, ...]:
    """Of longitude and latitude."""
    return tuple(GeoPoint(north, east) for east, north in corners)


SQUARE = ring((0, 0), (4, 0), (4, 4), (0, 4))
COURTYARD = ring((1, 1), (3, 1), (3, 3), (1, 3))


def test_rings_are_closed_turned_and_without_doubles() -> None:
    clockwise = (*SQUARE[::-1], SQUARE[-1])
    assert Polygon((clockwise,)).rings == ((SQUARE[3], SQUARE[0], SQUARE[1], SQUARE[2], SQUARE[3]),)
    assert Polygon((SQUARE, COURTYARD)).rings[1] == (*COURTYARD[:1], *COURTYARD[:0:-1], COURTYARD[0])
    assert Polygon(((SQUARE[0], *SQUARE),)) == Polygon((SQUARE,))


@pytest.mark.parametrize(
    ("rings", "named"),
    [
        ((), "rings"),
        (((),), "ring 1 is '0 points'; expected 3 or more different points"),
        ((ring((0, 0), (1, 1), (0, 0), (1, 1)),), "3 or more different points"),
        ((SQUARE, ring((9, 9), (10, 9), (10, 10))), "ring 2 is 'a hole that reaches out'"),
        ((SQUARE, COURTYARD, ring((1.5, 1.5), (2, 1.5), (2, 2))), "ring 3 is 'a hole that overlaps ring 2'"),
        ((SQUARE, COURTYARD, COURTYARD), "ring 3 is 'a hole that overlaps ring 2'"),
        ((ring((0, 80), (120, 80), (-120, 80)),), "a ring with no pole inside"),
        ((ring((0, 0), (180, 0), (90, 10)),), "sides of less than 180 degrees"),
        ((ring(*((x / 1000, x * x / 1e6) for x in range(1001))),), "1000 vertices or fewer"),
    ],
)
def test_what_is_no_polygon_is_refused(rings: tuple[tuple[GeoPoint, ...], ...], named: str) -> None:
    with pytest.raises(InvalidValue, match=re.escape(named)):
        Polygon(rings)


@pytest.mark.parametrize(
    ("rings", "one", "other", "at"),
    [
        ((ring((0, 0), (2, 2), (2, 0), (0, 2)),), (1, 1), (1, 3), (1.0, 1.0)),
        ((ring((0, 0), (0, 0), (2, 2), (2, 0), (0, 2)),), (1, 1), (1, 4), (1.0, 1.0)),
        ((ring((179, 0), (-179, 2), (-179, 0), (179, 2)),), (1, 1), (1, 3), (180.0, 1.0)),
        ((ring((0, 0), (2, 0), (1, 0), (1, 2)),), (1, 1), (1, 2), (2.0, 0.0)),
        ((ring((0, 0), (4, 0), (2, 2), (2, 0), (1, 3)),), (1, 1), (1, 4), (2.0, 0.0)),
        ((SQUARE, ring((3, 1), (5, 2), (3, 3))), (1, 2), (2, 1), (4.0, 1.5)),
    ],
)
def test_rings_that_meet_are_refused_with_the_place(
    rings: tuple[tuple[GeoPoint, ...], ...], one: tuple[int, int], other: tuple[int, int], at: tuple[float, float]
) -> None:
    with pytest.raises(CrossingRings) as refused:
        Polygon(rings)
    assert {refused.value.one, refused.value.other} == {one, other}
    assert (abs(refused.value.longitude_deg), refused.value.latitude_deg) == pytest.approx(at)
    assert f"latitude {at[1]:g}" in str(refused.value)


@pytest.mark.parametrize("metres", [0.0, -5.0, 0.5, 1e7, math.nan, math.inf])
def test_reaches_have_limits(metres: float) -> None:
    with pytest.raises(InvalidValue, match="radius_m"):
        Circle(DEPOT, metres)
    with pytest.raises(InvalidValue, match="half_width_m"):
        Corridor((DEPOT, GeoPoint(-20, -44)), metres)


def test_lines_have_limits() -> None:
    with pytest.raises(InvalidValue, match="2 or more different points"):
        Corridor((DEPOT, DEPOT), 10)
    with pytest.raises(InvalidValue, match=r"leg 2, .* km from longitude -44, latitude -20 to 0, 0"):
        Corridor((DEPOT, GeoPoint(-20, -44), GeoPoint(0, 0)), 10)


def test_edges_belong_to_the_area_and_holes_do_not() -> None:
    yard = Polygon((SQUARE, COURTYARD))
    assert all(contains(yard, corner) for corner in (*SQUARE, *COURTYARD))
    assert contains(yard, GeoPoint(2, 4))
    assert contains(yard, GeoPoint(2, 1))
    assert contains(yard, GeoPoint(0.5, 0.5))
    assert not contains(yard, GeoPoint(2, 2))
    assert not contains(yard, GeoPoint(2, 4.000_001))
    assert distance_to_edge_m(yard, GeoPoint(0, 0.5)) == pytest.approx(0, abs=0.01)
    assert distance_to_edge_m(yard, GeoPoint(2, 2)) == pytest.approx(math.radians(1) * EARTH_RADIUS_M, rel=1e-3)


def test_circles_may_hold_a_pole() -> None:
    arctic = Circle(GeoPoint(89.9, 10), 50_000)
    places = [GeoPoint(89.8, -170), GeoPoint(90, 0), GeoPoint(89.7, 10), GeoPoint(89, 10)]
    assert [contains(arctic, place) for place in places] == [True, True, True, False]
    index = AreaIndex({1: arctic})
    assert [bool(index.containing(place.latitude_deg, place.longitude_deg)) for place in places] == [
        True,
        True,
        True,
        False,
    ]


def test_ways_cross_what_they_touch() -> None:
    fiji = Polygon((ring((179, -17), (-179, -17), (-179, -16), (179, -16)),))
    assert crosses(fiji, GeoPoint(-16.5, 178), GeoPoint(-16.5, -178))
    assert crosses(fiji, GeoPoint(-15, -179.5), GeoPoint(-18, -179.5))
    assert crosses(fiji, GeoPoint(-16.5, 179.5), GeoPoint(-16.4, 179.5)), "a way inside"
    assert not crosses(fiji, GeoPoint(-16.5, 178), GeoPoint(-16.5, 178.9))
    assert not crosses(fiji, GeoPoint(-16.5, 2), GeoPoint(-16.5, -2)), "on the other side of the earth"
    road = Corridor((GeoPoint(-16.5, 179), GeoPoint(-16.5, -179)), 50)
    assert crosses(road, GeoPoint(-17, 180), GeoPoint(-16, 180))
    assert not crosses(road, GeoPoint(17, 0), GeoPoint(16, 0))
    assert not crosses(Circle(GeoPoint(0, 180), 1000), GeoPoint(0.1, 179), GeoPoint(0.1, -179))


@pytest.mark.parametrize("closed", [False, True])
def test_the_largest_polygon_that_is_taken_is_taken_again_when_it_is_read(closed: bool) -> None:
    """One that could be kept and not read would stop the watching of every vehicle."""
    corners = ring(*((math.cos(math.tau * n / 1000), math.sin(math.tau * n / 1000)) for n in range(1000)))
    largest = Polygon(((*corners, corners[0]) if closed else corners,))
    assert len(largest.rings[0]) == 1001
    assert area_from_geojson(area_to_geojson(largest)) == largest
    assert area_from_wkt(area_to_wkt(largest)) == largest


def test_a_thousand_vertices_are_checked_in_no_time() -> None:
    comb = [(x / 10, 50.0 * (x % 2)) for x in range(998)]
    began = perf_counter()
    Polygon((ring(*comb, (99.8, 60), (0, 60)),))
    assert perf_counter() - began < 5
