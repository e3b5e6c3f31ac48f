"""The contract of Amendments: reads follow what the source changed, whichever of record and amendment comes first."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trilha.application.ports import PageRequest, TelemetryUnitOfWork, UnitsOfWork
from trilha.application.telemetry.queries import EventFilter, TelemetryQueries, TripFilter
from trilha.domain.kernel import DriverId, OrganisationId
from trilha.domain.telemetry import (
    AMENDED_FEEDS,
    REACH,
    Amendment,
    AmendmentKind,
    MergeOutcome,
    Record,
    Standing,
    Stream,
    standings,
)
from trilha.testing.contracts.fresh import NOON, NewOrganisation, WithOrganisations
from trilha.testing.contracts.reading import all_records, decoded, seen
from trilha.testing.contracts.telemetry_records import MergeModel, a_record, merge, newest_first
from trilha.testing.strategies import instants

Units = UnitsOfWork[TelemetryUnitOfWork]
HOUR = timedelta(hours=1)
SOMEBODY_ELSE = DriverId(9)
_FAR = NOON + 5 * REACH
_checked = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors])


def reassigned(stream: Stream, identifier: int = 1, driver: int = SOMEBODY_ELSE, hours: int = 0) -> Amendment:
    """A record is another driver's."""
    at = NOON + hours * HOUR
    return Amendment(stream, identifier, AmendmentKind.REASSIGNED, at, DriverId(driver))


def withdrawn(stream: Stream, identifier: int = 1, hours: int = 0) -> Amendment:
    """A record does not count."""
    return Amendment(stream, identifier, AmendmentKind.WITHDRAWN, NOON + hours * HOUR)


async def amend(units: Units, organisation_id: OrganisationId, *amendments: Amendment) -> None:
    """Fold one answer of the source in and commit."""
    async with units(organisation_id) as unit:
        stream = amendments[0].stream
        known = await unit.amendments.known(stream, [one.record_id for one in amendments])
        await unit.amendments.save(standings(known, amendments))
        await unit.commit()


@st.composite
def _histories(draw: st.DrawFn, stream: Stream) -> list[Record | Amendment]:
    """Records of two ids, sent again and again near and far in time, with amendments in between."""
    sent = st.builds(
        a_record,
        st.just(stream),
        st.integers(1, 2),
        st.integers(0, 2),
        occurred_at=st.sampled_from([NOON, NOON + HOUR, _FAR]) | instants(NOON, NOON + 2 * REACH),
        driver_id=st.integers(1, 3).map(DriverId),
    )
    amended = st.builds(
        reassigned, st.just(stream), st.integers(1, 2), st.integers(1, 3), st.integers(0, 3)
    ) | st.builds(withdrawn, st.just(stream), st.integers(1, 2), st.integers(0, 3))
    return draw(st.lists(sent | amended, max_size=8))


