"""A vehicle's trail over a time: cleaned, cut at silences, measured, as thin as the asker wants it."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import msgspec

from trilha.domain.kernel import InvalidValue, TimeRange
from trilha.domain.telemetry import Position
from trilha.domain.tracks import (
    Stop,
    TrackPoint,
    TrackSummary,
    clean,
    encode_polyline,
    find_stops,
    measure,
    segment,
    simplify,
)

MAX_POSITIONS = 20_000
"""A week of one every thirty seconds; a map shows no more, and it takes about a second to work out."""


class Trail(msgspec.Struct, frozen=True):
    """A trail of `positions` positions. Summary and stops are those of the whole, `segments` are thinned out."""

    positions: int
    dropped: dict[str, int]
    summary: TrackSummary
    stops: tuple[Stop, ...]
    segments: tuple[tuple[TrackPoint, ...], ...]


class StopView(msgspec.Struct, frozen=True):
    """A stay at one place."""

    start: datetime
    end: datetime
    duration_s: float
    latitude_deg: float
    longitude_deg: float


class SegmentView(msgspec.Struct, frozen=True):
    """A piece without silence. `polyline` is Google's encoded polyline of precision 5; `points` counts those in it."""

    start: datetime
    end: datetime
    points: int
    polyline: str


class TrackView(msgspec.Struct, frozen=True):
    """A trail for screens.

    `positions` were found, of which `dropped` cannot have been, by reason. The figures are those of what remains,
    before it is simplified. Distance is within the segments; `gap_s` is the silence between them.
    """

    vehicle_id: str
    start: datetime
    end: datetime
    positions: int
    dropped: dict[str, int]
    distance_m: float
    duration_s: float
    moving_s: float
    stopped_s: float
    gap_s: float
    max_speed_kmh: float
    stops: tuple[StopView, ...]
    segments: tuple[SegmentView, ...]


def draw_trail(positions: Sequence[Position], tolerance_m: float, now: datetime) -> Trail:
    """The trail of positions in order of time. Takes seconds for ten thousands of them: not for an event loop."""
    cleaned = clean([_point(one) for one in positions], now=now)
    segments = segment(cleaned.points)
    return Trail(
        positions=len(positions),
        dropped=dict(sorted(Counter(one.reason.value for one in cleaned.dropped).items())),
        summary=measure(segments),
        stops=find_stops(cleaned.points),
        segments=tuple(simplify(one, tolerance_m) for one in segments) if tolerance_m else segments,
    )


def require_few(positions: Sequence[Position], asked: TimeRange) -> None:
    """Raises InvalidValue, naming a time that will do, where there are more than MAX_POSITIONS."""
    if len(positions) > MAX_POSITIONS:
        last = positions[MAX_POSITIONS - 1].occurred_at
        until = "now" if asked.end is None else asked.end.isoformat()
        raise InvalidValue(
            "to", until, f"a shorter time: at most {MAX_POSITIONS} positions at once, which end at {last.isoformat()}"
        )


def track_view(vehicle_id: int, start: datetime, end: datetime, trail: Trail) -> TrackView:
    """A trail as screens show it."""
    summary = trail.summary
    return TrackView(
        vehicle_id=str(vehicle_id),
        start=start,
        end=end,
        positions=trail.positions,
        dropped=trail.dropped,
        distance_m=summary.distance_m,
        duration_s=summary.duration_s,
        moving_s=summary.moving_s,
        stopped_s=summary.stopped_s,
        gap_s=summary.gap_s,
        max_speed_kmh=summary.max_speed_kmh,
        stops=tuple(
            StopView(one.start, one.end, one.duration_s, one.latitude_deg, one.longitude_deg) for one in trail.stops
        ),
        segments=tuple(SegmentView(one[0].at, one[-1].at, len(one), encode_polyline(one)) for one in trail.segments),
    )


def _point(position: Position) -> TrackPoint:
    return TrackPoint(
        at=position.occurred_at,
        latitude_deg=position.latitude_deg,
        longitude_deg=position.longitude_deg,
        altitude_m=position.altitude_m,
        speed_kmh=position.speed_kmh,
        heading_deg=position.heading_deg,
        hdop=position.hdop,
    )
