"""The routes of MiX Integrate: bearer and visibility checks, quota, master data and the event stream."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import TypeVar

import msgspec

from trilha.simulators.mix.faults import FaultBook, FaultKind, Route
from trilha.simulators.mix.fleet import Fleet
from trilha.simulators.mix.identity import Identity
from trilha.simulators.mix.limiter import RateLimiter
from trilha.simulators.mix.messages import NOT_AUTHORISED, Request, Response, json_response, refusal
from trilha.simulators.mix.sabotage import malformed, quota_exceeded, with_odd_value, with_unknown_words
from trilha.simulators.mix.scenario import Behaviour
from trilha.simulators.mix.stream import EventStream, Page, read_token
from trilha.simulators.mix.timeline import to_ms
from trilha.simulators.mix.wire import Asset, Driver, encode

_ID = r"(-?\d+)"
_SINCE = rf"/api/events/groups/createdsince/organisation/{_ID}/sincetoken/([^/]+)/quantity/([^/]+)"
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
    ("GET", _SINCE, Route.EVENTS_SINCE),
    ("POST", _SINCE, Route.EVENTS_SINCE_FILTERED),
)
_ROUTES = tuple((method, re.compile(path), route) for method, path, route in _PATHS)
_TYPES = msgspec.json.Decoder(list[int], strict=False)
_OVERSIZE = 3
_STREAM = frozenset({Route.EVENTS_SINCE, Route.EVENTS_SINCE_FILTERED})
_ORGANISATION_ONLY = frozenset({*_STREAM, Route.ORGANISATION_DETAILS, Route.DRIVERS, Route.LIBRARY})
_ASSET_FILTERS = {"registration": "registration_number", "description": "description"}
_DRIVER_FILTERS = {"name": "name", "fmdriverid": "fm_driver_id", "employeenumber": "employee_number"}
_NEVER_204 = frozenset({Route.DRIVERS, Route.GROUP_DRIVERS})
Item = TypeVar("Item", Asset, Driver)


def find_route(request: Request) -> tuple[Route, tuple[str, ...]]:
    """The route that a request asks for, and the variable parts of its path."""
    for method, path, route in _ROUTES:
        found = path.fullmatch(request.path)
        if found and method == request.method:
            return route, found.groups()
    return Route.UNKNOWN, ()


class IntegrateApi:
    """Answers requests on an organisation's data."""

    def __init__(self, fleet: Fleet, stream: EventStream, identity: Identity, faults: FaultBook) -> None:
        self._fleet = fleet
        self._stream = stream
        self._identity = identity
        self._faults = faults
        self.limiter = RateLimiter()
        self._handlers: dict[Route, Callable[..., object]] = {
            Route.VERSION: lambda _: "1.0.0.0 (simulated)",
            Route.ORGANISATIONS: lambda _: [fleet.group(fleet.organisation_id)],
            Route.SUBGROUPS: lambda _, group_id: fleet.groups[group_id],
            Route.GROUP: lambda _, group_id: fleet.group(group_id),
            Route.ORGANISATION_DETAILS: lambda _, _id: fleet.detail(),
            Route.LIBRARY: lambda _, _id: [kind.record for kind in fleet.library],
            Route.ASSETS: self._assets,
            Route.ASSET: self._asset,
            Route.GROUP_ASSET: self._asset,
            Route.DRIVERS: self._drivers,
            Route.GROUP_DRIVERS: self._drivers,
            Route.DRIVER: self._driver,
        }

    def answer(
        self, request: Request, route: Route, parts: tuple[str, ...], behaviour: Behaviour, now: datetime
    ) -> Response:
        """Check the caller and the quota, then serve the route."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        client_id = self._identity.client_of(token, now) if scheme.lower() == "bearer" else None
        if client_id is None:
            return refusal(401, "UnauthorizedAccessException", "Token missing, expired or revoked")
        wait_s = self.limiter.seconds_to_wait(client_id, behaviour, now)
        if wait_s:
            return quota_exceeded(f"{behaviour.calls_per_minute} per Minute", wait_s if behaviour.retry_after else None)
        if route in _STREAM:
            types = None if route is Route.EVENTS_SINCE else request.body
            return self._events(parts, types, behaviour, now)
        return self._master_data(request, route, parts, explicit_nulls=behaviour.explicit_nulls)

    def _master_data(self, request: Request, route: Route, parts: tuple[str, ...], *, explicit_nulls: bool) -> Response:
        try:
            payload = self._payload(request, route, [int(part) for part in parts])
        except _Refused as refused:
            return refused.response
        if payload == [] and route not in _NEVER_204:
            return Response(204)
        return json_response(payload, explicit_nulls=explicit_nulls)

    def _payload(self, request: Request, route: Route, ids: list[int]) -> object:
        if ids and route is not Route.ASSET:
            self._check_visible(ids[0], organisation=route in _ORGANISATION_ONLY)
        handler = self._handlers.get(route)
        if handler is None:
            raise _Refused(refusal(404, "HttpResponseException", f"No HTTP resource was found for {request.path}"))
        return handler(request, *ids)

    def _asset(self, _: Request, *ids: int) -> Asset:
        """By group and asset, or by asset alone."""
        group_id, asset_id = ids if len(ids) > 1 else (self._fleet.organisation_id, ids[0])
        return _only([asset for asset in self._assets_below(group_id) if asset.asset_id == asset_id])

    def _driver(self, _: Request, group_id: int, driver_id: int) -> Driver:
        return _only([driver for driver in self._drivers_below(group_id) if driver.driver_id == driver_id])

    def _assets(self, request: Request, group_id: int) -> list[Asset]:
        return _select(self._assets_below(group_id), request.parameters(), _ASSET_FILTERS)

    def _drivers(self, request: Request, group_id: int) -> list[Driver]:
        return _select(self._drivers_below(group_id), request.parameters(), _DRIVER_FILTERS)

    def _check_visible(self, group_id: int, *, organisation: bool) -> None:
        visible = {self._fleet.organisation_id} if organisation else self._fleet.groups.keys()
        if group_id not in visible:
            raise _Refused(NOT_AUTHORISED)

    def _assets_below(self, group_id: int) -> list[Asset]:
        sites = self._fleet.sites_below(group_id)
        return [asset for asset in self._fleet.assets if asset.site_id in sites]

    def _drivers_below(self, group_id: int) -> list[Driver]:
        sites = self._fleet.sites_below(group_id)
        return [driver for driver in self._fleet.drivers if driver.site_id in sites]

    def _events(self, parts: tuple[str, ...], body: bytes | None, behaviour: Behaviour, now: datetime) -> Response:
        try:
            self._check_visible(int(parts[0]), organisation=True)
            since_ms = _since(parts[1], behaviour, now)
            quantity = _quantity(parts[2], behaviour)
            types = None if body is None else _type_filter(body)
        except _Refused as refused:
            return refused.response
        route = Route.EVENTS_SINCE if body is None else Route.EVENTS_SINCE_FILTERED
        large = self._faults.take(route, {FaultKind.OVERSIZED_PAGE})
        page = self._stream.page(since_ms, quantity, now, types=types, factor=_OVERSIZE if large else 1)
        return self._page_response(route, page, explicit_nulls=behaviour.explicit_nulls)

    def _page_response(self, route: Route, page: Page, *, explicit_nulls: bool) -> Response:
        headers = {"HasMoreItems": str(page.more), "GetSinceToken": page.next_token}
        if not page.records and not page.more:
            return Response(204, headers=headers)
        records = page.records
        if records and self._faults.take(route, {FaultKind.UNKNOWN_ENUM}):
            records = [with_unknown_words(event) for event in records]
        if records and self._faults.take(route, {FaultKind.ODD_VALUES}):
            records = [with_odd_value(event, place) for place, event in enumerate(records)]
        raw = [encode(event, explicit_nulls=explicit_nulls) for event in records]
        broken = self._faults.take(route, {FaultKind.MALFORMED_RECORD}) if records else None
        if broken:
            middle = len(raw) // 2
            raw.insert(middle, malformed(records[middle], broken.record))
        return Response(206 if page.more else 200, b"[" + b",".join(raw) + b"]", headers=headers)


class _Refused(Exception):
    """Carries an answer; it is no error of the simulator."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def _only(found: list[Item]) -> Item:
    """An id that is not in a group the caller may see is refused like a group that he may not see."""
    if not found:
        raise _Refused(NOT_AUTHORISED)
    return found[0]


