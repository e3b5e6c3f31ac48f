"""Bring one organisation's master data up to date with its source."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from datetime import timedelta

import msgspec

from trilha.application.exclusive_run import ExclusiveRun
from trilha.application.ports import Clock, FleetUnitOfWork, IdSource, Lease, UnitsOfWork
from trilha.application.schedule import SYNC_MASTER_DATA
from trilha.domain.fleet import (
    MASTER_KINDS,
    Driver,
    EventType,
    FleetSource,
    Group,
    MasterChanges,
    MasterDataSynced,
    MasterKind,
    MasterList,
    MasterRecord,
    Vehicle,
    classify,
    plan_sync,
)
from trilha.domain.kernel import NotFound, OrganisationId, RejectedRecord, SourceUnavailable
from trilha.domain.telemetry import IngestionRun, MergeOutcome, QuarantineEntry, RunKind, add_page

TRY_AGAIN_AFTER = timedelta(minutes=15)
"""When the source was away: late enough to be polite, early enough to have today's drivers today."""
LOOK_AGAIN_AFTER = timedelta(minutes=1)
"""When the lease was taken: its holder may be dead, and its lease outlives it for some seconds."""


class SyncMasterDataCommand(msgspec.Struct, frozen=True):
    """`allow_empty` accepts that the source lists nothing of a kind, and deactivates all of it."""

    organisation_id: OrganisationId
    kinds: tuple[MasterKind, ...] = MASTER_KINDS
    allow_empty: bool = False


class SyncMasterData:
    """Reads every kind from the source and commits each on its own, so that one bad list spoils no other.

    Returns the run, or None if another worker is at it; see ExclusiveRun for how it ends.
    """

    def __init__(
        self,
        *,
        run: ExclusiveRun,
        source: FleetSource,
        units: UnitsOfWork[FleetUnitOfWork],
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._exclusively = run
        self._source = source
        self._units = units
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: SyncMasterDataCommand) -> IngestionRun | None:
        """Do it once."""

        def steps(lease: Lease, run: IngestionRun, external_id: int) -> AsyncGenerator[IngestionRun, None]:
            return self._steps(lease, run, external_id, command)

        run = await self._exclusively(command.organisation_id, RunKind.MASTER_DATA, steps)
        if run is None:
            await self._try_again(command.organisation_id, LOOK_AGAIN_AFTER)
        elif run.error_code == SourceUnavailable.code:
            await self._try_again(command.organisation_id, TRY_AGAIN_AFTER)
        return run

    async def _try_again(self, organisation_id: OrganisationId, after: timedelta) -> None:
        """The next turn would be tomorrow night."""
        async with self._units(organisation_id) as unit:
            with suppress(NotFound):  # synced by hand only
                await unit.jobs.bring_forward(SYNC_MASTER_DATA, self._clock.now() + after)
            await unit.commit()

    async def _steps(
        self, lease: Lease, run: IngestionRun, external_id: int, command: SyncMasterDataCommand
    ) -> AsyncGenerator[IngestionRun, None]:
        for kind in command.kinds:
            records, rejected = await self._read(kind, external_id)
            run = await self._commit(command, lease, run, _Listed(kind, records, rejected))
            yield run

    async def _read(
        self, kind: MasterKind, external_id: int
    ) -> tuple[Sequence[MasterRecord], Sequence[RejectedRecord]]:
        listed: MasterList[Group] | MasterList[Driver] | MasterList[Vehicle] | MasterList[EventType]
        match kind:
            case "groups":
                listed = await self._source.groups(external_id)
            case "drivers":
                listed = await self._source.drivers(external_id)
            case "vehicles":
                listed = await self._source.vehicles(external_id)
            case "event_types":
                listed = await self._source.event_types(external_id)
        return listed.records, listed.rejected

    async def _commit(
        self, command: SyncMasterDataCommand, lease: Lease, run: IngestionRun, listed: "_Listed"
    ) -> IngestionRun:
        async with self._units(command.organisation_id) as unit:
            await unit.guard(lease)
            records = await self._classified(unit, listed)
            known = await unit.master_data.known(listed.kind)
            complete = not listed.rejected
            changes = plan_sync(listed.kind, known, records, complete=complete, allow_empty=command.allow_empty)
            await unit.master_data.save(listed.kind, changes.writes)
            if listed.rejected:
                now = self._clock.now()
                await unit.quarantine.add(
                    [QuarantineEntry(self._ids.new(), listed.kind, None, now, record) for record in listed.rejected]
                )
            outcome = MergeOutcome(inserted=len(changes.saved), duplicates=changes.unchanged)
            run = add_page(run, outcome, len(listed.rejected))
            await unit.runs.save(run)
            if changes.writes:
                unit.record(_synced(listed.kind, changes))
            await unit.commit()
        return run

    async def _classified(self, unit: FleetUnitOfWork, listed: "_Listed") -> Sequence[MasterRecord]:
        if listed.kind != "event_types":
            return listed.records
        overrides = await unit.master_data.classifications()
        return [
            msgspec.structs.replace(record, classification=classify(record.id, overrides))
            for record in listed.records
            if isinstance(record, EventType)
        ]


class _Listed(msgspec.Struct, frozen=True):
    kind: MasterKind
    records: Sequence[MasterRecord]
    rejected: Sequence[RejectedRecord]


def _synced(kind: MasterKind, changes: MasterChanges[MasterRecord]) -> MasterDataSynced:
    return MasterDataSynced(
        kind=kind, saved=len(changes.saved), vanished=len(changes.vanished), unchanged=changes.unchanged
    )
