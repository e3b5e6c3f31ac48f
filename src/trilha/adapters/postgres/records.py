"""The records of the feeds, and what the source amends of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from trilha.adapters.postgres.merging import ALONE, SIDE_BY_SIDE, amend, merge, stage, turn_key
from trilha.adapters.postgres.session import Session
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import MergeOutcome, Record, Standing, Stream


class PostgresTelemetryRecords:
    """See TelemetryRecords."""

    def __init__(self, session: Session, organisation_id: OrganisationId, stream: Stream) -> None:
        self._session = session
        self._organisation_id = organisation_id
        self._stream = stream

    async def stage(self, records: Sequence[Record]) -> None:
        """Copy them into the feed's staging table of this connection."""
        await stage(self._session, self._stream, records)

    async def merge(
        self, page_id: UUID, received_at: datetime, records: Sequence[Record], *, side_by_side: bool = False
    ) -> MergeOutcome:
        """Insert what is new, replace what changed."""
        take_turn = SIDE_BY_SIDE if side_by_side else ALONE
        return await merge(self._session, self._organisation_id, self._stream, page_id, received_at, records, take_turn)


class PostgresAmendments:
    """See Amendments. Standings are kept whether or not their record is there, for it may come, or come again."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def known(self, stream: Stream, record_ids: Sequence[int]) -> Sequence[Standing]:
        """The standings of those records; merges of the feed wait from here on, or would miss what is saved."""
        self._session.later(ALONE, turn_key(self._organisation_id, stream))
        rows = await self._session.rows(
            "select record_id, driver_id, reassigned_at, withdrawn_at from amended_records "
            "where stream = %s and record_id = any(%s) order by record_id",
            (stream.value, list(record_ids)),
        )
        return [Standing(stream, *row) for row in rows]

    async def save(self, standings: Sequence[Standing]) -> None:
        """Keep them, and write them onto the records that are there."""
        for one in standings:
            row = (one.stream.value, one.record_id, one.driver_id, one.reassigned_at, one.withdrawn_at)
            self._session.later(_SAVE, (self._organisation_id, *row))
            amend(self._session, one.stream, one.record_id, one.driver_id, one.withdrawn_at)


_SAVE: Final = (
    "insert into amended_records (organisation_id, stream, record_id, driver_id, reassigned_at, withdrawn_at) "
    "values (%s, %s, %s, %s, %s, %s) on conflict (organisation_id, stream, record_id) do update set "
    "driver_id = excluded.driver_id, reassigned_at = excluded.reassigned_at, withdrawn_at = excluded.withdrawn_at"
)
