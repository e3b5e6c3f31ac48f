"""What ingestion keeps beside the events: raw pages, quarantine, checkpoints, runs, hourly counts."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
import zstandard

from trilha.adapters.postgres.merging import ALONE, SIDE_BY_SIDE, merge, stage
from trilha.adapters.postgres.session import Row, Session
from trilha.domain.kernel import Conflict, NotFound, OrganisationId, RejectedRecord
from trilha.domain.telemetry import (
    Checkpoint,
    Gap,
    IngestionRun,
    MergeOutcome,
    RunKind,
    RunStatus,
    SourcePage,
    Stream,
    TelemetryEvent,
)

_LEVEL: Final = 1
_RUN_COLUMNS: Final = (
    "id, kind, started_at, status, finished_at, pages, received, inserted, replaced, duplicates, quarantined, "
    "error_code, error_message"
)
_CHECKPOINT_COLUMNS: Final = "stream, token, token_time, moved_at, checked_at, version"


class PostgresTelemetryEvents:
    """See TelemetryEvents."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def stage(self, events: Sequence[TelemetryEvent]) -> None:
        """Copy them into the staging table of this connection."""
        await stage(self._session, events)

    async def merge(
        self, page_id: UUID, received_at: datetime, events: Sequence[TelemetryEvent], *, side_by_side: bool = False
    ) -> MergeOutcome:
        """Insert what is new, replace what changed."""
        take_turn = SIDE_BY_SIDE if side_by_side else ALONE
        return await merge(self._session, self._organisation_id, page_id, received_at, events, take_turn)


class PostgresRawPages:
    """See RawPages. Compressed by zstandard on another core while the page's events are being merged."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def add(self, page_id: UUID, page: SourcePage) -> None:
        """Keep a page; it is sent with the commit."""
        compressing = asyncio.get_running_loop().run_in_executor(None, _compress, page.body)

        async def insert() -> None:
            self._session.later(
                "insert into raw_pages (organisation_id, id, stream, since_token, next_token, received_at, size_bytes,"
                " body) values (%s, %s, %s, %s, %s, %s, %s, %b)",
                (
                    self._organisation_id,
                    page_id,
                    page.stream.value,
                    page.since_token,
                    page.next_token,
                    page.received_at,
                    len(page.body),
                    await compressing,
                ),
            )

        self._session.before_commit(insert)

    async def body(self, page_id: UUID) -> bytes:
        """What came, decompressed."""
        await self._session.settle()
        found = await self._session.rows("select body from raw_pages where id = %s", (page_id,))
        if not found:
            raise NotFound("raw page", page_id)
        return zstandard.ZstdDecompressor().decompress(found[0][0])


class PostgresQuarantine:
    """See Quarantine."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def add(self, stream: str, page_id: UUID | None, at: datetime, records: Sequence[RejectedRecord]) -> None:
        """Keep them."""
        for record in records:
            self._session.later(
                "insert into quarantine (organisation_id, stream, page_id, at, position, reason, detail, raw) "
                "values (%s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    self._organisation_id,
                    str(stream),
                    page_id,
                    at,
                    record.position,
                    record.reason,
                    record.detail,
                    record.raw,
                ),
            )


class PostgresCheckpoints:
    """See Checkpoints."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def get(self, stream: Stream) -> Checkpoint | None:
        """The checkpoint, if the stream was ever begun."""
        found = await self._session.rows(
            f"select {_CHECKPOINT_COLUMNS} from checkpoints where stream = %s", (stream.value,)
        )
        return _checkpoint_of(found[0]) if found else None

    async def save(self, checkpoint: Checkpoint) -> None:
        """Write version n + 1 over version n, or a first version 0."""
        key = {"organisation": self._organisation_id, "stream": checkpoint.stream.value, "seen": checkpoint.version - 1}
        values = {name: getattr(checkpoint, name) for name in ("token", "token_time", "moved_at", "checked_at")}
        statement = _FIRST_CHECKPOINT if checkpoint.version == 0 else _NEXT_CHECKPOINT
        written = await self._session.changed(statement, {**key, **values, "version": checkpoint.version})
        if not written:
            raise Conflict(f"the checkpoint of stream {checkpoint.stream} was moved by another writer: read it again")

    async def open_gap(self, gap: Gap) -> None:
        """Make a gap visible."""
        self._session.later(
            "insert into gaps (organisation_id, stream, start_at, end_at, opened_at, closed_at) "
            "values (%s, %s, %s, %s, %s, %s)",
            (self._organisation_id, gap.stream.value, gap.start, gap.end, gap.opened_at, gap.closed_at),
        )


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

    async def add(self, stream: Stream, hour: datetime, *, received: int, inserted: int) -> None:
        """Add to the hour's counts."""
        self._session.later(
            "insert into throughput as t (organisation_id, stream, hour, received, inserted) "
            "values (%s, %s, %s, %s, %s) on conflict (organisation_id, stream, hour) do update "
            "set received = t.received + excluded.received, inserted = t.inserted + excluded.inserted",
            (self._organisation_id, stream.value, hour, received, inserted),
        )


def run_of(row: Row) -> IngestionRun:
    """A run from its row, in the order of the Struct's fields."""
    key, kind, started_at, status, *counts = row
    return IngestionRun(key, RunKind(kind), started_at, RunStatus(status), *counts)


def _checkpoint_of(row: Row) -> Checkpoint:
    stream, *rest = row
    return Checkpoint(Stream(stream), *rest)


def _compress(body: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=_LEVEL).compress(body)


_FIRST_CHECKPOINT: Final = (
    f"insert into checkpoints (organisation_id, {_CHECKPOINT_COLUMNS}) values (%(organisation)s, %(stream)s, "
    "%(token)s, %(token_time)s, %(moved_at)s, %(checked_at)s, %(version)s) on conflict do nothing"
)
_NEXT_CHECKPOINT: Final = (
    "update checkpoints set token = %(token)s, token_time = %(token_time)s, moved_at = %(moved_at)s, "
    "checked_at = %(checked_at)s, version = %(version)s where stream = %(stream)s and version = %(seen)s"
)
_SAVE_RUN: Final = (
    f"insert into ingestion_runs (organisation_id, {_RUN_COLUMNS}) "
    f"values ({', '.join(['%s'] * 14)}) on conflict (organisation_id, id) do update set "
    + ", ".join([f"{name} = excluded.{name}" for name in _RUN_COLUMNS.split(", ")[1:]])
)
