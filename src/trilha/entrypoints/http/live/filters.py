"""Which vehicles a client wants to see, and the tree of groups that decides it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

import msgspec

from trilha.application.fleet.queries import FleetQueries, GroupView, VehicleFilter, VehicleView
from trilha.application.ports import MAX_LIMIT, Page, PageRequest
from trilha.domain.kernel import OrganisationId

View = TypeVar("View")


class Wanted(msgspec.Struct, frozen=True):
    """Vehicles named, and those of groups with everything below them; all of them where neither is given."""

    groups: frozenset[int] = frozenset()
    vehicles: frozenset[int] = frozenset()


class Vehicles(Protocol):
    """A set of vehicles, be it all."""

    def __contains__(self, vehicle_id: object, /) -> bool:
        """Whether this one is of them."""
        ...


class _Everything:
    def __contains__(self, vehicle_id: object, /) -> bool:
        return True


EVERYTHING = _Everything()


class Membership(msgspec.Struct, frozen=True):
    """Which vehicle is in which group, and which group below which."""

    group_of: dict[int, int]
    parent_of: dict[int, int]

    def chosen(self, wanted: Wanted) -> frozenset[int]:
        """The vehicles that a filter names."""
        below = self._below(wanted.groups)
        return wanted.vehicles | {vehicle for vehicle, group in self.group_of.items() if group in below}

    def _below(self, groups: frozenset[int]) -> frozenset[int]:
        found, grown = frozenset[int](), groups
        while found != grown:
            found, grown = grown, grown | {child for child, parent in self.parent_of.items() if parent in grown}
        return found


async def read_membership(fleet: FleetQueries, organisation_id: OrganisationId) -> Membership:
    """As the master data have it now."""
    groups = await _all(lambda page: fleet.groups(organisation_id, page), GroupView)
    vehicles = await _all(lambda page: fleet.vehicles(organisation_id, VehicleFilter(), page), VehicleView)
    return Membership(
        group_of={int(one.id): int(one.group_id) for one in vehicles if one.group_id is not None},
        parent_of={int(one.id): int(one.parent_id) for one in groups if one.parent_id is not None},
    )


async def _all(read: Callable[[PageRequest], Awaitable[Page[View | msgspec.Raw]]], kind: type[View]) -> Sequence[View]:
    found: list[View] = []
    cursor: str | None = None
    while True:
        page = await read(PageRequest(limit=MAX_LIMIT, cursor=cursor))
        found += [msgspec.json.decode(one, type=kind) if isinstance(one, msgspec.Raw) else one for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found
