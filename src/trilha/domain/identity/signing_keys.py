"""Which key signs, and which keys are published for checking. Keys change without anybody being signed out.

    made --published, signs nothing yet--> signs --a younger one signs--> only checked --last token expired--> gone

A key is published a while before it signs, because verifiers keep the published set for some minutes; and stays
published until the last token that it may have signed has expired.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from trilha.domain.kernel import InvalidValue


class RotationPolicy(msgspec.Struct, frozen=True):
    """A new key every `every`, known `ahead` before it signs, and `after` it signed last."""

    every: timedelta = timedelta(days=30)
    ahead: timedelta = timedelta(hours=1)
    after: timedelta = timedelta(hours=1)

    def __post_init__(self) -> None:
        if not timedelta(0) < self.ahead < self.every or self.after < timedelta(0):
            raise InvalidValue("ahead", str(self.ahead), f"more than nothing and less than every ({self.every})")


class SigningKey(msgspec.Struct, frozen=True):
    """A key's id and when it was made; its private half is the TokenSigner's. `revoked_at`: it leaked, or is gone."""

    kid: str
    made_at: datetime
    revoked_at: datetime | None = None


def signing_key(keys: Sequence[SigningKey], now: datetime, policy: RotationPolicy) -> SigningKey | None:
    """The youngest that has been published long enough; the oldest where none has; None without any."""
    usable = [key for key in keys if key.revoked_at is None]
    known = [key for key in usable if key.made_at + policy.ahead <= now]
    return max(known, key=_age, default=None) or min(usable, key=_age, default=None)


def published_keys(keys: Sequence[SigningKey], now: datetime, policy: RotationPolicy) -> Sequence[SigningKey]:
    """Those that a token may still be checked with, the youngest first."""
    usable = sorted((key for key in keys if key.revoked_at is None), key=_age, reverse=True)
    signs = signing_key(usable, now, policy)
    return [key for key in usable if signs is None or _age(key) >= _age(signs) or _is_fresh(key, usable, now, policy)]


def is_rotation_due(keys: Sequence[SigningKey], now: datetime, policy: RotationPolicy) -> bool:
    """Whether a new key has to be made."""
    youngest = max((key.made_at for key in keys if key.revoked_at is None), default=None)
    return youngest is None or now - youngest >= policy.every - policy.ahead


def _is_fresh(key: SigningKey, usable: Sequence[SigningKey], now: datetime, policy: RotationPolicy) -> bool:
    successor = min(other.made_at for other in usable if _age(other) > _age(key))
    return now < successor + policy.ahead + policy.after


def _age(key: SigningKey) -> tuple[datetime, str]:
    return key.made_at, key.kid
