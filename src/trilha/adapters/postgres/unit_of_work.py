"""All or nothing, for one organisation, under row-level security."""

from collections.abc import Callable
from functools import cached_property
from types import TracebackType
from typing import Final, Self
from uuid import UUID

import msgspec

from trilha.adapters.postgres.backfills import PostgresBackfills, PostgresGaps
from trilha.adapters.postgres.fleet import PostgresMasterData
from trilha.adapters.postgres.geofences import PostgresGeofences, PostgresVisits
from trilha.adapters.postgres.ingestion import (
    PostgresCheckpoints,
    PostgresIngestionRuns,
    PostgresQuarantine,
    PostgresRawPages,
    PostgresThroughput,
)
from trilha.adapters.postgres.maintenance import PostgresDueNotices, PostgresMaintenancePlans, PostgresServiceRecords
from trilha.adapters.postgres.monitoring import PostgresAlertRules, PostgresAlerts, PostgresVehicleWatches
from trilha.adapters.postgres.operations import PostgresIdempotency, PostgresJobRequests
from trilha.adapters.postgres.performance import PostgresPerformanceChoices, PostgresPrintedForms
from trilha.adapters.postgres.pools import Pool
from trilha.adapters.postgres.records import PostgresAmendments, PostgresTelemetryRecords
from trilha.adapters.postgres.reporting import PostgresReportFiles, PostgresReportJobs, PostgresReportSchedules
from trilha.adapters.postgres.session import Session
from trilha.application.envelopes import envelope_of
from trilha.application.ports import Clock, Envelope, IdSource, Lease, LeaseLost
from trilha.domain.kernel import DomainEvent, OrganisationId
from trilha.domain.telemetry import Stream

_encoder = msgspec.json.Encoder()
_RECORD: Final = (
    "insert into outbox (id, organisation_id, envelope, recorded_at) "
    "select id, %s, envelope::json, recorded_at "
    "from unnest(%s::uuid[], %s::text[], %s::timestamptz[]) with ordinality given (id, envelope, recorded_at, place) "
    "order by place"
)


