"""Somebody lets a member in, makes him something else, or puts him out."""

from uuid import UUID

import msgspec

from trilha.application.ports import Clock, IdentityUnitOfWork, IdSource, UnitsOfWork
from trilha.domain.identity import (
    AuditEntry,
    Membership,
    MembershipCommand,
    MembershipStatus,
    NotPermitted,
    Permission,
    RevokedBecause,
    decide_membership,
    evolve_membership,
    evolve_session,
    revoke_session,
)
from trilha.domain.kernel import NotFound, OrganisationId, UserId


class ChangeMembershipCommand(msgspec.Struct, frozen=True):
    """What `by` wants done to a membership."""

    organisation_id: OrganisationId
    by: UserId
    membership_id: UUID
    change: MembershipCommand


class ChangeMembership:
    """Who is put out loses his sessions with it. Saying what is so already changes nothing."""

    def __init__(self, *, units: UnitsOfWork[IdentityUnitOfWork], clock: Clock, ids: IdSource) -> None:
        self._units = units
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: ChangeMembershipCommand) -> Membership:
        """Raises NotPermitted, RoleTooHigh, LastAdmin, MembershipRefused, NotFound; Conflict if another was faster."""
        async with self._units(command.organisation_id) as unit:
            by = await unit.memberships.of_user(command.by)
            if by is None:
                raise NotPermitted(Permission.IDENTITY_MANAGE_MEMBERS)
            membership = await unit.memberships.get(command.membership_id)
            if membership is None:
                raise NotFound("membership", command.membership_id)
            changed = membership
            for event in decide_membership(membership, command.change, by, await unit.memberships.active_admins()):
                changed = evolve_membership(membership, event)
            if changed is not membership:
                await unit.memberships.save(changed)
                await self._follow(unit, changed, by)
                await unit.commit()
        return changed

    async def _follow(self, unit: IdentityUnitOfWork, changed: Membership, by: Membership) -> None:
        now = self._clock.now()
        if changed.status is not MembershipStatus.ACTIVE:
            for session in await unit.sessions.of_user(changed.user_id):
                for event in revoke_session(session, RevokedBecause.MEMBERSHIP_CHANGED, now):
                    await unit.sessions.save(evolve_session(session, event))
        await unit.audit.add(
            AuditEntry(
                id=self._ids.new(),
                organisation_id=changed.organisation_id,
                at=now,
                actor=f"user:{by.user_id}",
                action="identity.membership_changed",
                subject=f"membership:{changed.id}",
                details=(("role", changed.role), ("status", changed.status), ("version", str(changed.version))),
            )
        )
