"""The event stream, read to its end over HTTP: nothing lost, whatever the server does on the way."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from trilha.adapters.memory import MemoryRateLimiter
from trilha.application.ports import Priority
from trilha.domain.kernel import InvalidValue, SinceTokenTooOld
from trilha.domain.telemetry import Stream
from trilha.simulators.mix import ClockChange, Fault, FaultKind, LateEvents, Malformed, Route, Scenario
from trilha.simulators.mix.truth import fold
from trilha.simulators.mix.wire import Event

from .conftest import NOW


async def read_all(mix, organisation, token):
    """Pages as the use case asks for them: at once while more is waiting."""
    pages = [await mix.page_since(Stream.EVENTS, organisation, token, urgent=False)]
    while pages[-1].has_more and pages[-1].next_token is not None:
        pages.append(await mix.page_since(Stream.EVENTS, organisation, pages[-1].next_token, urgent=True))
    return pages


def distinct(pages):
    return {event.id: event for page in pages for event in page.records}


def truth_of(pages, records):
    """Our events in the simulator's words, so that its checksums speak about them."""
    return fold(
        (
            Event(
                event_id=event.id,
                asset_id=event.vehicle_id,
                driver_id=event.driver_id,
                event_type_id=event.event_type_id,
                event_category=event.category,
                start_date_time=event.started_at,
                total_time_seconds=event.duration_s or 0,
                total_occurances=event.occurrences,
            )
            for event in distinct(pages).values()
        ),
        records,
    )


async def test_the_whole_stream_is_the_truth(simulator, mix, organisation, scenario):
    pages = await read_all(mix, organisation, mix.token_at(scenario.epoch))
    records = sum(len(page.records) for page in pages)
    until = mix.time_of(pages[-1].next_token)
    assert len(pages) > 1
    assert truth_of(pages, records) == simulator.truth(until=until)
    assert not any(page.rejected for page in pages)


async def test_the_stream_is_the_truth_through_every_passing_fault(simulator, mix, organisation, scenario):
    passing = [
        Fault(kind=FaultKind.SERVER_ERROR, times=2),
        Fault(kind=FaultKind.UNAVAILABLE),
        Fault(kind=FaultKind.TOO_MANY_REQUESTS, retry_after_s=7),
        Fault(kind=FaultKind.TOO_MANY_REQUESTS),
        Fault(kind=FaultKind.UNAUTHORIZED),
        Fault(kind=FaultKind.CUT_BODY),
        Fault(kind=FaultKind.TRUNCATED_JSON),
        Fault(kind=FaultKind.HTML, route=Route.EVENTS_SINCE),
        Fault(kind=FaultKind.MISSING_HAS_MORE),
        Fault(kind=FaultKind.OVERSIZED_PAGE),
        Fault(kind=FaultKind.UNKNOWN_ENUM),
        Fault(kind=FaultKind.HTML),
    ]
    pages = []
    token = mix.token_at(scenario.epoch)
    while not pages or (pages[-1].has_more and pages[-1].next_token):
        if passing:
            simulator.faults.add(passing.pop(0))
        pages.append(await mix.page_since(Stream.EVENTS, organisation, token, urgent=bool(pages)))
        token = pages[-1].next_token
    for fault in passing:
        simulator.faults.add(fault)
        pages.append(await mix.page_since(Stream.EVENTS, organisation, token, urgent=False))
        token = pages[-1].next_token
    records = sum(len(page.records) for page in pages)
    assert truth_of(pages, records) == simulator.truth(until=mix.time_of(token))


@pytest.mark.parametrize("malformed", list(Malformed))
async def test_a_malformed_record_is_quarantined_and_spoils_no_other(simulator, mix, organisation, since, malformed):
    sound = await mix.page_since(Stream.EVENTS, organisation, since, urgent=False)
    simulator.faults.add(Fault(kind=FaultKind.MALFORMED_RECORD, record=malformed))
    page = await mix.page_since(Stream.EVENTS, organisation, since, urgent=False)
    [rejected] = page.rejected
    assert list(page.records) == list(sound.records)
    assert rejected.raw in page.body
    assert rejected.reason in {"malformed", "missing_field", "wrong_type", "id_out_of_range", "bad_time"}


async def test_a_page_may_be_larger_than_asked(simulator, open_client, settings, organisation, since):
    async with open_client(msgspec.structs.replace(settings, page_size=50)) as mix:
        simulator.faults.add(Fault(kind=FaultKind.OVERSIZED_PAGE))
        page = await mix.page_since(Stream.EVENTS, organisation, since, urgent=False)
    assert len(page.records) >= 150


async def test_unknown_words_are_accepted(simulator, mix, organisation, since):
    known = await mix.page_since(Stream.EVENTS, organisation, since, urgent=False)
    simulator.faults.add(Fault(kind=FaultKind.UNKNOWN_ENUM))
    page = await mix.page_since(Stream.EVENTS, organisation, since, urgent=False)
    assert [event.id for event in page.records] == [event.id for event in known.records]
    assert {event.category for event in page.records} - {event.category for event in known.records}
    assert not page.rejected


