"""What is known of a vehicle between two looks at it, and what came of a look."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from trilha.domain.kernel import VehicleId
from trilha.domain.monitoring.motion import Motion
from trilha.domain.monitoring.observations import Fix
from trilha.domain.monitoring.rules import AlertRule
from trilha.domain.monitoring.signals import Crossing, Signal
from trilha.domain.tracks import TrackPoint
from trilha.domain.tracks.cleaning import BELIEVING

HISTORIC = timedelta(hours=24)


class Hold(msgspec.Struct, frozen=True):
    """A condition that lasts since `since`; `fired` once it was told.

    `confirmed_at` is kept of speeding: when it was seen last, for not every position has a speed and a limit.
    """

    since: datetime
    fired: bool = False
    confirmed_at: datetime | None = None


class VehicleWatch(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a vehicle between two pages. Kept as JSON, one row a vehicle.

    `seen_at` is the newest time of any record; `heard` time and id of the last position taken; `last` the last place
    believed and `doubted` the far ones after it that wait for others to agree. `inside` says since when it has been
    in which geofence, `holds` which rules' conditions last, `quiet` until when a rule tells nothing.
    """

    vehicle_id: VehicleId
    seen_at: datetime | None = None
    heard: tuple[datetime, int] | None = None
    last: TrackPoint | None = None
    doubted: tuple[Fix, ...] = ()
    motion: Motion | None = None
    still_since: datetime | None = None
    inside: dict[UUID, datetime] = msgspec.field(default_factory=dict)
    holds: dict[UUID, Hold] = msgspec.field(default_factory=dict)
    quiet: dict[UUID, datetime] = msgspec.field(default_factory=dict)


class Moment(msgspec.Struct, frozen=True):
    """When records came: nothing after `latest` is believed, and what is before `told_from` raises no alert."""

    latest: datetime
    told_from: datetime

    @classmethod
    def of(cls, received_at: datetime, now: datetime, historic: timedelta = HISTORIC) -> "Moment":
        """Records received at one time and looked at now, perhaps for the second time."""
        return cls(received_at + timedelta(seconds=BELIEVING.max_future_s), now - historic)


class Watched(msgspec.Struct, frozen=True):
    """What is known now, what to tell, and which fences were crossed, in order."""

    state: VehicleWatch
    signals: tuple[Signal, ...] = ()
    crossings: tuple[Crossing, ...] = ()


def hush(state: VehicleWatch, rule: AlertRule, since: datetime) -> VehicleWatch:
    """Let a rule tell nothing of this vehicle for its cooldown; an earlier, longer quiet stays."""
    until = since + timedelta(seconds=rule.content.cooldown_s)
    if rule.content.cooldown_s == 0 or state.quiet.get(rule.id, until) > until:
        return state
    return msgspec.structs.replace(state, quiet={**state.quiet, rule.id: until})
