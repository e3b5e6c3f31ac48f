"""What vehicles report."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from trilha.domain.kernel import DriverId, EventId, EventTypeId, RejectedRecord, VehicleId


class Stream(StrEnum):
    """A feed of the source with a since-token of its own."""

    EVENTS = "events"


class TelemetryEvent(msgspec.Struct, frozen=True, gc=False):
    """One recorded event of a vehicle. Built by the million: the adapter checks a page, the Struct checks nothing.

    `occurred_at` is the start, else the end, else the time of receipt. `occurrences` is what reports sum (MiX
    `TotalOccurances`): a summary event stands for many. Vehicle, driver and type may be unknown to the fleet yet.
    """

    id: EventId
    occurred_at: datetime
    driver_id: DriverId
    vehicle_id: VehicleId
    event_type_id: EventTypeId
    category: str = ""
    occurrences: int = 1
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_s: int | None = None
    value: float | None = None
    value_kind: str | None = None
    value_unit: str | None = None
    speed_limit_kmh: float | None = None
    fuel_used_l: float | None = None
    odometer_start_km: float | None = None
    odometer_end_km: float | None = None
    start_latitude_deg: float | None = None
    start_longitude_deg: float | None = None
    end_latitude_deg: float | None = None
    end_longitude_deg: float | None = None
    location_id: int | None = None


def occurred_at(started_at: datetime | None, ended_at: datetime | None, received_at: datetime) -> datetime:
    """When an event counts as having happened: its start, else its end, else when it was received."""
    return started_at or ended_at or received_at


class SourcePage(msgspec.Struct, frozen=True):
    """One answer of a since-token stream, understood, with the bytes it was understood from.

    `next_token` is None where the source named none: then the token must not move. `body` is what came, decompressed.
    """

    stream: Stream
    since_token: str
    next_token: str | None
    has_more: bool
    received_at: datetime
    body: bytes
    events: Sequence[TelemetryEvent]
    rejected: Sequence[RejectedRecord] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to keep but perhaps a newer token."""
        return not self.events and not self.rejected
