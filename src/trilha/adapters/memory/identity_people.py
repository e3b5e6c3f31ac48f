"""People and what proves who they are, before an organisation is known."""

from collections.abc import Sequence
from uuid import UUID

from trilha.adapters.memory.database import MemoryDatabase
from trilha.adapters.memory.ingestion import another_was_faster
from trilha.domain.identity import (
    ApiKey,
    Invitation,
    Membership,
    OneTimeToken,
    Purpose,
    SecondFactor,
    SecretHash,
    Session,
    Throttle,
    User,
    is_same,
)
from trilha.domain.kernel import UserId


class MemoryUsers:
    """See Users."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._users = database.users

    async def get(self, user_id: UserId) -> User | None:
        """One of them."""
        return self._users.get(user_id)

    async def with_email(self, key: str) -> User | None:
        """Whose address it is."""
        return next((user for user in self._users.values() if user.email.key == key), None)

    async def add(self, user: User) -> bool:
        """Keep a new user."""
        if user.id in self._users or await self.with_email(user.email.key) is not None:
            return False
        self._users[user.id] = user
        return True

    async def save(self, user: User) -> None:
        """Write the next version."""
        kept, owner = self._users.get(user.id), await self.with_email(user.email.key)
        if kept is None or user.version != kept.version + 1 or (owner is not None and owner.id != user.id):
            raise another_was_faster(f"user {user.id}")
        self._users[user.id] = user


class MemorySecondFactors:
    """See SecondFactors."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._factors = database.second_factors

    async def of_user(self, user_id: UserId) -> SecondFactor | None:
        """How a user's stands."""
        return self._factors.get(user_id)

    async def save(self, factor: SecondFactor) -> None:
        """Write the next version."""
        kept = self._factors.get(factor.user_id)
        if factor.version != (0 if kept is None else kept.version) + 1:
            raise another_was_faster(f"the second factor of user {factor.user_id}")
        self._factors[factor.user_id] = factor


class MemoryOneTimeTokens:
    """See OneTimeTokens."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._tokens = database.one_time_tokens

    async def keep(self, token: OneTimeToken) -> None:
        """Keep a link in the place of an older one."""
        self._tokens[(token.user_id, token.purpose)] = token

    async def find(self, purpose: Purpose, secret_hash: SecretHash) -> OneTimeToken | None:
        """The link with this secret."""
        kept = (token for token in self._tokens.values() if token.purpose is purpose)
        return next((token for token in kept if is_same(token.secret_hash, secret_hash)), None)

    async def spend(self, token: OneTimeToken) -> bool:
        """Remove it, if it is still the one."""
        key = (token.user_id, token.purpose)
        if self._tokens.get(key) != token:
            return False
        del self._tokens[key]
        return True


class MemoryThrottles:
    """See Throttles."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._throttles = database.throttles

    async def load(self, key: str) -> Throttle:
        """What was counted."""
        return self._throttles.get(key, Throttle())

    async def save(self, key: str, throttle: Throttle) -> bool:
        """Write the next version."""
        kept = self._throttles.get(key)
        if throttle.version != (0 if kept is None else kept.version) + 1:
            return False
        self._throttles[key] = throttle
        return True


class MemoryDirectory:
    """See Directory."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def memberships_of(self, user_id: UserId) -> Sequence[Membership]:
        """All of a user's, the oldest first."""
        every = (one for _, tables in self._database.tables() for one in tables.memberships.values())
        return sorted((one for one in every if one.user_id == user_id), key=lambda one: (one.since, one.id))

    async def session(self, session_id: UUID) -> Session | None:
        """A session by its id."""
        found = (tables.sessions.get(session_id) for _, tables in self._database.tables())
        return next((session for session in found if session is not None), None)

    async def api_key(self, prefix: str) -> ApiKey | None:
        """A key by its prefix."""
        every = (one for _, tables in self._database.tables() for one in tables.api_keys.values())
        return next((key for key in every if key.prefix == prefix), None)

    async def invitation(self, secret_hash: SecretHash) -> Invitation | None:
        """An invitation by its secret."""
        every = (one for _, tables in self._database.tables() for one in tables.invitations.values())
        return next((one for one in every if is_same(one.secret_hash, secret_hash)), None)
