"""What cannot have been: fixes that no vehicle and no walker made. Each is named with its reason, none vanishes."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

import msgspec

from trilha.domain.kernel import InvalidValue, utc
from trilha.domain.tracks.distance import distance_m
from trilha.domain.tracks.limits import check_not_negative
from trilha.domain.tracks.points import KMH_PER_MPS, TrackPoint, seconds_between


class DropReason(StrEnum):
    """Why a point was left out. The codes are stable."""

    IMPOSSIBLE_COORDINATE = "impossible_coordinate"
    """Not a number, or outside 90 degrees of latitude and 180 of longitude."""
    ZERO_COORDINATE = "zero_coordinate"
    """Exactly 0, 0: what receivers send that do not know."""
    FUTURE = "future"
    LOW_ACCURACY = "low_accuracy"
    OUT_OF_ORDER = "out_of_order"
    DUPLICATE_TIME = "duplicate_time"
    """Another point of the same time was kept."""
    IMPOSSIBLE_JUMP = "impossible_jump"
    """There and back, or there and nothing more, faster than anything moves."""


class CleaningPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What is believed.

    A point farther than `min_jump_m` (100 m: below that it is noise) from the last one, and faster than `max_speed_kmh`
    (250), is a spike, unless `relocation_points` (3) of them agree on the new place: then the trail did move there, as
    on a ferry with the receiver off. `max_future_s` (300) is how far a clock may be ahead. `max_accuracy_m` (100) and
    `max_hdop` (20, where tables of dilution begin to say poor) judge the receiver's own doubt. `sort_by_time` puts the
    points in order first: for batches that are known to come mixed.
    """

    max_speed_kmh: float = 250.0
    min_jump_m: float = 100.0
    relocation_points: int = 3
    max_future_s: float = 300.0
    max_accuracy_m: float | None = 100.0
    max_hdop: float | None = 20.0
    sort_by_time: bool = False

    def __post_init__(self) -> None:
        for field in ("max_speed_kmh", "min_jump_m", "max_future_s", "max_accuracy_m", "max_hdop"):
            check_not_negative(field, getattr(self, field))
        if self.relocation_points < 2:  # noqa: PLR2004 - one point alone agrees with nobody
            raise InvalidValue("relocation_points", self.relocation_points, "2 or more")


class DroppedPoint(msgspec.Struct, frozen=True):
    """A point left out: `position` is its place in what was given, from 0."""

    position: int
    point: TrackPoint
    reason: DropReason


class Cleaned(msgspec.Struct, frozen=True):
    """The points believed, in strict order of time, and all others with their reasons, in the order given."""

    points: tuple[TrackPoint, ...]
    dropped: tuple[DroppedPoint, ...] = ()


Numbered: TypeAlias = tuple[int, TrackPoint]
Drops: TypeAlias = dict[int, DropReason]

BELIEVING = CleaningPolicy()
END_OF_TIME = datetime.max.replace(tzinfo=UTC)


def clean(points: Sequence[TrackPoint], policy: CleaningPolicy = BELIEVING, *, now: datetime | None = None) -> Cleaned:
    """Sort out what cannot have been; kept and dropped together are what was given, and cleaning twice changes nothing.

    Of points out of order the fewest possible are dropped, so that one false clock does not condemn what follows it.
    Without `now` no point counts as future. Raises InvalidValue for a time without a zone, which cannot be compared.
    """
    numbered = list(enumerate(points))
    for position, point in numbered:
        if point.at.tzinfo is None:
            utc(point.at, f"points[{position}].at")
    if policy.sort_by_time:
        numbered.sort(key=lambda item: item[1].at)
    drops = dict(_unbelievable(numbered, policy, now and utc(now, "now") + timedelta(seconds=policy.max_future_s)))
    remaining = [item for item in numbered if item[0] not in drops]
    drops |= _not_in_order(remaining)
    remaining = [item for item in remaining if item[0] not in drops]
    drops |= dict.fromkeys(_spikes(remaining, policy), DropReason.IMPOSSIBLE_JUMP)
    kept = tuple(point for position, point in remaining if position not in drops)
    return Cleaned(kept, tuple(DroppedPoint(position, points[position], drops[position]) for position in sorted(drops)))


