"""What vehicles are watched by, kept in memory between pages and read anew when it changes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from uuid import UUID

import msgspec

from trilha.application.ports import Clock, MonitoringUnitOfWork
from trilha.domain.areas import AreaIndex
from trilha.domain.fleet import Driver, Group, Vehicle
from trilha.domain.identity import Organisations
from trilha.domain.kernel import DriverId, GroupId, OrganisationId, VehicleId
from trilha.domain.monitoring import AlertRule, MovingWithoutDriver, NoPlaces, Places, Rulebook

TRUSTED_FOR = timedelta(minutes=5)
"""Who belongs to which group, and the zone of an organisation, change without a stamp; so late they are followed."""


class Kept(msgspec.Struct, frozen=True):
    """A rulebook, and what it was made from. `nobody` are drivers who stand for no person, read where a rule asks."""

    stamp: str
    read_at: datetime
    book: Rulebook
    nobody: frozenset[DriverId] = frozenset()
    watches_nothing: bool = False


class Rulebooks:
    """One to a process. A look costs one short question; only a change of rules or fences reads them all."""

    def __init__(self, *, organisations: Organisations, clock: Clock, zone_of: Callable[[str], tzinfo]) -> None:
        self._organisations = organisations
        self._clock = clock
        self._zone_of = zone_of
        self._kept: dict[OrganisationId, Kept] = {}

    async def of(self, organisation_id: OrganisationId, unit: MonitoringUnitOfWork) -> Kept:
        """What holds now, as this unit of work sees it."""
        stamp, now = f"{await unit.alert_rules.stamp()} {await unit.geofences.stamp()}", self._clock.now()
        kept = self._kept.get(organisation_id)
        if kept is None or kept.stamp != stamp or now - kept.read_at > TRUSTED_FOR:
            kept = await self._read(organisation_id, unit, stamp, now)
            self._kept[organisation_id] = kept
        return kept

    async def _read(
        self, organisation_id: OrganisationId, unit: MonitoringUnitOfWork, stamp: str, now: datetime
    ) -> Kept:
        rules = [rule for rule in await unit.alert_rules.all() if rule.content.active]
        fences = [fence for fence in await unit.geofences.all() if fence.content.active]
        places: Places = AreaIndex({fence.id: fence.content.area for fence in fences}) if fences else NoPlaces()
        organisation = await self._organisations.get(organisation_id)
        zone = self._zone_of(organisation.time_zone)
        return Kept(
            stamp=stamp,
            read_at=now,
            book=Rulebook(rules, places, zone, await _members(unit, rules)),
            nobody=await _nobody(unit, rules),
            watches_nothing=not rules and not fences,
        )


async def _members(unit: MonitoringUnitOfWork, rules: Sequence[AlertRule]) -> Mapping[UUID, Collection[VehicleId]]:
    """The vehicles of the groups that rules name, and of the groups below those."""
    if not any(rule.content.scope.group_ids for rule in rules):
        return {}
    groups = [one for one in (await unit.master_data.known("groups")).values() if isinstance(one, Group)]
    vehicles = [one for one in (await unit.master_data.known("vehicles")).values() if isinstance(one, Vehicle)]
    above = {group.id: group.parent_id for group in groups}
    return {rule.id: _vehicles_below(frozenset(rule.content.scope.group_ids), vehicles, above) for rule in rules}


def _vehicles_below(
    named: frozenset[GroupId], vehicles: Sequence[Vehicle], above: Mapping[GroupId, GroupId | None]
) -> Collection[VehicleId]:
    return {vehicle.id for vehicle in vehicles if not named.isdisjoint(_line(vehicle.group_id, above))}


def _line(group_id: GroupId | None, above: Mapping[GroupId, GroupId | None]) -> set[GroupId]:
    """A group and those above it; a tree that the source has tied into a ring ends where it began."""
    line: set[GroupId] = set()
    while group_id is not None and group_id not in line:
        line.add(group_id)
        group_id = above.get(group_id)
    return line


async def _nobody(unit: MonitoringUnitOfWork, rules: Sequence[AlertRule]) -> frozenset[DriverId]:
    if not any(isinstance(rule.content.condition, MovingWithoutDriver) for rule in rules):
        return frozenset()
    drivers = (await unit.master_data.known("drivers")).values()
    return frozenset(one.id for one in drivers if isinstance(one, Driver) and not one.is_person)
