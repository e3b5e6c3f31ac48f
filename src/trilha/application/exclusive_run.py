"""The frame of every ingestion run: one worker at a time, a row in the log, an end that is always written down."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from datetime import timedelta
from functools import partial

from trilha.application.ports import (
    Clock,
    FleetUnitOfWork,
    IdSource,
    Lease,
    LeaseLost,
    Leases,
    TelemetryUnitOfWork,
    UnitsOfWork,
)
from trilha.domain.identity import Organisations
from trilha.domain.kernel import DomainError, NotFound, OrganisationId
from trilha.domain.telemetry import IngestionRun, RunKind, declare_lost, fail, succeed

LEASE_TTL = timedelta(seconds=15)
"""How long a dead worker keeps others out. A living one renews every third of it, however long the source takes."""

STOPPED = "telemetry.run_stopped"
_STOPPED_MESSAGE = "the worker was told to stop; the next run goes on from the last committed page"

Steps = Callable[[Lease, IngestionRun, int], AsyncGenerator[IngestionRun, None]]
"""Given the lease, the fresh run and the source's id of the organisation: yields the run after each committed step."""


class ExclusiveRun:
    """Runs steps under a fenced lease and logs how they ended.

    Returns the run, or None if another worker is at it. A refusal (DomainError) ends the run as failed, with what was
    committed before kept; anything else is a fault of ours: logged as `internal` and raised again.
    """

    def __init__(
        self,
        *,
        organisations: Organisations,
        units: UnitsOfWork[FleetUnitOfWork | TelemetryUnitOfWork],
        leases: Leases,
        clock: Clock,
        ids: IdSource,
        worker: str,
        lease_ttl: timedelta = LEASE_TTL,
    ) -> None:
        self._organisations = organisations
        self._units = units
        self._leases = leases
        self._clock = clock
        self._ids = ids
        self._worker = worker
        self._lease_ttl = lease_ttl

    async def __call__(self, organisation_id: OrganisationId, kind: RunKind, steps: Steps) -> IngestionRun | None:
        """Do it once."""
        # a holder a run, not a worker: two runs in one process must keep each other out as well
        holder = f"{self._worker}/{self._ids.new()}"
        lease = await self._leases.acquire(organisation_id, f"ingest:{kind}", holder, self._lease_ttl)
        if lease is None:
            return None
        renewal = asyncio.create_task(self._renew(lease))
        try:
            return await self._logged(lease, kind, steps)
        finally:
            renewal.cancel()
            await asyncio.gather(renewal, return_exceptions=True)
            with suppress(DomainError):  # a lease that cannot be given back expires by itself
                await self._leases.release(lease)

    async def _renew(self, lease: Lease) -> None:
        """Hold the lease while the run lives. Losing it needs no alarm here: the next write finds out by its guard."""
        while True:
            await self._clock.sleep_until(self._clock.now() + self._lease_ttl / 3)
            try:
                await self._leases.renew(lease, self._lease_ttl)
            except LeaseLost:
                return
            except DomainError:
                continue

    async def _logged(self, lease: Lease, kind: RunKind, steps: Steps) -> IngestionRun:
        run = await self._begin(lease, kind)
        ending: Callable[..., IngestionRun] = succeed
        try:
            external_id = await self._external_id(lease.organisation_id)
            async with aclosing(steps(lease, run, external_id)) as progress:
                async for committed in progress:
                    run = committed
        except DomainError as error:
            ending = partial(fail, code=error.code, message=str(error))
        except BaseException as error:
            await self._end(lease, run, partial(fail, code="internal", message=type(error).__name__))
            raise
        return await self._end(lease, run, ending)

    async def _begin(self, lease: Lease, kind: RunKind) -> IngestionRun:
        now = self._clock.now()
        run = IngestionRun(id=self._ids.new(), kind=kind, started_at=now)
        async with self._units(lease.organisation_id) as unit:
            await unit.guard(lease)
            for stale in await unit.runs.running(kind):
                await unit.runs.save(declare_lost(stale, now))
            await unit.runs.save(run)
            await unit.commit()
        return run

    async def _end(self, lease: Lease, run: IngestionRun, ending: Callable[..., IngestionRun]) -> IngestionRun:
        """Write down how it ended, on top of what is kept, for the answer to its last commit may have been lost.

        A run that is not kept as running was declared lost by a successor, whose word stands.
        """
        now = self._clock.now()
        async with self._units(lease.organisation_id) as unit:
            running = {one.id: one for one in await unit.runs.running(run.kind)}
            ended = ending(running.get(run.id, run), now=now)
            if run.id in running:
                await unit.runs.save(ended)
                await unit.commit()
        return ended

    async def _external_id(self, organisation_id: OrganisationId) -> int:
        source = await self._organisations.source_of(organisation_id)
        if source is None:
            raise NotFound("source of organisation", organisation_id)
        return source.external_id
