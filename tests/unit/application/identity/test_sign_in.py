"""Signing in, staying signed in, and being put out."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from tests.unit.application.identity.conftest import HERE, PASSWORD, Town
from trilha.application.identity.change_membership import ChangeMembershipCommand
from trilha.application.identity.sign_in import SignInCommand
from trilha.domain.identity import (
    Approve,
    CodeRefused,
    CodeReplayed,
    Disable,
    GiveRole,
    LastAdmin,
    MembershipStatus,
    NotPermitted,
    RefreshTokenReused,
    RevokedBecause,
    Role,
    SecondFactor,
    SecondFactorMissing,
    SecondFactorNeeded,
    Secret,
    SessionEnded,
    SignInRefused,
    TokenRefused,
    TooManyAttempts,
    check_claims,
    check_standing,
    closed,
    hash_secret,
    secret_text,
    totp,
    with_password,
)
from trilha.domain.kernel import NotFound

MARIA = SignInCommand(email="Maria@Exemplo.com", password=PASSWORD, address="192.0.2.7")


async def test_who_is_right_gets_tokens_that_are_believed(town: Town) -> None:
    membership = await town.settle(Role.ANALYST)
    tokens = await town.sign_in()(MARIA)
    claims = town.signer.verify(tokens.access_token)
    check_claims(claims, town.clock.now(), town.policy)
    check_standing(claims, membership)
    assert tokens.expires_in_s == 600
    assert [entry.action for entry in town.trail] == ["identity.signed_in"]
    assert repr(tokens) == "Tokens(...)"
    assert "Maria" not in repr(MARIA)


@pytest.mark.parametrize(
    "changes",
    [
        {"password": "quatro cavalos no telhada"},
        {"password": "x" * 5_000_000},
        {"password": "\ud800"},
        {"password": ""},
        {"email": "nobody@exemplo.com"},
        {"email": "no address"},
        {"email": "m\u0430ria@exemplo.com"},
        {"email": "x" * 1_000_000},
        {"email": "\ud800"},
    ],
)
async def test_whatever_is_wrong_the_answer_is_the_same(town: Town, changes: dict[str, str]) -> None:
    await town.settle(Role.ANALYST)
    with pytest.raises(SignInRefused) as caught:
        await town.sign_in()(msgspec.structs.replace(MARIA, **changes))
    assert str(caught.value) == str(SignInRefused())
    assert town.sessions == []


@pytest.mark.parametrize("email", ["maria@exemplo.com", "nobody@exemplo.com", "no address"])
async def test_a_failure_costs_the_same_whether_or_not_there_is_such_an_account(town: Town, email: str) -> None:
    await town.settle(Role.ANALYST)
    wrong = msgspec.structs.replace(MARIA, email=email, password="not the right one")
    answers = list[str]()
    for _ in range(7):
        with pytest.raises((SignInRefused, TooManyAttempts)) as caught:
            await town.sign_in()(wrong)
        answers.append(type(caught.value).__name__)
    assert answers == ["SignInRefused"] * 5 + ["TooManyAttempts"] * 2
    assert town.hasher.worked == 5


async def test_many_guesses_at_once_get_no_more_tries(town: Town) -> None:
    await town.settle(Role.ANALYST)
    wrong = msgspec.structs.replace(MARIA, password="not the right one")
    await asyncio.gather(*(town.sign_in()(wrong) for _ in range(40)), return_exceptions=True)
    assert town.hasher.worked <= 5


async def test_trying_one_password_on_many_accounts_takes_long_too(town: Town) -> None:
    for number in range(50):
        with pytest.raises(SignInRefused):
            await town.sign_in()(msgspec.structs.replace(MARIA, email=f"someone{number}@exemplo.com"))
    with pytest.raises(TooManyAttempts):
        await town.sign_in()(msgspec.structs.replace(MARIA, email="another@exemplo.com"))
    assert town.hasher.worked == 50


async def test_the_right_password_forgets_the_wrong_ones(town: Town) -> None:
    await town.settle(Role.ANALYST)
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(SignInRefused):
                await town.sign_in()(msgspec.structs.replace(MARIA, password="not the right one"))
        await town.sign_in()(MARIA)
    assert len(town.sessions) == 3


@pytest.mark.parametrize("status", [MembershipStatus.PENDING, MembershipStatus.DISABLED])
async def test_who_is_not_let_in_is_refused_like_a_stranger(town: Town, status: MembershipStatus) -> None:
    await town.settle(Role.WALKER, status=status)
    with pytest.raises(SignInRefused):
        await town.sign_in()(MARIA)


async def test_a_closed_account_is_refused_like_a_stranger(town: Town) -> None:
    membership = await town.settle(Role.ANALYST)
    user = await town.users.get(membership.user_id)
    assert user is not None
    await town.users.save(closed(user, town.clock.now()))
    with pytest.raises(SignInRefused):
        await town.sign_in()(MARIA)


async def test_an_old_hash_is_made_anew_and_signs_nobody_out(town: Town) -> None:
    membership = await town.settle(Role.ANALYST)
    tokens = await town.sign_in()(MARIA)
    town.hasher._prefix = "$memory$2$"
    await town.sign_in()(MARIA)
    user = await town.users.get(membership.user_id)
    assert user is not None
    assert user.password_hash is not None
    assert user.password_hash.startswith("$memory$2$")
    assert await town.refresh()(tokens.refresh_token)


async def test_a_code_is_asked_for_once_the_password_was_right_and_lets_in_once(town: Town) -> None:
    membership = await town.settle(Role.ADMIN)
    key, recovery = Secret(b"12345678901234567890"), town.secrets.new()
    await town.second_factors.save(
        SecondFactor(user_id=membership.user_id, secret=key, recovery=(hash_secret(recovery),), version=1)
    )
    with pytest.raises(SignInRefused):
        await town.sign_in()(msgspec.structs.replace(MARIA, password="not the right one", code="000000"))
    with pytest.raises(SecondFactorNeeded):
        await town.sign_in()(MARIA)
    with pytest.raises(CodeRefused):
        await town.sign_in()(msgspec.structs.replace(MARIA, code="no code"))
    with_code = msgspec.structs.replace(MARIA, code=totp(key.value, town.clock.now()))
    outcomes = await asyncio.gather(*(town.sign_in()(with_code) for _ in range(2)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in outcomes) == ["CodeReplayed", "Tokens"]
    await town.sign_in()(msgspec.structs.replace(MARIA, code=secret_text(recovery)))
    with pytest.raises(CodeRefused):
        await town.sign_in()(msgspec.structs.replace(MARIA, code=secret_text(recovery)))


async def test_codes_cannot_be_tried_through(town: Town) -> None:
    membership = await town.settle(Role.ADMIN)
    key = Secret(b"12345678901234567890")
    await town.second_factors.save(SecondFactor(user_id=membership.user_id, secret=key, version=1))
    for _ in range(3):
        with pytest.raises(CodeRefused):
            await town.sign_in()(msgspec.structs.replace(MARIA, code="000000"))
    with pytest.raises(TooManyAttempts):
        await town.sign_in()(msgspec.structs.replace(MARIA, code=totp(key.value, town.clock.now())))


async def test_a_role_that_has_to_have_a_second_factor_gets_in_with_none(town: Town) -> None:
    await town.settle(Role.ADMIN)
    with pytest.raises(SecondFactorMissing):
        await town.sign_in({Role.ADMIN})(MARIA)
    assert issubclass(CodeReplayed, CodeRefused)
    await town.sign_in({Role.MANAGER})(MARIA)


async def test_a_token_is_changed_for_the_next_and_a_copy_ends_the_family(town: Town) -> None:
    await town.settle(Role.ANALYST)
    first = (await town.sign_in()(MARIA)).refresh_token
    second = (await town.refresh()(first)).refresh_token
    with pytest.raises(RefreshTokenReused):
        await town.refresh()(first)
    assert town.sessions[0].revoked_because is RevokedBecause.REUSED
    for token in (first, second):
        with pytest.raises(SessionEnded):
            await town.refresh()(token)
    assert [entry.action for entry in town.trail] == ["identity.signed_in", "identity.refresh_token_reused"]


async def test_of_two_that_come_with_one_token_at_once_the_family_ends(town: Town) -> None:
    await town.settle(Role.ANALYST)
    token = (await town.sign_in()(MARIA)).refresh_token
    outcomes = await asyncio.gather(*(town.refresh()(token) for _ in range(2)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in outcomes) == ["RefreshTokenReused", "Tokens"]
    assert town.sessions[0].revoked_because is RevokedBecause.REUSED


async def test_a_new_password_ends_every_session(town: Town) -> None:
    membership = await town.settle(Role.ANALYST)
    token = (await town.sign_in()(MARIA)).refresh_token
    user = await town.users.get(membership.user_id)
    assert user is not None
    await town.users.save(with_password(user, "$other"))
    with pytest.raises(SessionEnded, match="signed_out"):
        await town.refresh()(token)


async def test_an_idle_session_ends(town: Town) -> None:
    await town.settle(Role.ANALYST)
    token = (await town.sign_in()(MARIA)).refresh_token
    town.clock.advance(timedelta(days=14))
    with pytest.raises(SessionEnded, match="expired"):
        await town.refresh()(token)


async def test_who_is_put_out_loses_sessions_and_tokens(town: Town) -> None:
    admin = await town.settle(Role.ADMIN, "admin@exemplo.com")
    analyst = await town.settle(Role.ANALYST)
    tokens = await town.sign_in()(MARIA)
    gone = await town.change()(ChangeMembershipCommand(HERE, admin.user_id, analyst.id, Disable()))
    with pytest.raises(TokenRefused):
        check_standing(town.signer.verify(tokens.access_token), gone)
    with pytest.raises(SessionEnded, match="membership_changed"):
        await town.refresh()(tokens.refresh_token)
    assert town.trail[-1].details == (("role", "analyst"), ("status", "disabled"), ("version", "2"))


async def test_who_gets_another_role_has_it_from_the_next_refresh_on(town: Town) -> None:
    admin = await town.settle(Role.ADMIN, "admin@exemplo.com")
    analyst = await town.settle(Role.ANALYST)
    tokens = await town.sign_in()(MARIA)
    changed = await town.change()(ChangeMembershipCommand(HERE, admin.user_id, analyst.id, GiveRole(Role.SUPPORT)))
    with pytest.raises(TokenRefused):
        check_standing(town.signer.verify(tokens.access_token), changed)
    claims = town.signer.verify((await town.refresh()(tokens.refresh_token)).access_token)
    check_standing(claims, changed)
    assert claims.role is Role.SUPPORT


async def test_changes_are_refused_by_name_and_leave_no_trace(town: Town) -> None:
    admin = await town.settle(Role.ADMIN, "admin@exemplo.com")
    walker = await town.settle(Role.WALKER, status=MembershipStatus.PENDING)
    stranger = town.ids.new()
    for by, membership_id, change, refusal in (
        (walker.user_id, walker.id, Approve(), NotPermitted),
        (stranger, walker.id, Approve(), NotPermitted),
        (admin.user_id, stranger, Approve(), NotFound),
        (admin.user_id, admin.id, Disable(), LastAdmin),
    ):
        with pytest.raises(refusal):
            await town.change()(ChangeMembershipCommand(HERE, by, membership_id, change))
    assert town.trail == []
    let_in = await town.change()(ChangeMembershipCommand(HERE, admin.user_id, walker.id, Approve()))
    again = await town.change()(ChangeMembershipCommand(HERE, admin.user_id, walker.id, Approve()))
    assert again == let_in
    assert len(town.trail) == 1
