"""A person decides about a record that could not be understood."""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

import msgspec

from trilha.application.ports import Clock, TelemetryUnitOfWork, UnitsOfWork
from trilha.application.telemetry.amending import amend, feed_amended
from trilha.application.telemetry.page_rows import merge_again
from trilha.domain.kernel import Conflict, InvalidValue, OrganisationId, RejectedRecord
from trilha.domain.telemetry import (
    FEEDS,
    PageReader,
    QuarantineEntry,
    Settlement,
    Stream,
    settle_entry,
)


class StillUnreadable(Conflict):
    """Today's reader does not understand the record either."""

    code: ClassVar[str] = "telemetry.still_unreadable"


class SettleQuarantineCommand(msgspec.Struct, frozen=True):
    """Which entry, and how it ends."""

    organisation_id: OrganisationId
    entry_id: UUID
    settlement: Settlement


class SettleQuarantine:
    """Replaying reads the record again and brings it in as of when it came; the same end twice is once."""

    def __init__(self, *, reader: PageReader, units: UnitsOfWork[TelemetryUnitOfWork], clock: Clock) -> None:
        self._reader = reader
        self._units = units
        self._clock = clock

    async def __call__(self, command: SettleQuarantineCommand) -> QuarantineEntry:
        """Raises NotFound, AlreadySettled, StillUnreadable, InvalidValue for master data, which comes again."""
        async with self._units(command.organisation_id) as unit:
            entry = await unit.quarantine.get(command.entry_id)
            settled = settle_entry(entry, command.settlement, self._clock.now())
            if settled is entry:
                return entry
            if command.settlement is Settlement.REPLAYED:
                await self._bring_in(unit, entry)
            await unit.quarantine.save(settled)
            await unit.commit()
        return settled

    async def _bring_in(self, unit: TelemetryUnitOfWork, entry: QuarantineEntry) -> None:
        if entry.stream == Stream.AMENDMENTS:
            await self._bring_in_amendment(unit, entry)
            return
        if entry.stream not in FEEDS:
            raise InvalidValue(
                "stream", entry.stream, f"{', '.join(FEEDS)}, amendments: anything else comes again at its next run"
            )
        stream = Stream(entry.stream)
        understood = self._reader.understand(stream, b"[" + entry.record.raw + b"]", entry.at)
        _require_sound(understood.rejected)
        await merge_again(unit, stream, entry.page_id or entry.id, entry.at, understood.records)

    async def _bring_in_amendment(self, unit: TelemetryUnitOfWork, entry: QuarantineEntry) -> None:
        page_id = entry.page_id or entry.id
        feed = feed_amended(await unit.raw_pages.get(page_id))
        understood = self._reader.understand_amendments(feed, b"[" + entry.record.raw + b"]")
        _require_sound(understood.rejected)
        await amend(unit, page_id, feed, understood.amendments)


def _require_sound(rejected: Sequence[RejectedRecord]) -> None:
    if rejected:
        reasons = ", ".join(f"{one.reason} ({one.detail})" for one in rejected)
        raise StillUnreadable(f"the record cannot be understood: {reasons}; discard it, or wait for a newer Trilha")
