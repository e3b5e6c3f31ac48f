"""What identity needs from outside.

People and what proves who they are belong to the whole installation: Users, SecondFactors, OneTimeTokens, Throttles and
the Directory are used before an organisation is known, each call by itself. What people are and do in an organisation
is written inside a unit of work of that organisation.

Rows with a version are saved one version at a time: the first kept is version 1, and `save` raises Conflict, at once or
when the unit commits, where another writer was faster.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from trilha.domain.identity.access_tokens import AccessClaims
from trilha.domain.identity.api_keys import ApiKey
from trilha.domain.identity.audit import AuditEntry, AuditLink
from trilha.domain.identity.consents import ConsentEntry
from trilha.domain.identity.data_requests import DataRequest
from trilha.domain.identity.hashing import Secret, SecretHash
from trilha.domain.identity.invitations import Invitation
from trilha.domain.identity.memberships import Membership
from trilha.domain.identity.model import Organisation, OrganisationSource, User
from trilha.domain.identity.one_time_tokens import OneTimeToken, Purpose
from trilha.domain.identity.second_factor import SecondFactor
from trilha.domain.identity.sessions import Session
from trilha.domain.identity.throttling import Throttle
from trilha.domain.kernel import OrganisationId, UserId

Row = TypeVar("Row")


class Organisations(Protocol):
    """All organisations of this installation: few, read by processes that serve every one of them."""

    async def all(self) -> Sequence[Organisation]:
        """Every organisation, oldest first."""
        ...

    async def get(self, organisation_id: OrganisationId) -> Organisation:
        """One organisation; raises NotFound."""
        ...

    async def source_of(self, organisation_id: OrganisationId) -> OrganisationSource | None:
        """Where its data come from, if anywhere."""
        ...

    async def fed_by(self, source: str, external_id: int) -> Organisation | None:
        """The organisation that an outside organisation feeds."""
        ...

    async def add(self, organisation: Organisation, source: OrganisationSource | None) -> bool:
        """Keep a new organisation with its source; False, and nothing kept, if that source feeds one already."""
        ...

    async def update(self, organisation: Organisation) -> None:
        """Follow a changed name or time zone; raises NotFound."""
        ...


class Users(Protocol):
    """Everybody who can sign in. An address, by its key, belongs to one user at most."""

    async def get(self, user_id: UserId) -> User | None:
        """One of them."""
        ...

    async def with_email(self, key: str) -> User | None:
        """Whose address has this key."""
        ...

    async def add(self, user: User) -> bool:
        """Keep a new user; False, and nothing kept, if the address is somebody's."""
        ...

    async def save(self, user: User) -> None:
        """Write the next version. Raises Conflict, also where a changed address is somebody's."""
        ...


class SecondFactors(Protocol):
    """Second factors, their secrets encrypted where they are stored."""

    async def of_user(self, user_id: UserId) -> SecondFactor | None:
        """How a user's stands; None where there never was one."""
        ...

    async def save(self, factor: SecondFactor) -> None:
        """Write the next version. Raises Conflict: of two who use the same code at once, one gets in."""
        ...


class OneTimeTokens(Protocol):
    """Links that were sent, at most one for each user and purpose."""

    async def keep(self, token: OneTimeToken) -> None:
        """Keep a link, in the place of an older one for the same purpose."""
        ...

    async def find(self, purpose: Purpose, secret_hash: SecretHash) -> OneTimeToken | None:
        """The link with this secret."""
        ...

    async def spend(self, token: OneTimeToken) -> bool:
        """Remove it; True for the first who does."""
        ...


class Throttles(Protocol):
    """Counted attempts, shared by all replicas. Keys are those of `throttle_key`."""

    async def load(self, key: str) -> Throttle:
        """What was counted; a fresh Throttle where nothing was."""
        ...

    async def save(self, key: str, throttle: Throttle) -> bool:
        """Write the next version; False if another attempt was counted meanwhile: load and decide again."""
        ...


