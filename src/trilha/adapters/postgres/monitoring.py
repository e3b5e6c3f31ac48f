"""Rules, alerts and what is known of each vehicle."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, LiteralString
from uuid import UUID

import msgspec

from trilha.adapters.postgres.session import Row, Session
from trilha.adapters.postgres.versioned import save_version, versioned
from trilha.application.ports import Clock
from trilha.domain.kernel import Conflict, DriverId, NotFound, OrganisationId, VehicleId
from trilha.domain.monitoring import (
    Alert,
    AlertRule,
    AlertState,
    Condition,
    Evidence,
    Fired,
    RuleContent,
    Said,
    Schedule,
    Scope,
    Severity,
    VehicleWatch,
)

_RULE: Final = (
    "id", "name", "condition", "scope", "severity", "schedule", "cooldown_s", "active", "changed_at", "version"
)  # fmt: skip
_RULE_JSON: Final = ("condition", "scope", "schedule")
RULE_COLUMNS: Final = ", ".join([f"{name}::text" if name in _RULE_JSON else name for name in _RULE])
"""What `rule_of` reads."""
_SAVE_RULE: Final = versioned("alert_rules", "id", _RULE, as_json=_RULE_JSON)
_ALERT: Final[tuple[tuple[LiteralString, LiteralString], ...]] = (
    ("id", "uuid"),
    ("rule_id", "uuid"),
    ("rule_name", "text"),
    ("rule_version", "bigint"),
    ("severity", "text"),
    ("vehicle_id", "bigint"),
    ("driver_id", "bigint"),
    ("raised_at", "timestamptz"),
    ("last_seen_at", "timestamptz"),
    ("evidence", "jsonb"),
    ("times", "bigint"),
    ("state", "text"),
    ("acknowledged_at", "timestamptz"),
    ("acknowledged_by", "text"),
    ("acknowledged_note", "text"),
    ("resolved_at", "timestamptz"),
    ("resolved_by", "text"),
    ("resolved_note", "text"),
    ("version", "bigint"),
)
ALERT_COLUMNS: Final = ", ".join(["evidence::text" if name == "evidence" else name for name, _ in _ALERT])
"""What `alert_of` reads."""
_NAMES: Final = ", ".join([name for name, _ in _ALERT])
_TYPED: Final = ", ".join([f"{name} {kind}" for name, kind in _ALERT])
_CHANGES: Final = ", ".join([f"{name} = excluded.{name}" for name, _ in _ALERT if name != "id"])
# one statement for all alerts of a page; a version that does not follow writes nothing, and is missed in the count
_SAVE_ALERTS: Final[LiteralString] = (
    f"insert into alerts (organisation_id, {_NAMES}) "
    f"select %(organisation)s, {_NAMES} from jsonb_to_recordset(%(rows)s::jsonb) as given ({_TYPED}) "
    "where version = 0 or exists (select from alerts where alerts.id = given.id) "
    f"on conflict (organisation_id, id) do update set {_CHANGES} where alerts.version = excluded.version - 1"
)
_NOTE: Final[LiteralString] = (
    "insert into alert_occurrences "
    "(organisation_id, rule_id, vehicle_id, kind, record_id, geofence_id, occurred_at, noted_at) "
    "select %s, *, %s from unnest(%s::uuid[], %s::bigint[], %s::text[], %s::bigint[], %s::uuid[], %s::timestamptz[]) "
    "on conflict do nothing returning rule_id, vehicle_id, kind, record_id, geofence_id"
)
_TAKE_TURN: Final[LiteralString] = "select pg_advisory_xact_lock(7241012, hashtext(%s))"
_NO_FENCE: Final = UUID(int=0)
_encoder = msgspec.json.Encoder()
_condition = msgspec.json.Decoder(Condition)
_scope = msgspec.json.Decoder(Scope)
_schedule = msgspec.json.Decoder(Schedule)
_evidence = msgspec.json.Decoder(Evidence)
_watch = msgspec.json.Decoder(VehicleWatch)


class PostgresVehicleWatches:
    """See VehicleWatches. One lock for the organisation: pages that share a vehicle would wait anyway."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def load(self, vehicle_ids: Collection[VehicleId]) -> Mapping[VehicleId, VehicleWatch]:
        """Those of these vehicles that were ever seen."""
        self._take_turn()
        rows = await self._session.rows(
            "select state::text from vehicle_watches where vehicle_id = any(%s)", (list(vehicle_ids),)
        )
        return {watch.vehicle_id: watch for watch in (_watch.decode(text) for (text,) in rows)}

    async def unseen_since(self, moment: datetime) -> Sequence[VehicleWatch]:
        """Vehicles of which the newest record is from `moment` or before, by id."""
        self._take_turn()
        rows = await self._session.rows(
            "select state::text from vehicle_watches where seen_at <= %s order by vehicle_id", (moment,)
        )
        return [_watch.decode(text) for (text,) in rows]

    async def save(self, watches: Sequence[VehicleWatch]) -> None:
        """Insert or overwrite."""
        self._session.later(
            "insert into vehicle_watches (organisation_id, vehicle_id, seen_at, state) "
            "select %s, vehicle_id, seen_at, state::jsonb "
            "from unnest(%s::bigint[], %s::timestamptz[], %s::text[]) given (vehicle_id, seen_at, state) "
            "on conflict (organisation_id, vehicle_id) "
            "do update set seen_at = excluded.seen_at, state = excluded.state",
            (
                self._organisation_id,
                [watch.vehicle_id for watch in watches],
                [watch.seen_at for watch in watches],
                [_encoder.encode(watch).decode() for watch in watches],
            ),
        )

    async def watched_until(self) -> tuple[datetime, UUID] | None:
        """When the newest page of positions that was watched had been received, and its id, if there was any."""
        rows = await self._session.rows("select received_at, page_id from watch_progress")
        return (rows[0][0].astimezone(UTC), rows[0][1]) if rows else None

    async def reach(self, received_at: datetime, page_id: UUID) -> None:
        """All pages of positions up to this one are watched."""
        self._session.later(
            "insert into watch_progress as reached (organisation_id, received_at, page_id) values (%s, %s, %s) "
            "on conflict (organisation_id) "
            "do update set received_at = excluded.received_at, page_id = excluded.page_id "
            "where (reached.received_at, reached.page_id) < (excluded.received_at, excluded.page_id)",
            (self._organisation_id, received_at, page_id),
        )

    def _take_turn(self) -> None:
        self._session.later(_TAKE_TURN, (str(self._organisation_id),))


