"""What the source changed afterwards, over days with and without a run."""

from datetime import timedelta

import pytest

from tests.unit.application.conftest import EXTERNAL_ID, ORGANISATION_ID, Installation
from trilha.adapters.memory import SimulatedClock
from trilha.application.telemetry.ingest_stream import IngestStreamCommand
from trilha.application.telemetry.read_amendments import ReadAmendmentsCommand
from trilha.domain.kernel import SourceUnavailable
from trilha.domain.telemetry import (
    AMENDED_FEEDS,
    Amendment,
    AmendmentKind,
    IngestionRun,
    RecordsAmended,
    RunStatus,
    Standing,
    Stream,
)
from trilha.domain.telemetry.amendments import LONGEST_SPAN
from trilha.testing.contracts.amendments import SOMEBODY_ELSE
from trilha.testing.contracts.telemetry_records import a_record

DAY = timedelta(days=1)


@pytest.fixture(params=AMENDED_FEEDS, ids=str)
def stream(request: pytest.FixtureRequest) -> Stream:
    return Stream(request.param)


async def read(here: Installation) -> IngestionRun:
    run = await here.read_amendments()(ReadAmendmentsCommand(ORGANISATION_ID))
    assert run is not None
    return run


def amend(here: Installation, stream: Stream, identifier: int, *, is_withdrawn: bool = False) -> None:
    kind = AmendmentKind.WITHDRAWN if is_withdrawn else AmendmentKind.REASSIGNED
    driver = None if is_withdrawn else SOMEBODY_ELSE
    here.source.amend(EXTERNAL_ID, [Amendment(stream, identifier, kind, here.clock.now(), driver)])


async def test_days_without_a_run_are_made_up_for(here: Installation, stream: Stream) -> None:
    """Every day from the first on, also over weeks, each in questions that the source answers."""
    asked = list[timedelta]()
    answer = here.source.amendments

    async def remember(feed: Stream, external_id: int, first: object, last: object) -> object:
        asked.append(last - first)  # type: ignore[operator] # days
        return await answer(feed, external_id, first, last)  # type: ignore[arg-type] # days

    here.source.amendments = remember  # type: ignore[method-assign, assignment] # a source that is watched
    runs = []
    for number in range(40):
        amend(here, stream, number)
        if number in (0, 1, 12, 39):
            runs.append(await read(here))
        here.clock.advance(DAY)
    assert {run.status for run in runs} == {RunStatus.SUCCEEDED}
    assert set(here.tables.amended) == {(stream, number) for number in range(40)}
    assert max(asked) <= LONGEST_SPAN
    assert here.tables.checkpoints[Stream.AMENDMENTS].token_time.date() == (here.clock.now() - DAY).date()


async def test_a_clock_that_was_ahead_for_days_leaves_no_day_unread(here: Installation, stream: Stream) -> None:
    ahead = SimulatedClock(here.clock.now() + 20 * DAY)
    for number in range(30):
        here.source.emit(EXTERNAL_ID, [a_record(stream, number, occurred_at=here.clock.now())])
        amend(here, stream, number)
        await here.ingest()(IngestStreamCommand(ORGANISATION_ID, stream))
        use_case = here.read_amendments()
        if 0 < number < 6:
            use_case._clock = ahead
        assert await use_case(ReadAmendmentsCommand(ORGANISATION_ID)) is not None
        for clock in (here.clock, ahead):
            clock.advance(DAY)
    assert set(here.tables.amended) == {(stream, number) for number in range(30)}


async def test_reading_the_same_day_again_changes_and_tells_nothing(here: Installation, stream: Stream) -> None:
    amend(here, stream, 1)
    amend(here, stream, 2, is_withdrawn=True)
    first = await read(here)
    assert (first.received, first.inserted) == (2, 2)
    told = here.told(RecordsAmended)
    assert [(one.stream, one.reassigned, one.withdrawn) for one in told] == [(stream, 1, 1)]
    again = await read(here)
    assert (again.received, again.inserted, again.replaced, again.duplicates) == (2, 0, 0, 2)
    assert here.told(RecordsAmended) == told


async def test_amended_twice_the_later_holds_whenever_it_is_read(here: Installation, stream: Stream) -> None:
    amend(here, stream, 1)
    await read(here)
    here.clock.advance(timedelta(hours=2))
    amend(here, stream, 1, is_withdrawn=True)
    run = await read(here)
    assert (run.replaced, run.duplicates) == (1, 1)
    before = here.clock.now() - timedelta(hours=2)
    assert here.tables.amended[stream, 1] == Standing(stream, 1, SOMEBODY_ELSE, before, here.clock.now())


async def test_a_source_that_fails_half_way_is_asked_for_the_rest_again(here: Installation, stream: Stream) -> None:
    await read(here)
    for number in range(20):
        here.clock.advance(DAY)
        amend(here, stream, number)
    read_until = here.tables.checkpoints[Stream.AMENDMENTS].token_time
    answer, calls = here.source.amendments, 0

    async def fail_on_the_third(feed: Stream, external_id: int, first: object, last: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise SourceUnavailable("the source is down")
        return await answer(feed, external_id, first, last)  # type: ignore[arg-type] # days

    here.source.amendments = fail_on_the_third  # type: ignore[method-assign, assignment] # a source that fails half way
    run = await read(here)
    assert (run.status, run.error_code) == (RunStatus.FAILED, "source.unavailable")
    assert read_until < here.tables.checkpoints[Stream.AMENDMENTS].token_time < here.clock.now() - 7 * DAY
    assert (await read(here)).status is RunStatus.SUCCEEDED
    assert set(here.tables.amended) == {(stream, number) for number in range(20)}


async def test_what_came_is_kept_as_it_came(here: Installation, stream: Stream) -> None:
    amend(here, stream, 1)
    await read(here)
    (page,) = here.tables.raw_pages.values()
    assert (page.stream, page.next_token) == (Stream.AMENDMENTS, None)
    assert page.asked_for.startswith(f"{stream} ")
