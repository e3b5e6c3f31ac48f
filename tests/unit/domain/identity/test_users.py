"""What happens to an account."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from trilha.domain.identity import (
    User,
    closed,
    email_verified,
    parse_email,
    rehashed,
    reopened,
    signed_out,
    with_password,
)
from trilha.domain.kernel import InvalidValue, UserId

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
MARIA = User(id=UserId(UUID(int=1)), email=parse_email("maria@exemplo.com"), name="Maria", created_at=NOW)


def test_signs_in_once_the_address_is_proven_and_until_closed() -> None:
    assert not MARIA.can_sign_in
    proven = email_verified(MARIA, NOW)
    assert proven.can_sign_in
    assert email_verified(proven, LATER) is proven
    shut = closed(proven, LATER)
    assert not shut.can_sign_in
    assert shut.signed_out_before == LATER
    assert closed(shut, LATER) is shut
    opened = reopened(shut)
    assert opened.can_sign_in
    assert opened.signed_out_before == LATER
    assert reopened(opened) is opened


def test_a_new_password_ends_sessions_and_newer_settings_do_not() -> None:
    changed = with_password(MARIA, "$one", NOW)
    assert (changed.password_hash, changed.signed_out_before, changed.version) == ("$one", NOW, 2)
    better = rehashed(changed, "$two")
    assert (better.password_hash, better.signed_out_before, better.version) == ("$two", NOW, 3)


def test_a_clock_that_runs_behind_brings_no_session_back() -> None:
    assert signed_out(signed_out(MARIA, LATER), NOW).signed_out_before == LATER


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\0b"])
def test_a_name_is_text_and_is_not_repeated(name: str) -> None:
    with pytest.raises(InvalidValue, match="characters") as caught:
        User(id=MARIA.id, email=MARIA.email, name=name, created_at=NOW)
    assert "a\\x00b" not in str(caught.value)


def test_nothing_personal_is_printed() -> None:
    assert repr(with_password(MARIA, "$hash", NOW)) == f"User(id={MARIA.id}, version=2)"
