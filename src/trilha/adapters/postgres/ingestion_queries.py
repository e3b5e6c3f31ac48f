"""The log of ingestion as screens show it: runs, checkpoints, gaps, backfills, hours, and what was not understood."""

from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

import msgspec

from trilha.adapters.postgres.backfills import BACKFILL_COLUMNS, backfill_of
from trilha.adapters.postgres.ingestion import run_of
from trilha.adapters.postgres.logs import Log, in_utc, read_log
from trilha.adapters.postgres.pools import Pool
from trilha.adapters.postgres.reading import Where, read
from trilha.adapters.postgres.session import Row
from trilha.application.ports import Page, PageRequest
from trilha.application.telemetry.views import (
    BackfillView,
    CheckpointView,
    GapView,
    HourView,
    QuarantineView,
    RunView,
    backfill_view,
    run_view,
)
from trilha.domain.kernel import OrganisationId, TimeRange
from trilha.domain.telemetry import IngestionRun
from trilha.domain.telemetry.backfill import LATENESS, LONGEST

_RUNS: Final = Log[RunView](
    "runs",
    f"select {', '.join(IngestionRun.__struct_fields__)} from ingestion_runs r",
    ("r.started_at", "r.id"),
    tuple[datetime, UUID],
    lambda view: (view.started_at, view.id),
)
_GAPS: Final = Log[GapView](
    "gaps",
    # whatever is asked for twice is filled by the one that was asked for last, unless the gap had closed before
    "select r.stream, r.start_at, r.end_at, r.opened_at, r.closed_at, (select b.id from backfills b "
    "where b.status not in ('cancelled', 'failed') and r.end_at <= b.end_at "
    # see `begins_before`
    "and b.start_at <= case b.reason when 'healing' then r.start_at "
    f"else greatest(r.start_at - interval '{LATENESS.days} days', r.end_at - interval '{LONGEST.days} days') end "
    "and b.parts @> jsonb_build_array(jsonb_build_object('stream', r.stream)) "
    "and (r.closed_at is null or b.requested_at <= r.closed_at) order by b.requested_at desc, b.id desc limit 1) "
    "from gaps r",
    ("r.opened_at", 'r.stream collate "C"', "r.start_at"),
    tuple[datetime, str, datetime],
    lambda view: (view.opened_at, view.stream, view.start),
)
_BACKFILLS: Final = Log[BackfillView](
    "backfills",
    f"select {BACKFILL_COLUMNS} from backfills r",
    ("r.requested_at", "r.id"),
    tuple[datetime, UUID],
    lambda view: (view.requested_at, view.id),
)
_ENTRY: Final[LiteralString] = "id, stream, page_id, at, reason, detail, settlement, settled_at"
_QUARANTINE: Final = Log[QuarantineView](
    "quarantine",
    f"select {_ENTRY} from quarantine r",
    ("r.at", "r.id"),
    tuple[datetime, UUID],
    lambda view: (view.at, view.id),
)


class PostgresIngestionQueries:
    """See IngestionQueries."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def runs(
        self, organisation_id: OrganisationId, kind: str | None, status: str | None, page: PageRequest
    ) -> Page[RunView]:
        """Runs, newest first."""
        where = Where()
        where.equals("r.kind = %s", kind)
        where.equals("r.status = %s", status)
        return await read_log(self._pool, organisation_id, _RUNS, where, lambda row: run_view(run_of(row)), page)

    async def checkpoints(self, organisation_id: OrganisationId, now: datetime) -> list[CheckpointView]:
        """Every stream that was ever begun."""
        rows = await read(
            self._pool,
            organisation_id,
            "select c.stream, c.token, c.token_time, c.moved_at, c.checked_at, c.version, "
            "(select count(*) from gaps g where g.stream = c.stream and g.closed_at is null) "
            "from checkpoints c order by c.stream",
            (),
        )
        return [_checkpoint_view(row, now) for row in rows]

    async def gaps(
        self, organisation_id: OrganisationId, page: PageRequest, *, only_open: bool = False
    ) -> Page[GapView]:
        """Gaps, newest first."""
        where = Where()
        if only_open:
            where.add("r.closed_at is null")
        return await read_log(self._pool, organisation_id, _GAPS, where, lambda row: GapView(*in_utc(row)), page)

    async def backfills(
        self, organisation_id: OrganisationId, status: str | None, now: datetime, page: PageRequest
    ) -> Page[BackfillView]:
        """Backfills, newest first."""
        where = Where()
        where.equals("r.status = %s", status)
        return await read_log(
            self._pool,
            organisation_id,
            _BACKFILLS,
            where,
            lambda row: backfill_view(backfill_of(in_utc(row)), now),
            page,
        )

    async def hours(self, organisation_id: OrganisationId, received: TimeRange) -> list[HourView]:
        """Rows per stream and hour, oldest first."""
        where = Where()
        where.equals("hour >= %s", received.start)
        where.equals("hour < %s", received.end)
        rows = await read(
            self._pool,
            organisation_id,
            f"select stream, hour, received, inserted, late from throughput {where.sql} order by hour, stream",
            where.params,
        )
        return [HourView(*in_utc(row)) for row in rows]

    async def quarantine(
        self, organisation_id: OrganisationId, stream: str | None, page: PageRequest, *, only_open: bool = True
    ) -> Page[QuarantineView]:
        """Entries without their text, newest first."""
        where = Where()
        where.equals("r.stream = %s", stream)
        if only_open:
            where.add("r.settlement is null")
        return await read_log(
            self._pool, organisation_id, _QUARANTINE, where, lambda row: QuarantineView(*in_utc(row)), page
        )

    async def open_quarantine(self, organisation_id: OrganisationId) -> dict[str, int]:
        """How many entries nobody has decided about, by stream."""
        sql = "select stream, count(*) from quarantine where settlement is null group by stream"
        return dict(await read(self._pool, organisation_id, sql, ()))

    async def quarantined(self, organisation_id: OrganisationId, entry_id: UUID) -> QuarantineView | None:
        """One of them with its text."""
        rows = await read(
            self._pool, organisation_id, f"select {_ENTRY}, raw from quarantine where id = %s", (entry_id,)
        )
        if not rows:
            return None
        *entry, raw = in_utc(rows[0])
        return msgspec.structs.replace(QuarantineView(*entry), raw=bytes(raw).decode(errors="replace"))


def _checkpoint_view(row: Row, now: datetime) -> CheckpointView:
    stream, token, token_time, moved_at, checked_at, version, open_gaps = in_utc(row)
    return CheckpointView(
        stream=stream,
        token=token,
        token_time=token_time,
        token_age_s=(now - token_time).total_seconds(),
        moved_at=moved_at,
        checked_at=checked_at,
        pages=version,
        open_gaps=open_gaps,
    )
