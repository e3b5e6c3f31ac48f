"""What happens to an account."""

from datetime import timedelta

import msgspec
import pytest

from tests.unit.domain.identity.made import NOW, user
from trilha.domain.identity import (
    User,
    closed,
    email_verified,
    rehashed,
    reopened,
    signed_out,
    with_password,
)
from trilha.domain.kernel import InvalidValue

LATER = NOW + timedelta(hours=1)
MARIA = msgspec.structs.replace(user(), email_verified_at=None)


def test_signs_in_once_the_address_is_proven_and_until_closed() -> None:
    assert not MARIA.can_sign_in
    proven = email_verified(MARIA, NOW)
    assert proven.can_sign_in
    assert email_verified(proven, LATER) is proven
    shut = closed(proven, LATER)
    assert not shut.can_sign_in
    assert shut.session_epoch == 2
    assert closed(shut, LATER) is shut
    opened = reopened(shut)
    assert opened.can_sign_in
    assert opened.session_epoch == 2
    assert reopened(opened) is opened


def test_a_new_password_ends_sessions_and_newer_settings_do_not() -> None:
    changed = with_password(MARIA, "$one")
    assert (changed.password_hash, changed.session_epoch, changed.version) == ("$one", 2, 2)
    better = rehashed(changed, "$two")
    assert (better.password_hash, better.session_epoch, better.version) == ("$two", 2, 3)
    assert signed_out(better).session_epoch == 3


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\0b"])
def test_a_name_is_text_and_is_not_repeated(name: str) -> None:
    with pytest.raises(InvalidValue, match="characters") as caught:
        User(id=MARIA.id, email=MARIA.email, name=name, created_at=NOW)
    assert "a\\x00b" not in str(caught.value)


def test_nothing_personal_is_printed() -> None:
    assert repr(with_password(MARIA, "$hash")) == f"User(id={MARIA.id}, version=2)"
