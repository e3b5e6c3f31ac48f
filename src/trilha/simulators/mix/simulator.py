"""The simulated identity and API hosts on one port, and their controls."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from trilha.simulators.mix.amendments import AMENDABLE, Amendments, AmendmentTruth
from trilha.simulators.mix.api import IntegrateApi
from trilha.simulators.mix.clock import Clock, VirtualClock, system_clock
from trilha.simulators.mix.faults import HEADERS, INSTEAD, ON_THE_WIRE, FaultBook, Route
from trilha.simulators.mix.http11 import HttpServer
from trilha.simulators.mix.identity import Identity
from trilha.simulators.mix.messages import Request, Response
from trilha.simulators.mix.recorded import RecordedApi
from trilha.simulators.mix.records import Kind
from trilha.simulators.mix.routes import Asked, find_route
from trilha.simulators.mix.sabotage import answer_instead, spoil
from trilha.simulators.mix.scenario import Scenario
from trilha.simulators.mix.sidedoor import Amend, ClockChange, LateEvents, RouteCalls, SideDoor
from trilha.simulators.mix.streams import open_amendments, open_organisation
from trilha.simulators.mix.timeline import from_ms
from trilha.simulators.mix.truth import Truth, truth_of
from trilha.simulators.mix.wire import Amendment, Streamed

_IDENTITY_PATHS = {
    ("GET", "/core/.well-known/openid-configuration"): Route.DISCOVERY,
    ("POST", "/core/connect/token"): Route.TOKEN,
}


class MixSimulator:
    """A MiX organisation on a socket.

    `clock` must give aware UTC times. With folders of `tracks` the organisation is made of the recordings in them (see
    `tracked`); raises `ValueError` when one holds none. Use as an async context manager, or `start` and `stop`.
    Everything that the side door does over HTTP is a method here, for tests in the same process.
    """

    def __init__(
        self, scenario: Scenario | None = None, clock: Clock = system_clock, tracks: Sequence[Path] = ()
    ) -> None:
        self.scenario = scenario or Scenario()
        self.behaviour = self.scenario.behaviour
        self.faults = FaultBook()
        self._clock = VirtualClock(clock)
        self.fleet, self._streams, self.tracks = open_organisation(self.scenario, tracks)
        self._identity = Identity(self.scenario.login)
        self._amendments = open_amendments(self.scenario, self.fleet, self._streams)
        recorded = RecordedApi(self.fleet, self._streams, self._amendments, self.faults)
        self._api = IntegrateApi(self.fleet, recorded, self._identity)
        self._side_door = SideDoor(self)
        self._calls: dict[Route, RouteCalls] = {}
        self._http = HttpServer(self._answer, compress=lambda: self.behaviour.gzip)
        self._base_url = ""

    @property
    def organisation_id(self) -> int:
        """The group id to ask for."""
        return self.fleet.organisation_id

    @property
    def identity_url(self) -> str:
        """Base of the identity host, ending in `/core` as the real one."""
        return f"{self.api_url}/core"

    @property
    def api_url(self) -> str:
        """Base of the API host, of `/version` and of the side door; raises `RuntimeError` before `start`."""
        if not self._base_url:
            raise RuntimeError("the simulator is not started, so it has no address yet")
        return self._base_url

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 lets the system choose. Raises `OSError` when the address is taken."""
        chosen = await self._http.start(host, port)
        self._base_url = f"http://{f'[{host}]' if ':' in host else host}:{chosen}"

    async def stop(self) -> None:
        """Close the listener and every connection."""
        await self._http.stop()
        self._base_url = ""

    async def __aenter__(self) -> Self:
        if not self._base_url:
            await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def now(self) -> datetime:
        """The simulated time."""
        return self._clock.now()

    def change_clock(self, change: ClockChange) -> datetime:
        """Reset, then set, then advance, as far as asked; returns the time after it."""
        if change.reset:
            self._clock.reset()
        if change.set is not None:
            self._clock.set(change.set, stop=change.stop)
        if change.advance_s is not None:
            self._clock.advance(timedelta(seconds=change.advance_s))
        return self.now()

    def add_late_events(self, request: LateEvents) -> list[Streamed]:
        """Create records now that happened before; they are served once the clock has passed this second."""
        return self._streams[request.kind].add(request.count, timedelta(seconds=request.late_by_s), self.now())

    def revoke_tokens(self, *, access: bool = True, refresh: bool = False) -> int:
        """Make tokens given out so far worthless; returns how many."""
        return self._identity.revoke(access=access, refresh=refresh)

    def calls(self) -> dict[Route, RouteCalls]:
        """Counts per route since the start or the last reset."""
        return self._calls

    def reset_calls(self) -> None:
        """Forget the counts and the quota used."""
        self._calls.clear()
        self._api.limiter.reset()

    def truth(self, since: datetime | None = None, until: datetime | None = None, kind: Kind = Kind.EVENTS) -> Truth:
        """What a consumer without loss or doubles holds after reading from `since` (the epoch) to `until` (now).

        Recordings may begin before the epoch; then `since` left out is the first of them.
        """
        begin = from_ms(0) if self.tracks.recordings else self.scenario.epoch
        return truth_of(self._streams[kind], since or begin, until or self.now())

    def amend(self, request: Amend) -> Amendment:
        """Put an event or a trip in quarantine, or give it to another driver, now."""
        return self._amendments_of(request.kind).add(request.id, request.new_driver_id, self.now())

    def amendment_truth(
        self, since: datetime | None = None, until: datetime | None = None, kind: Kind = Kind.EVENTS
    ) -> AmendmentTruth:
        """What the amendments dated from `since` (the epoch) to before `until` (now) come to."""
        now = self.now()
        return self._amendments_of(kind).truth(since or self.scenario.epoch, until or now, now)

    def spend(self, calls: int) -> None:
        """Let another tool of the customer make calls with the same credentials."""
        self._api.limiter.spend(self.scenario.login.client_id, calls, self.behaviour, self.now())

    def _amendments_of(self, kind: Kind) -> Amendments:
        if kind not in AMENDABLE:
            raise ValueError(f"{kind} have no amendments, only {' and '.join(sorted(AMENDABLE))} have")
        return self._amendments[kind]

    def _answer(self, request: Request) -> Response:
        if request.path.startswith("/_sim"):
            return self._side_door.answer(request)
        asked = self._asked(request)
        response = self._with_faults(request, asked)
        counts = self._calls.setdefault(asked.route, RouteCalls())
        counts.calls += 1
        counts.statuses[0 if response.never_answer else response.status] += 1
        return response.but(wait_s=response.wait_s + self.behaviour.latency_ms / 1000)

    def _asked(self, request: Request) -> Asked:
        identity = _IDENTITY_PATHS.get((request.method, request.path))
        return Asked(identity) if identity else find_route(request)

    def _with_faults(self, request: Request, asked: Asked) -> Response:
        instead = self.faults.take(asked.route, INSTEAD)
        if instead:
            return answer_instead(instead)
        response = self._sound(request, asked)
        kinds = (HEADERS if "HasMoreItems" in response.headers else frozenset()) | (
            ON_THE_WIRE if response.body else frozenset()
        )
        while kinds and (fault := self.faults.take(asked.route, kinds)):
            response = spoil(fault, response)
            kinds = kinds - {fault.kind}
        return response

    def _sound(self, request: Request, asked: Asked) -> Response:
        if asked.route is Route.DISCOVERY:
            return self._identity.discovery(self.identity_url)
        if asked.route is Route.TOKEN:
            return self._identity.token(request, self.behaviour, self.now())
        return self._api.answer(request, asked, self.behaviour, self.now())


async def serve(scenario: Scenario, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Run a simulator until cancelled; `ready` is called with the base URL once it listens."""
    simulator = MixSimulator(scenario)
    await simulator.start(host, port)
    try:
        ready(simulator.api_url)
        await asyncio.get_running_loop().create_future()
    finally:
        await simulator.stop()
