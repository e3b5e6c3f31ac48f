"""Hashing, signing and chance within one process: real enough that nothing gets in, cheap enough for a simulation."""

import hashlib
import hmac
import itertools
import secrets
from base64 import b64decode, b64encode

import msgspec

from trilha.domain.identity import MAX_TOKEN_CHARS, AccessClaims, Secret, TokenRefused

_COST = 2**4
_SALT_BYTES = 16
_MAC_BYTES = 32


class MemoryPasswordHasher:
    """scrypt at next to no cost: for tests and simulations, never for passwords of people."""

    def __init__(self, version: int = 1) -> None:
        self._prefix = f"$memory${version}$"
        self._nobody = self._digest(b"", bytes(_SALT_BYTES))

    async def hash(self, prepared: bytes) -> str:
        """See PasswordHasher."""
        salt = secrets.token_bytes(_SALT_BYTES)
        return self._prefix + b64encode(salt + self._digest(prepared, salt)).decode()

    async def verify(self, prepared: bytes, kept: str | None) -> bool:
        """See PasswordHasher."""
        raw = bytes(_SALT_BYTES) + self._nobody if kept is None else b64decode(kept.rpartition("$")[2])
        salt, digest = raw[:_SALT_BYTES], raw[_SALT_BYTES:]
        return hmac.compare_digest(self._digest(prepared, salt), digest) and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """See PasswordHasher."""
        return not kept.startswith(self._prefix)

    @staticmethod
    def _digest(prepared: bytes, salt: bytes) -> bytes:
        return hashlib.scrypt(prepared, salt=salt, n=_COST, r=1, p=1, dklen=32)


class MemoryTokenSigner:
    """Tokens that only this process can make and check; no JWT, for there is nobody else to read them."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def sign(self, claims: AccessClaims) -> str:
        """See TokenSigner."""
        said = msgspec.json.encode(claims)
        return b64encode(self._mac(said) + said).decode()

    def verify(self, token: str) -> AccessClaims:
        """See TokenSigner."""
        try:
            raw = b64decode(token, validate=True) if len(token) <= MAX_TOKEN_CHARS else b""
        except ValueError:
            raw = b""
        mac, said = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(said)):
            raise TokenRefused("wrong_signature", "was not signed here")
        return msgspec.json.decode(said, type=AccessClaims)

    def _mac(self, said: bytes) -> bytes:
        return hmac.digest(self._key, said, hashlib.sha256)


class SimulatedSecrets:
    """Counts instead of rolling dice: the same run makes the same secrets."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._count = itertools.count()

    def new(self, size: int = 32) -> Secret:
        """See SecretSource."""
        return Secret(hashlib.shake_256(f"{self._seed}:{next(self._count)}".encode()).digest(size))
