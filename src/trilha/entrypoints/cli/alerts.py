"""`trilha alerts` and `trilha alert-rules`: what was told, what a person says to it, and by which rules."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import rich_click as click

from trilha.application.monitoring.queries import AlertFilter
from trilha.application.monitoring.views import AlertView
from trilha.domain.monitoring import AlertState, Severity
from trilha.entrypoints.cli.asking import organisation, with_operator
from trilha.entrypoints.cli.output import as_json, show, show_rows, speaks_plainly

_AN_ID = "019b1f5e-7d1c-7c3e-9d5a-4c1f0e2b3a4d"


@click.group()
def alerts() -> None:
    """Look at alerts, and say that somebody is on them or that they are over.

    Example: [cyan]trilha alerts list --state raised[/]
    """


@alerts.command(name="list")
@click.option("--state", type=click.Choice([*map(str, AlertState)]), help="Only of this state.")
@click.option("--severity", type=click.Choice([*map(str, Severity)]), help="Only of this severity.")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="How many, newest first.")
@organisation
@as_json
@speaks_plainly
def list_alerts(
    *, state: str | None, severity: str | None, limit: int, organisation: str | None, as_json: bool
) -> None:
    """List alerts, the one raised last first.

    Example: [cyan]trilha alerts list --state raised --severity critical[/]
    """
    where = AlertFilter(state=state, severity=severity)
    found = with_operator(organisation, lambda operator: operator.alerts(where, limit))
    if as_json:
        show({"alerts": found}, as_json=True)
        return
    rows = [
        (one.id, f"{one.raised_at:%Y-%m-%d %H:%M}", one.state, one.severity, one.times, one.vehicle_id, one.rule_name)
        for one in found
    ]
    show_rows(("id", "raised at (UTC)", "state", "severity", "times", "vehicle", "rule"), rows)


def _decides(name: str, decide: Callable[[Any, UUID, str | None], Awaitable[AlertView]], text: str) -> None:
    @alerts.command(name=name, help=f"{text}\n\nExample: [cyan]trilha alerts {name} {_AN_ID}[/]")
    @click.argument("alert_id", type=click.UUID, metavar="ID")
    @click.option("--note", help="What else there is to say.")
    @organisation
    @as_json
    @speaks_plainly
    def decided(*, alert_id: UUID, note: str | None, organisation: str | None, as_json: bool) -> None:
        show(with_operator(organisation, lambda operator: decide(operator, alert_id, note)), as_json=as_json)


@click.group(name="alert-rules")
def alert_rules() -> None:
    """Look at what alerts are raised for. Rules are made and changed over HTTP: `/v1/alert-rules`.

    Example: [cyan]trilha alert-rules list[/]
    """


@alert_rules.command(name="list")
@organisation
@as_json
@speaks_plainly
def list_rules(*, organisation: str | None, as_json: bool) -> None:
    """List rules, the one changed last first.

    Example: [cyan]trilha alert-rules list[/]
    """
    found = with_operator(organisation, lambda operator: operator.alert_rules())
    if as_json:
        show({"alert_rules": found}, as_json=True)
        return
    rows = [
        (
            one.id,
            one.name,
            one.condition.__struct_config__.tag,
            one.severity,
            "yes" if one.active else "no",
            one.version,
        )
        for one in found
    ]
    show_rows(("id", "name", "waits for", "severity", "active", "version"), rows)


_decides(
    "ack",
    lambda operator, alert_id, note: operator.acknowledge_alert(alert_id, note),
    "Say that somebody is on it; it goes on counting.",
)
_decides(
    "resolve",
    lambda operator, alert_id, note: operator.resolve_alert(alert_id, note),
    "Say that it is over; its rule keeps quiet about the vehicle for its cooldown.",
)
