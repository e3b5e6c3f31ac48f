"""The care of NATS."""

from trilha.adapters.nats import ensure_streams, open_nats
from trilha.entrypoints.settings import Settings


async def check_messaging(settings: Settings) -> None:
    """Make the streams that are missing; raises NatsError where NATS or a stream is not as it should be."""
    async with open_nats(settings.nats_url or "", name="trilha care") as client:
        await ensure_streams(client)
