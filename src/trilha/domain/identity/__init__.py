"""Identity: who Trilha serves, and what each of them may do.

An organisation owns its data; a source feeds it. A user is a person, known by an e-mail address in the whole
installation; a membership makes him something in an organisation, and one table says what that may do.
"""

from trilha.domain.identity.emails import EmailAddress, parse_email
from trilha.domain.identity.errors import (
    EmailRefused,
    LastAdmin,
    LookAlikeEmail,
    MembershipRefused,
    NotPermitted,
    PasswordRefused,
    RoleTooHigh,
)
from trilha.domain.identity.memberships import (
    Approve,
    Disable,
    Enable,
    GiveRole,
    Membership,
    MembershipChanged,
    MembershipCommand,
    MembershipStatus,
    decide_membership,
    evolve_membership,
    request_membership,
)
from trilha.domain.identity.model import (
    OPERATOR,
    Organisation,
    OrganisationSource,
    User,
    closed,
    email_verified,
    rehashed,
    reopened,
    signed_out,
    with_password,
)
from trilha.domain.identity.passwords import check_password, prepare_password
from trilha.domain.identity.permissions import (
    GRANTS,
    KEY_SCOPES,
    PERMISSIONS_OF,
    Grant,
    Permission,
    is_within,
    may,
    require,
)
from trilha.domain.identity.ports import Organisations
from trilha.domain.identity.roles import Role, SelfRole

__all__ = [
    "GRANTS",
    "KEY_SCOPES",
    "OPERATOR",
    "PERMISSIONS_OF",
    "Approve",
    "Disable",
    "EmailAddress",
    "EmailRefused",
    "Enable",
    "GiveRole",
    "Grant",
    "LastAdmin",
    "LookAlikeEmail",
    "Membership",
    "MembershipChanged",
    "MembershipCommand",
    "MembershipRefused",
    "MembershipStatus",
    "NotPermitted",
    "Organisation",
    "OrganisationSource",
    "Organisations",
    "PasswordRefused",
    "Permission",
    "Role",
    "RoleTooHigh",
    "SelfRole",
    "User",
    "check_password",
    "closed",
    "decide_membership",
    "email_verified",
    "evolve_membership",
    "is_within",
    "may",
    "parse_email",
    "prepare_password",
    "rehashed",
    "reopened",
    "request_membership",
    "require",
    "signed_out",
    "with_password",
]
