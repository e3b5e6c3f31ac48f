"""Secrets that are handed out: links that count once, invitations, keys of machines."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.domain.identity.made import NOW, member, secret, user
from trilha.domain.identity import (
    KEY_SCOPES,
    ApiKey,
    Invitation,
    KeyRefused,
    LinkRefused,
    MembershipStatus,
    NewKey,
    NotPermitted,
    Permission,
    Purpose,
    Role,
    RoleTooHigh,
    Secret,
    accept_invitation,
    check_key,
    format_key,
    hash_secret,
    invite,
    issue_key,
    issue_one_time_token,
    parse_email,
    parse_key,
    parse_secret,
    redeem_one_time_token,
    revoke_key,
    secret_text,
    use_noted,
    withdraw_invitation,
)
from trilha.domain.kernel import DriverId, InvalidValue

ABOUT = "maria@exemplo.com"
ADMIN, MANAGER = member(1, Role.ADMIN), member(2, Role.MANAGER)
WANTED = NewKey("Parceiro", frozenset({Permission.FLEET_READ}), NOW + timedelta(days=30))
SECRETS = st.binary(min_size=16, max_size=64).map(Secret)


@given(SECRETS)
def test_a_secret_has_one_spelling(kept: Secret) -> None:
    assert parse_secret(secret_text(kept)) == kept
    assert len(hash_secret(kept)) == 32


@pytest.mark.parametrize(
    "text", ["", "short", "a" * 23, "+" * 24, "a" * 21 + "=", "ç" * 24, "a" * 1000, "QUFB" * 6 + "\n"]
)
def test_what_is_no_secret_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        parse_secret(text)
    assert not text or text not in str(caught.value)


def test_a_link_is_good_for_its_purpose_its_address_and_its_time() -> None:
    token = issue_one_time_token(user().id, Purpose.RESET_PASSWORD, ABOUT, secret(1), NOW)
    last = token.expires_at - timedelta(microseconds=1)
    redeem_one_time_token(token, secret(1), Purpose.RESET_PASSWORD, ABOUT, last)
    for given_secret, purpose, about, now in (
        (secret(2), Purpose.RESET_PASSWORD, ABOUT, NOW),
        (secret(1), Purpose.VERIFY_EMAIL, ABOUT, NOW),
        (secret(1), Purpose.RESET_PASSWORD, "other@exemplo.com", NOW),
        (secret(1), Purpose.RESET_PASSWORD, ABOUT, token.expires_at),
    ):
        with pytest.raises(LinkRefused):
            redeem_one_time_token(token, given_secret, purpose, about, now)
    assert ABOUT not in repr(token)


def an_invitation(role: Role = Role.ANALYST) -> Invitation:
    return invite(UUID(int=9), MANAGER, parse_email(ABOUT), role, secret(1), NOW)


def test_an_invitation_makes_a_membership_once() -> None:
    used, made = accept_invitation(an_invitation(), secret(1), user(7, "MARIA@exemplo.com"), MANAGER, UUID(int=8), NOW)
    assert (made.role, made.status, made.user_id) == (Role.ANALYST, MembershipStatus.ACTIVE, UUID(int=7))
    assert used.version == 2
    with pytest.raises(LinkRefused):
        accept_invitation(used, secret(1), user(7), MANAGER, UUID(int=10), NOW)
    with pytest.raises(LinkRefused):
        withdraw_invitation(used, NOW)


def test_a_link_that_went_to_somebody_else_is_good_for_nobody() -> None:
    with pytest.raises(LinkRefused):
        accept_invitation(an_invitation(), secret(1), user(7, "joao@exemplo.com"), MANAGER, UUID(int=8), NOW)
    with pytest.raises(LinkRefused):
        accept_invitation(an_invitation(), secret(2), user(7), MANAGER, UUID(int=8), NOW)
    with pytest.raises(LinkRefused):
        accept_invitation(an_invitation(), secret(1), user(7), MANAGER, UUID(int=8), NOW + timedelta(days=7))


def test_withdrawn_it_counts_no_more() -> None:
    withdrawn = withdraw_invitation(an_invitation(), NOW)
    assert withdraw_invitation(withdrawn, NOW) is withdrawn
    with pytest.raises(LinkRefused):
        accept_invitation(withdrawn, secret(1), user(7), MANAGER, UUID(int=8), NOW)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.PARTNER])
def test_nobody_invites_to_more_than_he_may(role: Role) -> None:
    with pytest.raises(RoleTooHigh):
        an_invitation(role)
    with pytest.raises(NotPermitted):
        invite(UUID(int=9), member(3, Role.SUPPORT), parse_email(ABOUT), Role.TUTOR, secret(1), NOW)


@pytest.mark.parametrize(
    "inviter",
    [
        msgspec.structs.replace(MANAGER, role=Role.SUPPORT),
        msgspec.structs.replace(MANAGER, status=MembershipStatus.DISABLED),
        member(5, Role.MANAGER),
    ],
)
def test_an_invitation_falls_with_its_inviter(inviter: object) -> None:
    with pytest.raises(LinkRefused):
        accept_invitation(an_invitation(), secret(1), user(7), inviter, UUID(int=8), NOW)


def test_only_a_driver_is_invited_as_one_of_the_fleet() -> None:
    invited = invite(UUID(int=9), MANAGER, parse_email(ABOUT), Role.DRIVER, secret(1), NOW, DriverId(-5))
    assert accept_invitation(invited, secret(1), user(7), MANAGER, UUID(int=8), NOW)[1].driver_id == -5
    with pytest.raises(InvalidValue):
        invite(UUID(int=9), MANAGER, parse_email(ABOUT), Role.ANALYST, secret(1), NOW, DriverId(-5))


def a_key(wanted: NewKey = WANTED) -> ApiKey:
    return issue_key(wanted, ADMIN, UUID(int=3), "abcdef123456", secret(1), NOW)


def test_a_key_opens_its_scopes_until_it_expires_or_is_revoked() -> None:
    key = a_key()
    assert check_key(key, secret(1), NOW) == {Permission.FLEET_READ}
    with pytest.raises(KeyRefused):
        check_key(key, secret(2), NOW)
    with pytest.raises(KeyRefused):
        check_key(key, secret(1), key.expires_at)
    gone = revoke_key(key, NOW)
    assert revoke_key(gone, NOW) is gone
    with pytest.raises(KeyRefused):
        check_key(gone, secret(1), NOW)


@given(st.sets(st.sampled_from(Permission)), st.sampled_from(Role))
def test_a_key_never_may_what_its_maker_or_a_machine_may_not(scopes: set[Permission], role: Role) -> None:
    by = member(1, role)
    wanted = msgspec.structs.replace(WANTED, scopes=frozenset(scopes))
    try:
        key = issue_key(wanted, by, UUID(int=3), "abcdef123456", secret(1), NOW)
    except (NotPermitted, InvalidValue):
        assert role is not Role.ADMIN or not scopes or not scopes <= KEY_SCOPES
        return
    assert key.scopes <= by.permissions & KEY_SCOPES


@pytest.mark.parametrize(
    "changes",
    [
        {"expires_at": NOW},
        {"expires_at": NOW + timedelta(days=367)},
        {"scopes": frozenset()},
        {"scopes": frozenset({Permission.IDENTITY_MANAGE_KEYS})},
        {"name": " "},
    ],
)
def test_a_key_without_end_use_or_name_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidValue):
        a_key(msgspec.structs.replace(WANTED, **changes))


def test_that_a_key_was_used_is_not_noted_at_each_request() -> None:
    used = use_noted(a_key(), NOW)
    assert used.last_used_at == NOW
    assert use_noted(used, NOW + timedelta(minutes=4)) is used
    assert use_noted(used, NOW + timedelta(minutes=5)).version == 3


@given(SECRETS)
def test_the_text_of_a_key_reads_back(kept: Secret) -> None:
    assert parse_key(format_key("abcdef123456", kept)) == ("abcdef123456", kept)


@pytest.mark.parametrize(
    "text", ["", "trk_abcdef123456_", "trk_ABCDEF123456_" + "a" * 27, "trk_abcdef123456_" + "a" * 999, "Bearer x"]
)
def test_what_is_no_key_is_refused_like_a_wrong_one(text: str) -> None:
    with pytest.raises(KeyRefused):
        parse_key(text)
