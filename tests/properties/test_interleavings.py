"""Streams, backfills, replays and amendments in any order: read to their end, streams leave the same behind."""

import asyncio
from datetime import datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.application.conftest import EXTERNAL_ID, ORGANISATION_ID, Installation, connected
from trilha.adapters.memory import MemorySource, MemoryTelemetryQueries
from trilha.application.schedule import first_job_rows
from trilha.application.telemetry.command_backfills import RequestBackfillCommand
from trilha.application.telemetry.fill_backfills import FillBackfillsCommand
from trilha.application.telemetry.ingest_stream import IngestStreamCommand
from trilha.application.telemetry.read_amendments import ReadAmendmentsCommand
from trilha.application.telemetry.replay_raw import ReplayRawCommand
from trilha.domain.kernel import Conflict, DriverId
from trilha.domain.telemetry import AMENDED_FEEDS, FEEDS, Amendment, AmendmentKind, SourcePage, Stream
from trilha.testing.contracts.reading import RecordView, all_records
from trilha.testing.contracts.telemetry_records import a_record

SECOND = timedelta(seconds=1)
LONG = timedelta(minutes=10)
Step = tuple[str, int]
steps = st.lists(
    st.tuples(
        st.sampled_from(["make", "make", "stream", "backfill", "slow backfill", "replay", "amend", "read amendments"]),
        st.integers(1, 3),
    ),
    max_size=14,
)


class Overtaken(MemorySource):
    """While a range answer is on its way, the record changes and the stream brings it, if `overtake` says so."""

    overtake: "Story | None" = None

    async def page_between(self, stream: Stream, external_id: int, start: datetime, end: datetime) -> SourcePage:
        page = await super().page_between(stream, external_id, start, end)
        story, self.overtake = self.overtake, None
        if story is not None:
            for step in ("make", "stream"):
                await story.do((step, 1))
        return msgspec.structs.replace(page, received_at=self._clock.now())


class Story:
    """Steps that happen one after the other, a second apart."""

    def __init__(self, here: Installation, stream: Stream) -> None:
        self.here = here
        self.source = Overtaken(here.clock, page_size=2)
        self.source.add(here.fleet)
        here.source = self.source
        self._stream = stream
        self._begin = here.clock.now()
        self._made = 0

    async def do(self, step: Step) -> None:
        """One step about one of three records, which change and never go back to what they were."""
        name, number = step
        self.here.clock.advance(SECOND)
        if name == "make":
            self._made += 1
            record = a_record(self._stream, number, self._made, occurred_at=self._begin + number * SECOND)
            self.source.emit(EXTERNAL_ID, [record])
        elif name == "amend" and self._stream in AMENDED_FEEDS:
            kind = (AmendmentKind.REASSIGNED, AmendmentKind.WITHDRAWN)[number == 1]
            driver = DriverId(number) if kind is AmendmentKind.REASSIGNED else None
            amendment = Amendment(self._stream, number, kind, self.here.clock.now(), driver)
            self.source.amend(EXTERNAL_ID, [amendment])
        else:
            await self._use(name)

    async def _use(self, name: str) -> None:
        match name:
            case "stream":
                await self.here.ingest()(IngestStreamCommand(ORGANISATION_ID, self._stream))
            case "replay":
                await self.here.replay()(ReplayRawCommand(ORGANISATION_ID, self._stream))
            case "read amendments":
                await self.here.read_amendments()(ReadAmendmentsCommand(ORGANISATION_ID))
            case "backfill" | "slow backfill":
                self.source.overtake = self if name == "slow backfill" else None
                await self._backfill()

    async def _backfill(self) -> None:
        span = (self._begin, self.here.clock.now(), (self._stream.value,))
        try:
            await self.here.request_backfill()(RequestBackfillCommand(ORGANISATION_ID, *span))
        except Conflict:
            return
        await self.here.fill()(FillBackfillsCommand(ORGANISATION_ID))

    async def end(self) -> list[RecordView]:
        """What is known once the streams have been read to their end."""
        for name in ("stream", "read amendments"):
            await self.do((name, 0))
        return list(await all_records(MemoryTelemetryQueries(self.here.database), ORGANISATION_ID, self._stream))


async def told(told_steps: list[Step], stream: Stream) -> list[tuple[str, ...]]:
    """How a story ends: records, drivers, and what was withdrawn; when each was received does not matter."""
    here = await connected()
    await here.jobs.ensure(first_job_rows(ORGANISATION_ID, here.clock.now() + LONG))
    story = Story(here, stream)
    for step in told_steps:
        await story.do(step)
    views = await story.end()
    assert sorted(here.tables.records[stream]) == sorted({int(view.id) for view in views})
    latest = {int(one.record.id): one.record for one in here.fleet.streams[stream] if hasattr(one.record, "id")}
    assert {key: [row.record for row in rows] for key, rows in here.tables.records[stream].items()} == {
        key: [record] for key, record in latest.items()
    }
    return [(view.id, view.driver_id, str(getattr(view, "withdrawn_at", None))) for view in views]


@given(steps, st.sampled_from(FEEDS))
def test_backfill_and_replay_beside_a_stream_equal_the_stream_alone(told_steps: list[Step], stream: Stream) -> None:
    """Also where the stream overtakes a range answer that is on its way."""
    asyncio.run(told(told_steps, stream))


@given(st.lists(st.tuples(st.sampled_from(["make", "stream"]), st.integers(1, 3)), max_size=8), st.data())
def test_it_does_not_matter_when_amendments_are_read(told_steps: list[Step], data: st.DataObject) -> None:
    """Before their records, after them, in between, or all at the end."""
    stream = data.draw(st.sampled_from(AMENDED_FEEDS))
    amended: list[Step] = [("amend", number) for number in (2, 1, 3)]
    at = data.draw(st.integers(0, len(told_steps)))
    story = [*told_steps[:at], *amended, *told_steps[at:]]
    reading = list[Step]()
    for step in story:
        reading += [step, ("read amendments", 0)]
    one, other = (asyncio.run(told(steps, stream)) for steps in (story, reading))
    assert [line[:2] for line in one] == [line[:2] for line in other]
    assert [line[2] == "None" for line in one] == [line[2] == "None" for line in other]
