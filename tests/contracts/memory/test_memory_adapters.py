"""The memory adapters pass the suites that every adapter passes."""

import pytest

from trilha.adapters.memory import SimulatedClock
from trilha.testing import contracts


class TestMemoryClock(contracts.ClockContract):
    pass


class TestMemoryIdSource(contracts.IdSourceContract):
    pass


class TestMemoryOrganisations(contracts.OrganisationsContract):
    pass


class TestMemoryUnitOfWork(contracts.UnitOfWorkContract):
    pass


class TestMemoryGuard(contracts.GuardContract):
    pass


class TestMemoryInbox(contracts.InboxContract):
    pass


class TestMemoryLeases(contracts.LeasesContract):
    pass


class TestMemoryTokenStore(contracts.TokenStoreContract):
    pass


class TestMemoryRateLimiter(contracts.RateLimiterContract):
    pass


class TestMemoryJobs(contracts.JobsContract):
    pass


class TestMemoryTaskQueue(contracts.TaskQueueContract):
    pass


class TestMemoryOutbox(contracts.OutboxContract):
    pass


class TestMemoryDeadLetters(contracts.DeadLettersContract):
    pass


class TestMemoryEventBus(contracts.EventBusContract):
    @pytest.fixture
    def let_time_pass(self, clock: SimulatedClock) -> contracts.LetTimePass:
        def to_the_next_attempt() -> None:
            if clock.next_wake is not None:
                clock.advance_to(clock.next_wake)

        return to_the_next_attempt


class TestMemoryIdempotency(contracts.IdempotencyContract):
    pass


class TestMemoryCheckpoints(contracts.CheckpointsContract):
    pass


class TestMemoryRawPages(contracts.RawPagesContract):
    pass


class TestMemoryQuarantine(contracts.QuarantineContract):
    pass


class TestMemoryIngestionRuns(contracts.IngestionRunsContract):
    pass


class TestMemoryThroughput(contracts.ThroughputContract):
    pass


class TestMemoryTelemetryRecords(contracts.TelemetryRecordsContract):
    pass


class TestMemoryAmendments(contracts.AmendmentsContract):
    pass


class TestMemoryGaps(contracts.GapsContract):
    pass


class TestMemoryBackfills(contracts.BackfillsContract):
    pass


class TestMemoryMasterData(contracts.MasterDataContract):
    pass


class TestMemoryFleetQueries(contracts.FleetQueriesContract):
    pass


class TestMemoryTelemetryQueries(contracts.TelemetryQueriesContract):
    pass


class TestMemoryTrackQueries(contracts.TrackQueriesContract):
    pass


class TestMemoryDrivingRecords(contracts.DrivingRecordsContract):
    pass


class TestMemoryDepot(contracts.DepotContract):
    pass


class TestMemoryPerformanceChoices(contracts.PerformanceChoicesContract):
    pass


class TestMemoryPrintedForms(contracts.PrintedFormsContract):
    pass


class TestMemoryRollup(contracts.RollupContract):
    pass


class TestMemoryRoster(contracts.RosterContract):
    pass


class TestMemoryIngestionQueries(contracts.IngestionQueriesContract):
    pass


class TestMemoryGeofences(contracts.GeofencesContract):
    pass


class TestMemoryVisits(contracts.VisitsContract):
    pass


class TestMemoryGeofenceQueries(contracts.GeofenceQueriesContract):
    pass


class TestMemoryReportJobs(contracts.ReportJobsContract):
    pass


class TestMemoryReportFiles(contracts.ReportFilesContract):
    pass


class TestMemoryReportSchedules(contracts.ReportSchedulesContract):
    pass


class TestMemoryReportQueries(contracts.ReportQueriesContract):
    pass


class TestMemoryAlertRules(contracts.AlertRulesContract):
    pass


class TestMemoryAlerts(contracts.AlertsContract):
    pass


class TestMemoryVehicleWatches(contracts.VehicleWatchesContract):
    pass


class TestMemoryAlertQueries(contracts.AlertQueriesContract):
    pass


class TestMemoryMaintenance(contracts.MaintenanceContract):
    pass


class TestMemoryMaintenanceQueries(contracts.MaintenanceQueriesContract):
    pass


class TestMemoryFleetUse(contracts.FleetUseContract):
    pass
