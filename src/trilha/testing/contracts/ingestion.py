"""The contracts of Checkpoints, IngestionRuns and Throughput."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trilha.application.ports import TelemetryUnitOfWork, UnitsOfWork
from trilha.domain.kernel import Conflict, OrganisationId
from trilha.domain.telemetry import (
    Checkpoint,
    IngestionRun,
    RunKind,
    RunStatus,
    Stream,
    advance,
    first_checkpoint,
    succeed,
)
from trilha.testing.contracts.fresh import NOON, NewOrganisation, WithOrganisations, new_id
from trilha.testing.strategies import checkpoints, ingestion_runs

Units = UnitsOfWork[TelemetryUnitOfWork]
HourCounts = Callable[[OrganisationId], Awaitable[Mapping[tuple[str, datetime], tuple[int, int]]]]
"""A back door: received and inserted by stream and hour."""

FIRST = first_checkpoint(Stream.EVENTS, "token 0", NOON, NOON)
SECOND = advance(FIRST, "token 1", NOON + timedelta(minutes=1), NOON + timedelta(minutes=1))
_checked = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors])


async def save_checkpoint(units: Units, organisation_id: OrganisationId, checkpoint: Checkpoint) -> None:
    """Save and commit."""
    async with units(organisation_id) as unit:
        await unit.checkpoints.save(checkpoint)
        await unit.commit()


async def checkpoint_of(
    units: Units, organisation_id: OrganisationId, stream: Stream = Stream.EVENTS
) -> Checkpoint | None:
    """What is kept."""
    async with units(organisation_id) as unit:
        return await unit.checkpoints.get(stream)


class CheckpointsContract(WithOrganisations):
    """Needs the fixtures `organisations` and `units`."""

    async def test_a_stream_that_never_began_has_none(self, units: Units, organisation_id: OrganisationId) -> None:
        assert await checkpoint_of(units, organisation_id) is None

    @_checked
    @given(checkpoint=checkpoints())
    async def test_comes_back_exactly(
        self, units: Units, new_organisation: NewOrganisation, checkpoint: Checkpoint
    ) -> None:
        organisation_id = await new_organisation()
        await save_checkpoint(units, organisation_id, checkpoint)
        assert await checkpoint_of(units, organisation_id, checkpoint.stream) == checkpoint

    async def test_the_next_version_follows(self, units: Units, organisation_id: OrganisationId) -> None:
        await save_checkpoint(units, organisation_id, FIRST)
        await save_checkpoint(units, organisation_id, SECOND)
        assert await checkpoint_of(units, organisation_id) == SECOND

    @pytest.mark.parametrize("version", [0, 1, 3])
    async def test_any_other_version_is_refused(
        self, units: Units, organisation_id: OrganisationId, version: int
    ) -> None:
        await save_checkpoint(units, organisation_id, FIRST)
        await save_checkpoint(units, organisation_id, SECOND)
        with pytest.raises(Conflict):
            await save_checkpoint(units, organisation_id, msgspec.structs.replace(SECOND, version=version))
        assert await checkpoint_of(units, organisation_id) == SECOND

    async def test_the_first_version_is_0(self, units: Units, organisation_id: OrganisationId) -> None:
        with pytest.raises(Conflict):
            await save_checkpoint(units, organisation_id, SECOND)
        assert await checkpoint_of(units, organisation_id) is None

    @pytest.mark.parametrize("kept", [None, FIRST])
    async def test_of_writers_at_once_one_gets_through(
        self, units: Units, organisation_id: OrganisationId, kept: Checkpoint | None
    ) -> None:
        if kept is not None:
            await save_checkpoint(units, organisation_id, kept)
        rival = FIRST if kept is None else SECOND
        ended = await asyncio.gather(
            *(save_checkpoint(units, organisation_id, rival) for _ in range(3)), return_exceptions=True
        )
        assert [type(end) for end in ended if end is not None] == [Conflict, Conflict]

    async def test_a_rolled_back_checkpoint_did_not_move(self, units: Units, organisation_id: OrganisationId) -> None:
        await save_checkpoint(units, organisation_id, FIRST)
        async with units(organisation_id) as unit:
            await unit.checkpoints.save(SECOND)
        assert await checkpoint_of(units, organisation_id) == FIRST


class IngestionRunsContract(WithOrganisations):
    """Needs the fixtures `organisations` and `units`."""

    @_checked
    @given(runs=st.lists(ingestion_runs(), max_size=5, unique_by=lambda run: run.id))
    async def test_knows_those_that_have_not_ended(
        self, units: Units, new_organisation: NewOrganisation, runs: list[IngestionRun]
    ) -> None:
        organisation_id = await new_organisation()
        mine = [msgspec.structs.replace(run, id=new_id()) for run in runs]
        async with units(organisation_id) as unit:
            for run in mine:
                await unit.runs.save(run)
            await unit.commit()
        async with units(organisation_id) as unit:
            for kind in RunKind:
                expected = [run for run in mine if run.kind is kind and run.status is RunStatus.RUNNING]
                assert sorted(await unit.runs.running(kind), key=lambda run: run.id) == sorted(
                    expected, key=lambda run: run.id
                )

    async def test_saving_again_overwrites(self, units: Units, organisation_id: OrganisationId) -> None:
        run = IngestionRun(id=new_id(), kind=RunKind.EVENTS, started_at=NOON)
        async with units(organisation_id) as unit:
            await unit.runs.save(run)
            await unit.runs.save(msgspec.structs.replace(run, pages=3))
            await unit.commit()
        async with units(organisation_id) as unit:
            assert [one.pages for one in await unit.runs.running(RunKind.EVENTS)] == [3]
            await unit.runs.save(succeed(run, NOON))
            await unit.commit()
        async with units(organisation_id) as unit:
            assert await unit.runs.running(RunKind.EVENTS) == []


class ThroughputContract(WithOrganisations):
    """Needs the fixtures `organisations`, `units` and `hour_counts` (see HourCounts)."""

    async def _add(self, units: Units, organisation_id: OrganisationId, hour: datetime) -> None:
        async with units(organisation_id) as unit:
            await unit.throughput.add(Stream.EVENTS, hour, received=3, inserted=2, late=1)
            await unit.commit()

    async def test_adds_up_by_hour(
        self, units: Units, hour_counts: HourCounts, organisation_id: OrganisationId
    ) -> None:
        later = NOON + timedelta(hours=1)
        for hour in (NOON, later, NOON):
            await self._add(units, organisation_id, hour)
        assert await hour_counts(organisation_id) == {("events", NOON): (6, 4), ("events", later): (3, 2)}

    async def test_adding_at_once_loses_nothing(
        self, units: Units, hour_counts: HourCounts, organisation_id: OrganisationId
    ) -> None:
        await asyncio.gather(*(self._add(units, organisation_id, NOON) for _ in range(5)))
        assert await hour_counts(organisation_id) == {("events", NOON): (15, 10)}

    async def test_rolled_back_counts_do_not_count(
        self, units: Units, hour_counts: HourCounts, organisation_id: OrganisationId
    ) -> None:
        async with units(organisation_id) as unit:
            await unit.throughput.add(Stream.EVENTS, NOON, received=3, inserted=2, late=1)
        assert await hour_counts(organisation_id) == {}
