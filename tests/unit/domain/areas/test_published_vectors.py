"""What Traccar's own tests say of its areas. They write latitude first: swapped here, at the border."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from trilha.domain.areas import Area, AreaIndex, area_from_wkt, contains, crosses
from trilha.domain.areas.coordinates import place_of
from trilha.domain.kernel import GeoPoint

CASES = json.loads((Path(__file__).parent / "geofences.json").read_text())
PAIR = re.compile(r"(-?[\d.]+) (-?[\d.]+)")
DEFAULT_WIDTH_M = 25.0


def area_of(case: dict[str, Any]) -> Area:
    width_m = case.get("width_m", DEFAULT_WIDTH_M) if case["area"].startswith("LINESTRING") else None
    return area_from_wkt(PAIR.sub(r"\2 \1", case["area"]), width_m)


def place(latitude_deg: float, longitude_deg: float) -> GeoPoint:
    return place_of(longitude_deg, latitude_deg, "point")


@pytest.mark.parametrize("case", [case for case in CASES if "point" in case], ids=str)
def test_points_lie_where_traccar_finds_them(case: dict[str, Any]) -> None:
    area, point = area_of(case), place(*case["point"])
    assert contains(area, point) is case["inside"]
    assert AreaIndex({"it": area}).containing(point.latitude_deg, point.longitude_deg) == ("it",) * case["inside"]


@pytest.mark.parametrize("case", [case for case in CASES if "segment" in case], ids=str)
def test_ways_cross_where_traccar_has_them_cross(case: dict[str, Any]) -> None:
    way = case["segment"]
    assert crosses(area_of(case), place(*way[:2]), place(*way[2:])) is case["crosses"]
