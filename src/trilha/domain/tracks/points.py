"""What a trail is made of."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeAlias

import msgspec

KMH_PER_MPS = 3.6


class Located(Protocol):
    """Anything with a place in WGS 84 degrees: a TrackPoint, the kernel's GeoPoint, a row of your own."""

    @property
    def latitude_deg(self) -> float:
        """Degrees, north positive."""

    @property
    def longitude_deg(self) -> float:
        """Degrees, east positive."""


class TrackPoint(msgspec.Struct, frozen=True, gc=False):
    """One fix of a receiver. Built by the hundred thousand, so it checks nothing: `clean` does, and names its reasons.

    `at` is an aware UTC time. What a receiver did not say is None: `altitude_m` above the sea, `speed_kmh` and
    `heading_deg` (clockwise from north) as measured, `accuracy_m` (one standard deviation) and `hdop` as its own doubt.
    """

    at: datetime
    latitude_deg: float
    longitude_deg: float
    altitude_m: float | None = None
    speed_kmh: float | None = None
    heading_deg: float | None = None
    accuracy_m: float | None = None
    hdop: float | None = None
    ignition: bool | None = None


Segment: TypeAlias = Sequence[TrackPoint]
"""Points in order of time without a gap between them; a track is a sequence of segments."""


def seconds_between(earlier: TrackPoint, later: TrackPoint) -> float:
    """Seconds from one point to the other, negative if they are the wrong way round."""
    return (later.at - earlier.at).total_seconds()
