"""What fences and regions are made of."""

from math import cos, sin, tau

from hypothesis import strategies as st

from trilha.domain.areas import Area, Circle, Corridor, Polygon
from trilha.domain.kernel import GeoPoint
from trilha.testing.strategies.values import Strategy, geo_points

STEEPEST_DEG = 89.0
SIZES_DEG = (0.001, 0.1, 10.0)


def areas() -> Strategy[Area]:
    """Circles, polygons with and without holes, and corridors, across the antimeridian and at the poles too."""
    return circles() | polygons() | corridors()


def circles() -> Strategy[Circle]:
    """Circles of a metre to a thousand kilometres."""
    return st.builds(Circle, center=_centers(), radius_m=st.floats(1.0, 1_000_000.0))


@st.composite
def polygons(draw: st.DrawFn) -> Polygon:
    """Stars around a place, sometimes with a smaller star cut out of the middle."""
    place, size = draw(_centers()), draw(st.sampled_from(SIZES_DEG))
    steepest = STEEPEST_DEG - size
    center = GeoPoint(max(-steepest, min(steepest, place.latitude_deg)), place.longitude_deg)
    rings = [_star(center, size, draw(st.lists(st.floats(0.5, 1.0), min_size=3, max_size=12)))]
    if draw(st.booleans()):
        rings.append(_star(center, size / 5, draw(st.lists(st.floats(0.5, 1.0), min_size=3, max_size=6))))
    return Polygon(tuple(rings))


@st.composite
def corridors(draw: st.DrawFn) -> Corridor:
    """Lines that wander off from a place, at times over a pole."""
    place, size = draw(_centers()), draw(st.sampled_from((0.001, 0.1, 3.0)))
    line = [place]
    for north, east in draw(st.lists(st.tuples(st.floats(0.1, 1.0), st.floats(-1.0, 1.0)), min_size=1, max_size=6)):
        line.append(_moved(line[-1], north * size, east * size))
    return Corridor(tuple(line), draw(st.floats(1.0, 100_000.0)))


def _centers() -> Strategy[GeoPoint]:
    seams = st.builds(GeoPoint, st.floats(-89.0, 89.0), st.sampled_from([-180.0, -179.9995, 179.9995, 180.0]))
    return geo_points() | seams


def _star(center: GeoPoint, size_deg: float, reaches: list[float]) -> tuple[GeoPoint, ...]:
    angles = [tau * number / len(reaches) for number in range(len(reaches))]
    return tuple(
        _moved(center, size_deg * reach * sin(angle), size_deg * reach * cos(angle))
        for angle, reach in zip(angles, reaches, strict=True)
    )


def _moved(place: GeoPoint, north_deg: float, east_deg: float) -> GeoPoint:
    """A place so much farther; beyond the pole it comes down on the other side."""
    latitude, longitude = place.latitude_deg + north_deg, place.longitude_deg + east_deg
    if latitude > 90.0:
        latitude, longitude = 180.0 - latitude, longitude + 180.0
    return GeoPoint(latitude, (longitude + 180.0) % 360.0 - 180.0)
