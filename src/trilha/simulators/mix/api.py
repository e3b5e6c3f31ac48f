"""The doorway of MiX Integrate: bearer and visibility checks, quota, and the master data."""

from collections.abc import Callable
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TypeVar

from trilha.simulators.mix.faults import Route
from trilha.simulators.mix.fleet import Fleet
from trilha.simulators.mix.identity import Identity
from trilha.simulators.mix.limiter import RateLimiter
from trilha.simulators.mix.messages import NOT_AUTHORISED, Request, Response, json_response, refusal
from trilha.simulators.mix.recorded import RECORDED, RecordedApi
from trilha.simulators.mix.refusals import Refused, bad_argument
from trilha.simulators.mix.routes import Asked
from trilha.simulators.mix.sabotage import quota_exceeded
from trilha.simulators.mix.scenario import Behaviour
from trilha.simulators.mix.wire import Asset, Driver

_ORGANISATION_ONLY = frozenset({Route.ORGANISATION_DETAILS, Route.DRIVERS, Route.LIBRARY})
_ASSET_FILTERS = {"registration": "registration_number", "description": "description"}
_DRIVER_FILTERS = {"name": "name", "fmdriverid": "fm_driver_id", "employeenumber": "employee_number"}
_NEVER_204 = frozenset({Route.DRIVERS, Route.GROUP_DRIVERS})
Item = TypeVar("Item", Asset, Driver)


class IntegrateApi:
    """Answers requests on an organisation's data."""

    def __init__(self, fleet: Fleet, recorded: RecordedApi, identity: Identity) -> None:
        self._fleet = fleet
        self._recorded = recorded
        self._identity = identity
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

    def answer(self, request: Request, asked: Asked, behaviour: Behaviour, now: datetime) -> Response:
        """Check the caller and the quota, then serve the route."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        client_id = self._identity.client_of(token, now) if scheme.lower() == "bearer" else None
        if client_id is None:
            return refusal(401, "UnauthorizedAccessException", "Token missing, expired or revoked")
        wait_s = self.limiter.seconds_to_wait(client_id, behaviour, now)
        if wait_s:
            return quota_exceeded(f"{behaviour.calls_per_minute} per Minute", wait_s if behaviour.retry_after else None)
        try:
            if asked.route in RECORDED:
                return self._recorded.answer(request, asked, behaviour, now)
            return self._master_data(request, asked, explicit_nulls=behaviour.explicit_nulls)
        except Refused as refused:
            return refused.response

    def _master_data(self, request: Request, asked: Asked, *, explicit_nulls: bool) -> Response:
        payload = self._payload(request, asked.route, [int(part) for part in asked.parts])
        if payload == [] and asked.route not in _NEVER_204:
            return Response(204)
        return json_response(payload, explicit_nulls=explicit_nulls)

    def _payload(self, request: Request, route: Route, ids: list[int]) -> object:
        if ids and route is not Route.ASSET:
            self._check_visible(ids[0], organisation=route in _ORGANISATION_ONLY)
        handler = self._handlers.get(route)
        if handler is None:
            raise Refused(refusal(404, "HttpResponseException", f"No HTTP resource was found for {request.path}"))
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
            raise Refused(NOT_AUTHORISED)

    def _assets_below(self, group_id: int) -> list[Asset]:
        sites = self._fleet.sites_below(group_id)
        return [asset for asset in self._fleet.assets if asset.site_id in sites]

    def _drivers_below(self, group_id: int) -> list[Driver]:
        sites = self._fleet.sites_below(group_id)
        return [driver for driver in self._fleet.drivers if driver.site_id in sites]


def _only(found: list[Item]) -> Item:
    """An id that is not in a group the caller may see is refused like a group that he may not see."""
    if not found:
        raise Refused(NOT_AUTHORISED)
    return found[0]


def _select(items: list[Item], parameters: dict[str, str], attributes: dict[str, str]) -> list[Item]:
    """The query filters of a list. Case is ignored and `*` stands for anything; the real rules are unproven."""
    chosen = parameters.get("filterType")
    if chosen is None:
        return items
    attribute = attributes.get(chosen.lower())
    if attribute is None:
        raise bad_argument(f"filterType must be one of {', '.join(attributes)}")
    pattern = parameters.get("wildCard", "*").lower()
    return [item for item in items if fnmatchcase(str(getattr(item, attribute) or "").lower(), pattern)]