class Directory(Protocol):
    """Whose a secret or an id is, before an organisation is known. Reads what was committed."""

    async def memberships_of(self, user_id: UserId) -> Sequence[Membership]:
        """All of a user's, in every organisation, whatever their status; the oldest first."""
        ...

    async def session(self, session_id: UUID) -> Session | None:
        """A session by its id, which its tokens carry."""
        ...

    async def api_key(self, prefix: str) -> ApiKey | None:
        """A key by its prefix."""
        ...

    async def invitation(self, secret_hash: SecretHash) -> Invitation | None:
        """An invitation by the secret in its link."""
        ...


class VersionedRows(Protocol[Row]):
    """Rows of one organisation, by id, under optimistic locking. Others' rows are not there."""

    async def get(self, row_id: UUID) -> Row | None:
        """One of them."""
        ...

    async def save(self, row: Row) -> None:
        """Write the next version. Raises Conflict."""
        ...


class Memberships(VersionedRows[Membership], Protocol):
    """Who belongs to the organisation; a user at most once, else `save` raises Conflict."""

    async def of_user(self, user_id: UserId) -> Membership | None:
        """A user's, whatever its status."""
        ...

    async def active_admins(self) -> Sequence[Membership]:
        """To decide by: the commit raises Conflict where another transaction changed who they are."""
        ...


class Sessions(VersionedRows[Session], Protocol):
    """Where people are signed in. Two who refresh at once: one wins, the other's commit raises Conflict."""

    async def of_user(self, user_id: UserId) -> Sequence[Session]:
        """Those that are not revoked, newest first; expired ones are among them until they are cleaned away."""
        ...


class Invitations(VersionedRows[Invitation], Protocol):
    """Who was asked in."""


class ApiKeys(VersionedRows[ApiKey], Protocol):
    """Keys of machines. Prefixes are unique in the installation, else `save` raises Conflict."""

    async def all(self) -> Sequence[ApiKey]:
        """Every key, revoked ones too, newest first."""
        ...


class Consents(Protocol):
    """What people agreed to; only added to."""

    async def of_user(self, user_id: UserId) -> Sequence[ConsentEntry]:
        """A user's answers, in the order in which they were added."""
        ...

    async def add(self, entry: ConsentEntry) -> None:
        """Keep an answer."""
        ...


class AuditLog(Protocol):
    """The trail of an organisation: entries are added with commands, and linked into the chain by one worker."""

    async def add(self, entry: AuditEntry) -> None:
        """Keep an entry that has no place in the chain yet."""
        ...

    async def unchained(self, limit: int) -> Sequence[AuditEntry]:
        """Entries without a place, oldest first."""
        ...

    async def last(self) -> AuditLink | None:
        """The end of the chain."""
        ...

    async def append(self, links: Sequence[AuditLink]) -> None:
        """Give entries their places. Raises Conflict where a place is taken or an entry has one."""
        ...

    async def links(self, after: int, limit: int) -> Sequence[AuditLink]:
        """The chain behind the link `after`, from 0 the whole of it, in its order."""
        ...


class DataRequests(VersionedRows[DataRequest], Protocol):
    """What people asked about their data."""

    async def open(self) -> Sequence[DataRequest]:
        """Those that wait for an answer, the one due first at the front."""
        ...


class PasswordHasher(Protocol):
    """Slow hashes of what people make up, away from the event loop and only a few at a time."""

    async def hash(self, prepared: bytes) -> str:
        """The text to keep, with its salt and settings."""
        ...

    async def verify(self, prepared: bytes, kept: str | None) -> bool:
        """Whether they belong together. For None it takes as long as for a hash, and says no."""
        ...

    def is_outdated(self, kept: str) -> bool:
        """Whether the settings have changed since; then the password is hashed anew at the next sign-in."""
        ...


class TokenSigner(Protocol):
    """Signs access tokens and checks their signatures; header and keys by `check_header` and `signing_key`."""

    def sign(self, claims: AccessClaims) -> str:
        """The token, signed with the key of now."""
        ...

    def verify(self, token: str) -> AccessClaims:
        """The claims of a token whose signature holds, not believed yet; raises TokenRefused."""
        ...


class SecretSource(Protocol):
    """Randomness that nobody can guess."""

    def new(self, size: int = 32) -> Secret:
        """`size` random bytes."""
        ...
