"""Reading rules and alerts."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from trilha.application.monitoring.views import AlertCount, AlertRuleView, AlertView
from trilha.application.ports import Page, PageRequest
from trilha.domain.kernel import OrganisationId, TimeRange


class AlertFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which alerts; `raised` is the time in which they were."""

    state: str | None = None
    severity: str | None = None
    rule_id: UUID | None = None
    vehicle_id: int | None = None
    raised: TimeRange = TimeRange()


class AlertQueries(Protocol):
    """Rules and alerts of an organisation."""

    async def rules(self, organisation_id: OrganisationId, page: PageRequest) -> Page[AlertRuleView]:
        """Rules, the one changed last first."""
        ...

    async def rule(self, organisation_id: OrganisationId, rule_id: UUID) -> AlertRuleView:
        """One of them; raises NotFound."""
        ...

    async def alerts(self, organisation_id: OrganisationId, where: AlertFilter, page: PageRequest) -> Page[AlertView]:
        """Alerts, the one raised last first."""
        ...

    async def alert(self, organisation_id: OrganisationId, alert_id: UUID) -> AlertView:
        """One of them; raises NotFound."""
        ...

    async def summary(self, organisation_id: OrganisationId) -> Sequence[AlertCount]:
        """How many there are by state and severity, in the order of these; none where there are none."""
        ...
