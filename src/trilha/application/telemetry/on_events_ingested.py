"""Keep the hourly counts that operations watch, from the events of committed pages."""

import msgspec

from trilha.application.ports import Envelope, TelemetryUnitOfWork, UnitsOfWork
from trilha.domain.telemetry import EventsIngested

CONSUMER = "telemetry-throughput"


class CountThroughput:
    """Counts each page once, however often its event arrives."""

    def __init__(self, *, units: UnitsOfWork[TelemetryUnitOfWork]) -> None:
        self._units = units

    async def __call__(self, envelope: Envelope) -> None:
        """Add the page to its hour."""
        event = msgspec.json.decode(envelope.data, type=EventsIngested)
        hour = event.received_at.replace(minute=0, second=0, microsecond=0)
        async with self._units(envelope.organisationid) as unit:
            if not await unit.first_time(CONSUMER, envelope.id):
                return
            await unit.throughput.add(
                event.stream, hour, received=event.received, inserted=event.inserted, late=event.late
            )
            await unit.commit()
