"""What an access token says, and when it is believed (RFC 7519, RFC 9068). The signature is the TokenSigner's business.

A token is a snapshot: role and permissions follow from the membership's version in it. It lives minutes, and whoever
verifies it compares the version with the membership, at most half a minute old, so that a removed role acts within one.
"""

from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from uuid import UUID

import msgspec

from trilha.domain.identity.errors import TokenRefused
from trilha.domain.identity.memberships import Membership, MembershipStatus
from trilha.domain.identity.permissions import PERMISSIONS_OF, Permission
from trilha.domain.identity.roles import Role
from trilha.domain.identity.sessions import Session
from trilha.domain.kernel import InvalidValue

TYPE = "at+jwt"
MAX_TOKEN_CHARS = 4096
"""Longer ones are refused before anything is decoded."""
_SAFE_ALGORITHMS = frozenset({"ES256", "ES384", "EdDSA", "Ed25519", "PS256", "RS256"})


class TokenPolicy(msgspec.Struct, frozen=True):
    """Who issues tokens for whom, how long they live, how far clocks may be apart, the one algorithm that counts."""

    issuer: str
    audience: str
    algorithm: str = "EdDSA"
    life: timedelta = timedelta(minutes=10)
    leeway: timedelta = timedelta(seconds=30)

    def __post_init__(self) -> None:
        if self.algorithm not in _SAFE_ALGORITHMS:
            # a shared key would let every verifier sign, and `none` everybody
            raise InvalidValue("algorithm", self.algorithm, f"one of {', '.join(sorted(_SAFE_ALGORITHMS))}")
        if not timedelta(0) < self.life <= timedelta(minutes=15):
            raise InvalidValue("life", str(self.life), "at most 15 minutes")
        if not timedelta(0) <= self.leeway <= timedelta(minutes=1):
            raise InvalidValue("leeway", str(self.leeway), "at most a minute")


class TokenHeader(msgspec.Struct, frozen=True):
    """The header of a token, as it was sent: nothing in it is believed before it is compared with the policy."""

    alg: str
    kid: str = ""
    typ: str = ""
    crit: msgspec.UnsetType | Any = msgspec.UNSET


class AccessClaims(msgspec.Struct, frozen=True, kw_only=True):
    """The claims; times in whole seconds since 1970 (NumericDate).

    `sid` is the session, `mid` the membership and `mv` its version.
    """

    iss: str
    sub: UUID
    aud: str
    exp: int
    nbf: int
    iat: int
    jti: UUID
    org: UUID
    sid: UUID
    mid: UUID
    role: Role
    mv: int

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the role may."""
        return PERMISSIONS_OF[self.role]


def issue_claims(
    session: Session, membership: Membership, token_id: UUID, now: datetime, policy: TokenPolicy
) -> AccessClaims:
    """What to sign for a session. Raises TokenRefused where the membership is not active or not the session's."""
    mine = (membership.user_id, membership.organisation_id) == (session.user_id, session.organisation_id)
    if not mine or membership.status is not MembershipStatus.ACTIVE or session.revoked_at is not None:
        _refuse("no_membership", "belongs to nobody who may sign in here")
    issued = _seconds(now)
    return AccessClaims(
        iss=policy.issuer,
        sub=membership.user_id,
        aud=policy.audience,
        exp=issued + int(policy.life.total_seconds()),
        nbf=issued,
        iat=issued,
        jti=token_id,
        org=membership.organisation_id,
        sid=session.id,
        mid=membership.id,
        role=membership.role,
        mv=membership.version,
    )


def check_header(header: TokenHeader, known_keys: AbstractSet[str], policy: TokenPolicy) -> str:
    """The id of the key to verify with, before any signature is computed. Raises TokenRefused."""
    if header.alg != policy.algorithm:
        _refuse("wrong_algorithm", f"is not signed with {policy.algorithm}")
    if header.typ.lower().removeprefix("application/") != TYPE:
        _refuse("wrong_type", f"is not of the type {TYPE}")
    if header.crit is not msgspec.UNSET:
        _refuse("malformed", "demands what is not known here")
    if header.kid not in known_keys:
        _refuse("unknown_key", "is signed with a key that is not or no longer known")
    return header.kid


def check_claims(claims: AccessClaims, now: datetime, policy: TokenPolicy) -> None:
    """Believe claims whose signature was verified, or raise TokenRefused."""
    moment, leeway = now.timestamp(), policy.leeway.total_seconds()
    if claims.iss != policy.issuer:
        _refuse("wrong_issuer", "was issued by somebody else")
    if claims.aud != policy.audience:
        _refuse("wrong_audience", "is for somebody else")
    if claims.exp - claims.iat > policy.life.total_seconds() or claims.nbf > claims.exp:
        _refuse("malformed", "claims to live longer than any that is issued here")
    if moment >= claims.exp + leeway:
        _refuse("expired", "has expired")
    if moment < max(claims.nbf, claims.iat) - leeway:
        _refuse("not_yet_valid", "is not valid yet; check the clocks")


def check_standing(claims: AccessClaims, membership: Membership | None) -> None:
    """Compare with the membership as it stands: raises TokenRefused where it changed since, ended or is another's."""
    if membership is None or membership.status is not MembershipStatus.ACTIVE:
        _refuse("no_membership", "belongs to nobody who may sign in here")
    same = (claims.mid, claims.sub, claims.org) == (membership.id, membership.user_id, membership.organisation_id)
    if not same or (claims.mv, claims.role) != (membership.version, membership.role):
        _refuse("outdated", "was made before the membership changed")


def _refuse(reason: str, text: str) -> NoReturn:
    raise TokenRefused(reason, text)


def _seconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp())
