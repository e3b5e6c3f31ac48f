"""The contract of every UnitOfWork: all or nothing, seen by nobody before, fenced by leases, each effect once."""

import asyncio
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from trilha.application.ports import Lease, LeaseLost, Leases, Outbox, TelemetryUnitOfWork, UnitsOfWork
from trilha.domain.kernel import Conflict, OrganisationId
from trilha.domain.telemetry import GapOpened, IngestionRun, RunKind, Stream
from trilha.testing.contracts.fresh import NOON, NewOrganisation, WithOrganisations, new_id, new_key
from trilha.testing.contracts.leases import TTL, Lapse
from trilha.testing.contracts.outbox import waiting_events

Units = UnitsOfWork[TelemetryUnitOfWork]
BLOCKED_S = 0.3
"""How long a rival gets to show that he is not held back."""


def a_run() -> IngestionRun:
    """A run that has just begun."""
    return IngestionRun(id=new_id(), kind=RunKind.EVENTS, started_at=NOON)


async def runs_of(units: Units, organisation_id: OrganisationId) -> set[UUID]:
    """What a new transaction sees."""
    async with units(organisation_id) as unit:
        return {run.id for run in await unit.runs.running(RunKind.EVENTS)}


class UnitOfWorkContract(WithOrganisations):
    """Needs the fixtures `organisations`, `units`, `outbox`, `leases` and `lapse`."""

    async def test_what_was_not_committed_never_was(
        self, units: Units, outbox: Outbox, organisation_id: OrganisationId
    ) -> None:
        async with units(organisation_id) as unit:
            await unit.runs.save(a_run())
            unit.record(GapOpened(stream=Stream.EVENTS, start=NOON, end=NOON))
            assert await unit.first_time("consumer", new_id())
        assert await runs_of(units, organisation_id) == set()
        assert await waiting_events(outbox, organisation_id) == []

    async def test_an_error_takes_everything_back(self, units: Units, organisation_id: OrganisationId) -> None:
        with pytest.raises(ZeroDivisionError):
            await self._fail_half_way(units, organisation_id)
        assert await runs_of(units, organisation_id) == set()

    async def _fail_half_way(self, units: Units, organisation_id: OrganisationId) -> None:
        async with units(organisation_id) as unit:
            await unit.runs.save(a_run())
            raise ZeroDivisionError

    async def test_a_unit_sees_what_it_wrote_and_nobody_else_does(
        self, units: Units, organisation_id: OrganisationId
    ) -> None:
        run = a_run()
        async with units(organisation_id) as unit:
            await unit.runs.save(run)
            assert await unit.runs.running(RunKind.EVENTS) == [run]
            assert await runs_of(units, organisation_id) == set()
            await unit.commit()
        assert await runs_of(units, organisation_id) == {run.id}

    async def test_an_error_after_the_commit_changes_nothing(
        self, units: Units, organisation_id: OrganisationId
    ) -> None:
        run = a_run()
        with pytest.raises(ZeroDivisionError):
            await self._fail_after_commit(units, organisation_id, run)
        assert await runs_of(units, organisation_id) == {run.id}

    async def _fail_after_commit(self, units: Units, organisation_id: OrganisationId, run: IngestionRun) -> None:
        async with units(organisation_id) as unit:
            await unit.runs.save(run)
            await unit.commit()
            raise ZeroDivisionError

    async def test_organisations_do_not_see_each_other(
        self, units: Units, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        async with units(organisation_id) as unit:
            await unit.runs.save(a_run())
            await unit.commit()
        assert await runs_of(units, await new_organisation()) == set()

    async def test_recorded_events_wait_in_the_outbox_in_their_order(
        self, units: Units, outbox: Outbox, organisation_id: OrganisationId
    ) -> None:
        gaps = [GapOpened(stream=Stream.EVENTS, start=NOON, end=NOON + timedelta(hours=hours)) for hours in range(5)]
        for some in (gaps[:3], gaps[3:]):
            async with units(organisation_id) as unit:
                for gap in some:
                    unit.record(gap)
                await unit.commit()
        envelopes = await waiting_events(outbox, organisation_id)
        assert [msgspec.json.decode(one.data, type=GapOpened) for one in envelopes] == gaps
        assert {(one.type, one.subject) for one in envelopes} == {("telemetry.gap_opened", "events")}
        assert len({one.id for one in envelopes}) == len(gaps)


class GuardContract(WithOrganisations):
    """What `guard` promises. Needs the fixtures of UnitOfWorkContract."""

    async def _take(self, leases: Leases, organisation_id: OrganisationId, holder: str) -> Lease:
        lease = await leases.acquire(organisation_id, "ingest", holder, TTL)
        assert lease is not None
        return lease

    async def test_the_holder_may_write(self, units: Units, leases: Leases, organisation_id: OrganisationId) -> None:
        lease, run = await self._take(leases, organisation_id, "a"), a_run()
        async with units(organisation_id) as unit:
            await unit.guard(lease)
            await unit.runs.save(run)
            await unit.commit()
        assert await runs_of(units, organisation_id) == {run.id}

    async def test_who_lost_the_lease_may_not(
        self, units: Units, leases: Leases, lapse: Lapse, organisation_id: OrganisationId
    ) -> None:
        old = await self._take(leases, organisation_id, "a")
        await lapse(old)
        await self._take(leases, organisation_id, "b")
        with pytest.raises(LeaseLost):
            await self._write_under(units, old)
        assert await runs_of(units, organisation_id) == set()

    async def _write_under(self, units: Units, lease: Lease) -> None:
        async with units(lease.organisation_id) as unit:
            await unit.guard(lease)
            await unit.runs.save(a_run())
            await unit.commit()

    async def test_a_lease_never_passes_on_before_a_guarded_commit(
        self, units: Units, leases: Leases, lapse: Lapse, organisation_id: OrganisationId
    ) -> None:
        """Either the rival waits until the unit has ended, or the commit is refused; never both get through."""
        old = await self._take(leases, organisation_id, "a")
        await lapse(old)
        async with units(organisation_id) as unit:
            await unit.guard(old)
            rival = asyncio.ensure_future(leases.acquire(organisation_id, "ingest", "b", TTL))
            await asyncio.wait({rival}, timeout=BLOCKED_S)
            passed_on = rival.done() and rival.result() is not None
            try:
                await unit.commit()
                committed = True
            except LeaseLost:
                committed = False
        assert await rival is not None
        assert committed != passed_on


class InboxContract(WithOrganisations):
    """What `first_time` promises. Needs the fixtures of UnitOfWorkContract."""

    async def _digest(self, units: Units, organisation_id: OrganisationId, consumer: str, event_id: UUID) -> bool:
        async with units(organisation_id) as unit:
            if not await unit.first_time(consumer, event_id):
                return False
            await unit.throughput.add(Stream.EVENTS, NOON, received=1, inserted=1, late=0)
            await unit.commit()
        return True

    async def test_an_event_is_new_once_per_consumer(self, units: Units, organisation_id: OrganisationId) -> None:
        event_id, one, other = new_id(), new_key("consumer"), new_key("consumer")
        assert await self._digest(units, organisation_id, one, event_id)
        assert not await self._digest(units, organisation_id, one, event_id)
        assert await self._digest(units, organisation_id, other, event_id)
        assert await self._digest(units, organisation_id, one, new_id())

    async def test_a_rolled_back_event_is_still_new(self, units: Units, organisation_id: OrganisationId) -> None:
        event_id, consumer = new_id(), new_key("consumer")
        async with units(organisation_id) as unit:
            assert await unit.first_time(consumer, event_id)
        assert await self._digest(units, organisation_id, consumer, event_id)

    async def test_of_many_that_digest_at_once_one_has_the_effect(
        self, units: Units, organisation_id: OrganisationId
    ) -> None:
        event_id, consumer = new_id(), new_key("consumer")
        digests = await asyncio.gather(
            *(self._digest(units, organisation_id, consumer, event_id) for _ in range(4)), return_exceptions=True
        )
        assert sum(digest is True for digest in digests) == 1
        assert all(isinstance(digest, bool | Conflict) for digest in digests)
