"""Geofences: draw, change, let go; as files; and who was there."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, Literal

import msgspec
from litestar.openapi.spec import OpenAPIType
from msgspec import UNSET, UnsetType

from trilha.application.monitoring.command_geofences import (
    AddGeofencesCommand,
    ChangeGeofenceCommand,
    DeleteGeofenceCommand,
)
from trilha.application.monitoring.geofence_files import FeaturesRefused, read_features, write_features
from trilha.application.monitoring.geofence_queries import GeofenceFilter, VisitFilter
from trilha.application.monitoring.geofence_views import GeofenceView, VisitView
from trilha.domain.areas import Area, CrossingRings, MalformedArea, area_from_geojson, area_from_wkt
from trilha.domain.kernel import GeoPoint, InvalidValue, VehicleId
from trilha.domain.monitoring import GeofenceContent
from trilha.entrypoints.http.accepting import rather_than_json
from trilha.entrypoints.http.answers import JSON, Answer, json
from trilha.entrypoints.http.bodies import read_json
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import changes, creates, reads, removes, replaces, says_methods, tries
from trilha.entrypoints.http.problems import FieldError, Refusal, bad_body
from trilha.entrypoints.http.reading import (
    DriverRef,
    Flag,
    From,
    PagedQuery,
    Query,
    Search,
    To,
    VehicleRef,
    flag,
    time_range,
)

PATH = "/v1/geofences"
ONE = PATH + "/{geofence_id:str}"
GEOJSON = b"application/geo+json"
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[^\u0000]*$")]
_Description = Annotated[str, msgspec.Meta(min_length=1, max_length=1000, pattern=r"^[^\u0000]*$")]
_Color = Annotated[str, msgspec.Meta(pattern="^#[0-9a-f]{6}$")]
_Metres = Annotated[float, msgspec.Meta(gt=0)]
_Wkt = Annotated[str, msgspec.Meta(max_length=200_000)]


class GeofencePage(msgspec.Struct, frozen=True):
    """Geofences, and where to go on."""

    items: tuple[GeofenceView, ...]
    next_cursor: str | None


class GeofencesFound(msgspec.Struct, frozen=True):
    """Some geofences, all there are."""

    items: tuple[GeofenceView, ...]


class VisitPage(msgspec.Struct, frozen=True):
    """Visits, and where to go on."""

    items: tuple[VisitView, ...]
    next_cursor: str | None


class GeofencesQuery(PagedQuery, frozen=True, kw_only=True):
    """Which geofences."""

    search: Search | None = None
    active: Flag | None = None


class VisitsQuery(PagedQuery, frozen=True, kw_only=True):
    """Which visits: by when they began."""

    from_: From | None = None
    to: To | None = None
    driver_id: DriverRef | None = None
    open: Annotated[bool, flag("Only visits that go on, or, with false, only those that are over")] | None = None


class VisitsOfGeofenceQuery(VisitsQuery, frozen=True, kw_only=True):
    """Which visits to a geofence."""

    vehicle_id: VehicleRef | None = None


class Drawn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an area is given: as a GeoJSON `geometry` with the metres it needs, or as `wkt`; longitude comes first."""

    geometry: dict[str, Any] | UnsetType = UNSET
    radius_m: _Metres | None = None
    half_width_m: _Metres | None = None
    wkt: _Wkt | UnsetType = UNSET


