import asyncio
from datetime import timedelta

import pytest

from tests.unit.application.conftest import EXTERNAL_ID, ORGANISATION_ID, Installation
from trilha.adapters.memory import MemoryDatabase, MemoryUnitsOfWork
from trilha.adapters.memory.unit_of_work import MemoryUnitOfWork
from trilha.application.holding import LEASE_TTL
from trilha.application.ports import StorageUnavailable
from trilha.application.telemetry.ingest_stream import IngestStreamCommand
from trilha.domain.kernel import (
    DriverId,
    EventId,
    EventTypeId,
    OrganisationId,
    RejectedRecord,
    SourceUnavailable,
    VehicleId,
)
from trilha.domain.telemetry import (
    OLDEST_TOKEN,
    SEED_AGE,
    EventsIngested,
    GapOpened,
    RunKind,
    RunStatus,
    SourcePage,
    Stream,
    TelemetryEvent,
)

COMMAND = IngestStreamCommand(ORGANISATION_ID, Stream.EVENTS)


def events(here: Installation, first: int, last: int) -> list[TelemetryEvent]:
    at = here.clock.now()
    return [
        TelemetryEvent(EventId(number), at, DriverId(1), VehicleId(1), EventTypeId(1))
        for number in range(first, last + 1)
    ]


def stored(here: Installation) -> set[int]:
    return set(here.tables.records[Stream.EVENTS])


async def test_every_page_is_committed_with_all_that_belongs_to_it(here: Installation) -> None:
    here.source.emit(EXTERNAL_ID, [*events(here, 1, 7), RejectedRecord(7, "malformed", "EventId", b"{}")])
    run = await here.ingest()(COMMAND)
    assert run is not None
    assert (run.status, run.pages, run.received, run.inserted, run.quarantined) == (RunStatus.SUCCEEDED, 3, 8, 7, 1)
    assert here.tables.runs == {run.id: run}
    assert stored(here) == set(range(1, 8))
    assert len(here.tables.raw_pages) == 3
    assert [one.record.raw for one in here.tables.quarantine.values()] == [b"{}"]
    sent = here.told(EventsIngested)
    assert [(one.received, one.inserted, one.quarantined) for one in sent] == [(3, 3, 0), (3, 3, 0), (2, 1, 1)]
    assert {one.page_id for one in sent} == set(here.tables.raw_pages)
    assert sent[-1].checkpoint == here.tables.checkpoints[Stream.EVENTS].token


async def test_a_stream_begins_with_as_much_history_as_is_safe(here: Installation) -> None:
    await here.ingest()(COMMAND)
    checkpoint = here.tables.checkpoints[Stream.EVENTS]
    assert here.clock.now() - checkpoint.token_time == SEED_AGE


async def test_an_empty_answer_moves_nothing_but_the_time_of_the_look(here: Installation) -> None:
    await here.ingest()(COMMAND)
    before = here.tables.checkpoints[Stream.EVENTS]
    here.clock.advance(timedelta(minutes=1))
    run = await here.ingest()(COMMAND)
    after = here.tables.checkpoints[Stream.EVENTS]
    assert run is not None
    assert (run.status, run.pages) == (RunStatus.SUCCEEDED, 0)
    assert (after.token, after.moved_at) == (before.token, before.moved_at)
    assert after.checked_at == here.clock.now()
    assert not here.tables.raw_pages
    assert not here.database.outbox


async def test_what_came_before_a_failure_stays_and_the_next_run_goes_on(here: Installation) -> None:
    here.source.emit(EXTERNAL_ID, events(here, 1, 8))
    calls = 0
    answer = here.source.page_since

    async def fail_on_the_third(stream: Stream, external_id: int, token: str, *, urgent: bool) -> SourcePage:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise SourceUnavailable("the source is down")
        return await answer(stream, external_id, token, urgent=urgent)

    here.source.page_since = fail_on_the_third  # type: ignore[method-assign] # a source that fails half way
    run = await here.ingest()(COMMAND)
    assert run is not None
    assert (run.status, run.error_code, run.pages) == (RunStatus.FAILED, "source.unavailable", 2)
    assert stored(here) == set(range(1, 7))
    again = await here.ingest()(COMMAND)
    assert again is not None
    assert (again.status, again.inserted, again.duplicates) == (RunStatus.SUCCEEDED, 2, 0)
    assert stored(here) == set(range(1, 9))


async def test_a_fault_of_ours_is_logged_and_raised(here: Installation) -> None:
    here.source.failures.append(ZeroDivisionError("secret"))
    with pytest.raises(ZeroDivisionError):
        await here.ingest()(COMMAND)
    (run,) = here.tables.runs.values()
    assert (run.status, run.error_code, run.error_message) == (RunStatus.FAILED, "internal", "ZeroDivisionError")


async def test_a_worker_that_is_told_to_stop_says_so(here: Installation) -> None:
    asked = asyncio.Event()

    async def never_answer(*_: object, **__: object) -> None:
        asked.set()
        await asyncio.Event().wait()

    here.source.page_since = never_answer  # type: ignore[method-assign,assignment] # a source that keeps us waiting
    running = asyncio.create_task(here.ingest()(COMMAND))
    await asked.wait()
    running.cancel()
    await asyncio.wait({running})
    (run,) = here.tables.runs.values()
    assert (run.status, run.error_code) == (RunStatus.FAILED, "telemetry.run_stopped")


