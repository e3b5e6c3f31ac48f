"""What telemetry needs from outside. The repositories live inside a unit of work, hence inside one organisation."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from trilha.domain.kernel import RejectedRecord
from trilha.domain.telemetry.checkpoint import Checkpoint, Gap
from trilha.domain.telemetry.model import SourcePage, Stream, TelemetryEvent
from trilha.domain.telemetry.run import IngestionRun, MergeOutcome, RunKind


class TelemetrySource(Protocol):
    """The outside system that streams what vehicles report."""

    async def events_since(self, external_id: int, token: str, *, urgent: bool) -> SourcePage:
        """The next page after `token`; `urgent` when more is known to wait, which the rate limiter serves first.

        Raises SourceUnavailable, SourceRefused, SourceNotPermitted, SinceTokenTooOld.
        """
        ...

    def token_at(self, moment: datetime) -> str:
        """The token that stands for a moment."""
        ...

    def time_of(self, token: str) -> datetime:
        """The moment that a token stands for; raises InvalidValue."""
        ...


class TelemetryEvents(Protocol):
    """The organisation's events."""

    async def stage(self, events: Sequence[TelemetryEvent]) -> None:
        """Send `events` ahead of a `merge` of the very same ones, which then has less to do. It may be left out.

        Nothing is merged yet, and no other unit of work waits for this one: so pages can overlap.
        """
        ...

    async def merge(
        self, page_id: UUID, received_at: datetime, events: Sequence[TelemetryEvent], *, side_by_side: bool = False
    ) -> MergeOutcome:
        """Insert what is new, replace what changed, leave alone what is known; by id.

        Of an id twice in `events` the last wins. A known event within REACH of the new time of occurrence is replaced
        even though the time is part of its key. Sums of the outcome equal `len(events)`.

        Merges of an organisation take turns, for one cannot see what another has not committed. With `side_by_side`
        they do not: the caller knows that no other side-by-side merge under way has an id of these.
        """
        ...


class RawPages(Protocol):
    """Pages as they came, compressed, kept so that they can be understood anew."""

    async def add(self, page_id: UUID, page: SourcePage) -> None:
        """Keep a page."""
        ...

    async def body(self, page_id: UUID) -> bytes:
        """What came, decompressed; raises NotFound."""
        ...


class Quarantine(Protocol):
    """Records that could not be understood, with their reason."""

    async def add(self, stream: str, page_id: UUID | None, at: datetime, records: Sequence[RejectedRecord]) -> None:
        """Keep them; `page_id` is None for master data."""
        ...


class Checkpoints(Protocol):
    """How far each stream has been read."""

    async def get(self, stream: Stream) -> Checkpoint | None:
        """The checkpoint, if the stream was ever begun."""
        ...

    async def save(self, checkpoint: Checkpoint) -> None:
        """Write version n + 1 over version n (or a first version 0); raises Conflict if another writer was faster."""
        ...

    async def open_gap(self, gap: Gap) -> None:
        """Make a gap visible."""
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

    async def add(self, stream: Stream, hour: datetime, *, received: int, inserted: int) -> None:
        """Add to the hour's counts."""
        ...
