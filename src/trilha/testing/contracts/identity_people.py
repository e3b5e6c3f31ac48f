"""The contracts of Users, SecondFactors, OneTimeTokens and Throttles."""

import asyncio
import secrets
from datetime import timedelta

import msgspec
import pytest

from trilha.domain.identity import (
    OneTimeToken,
    OneTimeTokens,
    Purpose,
    SecondFactor,
    SecondFactors,
    Secret,
    Throttle,
    ThrottleKind,
    Throttles,
    User,
    Users,
    closed,
    hash_secret,
    issue_one_time_token,
    parse_email,
    signed_out,
    throttle_key,
    with_password,
)
from trilha.domain.kernel import Conflict, UserId
from trilha.testing.contracts.fresh import NOON, new_id, new_key


def a_secret() -> Secret:
    """One that nobody has."""
    return Secret(secrets.token_bytes(20))


def a_user() -> User:
    """A new user, not yet kept, with an address of his own."""
    address = parse_email(f"Pessoa.{new_key('Conceição')}@Exemplo.com.br")
    return User(id=UserId(new_id()), email=address, name="José 'Zé' da Silva 🐕", created_at=NOON)


async def a_kept_user(users: Users) -> User:
    """A new user, kept."""
    user = a_user()
    assert await users.add(user)
    return user


class UsersContract:
    """Needs the fixture `users`."""

    async def test_a_user_comes_back_exactly_by_id_and_by_address(self, users: Users) -> None:
        user = await a_kept_user(users)
        assert await users.get(user.id) == user
        assert await users.with_email(user.email.key) == user
        assert await users.get(UserId(new_id())) is None
        assert await users.with_email(a_user().email.key) is None

    async def test_an_address_is_one_users_however_it_is_typed(self, users: Users) -> None:
        user = await a_kept_user(users)
        other = msgspec.structs.replace(a_user(), email=parse_email(user.email.address.upper()))
        assert not await users.add(other)
        assert await users.get(other.id) is None
        assert await users.with_email(user.email.key) == user

    async def test_of_many_that_take_the_same_address_one_wins(self, users: Users) -> None:
        email = a_user().email
        rivals = [msgspec.structs.replace(a_user(), email=email) for _ in range(4)]
        added = await asyncio.gather(*(users.add(one) for one in rivals))
        assert sorted(added) == [False, False, False, True]
        assert await users.with_email(email.key) == rivals[added.index(True)]

    async def test_only_the_next_version_is_saved(self, users: Users) -> None:
        user = await a_kept_user(users)
        changed = closed(with_password(user, "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA"), NOON)
        with pytest.raises(Conflict):
            await users.save(changed)
        first = with_password(user, "$x$")
        await users.save(first)
        with pytest.raises(Conflict):
            await users.save(signed_out(user))
        await users.save(closed(first, NOON))
        assert await users.get(user.id) == closed(first, NOON)
        with pytest.raises(Conflict):
            await users.save(signed_out(a_user()))

    async def test_nobody_moves_to_an_address_that_is_somebodys(self, users: Users) -> None:
        user, other = await a_kept_user(users), await a_kept_user(users)
        moved = msgspec.structs.replace(user, email=other.email, version=2)
        with pytest.raises(Conflict):
            await users.save(moved)
        elsewhere = msgspec.structs.replace(user, email=a_user().email, version=2)
        await users.save(elsewhere)
        assert await users.with_email(elsewhere.email.key) == elsewhere
        assert await users.with_email(user.email.key) is None


class SecondFactorsContract:
    """Needs the fixtures `users` and `second_factors`."""

    async def test_one_comes_back_exactly_and_follows_its_version(
        self, users: Users, second_factors: SecondFactors
    ) -> None:
        user = await a_kept_user(users)
        assert await second_factors.of_user(user.id) is None
        proposed = SecondFactor(user_id=user.id, proposed=a_secret(), version=1)
        await second_factors.save(proposed)
        assert await second_factors.of_user(user.id) == proposed
        recovery = tuple(hash_secret(a_secret()) for _ in range(10))
        switched_on = SecondFactor(
            user_id=user.id,
            secret=proposed.proposed,
            enabled_at=NOON,
            last_step=2**40,
            recovery=recovery,
            version=2,
        )
        await second_factors.save(switched_on)
        assert await second_factors.of_user(user.id) == switched_on

    async def test_of_two_who_use_the_same_code_one_gets_in(self, users: Users, second_factors: SecondFactors) -> None:
        user = await a_kept_user(users)
        await second_factors.save(SecondFactor(user_id=user.id, secret=a_secret(), version=1))
        used = SecondFactor(user_id=user.id, secret=a_secret(), last_step=7, version=2)
        saved = await asyncio.gather(*(second_factors.save(used) for _ in range(3)), return_exceptions=True)
        assert [one is None for one in saved].count(True) == 1
        assert all(one is None or isinstance(one, Conflict) for one in saved)


