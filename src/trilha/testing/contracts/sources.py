"""The contracts of FleetSource and TelemetrySource."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trilha.domain.fleet import FleetSource
from trilha.domain.kernel import InvalidValue, SinceTokenTooOld, SourceNotPermitted, SourceRefused
from trilha.domain.telemetry import AMENDED_FEEDS, FEEDS, OLDEST_TOKEN, SourcePage, Stream, TelemetrySource, seed_time
from trilha.domain.telemetry.amendments import LONGEST_SPAN

FOREIGN_ID = 1
"""An organisation that no login of a test may see."""
LONGEST_STREAM = 1_000
FINEST = timedelta(milliseconds=1)
"""As exact as a token need be."""

_every_feed = pytest.mark.parametrize("stream", FEEDS)
_checked = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors])


class FleetSourceContract:
    """Needs the fixtures `fleet_source` and `external_id`, an organisation that its login may see."""

    async def test_lists_what_the_login_may_see(self, fleet_source: FleetSource, external_id: int) -> None:
        assert external_id in [one.external_id for one in await fleet_source.organisations()]

    async def test_ids_are_listed_once_and_point_to_what_is_listed(
        self, fleet_source: FleetSource, external_id: int
    ) -> None:
        groups = (await fleet_source.groups(external_id)).records
        drivers = (await fleet_source.drivers(external_id)).records
        vehicles = (await fleet_source.vehicles(external_id)).records
        event_types = (await fleet_source.event_types(external_id)).records
        for records in (groups, drivers, vehicles, event_types):
            assert len({record.id for record in records}) == len(records)
        known = {group.id for group in groups}
        assert {group.parent_id for group in groups} <= known | {None}

    async def test_a_foreign_organisation_is_not_permitted(self, fleet_source: FleetSource) -> None:
        for ask in (fleet_source.groups, fleet_source.drivers, fleet_source.vehicles, fleet_source.event_types):
            with pytest.raises(SourceNotPermitted) as refused:
                await ask(FOREIGN_ID)
            assert refused.value.identifier == str(FOREIGN_ID)


class TelemetrySourceContract:
    """Needs the fixtures `telemetry_source`, `external_id` and `source_now`, the source's time.

    The organisation has some records of every feed that were made and happened in the six days before `source_now`.
    """

    @_checked
    @given(moment=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
    async def test_a_token_stands_for_its_moment(self, telemetry_source: TelemetrySource, moment: datetime) -> None:
        again = telemetry_source.time_of(telemetry_source.token_at(moment))
        assert again.tzinfo is UTC
        assert abs(again - moment) < FINEST

    @pytest.mark.parametrize("token", ["", "NEW!", "2026", "99999999999999999", "é" * 17, "2026031012000000x"])
    async def test_what_is_no_token_is_refused(self, telemetry_source: TelemetrySource, token: str) -> None:
        with pytest.raises(InvalidValue):
            telemetry_source.time_of(token)

    @_every_feed
    async def test_reading_on_ends_with_nothing_new(
        self, telemetry_source: TelemetrySource, external_id: int, source_now: datetime, stream: Stream
    ) -> None:
        pages = await _read(telemetry_source, stream, external_id, source_now)
        assert sum(len(page.records) for page in pages) > 0
        assert {page.stream for page in pages} == {stream}
        tokens = [telemetry_source.time_of(page.next_token) for page in pages if page.next_token is not None]
        assert tokens == sorted(tokens)
        assert all(page.body for page in pages if page.records)

    @_every_feed
    async def test_reading_again_brings_the_same_records(
        self, telemetry_source: TelemetrySource, external_id: int, source_now: datetime, stream: Stream
    ) -> None:
        first, second = [
            {record.id for page in pages for record in page.records}
            for pages in [await _read(telemetry_source, stream, external_id, source_now) for _ in range(2)]
        ]
        assert first <= second

    @_every_feed
    async def test_a_kept_page_is_understood_as_it_was(
        self, telemetry_source: TelemetrySource, external_id: int, source_now: datetime, stream: Stream
    ) -> None:
        for page in await _read(telemetry_source, stream, external_id, source_now):
            understood = telemetry_source.understand(stream, page.body, page.received_at)
            assert list(understood.records) == list(page.records)
            assert list(understood.rejected) == list(page.rejected)

    @_every_feed
    async def test_a_token_that_is_too_old_is_said_to_be(
        self, telemetry_source: TelemetrySource, external_id: int, source_now: datetime, stream: Stream
    ) -> None:
        old = telemetry_source.token_at(source_now - OLDEST_TOKEN - timedelta(hours=1))
        with pytest.raises(SinceTokenTooOld):
            await telemetry_source.page_since(stream, external_id, old, urgent=False)

    @_every_feed
    async def test_a_past_time_has_all_that_was_streamed_of_it(
        self, telemetry_source: TelemetrySource, external_id: int, source_now: datetime, stream: Stream
    ) -> None:
        """Nothing is lost at its ends, nor where it is cut in two."""
        start, middle, end = _past(source_now)
        pages = await _read(telemetry_source, stream, external_id, source_now)
        streamed = {one.id for page in pages for one in page.records if start <= one.occurred_at < end}
        whole = await telemetry_source.page_between(stream, external_id, start, end)
        halves = [
            await telemetry_source.page_between(stream, external_id, *half) for half in ((start, middle), (middle, end))
        ]
        assert streamed
        assert streamed <= {record.id for record in whole.records}
        assert streamed <= {record.id for half in halves for record in half.records}

    @_every_feed
    async def test_a_past_time_is_one_answer(
        self, telemetry_source: TelemetrySource, external_id: int, source_now: datetime, stream: Stream
    ) -> None:
        start, _, end = _past(source_now)
        page = await telemetry_source.page_between(stream, external_id, start, end)
        assert (page.stream, page.has_more, page.next_token) == (stream, False, None)
        understood = telemetry_source.understand(stream, page.body, page.received_at)
        assert list(understood.records) == list(page.records)

    @_every_feed
    async def test_more_than_a_week_is_refused(
        self, telemetry_source: TelemetrySource, external_id: int, source_now: datetime, stream: Stream
    ) -> None:
        _, _, end = _past(source_now)
        with pytest.raises(SourceRefused):
            await telemetry_source.page_between(stream, external_id, end - timedelta(days=8), end)

    @pytest.mark.parametrize("stream", AMENDED_FEEDS)
    async def test_amendments_are_told_by_the_day(
        self, telemetry_source: TelemetrySource, external_id: int, source_now: datetime, stream: Stream
    ) -> None:
        last = source_now.date()
        page = await telemetry_source.amendments(stream, external_id, last - LONGEST_SPAN, last)
        assert (page.stream, page.first, page.last) == (stream, last - LONGEST_SPAN, last)
        assert {amendment.stream for amendment in page.amendments} <= {stream}
        understood = telemetry_source.understand_amendments(stream, page.body)
        assert (understood.amendments, understood.rejected) == (page.amendments, page.rejected)

    @_every_feed
    async def test_a_foreign_organisation_is_not_permitted(
        self, telemetry_source: TelemetrySource, source_now: datetime, stream: Stream
    ) -> None:
        token, (start, _, end) = telemetry_source.token_at(seed_time(source_now)), _past(source_now)
        with pytest.raises(SourceNotPermitted):
            await telemetry_source.page_since(stream, FOREIGN_ID, token, urgent=False)
        with pytest.raises(SourceNotPermitted):
            await telemetry_source.page_between(stream, FOREIGN_ID, start, end)
        if stream in AMENDED_FEEDS:
            with pytest.raises(SourceNotPermitted):
                await telemetry_source.amendments(stream, FOREIGN_ID, source_now.date(), source_now.date())


async def _read(source: TelemetrySource, stream: Stream, external_id: int, now: datetime) -> list[SourcePage]:
    pages, token = list[SourcePage](), source.token_at(seed_time(now))
    while not pages or pages[-1].has_more:
        assert len(pages) < LONGEST_STREAM
        page = await source.page_since(stream, external_id, token, urgent=bool(pages))
        assert page.asked_for == token
        token = page.next_token or token
        pages.append(page)
    return pages


def _past(now: datetime) -> tuple[datetime, datetime, datetime]:
    """Start, middle and end of a time that is over, in whole seconds."""
    end = now.replace(microsecond=0)
    return end - timedelta(days=6), end - timedelta(days=3), end
