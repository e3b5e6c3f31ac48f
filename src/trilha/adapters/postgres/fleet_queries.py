"""Master data as screens show it."""

from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

import msgspec

from trilha.adapters.postgres.fleet import MAPPERS, driver_of, event_type_of, vehicle_of
from trilha.adapters.postgres.json_text import (
    identifier,
    identifier_or_null,
    json_object,
    plain,
    text,
    text_or_null,
    time,
)
from trilha.adapters.postgres.lanes import Lanes
from trilha.adapters.postgres.pools import Pool
from trilha.adapters.postgres.reading import Listing, Where, key_of, like, read, read_page
from trilha.application.fleet.queries import (
    ClassificationChangeView,
    DriverFilter,
    DriverView,
    EventTypeView,
    VehicleFilter,
    VehicleView,
    driver_view,
    event_type_view,
    vehicle_view,
)
from trilha.application.paging import decode_cursor
from trilha.application.ports import Page, PageRequest
from trilha.domain.fleet import MASTER_KINDS, MasterKind
from trilha.domain.kernel import DriverId, EventTypeId, NotFound, OrganisationId, VehicleId, fold

_JSON: Final = {
    "groups": json_object(
        {
            "id": identifier("id"),
            "name": text("name"),
            "kind": text("kind"),
            "parent_id": identifier_or_null("parent_id"),
            "active": plain("active"),
        }
    ),
    "drivers": json_object(
        {
            "id": identifier("id"),
            "name": text("name"),
            "badge": text_or_null("badge"),
            "group_id": identifier_or_null("group_id"),
            "kind": text("kind"),
            "is_person": plain("kind = 'person'"),
            "active": plain("active"),
        }
    ),
    "vehicles": json_object(
        {
            "id": identifier("id"),
            "description": text("description"),
            "plate": text_or_null("plate"),
            "fleet_number": text_or_null("fleet_number"),
            "group_id": identifier_or_null("group_id"),
            "make": text_or_null("make"),
            "model": text_or_null("model"),
            "year": text_or_null("year"),
            "vehicle_type": text_or_null("vehicle_type"),
            "active": plain("active"),
        }
    ),
    "event_types": json_object(
        {
            "id": identifier("id"),
            "description": text("description"),
            "source_class": text("source_class"),
            "value_name": text_or_null("value_name"),
            "value_format": text_or_null("value_format"),
            "units": text_or_null("units"),
            "classification": text("shown_as"),
            "active": plain("active"),
        }
    ),
}

INSIDE: Final[LiteralString] = (
    "inside as (select %s::bigint as id union select g.id from groups g join inside on g.parent_id = inside.id)"
)
"""A group and all below it, to stand after `with recursive`; the source's tree may hold a circle."""


_LISTINGS: Final = {
    kind: Listing(kind, f"select {_JSON[kind]}, sort_name, id from {kind}", "sort_name, id", key_of(str, int))
    for kind in MASTER_KINDS
}


_CHANGE: Final = json_object(
    {
        "id": text("id"),
        "event_type_id": identifier("event_type_id"),
        "before": text("before"),
        "after": text("after"),
        "changed_at": time("changed_at"),
        "changed_by": text("changed_by"),
        "reason": text_or_null("reason"),
    }
)
_CHANGES: Final = Listing(
    "classification_changes",
    f"select {_CHANGE}, changed_at, id from classification_changes",
    "changed_at desc, id desc",
    key_of(datetime.fromisoformat, UUID),
)


class PostgresFleetQueries:
    """See FleetQueries. Items are JSON from the database."""

    def __init__(self, pool: Pool, lanes: Lanes) -> None:
        self._pool = pool
        self._lanes = lanes

    async def drivers(
        self, organisation_id: OrganisationId, where: DriverFilter, page: PageRequest
    ) -> Page[DriverView | msgspec.Raw]:
        """Drivers by name."""
        conditions = _conditions(where.search, where.active, where.group_id)
        if where.people_only:
            conditions.add("kind = 'person'")
        return await self._list("drivers", organisation_id, conditions, page)

    async def driver(self, organisation_id: OrganisationId, driver_id: DriverId) -> DriverView:
        """One driver."""
        columns = ", ".join(MAPPERS["drivers"].columns)
        found = await read(self._pool, organisation_id, f"select {columns} from drivers where id = %s", (driver_id,))
        if not found:
            raise NotFound("driver", driver_id)
        return driver_view(driver_of(found[0]))

    async def vehicles(
        self, organisation_id: OrganisationId, where: VehicleFilter, page: PageRequest
    ) -> Page[VehicleView | msgspec.Raw]:
        """Vehicles by description."""
        conditions = _conditions(where.search, where.active, where.group_id)
        return await self._list("vehicles", organisation_id, conditions, page)

    async def vehicle(self, organisation_id: OrganisationId, vehicle_id: VehicleId) -> VehicleView:
        """One vehicle."""
        columns = ", ".join(MAPPERS["vehicles"].columns)
        found = await read(self._pool, organisation_id, f"select {columns} from vehicles where id = %s", (vehicle_id,))
        if not found:
            raise NotFound("vehicle", vehicle_id)
        return vehicle_view(vehicle_of(found[0]))

    async def groups(self, organisation_id: OrganisationId, page: PageRequest) -> Page[msgspec.Raw]:
        """Groups by name."""
        return await self._list("groups", organisation_id, Where(), page)

    async def event_types(
        self, organisation_id: OrganisationId, classification: str | None, page: PageRequest
    ) -> Page[msgspec.Raw]:
        """Event types by description."""
        conditions = Where()
        if classification is not None:
            conditions.add("shown_as = %s", classification)
        return await self._list("event_types", organisation_id, conditions, page)

    async def event_type(self, organisation_id: OrganisationId, event_type_id: EventTypeId) -> EventTypeView:
        """One event type."""
        columns = ", ".join(MAPPERS["event_types"].columns)
        found = await read(
            self._pool, organisation_id, f"select {columns} from event_types where id = %s", (event_type_id,)
        )
        if not found:
            raise NotFound("event type", event_type_id)
        return event_type_view(event_type_of(found[0]))

    async def classification_changes(
        self, organisation_id: OrganisationId, event_type_id: EventTypeId | None, page: PageRequest
    ) -> Page[ClassificationChangeView | msgspec.Raw]:
        """Changes, newest first."""
        conditions = Where()
        if event_type_id is not None:
            await self.event_type(organisation_id, event_type_id)
            conditions.add("event_type_id = %s", event_type_id)
        if page.cursor is not None:
            key = decode_cursor(_CHANGES.name, page.cursor, tuple[datetime, UUID])
            conditions.add("(changed_at, id) < (%s, %s)", *key)
        return await read_page(self._lanes, organisation_id, _CHANGES, conditions, page)

    async def _list(
        self, kind: MasterKind, organisation_id: OrganisationId, where: Where, page: PageRequest
    ) -> Page[Any]:
        if page.cursor is not None:
            where.add("(sort_name, id) > (%s, %s)", *decode_cursor(kind, page.cursor, tuple[str, int]))
        return await read_page(self._lanes, organisation_id, _LISTINGS[kind], where, page)


def _conditions(search: str | None, active: bool | None, group_id: int | None) -> Where:
    """A search is a scan of one organisation's rows: LIKE is not leakproof, so no index serves it under a policy."""
    where = Where()
    if search is not None and (folded := fold(search)):
        where.add("search_text like %s", like(folded))
    if active is not None:
        where.add("active = %s", active)
    if group_id is not None:
        where.add("group_id = %s", group_id)
    return where
