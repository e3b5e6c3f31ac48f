"""What performance needs from outside: counts, trips, and the names to show them with."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol
from zoneinfo import ZoneInfo

from trilha.domain.kernel import DayRange, DriverId, EventTypeId, GroupId, OrganisationId, TimeRange, VehicleId
from trilha.domain.performance.guidance import GuidanceForm
from trilha.domain.performance.model import Drive, EventKind, Journey, Rated, Tally


class DrivingRecords(Protocol):
    """Counts over local days. What was committed before the question is in the answer, however it is kept.

    Spans may overlap and have gaps between them. Empty cells are left out; cells come in no promised order.
    """

    async def tallies(
        self,
        organisation_id: OrganisationId,
        spans: Sequence[DayRange],
        zone: ZoneInfo,
        *,
        drivers: Sequence[DriverId] | None = None,
        event_types: Sequence[EventTypeId] | None = None,
    ) -> Sequence[Tally]:
        """Events by driver, type and span; of all drivers and types where none are named."""
        ...

    async def drives(
        self,
        organisation_id: OrganisationId,
        spans: Sequence[DayRange],
        zone: ZoneInfo,
        *,
        drivers: Sequence[DriverId] | None = None,
    ) -> Sequence[Drive]:
        """Trips by driver and span."""
        ...

    def journeys(
        self,
        organisation_id: OrganisationId,
        began: TimeRange,
        *,
        vehicles: Sequence[VehicleId] | None = None,
        drivers: Sequence[DriverId] | None = None,
    ) -> AsyncIterator[Journey]:
        """Trips one by one, by vehicle, then by their beginning; few at a time in memory."""
        ...


class Roster(Protocol):
    """The names to show counts with."""

    async def drivers(self, organisation_id: OrganisationId, group_id: GroupId | None = None) -> Sequence[Rated]:
        """Drivers of a group and those below it, or of all, by folded name, then id; special ones too.

        Raises NotFound for a group that the organisation does not have.
        """
        ...

    async def driver(self, organisation_id: OrganisationId, driver_id: DriverId) -> Rated:
        """One driver; raises NotFound."""
        ...

    async def event_kinds(self, organisation_id: OrganisationId) -> Sequence[EventKind]:
        """All event types with their classification now, by folded description, then id."""
        ...


class FormPrinter(Protocol):
    """Lays a guidance form out for paper."""

    def print(self, form: GuidanceForm) -> bytes:
        """The form as a PDF document (A4). The same form gives the same text; blocks, so call it in a thread."""
        ...
