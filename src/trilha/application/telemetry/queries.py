"""What screens show of telemetry and of its ingestion: the ports that read it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from trilha.application.ports import Page, PageRequest
from trilha.application.telemetry.views import (
    BackfillView,
    CheckpointView,
    EventView,
    GapView,
    HourView,
    QuarantineView,
    RunView,
    TripView,
    VehiclePositionView,
)
from trilha.domain.kernel import OrganisationId, TimeRange
from trilha.domain.telemetry import Position


class EventFilter(msgspec.Struct, frozen=True):
    """Which events; every part left out matches all."""

    occurred: TimeRange = TimeRange()
    driver_id: int | None = None
    vehicle_id: int | None = None
    event_type_id: int | None = None
    classification: str | None = None
    with_withdrawn: bool = False


class PositionFilter(msgspec.Struct, frozen=True):
    """Which positions; every part left out matches all.

    Without a vehicle whole months are read: the largest table of all has no index for a question that nobody asks.
    """

    occurred: TimeRange = TimeRange()
    vehicle_id: int | None = None
    driver_id: int | None = None


class TripFilter(msgspec.Struct, frozen=True):
    """Which trips, by their start; every part left out matches all."""

    occurred: TimeRange = TimeRange()
    vehicle_id: int | None = None
    driver_id: int | None = None
    with_withdrawn: bool = False


class TelemetryQueries(Protocol):
    """Reads telemetry of one organisation. Lists come newest first by (occurred_at, id), both descending."""

    async def events(
        self, organisation_id: OrganisationId, where: EventFilter, page: PageRequest
    ) -> Page[EventView | msgspec.Raw]:
        """Events; raises InvalidValue for a cursor of another list."""
        ...

    async def positions(
        self, organisation_id: OrganisationId, where: PositionFilter, page: PageRequest
    ) -> Page[VehiclePositionView | msgspec.Raw]:
        """Positions; raises InvalidValue for a cursor of another list."""
        ...

    async def trips(
        self, organisation_id: OrganisationId, where: TripFilter, page: PageRequest
    ) -> Page[TripView | msgspec.Raw]:
        """Trips; raises InvalidValue for a cursor of another list."""
        ...

    async def track(
        self, organisation_id: OrganisationId, vehicle_id: int, occurred: TimeRange, limit: int
    ) -> Sequence[Position]:
        """A vehicle's positions in order of time, at most `limit` of them, the first ones."""
        ...

    async def latest_positions(
        self, organisation_id: OrganisationId, now: datetime, group_id: int | None = None
    ) -> list[VehiclePositionView]:
        """The last position of each vehicle of a group and those below it, or of all; see `latest_positions`.

        A vehicle that the fleet does not know may be left out once it has been silent for more than a week.
        """
        ...


class IngestionQueries(Protocol):
    """Reads the log of ingestion of one organisation."""

    async def runs(
        self, organisation_id: OrganisationId, kind: str | None, status: str | None, page: PageRequest
    ) -> Page[RunView]:
        """Runs, newest first by (started_at, id)."""
        ...

    async def checkpoints(self, organisation_id: OrganisationId, now: datetime) -> list[CheckpointView]:
        """Every stream that was ever begun."""
        ...

    async def gaps(
        self, organisation_id: OrganisationId, page: PageRequest, *, only_open: bool = False
    ) -> Page[GapView]:
        """Gaps, newest first by (opened_at, stream, start)."""
        ...

    async def backfills(
        self, organisation_id: OrganisationId, status: str | None, now: datetime, page: PageRequest
    ) -> Page[BackfillView]:
        """Backfills, newest first by (requested_at, id)."""
        ...

    async def hours(self, organisation_id: OrganisationId, received: TimeRange) -> list[HourView]:
        """Rows per stream and hour, oldest first."""
        ...

    async def quarantine(
        self, organisation_id: OrganisationId, stream: str | None, page: PageRequest, *, only_open: bool = True
    ) -> Page[QuarantineView]:
        """Entries without their text, newest first by (at, id)."""
        ...

    async def open_quarantine(self, organisation_id: OrganisationId) -> dict[str, int]:
        """How many entries nobody has decided about, by stream; streams without any are left out."""
        ...

    async def quarantined(self, organisation_id: OrganisationId, entry_id: UUID) -> QuarantineView | None:
        """One of them with its text; bytes that are no UTF-8 are shown as replacement characters."""
        ...
