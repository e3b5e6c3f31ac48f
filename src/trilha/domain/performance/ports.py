"""What performance needs from outside: counts, trips, names to show them with, and what was decided and printed."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from trilha.domain.kernel import DayRange, DriverId, EventTypeId, GroupId, OrganisationId, TimeRange, VehicleId
from trilha.domain.performance.guidance import GuidanceForm, PrintedForm
from trilha.domain.performance.model import Drive, EventKind, Journey, Plated, Rated, RolledUp, Tally
from trilha.domain.performance.scoring import ScorePolicy
from trilha.domain.performance.settings import PerformanceSettings


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
        """Events by driver, type and span; of all drivers and types where none are named.

        Naming the types makes a question about all drivers several times cheaper.
        """
        ...

    async def event_types(
        self, organisation_id: OrganisationId, spans: Sequence[DayRange], zone: ZoneInfo
    ) -> Sequence[EventTypeId]:
        """The types of all events within the spans, each once, also those that the fleet's library does not know."""
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


class Rollup(Protocol):
    """Counts of whole days kept ready for DrivingRecords, which answers the same without them, only slower."""

    async def roll_up(
        self, organisation_id: OrganisationId, zone: ZoneInfo, now: datetime, at_most: int
    ) -> RolledUp | None:
        """Forget what no longer holds, or is of another zone; count up to `at_most` days that are over, newest first.

        Any time is good, also while records come in. None where another process is at it.
        """
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


class Depot(Protocol):
    """The names of vehicles."""

    async def vehicles(self, organisation_id: OrganisationId, group_id: GroupId | None = None) -> Sequence[Plated]:
        """Vehicles of a group and those below it, or of all, by folded description, then id.

        Raises NotFound for a group that the organisation does not have.
        """
        ...

    async def vehicle(self, organisation_id: OrganisationId, vehicle_id: VehicleId) -> Plated:
        """One vehicle; raises NotFound."""
        ...


class PrintedForms(Protocol):
    """Forms that were given out, inside a unit of work; none is ever changed."""

    async def add(self, printed: PrintedForm) -> None:
        """Keep one."""
        ...

    async def get(self, form_id: UUID) -> PrintedForm | None:
        """One of them."""
        ...

    async def last(self, driver_id: DriverId, analysed: DayRange) -> PrintedForm | None:
        """The one printed last for that driver and exactly those days."""
        ...

    async def of_driver(
        self, driver_id: DriverId, limit: int, before: tuple[datetime, UUID] | None = None
    ) -> Sequence[PrintedForm]:
        """The newest of a driver, by the time of printing and then the id; those `before` one where that is given."""
        ...


class PerformanceChoices(Protocol):
    """What the organisation has decided, inside a unit of work: every version is kept, the last one is in force."""

    async def settings(self) -> PerformanceSettings | None:
        """The settings in force, None where nobody has changed the defaults."""
        ...

    async def save_settings(self, settings: PerformanceSettings, at: datetime) -> None:
        """Write version n + 1 after version n, or a first version 1; raises Conflict where another was faster."""
        ...

    async def score_policy(self) -> ScorePolicy | None:
        """The policy in force, None where nobody has changed the default."""
        ...

    async def save_score_policy(self, policy: ScorePolicy, at: datetime) -> None:
        """Write version n + 1 after version n, or a first version 1; raises Conflict where another was faster."""
        ...


class FormPrinter(Protocol):
    """Lays a guidance form out for paper."""

    def print(self, form: GuidanceForm) -> bytes:
        """The form as a PDF document (A4). The same form gives the same text; blocks, so call it in a thread."""
        ...
