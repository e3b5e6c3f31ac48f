"""Reading again what was kept: whole pages, and single records that nobody understood."""

import msgspec
import pytest

from tests.unit.application.conftest import EXTERNAL_ID, ORGANISATION_ID, Installation
from trilha.application.telemetry.amending import raw_of
from trilha.application.telemetry.ingest_stream import IngestStreamCommand
from trilha.application.telemetry.replay_raw import ReplayRawCommand
from trilha.application.telemetry.settle_quarantine import SettleQuarantineCommand, StillUnreadable
from trilha.domain.kernel import InvalidValue, NotFound, RejectedRecord
from trilha.domain.telemetry import (
    AMENDED_FEEDS,
    FEEDS,
    AlreadySettled,
    Amendment,
    AmendmentKind,
    AmendmentPage,
    EventsIngested,
    IngestionRun,
    QuarantineEntry,
    Record,
    RecordsAmended,
    RunKind,
    Settlement,
    Standing,
    Stream,
)
from trilha.testing.contracts.telemetry_records import a_record


@pytest.fixture(params=FEEDS, ids=str)
def stream(request: pytest.FixtureRequest) -> Stream:
    return Stream(request.param)


async def ingest(here: Installation, stream: Stream) -> None:
    await here.ingest()(IngestStreamCommand(ORGANISATION_ID, stream))


async def replay(here: Installation, stream: Stream) -> IngestionRun:
    run = await here.replay()(ReplayRawCommand(ORGANISATION_ID, stream))
    assert run is not None
    assert run.kind is RunKind.REPLAY
    return run


def stored(here: Installation, stream: Stream) -> dict[int, list[Record]]:
    return {key: [row.record for row in rows] for key, rows in here.tables.records[stream].items()}


@pytest.fixture
async def partly(here: Installation, stream: Stream) -> Installation:
    """Ten records of a feed came, of which two were beyond the reader of the day."""
    here.source.not_understood |= {3, 8}
    here.source.emit(EXTERNAL_ID, [a_record(stream, number) for number in range(1, 11)])
    await ingest(here, stream)
    return here


def entries(here: Installation) -> list[QuarantineEntry]:
    return sorted(here.tables.quarantine.values(), key=lambda entry: entry.id)


async def test_a_better_reader_brings_in_what_was_not_understood(partly: Installation, stream: Stream) -> None:
    assert set(stored(partly, stream)) == set(range(1, 11)) - {3, 8}
    assert [entry.settlement for entry in entries(partly)] == [None, None]
    partly.source.not_understood.discard(3)
    first = await replay(partly, stream)
    assert (first.pages, first.inserted, first.quarantined) == (len(partly.tables.raw_pages), 1, 1)
    assert sorted(entry.settlement or "" for entry in entries(partly)) == ["", "replayed"]
    partly.source.not_understood.clear()
    await replay(partly, stream)
    assert stored(partly, stream) == {number: [a_record(stream, number)] for number in range(1, 11)}
    assert {entry.settlement for entry in entries(partly)} == {Settlement.REPLAYED}


async def test_a_replay_tells_what_it_brought_in_and_nothing_where_that_is_nothing(
    partly: Installation, stream: Stream
) -> None:
    before = len(partly.told(EventsIngested))
    await replay(partly, stream)
    assert len(partly.told(EventsIngested)) == before
    partly.source.not_understood.clear()
    await replay(partly, stream)
    told = partly.told(EventsIngested)[before:]
    pages = {entry.page_id: entry.at for entry in entries(partly)}
    assert {one.page_id: one.received_at for one in told} == pages
    assert {(one.stream, one.checkpoint, one.late, one.quarantined) for one in told} == {(stream, "", 0, 0)}
    assert [(one.received, one.inserted, one.replaced) for one in told] == [(1, 1, 0)] * 2


async def test_replaying_twice_is_replaying_once(partly: Installation, stream: Stream) -> None:
    partly.source.not_understood.clear()
    await replay(partly, stream)
    before, settled = dict(partly.tables.records[stream]), entries(partly)
    again = await replay(partly, stream)
    assert (again.inserted, again.replaced, again.duplicates) == (0, 0, 10)
    assert (partly.tables.records[stream], entries(partly)) == (before, settled)


async def test_a_replay_cannot_undo_what_came_later(here: Installation, stream: Stream) -> None:
    for mark in (1, 2, 3):
        here.source.emit(EXTERNAL_ID, [a_record(stream, 1, mark)])
        await ingest(here, stream)
        here.clock.advance_to(here.clock.now().replace(hour=12 + mark))
    run = await replay(here, stream)
    assert (run.pages, run.replaced, run.duplicates) == (3, 0, 3)
    assert stored(here, stream) == {1: [a_record(stream, 1, 3)]}


async def test_a_replay_brings_back_what_had_been_lost(partly: Installation, stream: Stream) -> None:
    partly.source.not_understood.clear()
    partly.tables.records[stream].clear()
    await replay(partly, stream)
    assert stored(partly, stream) == {number: [a_record(stream, number)] for number in range(1, 11)}


