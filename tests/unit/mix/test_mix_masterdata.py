"""Master data as it comes, as the fleet knows it."""

import json
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.adapters.mix import masterdata, zones
from trilha.adapters.mix.split import UnreadableAnswer
from trilha.adapters.mix.zones import iana_zone
from trilha.domain.fleet import Driver, DriverKind, EventType, Group, SourceOrganisation, Vehicle


def body_of(payload) -> bytes:
    return json.dumps(payload).encode()


def test_organisations_get_their_zone_by_its_iana_name():
    listed = [
        {"GroupId": 7, "Name": "Viação Exemplo", "Type": "OrganisationGroup"},
        {"GroupId": -8, "Name": "B", "DisplayTimeZone": "E. South America Standard Time"},
        {"GroupId": 9, "Name": "C", "DisplayTimeZone": "Standard Time of Nowhere"},
        {"GroupId": 2**63, "Name": "D"},
    ]
    organisations, rejected = masterdata.read_organisations(body_of(listed))
    assert organisations == [
        SourceOrganisation(7, "Viação Exemplo", None),
        SourceOrganisation(-8, "B", "America/Sao_Paulo"),
        SourceOrganisation(9, "C", None),
    ]
    assert [record.reason for record in rejected] == ["id_out_of_range"]


@pytest.mark.parametrize(
    ("windows", "iana"),
    [
        ("Central Brazilian Standard Time", "America/Cuiaba"),
        ("SA Western Standard Time", "America/La_Paz"),
        ("Argentina Standard Time", "America/Buenos_Aires"),
        ("South Africa Standard Time", "Africa/Johannesburg"),
        ("W. Central Africa Standard Time", "Africa/Lagos"),
        ("GMT Standard Time", "Europe/London"),
        ("Romance Standard Time", "Europe/Paris"),
        ("eastern standard time", "America/New_York"),
        ("UTC", "Etc/UTC"),
        ("", None),
        (None, None),
    ],
)
def test_windows_zones(windows, iana):
    assert iana_zone(windows) == iana


def test_every_zone_exists():
    assert not set(zones._IANA.values()) - available_timezones()


def node(group_id, *children, **members):
    return {"GroupId": group_id, "Name": f"G{group_id}", "Type": "SiteGroup", "SubGroups": list(children)} | members


def test_the_tree_is_flattened_root_first():
    listed = masterdata.read_groups(body_of(node(1, node(2, node(4)), node(-3, SubGroups=None))))
    assert listed.records == (
        Group(1, "G1", "SiteGroup", None),
        Group(2, "G2", "SiteGroup", 1),
        Group(-3, "G-3", "SiteGroup", 1),
        Group(4, "G4", "SiteGroup", 2),
    )


@given(st.recursive(st.just(()), lambda inner: st.lists(inner, max_size=4).map(tuple), max_leaves=30))
def test_parents_stand_before_their_children(shape):
    count = iter(range(1, 1000))

    def grow(children):
        return node(next(count), *map(grow, children))

    groups = masterdata.read_groups(body_of(grow(shape))).records
    seen: set[int | None] = {None}
    for group in groups:
        assert group.parent_id in seen
        seen.add(group.id)
    assert len(groups) == next(count) - 1


def test_a_node_that_cannot_be_is_rejected_with_its_branch():
    listed = masterdata.read_groups(body_of(node(1, node("x", node(5)), node(2))))
    assert [group.id for group in listed.records] == [1, 2]
    assert [record.reason for record in listed.rejected] == ["wrong_type"]


@pytest.mark.parametrize("body", [b"[]", b"{}", b"null", b"<html>", b'{"GroupId":1,"SubGroups":['])
def test_what_is_no_tree_is_unreadable(body):
    with pytest.raises(UnreadableAnswer):
        masterdata.read_groups(body)


def test_no_content_is_no_group():
    assert masterdata.read_groups(b"").records == ()


def test_drivers_are_told_from_special_records():
    listed = [
        {"DriverId": 1, "SiteId": 5, "Name": "PESSOA UM", "FmDriverId": 87, "EmployeeNumber": "40087*"},
        {"DriverId": 2, "Name": "Unknown", "FmDriverId": 0, "IsSystemDriver": True},
        {"DriverId": 3, "Name": "Installer", "FmDriverId": -2, "IsSystemDriver": False},
        {"DriverId": 4, "Name": "Automatically created driver 9", "FmDriverId": 300},
        {"DriverId": 6, "Name": None, "EmployeeNumber": ""},
        {"Name": "without id"},
    ]
    drivers = masterdata.read_drivers(body_of(listed))
    assert drivers.records == (
        Driver(1, "PESSOA UM", "40087*", 5, DriverKind.PERSON),
        Driver(2, "Unknown", None, None, DriverKind.UNKNOWN),
        Driver(3, "Installer", None, None, DriverKind.INSTALLER),
        Driver(4, "Automatically created driver 9", None, None, DriverKind.AUTOMATIC),
        Driver(6, "", "", None, DriverKind.PERSON),
    )
    assert [(record.position, record.reason) for record in drivers.rejected] == [(5, "missing_field")]
    assert "without id" not in drivers.rejected[0].detail


def test_vehicles_keep_trailers_and_mark_the_decommissioned():
    listed = [
        {"AssetId": 1, "AssetTypeId": 12, "Description": "Onibus 1042", "RegistrationNumber": "SIM1A42", "SiteId": -5},
        {"AssetId": 2, "AssetTypeId": 14, "IsConnectedTrailer": True, "UserState": "Available"},
        {"AssetId": 3, "UserState": "Decommissioned", "Year": 2019},
        {"AssetId": 4, "AssetTypeId": 99, "Year": "2020", "Make": "Other", "Model": "OF", "FleetNumber": "7"},
    ]
    assert masterdata.read_vehicles(body_of(listed)).records == (
        Vehicle(1, "Onibus 1042", "SIM1A42", group_id=-5, vehicle_type="Bus Single Decker"),
        Vehicle(2, vehicle_type="Trailer"),
        Vehicle(3, year="2019", active=False),
        Vehicle(4, fleet_number="7", make="Other", model="OF", year="2020", vehicle_type="Type 99"),
    )


def test_event_types_keep_the_difference_of_empty_and_absent():
    listed = [
        {"EventTypeId": -1, "EventType": "System", "Description": "Idle"},
        {"EventTypeId": 2, "EventType": "Custom", "Description": "(Tr) X", "FormatType": "Speed", "DisplayUnits": ""},
    ]
    assert masterdata.read_event_types(body_of(listed)).records == (
        EventType(-1, "Idle", "System"),
        EventType(2, "(Tr) X", "Custom", value_format="Speed", units=""),
    )
