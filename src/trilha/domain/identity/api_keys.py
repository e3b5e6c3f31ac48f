"""Keys of machines: a prefix to find them by, a secret of which only the hash is kept, single permissions as scopes.

When it is made, a key gets nothing that its maker may not, and never what only people may. From then on it belongs to
the organisation: it stays when its maker leaves.
"""

import re
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from trilha.domain.identity.errors import KeyRefused, NotPermitted
from trilha.domain.identity.hashing import Secret, SecretHash, hash_secret, is_same, parse_secret, secret_text
from trilha.domain.identity.memberships import Membership
from trilha.domain.identity.permissions import KEY_SCOPES, Permission, require_permission
from trilha.domain.kernel import InvalidValue, OrganisationId, UserId

LONGEST = timedelta(days=366)
USE_NOTED_EVERY = timedelta(minutes=5)
"""That a key was used is written down so often at most: a write for each request would cost more than it tells."""
MAX_NAME_CHARS = 100

_PREFIX = re.compile(r"[a-z0-9]{12}")
_TEXT = re.compile(r"trk_([a-z0-9]{12})_([A-Za-z0-9_-]{22,86})")
_MAX_CHARS = 128


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it is kept. `prefix` is no secret: lists show it, so that its owner knows which one it is."""

    id: UUID
    organisation_id: OrganisationId
    name: str
    prefix: str
    secret_hash: SecretHash
    scopes: frozenset[Permission]
    created_by: UserId
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    version: int = 1

    def __post_init__(self) -> None:
        if not (1 <= len(self.name.strip()) <= MAX_NAME_CHARS and "\0" not in self.name):
            raise InvalidValue("name", self.name, f"1 to {MAX_NAME_CHARS} characters, none of them NUL")
        if not _PREFIX.fullmatch(self.prefix):
            raise InvalidValue("prefix", self.prefix, "12 small letters and digits")


class NewKey(msgspec.Struct, frozen=True):
    """What an admin asks for."""

    name: str
    scopes: frozenset[Permission]
    expires_at: datetime


def issue_key(wanted: NewKey, by: Membership, key: UUID, prefix: str, secret: Secret, now: datetime) -> ApiKey:
    """What is kept of a new key. Raises NotPermitted, also for a scope that its maker has not, and InvalidValue."""
    require_permission(by.permissions, Permission.IDENTITY_MANAGE_KEYS)
    _check_scopes(wanted.scopes, by.permissions)
    if not now < wanted.expires_at <= now + LONGEST:
        expected = f"a time to come, at most {LONGEST.days} days away"
        raise InvalidValue("expires_at", wanted.expires_at.isoformat(), expected)
    return ApiKey(
        id=key,
        organisation_id=by.organisation_id,
        name=wanted.name,
        prefix=prefix,
        secret_hash=hash_secret(secret),
        scopes=wanted.scopes,
        created_by=by.user_id,
        created_at=now,
        expires_at=wanted.expires_at,
    )


def check_key(key: ApiKey, secret: Secret, now: datetime) -> frozenset[Permission]:
    """What whoever shows this secret may now. Raises KeyRefused, the same for a wrong, expired or revoked one."""
    right = is_same(key.secret_hash, hash_secret(secret))
    if not right or key.revoked_at is not None or now >= key.expires_at:
        raise KeyRefused
    return key.scopes & KEY_SCOPES


def use_noted(key: ApiKey, now: datetime) -> ApiKey:
    """The key with its last use, the same object where that was noted a moment ago."""
    if key.last_used_at is not None and now - key.last_used_at < USE_NOTED_EVERY:
        return key
    return msgspec.structs.replace(key, last_used_at=now, version=key.version + 1)


def revoke_key(key: ApiKey, now: datetime) -> ApiKey:
    """It counts no more. Revoking twice is once."""
    if key.revoked_at is not None:
        return key
    return msgspec.structs.replace(key, revoked_at=now, version=key.version + 1)


def format_key(prefix: str, secret: Secret) -> str:
    """The text that its owner sees once."""
    return f"trk_{prefix}_{secret_text(secret)}"


def parse_key(text: str) -> tuple[str, Secret]:
    """Prefix and secret; raises KeyRefused for what is none."""
    found = _TEXT.fullmatch(text) if len(text) <= _MAX_CHARS else None
    if found is None:
        raise KeyRefused
    try:
        return found[1], parse_secret(found[2])
    except InvalidValue:
        raise KeyRefused from None


def _check_scopes(scopes: AbstractSet[Permission], granted: AbstractSet[Permission]) -> None:
    if not scopes:
        raise InvalidValue("scopes", [], "at least one permission")
    for scope in sorted(scopes):
        if scope not in KEY_SCOPES:
            raise InvalidValue("scopes", scope.value, "a permission that keys can have")
        if scope not in granted:
            raise NotPermitted(scope)
