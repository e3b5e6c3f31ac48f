"""The organisation's copy of its master data."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, LiteralString

import msgspec

from trilha.adapters.postgres.session import Row, Session
from trilha.domain.fleet import (
    Classification,
    ClassificationChange,
    Driver,
    DriverKind,
    EventType,
    Group,
    MasterKind,
    MasterRecord,
    Vehicle,
)
from trilha.domain.kernel import DriverId, EventTypeId, GroupId, OrganisationId, VehicleId, fold


class _Mapper(msgspec.Struct, frozen=True):
    """How one kind of record lies in its table: `columns` first, then what only searching and sorting need."""

    columns: tuple[LiteralString, ...]
    derived: tuple[LiteralString, ...]
    to_row: Callable[[Any], Row]
    from_row: Callable[[Row], MasterRecord]


def group_row(group: Group) -> Row:
    """A group as its table holds it."""
    return (group.id, group.name, group.kind, group.parent_id, group.active, fold(group.name))


def group_of(row: Row) -> Group:
    """A group from its row."""
    key, name, kind, parent, active = row
    return Group(
        id=GroupId(key), name=name, kind=kind, parent_id=None if parent is None else GroupId(parent), active=active
    )


def driver_row(driver: Driver) -> Row:
    """A driver as its table holds it."""
    stored = (driver.id, driver.name, driver.badge, driver.group_id, driver.kind.value, driver.active)
    return (*stored, fold(driver.name), driver.search_text)


def driver_of(row: Row) -> Driver:
    """A driver from its row."""
    key, name, badge, group, kind, active = row
    return Driver(id=DriverId(key), name=name, badge=badge, group_id=group, kind=DriverKind(kind), active=active)


def vehicle_row(vehicle: Vehicle) -> Row:
    """A vehicle as its table holds it."""
    return (*msgspec.structs.astuple(vehicle), fold(vehicle.description), vehicle.search_text)


def vehicle_of(row: Row) -> Vehicle:
    """A vehicle from its row."""
    return Vehicle(VehicleId(row[0]), *row[1:])


def event_type_row(event_type: EventType) -> Row:
    """An event type as its table holds it."""
    *stored, classification, active = msgspec.structs.astuple(event_type)
    return (*stored, classification.value, active, fold(event_type.description))


def event_type_of(row: Row) -> EventType:
    """An event type from its row."""
    key, description, source_class, name, value_format, units, classification, active = row
    kind = Classification(classification)
    return EventType(EventTypeId(key), description, source_class, name, value_format, units, kind, active)


MAPPERS: Final[Mapping[MasterKind, _Mapper]] = {
    "groups": _Mapper(("id", "name", "kind", "parent_id", "active"), ("sort_name",), group_row, group_of),
    "drivers": _Mapper(
        ("id", "name", "badge", "group_id", "kind", "active"), ("sort_name", "search_text"), driver_row, driver_of
    ),
    "vehicles": _Mapper(
        ("id", "description", "plate", "fleet_number", "group_id", "make", "model", "year", "vehicle_type", "active"),
        ("sort_name", "search_text"),
        vehicle_row,
        vehicle_of,
    ),
    "event_types": _Mapper(
        ("id", "description", "source_class", "value_name", "value_format", "units", "shown_as", "active"),
        ("sort_name",),
        event_type_row,
        event_type_of,
    ),
}


_TAKE_TURN: Final = "select pg_advisory_xact_lock(hashtextextended(%s, 7241006))"
"""Rows that are not there yet cannot be locked, and an override may come for a type that has none."""


class PostgresMasterData:
    """See MasterData."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def known(self, kind: MasterKind) -> Mapping[int, MasterRecord]:
        """Every record of a kind, by id."""
        mapper = MAPPERS[kind]
        rows = await self._session.rows(f"select {', '.join(mapper.columns)} from {kind}")
        return {row[0]: mapper.from_row(row) for row in rows}

    async def save(self, kind: MasterKind, records: Sequence[MasterRecord]) -> None:
        """Insert or overwrite by id; of an id twice the last counts."""
        mapper = MAPPERS[kind]
        statement = _upsert(kind, (*mapper.columns, *mapper.derived))
        for record in records:
            self._session.later(statement, (self._organisation_id, *mapper.to_row(record)))
        await self._session.flush()

    async def classifications(self) -> Mapping[EventTypeId, Classification]:
        """The overrides; whoever decides by them takes turns."""
        self._session.later(_TAKE_TURN, (str(self._organisation_id),))
        rows = await self._session.rows("select event_type_id, classification from classification_overrides")
        return {EventTypeId(key): Classification(value) for key, value in rows}

    async def classify(self, event_type_id: EventTypeId, classification: Classification | None) -> None:
        """Set an override, or take it away."""
        if classification is None:
            self._session.later("delete from classification_overrides where event_type_id = %s", (event_type_id,))
            return
        self._session.later(
            "insert into classification_overrides (organisation_id, event_type_id, classification) values (%s, %s, %s) "
            "on conflict (organisation_id, event_type_id) do update set classification = excluded.classification",
            (self._organisation_id, event_type_id, classification.value),
        )

    async def add_change(self, change: ClassificationChange) -> None:
        """Add to the history."""
        self._session.later(
            "insert into classification_changes "
            "(organisation_id, id, event_type_id, before, after, changed_at, changed_by, reason) "
            "values (%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                self._organisation_id,
                change.id,
                change.event_type_id,
                change.before.value,
                change.after.value,
                change.changed_at,
                change.changed_by,
                change.reason,
            ),
        )


def _upsert(table: LiteralString, columns: Sequence[LiteralString]) -> LiteralString:
    slots = ", ".join(["%s"] * (1 + len(columns)))
    changes = ", ".join([f"{name} = excluded.{name}" for name in columns if name != "id"])
    return (
        f"insert into {table} (organisation_id, {', '.join(columns)}) values ({slots}) "
        f"on conflict (organisation_id, id) do update set {changes}"
    )
