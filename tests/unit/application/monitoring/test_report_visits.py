"""The report of visits: each once, on the day it began by the organisation's clocks."""

from datetime import date, datetime, timedelta, timezone

import pytest

from tests.unit.application.conftest import ORGANISATION_ID, Installation
from trilha.adapters.memory import MemoryDepot, MemoryGeofenceQueries, MemoryRoster
from trilha.application.monitoring.report_visits import GeofenceVisitsSource
from trilha.domain.areas import Circle
from trilha.domain.fleet import Driver, Group, Vehicle
from trilha.domain.kernel import DayRange, DriverId, GeoPoint, GroupId, InvalidValue, NotFound, VehicleId
from trilha.domain.monitoring import Departure, GeofenceContent, Visit, delete_geofence, new_geofences
from trilha.domain.reporting import ReportHead, ReportRequest, Row

BRASILIA = timezone(timedelta(hours=-3))
TENTH = DayRange(date(2026, 3, 10), date(2026, 3, 10))
ANA, STRANGER = DriverId(3), DriverId(99)
BUS, VAN, UNKNOWN = VehicleId(7), VehicleId(-8), VehicleId(44)


@pytest.fixture(autouse=True)
async def _a_fleet(here: Installation) -> None:
    master = here.tables.master
    master["groups"] = {1: Group(GroupId(1), "Root", "organisation"), 2: Group(GroupId(2), "Sul", "site", GroupId(1))}
    master["drivers"] = {ANA: Driver(ANA, "Ana", group_id=GroupId(1))}
    master["vehicles"] = {
        BUS: Vehicle(BUS, "Ônibus 7", plate="ABC1D23", group_id=GroupId(2)),
        VAN: Vehicle(VAN, "Van", group_id=GroupId(1)),
    }
    contents = [(here.ids.new(), GeofenceContent(name="Garagem", area=Circle(GeoPoint(-19.92, -43.94), 150)))]
    (fence,) = new_geofences(contents, here.clock.now(), others=0)
    async with here.units(ORGANISATION_ID) as unit:
        await unit.geofences.save([fence])
        for vehicle_id, driver_id, day, hour in (
            (BUS, ANA, 9, 23),
            (BUS, ANA, 10, 0),
            (VAN, None, 10, 8),
            (UNKNOWN, STRANGER, 10, 23),
            (BUS, ANA, 11, 0),
        ):
            entered = datetime(2026, 3, day, hour, tzinfo=BRASILIA)
            visit = Visit(
                id=here.ids.new(), geofence_id=fence.id, vehicle_id=vehicle_id, driver_id=driver_id, entered_at=entered
            )
            left = Departure(geofence_id=fence.id, vehicle_id=vehicle_id, left_at=entered + timedelta(minutes=30))
            await unit.visits.follow([visit] if vehicle_id == VAN else [visit, left])
        await unit.geofences.save([delete_geofence(fence, here.clock.now())])
        await unit.commit()


async def report(here: Installation, **asked: object) -> tuple[ReportHead, list[Row]]:
    source = GeofenceVisitsSource(
        geofences=MemoryGeofenceQueries(here.database),
        roster=MemoryRoster(here.database),
        depot=MemoryDepot(here.database),
        organisations=here.organisations,
        clock=here.clock,
    )
    request = ReportRequest(**{"kind": "geofence_visits", "days": TENTH, **asked})  # type: ignore[arg-type] # by name
    opened = await source.open(ORGANISATION_ID, request)
    return opened.head, [row async for row in opened.rows]


async def test_each_visit_is_a_row_of_the_day_it_began(here: Installation) -> None:
    head, rows = await report(here)
    assert [column.key for column in head.columns][3:] == [
        "vehicle",
        "plate",
        "driver_id",
        "driver",
        "entered_at",
        "left_at",
        "dwelled_s",
    ]
    first = datetime(2026, 3, 10, tzinfo=BRASILIA)
    assert [row[1:] for row in rows] == [
        ("Garagem", "7", "Ônibus 7", "ABC1D23", "3", "Ana", first, first + timedelta(minutes=30), 1800),
        ("Garagem", "-8", "Van", None, None, None, first + timedelta(hours=8), None, None),
        ("Garagem", "44", None, None, "99", None, first + timedelta(hours=23), first + timedelta(hours=23.5), 1800),
    ]


async def test_it_speaks_both_languages(here: Installation) -> None:
    ours, _ = await report(here)
    theirs, _ = await report(here, language="en")
    assert (ours.title, ours.columns[-1].title, ours.facts[0]) == (
        "Visitas a cercas",
        "Permanência",
        ("Período analisado", "10/03/2026 - 10/03/2026"),
    )
    assert (theirs.title, theirs.columns[-1].title, theirs.facts[0][0]) == (
        "Visits to geofences",
        "Dwell",
        "Analysed days",
    )


async def test_it_is_narrowed_by_vehicle_driver_or_group(here: Installation) -> None:
    async def vehicles(**asked: object) -> list[object]:
        return [row[2] for row in (await report(here, **asked))[1]]

    assert await vehicles(vehicle_id=VAN) == ["-8"]
    assert await vehicles(driver_id=ANA) == ["7"]
    assert await vehicles(group_id=GroupId(2)) == ["7"]
    assert await vehicles(group_id=GroupId(1)) == ["7", "-8"]
    for unknown in ({"vehicle_id": VehicleId(1)}, {"driver_id": DriverId(1)}, {"group_id": GroupId(5)}):
        with pytest.raises(NotFound):
            await vehicles(**unknown)
    with pytest.raises(InvalidValue, match="at most"):
        await vehicles(vehicle_id=VAN, driver_id=ANA)
