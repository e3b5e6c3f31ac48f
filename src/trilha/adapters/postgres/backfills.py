"""Times that a stream could not give, and how far they have been brought in since."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from trilha.adapters.postgres.session import Row, Session
from trilha.adapters.postgres.versioned import save_version, versioned
from trilha.domain.kernel import Conflict, OrganisationId
from trilha.domain.telemetry import Backfill, BackfillPart, BackfillReason, BackfillStatus, Gap, Stream

_COLUMNS: Final = (
    "id", "start_at", "end_at", "parts", "reason", "requested_at", "status", "started_at", "finished_at", "calls",
    "received", "inserted", "replaced", "duplicates", "quarantined", "error_code", "error_message", "retry_at",
    "version",
)  # fmt: skip
BACKFILL_COLUMNS: Final = ", ".join(["parts::text" if name == "parts" else name for name in _COLUMNS])
"""What `backfill_of` reads."""
GAP_COLUMNS: Final = "stream, start_at, end_at, opened_at, closed_at"
"""What `gap_of` reads."""
_SAVE: Final = versioned("backfills", "id", _COLUMNS, as_json=("parts",))
_parts = msgspec.json.Decoder(tuple[BackfillPart, ...])
_encoder = msgspec.json.Encoder()


class PostgresGaps:
    """See Gaps."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def open(self, gap: Gap) -> None:
        """Make a gap visible."""
        self._session.later(
            f"insert into gaps (organisation_id, {GAP_COLUMNS}) values (%s, %s, %s, %s, %s, %s)",
            (self._organisation_id, gap.stream.value, gap.start, gap.end, gap.opened_at, gap.closed_at),
        )

    async def unfilled(self) -> Sequence[Gap]:
        """The open ones of all streams, oldest first."""
        rows = await self._session.rows(
            f"select {GAP_COLUMNS} from gaps where closed_at is null order by start_at, end_at, stream"
        )
        return [gap_of(row) for row in rows]

    async def close(self, gap: Gap) -> None:
        """Write its `closed_at`."""
        self._session.later(
            "update gaps set closed_at = %s where stream = %s and start_at = %s and end_at = %s and closed_at is null",
            (gap.closed_at, gap.stream.value, gap.start, gap.end),
        )


class PostgresBackfills:
    """See Backfills."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def get(self, backfill_id: UUID) -> Backfill | None:
        """One of them, locked until the unit ends: who cancels it and who fills it take turns."""
        rows = await self._session.rows(
            f"select {BACKFILL_COLUMNS} from backfills where id = %s for update", (backfill_id,)
        )
        return backfill_of(rows[0]) if rows else None

    async def unfinished(self) -> Sequence[Backfill]:
        """Those waiting and running, oldest first."""
        rows = await self._session.rows(
            f"select {BACKFILL_COLUMNS} from backfills where status in ('waiting', 'running') order by requested_at, id"
        )
        return [backfill_of(row) for row in rows]

    async def save(self, backfill: Backfill) -> None:
        """Write version n + 1 over version n, or a first version 0."""
        row = dict(zip(_COLUMNS, msgspec.structs.astuple(backfill), strict=True)) | {
            "organisation": self._organisation_id,
            "parts": _encoder.encode(backfill.parts).decode(),
            "reason": backfill.reason.value,
            "status": backfill.status.value,
        }
        if not await save_version(self._session, _SAVE, row, backfill.version):
            raise Conflict(f"backfill {backfill.id} was changed by another writer: read it again")


def backfill_of(row: Row) -> Backfill:
    """A backfill from its row, in the order of the Struct's fields."""
    key, start, end, parts, reason, requested_at, status, *rest = row
    return Backfill(
        key, start, end, _parts.decode(parts), BackfillReason(reason), requested_at, BackfillStatus(status), *rest
    )


def gap_of(row: Row) -> Gap:
    """A gap from its row, in the order of the Struct's fields."""
    stream, *rest = row
    return Gap(Stream(stream), *rest)
