"""What ingestion keeps beside the records: raw pages, quarantine, checkpoints, runs, hourly counts."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
import zstandard

from trilha.adapters.postgres.session import Row, Session
from trilha.adapters.postgres.versioned import save_version, versioned
from trilha.domain.kernel import Conflict, NotFound, OrganisationId, RejectedRecord, TimeRange
from trilha.domain.telemetry import (
    Checkpoint,
    IngestionRun,
    QuarantineEntry,
    RawPage,
    RawPageKey,
    RunKind,
    RunStatus,
    Settlement,
    Stream,
)

_LEVEL: Final = 1
_RUN_COLUMNS: Final = (
    "id, kind, started_at, status, finished_at, pages, received, inserted, replaced, duplicates, quarantined, "
    "error_code, error_message"
)
_CHECKPOINT_COLUMNS: Final = ("stream", "token", "token_time", "moved_at", "checked_at", "version")
_SAVE_CHECKPOINT: Final = versioned("checkpoints", "stream", _CHECKPOINT_COLUMNS)
_QUARANTINE_COLUMNS: Final = "id, stream, page_id, at, position, reason, detail, raw, settlement, settled_at"


class PostgresRawPages:
    """See RawPages. Compressed by zstandard on another core while the page's records are being merged."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def add(self, page_id: UUID, page: RawPage) -> None:
        """Keep a page; it is sent with the commit."""
        compressing = asyncio.get_running_loop().run_in_executor(None, _compress, page.body)

        async def insert() -> None:
            self._session.later(
                "insert into raw_pages (organisation_id, id, stream, asked_for, next_token, received_at, size_bytes,"
                " body) values (%s, %s, %s, %s, %s, %s, %s, %b)",
                (
                    self._organisation_id,
                    page_id,
                    page.stream.value,
                    page.asked_for,
                    page.next_token,
                    page.received_at,
                    len(page.body),
                    await compressing,
                ),
            )

        self._session.before_commit(insert)

    async def get(self, page_id: UUID) -> RawPage:
        """What came, decompressed."""
        await self._session.settle()
        found = await self._session.rows(
            "select stream, asked_for, next_token, received_at, body from raw_pages where id = %s", (page_id,)
        )
        if not found:
            raise NotFound("raw page", page_id)
        stream, asked_for, next_token, received_at, body = found[0]
        return RawPage(Stream(stream), asked_for, next_token, received_at, zstandard.decompress(body))

    async def keys(
        self,
        stream: Stream,
        received: TimeRange,
        after: RawPageKey | None,
        limit: int,
        *,
        with_token: bool = False,
    ) -> Sequence[RawPageKey]:
        """Pages of a feed that were received within a time, oldest first, those after a key."""
        await self._session.settle()
        rows = await self._session.rows(
            "select received_at, id from raw_pages where stream = %(stream)s "
            "and (%(start)s::timestamptz is null or received_at >= %(start)s) "
            "and (%(end)s::timestamptz is null or received_at < %(end)s) "
            "and (%(after)s::timestamptz is null or (received_at, id) > (%(after)s, %(after_id)s)) "
            "and (next_token is not null or not %(with_token)s) "
            "order by received_at, id limit %(limit)s",
            {
                "stream": stream.value,
                "start": received.start,
                "end": received.end,
                "after": after and after.received_at,
                "after_id": after and after.id,
                "limit": limit,
                "with_token": with_token,
            },
        )
        return [RawPageKey(*row) for row in rows]


