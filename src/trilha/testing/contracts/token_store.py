"""The contract of TokenStore."""

import asyncio
from datetime import timedelta

import msgspec
from hypothesis import HealthCheck, given, settings

from trilha.application.ports import Clock, SourceToken, TokenStore
from trilha.testing.contracts.fresh import NOON, new_key
from trilha.testing.strategies import source_tokens

TOKEN = SourceToken(access_token="access", refresh_token="refresh", expires_at=NOON, version=1)  # noqa: S106 - a test's


class TokenStoreContract:
    """Needs the fixtures `token_store` and `clock` (the Clock that the store judges locks by)."""

    async def test_an_unknown_key_has_no_token(self, token_store: TokenStore) -> None:
        assert await token_store.load(new_key()) is None

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors])
    @given(token=source_tokens())
    async def test_gives_back_what_was_saved(self, token_store: TokenStore, token: SourceToken) -> None:
        key = new_key()
        assert await token_store.save(key, token)
        assert await token_store.load(key) == token

    async def test_only_the_next_version_is_saved(self, token_store: TokenStore) -> None:
        key, second = new_key(), msgspec.structs.replace(TOKEN, access_token="newer", version=2)  # noqa: S106 - a test's
        assert not await token_store.save(key, second)
        assert await token_store.save(key, TOKEN)
        assert not await token_store.save(key, TOKEN)
        assert await token_store.save(key, second)
        assert not await token_store.save(key, msgspec.structs.replace(TOKEN, version=4))
        assert await token_store.load(key) == second

    async def test_of_two_that_save_the_same_version_one_wins(self, token_store: TokenStore) -> None:
        key = new_key()
        rivals = [msgspec.structs.replace(TOKEN, access_token=f"token {number}") for number in range(4)]
        saved = await asyncio.gather(*(token_store.save(key, token) for token in rivals))
        assert sorted(saved) == [False, False, False, True]
        assert await token_store.load(key) == rivals[saved.index(True)]

    async def test_one_process_renews_at_a_time(self, token_store: TokenStore, clock: Clock) -> None:
        key, until = new_key(), clock.now() + timedelta(hours=1)
        assert await token_store.lock(key, "a", until)
        assert not await token_store.lock(key, "b", until)
        await token_store.unlock(key, "b")
        assert not await token_store.lock(key, "b", until)
        await token_store.unlock(key, "a")
        assert await token_store.lock(key, "b", until)

    async def test_of_many_that_lock_at_once_one_gets_it(self, token_store: TokenStore, clock: Clock) -> None:
        key, until = new_key(), clock.now() + timedelta(hours=1)
        locked = await asyncio.gather(*(token_store.lock(key, f"worker {number}", until) for number in range(4)))
        assert sum(locked) == 1

    async def test_a_lock_whose_time_is_over_is_free(self, token_store: TokenStore, clock: Clock) -> None:
        key = new_key()
        assert await token_store.lock(key, "a", clock.now() - timedelta(seconds=1))
        assert await token_store.lock(key, "b", clock.now() + timedelta(hours=1))

    async def test_locks_of_other_keys_are_apart(self, token_store: TokenStore, clock: Clock) -> None:
        until = clock.now() + timedelta(hours=1)
        assert await token_store.lock(new_key(), "a", until)
        assert await token_store.lock(new_key(), "b", until)
