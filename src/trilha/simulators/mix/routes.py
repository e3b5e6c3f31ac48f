"""The paths of MiX Integrate that are served."""

import re

from msgspec import Struct

from trilha.simulators.mix.faults import Route
from trilha.simulators.mix.messages import Request

_ID = r"(-?\d+)"
_TO_QUANTITY = "sincetoken/(?P<token>[^/]+)/quantity/(?P<quantity>[^/]+)"
_ENTITY = "entitytype/(?P<entity>Asset|Driver)"
_WINDOW = r"from/(?P<start>[^/]+)/to/(?P<end>[^/]+)"
_ORGANISATION = r"(?P<organisation>-?\d+)"
_SINCE = f"groups/createdsince/organisation/{_ORGANISATION}/{_TO_QUANTITY}"
_SINCE_GROUPS = f"(?P<by>groups)/createdsince/{_ENTITY}/{_TO_QUANTITY}"
_SINCE_ASSETS = f"(?P<by>assets)/createdsince/{_TO_QUANTITY}"
_SINCE_EITHER = f"(?P<by>assets|drivers)/createdsince/{_TO_QUANTITY}"
_AMENDED = f"groups/amended/{_ORGANISATION}/{_WINDOW}"
_EITHER_RANGE = f"(?P<by>assets|drivers)/{_WINDOW}"
_PATHS = (
    ("GET", "/version", Route.VERSION),
    ("GET", "/api/organisationgroups", Route.ORGANISATIONS),
    ("GET", f"/api/organisationgroups/subgroups/{_ID}", Route.SUBGROUPS),
    ("GET", f"/api/organisationgroups/group/{_ID}", Route.GROUP),
    ("GET", f"/api/organisationgroups/details/{_ID}", Route.ORGANISATION_DETAILS),
    ("GET", f"/api/assets/group/{_ID}/asset/{_ID}", Route.GROUP_ASSET),
    ("GET", f"/api/assets/group/{_ID}", Route.ASSETS),
    ("GET", f"/api/assets/{_ID}", Route.ASSET),
    ("GET", f"/api/drivers/organisation/{_ID}", Route.DRIVERS),
    ("GET", f"/api/drivers/group/{_ID}/driver/{_ID}", Route.DRIVER),
    ("GET", f"/api/drivers/group/{_ID}", Route.GROUP_DRIVERS),
    ("GET", f"/api/libraryevents/organisation/{_ID}", Route.LIBRARY),
    ("GET", f"/api/events/{_SINCE}", Route.EVENTS_SINCE),
    ("POST", f"/api/events/{_SINCE}", Route.EVENTS_SINCE_FILTERED),
    ("POST", f"/api/events/{_SINCE_GROUPS}", Route.EVENTS_SINCE_BY),
    ("POST", f"/api/events/{_SINCE_EITHER}", Route.EVENTS_SINCE_BY),
    ("POST", f"/api/events/(?P<by>groups)/{_ENTITY}/{_WINDOW}", Route.EVENTS_RANGE),
    ("POST", f"/api/events/{_EITHER_RANGE}", Route.EVENTS_RANGE),
    ("GET", f"/api/events/{_AMENDED}", Route.EVENTS_AMENDED),
    ("GET", f"/api/positions/{_SINCE}", Route.POSITIONS_SINCE),
    ("POST", f"/api/positions/{_SINCE_GROUPS}", Route.POSITIONS_SINCE_BY),
    ("POST", f"/api/positions/{_SINCE_ASSETS}", Route.POSITIONS_SINCE_BY),
    ("POST", f"/api/positions/(?P<by>groups|assets|drivers)/{_WINDOW}", Route.POSITIONS_RANGE),
    ("GET", f"/api/trips/{_SINCE}", Route.TRIPS_SINCE),
    ("POST", f"/api/trips/{_SINCE_GROUPS}", Route.TRIPS_SINCE_BY),
    ("POST", f"/api/trips/{_SINCE_EITHER}", Route.TRIPS_SINCE_BY),
    ("POST", f"/api/trips/(?P<by>groups)/{_WINDOW}/{_ENTITY}", Route.TRIPS_RANGE),
    ("POST", f"/api/trips/{_EITHER_RANGE}", Route.TRIPS_RANGE),
    ("GET", f"/api/trips/{_AMENDED}", Route.TRIPS_AMENDED),
    ("GET", f"/api/activeevents/{_SINCE}", Route.ACTIVE_EVENTS_SINCE),
    ("POST", f"/api/activeevents/{_SINCE}", Route.ACTIVE_EVENTS_SINCE_FILTERED),
    ("POST", f"/api/activeevents/{_SINCE_GROUPS}", Route.ACTIVE_EVENTS_SINCE_BY),
    ("POST", f"/api/activeevents/{_SINCE_EITHER}", Route.ACTIVE_EVENTS_SINCE_BY),
)
_ROUTES = tuple((method, re.compile(path), route) for method, path, route in _PATHS)


class Asked(Struct, frozen=True):
    """A route, the variable parts of its path in their order, and those that have a name."""

    route: Route
    parts: tuple[str, ...] = ()
    named: dict[str, str] = {}


def find_route(request: Request) -> Asked:
    """What a request asks for."""
    for method, path, route in _ROUTES:
        found = path.fullmatch(request.path)
        if found and method == request.method:
            return Asked(route, found.groups(), found.groupdict())
    return Asked(Route.UNKNOWN)