class PostgresAlertRules:
    """See AlertRules."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def stamp(self) -> str:
        """Changes whenever any rule does."""
        rows = await self._session.rows("select count(*), sum(version), max(changed_at) from alert_rules")
        return " ".join(str(value) for value in rows[0])

    async def all(self) -> Sequence[AlertRule]:
        """Every rule, sleeping ones too, by id."""
        return [rule_of(row) for row in await self._session.rows(f"select {RULE_COLUMNS} from alert_rules order by id")]

    async def get(self, rule_id: UUID) -> AlertRule:
        """One of them."""
        rows = await self._session.rows(f"select {RULE_COLUMNS} from alert_rules where id = %s", (rule_id,))
        if not rows:
            raise NotFound("alert rule", rule_id)
        return rule_of(rows[0])

    async def save(self, rule: AlertRule) -> None:
        """Write version n + 1 over version n, or a first version 0."""
        content = rule.content
        row = {
            "organisation": self._organisation_id,
            "id": rule.id,
            "name": content.name,
            "condition": _encoder.encode(content.condition).decode(),
            "scope": _encoder.encode(content.scope).decode(),
            "severity": content.severity.value,
            "schedule": _encoder.encode(content.schedule).decode(),
            "cooldown_s": content.cooldown_s,
            "active": content.active,
            "changed_at": rule.changed_at,
        }
        if not await save_version(self._session, _SAVE_RULE, row, rule.version):
            raise Conflict(f"alert rule {rule.id} was changed by another writer: read it again")

    async def delete(self, rule_id: UUID) -> None:
        """Forget it."""
        if not await self._session.changed("delete from alert_rules where id = %s", (rule_id,)):
            raise NotFound("alert rule", rule_id)


class PostgresAlerts:
    """See Alerts."""

    def __init__(self, session: Session, organisation_id: OrganisationId, clock: Clock) -> None:
        self._session = session
        self._organisation_id = organisation_id
        self._clock = clock

    async def note(self, fired: Sequence[Fired]) -> Sequence[Fired]:
        """Remember what rules fired for."""
        keys = {_occurrence(one): one for one in reversed(fired)}
        columns = [list(column) for column in zip(*keys, strict=True)] or [[] for _ in range(5)]
        times = [one.at for one in keys.values()]
        rows = await self._session.rows(_NOTE, (self._organisation_id, self._clock.now(), *columns, times))
        new = {id(keys[(rule_id, VehicleId(vehicle_id), *rest)]) for rule_id, vehicle_id, *rest in rows}
        return [one for one in fired if id(one) in new]

    async def open_of(self, watched: Collection[tuple[UUID, VehicleId]]) -> Sequence[Alert]:
        """The open alerts of those rules and vehicles."""
        rows = await self._session.rows(
            f"select {ALERT_COLUMNS} from alerts join unnest(%s::uuid[], %s::bigint[]) as asked (rule, vehicle) "
            "on rule_id = rule and vehicle_id = vehicle where state <> 'resolved' order by id",
            ([rule_id for rule_id, _ in watched], [vehicle_id for _, vehicle_id in watched]),
        )
        return [alert_of(row) for row in rows]

    async def get(self, alert_id: UUID) -> Alert:
        """One of them."""
        rows = await self._session.rows(f"select {ALERT_COLUMNS} from alerts where id = %s", (alert_id,))
        if not rows:
            raise NotFound("alert", alert_id)
        return alert_of(rows[0])

    async def save(self, alerts: Sequence[Alert]) -> None:
        """Write each version n + 1 over version n, or a first version 0; those that end before those that begin."""
        ending_first = sorted(alerts, key=lambda alert: alert.is_open)
        for group in ([one for one in ending_first if not one.is_open], [one for one in ending_first if one.is_open]):
            await self._save(group)

    async def _save(self, alerts: Sequence[Alert]) -> None:
        if not alerts:
            return
        rows = _encoder.encode([_alert_row(alert) for alert in alerts]).decode()
        written = await self._session.changed(_SAVE_ALERTS, {"organisation": self._organisation_id, "rows": rows})
        if written != len(alerts):
            raise Conflict("an alert was changed by another writer meanwhile: read it again")


def rule_of(row: Row) -> AlertRule:
    """A rule from its row."""
    key, name, condition, scope, severity, schedule, cooldown_s, active, changed_at, version = row
    content = RuleContent(
        name=name,
        condition=_condition.decode(condition),
        scope=_scope.decode(scope),
        severity=Severity(severity),
        schedule=_schedule.decode(schedule),
        cooldown_s=cooldown_s,
        active=active,
    )
    return AlertRule(id=key, content=content, changed_at=changed_at.astimezone(UTC), version=version)


def alert_of(row: Row) -> Alert:
    """An alert from its row."""
    given: dict[str, Any] = dict(zip((name for name, _ in _ALERT), row, strict=True))
    return Alert(
        id=given["id"],
        rule_id=given["rule_id"],
        rule_name=given["rule_name"],
        rule_version=given["rule_version"],
        severity=Severity(given["severity"]),
        vehicle_id=VehicleId(given["vehicle_id"]),
        driver_id=None if given["driver_id"] is None else DriverId(given["driver_id"]),
        raised_at=given["raised_at"].astimezone(UTC),
        last_seen_at=given["last_seen_at"].astimezone(UTC),
        evidence=_evidence.decode(given["evidence"]),
        times=given["times"],
        state=AlertState(given["state"]),
        acknowledged=_said(given, "acknowledged"),
        resolved=_said(given, "resolved"),
        version=given["version"],
    )


def _alert_row(alert: Alert) -> dict[str, object]:
    row = {name: getattr(alert, name) for name, _ in _ALERT if hasattr(alert, name)}
    for what in ("acknowledged", "resolved"):
        said: Said | None = getattr(alert, what)
        for part in ("at", "by", "note"):
            row[f"{what}_{part}"] = None if said is None else getattr(said, part)
    return row


def _said(given: Mapping[str, Any], what: str) -> Said | None:
    at = given[f"{what}_at"]
    if at is None:
        return None
    return Said(at=at.astimezone(UTC), by=given[f"{what}_by"], note=given[f"{what}_note"])


def _occurrence(fired: Fired) -> tuple[UUID, VehicleId, str, int, UUID]:
    evidence = fired.evidence
    return (
        fired.rule_id,
        fired.vehicle_id,
        evidence.kind.value,
        evidence.record_id,
        evidence.geofence_id or _NO_FENCE,
    )
