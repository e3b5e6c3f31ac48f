"""One beat of the relay: bring committed events from the outbox to the bus."""

from trilha.application.ports import EventBus, Outbox

BATCH = 500


class RelayOutbox:
    """Marks an event as sent only after the bus has stored it; a crash in between sends it twice, with the same id."""

    def __init__(self, *, outbox: Outbox, bus: EventBus) -> None:
        self._outbox = outbox
        self._bus = bus

    async def __call__(self) -> int:
        """Returns how many were sent; call again at once while it is as many as a batch."""
        async with self._outbox.claim(BATCH) as claim:
            if not claim.envelopes:
                return 0
            stored = await self._bus.publish(claim.envelopes)
            await claim.mark_sent(stored)
            return len(stored)
