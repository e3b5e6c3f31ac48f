"""A trail in a few figures."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from statistics import median

import msgspec

from trilha.domain.tracks.distance import steps_m
from trilha.domain.tracks.points import KMH_PER_MPS, TrackPoint, seconds_between

STANDING_KMH = 1.0
"""Up to this speed a step counts as standing: the threshold of gpxpy, so that moving times agree."""


class TrackSummary(msgspec.Struct, frozen=True):
    """What a trail comes to.

    `distance_m` is within the segments, in two dimensions. `duration_s` runs from the first point to the last and is
    `moving_s`, `stopped_s` and the silence between segments, `gap_s`. Without points there is no start and no end.
    """

    points: int
    segments: int
    start: datetime | None
    end: datetime | None
    distance_m: float
    duration_s: float
    moving_s: float
    stopped_s: float
    gap_s: float
    max_speed_kmh: float


def measure(segments: Iterable[Sequence[TrackPoint]]) -> TrackSummary:
    """Measure a track: segments in order of time, as `segment` cuts them.

    The top speed is the highest that the receiver reported. Where it reported none it is computed from the steps, and
    each step counts with the median of itself and its neighbours, so a single wandering fix makes no record.
    """
    track = [list(part) for part in segments if part]
    everything = [point for part in track for point in part]
    if not everything:
        return TrackSummary(0, 0, None, None, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    parts = [_steps(part) for part in track]
    moving_s = sum(elapsed_s for part in parts for elapsed_s, step_m in part if _moves(elapsed_s, step_m))
    within_s = sum(seconds_between(part[0], part[-1]) for part in track)
    duration_s = seconds_between(everything[0], everything[-1])
    return TrackSummary(
        points=len(everything),
        segments=len(track),
        start=everything[0].at,
        end=everything[-1].at,
        distance_m=sum(step_m for part in parts for _, step_m in part),
        duration_s=duration_s,
        moving_s=moving_s,
        stopped_s=within_s - moving_s,
        gap_s=duration_s - within_s,
        max_speed_kmh=_top_speed_kmh(everything, parts),
    )


def _steps(part: Sequence[TrackPoint]) -> list[tuple[float, float]]:
    """Seconds and metres of each step."""
    elapsed_s = (seconds_between(last, point) for last, point in pairwise(part))
    return list(zip(elapsed_s, steps_m(part), strict=True))


def _moves(elapsed_s: float, step_m: float) -> bool:
    return elapsed_s > 0 and step_m / elapsed_s * KMH_PER_MPS > STANDING_KMH


def _top_speed_kmh(points: Sequence[TrackPoint], parts: Sequence[Sequence[tuple[float, float]]]) -> float:
    reported = [point.speed_kmh for point in points if point.speed_kmh is not None]
    if reported:
        return max(reported)
    return max((_top_of_steps_kmh(part) for part in parts), default=0.0)


def _top_of_steps_kmh(part: Sequence[tuple[float, float]]) -> float:
    speeds_mps = [step_m / elapsed_s for elapsed_s, step_m in part if elapsed_s > 0]
    if len(speeds_mps) < 3:  # noqa: PLR2004 - no neighbours on both sides: the slower is the safer
        return min(speeds_mps, default=0.0) * KMH_PER_MPS
    triples = zip(speeds_mps, speeds_mps[1:], speeds_mps[2:], strict=False)
    return max(median(triple) for triple in triples) * KMH_PER_MPS
