"""Master data over HTTP."""

import pytest

from trilha.domain.fleet import DriverKind
from trilha.simulators.mix import Fault, FaultKind, Route


async def test_organisations_carry_their_iana_zone(mix, organisation, scenario):
    [found] = await mix.organisations()
    assert (found.external_id, found.name, found.time_zone) == (organisation, scenario.name, "America/Sao_Paulo")


async def test_the_tree_has_one_root_and_no_orphan(mix, organisation):
    listed = await mix.groups(organisation)
    ids = {group.id for group in listed.records}
    assert listed.records[0].id == organisation
    assert [group.id for group in listed.records if group.parent_id is None] == [organisation]
    assert all(group.parent_id in ids for group in listed.records[1:])
    assert len({float(number) for number in ids}) < len(ids) == len(listed.records)


async def test_every_list_is_whole(mix, organisation, simulator):
    drivers, vehicles = await mix.drivers(organisation), await mix.vehicles(organisation)
    types = await mix.event_types(organisation)
    assert {driver.id for driver in drivers.records} == {driver.driver_id for driver in simulator.fleet.drivers}
    assert {vehicle.id for vehicle in vehicles.records} == {asset.asset_id for asset in simulator.fleet.assets}
    assert not (*drivers.rejected, *vehicles.rejected, *types.rejected)
    assert {DriverKind.UNKNOWN, DriverKind.UNMATCHED, DriverKind.PERSON} <= {driver.kind for driver in drivers.records}
    assert types.records


@pytest.mark.parametrize(
    ("kind", "route"),
    [
        ("groups", Route.SUBGROUPS),
        ("drivers", Route.DRIVERS),
        ("vehicles", Route.ASSETS),
        ("event_types", Route.LIBRARY),
    ],
)
@pytest.mark.parametrize("fault", [FaultKind.TRUNCATED_JSON, FaultKind.CUT_BODY, FaultKind.HTML])
async def test_half_a_list_is_never_taken_for_the_whole(simulator, mix, organisation, calls, kind, route, fault):
    simulator.faults.add(Fault(kind=fault, route=route, times=2))
    listed = await getattr(mix, kind)(organisation)
    again = await getattr(mix, kind)(organisation)
    assert listed == again
    assert calls(route) == 4
