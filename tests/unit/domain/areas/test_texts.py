"""Areas as strangers write them."""

import re

import pytest

from trilha.domain.areas import (
    Circle,
    Corridor,
    CrossingRings,
    MalformedArea,
    Polygon,
    area_from_geojson,
    area_from_wkt,
    area_to_geojson,
    area_to_wkt,
)
from trilha.domain.kernel import DomainError, GeoPoint, InvalidValue


def test_texts_have_longitude_first() -> None:
    assert area_from_wkt("circle(-43.94 -19.92, 150.5)") == Circle(GeoPoint(-19.92, -43.94), 150.5)
    assert area_from_wkt("LINESTRING (-44 -20, -43.5 -19)", 30) == Corridor(
        (GeoPoint(-20, -44), GeoPoint(-19, -43.5)), 30
    )
    triangle = area_from_wkt("SRID=4326;POLYGON((-44 -20, -43 -20, -43 -19))")
    assert area_to_wkt(triangle) == "POLYGON ((-44 -20, -43 -20, -43 -19, -44 -20))"
    assert area_from_wkt("Polygon Z ((-44 -20 800, -43 -20 801.5, -43 -19 0))") == triangle


def test_altitudes_are_left_out() -> None:
    flat = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    high = {"type": "Polygon", "coordinates": [[[0, 0, 9], [1, 0, 9], [1, 1, 9.5], [0, 0, 9]]]}
    assert area_from_geojson(high) == area_from_geojson(flat)
    assert area_from_geojson({"type": "MultiPolygon", "coordinates": [high["coordinates"]]}) == area_from_geojson(flat)


def test_what_lies_across_the_antimeridian_goes_on_beyond_it() -> None:
    jumping = area_from_wkt("POLYGON ((179 -17, -179 -17, -179 -16, 179 -16))")
    assert area_from_wkt("POLYGON ((179 -17, 181 -17, 181 -16, 179 -16))") == jumping
    assert area_from_wkt("POLYGON ((-181 -17, -179 -17, -179 -16, -181 -16))") == jumping
    drawn = area_to_geojson(jumping, {"name": "Fiji"})
    assert drawn["geometry"]["coordinates"] == [[[179, -17], [181, -17], [181, -16], [179, -16], [179, -17]]]
    assert drawn["properties"] == {"name": "Fiji"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "is no area; expected POLYGON"),
        ("POINT (1 2)", "is no area"),
        ("POLYGON EMPTY", "is no area"),
        ("POLYGON ()", "the rings of a POLYGON"),
        ("POLYGON (1 2, 3 4, 5 6)", "the rings of a POLYGON"),
        ("POLYGON ((0 0, 1 0, 1 1),)", "the rings of a POLYGON"),
        ("POLYGON ((0 0, 1 0, 1 1) (0 0, 1 0, 1 1))", "the rings of a POLYGON"),
        ("POLYGON ((0 0, 1 0, 1 1), (0 0, 1;0, 1 1))", "ring 2, point 2 is '1;0'; expected a longitude"),
        ("POLYGON ((0 0, 1 0, , 1 1))", "ring 1, point 3"),
        ("POLYGON ((0 0, 1 0, 1 1 1 1))", "ring 1, point 3"),
        ("POLYGON ((0 0, nan 0, 1 1))", "is no area"),
        ("LINESTRING (0 0, 1 1)", "half_width_m"),
        ("CIRCLE (1 2)", "expected CIRCLE (lon lat, radius in metres)"),
        ("CIRCLE (1 2, wide)", "is no area"),
        ("CIRCLE (1 2, 3, 4)", "expected CIRCLE"),
    ],
)
def test_other_texts_are_refused(text: str, named: str) -> None:
    with pytest.raises(MalformedArea, match=re.escape(named)):
        area_from_wkt(text)


@pytest.mark.parametrize("text", ["POLYGON ((0 0, 1 0, 1 1))", "CIRCLE (1 2, 3)"])
def test_a_width_is_for_lines(text: str) -> None:
    with pytest.raises(MalformedArea, match="half_width_m is 5; expected none"):
        area_from_wkt(text, 5)


