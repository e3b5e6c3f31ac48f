"""The second step of signing in: a code of the app, or a recovery code."""

from collections.abc import Set as AbstractSet

from trilha.application.identity.throttled import Throttled
from trilha.application.ports import Clock
from trilha.domain.identity import (
    CodeRefused,
    CodeReplayed,
    Membership,
    Role,
    SecondFactor,
    SecondFactorNeeded,
    SecondFactors,
    ThrottleKind,
    evolve_second_factor,
    parse_secret,
    require_second_factor,
    use_code,
    use_recovery_code,
)
from trilha.domain.identity.totp import DIGITS
from trilha.domain.kernel import Conflict, InvalidValue


class SecondStep:
    """Asks whoever has a second factor, and whose role is among those enforced. A code lets in once, even at once."""

    def __init__(
        self, *, second_factors: SecondFactors, throttled: Throttled, clock: Clock, enforced: AbstractSet[Role]
    ) -> None:
        self._second_factors = second_factors
        self._throttled = throttled
        self._clock = clock
        self._enforced = enforced

    async def __call__(self, membership: Membership, code: str | None) -> None:
        """Raises SecondFactorNeeded, SecondFactorMissing, CodeRefused, CodeReplayed, TooManyAttempts."""
        user_id = membership.user_id
        factor = await self._second_factors.of_user(user_id) or SecondFactor(user_id=user_id)
        if not require_second_factor(factor, membership.role, self._enforced):
            return
        if code is None:
            raise SecondFactorNeeded
        await self._throttled.count(ThrottleKind.CODE, str(user_id))
        used = self._used(factor, code)
        try:
            await self._second_factors.save(used)
        except Conflict:
            raise CodeReplayed from None
        await self._throttled.forgive(ThrottleKind.CODE, str(user_id))

    def _used(self, factor: SecondFactor, code: str) -> SecondFactor:
        if len(code) == DIGITS:
            return evolve_second_factor(factor, use_code(factor, code, self._clock.now()))
        try:
            secret = parse_secret(code)
        except InvalidValue:
            raise CodeRefused from None
        return evolve_second_factor(factor, use_recovery_code(factor, secret))
