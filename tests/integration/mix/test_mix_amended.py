"""Amendments over HTTP, against what the simulator knows to be the end of them all."""

from datetime import UTC, datetime, timedelta

import pytest

from trilha.domain.kernel import InvalidValue, SourceRefused
from trilha.domain.telemetry import AMENDED_FEEDS, AmendmentKind, Stream, spans, standings
from trilha.simulators.mix import Amend, ClockChange, Scenario
from trilha.simulators.mix.amendments import digest

from .conftest import AMENDED_ROUTES, NOW
from .telling import KINDS

FIRST = (NOW - timedelta(days=6)).date()


@pytest.fixture(params=AMENDED_FEEDS)
def stream(request):
    return request.param


@pytest.fixture
def scenario():
    return Scenario(epoch=NOW - timedelta(days=20), vehicles=5, amended_share=0.05)


def folded(pages):
    """What the amendments come to, in the simulator's words."""
    known = standings((), [amendment for page in pages for amendment in page.amendments])
    ids = content = 0
    for one in known:
        ids ^= one.record_id
        content ^= digest(one.record_id, one.driver_id, quarantined=one.withdrawn_at is not None)
    return len(known), ids, content


def midnight(day):
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


async def test_all_amendments_of_a_week_are_read(stream, simulator, mix, organisation):
    page = await mix.amendments(stream, organisation, FIRST, NOW.date())
    truth = simulator.amendment_truth(midnight(FIRST), NOW, kind=KINDS[stream])
    assert truth.amended > 3
    assert {one.kind for one in page.amendments} == set(AmendmentKind)
    assert (len(page.amendments), page.rejected) == (truth.amendments, ())
    assert folded([page]) == (truth.amended, truth.ids_checksum, truth.content_checksum)


async def test_weeks_with_a_common_day_say_the_same_as_the_whole(stream, simulator, mix, organisation):
    since = (NOW - timedelta(days=18)).date()
    questions = spans(since, NOW.date())
    pages = [await mix.amendments(stream, organisation, first, last) for first, last in reversed(questions)]
    pages.append(pages[0])
    truth = simulator.amendment_truth(midnight(questions[0][0]), NOW, kind=KINDS[stream])
    assert len(questions) > 1
    assert folded(pages) == (truth.amended, truth.ids_checksum, truth.content_checksum)


async def test_one_record_amended_twice(stream, simulator, mix, organisation):
    events = await mix.page_since(stream, organisation, mix.token_at(NOW - timedelta(days=1)), urgent=False)
    record = events.records[0]
    for driver_id in (71, -72, None):
        simulator.amend(Amend(kind=KINDS[stream], id=record.id, new_driver_id=driver_id))
    simulator.change_clock(ClockChange(advance_s=10))
    page = await mix.amendments(stream, organisation, NOW.date(), NOW.date())
    ours = [one for one in page.amendments if one.record_id == record.id]
    assert [one.new_driver_id for one in ours if one.kind is AmendmentKind.REASSIGNED][-2:] == [71, -72]
    assert ours[-1].kind is AmendmentKind.WITHDRAWN


async def test_days_without_any_are_empty(stream, mix, organisation, scenario):
    day = (scenario.epoch - timedelta(days=3)).date()
    page = await mix.amendments(stream, organisation, day, day)
    assert (page.amendments, page.rejected, page.first, page.last) == ((), (), day, day)


async def test_more_than_a_week_is_refused(stream, mix, organisation, calls):
    with pytest.raises(SourceRefused, match="400"):
        await mix.amendments(stream, organisation, FIRST - timedelta(days=1), NOW.date())
    assert calls(AMENDED_ROUTES[stream]) == 1


async def test_positions_are_not_amended(mix, organisation):
    with pytest.raises(InvalidValue, match="events or trips"):
        await mix.amendments(Stream.POSITIONS, organisation, FIRST, NOW.date())