def test_numbers_the_wrong_way_round_are_noticed_where_they_can_be() -> None:
    with pytest.raises(InvalidValue, match=r"ring 1, point 1 is \[37.77, -122.42\]; .* the other way round"):
        area_from_wkt("POLYGON ((37.77 -122.42, 37.78 -122.42, 37.78 -122.41))")
    with pytest.raises(InvalidValue, match=r"center is \[200.0, 91.0\]; expected longitude first, .* to 90$"):
        area_from_wkt("CIRCLE (200 91, 10)")
    with pytest.raises(InvalidValue, match="a longitude from -180 to 180 first"):
        area_from_wkt("CIRCLE (541 9, 10)")
    with pytest.raises(InvalidValue, match=re.escape("geometry.coordinates[0][1] is [10.0, 100.0]")):
        area_from_geojson({"type": "Polygon", "coordinates": [[[0, 0], [10, 100], [1, 1]]]})


@pytest.mark.parametrize(
    ("document", "named"),
    [
        (None, "the document is no JSON object"),
        ([], "the document is no JSON object"),
        ({}, "geometry.type is None; expected Polygon"),
        ({"type": "Feature"}, "geometry is no JSON object"),
        ({"type": "Feature", "geometry": None, "properties": None}, "geometry is no JSON object"),
        ({"type": "Polygon"}, "geometry.coordinates is no list"),
        ({"type": "Polygon", "coordinates": []}, "geometry.coordinates is empty"),
        ({"type": "Polygon", "coordinates": [[1, 2]]}, "geometry.coordinates[0][0] is no position"),
        ({"type": "Polygon", "coordinates": [[[1], [2], [3]]]}, "geometry.coordinates[0][0] is no position"),
        ({"type": "Point", "coordinates": [1, 2]}, "properties.radius_m is None; expected metres"),
        ({"type": "LineString", "coordinates": [[1, 2], [3, 4]]}, "properties.half_width_m is None"),
        (
            {
                "type": "Feature",
                "properties": {"radius_m": 50},
                "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1]]]},
            },
            "properties.radius_m is 50; expected none: it is for a Point",
        ),
        (
            {
                "type": "Feature",
                "properties": {"radius_m": 50, "half_width_m": 5},
                "geometry": {"type": "Point", "coordinates": [1, 2]},
            },
            "properties.half_width_m is 5; expected none: it is for a LineString",
        ),
        ({"type": "MultiPolygon", "coordinates": [1, 2]}, "make an area of each"),
        ({"type": "GeometryCollection"}, "geometry.type is 'GeometryCollection'"),
    ],
)
def test_other_documents_are_refused(document: object, named: str) -> None:
    with pytest.raises(MalformedArea, match=re.escape(named)):
        area_from_geojson(document)


@pytest.mark.parametrize("degrees", [float("nan"), float("inf"), True, "1", None])
def test_coordinates_are_finite_numbers(degrees: object) -> None:
    with pytest.raises(InvalidValue, match="finite numbers of degrees"):
        area_from_geojson({"type": "Polygon", "coordinates": [[[0, 0], [degrees, 0], [1, 1]]]})


def test_what_is_huge_is_refused_before_it_is_read() -> None:
    with pytest.raises(InvalidValue, match="200000 or fewer"):
        area_from_wkt("POLYGON ((" + "0 0," * 100_000 + "1 1))")
    with pytest.raises(InvalidValue, match="1000 or fewer"):
        area_from_geojson({"type": "Polygon", "coordinates": [[[0, 0]] * 100_000]})


def test_a_refusal_is_a_domain_error() -> None:
    with pytest.raises(CrossingRings) as refused:
        area_from_wkt("POLYGON ((0 0, 2 2, 2 0, 0 2))")
    assert isinstance(refused.value, DomainError)
    assert isinstance(area_from_wkt("POLYGON ((0 0, 2 0, 0 2))"), Polygon)
