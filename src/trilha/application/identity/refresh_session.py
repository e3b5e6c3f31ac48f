"""A refresh token is changed for the next, with a new access token."""

import msgspec

from trilha.application.identity.tokens import TokenDesk, Tokens
from trilha.application.ports import Clock, IdentityUnitOfWork, IdSource, UnitsOfWork
from trilha.domain.identity import (
    AuditEntry,
    Directory,
    RefreshToken,
    RefreshTokenReused,
    SecretSource,
    Session,
    SessionEnded,
    SessionRevoked,
    Users,
    decide_refresh,
    evolve_session,
    parse_refresh_token,
)
from trilha.domain.kernel import Conflict


class RefreshSession:
    """Of two who come with the same token at once, the second is a copy: the family ends."""

    def __init__(
        self,
        *,
        units: UnitsOfWork[IdentityUnitOfWork],
        users: Users,
        directory: Directory,
        desk: TokenDesk,
        secrets: SecretSource,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._units = units
        self._users = users
        self._directory = directory
        self._desk = desk
        self._secrets = secrets
        self._clock = clock
        self._ids = ids

    async def __call__(self, refresh_token: str) -> Tokens:
        """Raises SessionEnded, RefreshTokenReused, and TokenRefused where the membership is not active any more."""
        token = parse_refresh_token(refresh_token)
        try:
            return await self._refresh(token)
        except Conflict:
            # somebody else changed this session at the same moment: decide by what it is now
            return await self._refresh(token)

    async def _refresh(self, token: RefreshToken) -> Tokens:
        found = await self._directory.session(token.session_id)
        user = None if found is None else await self._users.get(found.user_id)
        if found is None or user is None:
            raise SessionEnded("unknown")
        now, following = self._clock.now(), self._secrets.new()
        async with self._units(found.organisation_id) as unit:
            event = decide_refresh(found, user, token, following, now, self._desk.sessions)
            session = evolve_session(found, event)
            await unit.sessions.save(session)
            if isinstance(event, SessionRevoked):
                await unit.audit.add(self._reuse(session, event))
                await unit.commit()
                raise RefreshTokenReused
            membership = await unit.memberships.of_user(user.id)
            if membership is None:
                raise SessionEnded("closed")
            tokens = self._desk.hand_out(session, membership, msgspec.structs.replace(token, generation=following), now)
            await unit.commit()
        return tokens

    def _reuse(self, session: Session, event: SessionRevoked) -> AuditEntry:
        return AuditEntry(
            id=self._ids.new(),
            organisation_id=session.organisation_id,
            at=event.at,
            actor="system",
            action="identity.refresh_token_reused",
            subject=f"session:{session.id}",
            details=(("user", str(session.user_id)),),
        )