async def settle(here: Installation, entry: QuarantineEntry, settlement: Settlement) -> QuarantineEntry:
    return await here.settle()(SettleQuarantineCommand(ORGANISATION_ID, entry.id, settlement))


async def test_one_record_is_replayed_once_its_reader_is_there(partly: Installation, stream: Stream) -> None:
    entry = entries(partly)[0]
    with pytest.raises(StillUnreadable):
        await settle(partly, entry, Settlement.REPLAYED)
    assert entries(partly)[0].settlement is None
    partly.source.not_understood.clear()
    settled = await settle(partly, entry, Settlement.REPLAYED)
    assert (settled.settlement, settled.settled_at) == (Settlement.REPLAYED, partly.clock.now())
    assert len(stored(partly, stream)) == 9
    assert await settle(partly, entry, Settlement.REPLAYED) == settled
    with pytest.raises(AlreadySettled):
        await settle(partly, entry, Settlement.DISCARDED)


async def test_one_record_replayed_is_told(partly: Installation, stream: Stream) -> None:
    before, entry = len(partly.told(EventsIngested)), entries(partly)[0]
    partly.source.not_understood.clear()
    await settle(partly, entry, Settlement.REPLAYED)
    await settle(partly, entry, Settlement.REPLAYED)
    (told,) = partly.told(EventsIngested)[before:]
    assert (told.page_id, told.stream, told.received_at) == (entry.page_id, stream, entry.at)
    assert (told.received, told.inserted, told.replaced, told.checkpoint) == (1, 1, 0, "")
    occurred_at = a_record(stream, 3).occurred_at
    assert (told.first_occurred_at, told.last_occurred_at) == (occurred_at, occurred_at)


async def test_a_record_replayed_late_does_not_undo_a_younger_one(here: Installation, stream: Stream) -> None:
    here.source.not_understood.add(1)
    here.source.emit(EXTERNAL_ID, [a_record(stream, 1, 1)])
    await ingest(here, stream)
    here.source.not_understood.clear()
    here.clock.advance_to(here.clock.now().replace(hour=13))
    here.source.emit(EXTERNAL_ID, [a_record(stream, 1, 2)])
    await ingest(here, stream)
    before = here.told(EventsIngested)
    await settle(here, entries(here)[0], Settlement.REPLAYED)
    assert stored(here, stream) == {1: [a_record(stream, 1, 2)]}
    assert here.told(EventsIngested) == before


async def test_what_is_discarded_stays_out(partly: Installation, stream: Stream) -> None:
    partly.source.not_understood.clear()
    entry = entries(partly)[0]
    settled = await settle(partly, entry, Settlement.DISCARDED)
    assert settled.settlement is Settlement.DISCARDED
    assert await settle(partly, entry, Settlement.DISCARDED) == settled
    with pytest.raises(AlreadySettled):
        await settle(partly, entry, Settlement.REPLAYED)
    assert len(stored(partly, stream)) == 8


@pytest.mark.parametrize("feed", AMENDED_FEEDS)
async def test_an_amendment_is_replayed_once_its_reader_is_there(here: Installation, feed: Stream) -> None:
    amendment = Amendment(feed, 7, AmendmentKind.WITHDRAWN, here.clock.now())
    page_id, at, day = here.ids.new(), here.clock.now(), here.clock.now().date()
    page = AmendmentPage(feed, day, day, at, b"[]", ())
    async with here.units(ORGANISATION_ID) as unit:
        await unit.raw_pages.add(page_id, raw_of(page))
        await unit.quarantine.add(
            [
                QuarantineEntry(here.ids.new(), Stream.AMENDMENTS, page_id, at, RejectedRecord(number, "x", "y", raw))
                for number, raw in enumerate((msgspec.json.encode(amendment), b"{}"))
            ]
        )
        await unit.commit()
    sound, unsound = entries(here)
    for _ in range(2):
        assert (await settle(here, sound, Settlement.REPLAYED)).settlement is Settlement.REPLAYED
    assert here.tables.amended == {(feed, 7): Standing(feed, 7, withdrawn_at=at)}
    assert here.told(RecordsAmended) == [RecordsAmended(page_id=page_id, stream=feed, reassigned=0, withdrawn=1)]
    with pytest.raises(StillUnreadable):
        await settle(here, unsound, Settlement.REPLAYED)


async def test_master_data_come_again_by_themselves_and_nothing_is_no_entry(here: Installation) -> None:
    entry = QuarantineEntry(here.ids.new(), "drivers", None, here.clock.now(), RejectedRecord(0, "x", "y", b"{}"))
    here.tables.quarantine[entry.id] = entry
    with pytest.raises(InvalidValue):
        await settle(here, entry, Settlement.REPLAYED)
    assert (await settle(here, entry, Settlement.DISCARDED)).settlement is Settlement.DISCARDED
    with pytest.raises(NotFound):
        await here.settle()(SettleQuarantineCommand(ORGANISATION_ID, here.ids.new(), Settlement.DISCARDED))
