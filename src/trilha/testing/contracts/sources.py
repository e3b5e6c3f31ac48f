"""The contracts of FleetSource and TelemetrySource."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trilha.domain.fleet import FleetSource
from trilha.domain.kernel import InvalidValue, SinceTokenTooOld, SourceNotPermitted
from trilha.domain.telemetry import OLDEST_TOKEN, SourcePage, Stream, TelemetrySource, seed_time

FOREIGN_ID = 1
"""An organisation that no login of a test may see."""
LONGEST_STREAM = 1_000
FINEST = timedelta(milliseconds=1)
"""As exact as a token need be."""

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
    """Needs the fixtures `telemetry_source`, `external_id` with some events, and `source_now`, the source's time."""

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

    async def _read(self, source: TelemetrySource, external_id: int, token: str) -> list[SourcePage]:
        pages = list[SourcePage]()
        while not pages or pages[-1].has_more:
            assert len(pages) < LONGEST_STREAM
            page = await source.page_since(Stream.EVENTS, external_id, token, urgent=bool(pages))
            assert page.asked_for == token
            token = page.next_token or token
            pages.append(page)
        return pages

    async def test_reading_on_ends_with_nothing_new(
        self, telemetry_source: TelemetrySource, external_id: int, source_now: datetime
    ) -> None:
        pages = await self._read(telemetry_source, external_id, telemetry_source.token_at(seed_time(source_now)))
        assert sum(len(page.records) for page in pages) > 0
        tokens = [telemetry_source.time_of(page.next_token) for page in pages if page.next_token is not None]
        assert tokens == sorted(tokens)
        assert all(page.body for page in pages if page.records)

    async def test_reading_again_brings_the_same_events(
        self, telemetry_source: TelemetrySource, external_id: int, source_now: datetime
    ) -> None:
        token = telemetry_source.token_at(seed_time(source_now))
        first, second = [
            {event.id for page in await self._read(telemetry_source, external_id, token) for event in page.records}
            for _ in range(2)
        ]
        assert first <= second

    async def test_a_token_that_is_too_old_is_said_to_be(
        self, telemetry_source: TelemetrySource, external_id: int, source_now: datetime
    ) -> None:
        old = telemetry_source.token_at(source_now - OLDEST_TOKEN - timedelta(hours=1))
        with pytest.raises(SinceTokenTooOld):
            await telemetry_source.page_since(Stream.EVENTS, external_id, old, urgent=False)

    async def test_a_foreign_organisation_is_not_permitted(
        self, telemetry_source: TelemetrySource, source_now: datetime
    ) -> None:
        token = telemetry_source.token_at(seed_time(source_now))
        with pytest.raises(SourceNotPermitted):
            await telemetry_source.page_since(Stream.EVENTS, FOREIGN_ID, token, urgent=False)
