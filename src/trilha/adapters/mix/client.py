"""MiX Integrate as the ports see it."""

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from trilha.adapters.mix import log_events, masterdata, pages, routes, since_token
from trilha.adapters.mix.amendments import read_amendments
from trilha.adapters.mix.identity import Identity
from trilha.adapters.mix.pages import MixPages
from trilha.adapters.mix.redaction import Redactor
from trilha.adapters.mix.session import Session
from trilha.adapters.mix.settings import MixSettings
from trilha.adapters.mix.transport import Call, Transport
from trilha.adapters.mix.waiting import Chance, Waiting, system_chance
from trilha.application.ports import Clock, Priority, RateLimiter, TokenStore
from trilha.domain.fleet import Driver, EventType, FleetSource, Group, MasterList, SourceOrganisation, Vehicle
from trilha.domain.kernel import RejectedRecord
from trilha.domain.telemetry import AmendmentPage, SourcePage, Stream, TelemetrySource

_LOG = logging.getLogger(__name__)
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": "trilha"}

Record = TypeVar("Record", Group, Driver, Vehicle, EventType)


class MixClient(MixPages, FleetSource, TelemetrySource):
    """Master data, feeds and amendments of the organisations that one login may see. See `open_mix`."""

    def __init__(self, transport: Transport, clock: Clock, page_size: int) -> None:
        self._transport = transport
        self._clock = clock
        self._page_size = page_size

    async def organisations(self) -> Sequence[SourceOrganisation]:
        """See FleetSource. A record that makes no sense is left out and counted in the log."""
        call = Call("/api/organisationgroups", Priority.MASTER_DATA)
        organisations, rejected = await self._transport.ask(
            call, lambda answer: masterdata.read_organisations(answer.content)
        )
        _log_rejected(call, rejected)
        return organisations

    async def groups(self, external_id: int) -> MasterList[Group]:
        """See FleetSource."""
        return await self._list(f"/api/organisationgroups/subgroups/{external_id}", external_id, masterdata.read_groups)

    async def drivers(self, external_id: int) -> MasterList[Driver]:
        """See FleetSource."""
        return await self._list(f"/api/drivers/organisation/{external_id}", external_id, masterdata.read_drivers)

    async def vehicles(self, external_id: int) -> MasterList[Vehicle]:
        """See FleetSource. An organisation's id lists the assets of all of its sites."""
        return await self._list(f"/api/assets/group/{external_id}", external_id, masterdata.read_vehicles)

    async def event_types(self, external_id: int) -> MasterList[EventType]:
        """See FleetSource."""
        path = f"/api/libraryevents/organisation/{external_id}"
        return await self._list(path, external_id, masterdata.read_event_types)

    async def page_since(self, stream: Stream, external_id: int, token: str, *, urgent: bool) -> SourcePage:
        """See TelemetrySource. The page may hold more records than `page_size`; MiX cuts where it likes."""
        since_token.time_of(token)
        call = routes.since(stream, external_id, token, self._page_size, urgent=urgent)
        page = await self._transport.ask(
            call, lambda answer: pages.read_since(stream, answer, token, self._clock.now())
        )
        _log_rejected(call, page.rejected)
        return page

    async def page_between(self, stream: Stream, external_id: int, start: datetime, end: datetime) -> SourcePage:
        """See TelemetrySource. A record at `end` itself may come too, and is not dropped: see `routes.between`."""
        window = routes.window_of(start, end)
        call = routes.between(stream, external_id, window)
        page = await self._transport.ask(
            call, lambda answer: pages.read_between(stream, answer, "-".join(window), self._clock.now())
        )
        _log_rejected(call, page.rejected)
        return page

    async def amendments(self, stream: Stream, external_id: int, first: date, last: date) -> AmendmentPage:
        """See TelemetrySource."""
        call = routes.amended(stream, external_id, first, last)
        page = await self._transport.ask(
            call, lambda answer: read_amendments(stream, first, last, answer.content, self._clock.now())
        )
        _log_rejected(call, page.rejected)
        return page

    def token_at(self, moment: datetime) -> str:
        """See TelemetrySource: 17 digits, cut to the millisecond."""
        return since_token.token_at(moment)

    def time_of(self, token: str) -> datetime:
        """See TelemetrySource: 17 or 14 digits."""
        return since_token.time_of(token)

    async def _list(
        self, path: str, external_id: int, read: Callable[[bytes], MasterList[Record]]
    ) -> MasterList[Record]:
        call = Call(path, Priority.MASTER_DATA, external_id)
        listed = await self._transport.ask(call, lambda answer: read(answer.content))
        _log_rejected(call, listed.rejected)
        return listed


@asynccontextmanager
async def open_mix(
    settings: MixSettings,
    *,
    clock: Clock,
    token_store: TokenStore,
    rate_limiter: RateLimiter,
    chance: Chance = system_chance,
    holder: str | None = None,
) -> AsyncGenerator[MixClient, None]:
    """A client with its connections, closed at the end. `holder` names this process where processes take turns."""
    waiting = Waiting(clock, settings.retries, chance)
    redactor = Redactor(settings.credentials)
    async with _http(settings) as http:
        session = Session(
            identity=Identity(http, settings, clock, redactor),
            store=token_store,
            clock=clock,
            waiting=waiting,
            tries=settings.retries.tries,
            key=settings.key,
            holder=holder or uuid4().hex,
        )
        transport = Transport(
            http=http,
            settings=settings,
            session=session,
            limiter=rate_limiter,
            clock=clock,
            waiting=waiting,
            redactor=redactor,
        )
        try:
            yield MixClient(transport, clock, settings.page_size)
        finally:
            await session.close()


def _http(settings: MixSettings) -> httpx.AsyncClient:
    seconds = settings.timeouts
    return httpx.AsyncClient(
        headers=_HEADERS,
        timeout=httpx.Timeout(seconds.read_s, connect=seconds.connect_s),
        # A simulator on this machine is never behind the proxy that the environment names.
        trust_env=not _is_loopback(settings.hosts.api_url),
    )


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _log_rejected(call: Call, rejected: Sequence[RejectedRecord]) -> None:
    if rejected:
        reasons = sorted({record.reason for record in rejected})
        _LOG.warning(log_events.RECORDS_REJECTED, extra={"path": call.path, "count": len(rejected), "reasons": reasons})