def _since(token: str, behaviour: Behaviour, now: datetime) -> int:
    try:
        since_ms = read_token(token, now)
    except ValueError as error:
        raise _Refused(refusal(400, "ArgumentException", str(error))) from error
    if behaviour.reach_days and since_ms < to_ms(now - timedelta(days=behaviour.reach_days)):
        text = f"SinceToken must not be older than {behaviour.reach_days} days"
        raise _Refused(refusal(400, "ArgumentException", text))
    return since_ms


def _quantity(text: str, behaviour: Behaviour) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= behaviour.most_items):
        raise _Refused(refusal(400, "ArgumentException", f"Quantity must be from 1 to {behaviour.most_items}"))
    return int(text)


def _type_filter(body: bytes) -> frozenset[int] | None:
    """A bare list of ids, quoted or not; an empty one filters nothing."""
    try:
        return frozenset(_TYPES.decode(body)) or None
    except msgspec.MsgspecError as error:
        raise _Refused(refusal(400, "ArgumentException", "EventTypeIds list not supplied")) from error


def _select(items: list[Item], parameters: dict[str, str], attributes: dict[str, str]) -> list[Item]:
    """The query filters of a list. Case is ignored and `*` stands for anything; the real rules are unproven."""
    chosen = parameters.get("filterType")
    if chosen is None:
        return items
    attribute = attributes.get(chosen.lower())
    if attribute is None:
        raise _Refused(refusal(400, "ArgumentException", f"filterType must be one of {', '.join(attributes)}"))
    pattern = parameters.get("wildCard", "*").lower()
    return [item for item in items if fnmatchcase(str(getattr(item, attribute) or "").lower(), pattern)]
