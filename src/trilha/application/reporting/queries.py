"""What screens show of reports made later: the port that reads it."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from trilha.application.ports import Page, PageRequest
from trilha.application.reporting.views import ReportJobView
from trilha.domain.kernel import OrganisationId


class ReportFilter(msgspec.Struct, frozen=True):
    """Which jobs; every part left out matches all."""

    kind: str | None = None
    status: str | None = None
    schedule_id: UUID | None = None


class ReportQueries(Protocol):
    """Reads the jobs of one organisation."""

    async def jobs(
        self, organisation_id: OrganisationId, where: ReportFilter, now: datetime, page: PageRequest
    ) -> Page[ReportJobView]:
        """Jobs, newest first by (requested_at, id); raises InvalidValue for a cursor of another list."""
        ...
