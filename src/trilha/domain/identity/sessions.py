"""Being signed in: a family of refresh tokens, each changed for the next, of which exactly one is live.

    open ---refresh (live token)---> open, next generation
    open ---refresh (any former token of the family)---> revoked: somebody has a copy
    open ---idle or too old, or its user was signed out---> ended
    open ---revoke---> revoked, for good

A refresh token carries the family's id, the family's own secret and the secret of its generation. So a former token is
known for what it is without keeping one hash a generation, while somebody who has only seen an id (the list of sessions
shows them) can end nothing.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from trilha.domain.identity.errors import SessionEnded
from trilha.domain.identity.hashing import Secret, SecretHash, hash_secret, is_same, parse_secret, secret_text
from trilha.domain.identity.model import User
from trilha.domain.kernel import InvalidValue, OrganisationId, UserId

PREFIX = "trr"
_MAX_CHARS = 256
MAX_DEVICE_CHARS = 200


class SessionPolicy(msgspec.Struct, frozen=True):
    """A session ends when it was not refreshed for `idle`, and `absolute` after its beginning in any case."""

    idle: timedelta = timedelta(days=14)
    absolute: timedelta = timedelta(days=90)

    def __post_init__(self) -> None:
        if not timedelta(0) < self.idle <= self.absolute:
            raise InvalidValue("idle", str(self.idle), f"more than nothing, and at most absolute ({self.absolute})")


class RevokedBecause(StrEnum):
    """Why a session was ended before its time."""

    SIGNED_OUT = "signed_out"
    REUSED = "reused"
    MEMBERSHIP_CHANGED = "membership_changed"
    BY_ADMIN = "by_admin"


class RefreshToken(msgspec.Struct, frozen=True):
    """What the client holds. Nothing prints it."""

    session_id: UUID
    family: Secret
    generation: Secret

    def __repr__(self) -> str:
        """Nothing of it."""
        return "RefreshToken(...)"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """Nothing of it, for consoles that draw objects by their members."""
        return []


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody is signed in, in one organisation. `device` is what the client calls itself, for the owner's list.

    `epoch` is that of its user when it began: signing a user out everywhere gives him the next one. Counting needs no
    clocks that agree.
    """

    id: UUID
    organisation_id: OrganisationId
    user_id: UserId
    family_hash: SecretHash
    live_hash: SecretHash
    epoch: int
    began_at: datetime
    refreshed_at: datetime
    device: str = ""
    generation: int = 1
    revoked_at: datetime | None = None
    revoked_because: RevokedBecause | None = None

    @property
    def version(self) -> int:
        """Counts what happened to it."""
        return self.generation + (self.revoked_at is not None)


class SessionRefreshed(msgspec.Struct, frozen=True):
    """The live token was changed for the next."""

    live_hash: SecretHash
    at: datetime


class SessionRevoked(msgspec.Struct, frozen=True):
    """No token of the family counts any more."""

    because: RevokedBecause
    at: datetime


SessionEvent = SessionRefreshed | SessionRevoked


def begin_session(
    token: RefreshToken, organisation_id: OrganisationId, user: User, now: datetime, device: str = ""
) -> Session:
    """Somebody signed in and gets the first token of a family."""
    return Session(
        id=token.session_id,
        organisation_id=organisation_id,
        user_id=user.id,
        epoch=user.session_epoch,
        family_hash=hash_secret(token.family),
        live_hash=hash_secret(token.generation),
        began_at=now,
        refreshed_at=now,
        device=device[:MAX_DEVICE_CHARS].replace("\0", ""),
    )


def decide_refresh(
    session: Session, user: User, token: RefreshToken, following: Secret, now: datetime, policy: SessionPolicy
) -> SessionRefreshed | SessionRevoked:
    """What a refresh brings about. `following` is the secret of the next generation.

    SessionRevoked where the token was live once: the caller keeps that, then raises RefreshTokenReused. Raises
    SessionEnded where nothing changes: for an unknown token, an ended session, an account that is closed or signed out.
    """
    presented = hash_secret(token.generation)
    if token.session_id != session.id or not is_same(session.family_hash, hash_secret(token.family)):
        raise SessionEnded("unknown")
    if session.revoked_at is not None:
        raise SessionEnded(_because(session))
    if not is_same(session.live_hash, presented):
        return SessionRevoked(RevokedBecause.REUSED, now)
    if (ended := why_ended(session, user, now, policy)) is not None:
        raise SessionEnded(ended)
    if hash_secret(following) == session.live_hash:
        raise InvalidValue("following", "the live secret", "a new random one")
    # where another replica's clock is ahead, time does not go back
    return SessionRefreshed(hash_secret(following), max(now, session.refreshed_at))


def why_ended(session: Session, user: User, now: datetime, policy: SessionPolicy) -> str | None:
    """The word for why it does not go on, or None where it does."""
    if session.revoked_at is not None:
        return _because(session)
    if user.disabled_at is not None or user.id != session.user_id:
        return "closed"
    if session.epoch != user.session_epoch:
        return RevokedBecause.SIGNED_OUT.value
    return "expired" if now >= ends_at(session, policy) else None


def ends_at(session: Session, policy: SessionPolicy) -> datetime:
    """When it ends unless it is refreshed before."""
    return min(session.refreshed_at + policy.idle, session.began_at + policy.absolute)


def revoke_session(session: Session, because: RevokedBecause, now: datetime) -> tuple[SessionRevoked, ...]:
    """End it. Revoking twice is once, and the first reason stays."""
    return () if session.revoked_at is not None else (SessionRevoked(because, now),)


def evolve_session(session: Session, event: SessionEvent) -> Session:
    """The next version."""
    match event:
        case SessionRefreshed(live_hash, at):
            return msgspec.structs.replace(
                session, live_hash=live_hash, refreshed_at=at, generation=session.generation + 1
            )
        case SessionRevoked(because, at):
            return msgspec.structs.replace(session, revoked_at=at, revoked_because=because)


def format_refresh_token(token: RefreshToken) -> str:
    """The text that the client keeps."""
    return f"{PREFIX}_{token.session_id.hex}.{secret_text(token.family)}.{secret_text(token.generation)}"


def parse_refresh_token(text: str) -> RefreshToken:
    """Read it; raises SessionEnded for what is none, as for one that nobody knows."""
    prefix, _, rest = text[: _MAX_CHARS + 1].partition("_")
    parts = rest.split(".")
    if prefix != PREFIX or len(text) > _MAX_CHARS or len(parts) != len(RefreshToken.__struct_fields__):
        raise SessionEnded("unknown")
    try:
        return RefreshToken(UUID(hex=parts[0]), parse_secret(parts[1]), parse_secret(parts[2]))
    except ValueError:
        raise SessionEnded("unknown") from None


def _because(session: Session) -> str:
    return (session.revoked_because or RevokedBecause.SIGNED_OUT).value
