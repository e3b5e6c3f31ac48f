"""The second factor: codes of an authenticator app, and recovery codes for the day the phone is gone.

    off --enrol--> proposed --confirm (a right code)--> on --turn off--> off

Nothing is asked for before it was confirmed, so nobody locks himself out by half a set-up. A code counts once, however
long it is shown: the step of the last one is kept. Recovery codes are kept as hashes, and each counts once.
"""

from collections.abc import Set as AbstractSet
from datetime import datetime

import msgspec

from trilha.domain.identity.errors import (
    CodeRefused,
    CodeReplayed,
    SecondFactorConfirmed,
    SecondFactorMissing,
    SecondFactorNeeded,
)
from trilha.domain.identity.hashing import Secret, SecretHash, hash_secret, is_same
from trilha.domain.identity.roles import Role
from trilha.domain.identity.totp import matching_step
from trilha.domain.kernel import InvalidValue, UserId

TOTP_SECRET_BYTES = 20
"""160 bits, as RFC 4226 asks for."""
RECOVERY_CODES = 10


class SecondFactor(msgspec.Struct, frozen=True, kw_only=True):
    """How a user's second factor stands. `last_step` is that of the newest code that counted."""

    user_id: UserId
    proposed: Secret | None = None
    secret: Secret | None = None
    enabled_at: datetime | None = None
    last_step: int = -1
    recovery: tuple[SecretHash, ...] = ()
    version: int = 0

    @property
    def is_on(self) -> bool:
        """Whether it is asked for."""
        return self.secret is not None


class SecretProposed(msgspec.Struct, frozen=True):
    """A secret was shown to the user."""

    secret: Secret


class FactorConfirmed(msgspec.Struct, frozen=True):
    """The phone knows it: from now on it is asked for."""

    at: datetime
    step: int
    recovery: tuple[SecretHash, ...]


class CodeUsed(msgspec.Struct, frozen=True):
    """A code counted."""

    step: int


class RecoveryCodeUsed(msgspec.Struct, frozen=True):
    """A recovery code counted, and is gone."""

    code: SecretHash


class RecoveryCodesReplaced(msgspec.Struct, frozen=True):
    """The old ones count no more."""

    recovery: tuple[SecretHash, ...]


class FactorTurnedOff(msgspec.Struct, frozen=True):
    """By the user, or by somebody who may."""


SecondFactorEvent = (
    SecretProposed | FactorConfirmed | CodeUsed | RecoveryCodeUsed | RecoveryCodesReplaced | FactorTurnedOff
)


def enrol_second_factor(factor: SecondFactor, secret: Secret) -> SecretProposed:
    """Show a secret to the user; what was proposed before counts no more.

    Raises SecondFactorConfirmed where one is on: it has to be turned off first, or a stolen session could replace it.
    """
    if factor.is_on:
        raise SecondFactorConfirmed
    if len(secret.value) < TOTP_SECRET_BYTES:
        raise InvalidValue("secret", f"{len(secret.value)} bytes", f"{TOTP_SECRET_BYTES} random bytes")
    return SecretProposed(secret)


def confirm_second_factor(
    factor: SecondFactor, code: str, recovery: tuple[Secret, ...], now: datetime
) -> FactorConfirmed:
    """The user shows that the phone knows the secret, and gets his recovery codes. Raises CodeRefused."""
    if factor.proposed is None:
        raise SecondFactorConfirmed if factor.is_on else CodeRefused
    step = matching_step(factor.proposed.value, code, now)
    if step is None:
        raise CodeRefused
    return FactorConfirmed(now, step, _hashes(recovery))


def use_code(factor: SecondFactor, code: str, now: datetime) -> CodeUsed:
    """Take a code of the app, of now or a step beside. Raises CodeRefused, CodeReplayed."""
    step = None if factor.secret is None else matching_step(factor.secret.value, code, now)
    if step is None:
        raise CodeRefused
    if step <= factor.last_step:
        raise CodeReplayed
    return CodeUsed(step)


def use_recovery_code(factor: SecondFactor, code: Secret) -> RecoveryCodeUsed:
    """Take a recovery code. Raises CodeRefused for a wrong one and for a used one, which is forgotten."""
    presented = hash_secret(code)
    found = [kept for kept in factor.recovery if is_same(kept, presented)]
    if not (factor.is_on and found):
        raise CodeRefused
    return RecoveryCodeUsed(found[0])


def replace_recovery_codes(factor: SecondFactor, recovery: tuple[Secret, ...]) -> RecoveryCodesReplaced:
    """Ten new ones. Raises SecondFactorNeeded where the factor is off."""
    if not factor.is_on:
        raise SecondFactorNeeded
    return RecoveryCodesReplaced(_hashes(recovery))


def turn_off_second_factor(factor: SecondFactor) -> tuple[FactorTurnedOff, ...]:
    """Nothing is asked for any more. Turning off twice is once."""
    return (FactorTurnedOff(),) if factor.is_on or factor.proposed is not None else ()


def evolve_second_factor(factor: SecondFactor, event: SecondFactorEvent) -> SecondFactor:
    """The next version."""
    return msgspec.structs.replace(_after(factor, event), version=factor.version + 1)


def require_second_factor(factor: SecondFactor, role: Role, enforced: AbstractSet[Role]) -> bool:
    """Whether a code has to be asked for. Raises SecondFactorMissing where the role demands one and none is on."""
    if role in enforced and not factor.is_on:
        raise SecondFactorMissing(role)
    return factor.is_on


def _hashes(recovery: tuple[Secret, ...]) -> tuple[SecretHash, ...]:
    hashes = tuple(hash_secret(code) for code in recovery)
    if len(set(hashes)) != RECOVERY_CODES:
        raise InvalidValue("recovery", f"{len(set(hashes))} codes", f"{RECOVERY_CODES} different ones")
    return hashes


def _after(factor: SecondFactor, event: SecondFactorEvent) -> SecondFactor:
    match event:
        case SecretProposed(secret):
            return msgspec.structs.replace(factor, proposed=secret)
        case FactorConfirmed(at, step, recovery):
            return msgspec.structs.replace(
                factor, secret=factor.proposed, proposed=None, enabled_at=at, last_step=step, recovery=recovery
            )
        case CodeUsed(step):
            return msgspec.structs.replace(factor, last_step=step)
        case RecoveryCodeUsed(code):
            return msgspec.structs.replace(factor, recovery=tuple(kept for kept in factor.recovery if kept != code))
        case RecoveryCodesReplaced(recovery):
            return msgspec.structs.replace(factor, recovery=recovery)
        case FactorTurnedOff():
            return SecondFactor(user_id=factor.user_id)
