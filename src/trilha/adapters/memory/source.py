"""An outside system made up in memory: what it lists and streams is whatever it was told."""

from collections import deque
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from trilha.adapters.memory.reader import MemoryPageReader, body_of, feed_of
from trilha.application.ports import Clock
from trilha.domain.fleet import Driver, EventType, Group, MasterList, SourceOrganisation, Vehicle
from trilha.domain.kernel import InvalidValue, RejectedRecord, SinceTokenTooOld, SourceNotPermitted, SourceRefused
from trilha.domain.telemetry import FEEDS, Amendment, AmendmentPage, RawPage, Record, SourcePage, Stream, is_too_old

TOKEN_FORMAT = "%Y%m%d%H%M%S%f"  # noqa: S105 - the format of a position in a stream
TOKEN_CHARS = 20
LONGEST_ANSWER = timedelta(days=7)


class Streamed(msgspec.Struct, frozen=True):
    """A record of a feed, with the moment at which the source made it."""

    created_at: datetime
    record: Record | RejectedRecord

    @property
    def occurred_at(self) -> datetime:
        """When it happened, as far as anybody can tell."""
        return self.created_at if isinstance(self.record, RejectedRecord) else self.record.occurred_at


class SourceFleet(msgspec.Struct):
    """What one outside organisation has. Change the lists as you like; `MemorySource.emit` adds to the streams."""

    organisation: SourceOrganisation
    groups: MasterList[Group] = MasterList(())
    drivers: MasterList[Driver] = MasterList(())
    vehicles: MasterList[Vehicle] = MasterList(())
    event_types: MasterList[EventType] = MasterList(())
    streams: dict[Stream, list[Streamed]] = msgspec.field(default_factory=lambda: {feed: [] for feed in FEEDS})
    amendments: list[Amendment] = msgspec.field(default_factory=list)


class MemorySource(MemoryPageReader):
    """A FleetSource and TelemetrySource. Tokens are moments of creation, as with MiX.

    `failures` are raised in place of the next answers, one each. See MemoryPageReader for `not_understood`.
    """

    def __init__(self, clock: Clock, page_size: int = 1_000) -> None:
        super().__init__()
        self._clock = clock
        self._page_size = page_size
        self._fleets: dict[int, SourceFleet] = {}
        self.failures: deque[Exception] = deque()

    def add(self, fleet: SourceFleet) -> SourceFleet:
        """Show one more organisation."""
        self._fleets[fleet.organisation.external_id] = fleet
        return fleet

    def emit(
        self, external_id: int, records: Sequence[Record | RejectedRecord], stream: Stream = Stream.EVENTS
    ) -> None:
        """Stream records as made now; no two of a feed are made at the same moment, so a page may end after any.

        `stream` says where rejected records go, whose `raw` has to be JSON that is no record; others go to their feed.
        """
        for record in records:
            feed = stream if isinstance(record, RejectedRecord) else feed_of(record)
            made = self._fleets[external_id].streams[feed]
            earliest = made[-1].created_at + timedelta(microseconds=1) if made else self._clock.now()
            made.append(Streamed(max(earliest, self._clock.now()), record))

    def amend(self, external_id: int, amendments: Sequence[Amendment]) -> None:
        """List amendments under their days."""
        self._fleets[external_id].amendments += amendments

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

    async def page_since(self, stream: Stream, external_id: int, token: str, *, urgent: bool) -> SourcePage:  # noqa: ARG002 - nobody waits here
        """The records made after the token's moment."""
        since, fleet = self.time_of(token), self._fleet(external_id)
        if is_too_old(since, self._clock.now()):
            raise SinceTokenTooOld(f"the token {token} lies more than seven days back")
        waiting = [one for one in fleet.streams[stream] if one.created_at > since]
        page = waiting[: self._page_size]
        next_token = self.token_at(page[-1].created_at) if page else None
        return self._page(stream, token, page, next_token, has_more=len(waiting) > len(page))

    async def page_between(self, stream: Stream, external_id: int, start: datetime, end: datetime) -> SourcePage:
        """What happened within a time, each record as it was made last."""
        fleet = self._fleet(external_id)
        if not timedelta() < end - start <= LONGEST_ANSWER or start.microsecond or end.microsecond:
            raise SourceRefused(
                f"{start:%Y-%m-%d %H:%M:%S.%f} to {end:%Y-%m-%d %H:%M:%S.%f} is no range of whole seconds within 7 days"
            )
        latest = {_identity(one): one for one in fleet.streams[stream]}
        inside = [one for one in latest.values() if start <= one.occurred_at < end]
        return self._page(stream, f"{start:%Y%m%d%H%M%S}-{end:%Y%m%d%H%M%S}", inside, None, has_more=False)

    async def amendments(self, stream: Stream, external_id: int, first: date, last: date) -> AmendmentPage:
        """What was amended on some days."""
        listed = self._fleet(external_id).amendments
        found = tuple(one for one in listed if one.stream is stream and first <= one.amended_at.date() <= last)
        return AmendmentPage(stream, first, last, self._clock.now(), msgspec.json.encode(found), found)

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

    def _page(
        self, stream: Stream, asked_for: str, made: Sequence[Streamed], next_token: str | None, *, has_more: bool
    ) -> SourcePage:
        body, received_at = body_of([one.record for one in made]), self._clock.now()
        raw = RawPage(stream, asked_for, next_token, received_at, body)
        return SourcePage.of(raw, self.understand(stream, body, received_at), has_more=has_more)

    def _fleet(self, external_id: int) -> SourceFleet:
        self._fail_if_told()
        if external_id not in self._fleets:
            raise SourceNotPermitted("organisation", external_id)
        return self._fleets[external_id]

    def _fail_if_told(self) -> None:
        if self.failures:
            raise self.failures.popleft()


def _identity(one: Streamed) -> object:
    return one.created_at if isinstance(one.record, RejectedRecord) else one.record.id
