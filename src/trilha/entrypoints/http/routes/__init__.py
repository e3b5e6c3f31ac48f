"""The operations, by context. A handler reads the request, calls one query or use case, and encodes what comes."""

from collections.abc import Sequence

from litestar.handlers import HTTPRouteHandler

from trilha.entrypoints.http.routes import (
    alerts,
    backfills,
    classification,
    dead_letters,
    etl,
    fleet,
    geofences,
    identity,
    infractions,
    live,
    maintenance,
    operations,
    pages,
    performance,
    performance_choices,
    quarantine,
    report_jobs,
    report_schedules,
    reports,
    telemetry,
    tracks,
)

GUARDED: Sequence[HTTPRouteHandler] = (
    *fleet.ROUTES,
    *classification.ROUTES,
    *geofences.ROUTES,
    *telemetry.ROUTES,
    *live.ROUTES,
    *alerts.ROUTES,
    *tracks.ROUTES,
    *maintenance.ROUTES,
    *reports.ROUTES,
    *report_jobs.ROUTES,
    *report_schedules.ROUTES,
    *infractions.ROUTES,
    *performance.ROUTES,
    *performance_choices.ROUTES,
    *etl.ROUTES,
    *backfills.ROUTES,
    *quarantine.ROUTES,
    *dead_letters.ROUTES,
    *identity.ROUTES,
)
"""What needs the token; every path begins with /v1."""

OPEN: Sequence[HTTPRouteHandler] = (*operations.ROUTES, *pages.ROUTES)
"""What anybody who can reach the port may see: no data of an organisation."""