class NewGeofence(Drawn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A geofence to be."""

    name: _Name
    description: _Description | None = None
    color: _Color | None = None
    active: bool = True


class WholeGeofence(NewGeofence, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of a geofence anew; `version` is the one that this was made from."""

    version: int


class GeofencePatch(Drawn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different; with `version`, only if that is still the last one."""

    name: _Name | UnsetType = UNSET
    description: _Description | UnsetType | None = UNSET
    color: _Color | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET
    version: int | UnsetType = UNSET


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place to try."""

    latitude_deg: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    longitude_deg: Annotated[float, msgspec.Meta(ge=-180, le=180)]


class FeatureCollection(msgspec.Struct, frozen=True):
    """GeoJSON (RFC 7946). Each feature needs the property `name`; a Point `radius_m`, a LineString `half_width_m`."""

    type: Literal["FeatureCollection"]
    features: Annotated[list[dict[str, Any]], msgspec.Meta(min_length=1)]


@reads(PATH, "listGeofences", GeofencePage, tag="monitoring", query=GeofencesQuery)
async def list_geofences(request: Call) -> Answer:
    """Geofences by name.

    `search` looks in the name. Two geofences may have the same name; the id tells them apart.
    """
    asked = request.asks(GeofencesQuery)
    where = GeofenceFilter(search=asked.search, active=asked.active)
    return json(await request.parts.geofences.geofences(await request.organisation(), where, asked.page))


@creates(PATH, "createGeofence", GeofenceView, tag="monitoring", body=NewGeofence)
async def create_geofence(request: Call) -> Answer:
    """Give an area a name.

    The area is a GeoJSON `geometry` (Polygon; Point with `radius_m`; LineString with `half_width_m` on either side) or
    a `wkt` (POLYGON, LINESTRING, or `CIRCLE (longitude latitude, radius)`). Longitude comes first. A ring that crosses
    itself is refused with the two segments and the place.
    """
    request.asks(Query)
    raw, asked = await read_json(request, NewGeofence)
    area = _area_of(asked)
    if area is None:
        raise bad_body("/geometry", "invalid_value", "there is no area; expected geometry or wkt")
    content = GeofenceContent(
        name=asked.name, description=asked.description, color=asked.color, active=asked.active, area=area
    )
    organisation_id = await request.organisation()
    command = AddGeofencesCommand(organisation_id, (content,), request.scope_of(organisation_id, raw))
    (made,) = await request.parts.add_geofences(command)
    location = f"{PATH}/{made.id}".encode()
    return json(made, status=HTTPStatus.CREATED, headers=((b"location", location),))


@reads(ONE, "getGeofence", GeofenceView, tag="monitoring", also={GEOJSON.decode(): OpenAPIType.OBJECT})
async def get_geofence(request: Call) -> Answer:
    """One geofence, as JSON or, by the header Accept, as a GeoJSON Feature (`application/geo+json`)."""
    request.asks(Query)
    geofence_id = request.uuid("geofence_id")
    found = await request.parts.geofences.geofence(await request.organisation(), geofence_id)
    if not _wants_geojson(request):
        return json(found)
    return Answer(msgspec.json.encode(_feature(found)), media_type=GEOJSON)


@replaces(ONE, "replaceGeofence", GeofenceView, tag="monitoring", body=WholeGeofence)
async def replace_geofence(request: Call) -> Answer:
    """Say all of a geofence anew.

    Refused with `monitoring.geofence_changed_since` if somebody changed it after the `version` that is named.
    """
    raw, asked = await read_json(request, WholeGeofence)
    area = _area_of(asked)
    if area is None:
        raise bad_body("/geometry", "invalid_value", "there is no area; expected geometry or wkt")
    said = {
        "name": asked.name,
        "description": asked.description,
        "color": asked.color,
        "active": asked.active,
        "area": area,
    }
    return await _change(request, raw, said, asked.version)


@changes(ONE, "changeGeofence", GeofenceView, tag="monitoring", body=GeofencePatch)
async def change_geofence(request: Call) -> Answer:
    """Rename, redraw, describe or colour a geofence, or put it to sleep.

    What is not named stays. With `version`, refused with `monitoring.geofence_changed_since` if somebody was faster.
    """
    raw, asked = await read_json(request, GeofencePatch)
    named = {"name": asked.name, "description": asked.description, "color": asked.color, "active": asked.active}
    said: dict[str, Any] = {name: value for name, value in named.items() if value is not UNSET}
    area = _area_of(asked)
    if area is not None:
        said["area"] = area
    return await _change(request, raw, said, None if asked.version is UNSET else asked.version)


@removes(ONE, "deleteGeofence", tag="monitoring")
async def delete_geofence(request: Call) -> None:
    """Let a geofence go. Its visits stay, with its name.

    Refused with `monitoring.geofence_in_use`, naming them, while alert rules wait for it.
    """
    request.asks(Query)
    geofence_id = request.uuid("geofence_id")
    await request.parts.delete_geofence(DeleteGeofenceCommand(await request.organisation(), geofence_id))


@reads(
    PATH + ".geojson",
    "exportGeofences",
    FeatureCollection,
    tag="monitoring",
    also={GEOJSON.decode(): OpenAPIType.OBJECT},
)
async def export_geofences(request: Call) -> Answer:
    """Every geofence as a GeoJSON FeatureCollection, which can be imported again."""
    request.asks(Query)
    fences = await request.parts.find_geofences(await request.organisation())
    return Answer(msgspec.json.encode(write_features(fences)), media_type=GEOJSON)


@creates(PATH + "/import", "importGeofences", GeofencesFound, tag="monitoring", body=FeatureCollection)
async def import_geofences(request: Call) -> Answer:
    """Make a geofence of every feature of a GeoJSON FeatureCollection, or of none.

    What is wrong is told with the number of the feature, from 1, and the place in it. 1 MiB at most.
    """
    request.asks(Query)
    raw, document = await read_json(request, dict[str, Any], media_types=(JSON, GEOJSON))
    try:
        contents = read_features(document)
    except FeaturesRefused as error:
        errors = tuple(
            FieldError(message=one.message, code=one.code, pointer=f"/features/{one.feature - 1}")
            for one in error.refusals
        )
        raise Refusal(HTTPStatus.BAD_REQUEST, error.code, str(error), errors=errors) from None
    organisation_id = await request.organisation()
    command = AddGeofencesCommand(organisation_id, contents, request.scope_of(organisation_id, raw))
    made = await request.parts.add_geofences(command)
    headers = ((b"location", PATH.encode()),)
    return json(GeofencesFound(made), status=HTTPStatus.CREATED, headers=headers)


@tries(PATH + "/test", "testGeofences", GeofencesFound, tag="monitoring", body=Place)
async def try_geofences(request: Call) -> Answer:
    """The active geofences around a place, as a vehicle there would be found in them."""
    request.asks(Query)
    _, asked = await read_json(request, Place)
    place = GeoPoint(asked.latitude_deg, asked.longitude_deg)
    return json(GeofencesFound(await request.parts.find_geofences.around(await request.organisation(), place)))


@reads(ONE + "/visits", "listGeofenceVisits", VisitPage, tag="monitoring", query=VisitsOfGeofenceQuery)
async def list_visits_of_a_geofence(request: Call) -> Answer:
    """Who was at a geofence, newest first, with the time in and out; also of one that was deleted.

    A visit belongs to the time when it began. `dwelled_s` is null while it goes on.
    """
    asked = request.asks(VisitsOfGeofenceQuery)
    geofence_id, organisation_id = request.uuid("geofence_id"), await request.organisation()
    where = VisitFilter(
        geofence_id=geofence_id,
        vehicle_ids=None if asked.vehicle_id is None else (asked.vehicle_id,),
        driver_id=asked.driver_id,
        entered=time_range(asked.from_, asked.to),
        open=asked.open,
    )
    found = await request.parts.geofences.visits(organisation_id, where, asked.page)
    if not found.items:
        await request.parts.geofences.geofence(organisation_id, geofence_id)
    return json(found)


@reads("/v1/vehicles/{vehicle_id:str}/visits", "listVehicleVisits", VisitPage, tag="monitoring", query=VisitsQuery)
async def list_visits_of_a_vehicle(request: Call) -> Answer:
    """Where a vehicle was, newest first, with the time in and out."""
    asked = request.asks(VisitsQuery)
    vehicle_id, organisation_id = VehicleId(request.source_id("vehicle_id")), await request.organisation()
    where = VisitFilter(
        vehicle_ids=(vehicle_id,),
        driver_id=asked.driver_id,
        entered=time_range(asked.from_, asked.to),
        open=asked.open,
    )
    found = await request.parts.geofences.visits(organisation_id, where, asked.page)
    if not found.items:
        await request.parts.fleet.vehicle(organisation_id, vehicle_id)
    return json(found)


async def _change(request: Call, raw: bytes, said: dict[str, Any], seen: int | None) -> Answer:
    request.asks(Query)
    geofence_id, organisation_id = request.uuid("geofence_id"), await request.organisation()
    scope = request.scope_of(organisation_id, raw)
    command = ChangeGeofenceCommand(organisation_id, geofence_id, said, seen, scope)
    return json(await request.parts.change_geofence(command))


def _area_of(drawn: Drawn) -> Area | None:
    """The area of a body; raises Refusal with a pointer for what is none."""
    if drawn.geometry is UNSET and drawn.wkt is UNSET:
        if drawn.radius_m is not None or drawn.half_width_m is not None:
            raise bad_body("/geometry", "invalid_value", "metres without an area; expected geometry or wkt beside them")
        return None
    if drawn.geometry is not UNSET and drawn.wkt is not UNSET:
        raise bad_body("/wkt", "invalid_value", "geometry and wkt are given; expected one of them")
    if isinstance(drawn.wkt, str):
        text = drawn.wkt
        if drawn.radius_m is not None:
            message = f"radius_m is {drawn.radius_m:g}; expected none: a CIRCLE says its own"
            raise bad_body("/radius_m", "invalid_value", message)
        return _refusing("/wkt", lambda: area_from_wkt(text, drawn.half_width_m))
    metres = {"radius_m": drawn.radius_m, "half_width_m": drawn.half_width_m}
    feature = {"type": "Feature", "geometry": drawn.geometry, "properties": metres}
    return _refusing("/geometry", lambda: area_from_geojson(feature))


def _refusing(pointer: str, read: Callable[[], Area]) -> Area:
    try:
        return read()
    except (InvalidValue, MalformedArea, CrossingRings) as error:
        raise bad_body(pointer, error.code, str(error)) from None


def _wants_geojson(request: Call) -> bool:
    return rather_than_json(request.header(b"accept"), GEOJSON.decode())


def _feature(view: GeofenceView) -> dict[str, Any]:
    properties = msgspec.to_builtins(view)
    geometry = properties.pop("geometry")
    return {"type": "Feature", "id": properties.pop("id"), "properties": properties, "geometry": geometry}


ROUTES = (
    says_methods(PATH, "GET", "POST"),
    says_methods(ONE, "GET", "PUT", "PATCH", "DELETE"),
    list_geofences,
    create_geofence,
    export_geofences,
    import_geofences,
    try_geofences,
    get_geofence,
    replace_geofence,
    change_geofence,
    delete_geofence,
    list_visits_of_a_geofence,
    list_visits_of_a_vehicle,
)
