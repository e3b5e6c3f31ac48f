"""Which of a thousand geofences hold a place: the index alone, on one core, beside brute force and shapely's STRtree.

Fences lie as a bus company's do, most of them in and around one city: depots and stops as circles of 50 m to 2 km,
districts as polygons of 4 to 60 corners, lines as corridors. Places are those of vehicles on its roads: half of them
within a fence's reach, half anywhere in the region. Shapely knows neither circles nor corridors on a sphere, so it is
given polygons alone, and so is the index when they are compared; both must find the same. Times are the processor's.
"""

import json
import random
import shutil
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from math import cos, sin, tau
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.figures import Report, progress
from benchmarks.node import PEERS
from benchmarks.scratch import folder
from trilha.domain.areas import Area, AreaIndex, Circle, Corridor, Polygon, contains
from trilha.domain.kernel import GeoPoint

Found = TypeVar("Found")
Place = tuple[float, float]
"""Latitude, longitude."""
CITY: Place = (-19.92, -43.94)
REGION_DEG = 1.5
BRUTE_PLACES = 100


def add_options(parser: ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--fences", type=int, default=1_000, help="how many geofences (default 1,000)")
    parser.add_argument("--lookups", type=int, default=200_000, help="how many places (default 200,000)")
    parser.add_argument("--no-peer", action="store_true", help="leave shapely out, which is installed from PyPI")


def run(report: Report, options: Namespace) -> None:
    """Measure once."""
    chance = random.Random(4)
    mixed = {number: a_fence(number, chance) for number in range(options.fences)}
    polygons = {number: _a_district(_somewhere(chance), chance) for number in range(options.fences)}
    places = [_a_place(chance, mixed) for _ in range(options.lookups)]
    index = _measured(report, "mixed", mixed, places)
    _brute_force(report, mixed, places[:BRUTE_PLACES], index)
    index = _measured(report, "polygons", polygons, places)
    if not options.no_peer:
        _beside_shapely(report, polygons, places, sum(len(index.containing(*place)) for place in places))


def _measured(report: Report, name: str, areas: Mapping[int, Area], places: Sequence[Place]) -> AreaIndex[int]:
    index, built_s = _timed(lambda: AreaIndex(areas))
    hits, asked_s = _timed(lambda: sum(len(index.containing(*place)) for place in places))
    report.add(f"{name}_build", built_s * 1000, "ms", fences=len(areas))
    report.add(f"{name}_lookups", len(places) / asked_s, "a second", hits_a_place=round(hits / len(places), 2),
               microseconds=round(asked_s / len(places) * 1e6, 2))  # fmt: skip
    return index


def _brute_force(report: Report, areas: Mapping[int, Area], places: Sequence[Place], index: AreaIndex[int]) -> None:
    points = [GeoPoint(*place) for place in places]
    found, asked_s = _timed(
        lambda: [tuple(key for key, area in areas.items() if contains(area, point)) for point in points]
    )
    if found != [index.containing(*place) for place in places]:
        raise SystemExit("the index and brute force disagree: the figures mean nothing")
    report.add("mixed_brute_force", len(places) / asked_s, "a second")


def _beside_shapely(report: Report, areas: Mapping[int, Polygon], places: Sequence[Place], hits: int) -> None:
    rings = [[(corner.longitude_deg, corner.latitude_deg) for corner in area.rings[0]] for area in areas.values()]
    asked = {"rings": rings, "places": [(east, north) for north, east in places]}
    done = subprocess.run(
        [sys.executable, str(PEERS / "shapely" / "lookups.py")],
        input=json.dumps(asked).encode(), stdout=subprocess.PIPE, check=True, env={"PYTHONPATH": str(_shapely())},
    )  # fmt: skip
    theirs: dict[str, Any] = json.loads(done.stdout)
    if {theirs["hits"], theirs["bulk_hits"]} != {hits}:
        raise SystemExit(f"shapely finds {theirs['hits']}, the index {hits}: the figures mean nothing")
    version = {"shapely": str(theirs["version"])}
    report.add("shapely_build", theirs["built_s"] * 1000, "ms", **version)
    report.add("shapely_lookups", len(places) / theirs["single_s"], "a second", one_by_one="yes", **version)
    report.add("shapely_lookups_at_once", len(places) / theirs["bulk_s"], "a second", one_by_one="no", **version)


def _shapely() -> Path:
    """A folder with the peer's packages, as its requirements pin them."""
    requirements, target = PEERS / "shapely" / "requirements.txt", folder("shapely")
    if not (target / "shapely").exists():
        progress("installing shapely")
        uv = shutil.which("uv") or ".uv/bin/uv"
        subprocess.run(
            [uv, "pip", "install", "--quiet", "--python", sys.executable, "--target", str(target), "--require-hashes",
             "-r", str(requirements)],
            check=True,
        )  # fmt: skip
    return target


def _timed(work: Callable[[], Found]) -> tuple[Found, float]:
    began = time.process_time()
    found = work()
    return found, time.process_time() - began


def a_fence(number: int, chance: random.Random) -> Area:
    """One of a bus company's: a stop or a depot, a district, a line."""
    place = _somewhere(chance)
    match number % 10:
        case 0:
            return _a_line(place, chance)
        case 1 | 2 | 3:
            return _a_district(place, chance)
        case _:
            return Circle(GeoPoint(*place), chance.choice([50.0, 100.0, 300.0, 2_000.0]))


def _a_district(place: Place, chance: random.Random) -> Polygon:
    corners, size_deg = chance.randint(4, 60), chance.choice([0.002, 0.01, 0.05])
    reaches = [size_deg * chance.uniform(0.5, 1.0) for _ in range(corners)]
    angles = [tau * number / corners for number in range(corners)]
    ring = [_beside(place, reach * sin(at), reach * cos(at)) for reach, at in zip(reaches, angles, strict=True)]
    return Polygon((tuple(ring),))


def _a_line(place: Place, chance: random.Random) -> Corridor:
    line = [GeoPoint(*place)]
    for _ in range(chance.randint(5, 40)):
        last = line[-1].latitude_deg, line[-1].longitude_deg
        line.append(_beside(last, chance.uniform(0.001, 0.01), chance.uniform(-0.01, 0.01)))
    return Corridor(tuple(line), 30.0)


def _somewhere(chance: random.Random) -> Place:
    spread = chance.choice([0.1, 0.1, REGION_DEG])
    return CITY[0] + chance.uniform(-spread, spread), CITY[1] + chance.uniform(-spread, spread)


def _a_place(chance: random.Random, areas: Mapping[int, Area]) -> Place:
    if chance.random() < 0.5:
        return CITY[0] + chance.uniform(-REGION_DEG, REGION_DEG), CITY[1] + chance.uniform(-REGION_DEG, REGION_DEG)
    near = _middle(areas[chance.randrange(len(areas))], chance)
    return near.latitude_deg + chance.uniform(-0.003, 0.003), near.longitude_deg + chance.uniform(-0.003, 0.003)


def _middle(area: Area, chance: random.Random) -> GeoPoint:
    match area:
        case Circle():
            return area.center
        case Polygon():
            return area.rings[0][0]
        case Corridor():
            return chance.choice(area.line)


def _beside(place: Place, north_deg: float, east_deg: float) -> GeoPoint:
    return GeoPoint(place[0] + north_deg, place[1] + east_deg)
