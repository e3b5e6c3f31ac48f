"""Master data: organisations, the tree of sites, drivers, vehicles and the library of event types."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

from trilha.adapters.mix import wire
from trilha.adapters.mix.decode import Decoded, ListDecoder
from trilha.adapters.mix.split import UnreadableAnswer
from trilha.adapters.mix.vehicle_types import TRAILER, vehicle_type
from trilha.adapters.mix.zones import iana_zone
from trilha.domain.fleet import Driver, EventType, Group, MasterList, SourceOrganisation, Vehicle, driver_kind
from trilha.domain.kernel import GroupId, RejectedRecord

DECOMMISSIONED = "decommissioned"

Wire = TypeVar("Wire", wire.Asset, wire.Driver, wire.LibraryEvent)
Record = TypeVar("Record", Group, Driver, Vehicle, EventType)

_ORGANISATIONS = ListDecoder(wire.Group)
_NODES = ListDecoder(wire.GroupSummary)
_ASSETS = ListDecoder(wire.Asset)
_DRIVERS = ListDecoder(wire.Driver)
_LIBRARY = ListDecoder(wire.LibraryEvent)


def read_organisations(body: bytes) -> tuple[Sequence[SourceOrganisation], Sequence[RejectedRecord]]:
    """The organisations that the login may see, their zones by IANA name."""
    decoded: Decoded[wire.Group] = _ORGANISATIONS.decode(body)
    organisations = [
        SourceOrganisation(group.group_id, group.name or "", iana_zone(group.display_time_zone))
        for group in decoded.records
    ]
    return organisations, decoded.rejected


def read_groups(body: bytes) -> MasterList[Group]:
    """The tree of sites, breadth first, so that a parent stands before its children.

    A node that cannot be is rejected with all that hangs on it. Raises UnreadableAnswer if the root is none.
    """
    if not body.strip():
        return MasterList(())
    groups: list[Group] = []
    rejected: list[RejectedRecord] = []
    waiting: deque[tuple[bytes, GroupId | None]] = deque([(body, None)])
    while waiting:
        raw, parent_id = waiting.popleft()
        node = _NODES.decode_one(len(groups) + len(rejected), raw)
        if isinstance(node, RejectedRecord):
            rejected.append(node)
            continue
        groups.append(Group(node.group_id, node.name or "", node.type or "", parent_id))
        waiting.extend((bytes(child), node.group_id) for child in node.sub_groups or ())
    if not groups:
        raise UnreadableAnswer(f"expected a tree of groups, got {len(body)} bytes that are none")
    return MasterList(tuple(groups), tuple(rejected))


def read_drivers(body: bytes) -> MasterList[Driver]:
    """All driver records, those that are no people marked by their kind."""
    return _listed(_DRIVERS, _driver, body)


def read_vehicles(body: bytes) -> MasterList[Vehicle]:
    """All assets, connected trailers and decommissioned ones too."""
    return _listed(_ASSETS, _vehicle, body)


def read_event_types(body: bytes) -> MasterList[EventType]:
    """The library of event types, unclassified."""
    return _listed(_LIBRARY, _event_type, body)


def _listed(decoder: ListDecoder[Wire], convert: Callable[[Wire], Record], body: bytes) -> MasterList[Record]:
    decoded: Decoded[Wire] = decoder.decode(body)
    return MasterList(tuple(map(convert, decoded.records)), decoded.rejected)


def _driver(driver: wire.Driver) -> Driver:
    name = driver.name or ""
    kind = driver_kind(name=name, short_id=driver.fm_driver_id, is_system=driver.is_system_driver is True)
    return Driver(driver.driver_id, name, driver.employee_number, driver.site_id, kind)


def _vehicle(asset: wire.Asset) -> Vehicle:
    return Vehicle(
        id=asset.asset_id,
        description=asset.description or "",
        plate=asset.registration_number,
        fleet_number=asset.fleet_number,
        group_id=asset.site_id,
        make=asset.make,
        model=asset.model,
        year=None if asset.year is None else str(asset.year),
        vehicle_type=TRAILER if asset.is_connected_trailer else vehicle_type(asset.asset_type_id),
        active=(asset.user_state or "").casefold() != DECOMMISSIONED,
    )


def _event_type(entry: wire.LibraryEvent) -> EventType:
    return EventType(
        id=entry.event_type_id,
        description=entry.description or "",
        source_class=entry.event_type or "",
        value_name=entry.value_name,
        value_format=entry.format_type,
        units=entry.display_units,
    )
