"""The table of providers builds everything: dependency-injector does not check what a provider is given."""

from typing import cast

from dependency_injector import providers

from trilha.adapters.memory import MemoryDatabase, MemoryDeadLetters, MemoryEventBus, MemorySource, MemoryTaskQueue
from trilha.adapters.postgres import Lanes, open_pool
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.subscriptions import SUBSCRIPTIONS
from trilha.entrypoints.container.table import Container

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
