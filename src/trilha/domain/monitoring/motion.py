"""Whether a vehicle is on the move, told from places alone, with the delay that keeps a jitter from being a journey.

The rule of Traccar's motion by distance and time: who is farther than so many metres from where he stood moves; who has
kept within so many metres for so many seconds stands.
"""

from datetime import datetime

import msgspec

from trilha.domain.tracks import TrackPoint, distance_m


class MotionPolicy(msgspec.Struct, frozen=True):
    """Traccar's defaults."""

    min_distance_m: float = 500.0
    min_duration_s: float = 300.0


ORDINARY = MotionPolicy()


class Motion(msgspec.Struct, frozen=True):
    """How a vehicle is, and the place and time from which distance and duration are counted."""

    is_moving: bool
    anchor: TrackPoint

    @property
    def since(self) -> datetime:
        """When it came to the place that is counted from."""
        return self.anchor.at


def follow(motion: Motion | None, point: TrackPoint, policy: MotionPolicy = ORDINARY) -> Motion:
    """How the vehicle is after one more point, later than those before; the first one finds it standing."""
    if motion is None:
        return Motion(is_moving=False, anchor=point)
    if distance_m(motion.anchor, point) >= policy.min_distance_m:
        return Motion(is_moving=True, anchor=point)
    if motion.is_moving and (point.at - motion.since).total_seconds() >= policy.min_duration_s:
        return Motion(is_moving=False, anchor=motion.anchor)
    return motion