class OneTimeTokensContract:
    """Needs the fixtures `users` and `one_time_tokens`."""

    async def _kept(
        self, users: Users, one_time_tokens: OneTimeTokens, secret: Secret, purpose: Purpose = Purpose.VERIFY_EMAIL
    ) -> OneTimeToken:
        user = await a_kept_user(users)
        token = issue_one_time_token(user.id, purpose, user.email.key, secret, NOON)
        await one_time_tokens.keep(token)
        return token

    async def test_a_link_is_found_by_its_secret_and_purpose(
        self, users: Users, one_time_tokens: OneTimeTokens
    ) -> None:
        secret = a_secret()
        token = await self._kept(users, one_time_tokens, secret)
        assert await one_time_tokens.find(Purpose.VERIFY_EMAIL, hash_secret(secret)) == token
        assert await one_time_tokens.find(Purpose.RESET_PASSWORD, hash_secret(secret)) is None
        assert await one_time_tokens.find(Purpose.VERIFY_EMAIL, hash_secret(a_secret())) is None

    async def test_a_link_is_spent_once_even_by_many_at_once(
        self, users: Users, one_time_tokens: OneTimeTokens
    ) -> None:
        secret = a_secret()
        token = await self._kept(users, one_time_tokens, secret)
        spent = await asyncio.gather(*(one_time_tokens.spend(token) for _ in range(4)))
        assert sorted(spent) == [False, False, False, True]
        assert await one_time_tokens.find(Purpose.VERIFY_EMAIL, hash_secret(secret)) is None

    async def test_a_newer_link_takes_the_place_of_the_older(
        self, users: Users, one_time_tokens: OneTimeTokens
    ) -> None:
        secret, newer_secret = a_secret(), a_secret()
        token = await self._kept(users, one_time_tokens, secret)
        other = issue_one_time_token(token.user_id, Purpose.RESET_PASSWORD, token.about, a_secret(), NOON)
        await one_time_tokens.keep(other)
        newer = issue_one_time_token(token.user_id, token.purpose, token.about, newer_secret, NOON)
        await one_time_tokens.keep(newer)
        assert await one_time_tokens.find(Purpose.VERIFY_EMAIL, hash_secret(secret)) is None
        assert not await one_time_tokens.spend(token)
        assert await one_time_tokens.spend(newer)
        assert await one_time_tokens.spend(other)


class ThrottlesContract:
    """Needs the fixture `throttles`."""

    async def test_what_was_counted_comes_back(self, throttles: Throttles) -> None:
        key = throttle_key(ThrottleKind.ADDRESS, new_key())
        assert await throttles.load(key) == Throttle()
        counted = Throttle(attempts=3, last_at=NOON + timedelta(microseconds=1), version=1)
        assert await throttles.save(key, counted)
        assert await throttles.load(key) == counted
        assert await throttles.load(throttle_key(ThrottleKind.ACCOUNT, new_key())) == Throttle()

    async def test_no_attempt_is_counted_away_by_another(self, throttles: Throttles) -> None:
        key = throttle_key(ThrottleKind.ACCOUNT, new_key())
        rivals = [Throttle(attempts=1, last_at=NOON, version=1)] * 4
        assert sorted(await asyncio.gather(*(throttles.save(key, one) for one in rivals))) == [False] * 3 + [True]
        assert not await throttles.save(key, Throttle(attempts=3, last_at=NOON, version=3))
        assert await throttles.save(key, Throttle(attempts=2, last_at=NOON, version=2))
        assert (await throttles.load(key)).attempts == 2
