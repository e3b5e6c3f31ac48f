"""The table of providers builds everything: dependency-injector does not check what a provider is given."""

from typing import cast

import msgspec
from dependency_injector import providers

from trilha.adapters.memory import (
    MemoryDatabase,
    MemoryDeadLetters,
    MemoryEventBus,
    MemoryLiveFeed,
    MemoryPageReader,
    MemorySource,
    MemoryTaskQueue,
)
from trilha.adapters.postgres import Lanes, open_pool
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.subscriptions import SUBSCRIPTIONS
from trilha.entrypoints.container.sources import budget_key, call_limits
from trilha.entrypoints.container.table import Container
from trilha.entrypoints.settings import Settings

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


async def a_container() -> Container:
    clock = SystemClock()
    pool = open_pool(NOWHERE, name="never opened")
    return Container(
        app_pool=pool,
        lanes=Lanes(pool),
        system_pool=pool,
        bus=MemoryEventBus(clock, MemoryDeadLetters(MemoryDatabase(clock, Uuid7Ids()))),
        queue=MemoryTaskQueue(),
        source=MemorySource(clock),
        reader=MemoryPageReader(),
        live=MemoryLiveFeed(),
        call_limits=call_limits(Settings()),
        budget_key="nobody",
        worker="test",
    )


async def test_every_provider_builds() -> None:
    container = await a_container()
    container.check_dependencies()
    built = {name: provider() for name, provider in container.providers.items()}
    assert all(thing is not None for thing in built.values())


async def test_every_subscription_names_a_use_case() -> None:
    container = await a_container()
    for subscription in SUBSCRIPTIONS:
        provider = cast("providers.Provider[object]", getattr(container, subscription.use_case))
        assert callable(provider())


def test_the_budget_is_told_where_the_login_is_known_and_by_nothing_secret() -> None:
    login = Settings(
        mix_region="us", mix_client_id="app", mix_client_secret="s3cret", mix_username="me", mix_password="hidden"
    )

    key = budget_key(login)

    assert key is not None
    assert not any(secret in key for secret in ("s3cret", "hidden"))
    assert budget_key(Settings()) is None
    assert budget_key(msgspec.structs.replace(login, fleet_source="other")) is None
