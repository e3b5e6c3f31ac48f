"""Codes by the RFCs, each good once, and recovery codes for when the phone is gone."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.domain.identity.made import NOW, secret, user
from trilha.domain.identity import (
    CodeRefused,
    CodeReplayed,
    Role,
    SecondFactor,
    SecondFactorConfirmed,
    SecondFactorMissing,
    SecondFactorNeeded,
    confirm_second_factor,
    enrol_second_factor,
    evolve_second_factor,
    hotp,
    matching_step,
    replace_recovery_codes,
    require_second_factor,
    step_at,
    totp,
    turn_off_second_factor,
    use_code,
    use_recovery_code,
)
from trilha.domain.kernel import InvalidValue

KEY = secret(123456789)
RECOVERY = tuple(secret(1000 + number) for number in range(10))
STEP = timedelta(seconds=30)

# RFC 4226, appendix D
HOTP = [(0, "755224"), (1, "287082"), (2, "359152"), (4, "338314"), (6, "287922"), (8, "399871"), (9, "520489")]
# RFC 6238, appendix B
TOTP = [
    ("SHA1", 59, "94287082"),
    ("SHA256", 59, "46119246"),
    ("SHA512", 59, "90693936"),
    ("SHA1", 1111111109, "07081804"),
    ("SHA256", 1111111109, "68084774"),
    ("SHA1", 1111111111, "14050471"),
    ("SHA512", 1111111111, "99943326"),
    ("SHA256", 1234567890, "91819424"),
    ("SHA1", 2000000000, "69279037"),
    ("SHA512", 2000000000, "38618901"),
    ("SHA256", 20000000000, "77737706"),
]


@pytest.mark.parametrize(("counter", "code"), HOTP)
def test_hotp_gives_the_codes_of_the_rfc(counter: int, code: str) -> None:
    assert hotp(b"12345678901234567890", counter) == code


@pytest.mark.parametrize(("algorithm", "unix", "code"), TOTP)
def test_totp_gives_the_codes_of_the_rfc(algorithm: str, unix: int, code: str) -> None:
    seed = (b"1234567890" * 7)[: {"SHA1": 20, "SHA256": 32, "SHA512": 64}[algorithm]]
    assert totp(seed, datetime.fromtimestamp(unix, UTC), 8, algorithm) == code


def switched_on() -> SecondFactor:
    factor = SecondFactor(user_id=user().id)
    factor = evolve_second_factor(factor, enrol_second_factor(factor, KEY))
    assert not factor.is_on
    return evolve_second_factor(factor, confirm_second_factor(factor, totp(KEY.value, NOW), RECOVERY, NOW))


def test_is_asked_for_only_after_a_right_code() -> None:
    factor = SecondFactor(user_id=user().id)
    factor = evolve_second_factor(factor, enrol_second_factor(factor, KEY))
    with pytest.raises(CodeRefused):
        confirm_second_factor(factor, totp(KEY.value, NOW + 3 * STEP), RECOVERY, NOW)
    on = switched_on()
    assert (on.is_on, on.enabled_at, on.proposed, on.version) == (True, NOW, None, 2)


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_the_clock_of_a_phone_may_be_a_step_off(steps: int, taken: bool) -> None:
    factor, later = switched_on(), NOW + timedelta(hours=1)
    code = totp(KEY.value, later + steps * STEP)
    if taken:
        assert use_code(factor, code, later).step == step_at(later) + steps
    else:
        with pytest.raises(CodeRefused):
            use_code(factor, code, later)


def test_the_code_of_the_set_up_does_not_sign_in_again() -> None:
    with pytest.raises(CodeReplayed):
        use_code(switched_on(), totp(KEY.value, NOW), NOW + STEP)


@given(st.lists(st.tuples(st.integers(-3, 5), st.integers(-1, 1)), max_size=30))
def test_no_code_counts_twice_however_clocks_jump(moves: list[tuple[int, int]]) -> None:
    factor, now, counted = switched_on(), NOW, [step_at(NOW)]
    for jump, drift in moves:
        now += jump * STEP
        try:
            event = use_code(factor, totp(KEY.value, now + drift * STEP), now)
        except CodeReplayed:
            continue
        factor = evolve_second_factor(factor, event)
        counted.append(event.step)
    assert counted == sorted(set(counted))


@pytest.mark.parametrize(
    "code", ["", "000000", "12345", "1234567", "abcdef", "\u0661\u0662\u0663\u0664\u0665\u0666", "\ud800", "9" * 9999]
)
def test_what_is_no_code_is_refused(code: str) -> None:
    assert matching_step(KEY.value, code, NOW) is None
    with pytest.raises(CodeRefused):
        use_code(switched_on(), code, NOW)


def test_a_recovery_code_counts_once_and_the_others_stay() -> None:
    factor = switched_on()
    factor = evolve_second_factor(factor, use_recovery_code(factor, RECOVERY[3]))
    assert len(factor.recovery) == 9
    with pytest.raises(CodeRefused):
        use_recovery_code(factor, RECOVERY[3])
    factor = evolve_second_factor(factor, use_recovery_code(factor, RECOVERY[4]))
    assert len(factor.recovery) == 8
    assert RECOVERY[0].value not in [bytes(one) for one in factor.recovery]


def test_new_recovery_codes_take_the_place_of_the_old() -> None:
    fresh = tuple(secret(2000 + number) for number in range(10))
    factor = switched_on()
    factor = evolve_second_factor(factor, replace_recovery_codes(factor, fresh))
    with pytest.raises(CodeRefused):
        use_recovery_code(factor, RECOVERY[0])
    assert use_recovery_code(factor, fresh[0])
    with pytest.raises(InvalidValue):
        replace_recovery_codes(factor, fresh[:9])
    with pytest.raises(SecondFactorNeeded):
        replace_recovery_codes(SecondFactor(user_id=user().id), fresh)


def test_a_stolen_session_cannot_put_another_in_its_place() -> None:
    with pytest.raises(SecondFactorConfirmed):
        enrol_second_factor(switched_on(), secret(5))
    with pytest.raises(SecondFactorConfirmed):
        confirm_second_factor(switched_on(), totp(KEY.value, NOW), RECOVERY, NOW)


def test_turned_off_nothing_counts_any_more() -> None:
    factor = switched_on()
    for event in turn_off_second_factor(factor):
        factor = evolve_second_factor(factor, event)
    assert factor == SecondFactor(user_id=user().id, version=3)
    assert turn_off_second_factor(factor) == ()
    with pytest.raises(CodeRefused):
        use_code(factor, totp(KEY.value, NOW), NOW)
    with pytest.raises(CodeRefused):
        use_recovery_code(factor, RECOVERY[0])


def test_a_role_can_demand_one() -> None:
    off = SecondFactor(user_id=user().id)
    assert not require_second_factor(off, Role.TUTOR, {Role.ADMIN})
    assert require_second_factor(switched_on(), Role.TUTOR, set())
    with pytest.raises(SecondFactorMissing, match="admin"):
        require_second_factor(off, Role.ADMIN, {Role.ADMIN})


def test_a_short_secret_is_refused_and_none_is_printed() -> None:
    with pytest.raises(InvalidValue):
        enrol_second_factor(SecondFactor(user_id=user().id), secret(1, 16))
    assert "123456789" not in repr(switched_on())
    assert str(KEY.value) not in repr(msgspec.structs.asdict(switched_on()))
