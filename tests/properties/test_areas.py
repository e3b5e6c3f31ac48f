"""Areas, wherever they lie: what goes out comes in again, and the index says what each area says."""

import json

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from trilha.domain.areas import (
    Area,
    AreaIndex,
    Circle,
    Corridor,
    Polygon,
    area_from_geojson,
    area_from_wkt,
    area_to_geojson,
    area_to_wkt,
    contains,
    crosses,
    distance_to_edge_m,
)
from trilha.domain.kernel import GeoPoint
from trilha.testing.strategies import areas, geo_points

ROUNDING_M = 1e-5


def landmarks(area: Area) -> list[GeoPoint]:
    """The places an area is made of, and those half way between, where edges and seams are."""
    match area:
        case Polygon():
            return [corner for ring in area.rings for corner in ring]
        case Corridor():
            return list(area.line)
        case _:
            return [area.center]


@st.composite
def areas_and_places(draw: st.DrawFn) -> tuple[list[Area], list[GeoPoint]]:
    """Some areas, and places in and near them and anywhere."""
    some = draw(st.lists(areas(), min_size=1, max_size=8))
    known = [place for area in some for place in landmarks(area)]
    near = st.builds(
        lambda place, north, east: GeoPoint(
            max(-90.0, min(90.0, place.latitude_deg + north)), (place.longitude_deg + east + 180) % 360 - 180
        ),
        st.sampled_from(known),
        *[st.sampled_from([0.0, 1e-4, -1e-4, 0.01, 0.3, -0.5, 5.0])] * 2,
    )
    corners = st.builds(GeoPoint, st.sampled_from([-90.0, 0.0, 90.0]), st.sampled_from([-180.0, 0.0, 180.0]))
    return some, draw(st.lists(st.sampled_from(known) | near | geo_points() | corners, min_size=1, max_size=20))


@given(areas_and_places())
@example(([Circle(GeoPoint(3.6, -179.9995), 500_000.0)], [GeoPoint(0.0, 179.99999999999997)]))
def test_the_index_says_what_each_area_says(case: tuple[list[Area], list[GeoPoint]]) -> None:
    some, places = case
    index = AreaIndex(dict(enumerate(some)))
    for place in places:
        expected = tuple(number for number, area in enumerate(some) if contains(area, place))
        assert index.containing(place.latitude_deg, place.longitude_deg) == expected


@given(areas())
def test_areas_come_back(area: Area) -> None:
    assert area_from_geojson(json.loads(json.dumps(area_to_geojson(area)))) == area
    half_width_m = area.half_width_m if isinstance(area, Corridor) else None
    assert area_from_wkt(area_to_wkt(area), half_width_m) == area
    assert msgspec.json.decode(msgspec.json.encode(area), type=Area) == area


@given(areas())
def test_an_area_holds_what_it_is_drawn_through(area: Area) -> None:
    assert all(contains(area, place) for place in landmarks(area))


@given(areas_and_places())
def test_ways_and_edges_agree_with_places(case: tuple[list[Area], list[GeoPoint]]) -> None:
    (area, *_), (start, *others) = case
    end = others[0] if others else start
    assert crosses(area, start, start) or not contains(area, start) or distance_to_edge_m(area, start) < ROUNDING_M
    if contains(area, start) != contains(area, end):
        assert crosses(area, start, end)
        assert crosses(area, end, start)
