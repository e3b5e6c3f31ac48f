"""Two transactions open at once: where PostgreSQL lets the second wait, memory refuses its commit."""

from collections.abc import Awaitable, Callable

import pytest

from trilha.adapters.memory import MemoryUnitOfWork, MemoryUnitsOfWork
from trilha.domain.kernel import Conflict, OrganisationId
from trilha.domain.telemetry import Stream
from trilha.testing.contracts.fresh import NOON, WithOrganisations, new_id
from trilha.testing.contracts.ingestion import FIRST
from trilha.testing.contracts.telemetry_records import an_event

Write = Callable[[MemoryUnitOfWork], Awaitable[object]]
EVENT_ID, PAGE_ID = new_id(), new_id()


class TestRaces(WithOrganisations):
    @pytest.mark.parametrize(
        "write",
        [
            lambda unit: unit.checkpoints.save(FIRST),
            lambda unit: unit.first_time("consumer", EVENT_ID),
            lambda unit: unit.records(Stream.EVENTS).merge(PAGE_ID, NOON, [an_event()]),
        ],
        ids=["checkpoint", "inbox", "records"],
    )
    async def test_the_second_to_commit_is_refused(
        self, units: MemoryUnitsOfWork, organisation_id: OrganisationId, write: Write
    ) -> None:
        async with units(organisation_id) as one, units(organisation_id) as other:
            await write(one)
            await write(other)
            await one.commit()
            with pytest.raises(Conflict):
                await other.commit()
