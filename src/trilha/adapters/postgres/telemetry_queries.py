"""Records as screens show them: lists, a vehicle's track, and where vehicles are now."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from trilha.adapters.postgres.errors import translated
from trilha.adapters.postgres.lanes import Lanes
from trilha.adapters.postgres.latest import read_latest
from trilha.adapters.postgres.reading import Listing, Where, key_of, read_page
from trilha.adapters.postgres.record_json import EVENT, PLAIN_POSITION, POSITION, TRIP
from trilha.application.paging import decode_cursor
from trilha.application.ports import Page, PageRequest
from trilha.application.telemetry.queries import EventFilter, PositionFilter, TripFilter
from trilha.application.telemetry.views import EventView, TripView, VehiclePositionView
from trilha.domain.kernel import OrganisationId, TimeRange
from trilha.domain.telemetry import Position

_NEWEST_FIRST: Final = "r.occurred_at desc, r.id desc"


_TIME_AND_ID: Final = key_of(datetime.fromisoformat, int)
_EVENTS: Final = Listing(
    "events",
    f"select {EVENT}, r.occurred_at, r.id from telemetry_events r "
    "left join event_types t on t.organisation_id = r.organisation_id and t.id = r.event_type_id",
    _NEWEST_FIRST,
    _TIME_AND_ID,
)
_POSITIONS: Final = Listing(
    "positions",
    f"select {POSITION}, r.occurred_at, r.id from positions r",
    _NEWEST_FIRST,
    _TIME_AND_ID,
)
_TRIPS: Final = Listing("trips", f"select {TRIP}, r.occurred_at, r.id from trips r", _NEWEST_FIRST, _TIME_AND_ID)
_positions_decoder: Final = msgspec.json.Decoder(list[Position])


class PostgresTelemetryQueries:
    """See TelemetryQueries. Items are JSON from the database."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes

    async def events(
        self, organisation_id: OrganisationId, where: EventFilter, page: PageRequest
    ) -> Page[EventView | msgspec.Raw]:
        """Events, newest first."""
        conditions = _recorded(where, _EVENTS, page)
        if where.event_type_id is not None:
            conditions.add("r.event_type_id = %s", where.event_type_id)
        if where.classification is not None:
            conditions.add("coalesce(t.shown_as, 'unclassified') = %s", where.classification)
        _leave_out_withdrawn(conditions, with_withdrawn=where.with_withdrawn)
        return await read_page(self._lanes, organisation_id, _EVENTS, conditions, page)

    async def positions(
        self, organisation_id: OrganisationId, where: PositionFilter, page: PageRequest
    ) -> Page[VehiclePositionView | msgspec.Raw]:
        """Positions, newest first."""
        return await read_page(self._lanes, organisation_id, _POSITIONS, _recorded(where, _POSITIONS, page), page)

    async def trips(
        self, organisation_id: OrganisationId, where: TripFilter, page: PageRequest
    ) -> Page[TripView | msgspec.Raw]:
        """Trips, newest first."""
        conditions = _recorded(where, _TRIPS, page)
        _leave_out_withdrawn(conditions, with_withdrawn=where.with_withdrawn)
        return await read_page(self._lanes, organisation_id, _TRIPS, conditions, page)

    async def track(
        self, organisation_id: OrganisationId, vehicle_id: int, occurred: TimeRange, limit: int
    ) -> Sequence[Position]:
        """A vehicle's positions in order of time. JSON on the way too: rows of the driver cost several times that."""
        conditions = Where()
        conditions.add("r.vehicle_id = %s", vehicle_id)
        _within(conditions, occurred)
        with translated():
            rows = await self._lanes.read(
                str(organisation_id),
                f"select {PLAIN_POSITION} from positions r {conditions.sql} order by r.occurred_at, r.id limit %s",
                [*conditions.params, limit],
            )
        lines = [rows.get_value(row, 0) or b"" for row in range(rows.ntuples)]
        return _positions_decoder.decode(b"[" + b",".join(lines) + b"]")

    async def latest_positions(
        self, organisation_id: OrganisationId, now: datetime, group_id: int | None = None
    ) -> list[VehiclePositionView]:
        """The last position of each vehicle, in order of their ids."""
        return await read_latest(self._lanes, organisation_id, now, group_id)


def _recorded(where: EventFilter | PositionFilter | TripFilter, listing: Listing, page: PageRequest) -> Where:
    conditions = Where()
    _within(conditions, where.occurred)
    if where.driver_id is not None:
        conditions.add("r.driver_id = %s", where.driver_id)
    if where.vehicle_id is not None:
        conditions.add("r.vehicle_id = %s", where.vehicle_id)
    if page.cursor is not None:
        moment, key = decode_cursor(listing.name, page.cursor, tuple[datetime, int])
        # the first part lets partitions be left out, which they are not for a comparison of rows
        conditions.add("r.occurred_at <= %s and (r.occurred_at, r.id) < (%s, %s)", moment, moment, key)
    return conditions


def _within(conditions: Where, occurred: TimeRange) -> None:
    if occurred.start is not None:
        conditions.add("r.occurred_at >= %s", occurred.start)
    if occurred.end is not None:
        conditions.add("r.occurred_at < %s", occurred.end)


def _leave_out_withdrawn(conditions: Where, *, with_withdrawn: bool) -> None:
    if not with_withdrawn:
        conditions.add("r.withdrawn_at is null")
