"""How often one may try. An attempt is counted before it is looked at, so that many at once cannot slip through.

Counted by what was typed, whether or not there is such an account: an answer says nothing about who exists. After the
free attempts each failure doubles the wait, up to a longest one; a success forgets the account's failures, and gives an
address back only the attempt it took, or an attacker with an account of his own could start over whenever he likes.
"""

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from trilha.domain.identity.errors import TooManyAttempts
from trilha.domain.kernel import InvalidValue

_MOST_DOUBLINGS = 32


class ThrottlePolicy(msgspec.Struct, frozen=True):
    """`free` failures cost nothing; then the wait begins with `first_wait` and doubles up to `longest_wait`.

    Failures are forgotten `forget_after` the last one.
    """

    free: int
    first_wait: timedelta
    longest_wait: timedelta
    forget_after: timedelta

    def __post_init__(self) -> None:
        if self.free < 0:
            raise InvalidValue("free", self.free, "0 or more")
        if not timedelta(0) < self.first_wait <= self.longest_wait <= self.forget_after:
            raise InvalidValue(
                "first_wait", str(self.first_wait), "at most longest_wait, and that at most forget_after"
            )


ACCOUNT_POLICY = ThrottlePolicy(
    free=5, first_wait=timedelta(seconds=1), longest_wait=timedelta(minutes=15), forget_after=timedelta(days=1)
)
"""At most 17 guesses in the first hour and four in each later one, under the hundred an hour that ASVS 2.2.1 allows;
and nobody is locked out of his own account for longer than a quarter of an hour."""

ADDRESS_POLICY = ThrottlePolicy(
    free=50, first_wait=timedelta(seconds=1), longest_wait=timedelta(minutes=15), forget_after=timedelta(hours=1)
)
"""A whole office may stand behind one address."""

CODE_POLICY = ThrottlePolicy(
    free=3, first_wait=timedelta(seconds=5), longest_wait=timedelta(hours=1), forget_after=timedelta(days=1)
)
"""Three of a million codes are right at any moment, so codes are counted more strictly than passwords."""


class ThrottleKind(StrEnum):
    """What is counted."""

    ACCOUNT = "account"
    ADDRESS = "address"
    CODE = "code"


POLICIES = {
    ThrottleKind.ACCOUNT: ACCOUNT_POLICY,
    ThrottleKind.ADDRESS: ADDRESS_POLICY,
    ThrottleKind.CODE: CODE_POLICY,
}


class Throttle(msgspec.Struct, frozen=True):
    """Failures in a row, and when the last attempt was. `version` guards against two writers."""

    attempts: int = 0
    last_at: datetime | None = None
    version: int = 0


def throttle_key(kind: ThrottleKind, what: str) -> str:
    """Under which a throttle is kept: a digest, for addresses of people and machines are nobody's business there."""
    return f"{kind}:{hashlib.sha256(what.encode(errors='surrogatepass')).hexdigest()}"


def wait_left(throttle: Throttle, policy: ThrottlePolicy, now: datetime) -> timedelta:
    """How long until the next attempt counts; zero where it may come now."""
    if throttle.last_at is None or now - throttle.last_at >= policy.forget_after:
        return timedelta(0)
    over = throttle.attempts - policy.free
    if over < 0:
        return timedelta(0)
    doubled: int = 1 << min(over, _MOST_DOUBLINGS)
    wait = min(policy.first_wait * doubled, policy.longest_wait)
    # where another replica's clock is ahead the wait is not made longer than it is
    return min(max(throttle.last_at + wait - now, timedelta(0)), wait)


def count_attempt(throttle: Throttle, policy: ThrottlePolicy, now: datetime) -> Throttle:
    """Count an attempt that is about to be looked at. Raises TooManyAttempts, which counts nothing."""
    left = wait_left(throttle, policy, now)
    if left > timedelta(0):
        raise TooManyAttempts(-(-left // timedelta(seconds=1)))
    forgotten = throttle.last_at is not None and now - throttle.last_at >= policy.forget_after
    last_at = now if throttle.last_at is None else max(now, throttle.last_at)
    return Throttle(1 if forgotten else throttle.attempts + 1, last_at, throttle.version + 1)


def count_success(throttle: Throttle, kind: ThrottleKind) -> Throttle:
    """The attempt was right: an address gets back this one, an account all of them."""
    left = max(throttle.attempts - 1, 0) if kind is ThrottleKind.ADDRESS else 0
    return Throttle(left, throttle.last_at, throttle.version + 1)
