"""Rules, alerts and what is known of each vehicle, inside a unit of work."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from trilha.adapters.memory.database import Draft, OrganisationTables
from trilha.adapters.memory.ingestion import another_was_faster
from trilha.domain.kernel import NotFound, VehicleId
from trilha.domain.monitoring import Alert, AlertRule, Fired, VehicleWatch

_TURN = "turn"
_PROGRESS = "progress"


class MemoryVehicleWatches:
    """Of two units that read here, the one that commits second fails: PostgreSQL would have made it wait."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._watches = Draft(tables.watches)
        self._progress = Draft(tables.watch_progress)
        self._turns = Draft(tables.watch_turns)

    async def load(self, vehicle_ids: Collection[VehicleId]) -> Mapping[VehicleId, VehicleWatch]:
        """Those of these vehicles that were ever seen."""
        self._take_turn()
        found = {vehicle_id: self._watches.get(vehicle_id) for vehicle_id in vehicle_ids}
        return {vehicle_id: watch for vehicle_id, watch in found.items() if watch is not None}

    async def unseen_since(self, moment: datetime) -> Sequence[VehicleWatch]:
        """Vehicles of which the newest record is from `moment` or before, by id."""
        self._take_turn()
        watches = self._watches.all().values()
        silent = [one for one in watches if one.seen_at is not None and one.seen_at <= moment]
        return sorted(silent, key=lambda one: one.vehicle_id)

    async def save(self, watches: Sequence[VehicleWatch]) -> None:
        """Insert or overwrite."""
        for watch in watches:
            self._watches.put(watch.vehicle_id, watch)

    async def watched_until(self) -> tuple[datetime, UUID] | None:
        """When the newest page of positions that was watched had been received, and its id."""
        return self._progress.get(_PROGRESS)

    async def reach(self, received_at: datetime, page_id: UUID) -> None:
        """All pages of positions up to this one are watched."""
        reached = (received_at, page_id)
        self._progress.put(_PROGRESS, max(reached, self._progress.get(_PROGRESS) or reached))

    def _take_turn(self) -> None:
        self._turns.put(_TURN, object())

    @property
    def is_stale(self) -> bool:
        """Whether another unit has watched meanwhile."""
        return self._watches.is_stale or self._turns.is_stale or self._progress.is_stale

    def apply(self) -> None:
        """Commit."""
        for draft in (self._watches, self._turns, self._progress):
            draft.apply()


class MemoryAlertRules:
    """What the organisation wants to be told about."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._rules = Draft(tables.alert_rules)

    async def stamp(self) -> str:
        """Changes whenever any rule does."""
        return " ".join(f"{rule.id}:{rule.version}" for rule in await self.all())

    async def all(self) -> Sequence[AlertRule]:
        """Every rule, sleeping ones too, by id."""
        return sorted(self._rules.all().values(), key=lambda rule: rule.id)

    async def get(self, rule_id: UUID) -> AlertRule:
        """One of them."""
        found = self._rules.hold(rule_id)
        if found is None:
            raise NotFound("alert rule", rule_id)
        return found

    async def save(self, rule: AlertRule) -> None:
        """Write version n + 1 over version n, or a first version 0."""
        current = self._rules.get(rule.id)
        if rule.version != (0 if current is None else current.version + 1):
            raise another_was_faster(f"alert rule {rule.id}")
        self._rules.put(rule.id, rule)

    async def delete(self, rule_id: UUID) -> None:
        """Forget it."""
        await self.get(rule_id)
        self._rules.remove(rule_id)

    @property
    def is_stale(self) -> bool:
        """Whether another unit changed one of these meanwhile."""
        return self._rules.is_stale

    def apply(self) -> None:
        """Commit."""
        self._rules.apply()


class MemoryAlerts:
    """What was told."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._alerts = Draft(tables.alerts)
        self._occurrences = Draft(tables.alert_occurrences)

    async def note(self, fired: Sequence[Fired]) -> Sequence[Fired]:
        """Remember what rules fired for."""
        new = []
        for one in fired:
            evidence = one.evidence
            key = (one.rule_id, one.vehicle_id, evidence.kind.value, evidence.record_id, evidence.geofence_id)
            if self._occurrences.get(key) is None:
                self._occurrences.put(key, one.at)
                new.append(one)
        return new

    async def open_of(self, watched: Collection[tuple[UUID, VehicleId]]) -> Sequence[Alert]:
        """The open alerts of those rules and vehicles."""
        alerts = self._alerts.all().values()
        found = [one for one in alerts if one.is_open and (one.rule_id, one.vehicle_id) in watched]
        return sorted(found, key=lambda alert: alert.id)

    async def get(self, alert_id: UUID) -> Alert:
        """One of them."""
        found = self._alerts.hold(alert_id)
        if found is None:
            raise NotFound("alert", alert_id)
        return found

    async def save(self, alerts: Sequence[Alert]) -> None:
        """Write each version n + 1 over version n, or a first version 0."""
        for alert in sorted(alerts, key=lambda alert: alert.is_open):
            current = self._alerts.get(alert.id)
            if alert.version != (0 if current is None else current.version + 1):
                raise another_was_faster(f"alert {alert.id}")
            rivals = await self.open_of({(alert.rule_id, alert.vehicle_id)}) if alert.is_open else ()
            if any(rival.id != alert.id for rival in rivals):
                raise another_was_faster(f"alert {alert.id}")
            self._alerts.put(alert.id, alert)

    @property
    def is_stale(self) -> bool:
        """Whether another unit changed one of these meanwhile."""
        return self._alerts.is_stale or self._occurrences.is_stale

    def apply(self) -> None:
        """Commit."""
        self._alerts.apply()
        self._occurrences.apply()
