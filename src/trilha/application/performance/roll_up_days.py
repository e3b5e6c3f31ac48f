"""Keep the counts of past days ready."""

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec

from trilha.application.ports import Clock
from trilha.domain.identity import Organisations
from trilha.domain.kernel import OrganisationId
from trilha.domain.performance import RolledUp, Rollup

AT_A_TIME = 4
"""Days in one transaction: a second or two of a fleet of a thousand drivers."""
WITHIN = timedelta(minutes=2)
"""How long a run goes on; years of history take several."""


class RollUpDaysCommand(msgspec.Struct, frozen=True):
    """Whose days."""

    organisation_id: OrganisationId


class RollUpDays:
    """Counts days anew that are missing or hold no longer, by the organisation's clocks of now, the newest first."""

    def __init__(
        self, *, rollup: Rollup, organisations: Organisations, clock: Clock, zone_of: Callable[[str], ZoneInfo]
    ) -> None:
        self._rollup = rollup
        self._organisations = organisations
        self._clock = clock
        self._zone_of = zone_of

    async def __call__(self, command: RollUpDaysCommand) -> RolledUp | None:
        """Says how many, and how many are left to the next run; None if another process is at it."""
        organisation = await self._organisations.get(command.organisation_id)
        zone, end, days = self._zone_of(organisation.time_zone), self._clock.now() + WITHIN, 0
        while step := await self._rollup.roll_up(organisation.id, zone, self._clock.now(), AT_A_TIME):
            days += step.days
            if not step.missing or self._clock.now() >= end:
                return RolledUp(days, step.missing)
        return None