async def test_nulls_may_be_absent_or_explicit(simulator, mix, organisation, since):
    absent = await mix.page_since(Stream.EVENTS, organisation, since, urgent=False)
    simulator.behaviour = msgspec.structs.replace(simulator.behaviour, explicit_nulls=True)
    explicit = await mix.page_since(Stream.EVENTS, organisation, since, urgent=False)
    assert b":null" in explicit.body
    assert b":null" not in absent.body
    assert [msgspec.structs.replace(event, occurred_at=NOW) for event in explicit.records] == [
        msgspec.structs.replace(event, occurred_at=NOW) for event in absent.records
    ]


async def test_missing_headers_never_move_the_token(simulator, mix, organisation, since):
    first = await mix.page_since(Stream.EVENTS, organisation, since, urgent=False)
    simulator.faults.add(Fault(kind=FaultKind.MISSING_HEADERS))
    page = await mix.page_since(Stream.EVENTS, organisation, since, urgent=False)
    assert (page.next_token, page.has_more) == (None, first.has_more)
    assert page.body == first.body


async def test_the_end_of_the_stream_is_an_empty_page_with_a_token(mix, organisation, clock):
    page = await mix.page_since(Stream.EVENTS, organisation, mix.token_at(clock.now()), urgent=False)
    assert page.is_empty
    assert page.next_token is not None
    assert not page.has_more


async def test_an_empty_body_is_an_empty_page_and_names_no_token(simulator, mix, organisation, since):
    simulator.faults.add(Fault(kind=FaultKind.EMPTY_BODY))
    page = await mix.page_since(Stream.EVENTS, organisation, since, urgent=False)
    assert (page.is_empty, page.next_token, page.has_more) == (True, None, False)


async def test_late_events_of_strangers_come_through(simulator, mix, organisation, clock):
    token = mix.token_at(clock.now())
    made = simulator.add_late_events(LateEvents(count=5, late_by_s=86_400 * 3))
    simulator.change_clock(ClockChange(advance_s=5))
    page = await mix.page_since(Stream.EVENTS, organisation, token, urgent=False)
    assert {event.event_id for event in made} <= {event.id for event in page.records}


async def test_a_token_older_than_a_week_says_so_and_is_not_tried_again(mix, organisation, calls):
    with pytest.raises(SinceTokenTooOld, match="7 days"):
        await mix.page_since(Stream.EVENTS, organisation, mix.token_at(NOW - timedelta(days=8)), urgent=False)
    assert calls(Route.EVENTS_SINCE) == 1


async def test_what_is_no_token_is_never_sent(mix, organisation, calls):
    with pytest.raises(InvalidValue, match="since_token"):
        await mix.page_since(Stream.EVENTS, organisation, "20260310142200000/quantity/1", urgent=False)
    assert calls(Route.EVENTS_SINCE) == 0


class TestExtremes:
    @pytest.fixture
    def scenario(self):
        return Scenario(epoch=NOW - timedelta(days=2), vehicles=20, stranger_share=0.05)

    async def test_ids_at_both_ends_and_colliding_as_doubles_stay_apart(self, mix, organisation, scenario):
        pages = await read_all(mix, organisation, mix.token_at(scenario.epoch))
        ids = set(distinct(pages))
        assert {2**63 - 1, -(2**63)} <= ids
        assert len({float(number) for number in ids}) < len(ids)

    async def test_strangers_are_kept(self, mix, organisation, scenario):
        pages = await read_all(mix, organisation, mix.token_at(scenario.epoch))
        vehicles = {vehicle.id for vehicle in (await mix.vehicles(organisation)).records}
        drivers = {driver.id for driver in (await mix.drivers(organisation)).records}
        events = distinct(pages).values()
        assert {event.vehicle_id for event in events} - vehicles
        assert {event.driver_id for event in events} - drivers


async def test_odd_values_are_taken_where_they_can_be_stored(simulator, mix, organisation, since):
    sound = await mix.page_since(Stream.EVENTS, organisation, since, urgent=False)
    simulator.faults.add(Fault(kind=FaultKind.ODD_VALUES))
    page = await mix.page_since(Stream.EVENTS, organisation, since, urgent=False)
    assert {record.reason for record in page.rejected} == {"nul_character"}
    assert len(page.records) + len(page.rejected) == len(sound.records)
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert {first, last} <= {event.ended_at for event in page.records}


class Priorities(MemoryRateLimiter):
    """Notes who asked."""

    async def acquire(self, key, priority):
        self.asked = [*getattr(self, "asked", []), priority]
        await super().acquire(key, priority)


class TestPriorities:
    @pytest.fixture
    def limiter(self, database):
        return Priorities(database, [])

    async def test_streams_with_more_pages_go_first_and_master_data_last(self, mix, organisation, since, limiter):
        await mix.page_since(Stream.EVENTS, organisation, since, urgent=True)
        await mix.page_since(Stream.EVENTS, organisation, since, urgent=False)
        for ask in (mix.groups, mix.drivers, mix.vehicles, mix.event_types):
            await ask(organisation)
        await mix.organisations()
        assert limiter.asked == [Priority.MORE_PAGES, Priority.DUE_STREAM, *[Priority.MASTER_DATA] * 5]
