"""The contract of TelemetryRecords: however records arrive, the tables end the same. Runs for every feed."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trilha.application.ports import TelemetryUnitOfWork, UnitsOfWork
from trilha.application.telemetry.queries import TelemetryQueries
from trilha.domain.kernel import DriverId, EventId, EventTypeId, OrganisationId, PositionId, TripId, VehicleId
from trilha.domain.telemetry import (
    FEEDS,
    REACH,
    Known,
    MergeOutcome,
    Position,
    Record,
    Stream,
    SubTrip,
    TelemetryEvent,
    Trip,
    plan_merge,
)
from trilha.testing.contracts.fresh import NOON, NewOrganisation, WithOrganisations, new_id
from trilha.testing.contracts.reading import RecordView, all_records, seen
from trilha.testing.strategies import instants, records_of, source_ids

Units = UnitsOfWork[TelemetryUnitOfWork]
_FEW_IDS = st.sampled_from([-(2**63), -1, 0, 2**53, 2**53 + 1, 2**63 - 1])
_ACROSS_MONTHS = instants(NOON - timedelta(days=30), NOON + timedelta(days=30))
_NEAR = instants(NOON, NOON + REACH)
_RECEIVED = st.integers(-2, 2).map(lambda minutes: NOON + timedelta(minutes=minutes))
_MARKED = {Stream.EVENTS: "duration_s", Stream.POSITIONS: "altitude_m", Stream.TRIPS: "engine_s"}
EARLIER = NOON - timedelta(minutes=1)
_checked = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors])


def an_event(identifier: int = 1, **fields: object) -> TelemetryEvent:
    """An event of a vehicle that nobody knows."""
    event = TelemetryEvent(EventId(identifier), NOON, DriverId(1), VehicleId(2), EventTypeId(3))
    return msgspec.structs.replace(event, **fields)


def a_position(identifier: int = 1, **fields: object) -> Position:
    """A position of a vehicle that nobody knows."""
    position = Position(PositionId(identifier), NOON, DriverId(1), VehicleId(2), -20.3, -40.3)
    return msgspec.structs.replace(position, **fields)


def a_trip(identifier: int = 1, **fields: object) -> Trip:
    """A trip of a vehicle that nobody knows."""
    return msgspec.structs.replace(Trip(TripId(identifier), NOON, DriverId(1), VehicleId(2)), **fields)


def a_record(stream: Stream, identifier: int = 1, mark: int | None = None, **fields: object) -> Record:
    """A record of a feed; those with another `mark` differ in a value."""
    marked = {_MARKED[stream]: mark, **fields}
    if stream is Stream.POSITIONS:
        return a_position(identifier, **marked)
    return a_trip(identifier, **marked) if stream is Stream.TRIPS else an_event(identifier, **marked)


def lean_records(
    stream: Stream, ids: st.SearchStrategy[int], occurred: st.SearchStrategy[datetime]
) -> st.SearchStrategy[Record]:
    """Records that differ in little, which are quick to make."""
    marks = st.none() | st.integers(0, 1)
    return st.builds(a_record, st.just(stream), ids, marks, occurred_at=occurred)


def filled(record: Record) -> Record:
    """The record with something in every field."""
    values = {"datetime": NOON, "float": 1.5, "int": 7, "str": "x"}
    empty = [field for field in msgspec.structs.fields(record) if getattr(record, field.name) in (None, "")]
    named = {field.name: next(name for name in values if name in str(field.type)) for field in empty}
    legs = {"sub_trips": (SubTrip(distance_km=1.5),)} if isinstance(record, Trip) else {}
    return msgspec.structs.replace(record, **{name: values[kind] for name, kind in named.items()}, **legs)


async def merge(
    units: Units,
    organisation_id: OrganisationId,
    stream: Stream,
    records: Sequence[Record],
    received_at: datetime = NOON,
) -> MergeOutcome:
    """Merge one page and commit."""
    async with units(organisation_id) as unit:
        outcome = await unit.records(stream).merge(new_id(), received_at, records)
        await unit.commit()
    return outcome


class MergeModel:
    """The rule itself, on a plain dict."""

    def __init__(self) -> None:
        self._known: dict[int, list[Known]] = {}

    def merge(self, records: Iterable[Record], received_at: datetime) -> MergeOutcome:
        """What must come out of a page."""
        plan = plan_merge(self._known, records, received_at)
        for old in plan.superseded:
            self._known[old.id] = [one for one in self._known[old.id] if one.record != old]
        for record in plan.written:
            self._known.setdefault(record.id, []).append(Known(record, received_at))
        return plan.outcome

    @property
    def known(self) -> list[Known]:
        """Everything known, as the queries sort it."""
        return newest_first(one for versions in self._known.values() for one in versions)


def newest_first(known: Iterable[Known]) -> list[Known]:
    """As lists show them."""
    return sorted(known, key=lambda one: (one.record.occurred_at, one.record.id), reverse=True)


def shows(views: Sequence[RecordView], *records: Record) -> None:
    """Assert that `views` show exactly `records`, in their order, received at NOON."""
    assert list(views) == [seen(record, NOON) for record in records]


class TelemetryRecordsContract(WithOrganisations):
    """Needs the fixtures `organisations`, `units` and `telemetry_queries`."""

    @pytest.fixture(params=FEEDS, ids=str)
    def stream(self, request: pytest.FixtureRequest) -> Stream:
        """Each feed in turn."""
        return Stream(request.param)

    @_checked
    @given(data=st.data())
    async def test_every_field_comes_back_exactly(
        self,
        units: Units,
        telemetry_queries: TelemetryQueries,
        new_organisation: NewOrganisation,
        stream: Stream,
        data: st.DataObject,
    ) -> None:
        organisation_id, record = await new_organisation(), data.draw(records_of(stream))
        assert await merge(units, organisation_id, stream, [record]) == MergeOutcome(inserted=1)
        shows(await all_records(telemetry_queries, organisation_id, stream), record)

    @_checked
    @given(data=st.data())
    async def test_shuffling_doubling_and_splitting_change_nothing(
        self,
        units: Units,
        telemetry_queries: TelemetryQueries,
        new_organisation: NewOrganisation,
        stream: Stream,
        data: st.DataObject,
    ) -> None:
        organisation_id = await new_organisation()
        lean = lean_records(stream, source_ids(), _ACROSS_MONTHS)
        records = data.draw(st.lists(lean, max_size=12, unique_by=lambda record: int(record.id)))
        doubled = data.draw(st.lists(st.sampled_from(records), max_size=8)) if records else []
        sent = data.draw(st.permutations(records + doubled))
        cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=4)))
        pages = [sent[start:end] for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
        outcomes = [await merge(units, organisation_id, stream, page) for page in pages]
        assert sum(outcome.inserted for outcome in outcomes) == len(records)
        assert sum(outcome.duplicates for outcome in outcomes) == len(doubled)
        in_order = [one.record for one in newest_first(Known(record, NOON) for record in records)]
        shows(await all_records(telemetry_queries, organisation_id, stream), *in_order)

    @_checked
    @given(data=st.data())
    async def test_changed_moved_and_belated_records_follow_the_rule(
        self,
        units: Units,
        telemetry_queries: TelemetryQueries,
        new_organisation: NewOrganisation,
        stream: Stream,
        data: st.DataObject,
    ) -> None:
        """Versions of few ids, near and far in time, received in any order: adapter and rule agree after each page."""
        organisation_id, model = await new_organisation(), MergeModel()
        page_of = st.lists(lean_records(stream, _FEW_IDS, _NEAR | _ACROSS_MONTHS), max_size=6)
        for received_at, page in data.draw(st.lists(st.tuples(_RECEIVED, page_of), max_size=6)):
            outcome = await merge(units, organisation_id, stream, page, received_at)
            assert outcome == model.merge(page, received_at)
            assert outcome.inserted + outcome.replaced + outcome.duplicates == len(page)
        views = await all_records(telemetry_queries, organisation_id, stream)
        assert list(views) == [seen(one.record, one.received_at) for one in model.known]

    async def test_a_change_of_any_field_is_a_change(
        self, units: Units, telemetry_queries: TelemetryQueries, organisation_id: OrganisationId, stream: Stream
    ) -> None:
        record = filled(a_record(stream))
        for field in msgspec.structs.fields(record):
            if field.name in ("id", "occurred_at"):
                continue
            await merge(units, organisation_id, stream, [record])
            is_plain = field.required or getattr(record, field.name) == field.default
            other = 8 if is_plain else field.default
            record = msgspec.structs.replace(record, **{field.name: other})
            assert await merge(units, organisation_id, stream, [record]) == MergeOutcome(replaced=1), field.name
            assert await merge(units, organisation_id, stream, [record]) == MergeOutcome(duplicates=1), field.name
        shows(await all_records(telemetry_queries, organisation_id, stream), record)

    async def test_an_empty_page_merges_into_nothing(
        self, units: Units, organisation_id: OrganisationId, stream: Stream
    ) -> None:
        assert await merge(units, organisation_id, stream, []) == MergeOutcome()

    async def test_of_an_id_twice_in_a_page_the_last_counts(
        self, units: Units, telemetry_queries: TelemetryQueries, organisation_id: OrganisationId, stream: Stream
    ) -> None:
        first, last = a_record(stream, mark=1), a_record(stream, mark=2)
        outcome = await merge(units, organisation_id, stream, [first, last])
        assert outcome == MergeOutcome(inserted=1, duplicates=1)
        shows(await all_records(telemetry_queries, organisation_id, stream), last)

    async def test_a_record_moved_within_reach_replaces_the_old_one(
        self, units: Units, telemetry_queries: TelemetryQueries, organisation_id: OrganisationId, stream: Stream
    ) -> None:
        moved = a_record(stream, occurred_at=NOON + REACH)
        await merge(units, organisation_id, stream, [a_record(stream)])
        assert await merge(units, organisation_id, stream, [moved]) == MergeOutcome(replaced=1)
        shows(await all_records(telemetry_queries, organisation_id, stream), moved)

    async def test_a_record_moved_beyond_reach_is_another_one(
        self, units: Units, telemetry_queries: TelemetryQueries, organisation_id: OrganisationId, stream: Stream
    ) -> None:
        near, far = a_record(stream), a_record(stream, occurred_at=NOON + REACH + timedelta(microseconds=1))
        await merge(units, organisation_id, stream, [near])
        assert await merge(units, organisation_id, stream, [far]) == MergeOutcome(inserted=1)
        shows(await all_records(telemetry_queries, organisation_id, stream), far, near)

    async def test_a_repeated_record_keeps_its_time_of_receipt(
        self, units: Units, telemetry_queries: TelemetryQueries, organisation_id: OrganisationId, stream: Stream
    ) -> None:
        record, later = a_record(stream), NOON + timedelta(hours=1)
        await merge(units, organisation_id, stream, [record])
        assert await merge(units, organisation_id, stream, [record], later) == MergeOutcome(duplicates=1)
        shows(await all_records(telemetry_queries, organisation_id, stream), record)

    async def test_a_page_received_before_the_known_one_changes_nothing(
        self, units: Units, telemetry_queries: TelemetryQueries, organisation_id: OrganisationId, stream: Stream
    ) -> None:
        """So a backfill or a replay that comes in late never undoes what the stream has brought since."""
        known, new = a_record(stream, mark=2), a_record(stream, 2)
        await merge(units, organisation_id, stream, [known])
        belated = [a_record(stream, mark=1, occurred_at=NOON - timedelta(days=1)), new]
        outcome = await merge(units, organisation_id, stream, belated, EARLIER)
        assert outcome == MergeOutcome(inserted=1, duplicates=1)
        views = await all_records(telemetry_queries, organisation_id, stream)
        assert list(views) == [seen(new, EARLIER), seen(known, NOON)]

    async def test_a_unit_sees_what_it_merged_before(
        self, units: Units, organisation_id: OrganisationId, stream: Stream
    ) -> None:
        pages = [
            (a_record(stream), "inserted"),
            (a_record(stream), "duplicates"),
            (a_record(stream, mark=9), "replaced"),
        ]
        async with units(organisation_id) as unit:
            for record, outcome in pages:
                merged = await unit.records(stream).merge(new_id(), NOON, [record])
                assert merged == MergeOutcome(**{outcome: 1})
            await unit.commit()

    async def test_what_was_sent_ahead_is_merged_like_anything_else(
        self, units: Units, telemetry_queries: TelemetryQueries, organisation_id: OrganisationId, stream: Stream
    ) -> None:
        record = a_record(stream)
        for expected in (MergeOutcome(inserted=1), MergeOutcome(duplicates=1)):
            async with units(organisation_id) as unit:
                await unit.records(stream).stage([record])
                assert await unit.records(stream).merge(new_id(), NOON, [record], side_by_side=True) == expected
                await unit.commit()
        shows(await all_records(telemetry_queries, organisation_id, stream), record)

    async def test_what_was_not_committed_was_not_merged(
        self, units: Units, telemetry_queries: TelemetryQueries, organisation_id: OrganisationId, stream: Stream
    ) -> None:
        async with units(organisation_id) as unit:
            await unit.records(stream).merge(new_id(), NOON, [a_record(stream)])
        assert await all_records(telemetry_queries, organisation_id, stream) == []

    async def test_feeds_may_have_the_same_ids(
        self, units: Units, telemetry_queries: TelemetryQueries, organisation_id: OrganisationId
    ) -> None:
        for stream in FEEDS:
            assert await merge(units, organisation_id, stream, [a_record(stream)]) == MergeOutcome(inserted=1)
        for stream in FEEDS:
            shows(await all_records(telemetry_queries, organisation_id, stream), a_record(stream))

    async def test_organisations_may_have_the_same_ids(
        self,
        units: Units,
        telemetry_queries: TelemetryQueries,
        organisation_id: OrganisationId,
        new_organisation: NewOrganisation,
        stream: Stream,
    ) -> None:
        other, ours, theirs = await new_organisation(), a_record(stream), a_record(stream, mark=7)
        await merge(units, organisation_id, stream, [ours])
        assert await merge(units, other, stream, [theirs]) == MergeOutcome(inserted=1)
        shows(await all_records(telemetry_queries, organisation_id, stream), ours)
        shows(await all_records(telemetry_queries, other, stream), theirs)
