"""The contracts of TelemetryQueries and IngestionQueries."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trilha.application.ports import FleetUnitOfWork, PageRequest, TelemetryUnitOfWork, UnitsOfWork
from trilha.application.telemetry.queries import EventFilter, IngestionQueries, TelemetryQueries
from trilha.application.telemetry.views import EventView, RunView
from trilha.domain.fleet import Classification, EventType
from trilha.domain.kernel import EventTypeId, InvalidValue, OrganisationId, TimeRange
from trilha.domain.telemetry import (
    Gap,
    IngestionRun,
    RunKind,
    Stream,
    TelemetryEvent,
    advance,
    declare_lost,
    fail,
    first_checkpoint,
    succeed,
)
from trilha.testing.contracts.fresh import NOON, NewOrganisation, WithOrganisations, new_id
from trilha.testing.contracts.reading import all_events, walk
from trilha.testing.contracts.telemetry_records import an_event
from trilha.testing.strategies import instants, source_ids

HOUR = timedelta(hours=1)
FleetUnits = UnitsOfWork[FleetUnitOfWork]
Units = UnitsOfWork[TelemetryUnitOfWork]
Merge = Callable[[OrganisationId, Sequence[TelemetryEvent]], Awaitable[None]]

SPEEDING, IDLE, FOREIGN = EventTypeId(10), EventTypeId(11), EventTypeId(12)
LIBRARY = [
    EventType(SPEEDING, "Over speeding", classification=Classification.DRIVING_INFRACTION),
    EventType(IDLE, "Idle", classification=Classification.NORMAL_OPERATION),
]
EVENTS = [
    an_event(1, occurred_at=NOON, driver_id=1, vehicle_id=5, event_type_id=SPEEDING),
    an_event(2, occurred_at=NOON, driver_id=2, vehicle_id=5, event_type_id=IDLE),
    an_event(3, occurred_at=NOON + HOUR, driver_id=1, vehicle_id=6, event_type_id=FOREIGN),
    an_event(-4, occurred_at=NOON - HOUR, driver_id=-1, vehicle_id=-(2**63), event_type_id=SPEEDING),
]
# Few moments, so that many events share one and only their ids tell them apart.
_MOMENTS = st.sampled_from([NOON, NOON + HOUR, NOON + timedelta(days=31)]) | instants(NOON, NOON + HOUR)
_checked = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors])


@st.composite
def _events(draw: st.DrawFn) -> list[TelemetryEvent]:
    ids = draw(st.lists(source_ids(), max_size=10, unique=True))
    return [an_event(identifier, occurred_at=draw(_MOMENTS)) for identifier in ids]


class TelemetryQueriesContract(WithOrganisations):
    """Needs the fixtures `organisations`, `units` (which also serve the fleet) and `telemetry_queries`."""

    @pytest.fixture
    def merge(self, units: Units) -> Merge:
        """Keeps events."""

        async def merge(organisation_id: OrganisationId, events: Sequence[TelemetryEvent]) -> None:
            async with units(organisation_id) as unit:
                await unit.records(Stream.EVENTS).merge(new_id(), NOON, events)
                await unit.commit()

        return merge

    @pytest.fixture
    async def driven(self, units: FleetUnits, merge: Merge, organisation_id: OrganisationId) -> OrganisationId:
        """An organisation with EVENTS and a LIBRARY that lacks one of their types."""
        async with units(organisation_id) as unit:
            await unit.master_data.save("event_types", LIBRARY)
            await unit.commit()
        await merge(organisation_id, EVENTS)
        return organisation_id

    @pytest.mark.parametrize(
        ("where", "expected"),
        [
            (EventFilter(), [3, 2, 1, -4]),
            (EventFilter(driver_id=1), [3, 1]),
            (EventFilter(driver_id=-1), [-4]),
            (EventFilter(vehicle_id=5), [2, 1]),
            (EventFilter(vehicle_id=-(2**63)), [-4]),
            (EventFilter(event_type_id=SPEEDING), [1, -4]),
            (EventFilter(classification="driving_infraction"), [1, -4]),
            (EventFilter(classification="normal_operation"), [2]),
            (EventFilter(classification="unclassified"), [3]),
            (EventFilter(classification="safety"), []),
            (EventFilter(occurred=TimeRange(start=NOON)), [3, 2, 1]),
            (EventFilter(occurred=TimeRange(end=NOON)), [-4]),
            (EventFilter(occurred=TimeRange(NOON, NOON + HOUR)), [2, 1]),
            (EventFilter(occurred=TimeRange(NOON, NOON)), []),
            (EventFilter(occurred=TimeRange(end=NOON + HOUR), driver_id=1, event_type_id=SPEEDING), [1]),
        ],
    )
    async def test_a_filter_finds_exactly_what_it_says_newest_first(
        self, telemetry_queries: TelemetryQueries, driven: OrganisationId, where: EventFilter, expected: list[int]
    ) -> None:
        assert [int(view.id) for view in await all_events(telemetry_queries, driven, where)] == expected

    async def test_an_event_shows_its_type_as_it_is_now(
        self, telemetry_queries: TelemetryQueries, units: FleetUnits, driven: OrganisationId
    ) -> None:
        async with units(driven) as unit:
            await unit.master_data.save("event_types", [msgspec.structs.replace(LIBRARY[1], description="Ocioso")])
            await unit.master_data.classify(SPEEDING, Classification.SAFETY)
            await unit.commit()
        shown = [(v.description, v.classification) for v in await all_events(telemetry_queries, driven)]
        speeding = ("Over speeding", "safety")
        assert shown == [(None, "unclassified"), ("Ocioso", "normal_operation"), speeding, speeding]

    @_checked
    @given(events=_events(), late=_events(), limit=st.integers(1, 4))
    async def test_paging_neither_skips_nor_repeats_whatever_is_inserted_meanwhile(
        self,
        telemetry_queries: TelemetryQueries,
        merge: Merge,
        new_organisation: NewOrganisation,
        events: list[TelemetryEvent],
        late: list[TelemetryEvent],
        limit: int,
    ) -> None:
        organisation_id = await new_organisation()
        ids = {event.id for event in events}
        newcomers = iter([event for event in late if event.id not in ids])
        await merge(organisation_id, events)

        async def one_more() -> None:
            await merge(organisation_id, [event for event in [next(newcomers, None)] if event])

        views = await walk(
            lambda page: telemetry_queries.events(organisation_id, EventFilter(), page), EventView, limit, one_more
        )
        shown = [int(view.id) for view in views]
        assert len(shown) == len(set(shown))
        newest_first = sorted(events, key=lambda event: (event.occurred_at, event.id), reverse=True)
        assert [identifier for identifier in shown if identifier in ids] == [event.id for event in newest_first]

    async def test_a_cursor_that_is_none_is_refused(
        self, telemetry_queries: TelemetryQueries, driven: OrganisationId
    ) -> None:
        for cursor in ("", "nonsense", "AAAA"):
            with pytest.raises(InvalidValue):
                await telemetry_queries.events(driven, EventFilter(), PageRequest(cursor=cursor))

    async def test_an_organisation_sees_only_its_own(
        self, telemetry_queries: TelemetryQueries, driven: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        assert await all_events(telemetry_queries, await new_organisation()) == []
        assert len(await all_events(telemetry_queries, driven)) == len(EVENTS)


class IngestionQueriesContract(WithOrganisations):
    """Needs the fixtures `organisations`, `units` and `ingestion_queries`."""

    @pytest.fixture
    async def runs(self, units: Units, organisation_id: OrganisationId) -> list[IngestionRun]:
        """Runs of both kinds that ended in every way, newest first; two began at the same moment."""
        begun = [
            IngestionRun(id=new_id(), kind=kind, started_at=NOON + timedelta(minutes=minutes), pages=2, received=7)
            for minutes, kind in enumerate([RunKind.EVENTS, RunKind.MASTER_DATA, RunKind.EVENTS, RunKind.EVENTS])
        ]
        later = NOON + timedelta(minutes=10, seconds=1.5)
        runs = [
            succeed(begun[0], later),
            fail(begun[1], "source.unavailable", "the source is down", later),
            declare_lost(msgspec.structs.replace(begun[2], started_at=begun[3].started_at), later),
            begun[3],
        ]
        async with units(organisation_id) as unit:
            for run in runs:
                await unit.runs.save(run)
            await unit.commit()
        return sorted(runs, key=lambda run: (run.started_at, run.id), reverse=True)

    @pytest.mark.parametrize("limit", [1, 3, 500])
    async def test_runs_come_newest_first(
        self,
        ingestion_queries: IngestionQueries,
        organisation_id: OrganisationId,
        runs: list[IngestionRun],
        limit: int,
    ) -> None:
        views = await walk(lambda page: ingestion_queries.runs(organisation_id, None, None, page), RunView, limit)
        assert [view.id for view in views] == [run.id for run in runs]

    async def test_a_run_shows_its_counts_and_its_end(
        self, ingestion_queries: IngestionQueries, organisation_id: OrganisationId, runs: list[IngestionRun]
    ) -> None:
        page = await ingestion_queries.runs(organisation_id, None, None, PageRequest())
        for run, view in zip(runs, page.items, strict=True):
            shown = msgspec.structs.asdict(view)
            took_s = shown.pop("duration_s")
            assert shown == msgspec.structs.asdict(run)
            ended = run.finished_at
            assert took_s == (None if ended is None else pytest.approx((ended - run.started_at).total_seconds()))

    @pytest.mark.parametrize(
        ("kind", "status", "count"),
        [("events", None, 3), ("master_data", None, 1), (None, "lost", 1), ("events", "failed", 0)],
    )
    async def test_runs_are_filtered_by_kind_and_status(
        self,
        ingestion_queries: IngestionQueries,
        organisation_id: OrganisationId,
        runs: list[IngestionRun],
        kind: str | None,
        status: str | None,
        count: int,
    ) -> None:
        page = await ingestion_queries.runs(organisation_id, kind, status, PageRequest())
        wanted = [run.id for run in runs if kind in (None, run.kind) and status in (None, run.status)]
        assert [view.id for view in page.items] == wanted
        assert len(wanted) == count

    async def test_a_cursor_that_is_none_is_refused(
        self, ingestion_queries: IngestionQueries, organisation_id: OrganisationId
    ) -> None:
        for cursor in ("", "nonsense", "AAAA"):
            with pytest.raises(InvalidValue):
                await ingestion_queries.runs(organisation_id, None, None, PageRequest(cursor=cursor))

    async def test_shows_how_far_each_stream_has_been_read(
        self, ingestion_queries: IngestionQueries, units: Units, organisation_id: OrganisationId
    ) -> None:
        """`pages` is the checkpoint's version: how often it was written since it began."""
        first = first_checkpoint(Stream.EVENTS, "a", NOON, NOON)
        second = advance(first, "b", NOON + HOUR, NOON + HOUR)
        async with units(organisation_id) as unit:
            await unit.checkpoints.save(first)
            await unit.checkpoints.save(second)
            await unit.gaps.open(Gap(Stream.EVENTS, NOON - HOUR, NOON, NOON))
            await unit.commit()
        (view,) = await ingestion_queries.checkpoints(organisation_id, NOON + 3 * HOUR)
        assert (view.stream, view.token, view.token_time) == ("events", "b", NOON + HOUR)
        assert view.token_age_s == pytest.approx(7200)
        assert (view.moved_at, view.checked_at) == (NOON + HOUR, NOON + HOUR)
        assert (view.pages, view.open_gaps) == (1, 1)

    async def test_a_stream_that_never_began_does_not_show(
        self, ingestion_queries: IngestionQueries, organisation_id: OrganisationId
    ) -> None:
        assert await ingestion_queries.checkpoints(organisation_id, datetime.now(UTC)) == []
