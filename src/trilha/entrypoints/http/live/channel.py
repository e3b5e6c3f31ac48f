"""What an organisation's listeners share: the last position of each vehicle, what came lately, and who is told.

A snapshot from the store comes first, then what the live feed carries; for a vehicle it never goes back in time.
Messages that come within TICK_S go out together, encoded once for each filter.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence

import structlog

from trilha.application.ports import VEHICLES, LiveMessage, LivePast
from trilha.application.telemetry.live_positions import read_positions
from trilha.domain.kernel import DomainError, OrganisationId
from trilha.entrypoints.http.live.filters import EVERYTHING, Membership, Vehicles, Wanted, read_membership
from trilha.entrypoints.http.live.frames import Frame, Place, frame, place_of
from trilha.entrypoints.http.live.listener import Listener
from trilha.entrypoints.http.live.metrics import LiveMetrics
from trilha.entrypoints.http.parts import HttpParts

TICK_S = 0.025
KEPT_PLACES = 20_000
"""Positions kept for those who come back: some 8 MB at most."""
CATCH_UP_MESSAGES = 2_000
CATCH_UP_PLACES = 10_000
"""Who missed more is better served with a snapshot."""
MEMBERSHIP_FRESH_S = 30.0
RETRY_S = 1.0
_log = structlog.stdlib.get_logger("trilha.http")


class Channel:
    """Run `follow` beside it; `join` and `leave` are for the hub."""

    def __init__(self, parts: HttpParts, organisation_id: OrganisationId, metrics: LiveMetrics) -> None:
        self._parts = parts
        self._organisation_id = organisation_id
        self._metrics = metrics
        self._latest: dict[int, Place] = {}
        self._kept = deque[Place]()
        self._kept_after = 0
        self._unsent: list[Place] = []
        self._applied = 0
        self._sent = 0
        self._tick: asyncio.TimerHandle | None = None
        self._listeners: dict[Wanted, list[Listener]] = {}
        self._membership: Membership | None = None
        self._membership_at = float("-inf")
        self._membership_read = asyncio.Lock()
        self._ready = asyncio.Event()
        self._joining = 0

    @property
    def is_empty(self) -> bool:
        """Whether nobody listens, or is about to."""
        return not self._listeners and not self._joining

    async def follow(self) -> None:
        """Keep up with the live feed until cancelled; begins anew whenever something was missed."""
        while True:
            try:
                await self._follow_once()
            except LivePast:
                _log.info("live.begins_anew", organisation=str(self._organisation_id))
            except DomainError as error:
                _log.warning("live.interrupted", organisation=str(self._organisation_id), error=error.code)
                await asyncio.sleep(RETRY_S)
            except Exception as error:  # noqa: BLE001 - whatever it is, listeners must not be left without news for ever
                _log.error("live.unexpected", organisation=str(self._organisation_id), exc_info=error)
                await asyncio.sleep(RETRY_S)

    async def join(self, wanted: Wanted, after: int | None) -> Listener:
        """A place for a client: with a snapshot first, or with what it missed after its cursor."""
        self._joining += 1
        try:
            return await self._joined(wanted, after)
        finally:
            self._joining -= 1

    def leave(self, listener: Listener) -> None:
        """Tell it nothing more."""
        same = self._listeners[listener.wanted]
        same.remove(listener)
        if not same:
            del self._listeners[listener.wanted]

    def close(self) -> None:
        """Tell every listener that the server stops."""
        for listener in self._all():
            listener.close()

    def snapshot(self, listener: Listener) -> Frame:
        """See Source."""
        places = self._latest.values()
        return frame("snapshot", self._applied, [one for one in places if one.vehicle_id in listener.vehicles])

    def newest(self, listener: Listener) -> Frame:
        """See Source."""
        self._metrics.collapsed += 1
        moved = [one for one in self._latest.values() if one.sequence > listener.given]
        wanted = [one for one in moved if one.vehicle_id in listener.vehicles]
        return frame("positions", self._applied, sorted(wanted, key=_by_sequence), collapsed=True)

    def heartbeat(self, listener: Listener) -> Frame:
        """See Source."""
        return frame("heartbeat", max(self._sent, listener.given), ())

    async def _joined(self, wanted: Wanted, after: int | None) -> Listener:
        await self._ready.wait()
        vehicles = await self._vehicles(wanted)
        listener = Listener(self, wanted, vehicles, self._sent)
        self._listeners.setdefault(wanted, []).append(listener)
        try:
            await self._welcome(listener, after)
        except BaseException:
            self.leave(listener)
            raise
        return listener

    async def _follow_once(self) -> None:
        live, whose = self._parts.live, self._organisation_id
        start = await live.latest(whose, VEHICLES)
        async with live.follow(whose, VEHICLES, start) as messages:
            known = await self._parts.telemetry.latest_positions(whose, self._parts.clock.now())
            self._begin(start, [place_of(start, view) for view in known])
            async for message in messages:
                self._apply(message)

    def _begin(self, start: int, places: Sequence[Place]) -> None:
        self._latest = {place.vehicle_id: place for place in places}
        self._kept.clear()
        self._unsent.clear()
        self._kept_after = self._applied = self._sent = start
        self._ready.set()
        for listener in self._all():
            listener.begin_anew()

    def _apply(self, message: LiveMessage) -> None:
        for place in (place_of(message.sequence, view) for view in read_positions(message.payload)):
            known = self._latest.get(place.vehicle_id)
            if known is None or known.moment < place.moment:
                self._latest[place.vehicle_id] = place
                self._unsent.append(place)
        self._applied = message.sequence
        if self._tick is None:
            self._tick = asyncio.get_running_loop().call_later(TICK_S, self._flush)

    def _flush(self) -> None:
        self._tick = None
        places, self._unsent = self._unsent, []
        before, self._sent = self._sent, self._applied
        self._keep(places)
        for listeners in self._listeners.values():
            self._tell(listeners, places, before)

    def _tell(self, listeners: Sequence[Listener], places: Sequence[Place], before: int) -> None:
        wanted = [place for place in places if place.vehicle_id in listeners[0].vehicles]
        if not wanted:
            return
        shared = frame("positions", self._sent, wanted)
        for listener in listeners:
            if listener.reached <= before:
                listener.offer(shared)
            elif rest := [place for place in wanted if place.sequence > listener.reached]:
                listener.offer(frame("positions", self._sent, rest))

    def _keep(self, places: Iterable[Place]) -> None:
        self._kept.extend(places)
        while len(self._kept) > KEPT_PLACES:
            self._kept_after = self._kept.popleft().sequence
        # a message is kept whole or not at all
        while self._kept and self._kept[0].sequence <= self._kept_after:
            self._kept.popleft()

    async def _welcome(self, listener: Listener, after: int | None) -> None:
        if after is None:
            listener.begin_anew()
            return
        listener.given, listener.reached = after, max(after, self._sent)
        try:
            missed = await self._missed(after, self._sent)
        except LivePast:
            listener.begin_anew()
            return
        wanted = [place for place in missed if place.vehicle_id in listener.vehicles]
        if len(wanted) > CATCH_UP_PLACES:
            listener.begin_anew()
        elif wanted:
            listener.offer_first(frame("positions", wanted[-1].sequence, wanted))

    async def _missed(self, after: int, until: int) -> Sequence[Place]:
        """The positions after a sequence, up to what is sent to everybody. Raises LivePast."""
        if self._kept_after <= after <= until:
            return [place for place in self._kept if place.sequence > after]
        messages = await self._parts.live.missed(self._organisation_id, VEHICLES, after, CATCH_UP_MESSAGES)
        newest: dict[int, Place] = {}
        missed: list[Place] = []
        for message in messages:
            for place in (place_of(message.sequence, view) for view in read_positions(message.payload)):
                known = newest.get(place.vehicle_id)
                if place.sequence <= until and (known is None or known.moment < place.moment):
                    newest[place.vehicle_id] = place
                    missed.append(place)
        return missed

    async def _vehicles(self, wanted: Wanted) -> Vehicles:
        if wanted == Wanted():
            return EVERYTHING
        if not wanted.groups:
            return wanted.vehicles
        return (await self._fresh_membership()).chosen(wanted)

    async def _fresh_membership(self) -> Membership:
        """Read by the first of many who come at once, for all of them."""
        async with self._membership_read:
            known = self._membership
            if known is None or asyncio.get_running_loop().time() - self._membership_at > MEMBERSHIP_FRESH_S:
                return await self._read_membership()
            return known

    async def refresh_membership(self) -> None:
        """Read anew which vehicle is in which group; whoever sees other vehicles for it gets a snapshot of them."""
        async with self._membership_read:
            await self._read_membership()

    async def _read_membership(self) -> Membership:
        membership = await read_membership(self._parts.fleet, self._organisation_id)
        self._membership, self._membership_at = membership, asyncio.get_running_loop().time()
        for wanted, listeners in self._listeners.items():
            if wanted.groups:
                _show(membership.chosen(wanted), listeners)
        return membership

    def _all(self) -> list[Listener]:
        return [listener for same in self._listeners.values() for listener in same]


def _show(vehicles: Vehicles, listeners: Iterable[Listener]) -> None:
    for listener in listeners:
        if listener.vehicles != vehicles:
            listener.vehicles = vehicles
            listener.begin_anew()


def _by_sequence(place: Place) -> int:
    return place.sequence
