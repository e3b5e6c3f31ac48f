"""What telemetry needs from outside. The repositories live inside a unit of work, hence inside one organisation."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from trilha.domain.kernel import TimeRange
from trilha.domain.telemetry.amendments import AmendmentPage, Standing, UnderstoodAmendments
from trilha.domain.telemetry.backfill import Backfill
from trilha.domain.telemetry.checkpoint import Checkpoint, Gap
from trilha.domain.telemetry.model import Record, Stream
from trilha.domain.telemetry.pages import RawPage, RawPageKey, SourcePage, Understood
from trilha.domain.telemetry.quarantine import QuarantineEntry
from trilha.domain.telemetry.run import IngestionRun, MergeOutcome, RunKind


class PageReader(Protocol):
    """Reads what the source sends, without asking it."""

    def understand(self, stream: Stream, body: bytes, received_at: datetime) -> Understood:
        """Read a body as a page of that feed is read today; raises SourceUnavailable where it is no such page."""
        ...

    def understand_amendments(self, feed: Stream, body: bytes) -> UnderstoodAmendments:
        """The same for a list of amendments of a feed that has them; raises InvalidValue for one that has none."""
        ...


class TelemetrySource(PageReader, Protocol):
    """The outside system that streams what vehicles report.

    What asks it raises SourceUnavailable, SourceRefused and SourceNotPermitted.
    """

    async def page_since(self, stream: Stream, external_id: int, token: str, *, urgent: bool) -> SourcePage:
        """The next page of a feed after `token`, trips with their sub-trips.

        `urgent` when more is known to wait, which the rate limiter serves first. Raises SinceTokenTooOld.
        """
        ...

    async def page_between(self, stream: Stream, external_id: int, start: datetime, end: datetime) -> SourcePage:
        """All records of a feed that happened from `start` to before `end`, whole seconds, seven days at most.

        One answer, however long: `next_token` is None and `has_more` false. The rate limiter serves it last.
        """
        ...

    async def amendments(self, stream: Stream, external_id: int, first: date, last: date) -> AmendmentPage:
        """What was amended of a feed on the days from `first` to `last`, both included, seven at most."""
        ...

    def token_at(self, moment: datetime) -> str:
        """The token that stands for a moment."""
        ...

    def time_of(self, token: str) -> datetime:
        """The moment that a token stands for; raises InvalidValue."""
        ...


class TelemetryRecords(Protocol):
    """The organisation's records of one feed, as the source last sent them."""

    async def stage(self, records: Sequence[Record]) -> None:
        """Send `records` ahead of a `merge` of the very same ones, which then has less to do. It may be left out.

        Nothing is merged yet, and no other unit of work waits for this one: so pages can overlap.
        """
        ...

    async def merge(
        self, page_id: UUID, received_at: datetime, records: Sequence[Record], *, side_by_side: bool = False
    ) -> MergeOutcome:
        """Insert what is new, replace what changed, leave alone what is known; by id. See `plan_merge`.

        Of an id twice in `records` the last wins. A known record within REACH of the new time of occurrence is
        replaced even though the time is part of its key, unless it was received after `received_at`. Sums of the
        outcome equal `len(records)`. Amendments that came before their record hold for it at once.

        Merges of an organisation take turns, for one cannot see what another has not committed. With `side_by_side`
        they do not: the caller knows that no other side-by-side merge under way has an id of these.
        """
        ...


class Amendments(Protocol):
    """What the source has changed about records afterwards. Reads of records follow it at once."""

    async def known(self, stream: Stream, record_ids: Sequence[int]) -> Sequence[Standing]:
        """The standings of those records that were ever amended. Keeps other merges waiting until the unit ends."""
        ...

    async def save(self, standings: Sequence[Standing]) -> None:
        """Write them over the known ones, and onto the records that are there; others get theirs when they come."""
        ...


class RawPages(Protocol):
    """Pages as they came, compressed, kept so that they can be understood anew."""

    async def add(self, page_id: UUID, page: RawPage) -> None:
        """Keep a page."""
        ...

    async def get(self, page_id: UUID) -> RawPage:
        """What came, decompressed; raises NotFound."""
        ...

    async def keys(
        self,
        stream: Stream,
        received: TimeRange,
        after: RawPageKey | None,
        limit: int,
        *,
        with_token: bool = False,
    ) -> Sequence[RawPageKey]:
        """Pages of a feed that were received within a time, oldest first, those after a key.

        `with_token`: without answers that named no next token, as those to a backfill.
        """
        ...


class Quarantine(Protocol):
    """Records that could not be understood, with their reason."""

    async def add(self, entries: Sequence[QuarantineEntry]) -> None:
        """Keep them."""
        ...

    async def get(self, entry_id: UUID) -> QuarantineEntry:
        """One of them, locked until the unit ends; raises NotFound."""
        ...

    async def of_page(self, page_id: UUID) -> Sequence[QuarantineEntry]:
        """Those that came in a page, by position."""
        ...

    async def save(self, entry: QuarantineEntry) -> None:
        """Write down what became of it."""
        ...


class Checkpoints(Protocol):
    """How far each stream has been read."""

    async def get(self, stream: Stream) -> Checkpoint | None:
        """The checkpoint, if the stream was ever begun."""
        ...

    async def save(self, checkpoint: Checkpoint) -> None:
        """Write version n + 1 over version n (or a first version 0); raises Conflict if another writer was faster."""
        ...


class Gaps(Protocol):
    """Times that a stream could not give."""

    async def open(self, gap: Gap) -> None:
        """Make a gap visible."""
        ...

    async def unfilled(self) -> Sequence[Gap]:
        """The open ones of all streams, oldest first."""
        ...

    async def close(self, gap: Gap) -> None:
        """Write its `closed_at`; a gap is known by stream, start and end."""
        ...


class Backfills(Protocol):
    """Past times to be brought in."""

    async def get(self, backfill_id: UUID) -> Backfill | None:
        """One of them."""
        ...

    async def unfinished(self) -> Sequence[Backfill]:
        """Those waiting and running, oldest first."""
        ...

    async def save(self, backfill: Backfill) -> None:
        """Write version n + 1 over version n (or a first version 0); raises Conflict if another writer was faster.

        That is also so where another one that a person asked for has not ended: an organisation has one at a time.
        """
        ...


class IngestionRuns(Protocol):
    """The log of runs."""

    async def save(self, run: IngestionRun) -> None:
        """Insert or overwrite by id."""
        ...

    async def running(self, kind: RunKind) -> Sequence[IngestionRun]:
        """Those that have not ended."""
        ...


class Throughput(Protocol):
    """Rows brought in per hour and stream: counted from the events of committed pages, each once."""

    async def add(self, stream: Stream, hour: datetime, *, received: int, inserted: int, late: int) -> None:
        """Add to the hour's counts."""
        ...
