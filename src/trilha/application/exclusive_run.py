"""The frame of every ingestion run: one worker at a time, a row in the log, an end that is always written down."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import timedelta
from functools import partial

from trilha.application.holding import LEASE_TTL, Holding
from trilha.application.ports import (
    Clock,
    FleetUnitOfWork,
    IdSource,
    Lease,
    Leases,
    TelemetryUnitOfWork,
    UnitsOfWork,
)
from trilha.domain.identity import Organisations
from trilha.domain.kernel import DomainError, NotFound, OrganisationId
from trilha.domain.telemetry import IngestionRun, RunKind, declare_lost, fail, succeed

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
        self._holding = Holding(leases, clock, ids, worker, lease_ttl)
        self._clock = clock
        self._ids = ids

    async def __call__(self, organisation_id: OrganisationId, kind: RunKind, steps: Steps) -> IngestionRun | None:
        """Do it once."""
        async with self._holding(organisation_id, f"ingest:{kind}") as lease:
            return None if lease is None else await self._logged(lease, kind, steps)

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
        except asyncio.CancelledError:
            await self._end(lease, run, partial(fail, code=STOPPED, message=_STOPPED_MESSAGE))
            raise
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
