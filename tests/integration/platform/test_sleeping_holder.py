"""A holder that falls asleep in the middle of a transaction: its successor waits for a bounded time, and it loses."""

import asyncio
from datetime import timedelta

import pytest

from trilha.adapters.postgres import DatabaseUrls, PostgresLeases, PostgresOrganisations, open_pool, units_of_work
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.ports import Lease, LeaseLost, StorageUnavailable
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import IngestionRun, RunKind
from trilha.testing.contracts.fresh import NOON, an_organisation, new_id

PATIENCE_MS = 300
TTL = timedelta(milliseconds=100)


async def test_who_sleeps_inside_a_transaction_is_cut_off(postgres_addresses: DatabaseUrls) -> None:
    organisation = an_organisation()
    async with (
        open_pool(postgres_addresses.system, name="system", staging=False) as system,
        open_pool(postgres_addresses.app, name="sleeper", idle_in_transaction_ms=PATIENCE_MS) as app,
        asyncio.timeout(20),
    ):
        await PostgresOrganisations(system).add(organisation, None)
        units, leases = units_of_work(app, SystemClock(), Uuid7Ids()), PostgresLeases(system)
        lease = await leases.acquire(organisation.id, "ingest:events", "sleeper", TTL)
        assert lease is not None
        run = IngestionRun(id=new_id(), kind=RunKind.EVENTS, started_at=NOON)
        async with units(organisation.id) as sleeping:
            await sleeping.guard(lease)
            await sleeping.runs.save(run)
            successor = await until_taken(leases, lease.organisation_id)
            assert successor.fence > lease.fence
            with pytest.raises(StorageUnavailable):
                await sleeping.commit()
        async with units(organisation.id) as awake:
            with pytest.raises(LeaseLost):
                await awake.guard(lease)
            assert not await awake.runs.running(RunKind.EVENTS)


async def until_taken(leases: PostgresLeases, organisation_id: OrganisationId) -> Lease:
    while True:
        lease = await leases.acquire(organisation_id, "ingest:events", "successor", timedelta(minutes=1))
        if lease is not None:
            return lease
        await asyncio.sleep(0.02)
