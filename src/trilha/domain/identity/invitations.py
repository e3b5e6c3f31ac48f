"""Asking somebody in: a link by mail that counts once, for one address and one role.

open --accept--> accepted      open --withdraw--> withdrawn      open --time--> expired
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from trilha.domain.identity.emails import EmailAddress
from trilha.domain.identity.errors import LinkRefused
from trilha.domain.identity.hashing import Secret, SecretHash, hash_secret, is_same
from trilha.domain.identity.memberships import Membership, MembershipStatus, require_within
from trilha.domain.identity.model import User
from trilha.domain.identity.permissions import Permission, require_permission
from trilha.domain.identity.roles import Role
from trilha.domain.kernel import DriverId, InvalidValue, OrganisationId, UserId

VALID_FOR = timedelta(days=7)


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """What was offered to whom."""

    id: UUID
    organisation_id: OrganisationId
    email: EmailAddress
    role: Role
    invited_by: UserId
    secret_hash: SecretHash
    invited_at: datetime
    expires_at: datetime
    driver_id: DriverId | None = None
    accepted_at: datetime | None = None
    withdrawn_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.driver_id is not None and self.role is not Role.DRIVER:
            raise InvalidValue("driver_id", self.driver_id, f"none for the role {self.role}")

    @property
    def version(self) -> int:
        """Counts what happened to it."""
        return 1 + (self.accepted_at is not None) + (self.withdrawn_at is not None)

    def is_open(self, now: datetime) -> bool:
        """Whether it can be accepted still."""
        return self.accepted_at is None and self.withdrawn_at is None and now < self.expires_at


def invite(
    key: UUID,
    by: Membership,
    email: EmailAddress,
    role: Role,
    secret: Secret,
    now: datetime,
    driver_id: DriverId | None = None,
) -> Invitation:
    """Raises NotPermitted, RoleTooHigh, InvalidValue."""
    require_permission(by.permissions, Permission.IDENTITY_INVITE)
    require_within(role, by.role)
    return Invitation(
        id=key,
        organisation_id=by.organisation_id,
        email=email,
        role=role,
        invited_by=by.user_id,
        secret_hash=hash_secret(secret),
        invited_at=now,
        expires_at=now + VALID_FOR,
        driver_id=driver_id,
    )


def accept_invitation(
    invitation: Invitation, secret: Secret, user: User, inviter: Membership, membership_id: UUID, now: datetime
) -> tuple[Invitation, Membership]:
    """The used invitation and the membership it makes; with it the address is proven, for only its owner has the link.

    `inviter` as he stands now. Raises LinkRefused, also for another user's link, and RoleTooHigh where the inviter may
    by now not give this role any more.
    """
    right = is_same(invitation.secret_hash, hash_secret(secret))
    if not (right and invitation.is_open(now) and user.email.key == invitation.email.key):
        raise LinkRefused
    if Permission.IDENTITY_INVITE not in inviter.permissions or inviter.user_id != invitation.invited_by:
        raise LinkRefused
    require_within(invitation.role, inviter.role)
    membership = Membership(
        id=membership_id,
        organisation_id=invitation.organisation_id,
        user_id=user.id,
        role=invitation.role,
        status=MembershipStatus.ACTIVE,
        since=now,
        driver_id=invitation.driver_id,
    )
    return msgspec.structs.replace(invitation, accepted_at=now), membership


def withdraw_invitation(invitation: Invitation, now: datetime) -> Invitation:
    """It counts no more. Withdrawing twice is once; raises LinkRefused where it was accepted."""
    if invitation.accepted_at is not None:
        raise LinkRefused
    return invitation if invitation.withdrawn_at is not None else msgspec.structs.replace(invitation, withdrawn_at=now)
