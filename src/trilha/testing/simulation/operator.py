"""The person at the screens of a simulated world: asks for backfills, thinks better of it, watches the gaps."""

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from trilha.adapters.memory import MemoryDatabase, OrganisationTables
from trilha.application.telemetry.command_backfills import (
    CancelBackfill,
    CancelBackfillCommand,
    RequestBackfill,
    RequestBackfillCommand,
)
from trilha.domain.kernel import Conflict, OrganisationId
from trilha.domain.telemetry import FEEDS, Gap
from trilha.domain.telemetry.backfill import EARLINESS, LATENESS, LONGEST
from trilha.testing.simulation.faults import Chance, MortalUnits, Process

LONGEST_WISH_HOURS = 24 * 20


class Operator:
    """Does it all through the platform's own commands, in processes that may die."""

    def __init__(self, database: MemoryDatabase, chance: Chance) -> None:
        self._database = database
        self._chance = chance

    @property
    def is_content(self) -> bool:
        """Whether nothing is left to be filled."""
        return not any(
            any(one.is_unfinished for one in tables.backfills.values())
            or any(gap.closed_at is None for gap in tables.gaps.values())
            for _, tables in self._database.tables()
        )

    async def meddle(self, now: datetime) -> None:
        """Perhaps ask for a past time, perhaps cancel whatever is under way, healing or not."""
        for organisation_id, tables in list(self._database.tables()):
            if self._chance.of(lambda faults: faults.backfill):
                await self._wish(organisation_id, now)
            unfinished = [one.id for one in tables.backfills.values() if one.is_unfinished]
            if unfinished and self._chance.of(lambda faults: faults.cancel):
                await self._cancel(organisation_id, self._chance.random.choice(unfinished))

    async def _wish(self, organisation_id: OrganisationId, now: datetime) -> None:
        """Often up to this very moment, while the streams bring the same."""
        dice = self._chance.random
        later, earlier = dice.choice([0, dice.randint(0, 48)]), dice.randint(49, LONGEST_WISH_HOURS)
        feeds = tuple(feed.value for feed in dice.sample(FEEDS, dice.randint(0, len(FEEDS))))
        await self._request(organisation_id, now - timedelta(hours=earlier), now - timedelta(hours=later), feeds)

    async def watch_gaps(self) -> None:
        """Have a gap filled whose backfill was cancelled."""
        for organisation_id, tables in list(self._database.tables()):
            orphans = [gap for gap in tables.gaps.values() if gap.closed_at is None and not _is_filled(gap, tables)]
            for gap in orphans:
                end = gap.end + EARLINESS
                start = max(gap.start - LATENESS, end - LONGEST)
                await self._request(organisation_id, start, end, (gap.stream.value,))

    async def _request(
        self, organisation_id: OrganisationId, start: datetime, end: datetime, streams: tuple[str, ...]
    ) -> None:
        request = RequestBackfill(units=self._units(), clock=self._database.clock, ids=self._database.ids)
        with suppress(Conflict):
            await request(RequestBackfillCommand(organisation_id, start, end, streams))

    async def _cancel(self, organisation_id: OrganisationId, backfill_id: UUID) -> None:
        cancel = CancelBackfill(units=self._units(), clock=self._database.clock)
        with suppress(Conflict):
            await cancel(CancelBackfillCommand(organisation_id, backfill_id))

    def _units(self) -> MortalUnits:
        return MortalUnits(Process(self._chance), self._database)


def _is_filled(gap: Gap, tables: OrganisationTables) -> bool:
    return any(
        backfill.is_unfinished
        and backfill.start <= gap.start
        and gap.end <= backfill.end
        and gap.stream in [part.stream for part in backfill.parts]
        for backfill in tables.backfills.values()
    )
