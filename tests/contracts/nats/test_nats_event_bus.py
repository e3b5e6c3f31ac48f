"""JetStream keeps the contract of EventBus."""

import pytest
from nats.aio.client import Client

from trilha.adapters.memory import MemoryDatabase, MemoryDeadLetters, MemoryOrganisations
from trilha.adapters.nats import NatsEventBus
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.testing.contracts.event_bus import EventBusContract


class TestNatsEventBus(EventBusContract):
    @pytest.fixture
    def database(self) -> MemoryDatabase:
        return MemoryDatabase(SystemClock(), Uuid7Ids())

    @pytest.fixture
    def organisations(self, database: MemoryDatabase) -> MemoryOrganisations:
        return MemoryOrganisations(database)

    @pytest.fixture
    def dead_letters(self, database: MemoryDatabase) -> MemoryDeadLetters:
        return MemoryDeadLetters(database)

    @pytest.fixture
    def event_bus(self, client: Client, dead_letters: MemoryDeadLetters) -> NatsEventBus:
        return NatsEventBus(
            client, dead_letters=dead_letters, clock=SystemClock(), pauses_s=(0.02, 0.05, 0.05), ack_wait_s=2
        )
