"""The organisation's tree of groups, its vehicles, and everything else that is the same at any time."""

from datetime import timedelta

from trilha.simulators.mix.draws import IdSpace, draws, twin
from trilha.simulators.mix.library import build_library
from trilha.simulators.mix.names import MODELS, SITES
from trilha.simulators.mix.people import SPECIAL, build_drivers
from trilha.simulators.mix.scenario import Scenario
from trilha.simulators.mix.wire import Asset, Group, GroupSummary, OrganisationDetail

_ZONE = "E. South America Standard Time"
_SMALLEST = -(2**63)
_ELECTRIC, _TRAILER, _DECOMMISSIONED = 3, 4, 5
_BUSES = (12, 12, 12, 11, 13, 10)


class Fleet:
    """Master data of a scenario, built once."""

    def __init__(self, scenario: Scenario) -> None:
        self._ids = IdSpace(scenario.seed, b"group")
        self.tree = self._build_tree(scenario.name)
        self.groups = {summary.group_id: summary for summary in _flatten(self.tree)}
        self.sites = tuple(s.group_id for s in self.groups.values() if s.type in {"SiteGroup", "DefaultSite"})
        self.drivers = build_drivers(scenario, self.sites)
        self.assets = build_assets(scenario, self.sites, tuple(driver.driver_id for driver in self.drivers))
        self.library = build_library(scenario)

    @property
    def organisation_id(self) -> int:
        """The `GroupId` under which everything else is found."""
        return self.tree.group_id

    def group(self, group_id: int) -> Group:
        """A group of the tree; raises `KeyError` for any other id."""
        summary = self.groups[group_id]
        zone = _ZONE if summary.type in {"OrganisationGroup", "SiteGroup"} else ""
        return Group(group_id=group_id, name=summary.name, type=summary.type, display_time_zone=zone)

    def detail(self) -> OrganisationDetail:
        """The organisation, in the shape that calls its type `GroupType`."""
        return OrganisationDetail(
            group_id=self.organisation_id, name=self.tree.name, display_time_zone=_ZONE, group_type=self.tree.type
        )

    def sites_below(self, group_id: int) -> frozenset[int]:
        """The group and every group under it."""
        return frozenset(summary.group_id for summary in _flatten(self.groups[group_id]))

    def _build_tree(self, name: str) -> GroupSummary:
        """Organisation, garages, sites; the first two sites collide as doubles."""
        numbers = iter(range(10, 100))
        pair = self._ids[next(numbers)]
        leaf_ids = iter((pair, twin(pair)))
        garages = []
        for garage, sites in SITES:
            leaves = tuple(_leaf(next(leaf_ids, None) or self._ids[next(numbers)], site) for site in sites)
            garages.append(
                GroupSummary(
                    group_id=self._ids[next(numbers)], name=garage, type="OrganisationSubGroup", sub_groups=leaves
                )
            )
        spare = GroupSummary(group_id=self._ids[1], name="Default Site", type="DefaultSite", sub_groups=())
        return GroupSummary(
            group_id=abs(self._ids[0]), name=name, type="OrganisationGroup", sub_groups=(*garages, spare)
        )


def _leaf(group_id: int, name: str) -> GroupSummary:
    return GroupSummary(group_id=group_id, name=name, type="SiteGroup", sub_groups=())


def _flatten(group: GroupSummary) -> list[GroupSummary]:
    return [group, *(found for child in group.sub_groups for found in _flatten(child))]


def build_assets(scenario: Scenario, sites: tuple[int, ...], drivers: tuple[int, ...]) -> tuple[Asset, ...]:
    """Mostly buses, with the odd ones named above; two ids collide as doubles and one is the smallest there is."""
    ids = IdSpace(scenario.seed, b"asset")
    odd = {1: twin(ids[0]), 2: _SMALLEST}
    return tuple(
        _asset(scenario, sites, drivers, number, odd.get(number, ids[number])) for number in range(scenario.vehicles)
    )


def _asset(scenario: Scenario, sites: tuple[int, ...], drivers: tuple[int, ...], number: int, asset_id: int) -> Asset:
    draw = draws(scenario.seed, b"asset", number)
    make, model = MODELS[draw[0] % len(MODELS)]
    electric, trailer = number == _ELECTRIC, number == _TRAILER
    return Asset(
        asset_id=asset_id,
        asset_type_id=2 if trailer else _BUSES[draw[1] % len(_BUSES)],
        description=f"Ônibus {1042 + number}" if draw[2] % 9 else "",
        is_connected_trailer=trailer,
        registration_number=_plate(number) if draw[3] % 15 else None,
        site_id=sites[draw[4] % len(sites)],
        fuel_type="Electric" if electric else "Diesel",
        fuel_tank_capacity=None if electric else 275.0,
        target_fuel_consumption_units="km/l",
        target_hourly_fuel_consumption_units="l/h",
        fleet_number=str(1042 + number),
        wltp_max_range_km=250 if electric else None,
        battery_capacity_kwh=324 if electric else None,
        usable_battery_capacity_kwh=300 if electric else None,
        make=make,
        model=model,
        year=str(2012 + draw[5] % 13),
        default_driver_id=drivers[SPECIAL + draw[6] % (len(drivers) - SPECIAL)] if draw[7] % 3 else None,
        fm_vehicle_id=142 + number,
        notes="" if draw[8] % 4 == 0 else None,
        icon="bus",
        icon_colour="#0066cc",
        asset_image="asset-heavy-passenger-vehicle-bus.jpg",
        is_default_image=True,
        user_state="Decommissioned" if number == _DECOMMISSIONED else "Available",
        created_by="simulator",
        created_date=scenario.epoch.replace(microsecond=0) - timedelta(days=100 + draw[9] % 1500),
        odometer=round(80_000 + draw[10] % 4_000_000 / 10, 1) if draw[11] % 12 else None,
        engine_hours=f"P{draw[12] % 900}DT{draw[13] % 24}H{draw[14] % 60}M",
    )


def _plate(number: int) -> str:
    return f"SIM{number % 10}{chr(ord('A') + number // 10 % 26)}{number // 260 % 100:02}"
