"""A session for somebody who has shown who he is, however he did."""

from trilha.application.identity.tokens import TokenDesk, Tokens
from trilha.application.ports import Clock, IdentityUnitOfWork, IdSource, UnitsOfWork
from trilha.domain.identity import AuditEntry, RefreshToken, SecretSource, SignInRefused, User, begin_session
from trilha.domain.kernel import OrganisationId


class BeginSession:
    """The first tokens of a family, and the entry in the trail that says so."""

    def __init__(
        self,
        *,
        units: UnitsOfWork[IdentityUnitOfWork],
        desk: TokenDesk,
        secrets: SecretSource,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._units = units
        self._desk = desk
        self._secrets = secrets
        self._clock = clock
        self._ids = ids

    async def __call__(self, user: User, organisation_id: OrganisationId, device: str = "") -> Tokens:
        """Raises SignInRefused and TokenRefused where the user does not belong there any more."""
        now = self._clock.now()
        token = RefreshToken(self._ids.new(), self._secrets.new(), self._secrets.new())
        async with self._units(organisation_id) as unit:
            membership = await unit.memberships.of_user(user.id)
            if membership is None:
                raise SignInRefused
            session = begin_session(token, organisation_id, user, now, device)
            tokens = self._desk.hand_out(session, membership, token, now)
            await unit.sessions.save(session)
            await unit.audit.add(
                AuditEntry(
                    id=self._ids.new(),
                    organisation_id=organisation_id,
                    at=now,
                    actor=f"user:{user.id}",
                    action="identity.signed_in",
                    subject=f"session:{session.id}",
                )
            )
            await unit.commit()
        return tokens
