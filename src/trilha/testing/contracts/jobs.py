"""The contracts of Jobs, JobRequests and TaskQueue."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

import msgspec
import pytest

from trilha.application.ports import JobRow, Jobs, OperationsUnitOfWork, TaskQueue, UnitsOfWork
from trilha.application.schedule import SYNC_MASTER_DATA
from trilha.domain.kernel import NotFound, OrganisationId
from trilha.domain.telemetry import RunKind
from trilha.testing.contracts.fresh import NOON, NewOrganisation, WithOrganisations, new_key

INGEST_EVENTS = RunKind.EVENTS.value

Units = UnitsOfWork[OperationsUnitOfWork]
ALL = 10_000
LATER = NOON + timedelta(hours=1)
TakeTask = Callable[[], Awaitable[tuple[str, Mapping[str, str]]]]
"""A back door: what a worker is given next, by name and arguments."""


async def due_of(jobs: Jobs, organisation_id: OrganisationId, now: datetime) -> list[str]:
    """The kinds that a scheduler would be handed."""
    async with jobs.claim_due(now, ALL) as claim:
        return [row.kind for row in claim.due if row.organisation_id == organisation_id]


class JobsContract(WithOrganisations):
    """Needs the fixtures `organisations`, `jobs` and `units`."""

    @pytest.fixture
    async def rows(self, jobs: Jobs, organisation_id: OrganisationId) -> list[JobRow]:
        """One job due at NOON and one due LATER."""
        rows = [JobRow(organisation_id, INGEST_EVENTS, NOON), JobRow(organisation_id, SYNC_MASTER_DATA, LATER)]
        await jobs.ensure(rows)
        return rows

    async def test_lists_what_is_there(self, jobs: Jobs, organisation_id: OrganisationId, rows: list[JobRow]) -> None:
        assert sorted(await jobs.all(organisation_id), key=lambda row: row.kind) == rows

    async def test_ensuring_again_keeps_the_time(
        self, jobs: Jobs, organisation_id: OrganisationId, rows: list[JobRow]
    ) -> None:
        await jobs.ensure([msgspec.structs.replace(row, next_run_at=NOON + timedelta(days=9)) for row in rows])
        assert sorted(await jobs.all(organisation_id), key=lambda row: row.kind) == rows

    @pytest.mark.usefixtures("rows")
    async def test_what_was_withdrawn_is_gone_until_it_is_ensured_again(
        self, jobs: Jobs, organisation_id: OrganisationId
    ) -> None:
        await jobs.withdraw(organisation_id)
        assert list(await jobs.all(organisation_id)) == []
        await jobs.ensure([JobRow(organisation_id, INGEST_EVENTS, LATER)])
        assert [row.next_run_at for row in await jobs.all(organisation_id)] == [LATER]

    @pytest.mark.usefixtures("rows")
    async def test_hands_out_what_is_due(self, jobs: Jobs, organisation_id: OrganisationId) -> None:
        assert await due_of(jobs, organisation_id, NOON - timedelta(microseconds=1)) == []
        assert await due_of(jobs, organisation_id, NOON) == [INGEST_EVENTS]
        assert await due_of(jobs, organisation_id, LATER) == [INGEST_EVENTS, SYNC_MASTER_DATA]

    async def test_hands_out_no_more_than_asked(self, jobs: Jobs, rows: list[JobRow]) -> None:
        async with jobs.claim_due(LATER, 1) as claim:
            assert len(claim.due) == 1 <= len(rows)

    async def test_a_rescheduled_job_comes_at_its_next_time(
        self, jobs: Jobs, organisation_id: OrganisationId, rows: list[JobRow]
    ) -> None:
        moved = msgspec.structs.replace(rows[0], next_run_at=LATER, last_enqueued_at=NOON)
        async with jobs.claim_due(NOON, ALL) as claim:
            await claim.reschedule(moved)
        assert await due_of(jobs, organisation_id, NOON) == []
        assert moved in await jobs.all(organisation_id)

    async def test_a_failing_scheduler_gives_everything_back_unchanged(
        self, jobs: Jobs, organisation_id: OrganisationId, rows: list[JobRow]
    ) -> None:
        with pytest.raises(ZeroDivisionError):
            await self._reschedule_and_fail(jobs, rows[0])
        assert await due_of(jobs, organisation_id, NOON) == [INGEST_EVENTS]

    async def _reschedule_and_fail(self, jobs: Jobs, row: JobRow) -> None:
        async with jobs.claim_due(NOON, ALL) as claim:
            await claim.reschedule(msgspec.structs.replace(row, next_run_at=LATER))
            raise ZeroDivisionError

    @pytest.mark.usefixtures("rows")
    async def test_two_schedulers_never_hold_the_same_row(self, jobs: Jobs, organisation_id: OrganisationId) -> None:
        async with jobs.claim_due(NOON, ALL) as claim:
            assert INGEST_EVENTS in [row.kind for row in claim.due if row.organisation_id == organisation_id]
            assert await due_of(jobs, organisation_id, NOON) == []

    @pytest.mark.usefixtures("rows")
    async def test_a_request_brings_a_job_forward(
        self, jobs: Jobs, units: Units, organisation_id: OrganisationId
    ) -> None:
        async with units(organisation_id) as unit:
            await unit.jobs.bring_forward(SYNC_MASTER_DATA, NOON)
            await unit.commit()
        assert sorted(await due_of(jobs, organisation_id, NOON)) == [INGEST_EVENTS, SYNC_MASTER_DATA]

    async def test_a_request_never_puts_a_job_off(
        self, jobs: Jobs, units: Units, organisation_id: OrganisationId, rows: list[JobRow]
    ) -> None:
        async with units(organisation_id) as unit:
            await unit.jobs.bring_forward(INGEST_EVENTS, LATER)
            await unit.commit()
        assert rows[0] in await jobs.all(organisation_id)

    @pytest.mark.usefixtures("rows")
    async def test_a_request_that_was_rolled_back_changes_nothing(
        self, jobs: Jobs, units: Units, organisation_id: OrganisationId
    ) -> None:
        async with units(organisation_id) as unit:
            await unit.jobs.bring_forward(SYNC_MASTER_DATA, NOON)
        assert await due_of(jobs, organisation_id, NOON) == [INGEST_EVENTS]

    async def test_a_job_that_the_organisation_does_not_have_is_not_found(
        self, units: Units, new_organisation: NewOrganisation
    ) -> None:
        async with units(await new_organisation()) as unit:
            with pytest.raises(NotFound):
                await unit.jobs.bring_forward(INGEST_EVENTS, NOON)


class TaskQueueContract:
    """Needs the fixtures `task_queue` and `take_task` (see TakeTask)."""

    async def test_a_worker_gets_what_was_enqueued(self, task_queue: TaskQueue, take_task: TakeTask) -> None:
        name, arguments = new_key("task"), {"organisation_id": new_key(), "note": "ação"}
        await task_queue.enqueue(name, arguments)
        task, given = await take_task()
        assert (task, dict(given)) == (name, arguments)
