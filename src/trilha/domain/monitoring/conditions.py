"""What a rule waits for. Each condition says itself what it needs, and refuses what makes no sense.

Those that last (`for_s`) begin, hold and end: their alert resolves itself when they end. Those that happen at a moment
(an event, a fence crossed) have no end: their alert waits for a person.
"""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from trilha.domain.kernel import EventTypeId, InvalidValue, check_source_id

LONGEST_S = 30 * 86_400
"""A month: what lasts longer is nobody's alert."""
FASTEST_KMH = 400.0
SHORTEST_SILENCE_S = 300
"""Feeds are read every minute and vehicles report in bundles: below that every vehicle would be silent."""

MOST_NAMED = 100

_Seconds = Annotated[int, msgspec.Meta(ge=0, le=LONGEST_S)]
_SomeSeconds = Annotated[int, msgspec.Meta(ge=1, le=LONGEST_S)]

HARSH_EVENTS = (
    EventTypeId(4750800303282680186),  # harsh braking
    EventTypeId(6454149451280645233),  # harsh acceleration
    EventTypeId(4291175374538259638),  # harsh cornering
)
"""The preset for harsh driving: MiX stock events, which have the same id in every organisation."""


class Direction(StrEnum):
    """Which way a fence is crossed."""

    ENTER = "enter"
    EXIT = "exit"
    BOTH = "both"


class EventOfType(msgspec.Struct, frozen=True, tag="event_of_type"):
    """An event of one of these types is reported; `HARSH_EVENTS` is the preset for harsh driving."""

    event_type_ids: tuple[EventTypeId, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.event_type_ids) <= MOST_NAMED:
            raise InvalidValue("event_type_ids", len(self.event_type_ids), f"1 to {MOST_NAMED} event types")
        for event_type_id in self.event_type_ids:
            check_source_id(event_type_id, "event_type_ids")


class OverSpeed(msgspec.Struct, frozen=True, tag="over_speed"):
    """Faster than a limit for so long: one of our own, or without one the limit posted where the vehicle is.

    `tolerance_kmh` comes on top of the limit. A position that names no posted limit, or no speed, says nothing.
    """

    limit_kmh: Annotated[float, msgspec.Meta(gt=0, le=FASTEST_KMH)] | None = None
    tolerance_kmh: Annotated[float, msgspec.Meta(ge=0, le=FASTEST_KMH)] = 0.0
    for_s: _Seconds = 0

    def __post_init__(self) -> None:
        if self.limit_kmh is not None and not 0 < self.limit_kmh <= FASTEST_KMH:
            raise InvalidValue(
                "limit_kmh", self.limit_kmh, f"more than 0, at most {FASTEST_KMH:g}, or none: the posted limit"
            )
        if not 0 <= self.tolerance_kmh <= FASTEST_KMH:
            raise InvalidValue("tolerance_kmh", self.tolerance_kmh, f"0 to {FASTEST_KMH:g}")
        _check_duration(self.for_s, 0)


class FenceCrossing(msgspec.Struct, frozen=True, tag="fence_crossing"):
    """A vehicle comes into one of these geofences, or leaves it."""

    geofence_ids: tuple[UUID, ...]
    direction: Direction = Direction.BOTH

    def __post_init__(self) -> None:
        _check_fences(self.geofence_ids)

    def wants(self, direction: Direction) -> bool:
        """Whether crossing that way counts."""
        return self.direction in (Direction.BOTH, direction)


class FenceDwell(msgspec.Struct, frozen=True, tag="fence_dwell"):
    """A vehicle stays in one of these geofences for so long."""

    geofence_ids: tuple[UUID, ...]
    for_s: _SomeSeconds

    def __post_init__(self) -> None:
        _check_fences(self.geofence_ids)
        _check_duration(self.for_s, 1)


class Idling(msgspec.Struct, frozen=True, tag="idling"):
    """A vehicle stands and goes on reporting for so long, as units do while the engine runs."""

    for_s: _SomeSeconds

    def __post_init__(self) -> None:
        _check_duration(self.for_s, 1)


class Silence(msgspec.Struct, frozen=True, tag="silence"):
    """Nothing was heard of a vehicle for so long, though the feed is read."""

    for_s: Annotated[int, msgspec.Meta(ge=SHORTEST_SILENCE_S, le=LONGEST_S)]

    def __post_init__(self) -> None:
        _check_duration(self.for_s, SHORTEST_SILENCE_S)


class MovingWithoutDriver(msgspec.Struct, frozen=True, tag="moving_without_driver"):
    """A vehicle is on the move for so long and nobody has identified himself as its driver."""

    for_s: _Seconds = 0

    def __post_init__(self) -> None:
        _check_duration(self.for_s, 0)


Condition = EventOfType | OverSpeed | FenceCrossing | FenceDwell | Idling | Silence | MovingWithoutDriver


def type_of(condition: Condition) -> str:
    """The name of its kind, as in JSON."""
    return str(condition.__struct_config__.tag)


def _check_duration(for_s: int, least: int) -> None:
    if not least <= for_s <= LONGEST_S:
        raise InvalidValue("for_s", for_s, f"{least} to {LONGEST_S} seconds")


def _check_fences(geofence_ids: tuple[UUID, ...]) -> None:
    if not 1 <= len(geofence_ids) <= MOST_NAMED:
        raise InvalidValue("geofence_ids", len(geofence_ids), f"1 to {MOST_NAMED} geofences")
