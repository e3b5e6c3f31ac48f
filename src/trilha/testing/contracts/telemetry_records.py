"""The contract of TelemetryEvents: however records arrive, the tables end the same."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trilha.application.ports import TelemetryUnitOfWork, UnitsOfWork
from trilha.application.telemetry.queries import TelemetryQueries
from trilha.application.telemetry.views import EventView
from trilha.domain.kernel import DriverId, EventId, EventTypeId, OrganisationId, VehicleId
from trilha.domain.telemetry import REACH, MergeOutcome, TelemetryEvent, plan_merge
from trilha.testing.contracts.fresh import NOON, NewOrganisation, WithOrganisations, new_id
from trilha.testing.contracts.reading import all_events, seen
from trilha.testing.strategies import instants, telemetry_events

Units = UnitsOfWork[TelemetryUnitOfWork]
_FEW_IDS = st.sampled_from([-(2**63), -1, 0, 2**53, 2**53 + 1, 2**63 - 1])
_ACROSS_MONTHS = instants(NOON - timedelta(days=30), NOON + timedelta(days=30))
_NEAR = instants(NOON, NOON + REACH)
_PAGES = st.lists(st.lists(telemetry_events(_FEW_IDS, _NEAR | _ACROSS_MONTHS), max_size=6), max_size=6)
_checked = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors])


def an_event(identifier: int = 1, **fields: object) -> TelemetryEvent:
    """An event of a vehicle that nobody knows."""
    event = TelemetryEvent(
        id=EventId(identifier),
        occurred_at=NOON,
        driver_id=DriverId(1),
        vehicle_id=VehicleId(2),
        event_type_id=EventTypeId(3),
    )
    return msgspec.structs.replace(event, **fields)


async def merge(units: Units, organisation_id: OrganisationId, events: Sequence[TelemetryEvent]) -> MergeOutcome:
    """Merge one page and commit."""
    async with units(organisation_id) as unit:
        outcome = await unit.events.merge(new_id(), NOON, events)
        await unit.commit()
    return outcome


class MergeModel:
    """The rule itself, on a plain dict."""

    def __init__(self) -> None:
        self.known: dict[EventId, list[TelemetryEvent]] = {}

    def merge(self, events: Iterable[TelemetryEvent]) -> MergeOutcome:
        """What must come out of a page."""
        plan = plan_merge(self.known, events)
        for old in plan.superseded:
            self.known[old.id].remove(old)
        for event in plan.written:
            self.known.setdefault(event.id, []).append(event)
        return plan.outcome

    @property
    def events(self) -> list[TelemetryEvent]:
        """Everything known, as the queries sort it."""
        everything = (event for versions in self.known.values() for event in versions)
        return sorted(everything, key=lambda event: (event.occurred_at, event.id), reverse=True)


def same(events: Sequence[TelemetryEvent], views: Sequence[EventView]) -> None:
    """Assert that `views` show exactly `events`."""
    assert [view.id for view in views] == [str(event.id) for event in events]
    for event, view in zip(events, views, strict=True):
        assert view == seen(event, view)


class TelemetryEventsContract(WithOrganisations):
    """Needs the fixtures `organisations`, `units` and `telemetry_queries`."""

    @_checked
    @given(event=telemetry_events())
    async def test_every_field_comes_back_exactly(
        self,
        units: Units,
        telemetry_queries: TelemetryQueries,
        new_organisation: NewOrganisation,
        event: TelemetryEvent,
    ) -> None:
        organisation_id = await new_organisation()
        assert await merge(units, organisation_id, [event]) == MergeOutcome(inserted=1)
        same([event], await all_events(telemetry_queries, organisation_id))

    @_checked
    @given(
        events=st.lists(telemetry_events(occurred=_ACROSS_MONTHS), max_size=12, unique_by=lambda event: event.id),
        data=st.data(),
    )
    async def test_shuffling_doubling_and_splitting_change_nothing(
        self,
        units: Units,
        telemetry_queries: TelemetryQueries,
        new_organisation: NewOrganisation,
        events: list[TelemetryEvent],
        data: st.DataObject,
    ) -> None:
        organisation_id = await new_organisation()
        doubled = data.draw(st.lists(st.sampled_from(events), max_size=8)) if events else []
        stream = data.draw(st.permutations(events + doubled))
        cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=4)))
        pages = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
        outcomes = [await merge(units, organisation_id, page) for page in pages]
        assert sum(outcome.inserted for outcome in outcomes) == len(events)
        assert sum(outcome.duplicates for outcome in outcomes) == len(doubled)
        in_order = sorted(events, key=lambda event: (event.occurred_at, event.id), reverse=True)
        same(in_order, await all_events(telemetry_queries, organisation_id))

    @_checked
    @given(pages=_PAGES)
    async def test_amended_and_moved_records_follow_the_rule(
        self,
        units: Units,
        telemetry_queries: TelemetryQueries,
        new_organisation: NewOrganisation,
        pages: list[list[TelemetryEvent]],
    ) -> None:
        """Pages with several versions of few ids, near and far in time: the adapter and the rule agree after each."""
        organisation_id, model = await new_organisation(), MergeModel()
        for page in pages:
            outcome = await merge(units, organisation_id, page)
            assert outcome == model.merge(page)
            assert outcome.inserted + outcome.replaced + outcome.duplicates == len(page)
        same(model.events, await all_events(telemetry_queries, organisation_id))

    async def test_an_empty_page_merges_into_nothing(self, units: Units, organisation_id: OrganisationId) -> None:
        assert await merge(units, organisation_id, []) == MergeOutcome()

    async def test_of_an_id_twice_in_a_page_the_last_counts(
        self, units: Units, telemetry_queries: TelemetryQueries, organisation_id: OrganisationId
    ) -> None:
        first, last = an_event(occurrences=1), an_event(occurrences=2)
        assert await merge(units, organisation_id, [first, last]) == MergeOutcome(inserted=1, duplicates=1)
        same([last], await all_events(telemetry_queries, organisation_id))

    async def test_a_record_moved_within_reach_replaces_the_old_one(
        self, units: Units, telemetry_queries: TelemetryQueries, organisation_id: OrganisationId
    ) -> None:
        moved = an_event(occurred_at=NOON + REACH)
        await merge(units, organisation_id, [an_event()])
        assert await merge(units, organisation_id, [moved]) == MergeOutcome(replaced=1)
        same([moved], await all_events(telemetry_queries, organisation_id))

    async def test_a_record_moved_beyond_reach_is_another_one(
        self, units: Units, telemetry_queries: TelemetryQueries, organisation_id: OrganisationId
    ) -> None:
        far = an_event(occurred_at=NOON + REACH + timedelta(microseconds=1))
        await merge(units, organisation_id, [an_event()])
        assert await merge(units, organisation_id, [far]) == MergeOutcome(inserted=1)
        same([far, an_event()], await all_events(telemetry_queries, organisation_id))

    async def test_a_repeated_record_keeps_its_time_of_receipt(
        self, units: Units, telemetry_queries: TelemetryQueries, organisation_id: OrganisationId
    ) -> None:
        await merge(units, organisation_id, [an_event()])
        async with units(organisation_id) as unit:
            again = await unit.events.merge(new_id(), NOON + timedelta(hours=1), [an_event()])
            await unit.commit()
        assert again == MergeOutcome(duplicates=1)
        assert [view.received_at for view in await all_events(telemetry_queries, organisation_id)] == [NOON]

    async def test_a_unit_sees_what_it_merged_before(self, units: Units, organisation_id: OrganisationId) -> None:
        async with units(organisation_id) as unit:
            assert await unit.events.merge(new_id(), NOON, [an_event()]) == MergeOutcome(inserted=1)
            assert await unit.events.merge(new_id(), NOON, [an_event()]) == MergeOutcome(duplicates=1)
            assert await unit.events.merge(new_id(), NOON, [an_event(occurrences=9)]) == MergeOutcome(replaced=1)
            await unit.commit()

    async def test_what_was_not_committed_was_not_merged(
        self, units: Units, telemetry_queries: TelemetryQueries, organisation_id: OrganisationId
    ) -> None:
        async with units(organisation_id) as unit:
            await unit.events.merge(new_id(), NOON, [an_event()])
        assert await all_events(telemetry_queries, organisation_id) == []

    async def test_organisations_may_have_the_same_ids(
        self,
        units: Units,
        telemetry_queries: TelemetryQueries,
        organisation_id: OrganisationId,
        new_organisation: NewOrganisation,
    ) -> None:
        other, theirs = await new_organisation(), an_event(occurrences=7)
        await merge(units, organisation_id, [an_event()])
        assert await merge(units, other, [theirs]) == MergeOutcome(inserted=1)
        same([an_event()], await all_events(telemetry_queries, organisation_id))
        same([theirs], await all_events(telemetry_queries, other))
