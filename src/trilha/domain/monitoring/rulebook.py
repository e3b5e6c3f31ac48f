"""The rules of an organisation, sorted by what they wait for, so that a position asks only those that may care."""

from collections.abc import Collection, Iterable, Mapping
from datetime import tzinfo
from typing import Protocol, TypeAlias
from uuid import UUID

from trilha.domain.kernel import EventTypeId, VehicleId
from trilha.domain.monitoring.conditions import (
    EventOfType,
    FenceCrossing,
    FenceDwell,
    Idling,
    MovingWithoutDriver,
    OverSpeed,
    Silence,
)
from trilha.domain.monitoring.rules import AlertRule

SpeedRule: TypeAlias = tuple[AlertRule, OverSpeed]


class Places(Protocol):
    """Knows which geofences a place lies in: `trilha.domain.areas` does, for a thousand of them."""

    def containing(self, latitude_deg: float, longitude_deg: float) -> Collection[UUID]:
        """The geofences around a place."""
        ...


class NoPlaces:
    """An organisation without geofences."""

    def containing(self, latitude_deg: float, longitude_deg: float) -> Collection[UUID]:
        """None."""
        del latitude_deg, longitude_deg
        return ()


class VehicleRules:
    """The active rules that watch one vehicle, by kind."""

    def __init__(self, rules: Iterable[AlertRule]) -> None:
        self.by_id: dict[UUID, AlertRule] = {}
        self.of_event: dict[EventTypeId, list[AlertRule]] = {}
        self.of_crossing: dict[UUID, list[tuple[AlertRule, FenceCrossing]]] = {}
        self.of_dwell: list[tuple[AlertRule, FenceDwell, frozenset[UUID]]] = []
        self.of_speed: list[SpeedRule] = []
        self.of_idling: list[tuple[AlertRule, Idling]] = []
        self.of_silence: list[tuple[AlertRule, Silence]] = []
        self.of_driver: list[tuple[AlertRule, MovingWithoutDriver]] = []
        for rule in rules:
            self._add(rule)
        self.harmless_kmh = min((own_limit_kmh(rule) for _, rule in self.of_speed), default=float("inf"))
        """No speed rule with a limit of its own cares up to here."""
        self.asks_posted = any(rule.limit_kmh is None for _, rule in self.of_speed)

    def _add(self, rule: AlertRule) -> None:
        self.by_id[rule.id] = rule
        match rule.content.condition:
            case EventOfType() as condition:
                for event_type_id in dict.fromkeys(condition.event_type_ids):
                    self.of_event.setdefault(event_type_id, []).append(rule)
            case FenceCrossing() as condition:
                for geofence_id in dict.fromkeys(condition.geofence_ids):
                    self.of_crossing.setdefault(geofence_id, []).append((rule, condition))
            case FenceDwell() as condition:
                self.of_dwell.append((rule, condition, frozenset(condition.geofence_ids)))
            case OverSpeed() as condition:
                self.of_speed.append((rule, condition))
            case Idling() as condition:
                self.of_idling.append((rule, condition))
            case Silence() as condition:
                self.of_silence.append((rule, condition))
            case MovingWithoutDriver() as condition:
                self.of_driver.append((rule, condition))


def own_limit_kmh(rule: OverSpeed) -> float:
    """From where on a rule with a limit of its own cares; infinite for one that goes by the posted limit."""
    return float("inf") if rule.limit_kmh is None else rule.limit_kmh + rule.tolerance_kmh


class Rulebook:
    """Everything that vehicles of one organisation are watched by. `members` are the vehicles of each rule's groups."""

    def __init__(
        self,
        rules: Iterable[AlertRule],
        places: Places,
        zone: tzinfo,
        members: Mapping[UUID, Collection[VehicleId]] | None = None,
    ) -> None:
        active = sorted((rule for rule in rules if rule.content.active), key=lambda rule: rule.id)
        self.places = places
        self.zone = zone
        self.by_id = {rule.id: rule for rule in active}
        self._everybody = [rule for rule in active if rule.content.scope.is_all]
        self._named = [
            (rule, frozenset(rule.content.scope.vehicle_ids).union((members or {}).get(rule.id, ())))
            for rule in active
            if not rule.content.scope.is_all
        ]
        self._of_everybody = VehicleRules(self._everybody)
        self._of: dict[VehicleId, VehicleRules] = {}

    def of(self, vehicle_id: VehicleId) -> VehicleRules:
        """The rules that watch a vehicle."""
        if not self._named:
            return self._of_everybody
        found = self._of.get(vehicle_id)
        if found is None:
            named = [rule for rule, vehicles in self._named if vehicle_id in vehicles]
            found = VehicleRules([*self._everybody, *named]) if named else self._of_everybody
            self._of[vehicle_id] = found
        return found

    @property
    def shortest_silence_s(self) -> int | None:
        """The least silence that any rule tells of."""
        waits = [
            rule.content.condition.for_s for rule in self.by_id.values() if isinstance(rule.content.condition, Silence)
        ]
        return min(waits, default=None)
