"""Geofences and the visits to them. An area is kept as GeoJSON, so that other programs can read the table."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

import msgspec

from trilha.adapters.postgres.session import Row, Session
from trilha.adapters.postgres.versioned import save_version, versioned
from trilha.domain.areas import area_from_geojson, area_to_geojson
from trilha.domain.kernel import Conflict, NotFound, OrganisationId, VehicleId, fold
from trilha.domain.monitoring import Departure, Geofence, GeofenceContent, Passage, Visit

_COLUMNS: Final = (
    "id", "name", "sort_name", "description", "color", "area", "active", "created_at", "changed_at", "deleted_at",
    "version",
)  # fmt: skip
GEOFENCE_COLUMNS: Final = (
    "id, name, description, color, area::text, active, created_at, changed_at, deleted_at, version"
)
"""What `geofence_of` reads."""
_SELECT: Final[LiteralString] = f"select {GEOFENCE_COLUMNS} from geofences"
_SAVE: Final = versioned("geofences", "id", _COLUMNS, as_json=("area",))
_BEGIN: Final[LiteralString] = (
    "insert into geofence_visits (organisation_id, id, geofence_id, vehicle_id, driver_id, entered_at, "
    "entry_latitude_deg, entry_longitude_deg, left_at, exit_latitude_deg, exit_longitude_deg) "
    "select %s, * from unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::bigint[], %s::timestamptz[], "
    "%s::float8[], %s::float8[], %s::timestamptz[], %s::float8[], %s::float8[]) on conflict do nothing"
)
_END: Final[LiteralString] = (
    "update geofence_visits v set left_at = greatest(given.left_at, v.entered_at), "
    "exit_latitude_deg = given.latitude_deg, exit_longitude_deg = given.longitude_deg "
    "from unnest(%s::uuid[], %s::bigint[], %s::timestamptz[], %s::float8[], %s::float8[]) "
    "given (geofence_id, vehicle_id, left_at, latitude_deg, longitude_deg) "
    "where v.organisation_id = %s and v.geofence_id = given.geofence_id and v.vehicle_id = given.vehicle_id "
    "and v.left_at is null"
)


class PostgresGeofences:
    """See Geofences."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def stamp(self) -> str:
        """Deleted ones stay, so the sum of all versions only grows."""
        rows = await self._session.rows("select coalesce(sum(version + 1), 0) from geofences")
        return str(rows[0][0])

    async def all(self) -> Sequence[Geofence]:
        """Every geofence that was not deleted, by id."""
        rows = await self._session.rows(
            f"select {GEOFENCE_COLUMNS} from geofences where deleted_at is null order by id"
        )
        return [geofence_of(row) for row in rows]

    async def get(self, geofence_id: UUID) -> Geofence:
        """One of them, locked until the unit ends: who changes it and who deletes it take turns."""
        rows = await self._session.rows(f"{_SELECT} where id = %s and deleted_at is null for update", (geofence_id,))
        if not rows:
            raise NotFound("geofence", geofence_id)
        return geofence_of(rows[0])

    async def save(self, geofences: Sequence[Geofence]) -> None:
        """Write version n + 1 over version n, or a first version 0."""
        for fence in geofences:
            row = msgspec.structs.asdict(fence) | {
                **msgspec.structs.asdict(fence.content),
                "organisation": self._organisation_id,
                "sort_name": fold(fence.content.name),
                "area": msgspec.json.encode(area_to_geojson(fence.content.area)).decode(),
            }
            del row["content"]
            if not await save_version(self._session, _SAVE, row, fence.version):
                raise Conflict(f"geofence {fence.id} was changed by another writer: read it again")


class PostgresVisits:
    """See Visits. Nothing is waited for: what is queued travels with the next statement."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def follow(self, passages: Sequence[Passage]) -> None:
        """Open and close visits, in this order."""
        for together in _rounds(passages):
            departures = [passage for passage in together if isinstance(passage, Departure)]
            if departures:
                self._session.later(_END, (*_columns(map(_departure_row, departures)), self._organisation_id))
            visits = [passage for passage in together if isinstance(passage, Visit)]
            if visits:
                self._session.later(_BEGIN, (self._organisation_id, *_columns(map(_visit_row, visits))))

    async def end_all(self, geofence_id: UUID, at: datetime) -> Collection[VehicleId]:
        """Close the open visits to a geofence."""
        rows = await self._session.rows(
            "update geofence_visits set left_at = greatest(%s, entered_at) where geofence_id = %s and left_at is null "
            "returning vehicle_id",
            (at, geofence_id),
        )
        return [VehicleId(vehicle_id) for (vehicle_id,) in rows]


def geofence_of(row: Row) -> Geofence:
    """A geofence from its row."""
    key, name, description, color, area, active, created_at, changed_at, deleted_at, version = row
    content = GeofenceContent(
        name=name,
        description=description,
        color=color,
        area=area_from_geojson(msgspec.json.decode(area)),
        active=active,
    )
    return Geofence(
        id=key, content=content, created_at=created_at, changed_at=changed_at, deleted_at=deleted_at, version=version
    )


def _rounds(passages: Iterable[Passage]) -> list[list[Passage]]:
    """The passages in lists to be written one after the other, each with one passage of a vehicle and fence at most."""
    seen: dict[tuple[UUID, VehicleId], int] = {}
    rounds: list[list[Passage]] = []
    for passage in passages:
        pair = (passage.geofence_id, passage.vehicle_id)
        number = seen[pair] = seen.get(pair, -1) + 1
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(passage)
    return rounds


def _columns(rows: Iterable[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _visit_row(visit: Visit) -> tuple[object, ...]:
    entry, left = visit.entry, visit.exit
    return (
        visit.id,
        visit.geofence_id,
        visit.vehicle_id,
        visit.driver_id,
        visit.entered_at,
        entry and entry.latitude_deg,
        entry and entry.longitude_deg,
        visit.left_at,
        left and left.latitude_deg,
        left and left.longitude_deg,
    )


def _departure_row(departure: Departure) -> tuple[object, ...]:
    place = departure.exit
    return (
        departure.geofence_id,
        departure.vehicle_id,
        departure.left_at,
        place and place.latitude_deg,
        place and place.longitude_deg,
    )
