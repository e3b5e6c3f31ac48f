"""What a client gets when it has signed in."""

from datetime import datetime

import msgspec

from trilha.application.ports import IdSource
from trilha.domain.identity import (
    Membership,
    RefreshToken,
    Session,
    SessionPolicy,
    TokenPolicy,
    TokenSigner,
    ends_at,
    format_refresh_token,
    issue_claims,
)


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of the token endpoint (RFC 6749, 5.1). Nothing prints it."""

    access_token: str
    expires_in_s: int
    refresh_token: str
    session_ends_at: datetime

    def __repr__(self) -> str:
        """Nothing of it."""
        return "Tokens(...)"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """Nothing of it, for consoles that draw objects by their members."""
        return []


class TokenDesk:
    """Makes tokens for sessions."""

    def __init__(
        self, *, signer: TokenSigner, ids: IdSource, tokens: TokenPolicy, sessions: SessionPolicy | None = None
    ) -> None:
        self._signer = signer
        self._ids = ids
        self._tokens = tokens
        self.sessions = sessions or SessionPolicy()

    def hand_out(self, session: Session, membership: Membership, refresh: RefreshToken, now: datetime) -> Tokens:
        """Raises TokenRefused where the membership is not active."""
        claims = issue_claims(session, membership, self._ids.new(), now, self._tokens)
        return Tokens(
            access_token=self._signer.sign(claims),
            expires_in_s=claims.exp - claims.iat,
            refresh_token=format_refresh_token(refresh),
            session_ends_at=ends_at(session, self.sessions),
        )
