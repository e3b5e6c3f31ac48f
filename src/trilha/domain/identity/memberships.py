"""Who belongs to an organisation, as what.

    request (registers himself) ---> pending --approve--> active <--enable--- disabled
    join (was invited) ----------------------------------> active --disable--> disabled
                                     pending --disable (refused)-------------> disabled

An organisation always keeps an active admin, and nobody gives, changes or takes away what may more than he may himself.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from trilha.domain.identity.errors import LastAdmin, MembershipRefused, RoleTooHigh
from trilha.domain.identity.permissions import PERMISSIONS_OF, Permission, is_within, require_permission
from trilha.domain.identity.roles import Role, SelfRole
from trilha.domain.kernel import DriverId, InvalidValue, OrganisationId, UserId


class MembershipStatus(StrEnum):
    """Only an active membership may anything."""

    PENDING = "pending"
    ACTIVE = "active"
    DISABLED = "disabled"


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """A user in an organisation; at most one each. `driver_id` says which driver he is, for his own figures.

    `version` counts changes: tokens carry it, so that one made for another role is known for what it is.
    """

    id: UUID
    organisation_id: OrganisationId
    user_id: UserId
    role: Role
    status: MembershipStatus
    since: datetime
    driver_id: DriverId | None = None
    version: int = 1

    def __post_init__(self) -> None:
        if self.driver_id is not None and self.role is not Role.DRIVER:
            raise InvalidValue("driver_id", self.driver_id, f"none for the role {self.role}")

    @property
    def permissions(self) -> frozenset[Permission]:
        """What it may now."""
        return PERMISSIONS_OF[self.role] if self.status is MembershipStatus.ACTIVE else frozenset()


class Approve(msgspec.Struct, frozen=True):
    """Let in who waits."""


class Disable(msgspec.Struct, frozen=True):
    """Put out, or refuse who waits."""


class Enable(msgspec.Struct, frozen=True):
    """Let back in."""


class GiveRole(msgspec.Struct, frozen=True):
    """Be something else from now on."""

    role: Role
    driver_id: DriverId | None = None


MembershipCommand = Approve | Disable | Enable | GiveRole


class MembershipChanged(msgspec.Struct, frozen=True):
    """How it stands afterwards."""

    role: Role
    status: MembershipStatus
    driver_id: DriverId | None = None


def request_membership(
    key: UUID, organisation_id: OrganisationId, user_id: UserId, wanted: SelfRole, now: datetime
) -> Membership:
    """Somebody registers himself: he waits for approval, and can be nothing but a tutor or a walker."""
    return Membership(
        id=key,
        organisation_id=organisation_id,
        user_id=user_id,
        role=wanted.role,
        status=MembershipStatus.PENDING,
        since=now,
    )


def decide_membership(
    membership: Membership,
    command: MembershipCommand,
    by: Membership,
    admins: Sequence[Membership],
) -> tuple[MembershipChanged, ...]:
    """What `by` brings about; nothing where it stands so already. `admins` are all active admins of the organisation.

    Raises NotPermitted, RoleTooHigh, LastAdmin, MembershipRefused.
    """
    _require_authority(membership, command, by)
    wanted = _wanted(membership, command)
    if wanted == MembershipChanged(membership.role, membership.status, membership.driver_id):
        return ()
    stays = wanted.role is Role.ADMIN and wanted.status is MembershipStatus.ACTIVE
    if not stays and {one.id for one in admins} == {membership.id}:
        raise LastAdmin
    return (wanted,)


def evolve_membership(membership: Membership, event: MembershipChanged) -> Membership:
    """The next version."""
    return msgspec.structs.replace(
        membership,
        role=event.role,
        status=event.status,
        driver_id=event.driver_id,
        version=membership.version + 1,
    )


def require_within(role: Role, granter: Role) -> None:
    """Raise RoleTooHigh unless everything that `role` may, `granter` may too."""
    if not is_within(role, granter):
        raise RoleTooHigh(role, granter)


def _require_authority(membership: Membership, command: MembershipCommand, by: Membership) -> None:
    if by.organisation_id != membership.organisation_id:
        raise MembershipRefused("a membership is changed by members of its own organisation")
    letting_in = membership.status is MembershipStatus.PENDING and isinstance(command, Approve | Disable)
    require_permission(
        by.permissions, Permission.IDENTITY_APPROVE if letting_in else Permission.IDENTITY_MANAGE_MEMBERS
    )
    require_within(membership.role, by.role)
    if isinstance(command, GiveRole):
        require_within(command.role, by.role)


def _wanted(membership: Membership, command: MembershipCommand) -> MembershipChanged:
    now = MembershipChanged(membership.role, membership.status, membership.driver_id)
    match command:
        case Approve():
            if membership.status is MembershipStatus.DISABLED:
                raise MembershipRefused("this membership is disabled, not pending; enable it instead")
            return msgspec.structs.replace(now, status=MembershipStatus.ACTIVE)
        case Disable():
            return msgspec.structs.replace(now, status=MembershipStatus.DISABLED)
        case Enable():
            if membership.status is MembershipStatus.PENDING:
                raise MembershipRefused("this membership waits for approval; approve it instead")
            return msgspec.structs.replace(now, status=MembershipStatus.ACTIVE)
        case GiveRole(role, driver_id):
            return MembershipChanged(role, membership.status, driver_id)
