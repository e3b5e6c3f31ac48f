"""Windows of the past: one answer each, and together all that happened."""

from datetime import timedelta

import msgspec
import pytest

from trilha.domain.kernel import InvalidValue, SourceRefused
from trilha.simulators.mix import Fault, FaultKind, Malformed, Scenario

from .conftest import NOW, RANGE_ROUTES
from .telling import distinct

DAY = timedelta(days=1)


@pytest.fixture
def scenario():
    return Scenario(epoch=NOW - 6 * DAY, vehicles=5, positions_per_vehicle_per_day=60)


@pytest.fixture(params=[True, False], ids=["end included", "end excluded"])
def either_end(simulator, request):
    """Whether MiX counts what happened at the very end of a window to it is not known: both must do."""
    simulator.behaviour = msgspec.structs.replace(simulator.behaviour, range_end_included=request.param)


async def windows(mix, stream, organisation, start, end, length):
    pages = []
    while start < end:
        pages.append(await mix.page_between(stream, organisation, start, min(start + length, end)))
        start += length
    return pages


@pytest.mark.usefixtures("either_end")
async def test_short_windows_bring_what_a_long_one_does(stream, mix, organisation):
    start, end = NOW - 2 * DAY, NOW - DAY
    [whole] = await windows(mix, stream, organisation, start, end, DAY)
    parts = await windows(mix, stream, organisation, start, end, timedelta(hours=5))
    inside = {record.id for record in whole.records if start <= record.occurred_at < end}
    assert inside
    assert inside <= distinct(parts).keys() <= distinct([whole]).keys()


@pytest.mark.usefixtures("either_end")
async def test_ranges_bring_what_the_streams_brought(stream, mix, organisation, scenario):
    """Of the time between; what came late is in both."""
    token, pages = mix.token_at(scenario.epoch), []
    while not pages or pages[-1].has_more:
        pages.append(await mix.page_since(stream, organisation, token, urgent=bool(pages)))
        token = pages[-1].next_token
    start, end = NOW - 3 * DAY, NOW - 2 * DAY
    streamed = {one.id: one for one in distinct(pages).values() if start <= one.occurred_at < end}
    ranged = distinct([await mix.page_between(stream, organisation, start, end)])
    assert streamed
    assert {key: ranged[key] for key in streamed} == streamed


async def test_a_window_is_one_answer(stream, mix, organisation, calls):
    page = await mix.page_between(stream, organisation, NOW - 7 * DAY, NOW)
    assert (page.stream, page.has_more, page.next_token) == (stream, False, None)
    assert page.asked_for == "20260303143015-20260310143015"
    assert len(page.records) > 100
    assert calls(RANGE_ROUTES[stream]) == 1


async def test_a_window_is_posted_as_json(stream, simulator, mix, organisation, monkeypatch):
    asked, answer = [], simulator._api.answer

    def noted(request, *rest):
        asked.append((request.method, request.headers["content-type"]))
        return answer(request, *rest)

    monkeypatch.setattr(simulator._api, "answer", noted)
    await mix.page_between(stream, organisation, NOW - DAY, NOW)
    assert asked == [("POST", "application/json; charset=utf-8")]


async def test_nothing_that_happened_at_the_end_is_dropped(stream, mix, organisation):
    """The end is asked for and kept: a record twice is known by its id, one never asked for would be lost."""
    page = await mix.page_between(stream, organisation, NOW - 2 * DAY, NOW - DAY)
    moment = max(one.occurred_at for one in page.records if one.occurred_at <= NOW - DAY)
    last = await mix.page_between(stream, organisation, moment - timedelta(seconds=1), moment)
    assert moment in {record.occurred_at for record in last.records}


async def test_a_time_when_nothing_was_is_empty(stream, mix, organisation, scenario):
    page = await mix.page_between(stream, organisation, scenario.epoch - 30 * DAY, scenario.epoch - 29 * DAY)
    assert page.is_empty
    assert page.body == b""


async def test_a_window_too_long_is_refused_with_the_reason_and_not_tried_again(stream, mix, organisation, calls):
    with pytest.raises(SourceRefused, match=r"400.*7 days"):
        await mix.page_between(stream, organisation, NOW - 8 * DAY, NOW)
    assert calls(RANGE_ROUTES[stream]) == 1


async def test_a_time_out_of_reach_is_refused(stream, mix, organisation, calls):
    with pytest.raises(SourceRefused, match=r"400.*90 days"):
        await mix.page_between(stream, organisation, NOW - 100 * DAY, NOW - 99 * DAY)
    assert calls(RANGE_ROUTES[stream]) == 1


async def test_what_is_no_window_is_never_sent(stream, mix, organisation, calls):
    with pytest.raises(InvalidValue):
        await mix.page_between(stream, organisation, NOW, NOW)
    assert calls(RANGE_ROUTES[stream]) == 0


@pytest.mark.parametrize("malformed", [Malformed.BAD_DATE, Malformed.MISSING_ID, Malformed.NULL, Malformed.TEXT_NUMBER])
async def test_a_malformed_record_spoils_no_other(stream, simulator, mix, organisation, malformed):
    sound = await mix.page_between(stream, organisation, NOW - DAY, NOW)
    simulator.faults.add(Fault(kind=FaultKind.MALFORMED_RECORD, record=malformed))
    page = await mix.page_between(stream, organisation, NOW - DAY, NOW)
    [rejected] = page.rejected
    assert [record.id for record in page.records] == [record.id for record in sound.records]
    assert rejected.raw in page.body


async def test_headers_of_streams_are_not_asked_of_ranges(stream, mix, organisation, caplog):
    await mix.page_between(stream, organisation, NOW - DAY, NOW)
    assert not [record for record in caplog.records if record.getMessage() == "mix.header_missing"]


async def test_what_was_read_can_be_read_again(stream, mix, organisation):
    """A kept page says the same to a reader without a network."""
    page = await mix.page_between(stream, organisation, NOW - DAY, NOW)
    understood = mix.understand(stream, page.body, page.received_at)
    assert (list(understood.records), understood.rejected) == (list(page.records), page.rejected)
