"""Where a trail falls apart: a silence, or a leap, is no line that anybody travelled."""

from collections.abc import Sequence

import msgspec

from trilha.domain.tracks.distance import steps_m
from trilha.domain.tracks.limits import check_not_negative
from trilha.domain.tracks.points import TrackPoint, seconds_between


class GapPolicy(msgspec.Struct, frozen=True):
    """What counts as a gap: more than `max_gap_s` seconds (an hour, as Traccar's no-data) or `max_gap_m` metres."""

    max_gap_s: float | None = 3_600.0
    max_gap_m: float | None = None

    def __post_init__(self) -> None:
        check_not_negative("max_gap_s", self.max_gap_s)
        check_not_negative("max_gap_m", self.max_gap_m)


HOURLY = GapPolicy()


def segment(points: Sequence[TrackPoint], policy: GapPolicy = HOURLY) -> tuple[tuple[TrackPoint, ...], ...]:
    """Cut points, in order of time, at each gap. Every point stays, in order; no segment is empty."""
    if not points:
        return ()
    cuts = [i for i, step_m in enumerate(steps_m(points), start=1) if _is_gap(points[i - 1], points[i], step_m, policy)]
    ends = [*cuts, len(points)]
    return tuple(tuple(points[start:end]) for start, end in zip([0, *cuts], ends, strict=True))


def _is_gap(last: TrackPoint, point: TrackPoint, step_m: float, policy: GapPolicy) -> bool:
    too_long = policy.max_gap_s is not None and seconds_between(last, point) > policy.max_gap_s
    return too_long or (policy.max_gap_m is not None and step_m > policy.max_gap_m)