async def test_who_lost_the_lease_commits_nothing_more(here: Installation) -> None:
    here.source.emit(EXTERNAL_ID, events(here, 1, 6))
    answer, calls = here.source.page_since, 0

    async def sleep_through_the_lease(stream: Stream, external_id: int, token: str, *, urgent: bool) -> SourcePage:
        nonlocal calls
        calls += 1
        if calls == 1:
            here.clock.advance(2 * LEASE_TTL)
            rival = await here.leases.acquire(ORGANISATION_ID, "ingest:events", "rival", LEASE_TTL)
            assert rival is not None
        return await answer(stream, external_id, token, urgent=urgent)

    here.source.page_since = sleep_through_the_lease  # type: ignore[method-assign] # a source that is very slow
    run = await here.ingest()(COMMAND)
    assert run is not None
    assert (run.status, run.error_code) == (RunStatus.FAILED, "lease.lost")
    assert stored(here) == set()
    assert await here.ingest("third")(COMMAND) is None


async def test_a_second_worker_finds_the_place_taken(here: Installation) -> None:
    assert await here.leases.acquire(ORGANISATION_ID, "ingest:events", "other", LEASE_TTL)
    assert await here.ingest()(COMMAND) is None
    assert not here.tables.runs


async def test_the_lease_is_given_back(here: Installation) -> None:
    await here.ingest("one")(COMMAND)
    assert await here.ingest("other")(COMMAND) is not None


async def test_the_run_of_a_dead_worker_is_declared_lost(here: Installation) -> None:
    lease = await here.leases.acquire(ORGANISATION_ID, "ingest:events", "dead", LEASE_TTL)
    assert lease is not None
    dead = await here.run("dead")._begin(lease, RunKind.EVENTS)
    here.clock.advance(2 * LEASE_TTL)
    await here.ingest()(COMMAND)
    assert here.tables.runs[dead.id].status is RunStatus.LOST


async def test_a_token_that_grew_too_old_opens_a_gap_that_is_told(here: Installation) -> None:
    await here.ingest()(COMMAND)
    old = here.tables.checkpoints[Stream.EVENTS]
    here.clock.advance(OLDEST_TOKEN)
    here.source.emit(EXTERNAL_ID, events(here, 1, 1))
    run = await here.ingest()(COMMAND)
    assert run is not None
    assert run.status is RunStatus.SUCCEEDED
    (gap,) = here.tables.gaps.values()
    assert (gap.start, gap.end) == (old.token_time, here.clock.now() - SEED_AGE)
    assert [one.start for one in here.told(GapOpened)] == [old.token_time]
    assert stored(here) == {1}


async def test_a_stream_without_end_does_not_hold_the_worker(here: Installation) -> None:
    here.source.emit(EXTERNAL_ID, events(here, 1, 30))
    run = await here.ingest()(IngestStreamCommand(ORGANISATION_ID, Stream.EVENTS, max_pages=2))
    assert run is not None
    assert (run.status, run.pages) == (RunStatus.SUCCEEDED, 2)
    assert stored(here) == set(range(1, 7))


async def test_a_page_whose_commit_was_not_answered_counts_in_its_run(here: Installation) -> None:
    """The store took the page and died before it could say so; the log of runs must still agree with the tables."""
    here.source.emit(EXTERNAL_ID, events(here, 1, 6))
    here.units = UnansweredCommit(here.database, of_commit=4)
    run = await here.ingest()(COMMAND)
    assert run is not None
    assert (run.status, run.error_code, run.pages) == (RunStatus.FAILED, "storage.unavailable", 2)
    assert here.tables.runs == {run.id: run}
    assert stored(here) == set(range(1, 7))
    again = await here.ingest()(COMMAND)
    assert again is not None
    assert (again.status, again.received) == (RunStatus.SUCCEEDED, 0)


async def test_who_was_declared_lost_does_not_rewrite_the_log(here: Installation) -> None:
    here.source.emit(EXTERNAL_ID, events(here, 1, 3))
    answer = here.source.page_since

    async def sleep_while_another_runs(stream: Stream, external_id: int, token: str, *, urgent: bool) -> SourcePage:
        here.source.page_since = answer  # type: ignore[method-assign] # the rival's calls are ordinary
        page = await answer(stream, external_id, token, urgent=urgent)
        here.clock.advance(2 * LEASE_TTL)
        rival = await here.ingest("rival")(COMMAND)
        assert rival is not None
        assert rival.status is RunStatus.SUCCEEDED
        return page

    here.source.page_since = sleep_while_another_runs  # type: ignore[method-assign] # a source that is very slow
    run = await here.ingest()(COMMAND)
    assert run is not None
    assert (run.status, run.error_code) == (RunStatus.FAILED, "lease.lost")
    assert here.tables.runs[run.id].status is RunStatus.LOST
    assert sorted(one.status for one in here.tables.runs.values()) == [RunStatus.LOST, RunStatus.SUCCEEDED]


class UnansweredCommit(MemoryUnitsOfWork):
    """The answer to one commit is lost on its way; the commit is not."""

    def __init__(self, database: MemoryDatabase, *, of_commit: int) -> None:
        super().__init__(database)
        self._left = of_commit

    def __call__(self, organisation_id: OrganisationId) -> MemoryUnitOfWork:
        unit = super().__call__(organisation_id)
        commit = unit.commit

        async def commit_and_perhaps_tell() -> None:
            await commit()
            self._left -= 1
            if self._left == 0:
                raise StorageUnavailable("the connection broke while the answer was on its way")

        unit.commit = commit_and_perhaps_tell  # type: ignore[method-assign] # a line that breaks
        return unit