class PostgresQuarantine:
    """See Quarantine."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def add(self, entries: Sequence[QuarantineEntry]) -> None:
        """Keep them."""
        for entry in entries:
            record = msgspec.structs.astuple(entry.record)
            row = (entry.id, str(entry.stream), entry.page_id, entry.at, *record, entry.settlement, entry.settled_at)
            self._session.later(_QUARANTINE, (self._organisation_id, *row))

    async def get(self, entry_id: UUID) -> QuarantineEntry:
        """One of them, locked until the unit ends."""
        found = await self._session.rows(
            f"select {_QUARANTINE_COLUMNS} from quarantine where id = %s for update", (entry_id,)
        )
        if not found:
            raise NotFound("quarantine entry", entry_id)
        return entry_of(found[0])

    async def of_page(self, page_id: UUID) -> Sequence[QuarantineEntry]:
        """Those that came in a page, by position; locked too, for they are about to be settled."""
        rows = await self._session.rows(
            f"select {_QUARANTINE_COLUMNS} from quarantine where page_id = %s order by position, id for update",
            (page_id,),
        )
        return [entry_of(row) for row in rows]

    async def save(self, entry: QuarantineEntry) -> None:
        """Write down what became of it."""
        self._session.later(
            "update quarantine set settlement = %s, settled_at = %s where id = %s",
            (entry.settlement, entry.settled_at, entry.id),
        )


class PostgresCheckpoints:
    """See Checkpoints."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def get(self, stream: Stream) -> Checkpoint | None:
        """The checkpoint, if the stream was ever begun."""
        found = await self._session.rows(
            f"select {', '.join(_CHECKPOINT_COLUMNS)} from checkpoints where stream = %s", (stream.value,)
        )
        return _checkpoint_of(found[0]) if found else None

    async def save(self, checkpoint: Checkpoint) -> None:
        """Write version n + 1 over version n, or a first version 0."""
        row = msgspec.structs.asdict(checkpoint) | {
            "organisation": self._organisation_id,
            "stream": checkpoint.stream.value,
        }
        if not await save_version(self._session, _SAVE_CHECKPOINT, row, checkpoint.version):
            raise Conflict(f"the checkpoint of stream {checkpoint.stream} was moved by another writer: read it again")


class PostgresIngestionRuns:
    """See IngestionRuns."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def save(self, run: IngestionRun) -> None:
        """Insert or overwrite by id."""
        row = (run.id, run.kind.value, run.started_at, run.status.value, *msgspec.structs.astuple(run)[4:])
        self._session.later(_SAVE_RUN, (self._organisation_id, *row))

    async def running(self, kind: RunKind) -> Sequence[IngestionRun]:
        """Those that have not ended, oldest first."""
        rows = await self._session.rows(
            f"select {_RUN_COLUMNS} from ingestion_runs where kind = %s and status = 'running' order by started_at, id",
            (kind.value,),
        )
        return [run_of(row) for row in rows]


class PostgresThroughput:
    """See Throughput."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def add(self, stream: Stream, hour: datetime, *, received: int, inserted: int, late: int) -> None:
        """Add to the hour's counts."""
        self._session.later(
            "insert into throughput as t (organisation_id, stream, hour, received, inserted, late) "
            "values (%s, %s, %s, %s, %s, %s) on conflict (organisation_id, stream, hour) do update set "
            "received = t.received + excluded.received, inserted = t.inserted + excluded.inserted, "
            "late = t.late + excluded.late",
            (self._organisation_id, stream.value, hour, received, inserted, late),
        )


def run_of(row: Row) -> IngestionRun:
    """A run from its row, in the order of the Struct's fields."""
    key, kind, started_at, status, *counts = row
    return IngestionRun(key, RunKind(kind), started_at, RunStatus(status), *counts)


def entry_of(row: Row) -> QuarantineEntry:
    """A quarantined record from its row."""
    key, stream, page_id, at, position, reason, detail, raw, settlement, settled_at = row
    record = RejectedRecord(position, reason, detail, bytes(raw))
    return QuarantineEntry(key, stream, page_id, at, record, settlement and Settlement(settlement), settled_at)


def _checkpoint_of(row: Row) -> Checkpoint:
    stream, *rest = row
    return Checkpoint(Stream(stream), *rest)


def _compress(body: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=_LEVEL).compress(body)


_QUARANTINE: Final = (
    f"insert into quarantine (organisation_id, {_QUARANTINE_COLUMNS}) values ({', '.join(['%s'] * 11)})"
)
_SAVE_RUN: Final = (
    f"insert into ingestion_runs (organisation_id, {_RUN_COLUMNS}) "
    f"values ({', '.join(['%s'] * 14)}) on conflict (organisation_id, id) do update set "
    + ", ".join([f"{name} = excluded.{name}" for name in _RUN_COLUMNS.split(", ")[1:]])
)
