"""Pages as they came, and what could not be understood of them, inside a unit of work."""

import zlib
from collections.abc import Sequence
from uuid import UUID

import msgspec

from trilha.adapters.memory.database import Draft, OrganisationTables
from trilha.domain.kernel import NotFound, TimeRange
from trilha.domain.telemetry import QuarantineEntry, RawPage, RawPageKey, Stream


class MemoryRawPages:
    """Compressed pages."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._pages = Draft(tables.raw_pages)

    async def add(self, page_id: UUID, page: RawPage) -> None:
        """Keep a page."""
        self._pages.put(page_id, msgspec.structs.replace(page, body=zlib.compress(page.body)))

    async def get(self, page_id: UUID) -> RawPage:
        """What came."""
        packed = self._pages.get(page_id)
        if packed is None:
            raise NotFound("raw page", page_id)
        return msgspec.structs.replace(packed, body=zlib.decompress(packed.body))

    async def keys(
        self,
        stream: Stream,
        received: TimeRange,
        after: RawPageKey | None,
        limit: int,
        *,
        with_token: bool = False,
    ) -> Sequence[RawPageKey]:
        """Pages of a feed by when they were received, oldest first."""
        keys = sorted(
            RawPageKey(page.received_at, page_id)
            for page_id, page in self._pages.all().items()
            if page.stream is stream and page.received_at in received
            if page.next_token is not None or not with_token
        )
        return [key for key in keys if after is None or key > after][:limit]

    def apply(self) -> None:
        """Commit."""
        self._pages.apply()


class MemoryQuarantine:
    """Records that could not be understood. Who settles an entry that another settles makes the slower commit fail."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._entries = Draft(tables.quarantine)

    async def add(self, entries: Sequence[QuarantineEntry]) -> None:
        """Keep them."""
        for entry in entries:
            self._entries.put(entry.id, entry)

    async def get(self, entry_id: UUID) -> QuarantineEntry:
        """One of them."""
        found = self._entries.hold(entry_id)
        if found is None:
            raise NotFound("quarantine entry", entry_id)
        return found

    async def of_page(self, page_id: UUID) -> Sequence[QuarantineEntry]:
        """Those that came in a page, by position."""
        entries = [entry for entry in self._entries.all().values() if entry.page_id == page_id]
        return sorted(entries, key=lambda entry: entry.record.position)

    async def save(self, entry: QuarantineEntry) -> None:
        """Write down what became of it."""
        self._entries.put(entry.id, entry)

    @property
    def is_stale(self) -> bool:
        """Whether another transaction settled one of these meanwhile."""
        return self._entries.is_stale

    def apply(self) -> None:
        """Commit."""
        self._entries.apply()
