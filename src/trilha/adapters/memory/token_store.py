"""Access tokens, and who renews them."""

from datetime import datetime

from trilha.adapters.memory.database import MemoryDatabase, RenewalLock
from trilha.application.ports import SourceToken


class MemoryTokenStore:
    """Tokens of all simulated processes."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def load(self, key: str) -> SourceToken | None:
        """The newest token."""
        return self._database.tokens.get(key)

    async def save(self, key: str, token: SourceToken) -> bool:
        """Keep the next version."""
        current = self._database.tokens.get(key)
        if token.version != (0 if current is None else current.version) + 1:
            return False
        self._database.tokens[key] = token
        return True

    async def lock(self, key: str, holder: str, until: datetime) -> bool:
        """Be the one that renews."""
        lock = self._database.renewals.get(key)
        if lock is not None and lock.holder != holder and lock.until > self._database.clock.now():
            return False
        self._database.renewals[key] = RenewalLock(holder, until)
        return True

    async def unlock(self, key: str, holder: str) -> None:
        """Renewal is over."""
        lock = self._database.renewals.get(key)
        if lock is not None and lock.holder == holder:
            del self._database.renewals[key]
