"""What people decide about geofences: told as it happens, once, and nothing lost between two who decide at once."""

import json
from datetime import timedelta

import msgspec
import pytest

from tests.unit.application.conftest import ORGANISATION_ID, Installation
from trilha.application.monitoring.command_geofences import (
    AddGeofences,
    AddGeofencesCommand,
    ChangeGeofence,
    ChangeGeofenceCommand,
    DeleteGeofence,
    DeleteGeofenceCommand,
    FindGeofences,
)
from trilha.application.monitoring.command_rules import ChangeRule, ChangeRuleCommand, CreateRule, CreateRuleCommand
from trilha.application.monitoring.geofence_files import FeaturesRefused, read_features, write_features
from trilha.application.monitoring.geofence_views import GeofenceView
from trilha.domain.areas import Circle, area_from_wkt
from trilha.domain.kernel import GeoPoint, InvalidValue, NotFound, VehicleId
from trilha.domain.monitoring import (
    MOST_GEOFENCES,
    FenceDwell,
    GeofenceChanged,
    GeofenceChangedSince,
    GeofenceContent,
    GeofenceCreated,
    GeofenceDeleted,
    GeofenceInUse,
    RuleContent,
    TooManyGeofences,
    Visit,
    new_geofences,
    new_rule,
)

DEPOT = GeofenceContent(name="Garagem", area=Circle(GeoPoint(-19.92, -43.94), 150))
YARD = GeofenceContent(name="Pátio", area=area_from_wkt("POLYGON ((179 -17, -179 -17, -179 -16))"), color="#1f77b4")


async def add(here: Installation, *contents: GeofenceContent) -> tuple[GeofenceView, ...]:
    adding = AddGeofences(units=here.units, clock=here.clock, ids=here.ids)
    return await adding(AddGeofencesCommand(ORGANISATION_ID, contents))


async def change(
    here: Installation, fence: GeofenceView, *, seen: int | None = None, **changes: object
) -> GeofenceView:
    changing = ChangeGeofence(units=here.units, clock=here.clock)
    return await changing(ChangeGeofenceCommand(ORGANISATION_ID, fence.id, changes, seen))


async def test_what_is_decided_is_told(here: Installation) -> None:
    depot, yard = await add(here, DEPOT, YARD)
    assert here.told(GeofenceCreated) == [
        GeofenceCreated(geofence_id=depot.id, name="Garagem", active=True),
        GeofenceCreated(geofence_id=yard.id, name="Pátio", active=True),
    ]
    await change(here, depot, name="Garagem Sul")
    await change(here, depot, area=YARD.area, active=False)
    await change(here, depot, active=False)
    assert [(one.name, one.redrawn, one.active, one.geofence_version) for one in here.told(GeofenceChanged)] == [
        ("Garagem Sul", False, True, 1),
        ("Garagem Sul", True, False, 2),
    ]
    await DeleteGeofence(units=here.units, clock=here.clock)(DeleteGeofenceCommand(ORGANISATION_ID, depot.id))
    assert here.told(GeofenceDeleted) == [GeofenceDeleted(geofence_id=depot.id, name="Garagem Sul")]
    with pytest.raises(NotFound):
        await change(here, depot, name="Garagem")


async def test_a_change_based_on_an_older_version_is_refused(here: Installation) -> None:
    (depot,) = await add(here, DEPOT)
    await change(here, depot, name="Garagem Sul", seen=0)
    with pytest.raises(GeofenceChangedSince, match="version 1, this change is based on version 0"):
        await change(here, depot, color="#000000", seen=0)


async def test_a_change_to_what_cannot_be_changes_nothing(here: Installation) -> None:
    (depot,) = await add(here, DEPOT)
    with pytest.raises(InvalidValue, match="colour such as"):
        await change(here, depot, color="red")
    assert here.told(GeofenceChanged) == []


async def test_what_rules_wait_for_is_not_deleted(here: Installation) -> None:
    depot, yard = await add(here, DEPOT, YARD)
    waiting = RuleContent(name="Pátio", condition=FenceDwell(geofence_ids=(yard.id,), for_s=600), active=False)
    rule = new_rule(here.ids.new(), waiting, here.clock.now(), others=0)
    async with here.units(ORGANISATION_ID) as unit:
        await unit.alert_rules.save(rule)
        await unit.commit()
    deleting = DeleteGeofence(units=here.units, clock=here.clock)
    with pytest.raises(GeofenceInUse, match=str(rule.id)):
        await deleting(DeleteGeofenceCommand(ORGANISATION_ID, yard.id))
    await deleting(DeleteGeofenceCommand(ORGANISATION_ID, depot.id))


