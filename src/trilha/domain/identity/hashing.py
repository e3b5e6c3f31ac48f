"""Secrets that are random: what their owner holds, and the hash that is kept of them.

A fast hash is right here: 128 random bits cannot be guessed, however fast one tries. What people make up goes through
the PasswordHasher instead.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NewType

import msgspec

from trilha.domain.kernel import InvalidValue

LEAST_BYTES = 16
MOST_BYTES = 64

SecretHash = NewType("SecretHash", bytes)


class Secret(msgspec.Struct, frozen=True):
    """Random bytes, shown to their owner once. Nothing prints them."""

    value: bytes

    def __post_init__(self) -> None:
        if not LEAST_BYTES <= len(self.value) <= MOST_BYTES:
            raise InvalidValue("secret", f"{len(self.value)} bytes", f"{LEAST_BYTES} to {MOST_BYTES} random bytes")

    def __repr__(self) -> str:
        """Nothing of it."""
        return "Secret(...)"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """Nothing of it, for consoles that draw objects by their members."""
        return []


def hash_secret(secret: Secret) -> SecretHash:
    """What is kept instead of it: SHA-256."""
    return SecretHash(hashlib.sha256(secret.value).digest())


def is_same(kept: SecretHash, presented: SecretHash) -> bool:
    """Compare in a time that does not tell how much is right."""
    return hmac.compare_digest(kept, presented)


def secret_text(secret: Secret) -> str:
    """The secret in letters that URLs and headers take: base64url without padding (RFC 4648)."""
    return urlsafe_b64encode(secret.value).decode().rstrip("=")


def parse_secret(text: str) -> Secret:
    """Read it back, from its one spelling only; raises InvalidValue, without repeating it."""
    try:
        secret = Secret(urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))
    except ValueError:
        raise InvalidValue("secret", "...", "base64url without padding") from None
    if secret_text(secret) != text:
        raise InvalidValue("secret", "...", "base64url without padding")
    return secret
