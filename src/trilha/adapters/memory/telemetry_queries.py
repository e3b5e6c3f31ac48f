"""Reading telemetry for screens."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from trilha.adapters.memory.database import MemoryDatabase, OrganisationTables
from trilha.adapters.memory.fleet_queries import event_types_of, group_and_below, vehicles_of
from trilha.adapters.memory.listing import Listing
from trilha.adapters.memory.views import AnyRecord, Shown, classification_of, event_view, shown_records, trip_view
from trilha.application.ports import Page, PageRequest
from trilha.application.telemetry.queries import EventFilter, PositionFilter, TripFilter
from trilha.application.telemetry.views import EventView, TripView, VehiclePositionView, vehicle_position_view
from trilha.domain.fleet import EventType
from trilha.domain.kernel import OrganisationId, TimeRange
from trilha.domain.telemetry import Position, Stream, TelemetryEvent, Trip, latest_positions

_EVENTS = Listing("events", tuple[datetime, int], descending=True)
_POSITIONS = Listing("positions", tuple[datetime, int], descending=True)
_TRIPS = Listing("trips", tuple[datetime, int], descending=True)


class MemoryTelemetryQueries:
    """Records of one organisation, newest first."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def events(
        self, organisation_id: OrganisationId, where: EventFilter, page: PageRequest
    ) -> Page[EventView | msgspec.Raw]:
        """Events."""
        tables = self._database.of(organisation_id)
        types = event_types_of(tables)
        rows = shown_records(tables, Stream.EVENTS, TelemetryEvent)
        return _EVENTS.page(
            filter(_wanted_event(where, types), rows),
            _key,
            lambda row: event_view(row, types.get(row.record.event_type_id)),
            page,
        )

    async def positions(
        self, organisation_id: OrganisationId, where: PositionFilter, page: PageRequest
    ) -> Page[VehiclePositionView | msgspec.Raw]:
        """Positions."""
        rows = shown_records(self._database.of(organisation_id), Stream.POSITIONS, Position)
        return _POSITIONS.page((row for row in rows if _is_wanted(where, row)), _key, _position_view, page)

    async def trips(
        self, organisation_id: OrganisationId, where: TripFilter, page: PageRequest
    ) -> Page[TripView | msgspec.Raw]:
        """Trips."""
        rows = shown_records(self._database.of(organisation_id), Stream.TRIPS, Trip)
        wanted = (row for row in rows if _is_wanted(where, row) and (where.with_withdrawn or not row.is_withdrawn))
        return _TRIPS.page(wanted, _key, trip_view, page)

    async def track(
        self, organisation_id: OrganisationId, vehicle_id: int, occurred: TimeRange, limit: int
    ) -> Sequence[Position]:
        """A vehicle's positions in order of time."""
        where = PositionFilter(occurred, vehicle_id)
        rows = shown_records(self._database.of(organisation_id), Stream.POSITIONS, Position)
        return [row.record for row in sorted(filter(lambda row: _is_wanted(where, row), rows), key=_key)[:limit]]

    async def latest_positions(
        self, organisation_id: OrganisationId, now: datetime, group_id: int | None = None
    ) -> list[VehiclePositionView]:
        """The last position of each vehicle, by vehicle."""
        tables = self._database.of(organisation_id)
        rows = {id(row.record): row for row in shown_records(tables, Stream.POSITIONS, Position)}
        latest = latest_positions((row.record for row in rows.values()), now)
        vehicles = latest if group_id is None else latest.keys() & set(_vehicles_below(tables, group_id))
        return [_position_view(rows[id(latest[vehicle])]) for vehicle in sorted(vehicles)]


def _key(row: Shown[AnyRecord]) -> tuple[datetime, int]:
    return (row.record.occurred_at, int(row.record.id))


def _is_wanted(where: EventFilter | PositionFilter | TripFilter, row: Shown[AnyRecord]) -> bool:
    return (
        row.record.occurred_at in where.occurred
        and where.driver_id in (None, row.driver_id)
        and where.vehicle_id in (None, row.record.vehicle_id)
    )


def _wanted_event(where: EventFilter, types: Mapping[int, EventType]) -> Callable[[Shown[TelemetryEvent]], bool]:
    def wanted(row: Shown[TelemetryEvent]) -> bool:
        event_type_id = row.record.event_type_id
        return (
            _is_wanted(where, row)
            and (where.with_withdrawn or not row.is_withdrawn)
            and where.event_type_id in (None, event_type_id)
            and where.classification in (None, classification_of(types.get(event_type_id)))
        )

    return wanted


def _position_view(row: Shown[Position]) -> VehiclePositionView:
    return vehicle_position_view(row.record, row.row.received_at)


def _vehicles_below(tables: OrganisationTables, group_id: int) -> Iterator[int]:
    inside = group_and_below(tables, group_id)
    return (int(vehicle.id) for vehicle in vehicles_of(tables) if vehicle.group_id in inside)
