"""Past times brought in by range: windows, endings, cancellation, crashes, gaps that heal."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.unit.application.conftest import EXTERNAL_ID, ORGANISATION_ID, Installation
from trilha.adapters.memory import MemorySource
from trilha.adapters.memory.records import MemoryTelemetryRecords
from trilha.application.ports import IdempotencyScope, StorageUnavailable
from trilha.application.schedule import first_job_rows
from trilha.application.telemetry.command_backfills import CancelBackfillCommand, RequestBackfillCommand
from trilha.application.telemetry.fill_backfills import FillBackfillsCommand
from trilha.application.telemetry.ingest_stream import IngestStreamCommand
from trilha.application.telemetry.views import BackfillView
from trilha.domain.kernel import InvalidValue, NotFound, SourceRefused, SourceUnavailable
from trilha.domain.telemetry import (
    FEEDS,
    Amendment,
    AmendmentKind,
    Backfill,
    BackfillEnded,
    BackfillFinished,
    BackfillStatus,
    BackfillUnderWay,
    EventsIngested,
    GapClosed,
    MergeOutcome,
    RunKind,
    RunStatus,
    SourcePage,
    Standing,
    Stream,
)
from trilha.testing.contracts.telemetry_records import a_record

FILL = FillBackfillsCommand(ORGANISATION_ID)
DAY = timedelta(days=1)


@pytest.fixture
async def past(here: Installation) -> Installation:
    """30 days of each feed, an event every twelve hours, none of them on the streams any more."""
    start = here.clock.now()
    for feed in FEEDS:
        happened = [start + number * DAY / 2 for number in range(60)]
        here.source.emit(EXTERNAL_ID, [a_record(feed, n, occurred_at=at) for n, at in enumerate(happened)])
    here.clock.advance(40 * DAY)
    await here.jobs.ensure(first_job_rows(ORGANISATION_ID, here.clock.now() + DAY))
    return here


async def request(here: Installation, days: int = 40, streams: tuple[str, ...] = ("events",)) -> BackfillView:
    now = here.clock.now()
    return await here.request_backfill()(RequestBackfillCommand(ORGANISATION_ID, now - days * DAY, now, streams))


def the_backfill(here: Installation) -> Backfill:
    (backfill,) = here.tables.backfills.values()
    return backfill


async def test_a_backfill_brings_everything_in_and_ends(past: Installation) -> None:
    asked = await request(past, streams=())
    assert {row.kind: row.next_run_at for row in await past.jobs.all(ORGANISATION_ID)}[RunKind.BACKFILL] == (
        past.clock.now()
    )
    run = await past.fill()(FILL)
    assert run is not None
    assert (run.kind, run.status, run.inserted) == (RunKind.BACKFILL, RunStatus.SUCCEEDED, 180)
    backfill = the_backfill(past)
    assert (backfill.id, backfill.status) == (asked.id, BackfillStatus.COMPLETED)
    assert (backfill.received, backfill.inserted) == (180, 180)
    assert backfill.calls > run.pages == len(past.tables.raw_pages)
    assert all(len(past.tables.records[feed]) == 60 for feed in FEEDS)
    assert [(one.status, one.received) for one in past.told(BackfillFinished)] == [("completed", 180)]
    assert {one.backfill_id for one in past.told(EventsIngested)} == {backfill.id}
    assert {(one.late, one.checkpoint) for one in past.told(EventsIngested)} == {(0, "")}
    assert not past.tables.checkpoints
    assert await past.fill()(FILL) is None


async def test_it_goes_on_where_the_last_run_ended(past: Installation) -> None:
    await request(past)
    runs = 0
    while the_backfill(past).is_unfinished:
        assert await past.fill()(FillBackfillsCommand(ORGANISATION_ID, max_windows=2)) is not None
        runs += 1
    assert runs > 3
    assert the_backfill(past).duplicates == 0
    assert len(past.tables.records[Stream.EVENTS]) == 60


async def test_one_at_a_time_and_repeating_the_request_is_harmless(past: Installation) -> None:
    now = past.clock.now()
    scope = IdempotencyScope(ORGANISATION_ID, "user", "route", "key", "digest")
    command = RequestBackfillCommand(ORGANISATION_ID, now - DAY, now, (), scope)
    first = await past.request_backfill()(command)
    assert await past.request_backfill()(command) == first
    with pytest.raises(BackfillUnderWay):
        await request(past)
    await past.fill()(FILL)
    assert (await request(past)).id != first.id


@pytest.mark.parametrize(("days", "streams"), [(91, ()), (1, ("coffee",)), (0, ()), (-1, ())])
async def test_what_cannot_be_is_refused(past: Installation, days: int, streams: tuple[str, ...]) -> None:
    with pytest.raises(InvalidValue):
        await request(past, days, streams)
    assert not past.tables.backfills


async def test_a_source_that_does_not_answer_is_asked_for_less(past: Installation) -> None:
    await request(past, streams=("positions",))
    past.source.failures.append(SourceUnavailable("too much"))
    run = await past.fill()(FILL)
    assert run is not None
    assert (run.status, run.error_code) == (RunStatus.FAILED, "source.unavailable")
    backfill = the_backfill(past)
    assert (backfill.status, backfill.parts[0].window_s) == (BackfillStatus.RUNNING, 1800)
    await past.fill()(FILL)
    assert the_backfill(past).status is BackfillStatus.COMPLETED


async def test_a_source_that_refuses_has_failed_it(past: Installation) -> None:
    await request(past, streams=("positions",))
    past.source.failures.append(SourceRefused("no such thing"))
    run = await past.fill()(FILL)
    assert run is not None
    assert run.status is RunStatus.SUCCEEDED
    backfill = the_backfill(past)
    assert (backfill.status, backfill.error_code) == (BackfillStatus.FAILED, "source.refused")
    assert [one.status for one in past.told(BackfillFinished)] == ["failed"]
    assert await past.fill()(FILL) is None


class Forgetful(MemorySource):
    """Has nothing of more than ninety days ago."""

    async def page_between(self, stream: Stream, external_id: int, start: datetime, end: datetime) -> SourcePage:
        if start < self._clock.now() - 90 * DAY:
            raise SourceRefused("From must not be older than 90 days")
        return await super().page_between(stream, external_id, start, end)


@pytest.mark.parametrize("outage_days", [80, 120])
async def test_what_the_source_has_no_more_is_left_out_and_the_rest_is_brought_in(
    here: Installation, outage_days: int
) -> None:
    source = Forgetful(here.clock)
    source.add(here.fleet)
    here.source = source
    await here.ingest()(IngestStreamCommand(ORGANISATION_ID, Stream.EVENTS))
    happened = []
    for number in range(outage_days):
        here.clock.advance(DAY)
        happened.append(here.clock.now())
        source.emit(EXTERNAL_ID, [a_record(Stream.EVENTS, number, occurred_at=happened[-1])])
    await here.ingest()(IngestStreamCommand(ORGANISATION_ID, Stream.EVENTS))
    while await here.fill()(FILL) is not None:
        pass
    reachable = [n for n, at in enumerate(happened) if at > here.clock.now() - 90 * DAY]
    assert set(here.tables.records[Stream.EVENTS]) == set(reachable)
    assert {one.status for one in here.tables.backfills.values()} == {BackfillStatus.COMPLETED}
    still_open = [gap.start for gap in here.tables.gaps.values() if gap.closed_at is None]
    assert len(still_open) == (0 if outage_days < 90 else 1)
    assert all(start < here.clock.now() - 90 * DAY for start in still_open)


async def test_the_last_ninety_days_can_be_asked_for(here: Installation) -> None:
    here.source = Forgetful(here.clock)
    here.source.add(here.fleet)
    await here.jobs.ensure(first_job_rows(ORGANISATION_ID, here.clock.now()))
    await request(here, 90)
    here.clock.advance(timedelta(minutes=1))
    while await here.fill()(FILL) is not None:
        here.clock.advance(timedelta(minutes=1))
    assert the_backfill(here).status is BackfillStatus.COMPLETED


class Interrupting(MemorySource):
    """Something happens while it is asked for the n-th window."""

    def __init__(self, here: Installation, of_call: int) -> None:
        super().__init__(here.clock)
        self.add(here.fleet)
        self._left = of_call

    async def interrupt(self) -> None:
        raise ZeroDivisionError("the process is gone")

    async def page_between(self, stream: Stream, external_id: int, start: object, end: object) -> SourcePage:
        self._left -= 1
        if self._left == 0:
            await self.interrupt()
        return await super().page_between(stream, external_id, start, end)  # type: ignore[arg-type] # as they came


@pytest.mark.parametrize("killed_at", [1, 2, 5])
async def test_killed_in_the_middle_it_is_the_same_in_the_end(past: Installation, killed_at: int) -> None:
    await request(past)
    past.source = Interrupting(past, killed_at)
    with pytest.raises(ZeroDivisionError):
        await past.fill()(FILL)
    assert the_backfill(past).calls == killed_at - 1
    await past.fill("another")(FILL)
    assert the_backfill(past).status is BackfillStatus.COMPLETED
    assert the_backfill(past).duplicates == 0
    assert len(past.tables.records[Stream.EVENTS]) == 60


async def test_cancelled_while_a_window_is_asked_for_that_window_is_dropped(past: Installation) -> None:
    asked = await request(past)

    class Cancelling(Interrupting):
        async def interrupt(self) -> None:
            await past.cancel_backfill()(CancelBackfillCommand(ORGANISATION_ID, asked.id))

    past.source = Cancelling(past, 7)
    run = await past.fill()(FILL)
    assert run is not None
    assert run.status is RunStatus.SUCCEEDED
    backfill = the_backfill(past)
    assert (backfill.status, backfill.calls) == (BackfillStatus.CANCELLED, 6)
    assert 0 < len(past.tables.records[Stream.EVENTS]) == backfill.inserted < 60
    assert [one.status for one in past.told(BackfillFinished)] == ["cancelled"]


async def test_cancelling_twice_is_once_and_an_end_is_an_end(past: Installation) -> None:
    asked = await request(past)
    command = CancelBackfillCommand(ORGANISATION_ID, asked.id)
    assert (await past.cancel_backfill()(command)).status == "cancelled"
    assert (await past.cancel_backfill()(command)).status == "cancelled"
    assert len(past.told(BackfillFinished)) == 1
    with pytest.raises(NotFound):
        await past.cancel_backfill()(CancelBackfillCommand(ORGANISATION_ID, past.ids.new()))
    other = await request(past)
    await past.fill()(FILL)
    with pytest.raises(BackfillEnded):
        await past.cancel_backfill()(CancelBackfillCommand(ORGANISATION_ID, other.id))


async def test_an_answer_that_was_long_on_its_way_does_not_undo_the_stream(past: Installation) -> None:
    """It says how things stood when it was asked for; the stream has brought younger news since."""
    now = past.clock.now()
    past.source.emit(EXTERNAL_ID, [a_record(Stream.EVENTS, 100, 1, occurred_at=now - DAY)])
    await request(past, days=2)

    class Slow(MemorySource):
        async def page_between(self, stream: Stream, external_id: int, start: object, end: object) -> SourcePage:
            page = await super().page_between(stream, external_id, start, end)  # type: ignore[arg-type] # as they came
            if page.records:
                past.clock.advance(timedelta(seconds=10))
                changed = a_record(Stream.EVENTS, 100, 2, occurred_at=now - DAY)
                self.emit(EXTERNAL_ID, [changed])
                await past.ingest("stream")(IngestStreamCommand(ORGANISATION_ID, Stream.EVENTS))
                past.clock.advance(timedelta(seconds=10))
            return msgspec.structs.replace(page, received_at=past.clock.now())

    past.source = Slow(past.clock)
    past.source.add(past.fleet)
    await past.fill()(FILL)
    (row,) = past.tables.records[Stream.EVENTS][100]
    assert row.record == a_record(Stream.EVENTS, 100, 2, occurred_at=now - DAY)


async def test_a_gap_heals_by_itself_and_is_closed_when_its_time_is_in(here: Installation) -> None:
    command = IngestStreamCommand(ORGANISATION_ID, Stream.TRIPS)
    await here.ingest()(command)
    for number in range(20):
        here.clock.advance(DAY)
        here.source.emit(EXTERNAL_ID, [a_record(Stream.TRIPS, number, occurred_at=here.clock.now())])
    await here.ingest()(command)
    assert len(here.tables.records[Stream.TRIPS]) == 7
    closed_too_early = 0
    while the_backfill(here).is_unfinished:
        await here.fill()(FillBackfillsCommand(ORGANISATION_ID, max_windows=1))
        (gap,) = here.tables.gaps.values()
        is_in = the_backfill(here).parts[0].done_until >= gap.end
        closed_too_early += gap.closed_at is not None and not is_in
    assert closed_too_early == 0
    (gap,) = here.tables.gaps.values()
    assert gap.closed_at == here.clock.now()
    assert set(here.tables.records[Stream.TRIPS]) == set(range(20))
    assert [(one.start, one.backfill_id) for one in here.told(GapClosed)] == [(gap.start, the_backfill(here).id)]


async def test_the_run_of_a_dead_worker_is_declared_lost_though_nothing_is_left_to_fill(past: Installation) -> None:
    lease = await past.leases.acquire(ORGANISATION_ID, "ingest:backfill", "dead", timedelta(seconds=15))
    assert lease is not None
    dead = await past.run("dead")._begin(lease, RunKind.BACKFILL)
    past.clock.advance(timedelta(minutes=1))
    assert await past.fill()(FILL) is not None
    assert past.tables.runs[dead.id].status is RunStatus.LOST
    assert await past.fill()(FILL) is None


async def test_what_was_amended_long_ago_holds_for_what_is_brought_in(past: Installation) -> None:
    amended_at = past.clock.now() - 20 * DAY
    for stream in (Stream.EVENTS, Stream.TRIPS):
        past.source.amend(EXTERNAL_ID, [Amendment(stream, 7, AmendmentKind.WITHDRAWN, amended_at)])
    await request(past, streams=("events",))
    await past.fill()(FILL)
    assert past.tables.amended == {(Stream.EVENTS, 7): Standing(Stream.EVENTS, 7, withdrawn_at=amended_at)}


async def test_a_store_that_cannot_take_so_much_is_given_less(
    past: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    await request(past, streams=("positions",))
    merge, refusals = MemoryTelemetryRecords.merge, iter([StorageUnavailable("took too long")])

    async def refuse_once(records: MemoryTelemetryRecords, *given: Any, **named: Any) -> MergeOutcome:
        for refusal in refusals:
            raise refusal
        return await merge(records, *given, **named)

    monkeypatch.setattr(MemoryTelemetryRecords, "merge", refuse_once)
    run = await past.fill()(FILL)
    assert run is not None
    assert (run.status, run.error_code) == (RunStatus.FAILED, StorageUnavailable.code)
    before = the_backfill(past)
    assert before.parts[0].done_until < before.end
    await past.fill()(FILL)
    assert the_backfill(past).status is BackfillStatus.COMPLETED
    assert len(past.tables.records[Stream.POSITIONS]) == 60
