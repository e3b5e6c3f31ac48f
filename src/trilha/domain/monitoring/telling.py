"""From signals to alerts: which are raised, counted on, or resolved, and what the world is told about it."""

from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

import msgspec

from trilha.domain.kernel import DomainEvent, VehicleId
from trilha.domain.monitoring.alerts import Alert, clear, raise_alert, repeat
from trilha.domain.monitoring.conditions import FenceDwell
from trilha.domain.monitoring.events import AlertAcknowledged, AlertRaised, AlertResolved, GeofenceDwelled
from trilha.domain.monitoring.rules import AlertRule
from trilha.domain.monitoring.signals import Fired, Signal

Watched = tuple[UUID, VehicleId]
"""Of which rule and vehicle at most one alert is open."""


class Told(msgspec.Struct, frozen=True):
    """Alerts to be written, in their last version, and events in the order of what happened."""

    alerts: tuple[Alert, ...]
    events: tuple[DomainEvent, ...]


def tell(
    signals: Iterable[Signal],
    rules: Mapping[UUID, AlertRule],
    open_alerts: Iterable[Alert],
    new_id: Callable[[], UUID],
) -> Told:
    """Apply signals, in their order, to the alerts that are open. Signals of rules that are gone tell nothing.

    A page's many firings become one write of one alert: its version grows once.
    """
    standing: dict[Watched, Alert] = {(alert.rule_id, alert.vehicle_id): alert for alert in open_alerts}
    found = {alert.id: alert.version for alert in standing.values()}
    written: dict[UUID, Alert] = {}
    events: list[DomainEvent] = []
    for signal in signals:
        rule, key = rules.get(signal.rule_id), (signal.rule_id, signal.vehicle_id)
        if rule is None:
            continue
        alert = standing.get(key)
        if isinstance(signal, Fired):
            events += _dwelled(rule, signal)
            if alert is None:
                alert = raise_alert(new_id(), rule, signal)
                events.append(AlertRaised.of(alert))
            else:
                alert = repeat(alert, signal)
            standing[key] = alert
        elif alert is not None:
            del standing[key]
            alert = clear(alert, signal.at)
            events.append(AlertResolved.of(alert))
        else:
            continue
        written[alert.id] = alert
    alerts = tuple(
        msgspec.structs.replace(alert, version=found[alert.id] + 1 if alert.id in found else 0)
        for alert in written.values()
    )
    return Told(alerts, tuple(events))


def settled(before: Alert, after: Alert) -> tuple[DomainEvent, ...]:
    """What is told of a person's decision; nothing where it changed nothing."""
    if after.state is before.state:
        return ()
    return (AlertResolved.of(after),) if not after.is_open else (AlertAcknowledged.of(after),)


def _dwelled(rule: AlertRule, fired: Fired) -> tuple[DomainEvent, ...]:
    geofence_id = fired.evidence.geofence_id
    if geofence_id is None or not isinstance(rule.content.condition, FenceDwell):
        return ()
    return (
        GeofenceDwelled(
            geofence_id=geofence_id,
            vehicle_id=str(fired.vehicle_id),
            at=fired.at,
            dwelled_s=int(fired.evidence.value or 0),
            rule_id=rule.id,
        ),
    )
