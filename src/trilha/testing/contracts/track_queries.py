"""What TelemetryQueries promises of positions, trips, tracks, and of where vehicles are now."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trilha.application.ports import FleetUnitOfWork, PageRequest, TelemetryUnitOfWork, UnitsOfWork
from trilha.application.telemetry.queries import PositionFilter, TelemetryQueries, TripFilter
from trilha.application.telemetry.views import TripView, VehiclePositionView
from trilha.domain.fleet import Group, Vehicle
from trilha.domain.kernel import GroupId, InvalidValue, OrganisationId, TimeRange, VehicleId
from trilha.domain.telemetry import Position, Record, Stream, latest_positions
from trilha.testing.contracts.fresh import NOON, NewOrganisation, WithOrganisations
from trilha.testing.contracts.reading import walk
from trilha.testing.contracts.telemetry_records import a_position, a_record, merge

Units = UnitsOfWork[TelemetryUnitOfWork]
FleetUnits = UnitsOfWork[FleetUnitOfWork]
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
Between = Callable[[], Awaitable[None]]
FEEDS_HERE = (Stream.POSITIONS, Stream.TRIPS)
_MONTH = timedelta(days=31)
_DRIVEN = [(1, NOON, 1, 5), (2, NOON, 2, 5), (3, NOON + HOUR, 1, 6), (-4, NOON - _MONTH, -1, -(2**63))]
"""Id, time, driver and vehicle; two at the same moment, one in another month."""
_checked = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors])


class TrackQueriesContract(WithOrganisations):
    """Needs the fixtures `organisations`, `units` (which also serve the fleet) and `telemetry_queries`."""

    async def _ids(
        self,
        queries: TelemetryQueries,
        organisation_id: OrganisationId,
        stream: Stream,
        where: TripFilter,
        limit: int = 500,
    ) -> list[int]:
        """Ids of a list in its order; a trip's filter means the same for positions."""
        views: Sequence[TripView | VehiclePositionView]
        if stream is Stream.TRIPS:
            views = await walk(lambda page: queries.trips(organisation_id, where, page), TripView, limit)
        else:
            plain = PositionFilter(where.occurred, where.vehicle_id, where.driver_id)
            views = await walk(lambda page: queries.positions(organisation_id, plain, page), VehiclePositionView, limit)
        return [int(view.id) for view in views]

    @pytest.mark.parametrize("stream", FEEDS_HERE)
    @pytest.mark.parametrize(
        ("where", "expected"),
        [
            (TripFilter(), [3, 2, 1, -4]),
            (TripFilter(driver_id=1), [3, 1]),
            (TripFilter(vehicle_id=5), [2, 1]),
            (TripFilter(vehicle_id=-(2**63)), [-4]),
            (TripFilter(occurred=TimeRange(start=NOON)), [3, 2, 1]),
            (TripFilter(occurred=TimeRange(end=NOON)), [-4]),
            (TripFilter(occurred=TimeRange(NOON, NOON + HOUR)), [2, 1]),
            (TripFilter(occurred=TimeRange(NOON, NOON)), []),
            (TripFilter(occurred=TimeRange(NOON), vehicle_id=5, driver_id=2), [2]),
            (TripFilter(vehicle_id=99), []),
        ],
    )
    async def test_a_filter_finds_exactly_what_it_says_newest_first(
        self,
        units: Units,
        telemetry_queries: TelemetryQueries,
        organisation_id: OrganisationId,
        new_organisation: NewOrganisation,
        stream: Stream,
        where: TripFilter,
        expected: list[int],
    ) -> None:
        records = [
            a_record(stream, number, occurred_at=at, driver_id=driver, vehicle_id=vehicle)
            for number, at, driver, vehicle in _DRIVEN
        ]
        await merge(units, organisation_id, stream, records)
        for limit in (1, 500):
            assert await self._ids(telemetry_queries, organisation_id, stream, where, limit) == expected
        assert await self._ids(telemetry_queries, await new_organisation(), stream, where) == []

    @pytest.mark.parametrize("stream", FEEDS_HERE)
    @_checked
    @given(data=st.data())
    async def test_paging_neither_skips_nor_repeats_whatever_is_inserted_meanwhile(
        self,
        units: Units,
        telemetry_queries: TelemetryQueries,
        new_organisation: NewOrganisation,
        stream: Stream,
        data: st.DataObject,
    ) -> None:
        organisation_id, limit = await new_organisation(), data.draw(st.integers(1, 4))
        moments = st.lists(st.sampled_from([NOON, NOON + HOUR, NOON + _MONTH]), max_size=10)
        records = [a_record(stream, n, occurred_at=at) for n, at in enumerate(data.draw(moments))]
        late = [a_record(stream, -1 - n, occurred_at=at) for n, at in enumerate(data.draw(moments))]
        await merge(units, organisation_id, stream, records)

        async def one_more() -> None:
            await merge(units, organisation_id, stream, [late.pop()] if late else [])

        shown = await self._walk(telemetry_queries, organisation_id, stream, limit, one_more)
        assert len(shown) == len(set(shown))
        in_order = sorted(records, key=lambda record: (record.occurred_at, record.id), reverse=True)
        assert [identifier for identifier in shown if identifier >= 0] == [record.id for record in in_order]

    async def _walk(
        self, queries: TelemetryQueries, organisation_id: OrganisationId, stream: Stream, limit: int, between: Between
    ) -> list[int]:
        views: Sequence[TripView | VehiclePositionView]
        if stream is Stream.TRIPS:
            trips = TripFilter()
            views = await walk(lambda page: queries.trips(organisation_id, trips, page), TripView, limit, between)
        else:
            everywhere = PositionFilter()
            views = await walk(
                lambda page: queries.positions(organisation_id, everywhere, page), VehiclePositionView, limit, between
            )
        return [int(view.id) for view in views]

    async def test_a_cursor_of_another_list_is_refused(
        self, units: Units, telemetry_queries: TelemetryQueries, organisation_id: OrganisationId
    ) -> None:
        await merge(units, organisation_id, Stream.TRIPS, [a_record(Stream.TRIPS, number) for number in (1, 2)])
        page = await telemetry_queries.trips(organisation_id, TripFilter(), PageRequest(limit=1))
        for cursor in (page.next_cursor, "", "nonsense", "AAAA"):
            with pytest.raises(InvalidValue):
                await telemetry_queries.positions(organisation_id, PositionFilter(), PageRequest(cursor=cursor))

    async def test_a_track_is_a_vehicles_positions_in_order_of_time(
        self, units: Units, telemetry_queries: TelemetryQueries, organisation_id: OrganisationId
    ) -> None:
        mine = [a_position(number, occurred_at=NOON + number * MINUTE, altitude_m=number) for number in (3, 1, 2)]
        twin = a_position(9, occurred_at=NOON + 2 * MINUTE)
        others = [a_position(20, vehicle_id=7, occurred_at=NOON + MINUTE), a_position(21, occurred_at=NOON - HOUR)]
        await merge(units, organisation_id, Stream.POSITIONS, [*mine, twin, *others])
        inside = TimeRange(NOON, NOON + 3 * MINUTE)

        async def track(occurred: TimeRange, limit: int) -> list[Position]:
            return list(await telemetry_queries.track(organisation_id, 2, occurred, limit))

        assert await track(inside, 100) == [mine[1], mine[2], twin]
        assert await track(inside, 2) == [mine[1], mine[2]]
        assert await track(TimeRange(), 100) == [others[1], mine[1], mine[2], twin, mine[0]]
        assert await track(TimeRange(NOON + HOUR), 100) == []

    async def _latest(
        self, queries: TelemetryQueries, organisation_id: OrganisationId, now: datetime, group_id: int | None = None
    ) -> set[tuple[str, str]]:
        views = await queries.latest_positions(organisation_id, now, group_id)
        assert len({view.vehicle_id for view in views}) == len(views)
        return {(view.vehicle_id, view.id) for view in views}

    @_checked
    @given(data=st.data())
    async def test_the_latest_position_of_each_vehicle_is_where_it_is(
        self, units: Units, telemetry_queries: TelemetryQueries, new_organisation: NewOrganisation, data: st.DataObject
    ) -> None:
        """Also with several at one moment, months apart, and from devices whose clock is ahead."""
        organisation_id = await new_organisation()
        minutes = st.sampled_from([-60 * 24 * 40, -60 * 24, -1, 0, 4, 5, 6, 60 * 24 * 400])
        driven = data.draw(st.lists(st.tuples(st.integers(1, 3), minutes), max_size=8))
        positions: list[Record] = [
            a_position(number, vehicle_id=VehicleId(vehicle), occurred_at=NOON + moved * MINUTE)
            for number, (vehicle, moved) in enumerate(driven)
        ]
        fleet_units: FleetUnits = units  # type: ignore[assignment] # they serve both
        async with fleet_units(organisation_id) as unit:
            await unit.master_data.save("vehicles", [Vehicle(VehicleId(vehicle)) for vehicle in (1, 2, 3)])
            await unit.commit()
        await merge(units, organisation_id, Stream.POSITIONS, positions)
        expected = latest_positions([one for one in positions if isinstance(one, Position)], NOON)
        shown = await self._latest(telemetry_queries, organisation_id, NOON)
        assert shown == {(str(vehicle), str(position.id)) for vehicle, position in expected.items()}

    async def test_the_latest_positions_of_a_group_are_those_of_all_below_it(
        self,
        units: Units,
        telemetry_queries: TelemetryQueries,
        organisation_id: OrganisationId,
        new_organisation: NewOrganisation,
    ) -> None:
        """The tree may hold a circle, and vehicles that no list has; a vehicle that moves takes its position along."""
        parents = [(1, None), (2, 1), (3, 2), (4, 1), (8, 9), (9, 8)]
        groups = [
            Group(GroupId(group), "Garagem", parent_id=None if parent is None else GroupId(parent))
            for group, parent in parents
        ]
        vehicles = [Vehicle(VehicleId(group * 10), "Ônibus", group_id=GroupId(group)) for group, _ in parents]
        fleet_units: FleetUnits = units  # type: ignore[assignment] # they serve both
        async with fleet_units(organisation_id) as unit:
            await unit.master_data.save("groups", groups)
            await unit.master_data.save("vehicles", vehicles)
            await unit.commit()
        driven = [vehicle.id for vehicle in vehicles] + [VehicleId(99)]
        positions = [a_position(number, vehicle_id=vehicle) for number, vehicle in enumerate(driven)]
        await merge(units, organisation_id, Stream.POSITIONS, positions)

        async def below(group_id: int | None) -> set[int]:
            return {int(one) for one, _ in await self._latest(telemetry_queries, organisation_id, NOON, group_id)}

        assert await below(None) == {10, 20, 30, 40, 80, 90, 99}
        assert [await below(group) for group in (1, 2, 3, 8, 77)] == [{10, 20, 30, 40}, {20, 30}, {30}, {80, 90}, set()]
        async with fleet_units(organisation_id) as unit:
            await unit.master_data.save("vehicles", [Vehicle(VehicleId(30), "Ônibus", group_id=GroupId(4))])
            await unit.commit()
        assert [await below(group) for group in (2, 4)] == [{20}, {30, 40}]
        assert await self._latest(telemetry_queries, await new_organisation(), NOON, 1) == set()