def _unbelievable(
    numbered: Sequence[Numbered], policy: CleaningPolicy, latest: datetime | None
) -> Iterator[tuple[int, DropReason]]:
    for position, point in numbered:
        reason = doubt(point, policy, latest)
        if reason is not None:
            yield position, reason


def doubt(point: TrackPoint, policy: CleaningPolicy, latest: datetime | None) -> DropReason | None:
    """Why a point is not believed whatever the others say; `latest` is the first moment that counts as future."""
    if not (-90.0 <= point.latitude_deg <= 90.0 and -180.0 <= point.longitude_deg <= 180.0):  # noqa: PLR2004 - NaN fails too
        return DropReason.IMPOSSIBLE_COORDINATE
    if point.latitude_deg == 0.0 and point.longitude_deg == 0.0:
        return DropReason.ZERO_COORDINATE
    if latest is not None and point.at > latest:
        return DropReason.FUTURE
    if _exceeds(point.accuracy_m, policy.max_accuracy_m) or _exceeds(point.hdop, policy.max_hdop):
        return DropReason.LOW_ACCURACY
    return None


def _exceeds(value: float | None, limit: float | None) -> bool:
    return value is not None and limit is not None and value > limit


def _not_in_order(numbered: Sequence[Numbered]) -> Drops:
    """All but the longest run of strictly rising times; of equal times the first given stays."""
    kept = _longest_rising([point.at for _, point in numbered])
    if len(kept) == len(numbered):
        return {}
    kept_times = {numbered[i][1].at for i in kept}
    return {
        position: DropReason.DUPLICATE_TIME if point.at in kept_times else DropReason.OUT_OF_ORDER
        for i, (position, point) in enumerate(numbered)
        if i not in kept
    }


def _longest_rising(times: Sequence[datetime]) -> set[int]:
    """Places of the longest strictly rising subsequence (patience sorting: n log n).

    Read backwards, so that of equally long ones the points given first win: what came late is what is doubted.
    """
    ends: list[int] = []
    ages: list[timedelta] = []
    after = [-1] * len(times)
    for i in range(len(times) - 1, -1, -1):
        age = END_OF_TIME - times[i]
        length = bisect_left(ages, age)
        if length:
            after[i] = ends[length - 1]
        ends[length : length + 1] = [i]
        ages[length : length + 1] = [age]
    chain: set[int] = set()
    i = ends[-1] if ends else -1
    while i >= 0:
        chain.add(i)
        i = after[i]
    return chain


def _spikes(numbered: Sequence[Numbered], policy: CleaningPolicy) -> Iterator[int]:
    """Positions off the trail. A detour is held until it either ends or has enough points to be the trail itself."""
    trail: list[Numbered] = []
    detour: list[Numbered] = []
    for item in numbered:
        if not trail or is_reachable(trail[-1][1], item[1], policy):
            yield from (position for position, _ in detour)
            detour = []
            trail.append(item)
        elif detour and is_reachable(detour[-1][1], item[1], policy):
            detour.append(item)
        else:
            yield from (position for position, _ in detour)
            detour = [item]
        if len(detour) >= policy.relocation_points:
            if len(trail) < policy.relocation_points:
                yield from (position for position, _ in trail)
            trail, detour = detour, []
    yield from (position for position, _ in detour)


def is_reachable(last: TrackPoint, point: TrackPoint, policy: CleaningPolicy) -> bool:
    """Whether something that moves can have come from `last` to `point` in the time between them."""
    step_m = distance_m(last, point)
    return step_m <= policy.min_jump_m or step_m <= policy.max_speed_kmh / KMH_PER_MPS * seconds_between(last, point)
