"""The one token of a credential set: renewed by one caller at a time, in this process and across all of them.

A refresh token works once, so the token that replaces it is persisted before anybody uses it, and whoever comes second
takes what the first one stored.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

import msgspec

from trilha.adapters.mix import log_events
from trilha.adapters.mix.identity import Identity, IdentityFailed, IdentityRefused
from trilha.adapters.mix.waiting import Waiting
from trilha.application.ports import Clock, SourceToken, TokenStore
from trilha.domain.kernel import SourceRefused, SourceUnavailable

RENEW_BEFORE = timedelta(seconds=60)
"""A token this close to its end is renewed: a slow call must not outlive it."""
LOCK_TTL = timedelta(minutes=2)
"""How long a renewal may take before another process assumes that the renewer died."""
POLL = timedelta(milliseconds=250)
REFUSED_PAUSE = timedelta(minutes=15)
"""How long a refused login is not tried again: hosts lock a user who fails too often, and this user is a person."""

_LOG = logging.getLogger(__name__)


class Session:
    """Hands out the access token of one credential set. `holder` names this process in the store's lock."""

    def __init__(
        self,
        *,
        identity: Identity,
        store: TokenStore,
        clock: Clock,
        waiting: Waiting,
        tries: int,
        key: str,
        holder: str,
    ) -> None:
        self._identity = identity
        self._store = store
        self._clock = clock
        self._waiting = waiting
        self._tries = tries
        self._key = key
        self._holder = holder
        self._cached: SourceToken | None = None
        self._flight: asyncio.Task[SourceToken] | None = None
        self._refused: tuple[str, datetime] | None = None

    async def token(self, rejected: SourceToken | None = None) -> SourceToken:
        """A token that lives for another minute at least, and is not `rejected`.

        Raises SourceUnavailable or SourceRefused.
        """
        token = self._cached
        if token is not None and self._is_usable(token, rejected):
            return token
        return await self._share_flight(rejected)

    async def close(self) -> None:
        """Stop a renewal under way."""
        if self._flight is not None:
            self._flight.cancel()
            await asyncio.gather(self._flight, return_exceptions=True)

    def _is_usable(self, token: SourceToken, rejected: SourceToken | None) -> bool:
        if rejected is not None and token.access_token == rejected.access_token:
            return False
        return self._clock.now() + RENEW_BEFORE < token.expires_at

    async def _share_flight(self, rejected: SourceToken | None) -> SourceToken:
        """Join the renewal under way, or begin one. A caller that gives up does not take the others' with it."""
        if self._flight is None or self._flight.done():
            self._flight = asyncio.create_task(self._renewed(rejected))
        return await asyncio.shield(self._flight)

    async def _renewed(self, rejected: SourceToken | None) -> SourceToken:
        while True:
            stored = await self._store.load(self._key)
            if stored is not None and self._is_usable(stored, rejected):
                break
            if await self._store.lock(self._key, self._holder, self._clock.now() + LOCK_TTL):
                stored = await self._renew_locked(rejected)
                break
            await self._clock.sleep_until(self._clock.now() + POLL)
        self._cached = stored
        return stored

    async def _renew_locked(self, rejected: SourceToken | None) -> SourceToken:
        try:
            stored = await self._store.load(self._key)
            if stored is not None and self._is_usable(stored, rejected):
                return stored
            return await self._persisted(await self._granted(stored), stored, rejected)
        finally:
            await self._store.unlock(self._key, self._holder)

    async def _persisted(
        self, granted: SourceToken, replaced: SourceToken | None, rejected: SourceToken | None
    ) -> SourceToken:
        token = _next_version(granted, replaced)
        while not await self._store.save(self._key, token):
            newest = await self._store.load(self._key)
            if newest is not None and self._is_usable(newest, rejected):
                return newest
            token = _next_version(granted, newest)
        return token

    async def _granted(self, stored: SourceToken | None) -> SourceToken:
        refreshed = await self._by_refresh(stored)
        if refreshed is not None:
            return refreshed
        self._hold_back()
        try:
            token = await self._insisting(self._identity.by_password)
        except IdentityRefused as error:
            refusal = error.as_source_refusal()
            self._refused = (str(refusal), self._clock.now() + REFUSED_PAUSE)
        else:
            self._refused = None
            _LOG.info(log_events.TOKEN_RENEWED, extra={"grant": "password"})
            return token
        raise refusal

    def _hold_back(self) -> None:
        if self._refused is not None and self._clock.now() < self._refused[1]:
            told, until = self._refused
            raise SourceRefused(f"{told}; not tried again before {until:%H:%M} UTC, or a restart")

    async def _by_refresh(self, stored: SourceToken | None) -> SourceToken | None:
        if stored is None or stored.refresh_token is None:
            return None
        try:
            token = await self._insisting(partial(self._identity.by_refresh, stored))
        except IdentityRefused as error:
            _LOG.info(log_events.REFRESH_REFUSED, extra={"error": error.error})
            return None
        _LOG.info(log_events.TOKEN_RENEWED, extra={"grant": "refresh_token"})
        return token

    async def _insisting(self, ask: Callable[[], Awaitable[SourceToken]]) -> SourceToken:
        problem = ""
        for failed in range(1, self._tries + 1):
            try:
                return await ask()
            except IdentityFailed as error:
                problem = str(error)
            if failed < self._tries:
                await self._waiting.after(failed)
        raise SourceUnavailable(f"no token for MiX after {self._tries} tries: {problem}")


def _next_version(token: SourceToken, replaced: SourceToken | None) -> SourceToken:
    return msgspec.structs.replace(token, version=1 if replaced is None else replaced.version + 1)
