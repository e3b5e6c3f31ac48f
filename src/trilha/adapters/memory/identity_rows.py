"""What people are and do in an organisation, inside a unit of work."""

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from trilha.adapters.memory.database import Draft, MemoryDatabase, OrganisationTables
from trilha.adapters.memory.ingestion import another_was_faster
from trilha.domain.identity import (
    ApiKey,
    AuditEntry,
    AuditLink,
    ConsentEntry,
    DataRequest,
    Invitation,
    Membership,
    MembershipStatus,
    Role,
    Session,
)
from trilha.domain.kernel import UserId


class _Versioned(Protocol):
    @property
    def id(self) -> UUID: ...
    @property
    def version(self) -> int: ...


Row = TypeVar("Row", bound=_Versioned)


class MemoryVersionedRows(Generic[Row]):
    """See VersionedRows."""

    def __init__(self, table: dict[UUID, Row]) -> None:
        self._rows = Draft(table)

    async def get(self, row_id: UUID) -> Row | None:
        """One of them."""
        return self._rows.get(row_id)

    async def save(self, row: Row) -> None:
        """Write the next version."""
        kept = self._rows.get(row.id)
        if row.version != (0 if kept is None else kept.version) + 1:
            raise another_was_faster(f"{type(row).__name__.lower()} {row.id}")
        self._rows.put(row.id, row)

    @property
    def is_stale(self) -> bool:
        """Whether another transaction saved one of these meanwhile."""
        return self._rows.is_stale

    def apply(self) -> None:
        """Commit."""
        self._rows.apply()


class MemoryMemberships(MemoryVersionedRows[Membership]):
    """See Memberships."""

    def __init__(self, tables: OrganisationTables) -> None:
        super().__init__(tables.memberships)
        self._by_user = Draft(tables.membership_of_user)

    async def of_user(self, user_id: UserId) -> Membership | None:
        """A user's."""
        found = self._by_user.get(user_id)
        return None if found is None else self._rows.get(found)

    async def active_admins(self) -> Sequence[Membership]:
        """Held until the commit."""
        found = self._rows.hold_all().values()
        return [one for one in found if one.role is Role.ADMIN and one.status is MembershipStatus.ACTIVE]

    async def save(self, row: Membership) -> None:
        """Write the next version, of the user's only one."""
        if self._by_user.get(row.user_id) not in {None, row.id}:
            raise another_was_faster(f"the membership of user {row.user_id}")
        await super().save(row)
        self._by_user.put(row.user_id, row.id)

    @property
    def is_stale(self) -> bool:
        """Whether another transaction saved one of these, or one of the same user, meanwhile."""
        return super().is_stale or self._by_user.is_stale

    def apply(self) -> None:
        """Commit."""
        super().apply()
        self._by_user.apply()


class MemorySessions(MemoryVersionedRows[Session]):
    """See Sessions."""

    async def of_user(self, user_id: UserId) -> Sequence[Session]:
        """Those that are not revoked, newest first."""
        found = [one for one in self._rows.all().values() if one.user_id == user_id and one.revoked_at is None]
        return sorted(found, key=lambda one: (one.began_at, one.id), reverse=True)


class MemoryApiKeys(MemoryVersionedRows[ApiKey]):
    """See ApiKeys."""

    def __init__(self, tables: OrganisationTables, database: MemoryDatabase) -> None:
        super().__init__(tables.api_keys)
        self._by_prefix = Draft(database.key_of_prefix)

    async def all(self) -> Sequence[ApiKey]:
        """Every key, newest first."""
        return sorted(self._rows.all().values(), key=lambda one: (one.created_at, one.id), reverse=True)

    async def save(self, row: ApiKey) -> None:
        """Write the next version, under a prefix that no other key has."""
        if self._by_prefix.get(row.prefix) not in {None, row.id}:
            raise another_was_faster("the prefix of this key")
        await super().save(row)
        self._by_prefix.put(row.prefix, row.id)

    @property
    def is_stale(self) -> bool:
        """Whether another transaction saved one of these, or took the prefix, meanwhile."""
        return super().is_stale or self._by_prefix.is_stale

    def apply(self) -> None:
        """Commit."""
        super().apply()
        self._by_prefix.apply()


class MemoryDataRequests(MemoryVersionedRows[DataRequest]):
    """See DataRequests."""

    async def open(self) -> Sequence[DataRequest]:
        """Those that wait, the one due first at the front."""
        found = [one for one in self._rows.all().values() if one.is_open]
        return sorted(found, key=lambda one: (one.due_at, one.id))


class MemoryConsents:
    """See Consents."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._entries = Draft(tables.consents)

    async def of_user(self, user_id: UserId) -> Sequence[ConsentEntry]:
        """A user's answers, in their order."""
        return [entry for entry in self._entries.all().values() if entry.user_id == user_id]

    async def add(self, entry: ConsentEntry) -> None:
        """Keep an answer."""
        if self._entries.get(entry.id) is not None:
            raise another_was_faster(f"consent {entry.id}")
        self._entries.put(entry.id, entry)

    @property
    def is_stale(self) -> bool:
        """Whether another transaction added the same answer meanwhile."""
        return self._entries.is_stale

    def apply(self) -> None:
        """Commit."""
        self._entries.apply()


class MemoryAuditLog:
    """See AuditLog."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._entries = Draft(tables.audit_entries)
        self._links = Draft(tables.audit_links)

    async def add(self, entry: AuditEntry) -> None:
        """Keep an entry."""
        if self._entries.get(entry.id) is not None:
            raise another_was_faster(f"audit entry {entry.id}")
        self._entries.put(entry.id, entry)

    async def unchained(self, limit: int) -> Sequence[AuditEntry]:
        """Entries without a place, oldest first."""
        placed = {link.entry.id for link in self._links.all().values()}
        waiting = [entry for entry in self._entries.all().values() if entry.id not in placed]
        return sorted(waiting, key=lambda entry: (entry.at, entry.id))[:limit]

    async def last(self) -> AuditLink | None:
        """The end of the chain."""
        kept = self._links.all()
        return kept[max(kept)] if kept else None

    async def append(self, links: Sequence[AuditLink]) -> None:
        """Give entries their places."""
        placed = {link.entry.id for link in self._links.all().values()}
        for link in links:
            if self._links.get(link.sequence) is not None or link.entry.id in placed:
                raise another_was_faster(f"place {link.sequence} of the audit trail")
            self._links.put(link.sequence, link)
            placed.add(link.entry.id)

    async def links(self, after: int, limit: int) -> Sequence[AuditLink]:
        """The chain behind a link, in its order."""
        return [link for sequence, link in sorted(self._links.all().items()) if sequence > after][:limit]

    @property
    def is_stale(self) -> bool:
        """Whether another transaction took one of the places meanwhile."""
        return self._entries.is_stale or self._links.is_stale

    def apply(self) -> None:
        """Commit."""
        self._entries.apply()
        self._links.apply()


MemoryInvitations = MemoryVersionedRows[Invitation]
