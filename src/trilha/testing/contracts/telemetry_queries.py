"""What TelemetryQueries promises of events."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trilha.application.ports import FleetUnitOfWork, PageRequest, TelemetryUnitOfWork, UnitsOfWork
from trilha.application.telemetry.queries import EventFilter, TelemetryQueries
from trilha.application.telemetry.views import EventView
from trilha.domain.fleet import Classification, EventType
from trilha.domain.kernel import EventTypeId, InvalidValue, OrganisationId, TimeRange
from trilha.domain.telemetry import (
    Stream,
    TelemetryEvent,
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
            renamed = msgspec.structs.replace(LIBRARY[1], description="Ocioso")
            reclassified = msgspec.structs.replace(LIBRARY[0], classification=Classification.SAFETY)
            await unit.master_data.save("event_types", [renamed, reclassified])
            await unit.commit()
        shown = [(v.description, v.classification) for v in await all_events(telemetry_queries, driven)]
        speeding = ("Over speeding", "safety")
        assert shown == [(None, "unclassified"), ("Ocioso", "normal_operation"), speeding, speeding]
        found = await all_events(telemetry_queries, driven, EventFilter(classification="safety"))
        assert [int(view.id) for view in found] == [1, -4]

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
