"""Links that count once: proving an address, setting a forgotten password. Only the hash is kept.

A newer link of the same purpose takes the older one's place, so at most one is live for each user and purpose.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from trilha.domain.identity.errors import LinkRefused
from trilha.domain.identity.hashing import Secret, SecretHash, hash_secret, is_same
from trilha.domain.kernel import UserId


class Purpose(StrEnum):
    """What the link is good for, and nothing else."""

    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - the name of a purpose


VALID_FOR = {Purpose.VERIFY_EMAIL: timedelta(days=3), Purpose.RESET_PASSWORD: timedelta(minutes=30)}


class OneTimeToken(msgspec.Struct, frozen=True, kw_only=True):
    """A link that was sent. `about` is the key of the address it went to: a link proves no later address."""

    user_id: UserId
    purpose: Purpose
    about: str
    secret_hash: SecretHash
    expires_at: datetime

    def __repr__(self) -> str:
        """Without the address."""
        return f"OneTimeToken(user_id={self.user_id}, purpose={self.purpose.value!r})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        """The same for consoles that draw objects by their members."""
        return [("user_id", self.user_id), ("purpose", self.purpose)]


def issue_one_time_token(user_id: UserId, purpose: Purpose, about: str, secret: Secret, now: datetime) -> OneTimeToken:
    """What is kept of a link that is about to be sent."""
    return OneTimeToken(
        user_id=user_id,
        purpose=purpose,
        about=about,
        secret_hash=hash_secret(secret),
        expires_at=now + VALID_FOR[purpose],
    )


def redeem_one_time_token(token: OneTimeToken, secret: Secret, purpose: Purpose, about: str, now: datetime) -> None:
    """Raise LinkRefused unless the link is right for this purpose and address, now. Whoever redeems it removes it."""
    right = is_same(token.secret_hash, hash_secret(secret))
    if not (right and token.purpose is purpose and token.about == about and now < token.expires_at):
        raise LinkRefused
