"""Reading rules and alerts."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from trilha.adapters.memory.database import MemoryDatabase
from trilha.adapters.memory.listing import Listing
from trilha.application.monitoring.queries import AlertFilter
from trilha.application.monitoring.views import AlertCount, AlertRuleView, AlertView, alert_view, rule_view
from trilha.application.ports import Page, PageRequest
from trilha.domain.kernel import NotFound, OrganisationId
from trilha.domain.monitoring import Alert

_RULES = Listing("alert-rules", tuple[datetime, UUID], descending=True)
_ALERTS = Listing("alerts", tuple[datetime, UUID], descending=True)


class MemoryAlertQueries:
    """Rules and alerts of one organisation."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def rules(self, organisation_id: OrganisationId, page: PageRequest) -> Page[AlertRuleView]:
        """Rules, the one changed last first."""
        rows = self._database.of(organisation_id).alert_rules.values()
        return _RULES.page(rows, lambda rule: (rule.changed_at, rule.id), rule_view, page)

    async def rule(self, organisation_id: OrganisationId, rule_id: UUID) -> AlertRuleView:
        """One of them."""
        found = self._database.of(organisation_id).alert_rules.get(rule_id)
        if found is None:
            raise NotFound("alert rule", rule_id)
        return rule_view(found)

    async def alerts(self, organisation_id: OrganisationId, where: AlertFilter, page: PageRequest) -> Page[AlertView]:
        """Alerts, the one raised last first."""
        rows = [alert for alert in self._database.of(organisation_id).alerts.values() if _matches(alert, where)]
        return _ALERTS.page(rows, lambda alert: (alert.raised_at, alert.id), alert_view, page)

    async def alert(self, organisation_id: OrganisationId, alert_id: UUID) -> AlertView:
        """One of them."""
        found = self._database.of(organisation_id).alerts.get(alert_id)
        if found is None:
            raise NotFound("alert", alert_id)
        return alert_view(found)

    async def summary(self, organisation_id: OrganisationId) -> Sequence[AlertCount]:
        """How many there are by state and severity."""
        alerts = self._database.of(organisation_id).alerts.values()
        counts = Counter((alert.state.value, alert.severity.value) for alert in alerts)
        return [AlertCount(state, severity, count) for (state, severity), count in sorted(counts.items())]


def _matches(alert: Alert, where: AlertFilter) -> bool:
    return (
        where.state in (None, alert.state.value)
        and where.severity in (None, alert.severity.value)
        and where.rule_id in (None, alert.rule_id)
        and where.vehicle_id in (None, alert.vehicle_id)
        and alert.raised_at in where.raised
    )
