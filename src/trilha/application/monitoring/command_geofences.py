"""A person gives areas a name, changes them, or lets them go."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from trilha.application.answering_once import answered_before, keep_answer
from trilha.application.monitoring.geofence_views import GeofenceView, geofence_view
from trilha.application.ports import Clock, GeofenceUnitOfWork, IdempotencyScope, IdSource, UnitsOfWork
from trilha.domain.areas import AreaIndex
from trilha.domain.kernel import GeoPoint, OrganisationId
from trilha.domain.monitoring import (
    Geofence,
    GeofenceChanged,
    GeofenceContent,
    GeofenceCreated,
    GeofenceDeleted,
    change_geofence,
    delete_geofence,
    new_geofences,
    rules_at,
)

Views = tuple[GeofenceView, ...]


class AddGeofencesCommand(msgspec.Struct, frozen=True):
    """One new geofence, or a file of them: all or nothing. `scope` makes a repeated request harmless."""

    organisation_id: OrganisationId
    contents: tuple[GeofenceContent, ...]
    scope: IdempotencyScope | None = None


class AddGeofences:
    """Visits are counted from the next page of positions on; nothing of the past is found out."""

    def __init__(self, *, units: UnitsOfWork[GeofenceUnitOfWork], clock: Clock, ids: IdSource) -> None:
        self._units = units
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: AddGeofencesCommand) -> Views:
        """In the order of the contents. Raises TooManyGeofences."""
        now = self._clock.now()
        async with self._units(command.organisation_id) as unit:
            answer = await answered_before(unit.idempotency, command.scope, Views)
            if answer is not None:
                return answer
            others = len(await unit.geofences.all())
            contents = [(self._ids.new(), content) for content in command.contents]
            fences = new_geofences(contents, now, others=others)
            await unit.geofences.save(fences)
            for fence in fences:
                unit.record(GeofenceCreated.of(fence))
            result = tuple(map(geofence_view, fences))
            await keep_answer(unit.idempotency, command.scope, result, now)
            await unit.commit()
        return result


class ChangeGeofenceCommand(msgspec.Struct, frozen=True):
    """What is to be different: values of GeofenceContent by their names; `seen` is the version that was looked at."""

    organisation_id: OrganisationId
    geofence_id: UUID
    changes: Mapping[str, Any]
    seen: int | None = None
    scope: IdempotencyScope | None = None


class ChangeGeofence:
    """Vehicles that are in the old area and not in the new one are out when they are seen next.

    What is put to sleep ends the visits that go on.
    """

    def __init__(self, *, units: UnitsOfWork[GeofenceUnitOfWork], clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def __call__(self, command: ChangeGeofenceCommand) -> GeofenceView:
        """Raises NotFound, InvalidValue, GeofenceChangedSince, Conflict."""
        now = self._clock.now()
        async with self._units(command.organisation_id) as unit:
            answer = await answered_before(unit.idempotency, command.scope, GeofenceView)
            if answer is not None:
                return answer
            before = await unit.geofences.get(command.geofence_id)
            content = msgspec.structs.replace(before.content, **command.changes)
            after = change_geofence(before, content, now, seen=command.seen)
            if after is not before:
                await unit.geofences.save([after])
                unit.record(GeofenceChanged.of(before, after))
            if not after.content.active:
                await _end_visits(unit, after.id, now)
            result = geofence_view(after)
            await keep_answer(unit.idempotency, command.scope, result, now)
            await unit.commit()
        return result


class DeleteGeofenceCommand(msgspec.Struct, frozen=True):
    """Which geofence to let go."""

    organisation_id: OrganisationId
    geofence_id: UUID


class DeleteGeofence:
    """Its visits stay, with its name; those that go on end."""

    def __init__(self, *, units: UnitsOfWork[GeofenceUnitOfWork], clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def __call__(self, command: DeleteGeofenceCommand) -> None:
        """Raises NotFound, GeofenceInUse."""
        now = self._clock.now()
        async with self._units(command.organisation_id) as unit:
            fence = await unit.geofences.get(command.geofence_id)
            deleted = delete_geofence(fence, now, used_by=rules_at(fence.id, await unit.alert_rules.all()))
            await unit.geofences.save([deleted])
            await _end_visits(unit, deleted.id, now)
            unit.record(GeofenceDeleted.of(deleted))
            await unit.commit()


async def _end_visits(unit: GeofenceUnitOfWork, geofence_id: UUID, at: datetime) -> None:
    """No vehicle is known to be there any more: one that still is when the fence wakes up begins a new visit."""
    await unit.watches.load(())  # nobody begins a visit meanwhile
    known = await unit.watches.load(await unit.visits.end_all(geofence_id, at))
    await unit.watches.save(
        [
            msgspec.structs.replace(
                state, inside={key: since for key, since in state.inside.items() if key != geofence_id}
            )
            for state in known.values()
        ]
    )


class FindGeofences:
    """All geofences at once, for files, and those around a place."""

    def __init__(self, *, units: UnitsOfWork[GeofenceUnitOfWork]) -> None:
        self._units = units

    async def __call__(self, organisation_id: OrganisationId) -> tuple[Geofence, ...]:
        """Every geofence, sleeping ones too, by id."""
        async with self._units(organisation_id) as unit:
            return tuple(await unit.geofences.all())

    async def around(self, organisation_id: OrganisationId, place: GeoPoint) -> Views:
        """The active ones that hold a place, as the watching of vehicles would find them."""
        fences = {fence.id: fence for fence in await self(organisation_id) if fence.content.active}
        index = AreaIndex({key: fence.content.area for key, fence in fences.items()})
        return tuple(geofence_view(fences[key]) for key in index.containing(place.latitude_deg, place.longitude_deg))
