"""Who may do what: one table. A route, a socket or a field names a permission; a role, or a key's scope, has it or not.

Rows read "who holds this may ...". What a role may is what its column says, nothing else: no role inherits in code.
That an admin may whatever anybody may, a manager whatever the staff below may, and operations whatever support may, is
a property of the table that the tests hold it to; so nobody can be given a role that may more than the giver.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from trilha.domain.identity.errors import NotPermitted
from trilha.domain.identity.roles import Role


class Permission(StrEnum):
    """Named `context.action`; published, so a name never changes its meaning."""

    ACCOUNT_READ = "account.read"
    ACCOUNT_CHANGE = "account.change"
    ACCOUNT_SESSIONS = "account.sessions"
    FLEET_READ = "fleet.read"
    FLEET_CLASSIFY = "fleet.classify"
    TELEMETRY_READ = "telemetry.read"
    LIVE_WATCH = "live.watch"
    INGESTION_READ = "ingestion.read"
    INGESTION_OPERATE = "ingestion.operate"
    PERFORMANCE_READ = "performance.read"
    PERFORMANCE_READ_OWN = "performance.read_own"
    PERFORMANCE_PRINT = "performance.print"
    PERFORMANCE_CONFIGURE = "performance.configure"
    REPORTING_RUN = "reporting.run"
    REPORTING_SCHEDULE = "reporting.schedule"
    MONITORING_READ = "monitoring.read"
    MONITORING_ACKNOWLEDGE = "monitoring.acknowledge"
    MONITORING_CONFIGURE = "monitoring.configure"
    MAINTENANCE_READ = "maintenance.read"
    MAINTENANCE_CHANGE = "maintenance.change"
    IDENTITY_READ_MEMBERS = "identity.read_members"
    IDENTITY_APPROVE = "identity.approve"
    IDENTITY_INVITE = "identity.invite"
    IDENTITY_MANAGE_MEMBERS = "identity.manage_members"
    IDENTITY_MANAGE_ORGANISATION = "identity.manage_organisation"
    IDENTITY_MANAGE_KEYS = "identity.manage_keys"
    IDENTITY_READ_AUDIT = "identity.read_audit"
    PRIVACY_REQUEST_OWN = "privacy.request_own"
    PRIVACY_HANDLE = "privacy.handle"
    WEBHOOKS_MANAGE = "webhooks.manage"
    USAGE_READ = "usage.read"


class Grant(msgspec.Struct, frozen=True):
    """A row: what the permission lets one do, and the roles that have it.

    `for_keys` says whether a key of a machine may have it too: never what a person does about persons.
    """

    permission: Permission
    allows: str
    roles: frozenset[Role]
    for_keys: bool = False


EVERYBODY = frozenset(Role)
ADMINS = frozenset({Role.ADMIN})
MANAGERS = ADMINS | {Role.MANAGER}
ANALYSTS = MANAGERS | {Role.ANALYST}
OPERATORS = MANAGERS | {Role.OPERATIONS}
STAFF = ANALYSTS | OPERATORS | {Role.SUPPORT}
PARTNERS = ADMINS | {Role.PARTNER}

GRANTS: tuple[Grant, ...] = (
    Grant(Permission.ACCOUNT_READ, "see their own name, address, memberships and consents", EVERYBODY),
    Grant(Permission.ACCOUNT_CHANGE, "change their own name, password, second factor and consents", EVERYBODY),
    Grant(Permission.ACCOUNT_SESSIONS, "see where they are signed in, and end it", EVERYBODY),
    Grant(Permission.FLEET_READ, "see groups, drivers, vehicles and event types", STAFF | PARTNERS, for_keys=True),
    Grant(Permission.FLEET_CLASSIFY, "say what an event type means", MANAGERS, for_keys=True),
    Grant(Permission.TELEMETRY_READ, "see events, positions, trips and tracks", STAFF | PARTNERS, for_keys=True),
    Grant(Permission.LIVE_WATCH, "watch vehicles move", OPERATORS | {Role.SUPPORT}, for_keys=True),
    Grant(
        Permission.INGESTION_READ,
        "see how feeds, runs, gaps and quarantine stand",
        OPERATORS | {Role.SUPPORT},
        for_keys=True,
    ),
    Grant(
        Permission.INGESTION_OPERATE,
        "sync, backfill, replay, settle quarantine and dead letters",
        OPERATORS,
        for_keys=True,
    ),
    Grant(
        Permission.PERFORMANCE_READ, "see every driver's infractions, scores, days and stops", ANALYSTS, for_keys=True
    ),
    Grant(Permission.PERFORMANCE_READ_OWN, "see their own, as the driver that they are", ANALYSTS | {Role.DRIVER}),
    Grant(Permission.PERFORMANCE_PRINT, "give out the guidance form", ANALYSTS),
    Grant(Permission.PERFORMANCE_CONFIGURE, "set weights, thresholds and the texts of forms", MANAGERS),
    Grant(Permission.REPORTING_RUN, "make reports and fetch them", ANALYSTS | OPERATORS, for_keys=True),
    Grant(Permission.REPORTING_SCHEDULE, "have reports made every day, week or month", ANALYSTS),
    Grant(Permission.MONITORING_READ, "see geofences, visits, rules and alerts", STAFF, for_keys=True),
    Grant(Permission.MONITORING_ACKNOWLEDGE, "take alerts on and close them", OPERATORS | {Role.SUPPORT}),
    Grant(Permission.MONITORING_CONFIGURE, "draw geofences and set rules", OPERATORS, for_keys=True),
    Grant(Permission.MAINTENANCE_READ, "see what vehicles are due for", ANALYSTS | OPERATORS, for_keys=True),
    Grant(Permission.MAINTENANCE_CHANGE, "set what is due when, and note what was done", OPERATORS, for_keys=True),
    Grant(
        Permission.IDENTITY_READ_MEMBERS, "see who belongs to the organisation, and as what", OPERATORS | {Role.SUPPORT}
    ),
    Grant(Permission.IDENTITY_APPROVE, "let people in who registered themselves, or not", OPERATORS),
    Grant(Permission.IDENTITY_INVITE, "invite people to roles that may no more than their own", MANAGERS),
    Grant(
        Permission.IDENTITY_MANAGE_MEMBERS,
        "change and disable memberships that may no more than their own, and end their sessions",
        MANAGERS,
    ),
    Grant(Permission.IDENTITY_MANAGE_ORGANISATION, "change the organisation's name, zone and sign-in rules", ADMINS),
    Grant(Permission.IDENTITY_MANAGE_KEYS, "make, see and revoke API keys", ADMINS),
    Grant(Permission.IDENTITY_READ_AUDIT, "read, verify and export the audit trail", ADMINS),
    Grant(Permission.PRIVACY_REQUEST_OWN, "ask for their own data, correction or erasure", EVERYBODY),
    Grant(Permission.PRIVACY_HANDLE, "answer what people ask about their data", ADMINS),
    Grant(
        Permission.WEBHOOKS_MANAGE,
        "set where events are sent, see deliveries, send them again",
        PARTNERS,
        for_keys=True,
    ),
    Grant(Permission.USAGE_READ, "see how much the API was used", MANAGERS | PARTNERS, for_keys=True),
)

KEY_SCOPES: frozenset[Permission] = frozenset(grant.permission for grant in GRANTS if grant.for_keys)
"""What a key may have at most, whoever makes it."""

PERMISSIONS_OF: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {role: frozenset(grant.permission for grant in GRANTS if role in grant.roles) for role in Role}
)
"""The table read by column."""


def may(role: Role, permission: Permission) -> bool:
    """Whether a role has a permission."""
    return permission in PERMISSIONS_OF[role]


def require_permission(granted: frozenset[Permission], permission: Permission) -> None:
    """Raise NotPermitted unless `permission` is among those granted."""
    if permission not in granted:
        raise NotPermitted(permission)


def is_within(role: Role, granter: Role) -> bool:
    """Whether `role` may nothing that `granter` may not: only such a role can be given by that one.

    >>> is_within(Role.WALKER, Role.OPERATIONS), is_within(Role.ADMIN, Role.MANAGER)
    (True, False)
    """
    return PERMISSIONS_OF[role] <= PERMISSIONS_OF[granter]
