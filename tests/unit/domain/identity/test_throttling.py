"""Trying often takes long; trying once does not; and nobody learns who exists."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.domain.identity.made import NOW
from trilha.domain.identity import (
    POLICIES,
    Throttle,
    ThrottleKind,
    ThrottlePolicy,
    TooManyAttempts,
    count_attempt,
    count_success,
    throttle_key,
    wait_left,
)
from trilha.domain.kernel import InvalidValue

ACCOUNT = POLICIES[ThrottleKind.ACCOUNT]
KINDS = st.sampled_from(ThrottleKind)
HOUR = timedelta(hours=1)


def test_the_free_attempts_cost_nothing_and_the_next_wait_twice_as_long_each() -> None:
    throttle, now, waits = Throttle(), NOW, []
    for _ in range(ACCOUNT.free + 12):
        now += wait_left(throttle, ACCOUNT, now)
        throttle = count_attempt(throttle, ACCOUNT, now)
        waits.append(wait_left(throttle, ACCOUNT, now).total_seconds())
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_an_attacker_gets_few_guesses_however_hurried() -> None:
    throttle, guesses = Throttle(), 0
    for second in range(3600):
        try:
            throttle = count_attempt(throttle, ACCOUNT, NOW + timedelta(seconds=second))
            guesses += 1
        except TooManyAttempts:
            continue
    assert guesses == 17


def test_the_refusal_says_when_to_come_back_and_is_not_counted() -> None:
    throttle = Throttle()
    for _ in range(ACCOUNT.free):
        throttle = count_attempt(throttle, ACCOUNT, NOW)
    with pytest.raises(TooManyAttempts) as caught:
        count_attempt(throttle, ACCOUNT, NOW + timedelta(milliseconds=1))
    assert caught.value.retry_after_s == 1
    count_attempt(throttle, ACCOUNT, NOW + timedelta(seconds=1))


def test_success_forgets_an_account_but_gives_an_address_one_back() -> None:
    seven = Throttle(7, NOW, 7)
    assert count_success(seven, ThrottleKind.ACCOUNT).attempts == 0
    assert count_success(seven, ThrottleKind.CODE).attempts == 0
    assert count_success(seven, ThrottleKind.ADDRESS).attempts == 6


def test_an_own_account_does_not_open_an_address_again() -> None:
    """Wrong, right, wrong, right: the wrong ones go on counting."""
    policy, throttle = POLICIES[ThrottleKind.ADDRESS], Throttle()
    for _ in range(policy.free - 1):
        throttle = count_attempt(throttle, policy, NOW)
        throttle = count_success(count_attempt(throttle, policy, NOW), ThrottleKind.ADDRESS)
    throttle = count_attempt(throttle, policy, NOW)
    assert wait_left(throttle, policy, NOW) == policy.first_wait


@given(kind=KINDS, attempts=st.integers(0, 10_000), ago=st.timedeltas(timedelta(days=-1), timedelta(days=2)))
def test_no_wait_is_longer_than_the_longest_even_if_clocks_disagree(
    kind: ThrottleKind, attempts: int, ago: timedelta
) -> None:
    policy = POLICIES[kind]
    left = wait_left(Throttle(attempts, NOW - ago, 1), policy, NOW)
    assert timedelta(0) <= left <= policy.longest_wait
    if attempts < policy.free or ago >= policy.forget_after:
        assert left == timedelta(0)


@given(kind=KINDS, attempts=st.integers(0, 40), sooner=st.timedeltas(timedelta(0), HOUR))
def test_more_failures_never_wait_less(kind: ThrottleKind, attempts: int, sooner: timedelta) -> None:
    policy = POLICIES[kind]
    now = NOW + sooner
    assert wait_left(Throttle(attempts, NOW, 1), policy, now) <= wait_left(Throttle(attempts + 1, NOW, 1), policy, now)


def test_failures_are_forgotten_after_their_time() -> None:
    counted = count_attempt(Throttle(99, NOW, 99), ACCOUNT, NOW + ACCOUNT.forget_after)
    assert (counted.attempts, counted.version) == (1, 100)


def test_keys_show_no_address_and_tell_kinds_apart() -> None:
    keys = {throttle_key(kind, "maria@exemplo.com") for kind in ThrottleKind}
    assert len(keys) == len(ThrottleKind)
    assert not any("maria" in key for key in keys)
    assert throttle_key(ThrottleKind.ACCOUNT, "\ud800")


def test_a_policy_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(InvalidValue):
        ThrottlePolicy(-1, HOUR, HOUR, HOUR)
    with pytest.raises(InvalidValue):
        ThrottlePolicy(1, 2 * HOUR, HOUR, HOUR)