class AmendmentsContract(WithOrganisations):
    """Needs the fixtures `organisations`, `units` and `telemetry_queries`."""

    @pytest.fixture(params=AMENDED_FEEDS, ids=str)
    def stream(self, request: pytest.FixtureRequest) -> Stream:
        """Each amended feed in turn."""
        return Stream(request.param)

    async def _driver(
        self, queries: TelemetryQueries, organisation_id: OrganisationId, stream: Stream
    ) -> tuple[str, str | None, bool]:
        """Of the only record: whose it is, whose it was, and whether it was withdrawn."""
        (view,) = await all_records(queries, organisation_id, stream)
        shown = msgspec.structs.asdict(view)
        return shown["driver_id"], shown["reassigned_from"], shown["withdrawn_at"] is not None

    async def _ids_of(
        self, queries: TelemetryQueries, organisation_id: OrganisationId, stream: Stream, driver: int | None
    ) -> list[str]:
        """What lists show of a driver."""
        items: Sequence[object]
        if stream is Stream.TRIPS:
            items = (await queries.trips(organisation_id, TripFilter(driver_id=driver), PageRequest())).items
        else:
            items = (await queries.events(organisation_id, EventFilter(driver_id=driver), PageRequest())).items
        return [one["id"] for one in decoded([msgspec.Raw(msgspec.json.encode(item)) for item in items], dict)]

    @pytest.mark.parametrize("record_first", [True, False])
    async def test_it_does_not_matter_which_comes_first(
        self,
        units: Units,
        telemetry_queries: TelemetryQueries,
        organisation_id: OrganisationId,
        stream: Stream,
        record_first: bool,
    ) -> None:
        if record_first:
            await merge(units, organisation_id, stream, [a_record(stream)])
        await amend(units, organisation_id, reassigned(stream))
        if not record_first:
            await merge(units, organisation_id, stream, [a_record(stream)])
        assert await self._driver(telemetry_queries, organisation_id, stream) == ("9", "1", False)
        assert await self._ids_of(telemetry_queries, organisation_id, stream, 9) == ["1"]
        assert await self._ids_of(telemetry_queries, organisation_id, stream, 1) == []

    @pytest.mark.parametrize("record_first", [True, False])
    async def test_a_withdrawn_record_is_listed_only_on_request(
        self,
        units: Units,
        telemetry_queries: TelemetryQueries,
        organisation_id: OrganisationId,
        stream: Stream,
        record_first: bool,
    ) -> None:
        records = [a_record(stream, 1), a_record(stream, 2)]
        if record_first:
            await merge(units, organisation_id, stream, records)
        await amend(units, organisation_id, withdrawn(stream, hours=2))
        if not record_first:
            await merge(units, organisation_id, stream, records)
        assert await self._ids_of(telemetry_queries, organisation_id, stream, None) == ["2"]
        views = await all_records(telemetry_queries, organisation_id, stream)
        gone = Standing(stream, 1, withdrawn_at=NOON + 2 * HOUR)
        assert list(views) == [seen(records[1], NOON), seen(records[0], NOON, gone)]

    async def test_the_last_named_driver_holds_in_whatever_order_it_is_said(
        self, units: Units, telemetry_queries: TelemetryQueries, organisation_id: OrganisationId, stream: Stream
    ) -> None:
        await merge(units, organisation_id, stream, [a_record(stream)])
        for hours, driver in ((2, 8), (1, 7), (2, 8)):
            await amend(units, organisation_id, reassigned(stream, driver=driver, hours=hours))
        assert await self._driver(telemetry_queries, organisation_id, stream) == ("8", "1", False)

    async def test_reassigned_back_is_as_it_was(
        self, units: Units, telemetry_queries: TelemetryQueries, organisation_id: OrganisationId, stream: Stream
    ) -> None:
        await merge(units, organisation_id, stream, [a_record(stream)])
        await amend(units, organisation_id, reassigned(stream))
        await amend(units, organisation_id, reassigned(stream, driver=1, hours=1))
        assert await self._driver(telemetry_queries, organisation_id, stream) == ("1", None, False)
        assert await self._ids_of(telemetry_queries, organisation_id, stream, 1) == ["1"]

    async def test_what_is_withdrawn_stays_so_when_it_is_reassigned(
        self, units: Units, telemetry_queries: TelemetryQueries, organisation_id: OrganisationId, stream: Stream
    ) -> None:
        await merge(units, organisation_id, stream, [a_record(stream)])
        await amend(units, organisation_id, withdrawn(stream), reassigned(stream, hours=1))
        assert await self._driver(telemetry_queries, organisation_id, stream) == ("9", "1", True)
        assert await self._ids_of(telemetry_queries, organisation_id, stream, 9) == []

    async def test_a_record_sent_again_keeps_what_was_amended(
        self, units: Units, telemetry_queries: TelemetryQueries, organisation_id: OrganisationId, stream: Stream
    ) -> None:
        """It is compared with what the source itself had said: the same again is a duplicate, no replacement."""
        record = a_record(stream)
        await merge(units, organisation_id, stream, [record])
        await amend(units, organisation_id, reassigned(stream), withdrawn(stream))
        assert await merge(units, organisation_id, stream, [record]) == MergeOutcome(duplicates=1)
        changed = a_record(stream, mark=5, occurred_at=NOON + HOUR)
        assert await merge(units, organisation_id, stream, [changed]) == MergeOutcome(replaced=1)
        standing = Standing(stream, 1, SOMEBODY_ELSE, NOON, NOON)
        views = await all_records(telemetry_queries, organisation_id, stream)
        assert list(views) == [seen(changed, NOON, standing)]

    async def test_an_amendment_holds_for_records_of_the_id_however_far_apart(
        self, units: Units, telemetry_queries: TelemetryQueries, organisation_id: OrganisationId, stream: Stream
    ) -> None:
        near, far = a_record(stream), a_record(stream, occurred_at=_FAR)
        await merge(units, organisation_id, stream, [near])
        await amend(units, organisation_id, reassigned(stream))
        await merge(units, organisation_id, stream, [far])
        standing = Standing(stream, 1, SOMEBODY_ELSE, NOON)
        views = await all_records(telemetry_queries, organisation_id, stream)
        assert list(views) == [seen(far, NOON, standing), seen(near, NOON, standing)]

    @_checked
    @given(data=st.data())
    async def test_any_history_ends_as_the_rules_say(
        self,
        units: Units,
        telemetry_queries: TelemetryQueries,
        new_organisation: NewOrganisation,
        stream: Stream,
        data: st.DataObject,
    ) -> None:
        organisation_id, model, known = await new_organisation(), MergeModel(), dict[int, Standing]()
        for one in data.draw(_histories(stream)):
            if isinstance(one, Amendment):
                known |= {standing.record_id: standing for standing in standings(known.values(), [one])}
                await amend(units, organisation_id, one)
            else:
                outcome = await merge(units, organisation_id, stream, [one])
                assert outcome == model.merge([one], NOON)
        views = await all_records(telemetry_queries, organisation_id, stream)
        rows = newest_first(model.known)
        assert list(views) == [seen(row.record, row.received_at, known.get(row.record.id)) for row in rows]

    async def test_knows_what_was_saved_of_those_it_is_asked_for(
        self, units: Units, organisation_id: OrganisationId, new_organisation: NewOrganisation, stream: Stream
    ) -> None:
        await amend(units, organisation_id, reassigned(stream, 1), withdrawn(stream, 2), reassigned(stream, 3))
        async with units(organisation_id) as unit:
            known = await unit.amendments.known(stream, [2, 1, 1, 99])
            other = next(feed for feed in AMENDED_FEEDS if feed is not stream)
            assert list(await unit.amendments.known(other, [1, 2])) == []
            assert list(await unit.amendments.known(stream, [])) == []
        expected = [Standing(stream, 1, SOMEBODY_ELSE, NOON), Standing(stream, 2, withdrawn_at=NOON)]
        assert sorted(known, key=lambda one: one.record_id) == expected
        async with units(await new_organisation()) as unit:
            assert list(await unit.amendments.known(stream, [1, 2])) == []

    async def test_rolled_back_amendments_change_nothing(
        self, units: Units, telemetry_queries: TelemetryQueries, organisation_id: OrganisationId, stream: Stream
    ) -> None:
        await merge(units, organisation_id, stream, [a_record(stream)])
        async with units(organisation_id) as unit:
            await unit.amendments.save([Standing(stream, 1, SOMEBODY_ELSE, NOON, NOON)])
        assert await self._driver(telemetry_queries, organisation_id, stream) == ("1", None, False)
