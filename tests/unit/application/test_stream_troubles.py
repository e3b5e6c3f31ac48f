"""What a feed does that it should not, and what happens then; each for every feed."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import msgspec
import pytest

from tests.unit.application.conftest import EXTERNAL_ID, ORGANISATION_ID, Installation
from trilha.adapters.memory import MemorySource, SimulatedClock
from trilha.application.telemetry.ingest_stream import IngestStreamCommand
from trilha.domain.kernel import SinceTokenTooOld
from trilha.domain.telemetry import (
    FEEDS,
    Backfill,
    BackfillReason,
    EventsIngested,
    GapOpened,
    IngestionRun,
    RunStatus,
    SourcePage,
    Stream,
)
from trilha.testing.contracts.telemetry_records import a_record

Answer = Callable[[Stream, int, str, bool], Awaitable[SourcePage]]


@pytest.fixture(params=FEEDS, ids=str)
def stream(request: pytest.FixtureRequest) -> Stream:
    return Stream(request.param)


class Oddly(MemorySource):
    """Answers pages as its `manner` changes them."""

    manner: Callable[[SourcePage], SourcePage] = staticmethod(lambda page: page)

    async def page_since(self, stream: Stream, external_id: int, token: str, *, urgent: bool) -> SourcePage:
        return self.manner(await super().page_since(stream, external_id, token, urgent=urgent))


@pytest.fixture
def odd(here: Installation) -> Oddly:
    source = Oddly(here.clock, page_size=2)
    source.add(here.fleet)
    here.source = source
    return source


async def ingest(here: Installation, stream: Stream, max_pages: int = 50) -> IngestionRun:
    run = await here.ingest()(IngestStreamCommand(ORGANISATION_ID, stream, max_pages))
    assert run is not None
    return run


def emit(here: Installation, stream: Stream, first: int, last: int) -> None:
    at = here.clock.now()
    here.source.emit(EXTERNAL_ID, [a_record(stream, number, occurred_at=at) for number in range(first, last + 1)])


async def test_every_feed_comes_in_on_a_token_of_its_own(here: Installation, stream: Stream) -> None:
    for feed in FEEDS:
        emit(here, feed, 1, 7)
    run = await ingest(here, stream)
    assert (run.kind, run.status, run.pages, run.inserted) == (stream, RunStatus.SUCCEEDED, 3, 7)
    assert set(here.tables.checkpoints) == {stream}
    assert {feed: len(rows) for feed, rows in here.tables.records.items()} == {
        feed: 7 if feed is stream else 0 for feed in FEEDS
    }
    assert {one.stream for one in here.told(EventsIngested)} == {stream}


@pytest.mark.parametrize("manner", ["no token", "the same token", "an older token"])
async def test_a_token_that_does_not_move_fails_the_run_and_keeps_what_came(
    here: Installation, odd: Oddly, stream: Stream, manner: str
) -> None:
    def stuck(page: SourcePage) -> SourcePage:
        older = odd.token_at(odd.time_of(page.asked_for) - timedelta(hours=1))
        named = {"no token": None, "the same token": page.asked_for, "an older token": older}[manner]
        return msgspec.structs.replace(page, next_token=named, has_more=True)

    odd.manner = stuck
    emit(here, stream, 1, 5)
    run = await ingest(here, stream)
    assert (run.status, run.error_code, run.pages) == (RunStatus.FAILED, "telemetry.stream_stuck", 1)
    assert set(here.tables.records[stream]) == {1, 2}
    odd.manner = lambda page: page
    again = await ingest(here, stream)
    assert (again.status, again.inserted, again.duplicates) == (RunStatus.SUCCEEDED, 3, 2)
    assert set(here.tables.records[stream]) == {1, 2, 3, 4, 5}


async def test_a_page_that_repeats_for_ever_is_read_once_a_turn(here: Installation, odd: Oddly, stream: Stream) -> None:
    emit(here, stream, 1, 2)
    first = await odd.page_since(stream, EXTERNAL_ID, odd.token_at(here.clock.now() - timedelta(days=1)), urgent=False)
    odd.manner = lambda page: msgspec.structs.replace(first, asked_for=page.asked_for, has_more=True)
    runs = [await ingest(here, stream) for _ in range(3)]
    assert [run.error_code for run in runs[1:]] == ["telemetry.stream_stuck"] * 2
    assert all(run.pages <= 2 for run in runs)
    assert set(here.tables.records[stream]) == {1, 2}
    assert sum(run.inserted for run in runs) == 2


async def test_a_feed_is_received_in_order_though_clocks_go_back(
    here: Installation, odd: Oddly, stream: Stream
) -> None:
    """Workers that take turns have clocks of their own; the younger page must win all the same."""
    behind = iter([0, -30, -60, 0])

    def skewed(page: SourcePage) -> SourcePage:
        return msgspec.structs.replace(page, received_at=page.received_at + timedelta(minutes=next(behind, 0)))

    odd.manner = skewed
    here.source.emit(EXTERNAL_ID, [a_record(stream, 1, mark) for mark in range(1, 7)])
    run = await ingest(here, stream)
    assert (run.status, run.pages) == (RunStatus.SUCCEEDED, 3)
    (row,) = here.tables.records[stream][1]
    assert row.record == a_record(stream, 1, 6)
    received = [page.received_at for page in here.tables.raw_pages.values()]
    assert received == sorted(received)


@pytest.mark.parametrize("age_h", [0, 10])
async def test_a_clock_that_is_behind_opens_no_gap_however_often_it_is_tried(
    here: Installation, odd: Oddly, stream: Stream, age_h: int
) -> None:
    """The source refuses the token and, by the same wrong clock of ours, a fresh one too."""
    await ingest(here, stream)
    before = here.tables.checkpoints[stream]
    here.clock.advance(timedelta(hours=age_h))
    for _ in range(3):
        here.clock.advance(timedelta(minutes=1))
        here.source.failures += [SinceTokenTooOld("too old, says the source")] * (2 if age_h else 1)
        run = await ingest(here, stream)
        assert (run.status, run.error_code) == (RunStatus.FAILED, "telemetry.clocks_differ")
        assert "clock" in (run.error_message or "")
        assert not here.source.failures
    assert here.tables.checkpoints[stream] == before
    assert not here.tables.gaps


async def test_a_clock_that_jumps_ahead_leaves_no_token_behind_that_the_source_takes(
    here: Installation, stream: Stream
) -> None:
    await ingest(here, stream)
    before = here.tables.checkpoints[stream]
    emit(here, stream, 1, 1)
    use_case = here.ingest()
    use_case.clock = SimulatedClock(here.clock.now() + timedelta(days=400))
    run = await use_case(IngestStreamCommand(organisation_id=ORGANISATION_ID, stream=stream))
    assert run is not None
    assert (run.status, run.inserted, len(here.tables.gaps)) == (RunStatus.SUCCEEDED, 1, 0)
    assert here.tables.checkpoints[stream].token_time - before.token_time < timedelta(days=8)


async def test_an_outage_longer_than_tokens_live_opens_a_gap_with_a_backfill_to_fill_it(
    here: Installation, stream: Stream
) -> None:
    await ingest(here, stream)
    old = here.tables.checkpoints[stream]
    here.clock.advance(timedelta(days=10))
    assert (await ingest(here, stream)).status is RunStatus.SUCCEEDED
    (gap,) = here.tables.gaps.values()
    (backfill,) = here.tables.backfills.values()
    assert (gap.start, gap.closed_at) == (old.token_time, None)
    assert isinstance(backfill, Backfill)
    assert (backfill.reason, [part.stream for part in backfill.parts]) == (BackfillReason.HEALING, [stream])
    assert backfill.start < gap.start < gap.end <= backfill.end
    assert [(one.stream, one.start, one.end) for one in here.told(GapOpened)] == [(stream, gap.start, gap.end)]


async def test_a_source_whose_clock_is_ahead_refuses_and_a_gap_is_left(
    here: Installation, odd: Oddly, stream: Stream
) -> None:
    await ingest(here, stream)
    here.clock.advance(timedelta(hours=8))
    emit(here, stream, 1, 3)
    here.source.failures.append(SinceTokenTooOld("too old, says the source"))
    run = await ingest(here, stream)
    assert (run.status, run.inserted) == (RunStatus.SUCCEEDED, 3)
    assert len(here.tables.gaps) == len(here.tables.backfills) == 1


async def test_late_records_are_counted_against_the_sources_own_time(here: Installation, stream: Stream) -> None:
    await ingest(here, stream)
    emit(here, stream, 1, 1)
    await ingest(here, stream)
    here.clock.advance(timedelta(hours=3))
    old = here.clock.now() - timedelta(hours=5)
    here.source.emit(
        EXTERNAL_ID, [a_record(stream, 2, occurred_at=old), a_record(stream, 3, occurred_at=here.clock.now())]
    )
    await ingest(here, stream)
    assert [one.late for one in here.told(EventsIngested)] == [0, 1]