async def test_rules_wait_for_geofences_that_are_there(here: Installation) -> None:
    depot, yard = await add(here, DEPOT, YARD)
    await DeleteGeofence(units=here.units, clock=here.clock)(DeleteGeofenceCommand(ORGANISATION_ID, yard.id))
    both = RuleContent(name="Pátio", condition=FenceDwell(geofence_ids=(depot.id, yard.id), for_s=600))
    alone = msgspec.structs.replace(both, condition=FenceDwell(geofence_ids=(depot.id,), for_s=600))
    creating = CreateRule(units=here.units, clock=here.clock, ids=here.ids)
    with pytest.raises(InvalidValue, match=str(yard.id)):
        await creating(CreateRuleCommand(ORGANISATION_ID, both))
    made = await creating(CreateRuleCommand(ORGANISATION_ID, alone))
    with pytest.raises(InvalidValue, match=str(yard.id)):
        await ChangeRule(units=here.units, clock=here.clock)(ChangeRuleCommand(ORGANISATION_ID, made.id, both))


async def test_visits_end_with_the_geofence(here: Installation) -> None:
    fences = await add(here, DEPOT, DEPOT, DEPOT)
    async with here.units(ORGANISATION_ID) as unit:
        for fence in fences:
            visit = Visit(
                id=here.ids.new(),
                geofence_id=fence.id,
                vehicle_id=VehicleId(7),
                driver_id=None,
                entered_at=here.clock.now(),
            )
            await unit.visits.follow([visit])
        await unit.commit()
    here.clock.advance(timedelta(minutes=5))
    await DeleteGeofence(units=here.units, clock=here.clock)(DeleteGeofenceCommand(ORGANISATION_ID, fences[0].id))
    await change(here, fences[1], active=False)
    await change(here, fences[2], name="Pátio")
    assert [visit.dwelled_s for visit in here.tables.visits.values()] == [300, 300, None]


async def test_there_are_only_so_many(here: Installation) -> None:
    await add(here, *[DEPOT] * (MOST_GEOFENCES - 1))
    with pytest.raises(TooManyGeofences, match="there are 4999 geofences, 2 more"):
        await add(here, DEPOT, YARD)
    assert len(await add(here, YARD)) == 1


async def test_only_active_ones_are_around_a_place(here: Installation) -> None:
    depot, _, yard = await add(here, DEPOT, DEPOT, YARD)
    await change(here, depot, active=False)
    finding = FindGeofences(units=here.units)
    assert [one.name for one in await finding.around(ORGANISATION_ID, GeoPoint(-19.92, -43.94))] == ["Garagem"]
    assert await finding.around(ORGANISATION_ID, GeoPoint(-16.9, 180)) == (yard,)
    assert len(await finding(ORGANISATION_ID)) == 3


def test_files_of_others_are_understood(here: Installation) -> None:
    (fence,) = new_geofences([(here.ids.new(), YARD)], here.clock.now(), others=0)
    assert read_features(json.loads(json.dumps(write_features([fence])))) == (YARD,)
    theirs = {
        "type": "Feature",
        "properties": {"name": "Pátio", "color": "#1F77B4", "description": "", "fill-opacity": 0.5, "active": None},
        "geometry": {"type": "MultiPolygon", "coordinates": [[[[179, -17], [181, -17], [181, -16]]]]},
    }
    assert read_features(theirs) == (YARD,)


def test_a_wrong_file_tells_ten_things_at_once() -> None:
    feature = {"type": "Feature", "properties": {"name": "x"}, "geometry": {"type": "Point", "coordinates": [1, 2]}}
    with pytest.raises(FeaturesRefused, match=r"12 of 12 features .* and 2 more") as refused:
        read_features({"type": "FeatureCollection", "features": [feature] * 12})
    assert [one.feature for one in refused.value.refusals] == list(range(1, 11))
