"""People, secrets and moments that the tests of identity play with."""

from datetime import UTC, datetime
from uuid import UUID

from trilha.domain.identity import (
    Membership,
    MembershipStatus,
    Role,
    Secret,
    User,
    parse_email,
)
from trilha.domain.kernel import OrganisationId, UserId

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HERE = OrganisationId(UUID(int=1))
ELSEWHERE = OrganisationId(UUID(int=2))


def secret(number: int, size: int = 20) -> Secret:
    return Secret(number.to_bytes(size, "big"))


def user(number: int = 1, email: str = "maria@exemplo.com") -> User:
    return User(
        id=UserId(UUID(int=number)), email=parse_email(email), name="Maria", created_at=NOW, email_verified_at=NOW
    )


def member(number: int, role: Role, status: MembershipStatus = MembershipStatus.ACTIVE) -> Membership:
    return Membership(
        id=UUID(int=number),
        organisation_id=HERE,
        user_id=UserId(UUID(int=number)),
        role=role,
        status=status,
        since=NOW,
    )