class PostgresUnitOfWork:
    """A fleet, telemetry and operations unit of work in one; see the ports.

    Writes whose outcome nobody asks for are sent with the next statement or with the commit, so an error of theirs
    comes up there. Raises StorageUnavailable when the server is lost; then nothing of it was written, unless it was
    lost in the commit itself.
    """

    def __init__(self, pool: Pool, organisation_id: OrganisationId, clock: Clock, ids: IdSource) -> None:
        self._session = Session(pool, organisation_id)
        self._organisation_id = organisation_id
        self._clock = clock
        self._ids = ids
        self._recorded: list[Envelope] = []

    async def __aenter__(self) -> Self:
        """Begin."""
        await self._session.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Roll back what was not committed."""
        await self._session.close()

    def record(self, event: DomainEvent) -> None:
        """Write `event` to the outbox with this transaction."""
        envelope = envelope_of(
            event, event_id=self._ids.new(), organisation_id=self._organisation_id, at=self._clock.now()
        )
        self._recorded.append(envelope)

    async def guard(self, lease: Lease) -> None:
        """Hold the lease's row until the transaction ends, so that nobody can take it over in between."""
        found = await self._session.rows(
            "select 1 from leases where organisation_id = %s and name = %s and fence = %s and holder = %s for share",
            (lease.organisation_id, lease.name, lease.fence, lease.holder),
        )
        if not found:
            raise LeaseLost(lease.name, lease.fence)

    async def first_time(self, consumer: str, event_id: UUID) -> bool:
        """Note the event in the inbox; waits for another transaction that is noting the same one."""
        written = await self._session.changed(
            "insert into inbox (organisation_id, consumer, event_id, received_at) values (%s, %s, %s, %s) "
            "on conflict do nothing",
            (self._organisation_id, consumer, event_id, self._clock.now()),
        )
        return written == 1

    async def commit(self) -> None:
        """Make everything true at once."""
        if self._recorded:
            # one statement however many: a page of positions may tell of hundreds of crossings and alerts
            self._session.later(
                _RECORD,
                (
                    self._organisation_id,
                    [envelope.id for envelope in self._recorded],
                    [_encoder.encode(envelope).decode() for envelope in self._recorded],
                    [envelope.time for envelope in self._recorded],
                ),
            )
        self._recorded = []
        await self._session.commit()

    @cached_property
    def master_data(self) -> PostgresMasterData:
        """The organisation's master data."""
        return PostgresMasterData(self._session, self._organisation_id)

    def records(self, stream: Stream) -> PostgresTelemetryRecords:
        """The records of a feed."""
        return PostgresTelemetryRecords(self._session, self._organisation_id, stream)

    @cached_property
    def amendments(self) -> PostgresAmendments:
        """What the source changed about them afterwards."""
        return PostgresAmendments(self._session, self._organisation_id)

    @cached_property
    def gaps(self) -> PostgresGaps:
        """Times that a stream could not give."""
        return PostgresGaps(self._session, self._organisation_id)

    @cached_property
    def backfills(self) -> PostgresBackfills:
        """Past times to be brought in."""
        return PostgresBackfills(self._session, self._organisation_id)

    @cached_property
    def geofences(self) -> PostgresGeofences:
        """Areas with a name."""
        return PostgresGeofences(self._session, self._organisation_id)

    @cached_property
    def visits(self) -> PostgresVisits:
        """Who was there."""
        return PostgresVisits(self._session, self._organisation_id)

    @cached_property
    def raw_pages(self) -> PostgresRawPages:
        """Pages as they came."""
        return PostgresRawPages(self._session, self._organisation_id)

    @cached_property
    def quarantine(self) -> PostgresQuarantine:
        """Records that could not be understood."""
        return PostgresQuarantine(self._session, self._organisation_id)

    @cached_property
    def checkpoints(self) -> PostgresCheckpoints:
        """How far each stream has been read."""
        return PostgresCheckpoints(self._session, self._organisation_id)

    @cached_property
    def runs(self) -> PostgresIngestionRuns:
        """The log of runs."""
        return PostgresIngestionRuns(self._session, self._organisation_id)

    @cached_property
    def throughput(self) -> PostgresThroughput:
        """Hourly counts."""
        return PostgresThroughput(self._session, self._organisation_id)

    @cached_property
    def maintenance_plans(self) -> PostgresMaintenancePlans:
        """What vehicles need again and again."""
        return PostgresMaintenancePlans(self._session, self._organisation_id)

    @cached_property
    def service_records(self) -> PostgresServiceRecords:
        """Services that were done."""
        return PostgresServiceRecords(self._session, self._organisation_id)

    @cached_property
    def due_notices(self) -> PostgresDueNotices:
        """What was told of what came due."""
        return PostgresDueNotices(self._session, self._organisation_id)

    @cached_property
    def performance_choices(self) -> PostgresPerformanceChoices:
        """What was decided about scores and forms."""
        return PostgresPerformanceChoices(self._session, self._organisation_id)

    @cached_property
    def printed_forms(self) -> PostgresPrintedForms:
        """Forms that were given out."""
        return PostgresPrintedForms(self._session, self._organisation_id)

    @cached_property
    def alert_rules(self) -> PostgresAlertRules:
        """What the organisation wants to be told about."""
        return PostgresAlertRules(self._session, self._organisation_id)

    @cached_property
    def alerts(self) -> PostgresAlerts:
        """What was told."""
        return PostgresAlerts(self._session, self._organisation_id, self._clock)

    @cached_property
    def watches(self) -> PostgresVehicleWatches:
        """What is known of each vehicle."""
        return PostgresVehicleWatches(self._session, self._organisation_id)

    @cached_property
    def jobs(self) -> PostgresJobRequests:
        """Its recurring work."""
        return PostgresJobRequests(self._session)

    @cached_property
    def report_jobs(self) -> PostgresReportJobs:
        """Reports to be made, being made, and made."""
        return PostgresReportJobs(self._session, self._organisation_id)

    @cached_property
    def report_files(self) -> PostgresReportFiles:
        """What was made of them."""
        return PostgresReportFiles(self._session, self._organisation_id)

    @cached_property
    def report_schedules(self) -> PostgresReportSchedules:
        """Those that come again and again."""
        return PostgresReportSchedules(self._session, self._organisation_id)

    @cached_property
    def idempotency(self) -> PostgresIdempotency:
        """Answers that were given before."""
        return PostgresIdempotency(self._session, self._organisation_id)


def units_of_work(pool: Pool, clock: Clock, ids: IdSource) -> Callable[[OrganisationId], PostgresUnitOfWork]:
    """Begins units of work; satisfies UnitsOfWork of every kind."""

    def begin(organisation_id: OrganisationId) -> PostgresUnitOfWork:
        return PostgresUnitOfWork(pool, organisation_id, clock, ids)

    return begin
