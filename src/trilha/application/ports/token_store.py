"""Where an outside system's access tokens are kept between processes and restarts."""

from datetime import datetime
from typing import Any, Protocol

import msgspec


class SourceToken(msgspec.Struct, frozen=True):
    """An access token with its renewal. Never logged: `repr` hides both."""

    access_token: str
    refresh_token: str | None
    expires_at: datetime
    version: int = 0

    def __repr__(self) -> str:
        """Everything but the secrets."""
        return f"SourceToken(expires_at={self.expires_at.isoformat()}, version={self.version})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The same for consoles that draw objects by their members, in tracebacks too."""
        return [("expires_at", self.expires_at.isoformat()), ("version", self.version)]


class TokenStore(Protocol):
    """One token per credential set (`key` is a fingerprint, never the credentials)."""

    async def load(self, key: str) -> SourceToken | None:
        """The newest token."""
        ...

    async def save(self, key: str, token: SourceToken) -> bool:
        """Keep version n + 1 (or a first version 1); False if another process has saved one meanwhile."""
        ...

    async def lock(self, key: str, holder: str, until: datetime) -> bool:
        """Be the one process that renews, at most until `until`; False while another is at it."""
        ...

    async def unlock(self, key: str, holder: str) -> None:
        """Renewal is over."""
        ...
