"""What trails are made of."""

from hypothesis import strategies as st

from trilha.domain.tracks import TrackPoint
from trilha.testing.strategies.values import Strategy, degrees, instants


def track_points() -> Strategy[TrackPoint]:
    """Fixes anywhere on the earth, at any time, with or without what a receiver may leave out."""
    return st.builds(
        TrackPoint,
        at=instants(),
        latitude_deg=degrees(90),
        longitude_deg=degrees(180),
        altitude_m=st.none() | st.floats(-500, 9_000),
        speed_kmh=st.none() | st.floats(0, 1_000),
        heading_deg=st.none() | st.floats(0, 360, exclude_max=True),
        accuracy_m=st.none() | st.floats(0, 10_000),
        hdop=st.none() | st.floats(0, 50),
        ignition=st.none() | st.booleans(),
    )
