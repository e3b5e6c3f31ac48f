"""The feeds, read to their end over HTTP: nothing lost, whatever the server does on the way."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from trilha.adapters.memory import MemoryRateLimiter
from trilha.application.ports import Priority
from trilha.domain.kernel import InvalidValue, SinceTokenTooOld
from trilha.domain.telemetry import FEEDS, Stream
from trilha.simulators.mix import ClockChange, Fault, FaultKind, LateEvents, Malformed, Scenario

from .conftest import NOW, SINCE_ROUTES
from .telling import KINDS, distinct, truth_of

FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
LARGEST = 1.7976931348623157e308
ODD = {
    Stream.EVENTS: {FIRST, LAST, LARGEST},
    Stream.POSITIONS: {LARGEST, -(2**31), 65_535},
    Stream.TRIPS: {FIRST, LAST, LARGEST},
}
WHERE_ODD = {
    Stream.EVENTS: ("ended_at", "value"),
    Stream.POSITIONS: ("speed_kmh", "altitude_m", "heading_deg"),
    Stream.TRIPS: ("departed_at", "halted_at", "max_rpm"),
}
WORDS = {Stream.EVENTS: "category", Stream.POSITIONS: "source", Stream.TRIPS: "classification"}


async def read_all(mix, stream, organisation, token):
    """Pages as the use case asks for them: at once while more is waiting."""
    pages = [await mix.page_since(stream, organisation, token, urgent=False)]
    while pages[-1].has_more and pages[-1].next_token is not None:
        pages.append(await mix.page_since(stream, organisation, pages[-1].next_token, urgent=True))
    return pages


async def test_the_whole_stream_is_the_truth(stream, simulator, open_client, settings, organisation, scenario):
    async with open_client(msgspec.structs.replace(settings, page_size=200)) as mix:
        pages = await read_all(mix, stream, organisation, mix.token_at(scenario.epoch))
    until = mix.time_of(pages[-1].next_token)
    assert len(pages) > 1
    assert truth_of(stream, pages) == simulator.truth(until=until, kind=KINDS[stream])
    assert not any(page.rejected for page in pages)


async def test_the_stream_is_the_truth_through_every_passing_fault(stream, simulator, mix, organisation, scenario):
    passing = [
        Fault(kind=FaultKind.SERVER_ERROR, times=2),
        Fault(kind=FaultKind.UNAVAILABLE),
        Fault(kind=FaultKind.TOO_MANY_REQUESTS, retry_after_s=7),
        Fault(kind=FaultKind.TOO_MANY_REQUESTS),
        Fault(kind=FaultKind.UNAUTHORIZED),
        Fault(kind=FaultKind.CUT_BODY),
        Fault(kind=FaultKind.TRUNCATED_JSON),
        Fault(kind=FaultKind.HTML, route=SINCE_ROUTES[stream]),
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
        pages.append(await mix.page_since(stream, organisation, token, urgent=bool(pages)))
        token = pages[-1].next_token
    for fault in passing:
        simulator.faults.add(fault)
        pages.append(await mix.page_since(stream, organisation, token, urgent=False))
        token = pages[-1].next_token
    assert truth_of(stream, pages) == simulator.truth(until=mix.time_of(token), kind=KINDS[stream])


@pytest.mark.parametrize("malformed", list(Malformed))
async def test_a_malformed_record_is_quarantined_and_spoils_no_other(
    stream, simulator, mix, organisation, since, malformed
):
    sound = await mix.page_since(stream, organisation, since, urgent=False)
    simulator.faults.add(Fault(kind=FaultKind.MALFORMED_RECORD, record=malformed))
    page = await mix.page_since(stream, organisation, since, urgent=False)
    if (stream, malformed) == (Stream.POSITIONS, Malformed.NO_UTF8):
        # the bad bytes are in the address, which is not kept: the copy is as good as its original
        assert not page.rejected
        assert set(page.records) == set(sound.records)
        return
    [rejected] = page.rejected
    assert list(page.records) == list(sound.records)
    assert rejected.raw in page.body
    assert rejected.reason in {"malformed", "missing_field", "wrong_type", "id_out_of_range", "bad_time"}


async def test_a_page_may_be_larger_than_asked(stream, simulator, open_client, settings, organisation, since):
    async with open_client(msgspec.structs.replace(settings, page_size=50)) as mix:
        simulator.faults.add(Fault(kind=FaultKind.OVERSIZED_PAGE))
        page = await mix.page_since(stream, organisation, since, urgent=False)
    assert len(page.records) > 100


async def test_unknown_words_are_accepted(stream, simulator, mix, organisation, since):
    known = await mix.page_since(stream, organisation, since, urgent=False)
    simulator.faults.add(Fault(kind=FaultKind.UNKNOWN_ENUM))
    page = await mix.page_since(stream, organisation, since, urgent=False)
    assert [event.id for event in page.records] == [event.id for event in known.records]
    assert {getattr(record, WORDS[stream]) for record in page.records} - {
        getattr(record, WORDS[stream]) for record in known.records
    }
    assert not page.rejected


async def test_nulls_may_be_absent_or_explicit(stream, simulator, mix, organisation, since):
    absent = await mix.page_since(stream, organisation, since, urgent=False)
    simulator.behaviour = msgspec.structs.replace(simulator.behaviour, explicit_nulls=True)
    explicit = await mix.page_since(stream, organisation, since, urgent=False)
    assert b":null" in explicit.body
    assert b":null" not in absent.body
    assert [msgspec.structs.replace(event, occurred_at=NOW) for event in explicit.records] == [
        msgspec.structs.replace(event, occurred_at=NOW) for event in absent.records
    ]


async def test_missing_headers_never_move_the_token(stream, simulator, mix, organisation, since):
    first = await mix.page_since(stream, organisation, since, urgent=False)
    simulator.faults.add(Fault(kind=FaultKind.MISSING_HEADERS))
    page = await mix.page_since(stream, organisation, since, urgent=False)
    assert (page.next_token, page.has_more) == (None, first.has_more)
    assert page.body == first.body


async def test_the_end_of_the_stream_is_an_empty_page_with_a_token(stream, mix, organisation, clock):
    page = await mix.page_since(stream, organisation, mix.token_at(clock.now()), urgent=False)
    assert page.is_empty
    assert page.next_token is not None
    assert not page.has_more


async def test_an_empty_body_is_an_empty_page_and_names_no_token(stream, simulator, mix, organisation, since):
    simulator.faults.add(Fault(kind=FaultKind.EMPTY_BODY))
    page = await mix.page_since(stream, organisation, since, urgent=False)
    assert (page.is_empty, page.next_token, page.has_more) == (True, None, False)


async def test_late_events_of_strangers_come_through(stream, simulator, mix, organisation, clock):
    token = mix.token_at(clock.now())
    made = simulator.add_late_events(LateEvents(count=5, late_by_s=86_400 * 3, kind=KINDS[stream]))
    simulator.change_clock(ClockChange(advance_s=5))
    page = await mix.page_since(stream, organisation, token, urgent=False)
    assert {record.identity for record in made} <= {record.id for record in page.records}


async def test_a_token_older_than_a_week_says_so_and_is_not_tried_again(stream, mix, organisation, calls):
    with pytest.raises(SinceTokenTooOld, match="7 days"):
        await mix.page_since(stream, organisation, mix.token_at(NOW - timedelta(days=8)), urgent=False)
    assert calls(SINCE_ROUTES[stream]) == 1


async def test_what_is_no_token_is_never_sent(stream, mix, organisation, calls):
    with pytest.raises(InvalidValue, match="since_token"):
        await mix.page_since(stream, organisation, "20260310142200000/quantity/1", urgent=False)
    assert calls(SINCE_ROUTES[stream]) == 0


class TestExtremes:
    @pytest.fixture
    def scenario(self):
        return Scenario(epoch=NOW - timedelta(days=2), vehicles=20, stranger_share=0.05)

    async def test_ids_at_both_ends_and_colliding_as_doubles_stay_apart(self, mix, organisation, scenario):
        pages = await read_all(mix, Stream.EVENTS, organisation, mix.token_at(scenario.epoch))
        ids = set(distinct(pages))
        assert {2**63 - 1, -(2**63)} <= ids
        assert len({float(number) for number in ids}) < len(ids)

    async def test_strangers_are_kept(self, mix, organisation, scenario):
        pages = await read_all(mix, Stream.EVENTS, organisation, mix.token_at(scenario.epoch))
        vehicles = {vehicle.id for vehicle in (await mix.vehicles(organisation)).records}
        drivers = {driver.id for driver in (await mix.drivers(organisation)).records}
        events = distinct(pages).values()
        assert {event.vehicle_id for event in events} - vehicles
        assert {event.driver_id for event in events} - drivers


async def test_odd_values_are_taken_where_they_can_be_stored(stream, simulator, mix, organisation, since):
    """All but U+0000 in a text that is kept, which no database takes."""
    sound = await mix.page_since(stream, organisation, since, urgent=False)
    simulator.faults.add(Fault(kind=FaultKind.ODD_VALUES))
    page = await mix.page_since(stream, organisation, since, urgent=False)
    assert {record.reason for record in page.rejected} == (set() if stream is Stream.POSITIONS else {"nul_character"})
    assert len(page.records) + len(page.rejected) == len(sound.records)
    assert ODD[stream] <= {getattr(record, name) for name in WHERE_ODD[stream] for record in page.records}


async def test_a_token_that_does_not_move_is_passed_on_as_it_is(stream, simulator, mix, organisation, since):
    """Whether to go on is for the use case to say; the client neither invents a token nor hides one."""
    simulator.faults.add(Fault(kind=FaultKind.STUCK_TOKEN))
    stuck = await mix.page_since(stream, organisation, since, urgent=False)
    assert stuck.next_token == stuck.asked_for == since
    simulator.faults.add(Fault(kind=FaultKind.REPEATED_PAGE, times=2))
    again = [await mix.page_since(stream, organisation, since, urgent=True) for _ in range(2)]
    assert [(page.next_token, page.has_more) for page in again] == [(since, True)] * 2
    assert [page.body for page in again] == [stuck.body] * 2


@pytest.mark.parametrize("kind", [FaultKind.MISSING_HAS_MORE, FaultKind.MISSING_SINCE_TOKEN])
async def test_one_missing_header_leaves_the_other_its_word(stream, simulator, mix, organisation, since, kind):
    sound = await mix.page_since(stream, organisation, since, urgent=False)
    simulator.faults.add(Fault(kind=kind))
    page = await mix.page_since(stream, organisation, since, urgent=False)
    assert page.has_more is sound.has_more
    assert page.next_token == (None if kind is FaultKind.MISSING_SINCE_TOKEN else sound.next_token)


async def test_trips_come_with_their_legs(mix, organisation, since):
    page = await mix.page_since(Stream.TRIPS, organisation, since, urgent=False)
    assert all(trip.sub_trips for trip in page.records)
    legs = [leg for trip in page.records for leg in trip.sub_trips]
    assert all(leg.distance_km is not None and leg.started_at is not None for leg in legs)


async def test_places_without_coordinates_of_their_own_are_kept(mix, organisation, scenario):
    """A receiver without a fix reports 0, 0, and some clocks are wrong: neither is for us to judge."""
    pages = await read_all(mix, Stream.POSITIONS, organisation, mix.token_at(scenario.epoch))
    positions = [position for page in pages for position in page.records]
    assert (0, 0) in {(position.latitude_deg, position.longitude_deg) for position in positions}
    assert max(position.occurred_at for position in positions) > NOW + timedelta(hours=1)


class Priorities(MemoryRateLimiter):
    """Notes who asked."""

    async def acquire(self, key, priority):
        self.asked = [*getattr(self, "asked", []), priority]
        await super().acquire(key, priority)


class TestPriorities:
    @pytest.fixture
    def limiter(self, database):
        return Priorities(database, [])

    async def test_each_question_says_how_pressing_it_is(self, mix, organisation, since, limiter):
        for stream in FEEDS:
            await mix.page_since(stream, organisation, since, urgent=True)
            await mix.page_since(stream, organisation, since, urgent=False)
        for ask in (mix.groups, mix.drivers, mix.vehicles, mix.event_types):
            await ask(organisation)
        await mix.organisations()
        await mix.amendments(Stream.TRIPS, organisation, NOW.date(), NOW.date())
        await mix.page_between(Stream.TRIPS, organisation, NOW - timedelta(hours=1), NOW)
        assert limiter.asked == [
            *[Priority.MORE_PAGES, Priority.DUE_STREAM] * 3,
            *[Priority.MASTER_DATA] * 5,
            Priority.AMENDMENTS,
            Priority.BACKFILL,
        ]
