"""One channel an organisation for whoever listens in this process, kept for a while after the last one left."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import msgspec
import structlog

from trilha.domain.kernel import OrganisationId
from trilha.entrypoints.http.live.channel import MEMBERSHIP_FRESH_S, Channel
from trilha.entrypoints.http.live.filters import Wanted
from trilha.entrypoints.http.live.listener import Listener
from trilha.entrypoints.http.live.metrics import LiveMetrics, Way
from trilha.entrypoints.http.parts import HttpParts
from trilha.entrypoints.http.problems import Refusal
from trilha.entrypoints.http.statuses import RETRY_AFTER_S

READY_WITHIN_S = 10.0
GONE_WITHIN_S = 3.0
LINGER_S = 60.0
"""How long a channel is kept without listeners: those who poll, or lost their connection, come back."""
MAX_LISTENERS = 5_000
"""In one process; each costs a few hundred KiB at worst."""
_log = structlog.stdlib.get_logger("trilha.http")


class _Followed(msgspec.Struct, frozen=True):
    channel: Channel
    tasks: tuple["asyncio.Task[None]", ...]


class Hub:
    """Begins with the first listener; `stop` ends all of them."""

    def __init__(self, parts: HttpParts) -> None:
        self.metrics = LiveMetrics()
        self.is_stopping = False
        self._parts = parts
        self._left = asyncio.Event()
        self._followed: dict[OrganisationId, _Followed] = {}

    @asynccontextmanager
    async def listening(
        self, way: Way, organisation_id: OrganisationId, wanted: Wanted, after: int | None
    ) -> AsyncGenerator[Listener, None]:
        """A listener while the block lasts. Raises Refusal where the feed cannot be followed now."""
        self._refuse_more()
        channel = self._channel(organisation_id)
        self.metrics.open[way] += 1
        try:
            listener = await _joined(channel, wanted, after)
            try:
                yield listener
            finally:
                channel.leave(listener)
        finally:
            self.metrics.open[way] -= 1
            self._left.set()

    def stop(self) -> None:
        """Tell every listener; let in no more."""
        self.is_stopping = True
        for followed in self._followed.values():
            followed.channel.close()

    async def wind_down(self) -> None:
        """Stop, and wait until listeners are gone, but not for those that read nothing."""
        self.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(GONE_WITHIN_S):
                while self.metrics.open.total():
                    self._left.clear()
                    await self._left.wait()

    async def close(self) -> None:
        """End what still follows."""
        self.stop()
        tasks = [task for followed in self._followed.values() for task in followed.tasks]
        self._followed.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _refuse_more(self) -> None:
        if self.is_stopping:
            raise _unavailable("live.stopping", "this server stops; come back, another one or the next will answer")
        if self.metrics.open.total() >= MAX_LISTENERS:
            raise _unavailable("live.full", f"{MAX_LISTENERS} clients listen already; try again later")

    def _channel(self, organisation_id: OrganisationId) -> Channel:
        known = self._followed.get(organisation_id)
        if known is not None:
            return known.channel
        channel = Channel(self._parts, organisation_id, self.metrics)
        coroutines = (channel.follow(), self._care_for(organisation_id, channel))
        self._followed[organisation_id] = _Followed(channel, tuple(map(asyncio.create_task, coroutines)))
        self.metrics.channels = len(self._followed)
        return channel

    async def _care_for(self, organisation_id: OrganisationId, channel: Channel) -> None:
        """Refresh who is in which group, and end a channel that nobody listens to."""
        loop = asyncio.get_running_loop()
        used_at = loop.time()
        while loop.time() - used_at < LINGER_S:
            await asyncio.sleep(MEMBERSHIP_FRESH_S)
            if channel.is_empty:
                continue
            used_at = loop.time()
            try:
                await channel.refresh_membership()
            except Exception as error:  # noqa: BLE001 - what was known of groups holds until it can be read again
                _log.warning("live.groups_unknown", organisation=str(organisation_id), error=type(error).__name__)
        followed = self._followed.pop(organisation_id)
        self.metrics.channels = len(self._followed)
        followed.tasks[0].cancel()


async def _joined(channel: Channel, wanted: Wanted, after: int | None) -> Listener:
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            return await channel.join(wanted, after)
    except TimeoutError:
        told = f"the live feed was not ready within {READY_WITHIN_S:g} s; GET /health/ready tells what does not answer"
        raise _unavailable("live.not_ready", told) from None


def _unavailable(code: str, detail: str) -> Refusal:
    return Refusal(503, code, detail, headers=(("Retry-After", str(RETRY_AFTER_S)),))
