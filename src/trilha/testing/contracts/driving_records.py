"""The contract of DrivingRecords: counts over local days are those of the records as they stand."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from trilha.application.ports import TelemetryUnitOfWork, UnitsOfWork
from trilha.domain.kernel import DayRange, DriverId, EventTypeId, OrganisationId, TimeRange, VehicleId
from trilha.domain.performance import Drive, DrivingRecords, RolledUp, Rollup, Tally
from trilha.domain.telemetry import Stream
from trilha.testing.contracts.amendments import amend, reassigned, withdrawn
from trilha.testing.contracts.fresh import NOON, NewOrganisation, WithOrganisations
from trilha.testing.contracts.telemetry_records import a_trip, an_event, merge

Units = UnitsOfWork[TelemetryUnitOfWork]
EAST, WEST = ZoneInfo("America/Sao_Paulo"), ZoneInfo("America/Los_Angeles")
TODAY = NOON.astimezone(EAST).date()
WEEK = DayRange(TODAY - timedelta(days=3), TODAY + timedelta(days=3))
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


def day(first: date, last: date | None = None) -> DayRange:
    """One day, or some."""
    return DayRange(first, last or first)


def counted(tallies: Sequence[Tally]) -> dict[tuple[int, int, int], tuple[int, int, float]]:
    """By driver, type and span; each at most once."""
    cells = {(one.driver_id, one.event_type_id, one.span): one for one in tallies}
    assert len(cells) == len(tallies)
    return {key: (one.occurrences, one.moments, one.duration_s) for key, one in cells.items()}


def driven(drives: Sequence[Drive]) -> dict[tuple[int, int], tuple[float, ...]]:
    """By driver and span; each at most once."""
    cells: dict[tuple[int, int], tuple[float, ...]] = {
        (one.driver_id, one.span): (
            one.trips,
            one.distance_km,
            one.driving_s,
            one.standing_s,
            one.engine_s,
            one.fuel_l,
        )
        for one in drives
    }
    assert len(cells) == len(drives)
    return cells


class DrivingRecordsContract(WithOrganisations):
    """Needs the fixtures `organisations`, `units` and `driving_records`."""

    async def test_occurrences_are_summed_and_a_moment_counts_once(
        self,
        units: Units,
        driving_records: DrivingRecords,
        organisation_id: OrganisationId,
        new_organisation: NewOrganisation,
    ) -> None:
        events = [
            an_event(1, occurrences=2, duration_s=5),
            an_event(2, occurrences=7, occurred_at=NOON + 59 * SECOND),
            an_event(3, occurrences=4, occurred_at=NOON + 60 * SECOND, duration_s=7),
            an_event(4, event_type_id=EventTypeId(-(2**63)), occurrences=0),
            an_event(5, driver_id=DriverId(2**63 - 1), duration_s=1),
        ]
        await merge(units, organisation_id, Stream.EVENTS, events)
        found = counted(await driving_records.tallies(organisation_id, [WEEK], EAST))
        assert found == {(1, 3, 0): (13, 11, 12.0), (1, -(2**63), 0): (0, 0, 0.0), (2**63 - 1, 3, 0): (1, 1, 1.0)}
        assert list(await driving_records.tallies(await new_organisation(), [WEEK], EAST)) == []
        assert sorted(await driving_records.event_types(organisation_id, [WEEK, WEEK], EAST)) == [-(2**63), 3]
        before = day(WEEK.first - DAY)
        assert list(await driving_records.event_types(organisation_id, [before], EAST)) == []

    async def test_only_what_is_asked_for_is_counted(
        self, units: Units, driving_records: DrivingRecords, organisation_id: OrganisationId
    ) -> None:
        crossed = [(driver, kind) for driver in (1, 2, 3) for kind in (10, 20, 30)]
        events = [
            an_event(number, driver_id=DriverId(driver), event_type_id=EventTypeId(kind))
            for number, (driver, kind) in enumerate(crossed)
        ]
        await merge(units, organisation_id, Stream.EVENTS, events)
        trips = [a_trip(driver, driver_id=DriverId(driver)) for driver in (1, 2, 3)]
        await merge(units, organisation_id, Stream.TRIPS, trips)
        for drivers in (None, [], [1], [1, 3, 99]):
            named = None if drivers is None else [DriverId(one) for one in drivers]
            for types in (None, [], [20], [30, 10, 99]):
                kinds = None if types is None else [EventTypeId(one) for one in types]
                tallies = await driving_records.tallies(organisation_id, [WEEK], EAST, drivers=named, event_types=kinds)
                assert set(counted(tallies)) == {
                    (driver, kind, 0)
                    for driver, kind in crossed
                    if (drivers is None or driver in drivers) and (types is None or kind in types)
                }
            drives = await driving_records.drives(organisation_id, [WEEK], EAST, drivers=named)
            asked = {1, 2, 3} if drivers is None else {1, 2, 3} & set(drivers)
            assert {driver for driver, _ in driven(drives)} == asked

    async def test_spans_may_overlap_lie_apart_and_hold_nothing(
        self, units: Units, driving_records: DrivingRecords, organisation_id: OrganisationId
    ) -> None:
        days = [TODAY + offset * DAY for offset in range(5)]
        events = [an_event(number, occurred_at=NOON + number * DAY) for number in range(5)]
        await merge(units, organisation_id, Stream.EVENTS, events)
        await merge(units, organisation_id, Stream.TRIPS, [a_trip(n, occurred_at=NOON + n * DAY) for n in range(5)])
        spans = [day(days[0], days[2]), day(days[4]), day(days[1], days[4]), day(days[4] + 9 * DAY), day(days[4])]
        tallies = counted(await driving_records.tallies(organisation_id, spans, EAST))
        assert {span: cell[0] for (_, _, span), cell in tallies.items()} == {0: 3, 1: 1, 2: 4, 4: 1}
        drives = driven(await driving_records.drives(organisation_id, spans, EAST))
        assert {span: cell[0] for (_, span), cell in drives.items()} == {0: 3, 1: 1, 2: 4, 4: 1}
        assert list(await driving_records.tallies(organisation_id, [], EAST)) == []
        assert list(await driving_records.drives(organisation_id, [], EAST)) == []

    @pytest.mark.parametrize(
        ("zone", "when", "begins", "ends"),
        [
            ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T03:00Z", "2018-11-05T02:00Z"),
            ("America/Sao_Paulo", date(2018, 2, 17), "2018-02-17T02:00Z", "2018-02-18T03:00Z"),
            ("America/St_Johns", date(2006, 10, 29), "2006-10-29T02:30Z", "2006-10-30T03:30Z"),
            ("Africa/Monrovia", date(1970, 5, 5), "1970-05-05T00:44:30Z", "1970-05-06T00:44:30Z"),
            ("Asia/Kolkata", date(2026, 3, 10), "2026-03-09T18:30Z", "2026-03-10T18:30Z"),
        ],
    )
    async def test_a_day_is_cut_by_the_clocks_of_the_zone(
        self,
        units: Units,
        driving_records: DrivingRecords,
        organisation_id: OrganisationId,
        zone: str,
        when: date,
        begins: str,
        ends: str,
    ) -> None:
        """Days of 23 and 25 hours, clocks put back at a minute past midnight, and offsets of half an hour."""
        start, end = datetime.fromisoformat(begins), datetime.fromisoformat(ends)
        moments = [start - SECOND, start, end - SECOND, end]
        await merge(
            units, organisation_id, Stream.EVENTS, [an_event(n, occurred_at=at) for n, at in enumerate(moments)]
        )
        await merge(units, organisation_id, Stream.TRIPS, [a_trip(n, occurred_at=at) for n, at in enumerate(moments)])
        spans = [day(when - DAY), day(when), day(when + DAY)]
        tallies = counted(await driving_records.tallies(organisation_id, spans, ZoneInfo(zone)))
        assert [tallies[1, 3, span][0] for span in range(3)] == [1, 2, 1]
        drives = driven(await driving_records.drives(organisation_id, spans, ZoneInfo(zone)))
        assert [drives[1, span][0] for span in range(3)] == [1, 2, 1]

    async def test_counts_follow_amendments_and_records_sent_again(
        self, units: Units, driving_records: DrivingRecords, organisation_id: OrganisationId
    ) -> None:
        for stream, make in ((Stream.EVENTS, an_event), (Stream.TRIPS, a_trip)):
            await merge(units, organisation_id, stream, [make(number) for number in (1, 2, 3, 4)])
            await amend(units, organisation_id, reassigned(stream, 1), withdrawn(stream, 2))
            await merge(units, organisation_id, stream, [make(3, occurred_at=NOON + DAY)])
        spans = [day(TODAY), day(TODAY + DAY)]
        tallies = counted(await driving_records.tallies(organisation_id, spans, EAST))
        assert {key: cell[0] for key, cell in tallies.items()} == {(9, 3, 0): 1, (1, 3, 0): 1, (1, 3, 1): 1}
        drives = driven(await driving_records.drives(organisation_id, spans, EAST))
        assert {key: cell[0] for key, cell in drives.items()} == {(9, 0): 1, (1, 0): 1, (1, 1): 1}
        journeys = [one async for one in driving_records.journeys(organisation_id, TimeRange())]
        assert [(one.id, one.driver_id) for one in journeys] == [(1, 9), (4, 1), (3, 1)]

    async def test_drives_sum_what_trips_say(
        self, units: Units, driving_records: DrivingRecords, organisation_id: OrganisationId
    ) -> None:
        full = a_trip(1, distance_km=1.5, driving_time_s=60.0, standing_time_s=2.0, engine_s=70, fuel_used_l=0.25)
        await merge(units, organisation_id, Stream.TRIPS, [full, a_trip(2), a_trip(3, distance_km=2.0)])
        drives = driven(await driving_records.drives(organisation_id, [WEEK], WEST))
        assert drives == {(1, 0): (3, 3.5, 60.0, 2.0, 70.0, 0.25)}

    async def test_journeys_come_by_vehicle_then_by_their_beginning(
        self, units: Units, driving_records: DrivingRecords, organisation_id: OrganisationId
    ) -> None:
        trips = [
            a_trip(
                number,
                vehicle_id=VehicleId(number % 3 - 1),
                driver_id=DriverId(number % 2),
                occurred_at=NOON - (number // 7) * HOUR,
                ended_at=NOON,
                distance_km=0.5,
                max_speed_kmh=80.0,
                end_latitude_deg=-20.5,
            )
            for number in range(2600)
        ]
        await merge(units, organisation_id, Stream.TRIPS, trips)
        ordered = sorted(trips, key=lambda trip: (trip.vehicle_id, trip.occurred_at, trip.id))
        found = [one async for one in driving_records.journeys(organisation_id, TimeRange())]
        assert [one.id for one in found] == [trip.id for trip in ordered]
        first, trip = found[0], ordered[0]
        assert (first.began_at, first.ended_at, first.distance_km) == (trip.occurred_at, NOON, 0.5)
        assert (first.max_speed_kmh, first.end_latitude_deg, first.start_latitude_deg, first.engine_s) == (
            80.0,
            -20.5,
            None,
            None,
        )
        narrow = TimeRange(NOON - 9 * HOUR, NOON - 2 * HOUR)
        some = driving_records.journeys(
            organisation_id, narrow, vehicles=[VehicleId(-1), VehicleId(1)], drivers=[DriverId(1)]
        )
        assert [one.id async for one in some] == [
            trip.id
            for trip in ordered
            if trip.occurred_at in narrow and trip.vehicle_id in (-1, 1) and trip.driver_id == 1
        ]


class RollupContract(WithOrganisations):
    """Needs the fixtures `organisations`, `units`, `driving_records` and `rollup`."""

    async def test_it_ends_and_changes_no_answer(
        self, units: Units, driving_records: DrivingRecords, rollup: Rollup, organisation_id: OrganisationId
    ) -> None:
        assert await rollup.roll_up(organisation_id, EAST, NOON, 10) == RolledUp(days=0, missing=0)
        moments = [NOON + days * DAY for days in (-9, -8, -2, -1, 0, 1)]
        await merge(
            units, organisation_id, Stream.EVENTS, [an_event(n, occurred_at=at) for n, at in enumerate(moments)]
        )
        await merge(units, organisation_id, Stream.TRIPS, [a_trip(n, occurred_at=at) for n, at in enumerate(moments)])
        spans = [day(TODAY - 30 * DAY, TODAY), day(TODAY - 8 * DAY, TODAY + 8 * DAY), day(TODAY - DAY)]

        async def answers() -> object:
            tallies = await driving_records.tallies(organisation_id, spans, EAST)
            drives = await driving_records.drives(organisation_id, spans, EAST)
            return counted(tallies), driven(drives)

        before, days = await answers(), 0
        while step := await rollup.roll_up(organisation_id, EAST, NOON, 4):
            assert step.days <= 4
            assert await answers() == before
            days += step.days
            if not step.missing:
                break
        assert days in (0, 9)
        assert await rollup.roll_up(organisation_id, EAST, NOON, 4) == RolledUp(days=0, missing=0)
