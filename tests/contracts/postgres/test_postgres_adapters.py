"""The PostgreSQL adapters pass the suites that every adapter passes."""

from trilha.testing import contracts


class TestPostgresOrganisations(contracts.OrganisationsContract):
    pass


class TestPostgresUnitOfWork(contracts.UnitOfWorkContract):
    pass


class TestPostgresGuard(contracts.GuardContract):
    pass


class TestPostgresInbox(contracts.InboxContract):
    pass


class TestPostgresLeases(contracts.LeasesContract):
    pass


class TestPostgresTokenStore(contracts.TokenStoreContract):
    pass


class TestPostgresRateLimiter(contracts.RateLimiterContract):
    pass


class TestPostgresJobs(contracts.JobsContract):
    pass


class TestPostgresOutbox(contracts.OutboxContract):
    pass


class TestPostgresDeadLetters(contracts.DeadLettersContract):
    pass


class TestPostgresIdempotency(contracts.IdempotencyContract):
    pass


class TestPostgresCheckpoints(contracts.CheckpointsContract):
    pass


class TestPostgresRawPages(contracts.RawPagesContract):
    pass


class TestPostgresQuarantine(contracts.QuarantineContract):
    pass


class TestPostgresIngestionRuns(contracts.IngestionRunsContract):
    pass


class TestPostgresThroughput(contracts.ThroughputContract):
    pass


class TestPostgresTelemetryRecords(contracts.TelemetryRecordsContract):
    pass


class TestPostgresAmendments(contracts.AmendmentsContract):
    pass


class TestPostgresGaps(contracts.GapsContract):
    pass


class TestPostgresBackfills(contracts.BackfillsContract):
    pass


class TestPostgresMasterData(contracts.MasterDataContract):
    pass


class TestPostgresFleetQueries(contracts.FleetQueriesContract):
    pass


class TestPostgresTelemetryQueries(contracts.TelemetryQueriesContract):
    pass


class TestPostgresTrackQueries(contracts.TrackQueriesContract):
    pass


class TestPostgresDrivingRecords(contracts.DrivingRecordsContract):
    pass


class TestPostgresDepot(contracts.DepotContract):
    pass


class TestPostgresPerformanceChoices(contracts.PerformanceChoicesContract):
    pass


class TestPostgresPrintedForms(contracts.PrintedFormsContract):
    pass


class TestPostgresRollup(contracts.RollupContract):
    pass


class TestPostgresRoster(contracts.RosterContract):
    pass


class TestPostgresIngestionQueries(contracts.IngestionQueriesContract):
    pass


class TestPostgresGeofences(contracts.GeofencesContract):
    pass


class TestPostgresVisits(contracts.VisitsContract):
    pass


class TestPostgresGeofenceQueries(contracts.GeofenceQueriesContract):
    pass


class TestPostgresReportJobs(contracts.ReportJobsContract):
    pass


class TestPostgresReportFiles(contracts.ReportFilesContract):
    pass


class TestPostgresReportSchedules(contracts.ReportSchedulesContract):
    pass


class TestPostgresReportQueries(contracts.ReportQueriesContract):
    pass


class TestPostgresAlertRules(contracts.AlertRulesContract):
    pass


class TestPostgresAlerts(contracts.AlertsContract):
    pass


class TestPostgresVehicleWatches(contracts.VehicleWatchesContract):
    pass


class TestPostgresAlertQueries(contracts.AlertQueriesContract):
    pass


class TestPostgresMaintenance(contracts.MaintenanceContract):
    pass


class TestPostgresMaintenanceQueries(contracts.MaintenanceQueriesContract):
    pass


class TestPostgresFleetUse(contracts.FleetUseContract):
    pass
