"""What day it is for an organisation, and when its days begin."""

from collections.abc import Callable
from datetime import date, datetime, tzinfo

import msgspec

from trilha.application.ports import Clock
from trilha.domain.identity import Organisation, Organisations
from trilha.domain.kernel import OrganisationId, start_of_day


class LocalNow(msgspec.Struct, frozen=True):
    """A moment by an organisation's clocks."""

    organisation: Organisation
    zone: tzinfo
    moment: datetime

    @property
    def today(self) -> date:
        """The local day."""
        return self.moment.astimezone(self.zone).date()

    def start_of(self, day: date) -> datetime:
        """When a local day begins."""
        return start_of_day(day, self.zone)


class Calendar(msgspec.Struct, frozen=True):
    """Tells the time where the organisation is."""

    organisations: Organisations
    clock: Clock
    zone_of: Callable[[str], tzinfo]

    async def now(self, organisation_id: OrganisationId) -> LocalNow:
        """The moment that it is; raises NotFound."""
        organisation = await self.organisations.get(organisation_id)
        return LocalNow(organisation, self.zone_of(organisation.time_zone), self.clock.now())
