"""Notice what does not come: vehicles of which nothing was heard for as long as a rule waits."""

from datetime import datetime, timedelta

import msgspec

from trilha.application.monitoring.rulebooks import Rulebooks
from trilha.application.monitoring.writing import write_down
from trilha.application.ports import Clock, IdSource, MonitoringUnitOfWork, UnitsOfWork
from trilha.domain.kernel import OrganisationId
from trilha.domain.monitoring import listen
from trilha.domain.telemetry import Stream

ON_THE_WAY = timedelta(minutes=2)
"""So long a page is committed after it was received, and watched after that, while all goes well."""


class NoticeSilenceCommand(msgspec.Struct, frozen=True):
    """Of which organisation."""

    organisation_id: OrganisationId


class NoticeSilence:
    """A silence counts up to how far positions have been watched, not to now: a feed that stands is nobody's silence.

    Each silence is told once by each rule, however often this runs. Vehicles that never reported are not missed.
    """

    def __init__(
        self, *, units: UnitsOfWork[MonitoringUnitOfWork], rulebooks: Rulebooks, clock: Clock, ids: IdSource
    ) -> None:
        self._units = units
        self._rulebooks = rulebooks
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: NoticeSilenceCommand) -> None:
        """Look once."""
        async with self._units(command.organisation_id) as unit:
            kept = await self._rulebooks.of(command.organisation_id, unit)
            shortest_s = kept.book.shortest_silence_s
            heard_until = None if shortest_s is None else await _heard_until(unit, self._clock.now())
            if shortest_s is None or heard_until is None:
                return
            silent = await unit.watches.unseen_since(heard_until - timedelta(seconds=shortest_s))
            before = {state.vehicle_id: state for state in silent}
            watched = [listen(state, kept.book, heard_until) for state in silent]
            await write_down(unit, before, watched, kept.book, self._ids)
            await unit.commit()


async def _heard_until(unit: MonitoringUnitOfWork, now: datetime) -> datetime | None:
    """Up to when positions would be known, had there been any.

    The last answer of the source brought nothing newer: then all is here that was made before it was asked. It did:
    then as far as its token reaches, for more may wait. Pages that lie on the bus still count as not heard.
    """
    checkpoint, reached = await unit.checkpoints.get(Stream.POSITIONS), await unit.watches.watched_until()
    if checkpoint is None or reached is None:
        return None
    watched, _ = reached
    caught_up = checkpoint.checked_at > checkpoint.moved_at
    asked_until = checkpoint.checked_at if caught_up else checkpoint.token_time
    is_behind = checkpoint.moved_at - watched > ON_THE_WAY
    return min(now, asked_until, watched if is_behind else asked_until)
