"""Reading rules and alerts."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, LiteralString, TypeVar
from uuid import UUID

from trilha.adapters.postgres.monitoring import ALERT_COLUMNS, RULE_COLUMNS, alert_of, rule_of
from trilha.adapters.postgres.pools import Pool
from trilha.adapters.postgres.reading import Where, read
from trilha.adapters.postgres.session import Row
from trilha.application.monitoring.queries import AlertFilter
from trilha.application.monitoring.views import AlertCount, AlertRuleView, AlertView, alert_view, rule_view
from trilha.application.paging import decode_cursor, encode_cursor
from trilha.application.ports import Page, PageRequest
from trilha.domain.kernel import NotFound, OrganisationId

View = TypeVar("View")
_RULES: Final[LiteralString] = f"select {RULE_COLUMNS} from alert_rules"
_ALERTS: Final[LiteralString] = f"select {ALERT_COLUMNS} from alerts"


class PostgresAlertQueries:
    """See AlertQueries."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def rules(self, organisation_id: OrganisationId, page: PageRequest) -> Page[AlertRuleView]:
        """Rules, the one changed last first."""
        where = _after(Where(), "alert-rules", "changed_at", page)
        rows = await self._rows(organisation_id, _RULES, where, "changed_at", page)
        return _page("alert-rules", rows, _shown_rule, lambda rule: (rule.changed_at, rule.id), page)

    async def rule(self, organisation_id: OrganisationId, rule_id: UUID) -> AlertRuleView:
        """One of them."""
        rows = await read(self._pool, organisation_id, f"{_RULES} where id = %s", (rule_id,))
        if not rows:
            raise NotFound("alert rule", rule_id)
        return _shown_rule(rows[0])

    async def alerts(self, organisation_id: OrganisationId, where: AlertFilter, page: PageRequest) -> Page[AlertView]:
        """Alerts, the one raised last first."""
        narrowed = _after(_matching(where), "alerts", "raised_at", page)
        rows = await self._rows(organisation_id, _ALERTS, narrowed, "raised_at", page)
        return _page("alerts", rows, _shown_alert, lambda alert: (alert.raised_at, alert.id), page)

    async def alert(self, organisation_id: OrganisationId, alert_id: UUID) -> AlertView:
        """One of them."""
        rows = await read(self._pool, organisation_id, f"{_ALERTS} where id = %s", (alert_id,))
        if not rows:
            raise NotFound("alert", alert_id)
        return _shown_alert(rows[0])

    async def summary(self, organisation_id: OrganisationId) -> Sequence[AlertCount]:
        """How many there are by state and severity."""
        rows = await read(
            self._pool,
            organisation_id,
            "select state, severity, count(*) from alerts group by state, severity "
            'order by state collate "C", severity collate "C"',
            (),
        )
        return [AlertCount(*row) for row in rows]

    async def _rows(
        self,
        organisation_id: OrganisationId,
        select: LiteralString,
        where: Where,
        moment: LiteralString,
        page: PageRequest,
    ) -> list[Row]:
        statement: LiteralString = f"{select} {where.sql} order by {moment} desc, id desc limit %s"
        return await read(self._pool, organisation_id, statement, (*where.params, page.limit + 1))


def _after(where: Where, listing: str, moment: LiteralString, page: PageRequest) -> Where:
    if page.cursor is not None:
        where.add(f"({moment}, id) < (%s, %s)", *decode_cursor(listing, page.cursor, tuple[datetime, UUID]))
    return where


def _page(
    listing: str, rows: list[Row], shown: Callable[[Row], View], key: Callable[[View], object], page: PageRequest
) -> Page[View]:
    views = [shown(row) for row in rows[: page.limit]]
    return Page(items=views, next_cursor=encode_cursor(listing, key(views[-1])) if len(rows) > page.limit else None)


def _matching(asked: AlertFilter) -> Where:
    where = Where()
    conditions: tuple[tuple[LiteralString, object], ...] = (
        ("state = %s", asked.state),
        ("severity = %s", asked.severity),
        ("rule_id = %s", asked.rule_id),
        ("vehicle_id = %s", asked.vehicle_id),
        ("raised_at >= %s", asked.raised.start),
        ("raised_at < %s", asked.raised.end),
    )
    for condition, value in conditions:
        if value is not None:
            where.add(condition, value)
    return where


def _shown_rule(row: Row) -> AlertRuleView:
    return rule_view(rule_of(row))


def _shown_alert(row: Row) -> AlertView:
    return alert_view(alert_of(row))
