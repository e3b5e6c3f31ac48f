"""One beat of the scheduler: hand due jobs to the workers."""

from collections.abc import Callable
from datetime import tzinfo

import msgspec

from trilha.application.ports import Clock, JobRow, Jobs, TaskQueue
from trilha.application.schedule import job_of, next_run
from trilha.domain.identity import Organisations
from trilha.domain.kernel import OrganisationId

BATCH = 100


class TickSchedule:
    """Enqueues first and commits the next time after: a crash in between hands a job over twice, never not at all.

    Jobs may be started twice; their lease lets one of them work.
    """

    def __init__(
        self,
        *,
        jobs: Jobs,
        organisations: Organisations,
        queue: TaskQueue,
        clock: Clock,
        zone_of: Callable[[str], tzinfo],
    ) -> None:
        self._jobs = jobs
        self._organisations = organisations
        self._queue = queue
        self._clock = clock
        self._zone_of = zone_of

    async def __call__(self) -> int:
        """Returns how many jobs were handed over."""
        now = self._clock.now()
        async with self._jobs.claim_due(now, BATCH) as claim:
            if not claim.due:
                return 0
            zones = await self._zones()
            for row in claim.due:
                await self._hand_over(row)
                job = job_of(row.kind)
                later = next_run(job.cadence, now, zones[row.organisation_id])
                await claim.reschedule(msgspec.structs.replace(row, next_run_at=later, last_enqueued_at=now))
            return len(claim.due)

    async def _zones(self) -> dict[OrganisationId, tzinfo]:
        return {one.id: self._zone_of(one.time_zone) for one in await self._organisations.all()}

    async def _hand_over(self, row: JobRow) -> None:
        await self._queue.enqueue(job_of(row.kind).task, {"organisation_id": str(row.organisation_id)})
