"""What the questions about performance share: where figures and names are, what was decided, and what day it is."""

from collections.abc import Mapping, Sequence

import msgspec

from trilha.application.performance.asked_days import Calendar, calendar_of
from trilha.application.performance.choices import Units
from trilha.application.ports import Clock
from trilha.domain.identity import Organisations
from trilha.domain.kernel import DayRange, DriverId, EventTypeId, OrganisationId
from trilha.domain.performance import Conduct, Depot, DrivingRecords, Roster, conducts


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """The ports, within reach."""

    records: DrivingRecords
    roster: Roster
    depot: Depot
    organisations: Organisations
    units: Units
    clock: Clock

    async def calendar(self, organisation_id: OrganisationId) -> Calendar:
        """Whose days, and which is today."""
        return await calendar_of(self.organisations, organisation_id, self.clock)

    async def conducts(
        self,
        calendar: Calendar,
        spans: Sequence[DayRange],
        drivers: Sequence[DriverId] | None,
        event_types: Sequence[EventTypeId],
    ) -> Mapping[tuple[int, int], Conduct]:
        """What drivers drove and did of some event types, by driver and span."""
        key, zone = calendar.organisation.id, calendar.zone
        tallies = await self.records.tallies(key, spans, zone, drivers=drivers, event_types=event_types)
        return conducts(tallies, await self.records.drives(key, spans, zone, drivers=drivers))
