"""An outside system made up in memory: what it lists and streams is whatever it was told."""

from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from trilha.application.ports import Clock
from trilha.domain.fleet import Driver, EventType, Group, MasterList, SourceOrganisation, Vehicle
from trilha.domain.kernel import InvalidValue, RejectedRecord, SinceTokenTooOld, SourceNotPermitted
from trilha.domain.telemetry import SourcePage, Stream, TelemetryEvent, is_too_old

TOKEN_FORMAT = "%Y%m%d%H%M%S%f"  # noqa: S105 - the format of a position in a stream
TOKEN_CHARS = 20


class Streamed(msgspec.Struct, frozen=True):
    """A record of the stream, with the moment at which the source made it."""

    created_at: datetime
    record: TelemetryEvent | RejectedRecord


class SourceFleet(msgspec.Struct):
    """What one outside organisation has. Change the lists as you like; `MemorySource.emit` adds to the stream."""

    organisation: SourceOrganisation
    groups: MasterList[Group] = MasterList(())
    drivers: MasterList[Driver] = MasterList(())
    vehicles: MasterList[Vehicle] = MasterList(())
    event_types: MasterList[EventType] = MasterList(())
    stream: list[Streamed] = msgspec.field(default_factory=list)


class MemorySource:
    """A FleetSource and TelemetrySource. Tokens are moments of creation, as with MiX.

    `failures` are raised in place of the next answers, one each.
    """

    def __init__(self, clock: Clock, page_size: int = 1_000) -> None:
        self._clock = clock
        self._page_size = page_size
        self._fleets: dict[int, SourceFleet] = {}
        self.failures: deque[Exception] = deque()

    def add(self, fleet: SourceFleet) -> SourceFleet:
        """Show one more organisation."""
        self._fleets[fleet.organisation.external_id] = fleet
        return fleet

    def emit(self, external_id: int, records: Sequence[TelemetryEvent | RejectedRecord]) -> None:
        """Stream records as made now; no two are made at the same moment, so a page may end after any of them."""
        stream = self._fleets[external_id].stream
        for record in records:
            earliest = stream[-1].created_at + timedelta(microseconds=1) if stream else self._clock.now()
            stream.append(Streamed(max(earliest, self._clock.now()), record))

    async def organisations(self) -> Sequence[SourceOrganisation]:
        """Those that were added."""
        self._fail_if_told()
        return [fleet.organisation for fleet in self._fleets.values()]

    async def groups(self, external_id: int) -> MasterList[Group]:
        """The tree of sites."""
        return self._fleet(external_id).groups

    async def drivers(self, external_id: int) -> MasterList[Driver]:
        """Every driver record."""
        return self._fleet(external_id).drivers

    async def vehicles(self, external_id: int) -> MasterList[Vehicle]:
        """Every vehicle."""
        return self._fleet(external_id).vehicles

    async def event_types(self, external_id: int) -> MasterList[EventType]:
        """The library of event types."""
        return self._fleet(external_id).event_types

    async def events_since(self, external_id: int, token: str, *, urgent: bool) -> SourcePage:  # noqa: ARG002 - nobody waits here
        """The records made after the token's moment."""
        since, fleet = self.time_of(token), self._fleet(external_id)
        if is_too_old(since, self._clock.now()):
            raise SinceTokenTooOld(f"the token {token} lies more than seven days back")
        waiting = [one for one in fleet.stream if one.created_at > since]
        page = waiting[: self._page_size]
        records = [one.record for one in page]
        return SourcePage(
            stream=Stream.EVENTS,
            since_token=token,
            next_token=self.token_at(page[-1].created_at) if page else None,
            has_more=len(waiting) > len(page),
            received_at=self._clock.now(),
            body=msgspec.json.encode([record for record in records if isinstance(record, TelemetryEvent)]),
            events=[record for record in records if isinstance(record, TelemetryEvent)],
            rejected=[record for record in records if isinstance(record, RejectedRecord)],
        )

    def token_at(self, moment: datetime) -> str:
        """The moment in digits, to the microsecond."""
        return moment.astimezone(UTC).strftime(TOKEN_FORMAT)

    def time_of(self, token: str) -> datetime:
        """The moment of a token."""
        if len(token) != TOKEN_CHARS or not token.isascii() or not token.isdigit():
            raise InvalidValue("token", token, f"{TOKEN_CHARS} digits: year to microsecond")
        try:
            return datetime.strptime(token, TOKEN_FORMAT).replace(tzinfo=UTC)
        except ValueError as error:
            raise InvalidValue("token", token, f"{TOKEN_CHARS} digits: year to microsecond") from error

    def _fleet(self, external_id: int) -> SourceFleet:
        self._fail_if_told()
        if external_id not in self._fleets:
            raise SourceNotPermitted("organisation", external_id)
        return self._fleets[external_id]

    def _fail_if_told(self) -> None:
        if self.failures:
            raise self.failures.popleft()
