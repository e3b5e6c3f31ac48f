"""Where master data and telemetry come from: an adapter picked by name among those registered as `trilha.adapters`.

An adapter author registers `fleet_source.<name>` as a function that takes SourceParts and returns an async context
manager of an object that is both FleetSource and TelemetrySource, and `page_reader.<name>` as one that takes nothing
and returns a PageReader, which needs neither network nor login.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from importlib.metadata import entry_points
from typing import Any, Protocol

import msgspec

from trilha.adapters.memory import MemoryDatabase, MemoryRateLimiter, MemoryTokenStore
from trilha.adapters.mix import MixCredentials, MixHosts, MixSettings, Region, Timeouts, open_mix
from trilha.adapters.mix.settings import ClientAuth
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.ports import Clock, RateLimit, RateLimiter, TokenStore
from trilha.domain.fleet import FleetSource
from trilha.domain.telemetry import PageReader, TelemetrySource
from trilha.entrypoints.settings import BadSettings, Settings, missing_mix_settings, variable

GROUP = "trilha.adapters"
MIX = "mix"
_SOURCES = "fleet_source."
_READERS = "page_reader."


class Source(FleetSource, TelemetrySource, Protocol):
    """Master data and telemetry of the same outside system."""


class SourceParts(msgspec.Struct, frozen=True):
    """What a source adapter may use of the platform."""

    settings: Settings
    clock: Clock
    token_store: TokenStore
    rate_limiter: RateLimiter
    worker: str


OpenSource = Callable[[SourceParts], AbstractAsyncContextManager[Source]]


def source_named(name: str) -> OpenSource:
    """The registered adapter; raises BadSettings with the names there are."""
    opener: OpenSource = _registered(_SOURCES, name)
    return opener


def reader_named(name: str) -> PageReader:
    """What reads the kept pages of that adapter again; raises BadSettings with the names there are."""
    make: Callable[[], PageReader] = _registered(_READERS, name)
    return make()


def _registered(prefix: str, name: str) -> Any:  # noqa: ANN401 - what an entry point names, only its user knows
    points = entry_points(group=GROUP)
    known = {point.name.removeprefix(prefix): point for point in points if point.name.startswith(prefix)}
    if name not in known:
        names = ", ".join(sorted(known)) or "none; is Trilha installed?"
        raise BadSettings([f"{variable('fleet_source')} is {name!r}: no such adapter is installed; there are: {names}"])
    return known[name].load()


@asynccontextmanager
async def open_source_alone(settings: Settings) -> AsyncGenerator[Source, None]:
    """The source without a database: tokens and the count of calls are forgotten at the end of the block."""
    clock = SystemClock()
    database = MemoryDatabase(clock, Uuid7Ids())
    limits = [RateLimit(calls=settings.mix_calls_per_minute, window=timedelta(minutes=1))]
    parts = SourceParts(
        settings=settings,
        clock=clock,
        token_store=MemoryTokenStore(database),
        rate_limiter=MemoryRateLimiter(database, limits),
        worker="alone",
    )
    async with source_named(settings.fleet_source)(parts) as source:
        yield source


def open_mix_source(parts: SourceParts) -> AbstractAsyncContextManager[Source]:
    """MiX Integrate, or whatever answers like it at the configured addresses. Raises BadSettings."""
    if missing := missing_mix_settings(parts.settings):
        raise BadSettings(missing)
    return open_mix(
        mix_settings(parts.settings),
        clock=parts.clock,
        token_store=parts.token_store,
        rate_limiter=parts.rate_limiter,
        holder=parts.worker,
    )


def budget_key(settings: Settings) -> str | None:
    """What the login's calls are counted under; None where this process does not know it, or for other adapters."""
    if settings.fleet_source != MIX or missing_mix_settings(settings):
        return None
    return mix_settings(settings).key


def call_limits(settings: Settings) -> tuple[RateLimit, ...]:
    """How many calls the source allows, shared by all processes."""
    return (
        RateLimit(calls=settings.mix_calls_per_minute, window=timedelta(minutes=1)),
        RateLimit(calls=settings.mix_calls_per_hour, window=timedelta(hours=1)),
    )


def mix_settings(settings: Settings) -> MixSettings:
    """What the MiX client needs; expects `missing_mix_settings` to be empty."""
    region = MixHosts.of(Region(settings.mix_region)) if settings.mix_region else None
    identity_url = settings.mix_identity_url or (region.identity_url if region else "")
    api_url = settings.mix_api_url or (region.api_url if region else "")
    return MixSettings(
        hosts=MixHosts(identity_url=identity_url.rstrip("/"), api_url=api_url.rstrip("/")),
        credentials=MixCredentials(
            client_id=settings.mix_client_id or "",
            client_secret=settings.mix_client_secret or "",
            username=settings.mix_username or "",
            password=settings.mix_password or "",
        ),
        client_auth=ClientAuth(settings.mix_client_auth),
        timeouts=Timeouts(connect_s=settings.mix_connect_timeout_s, read_s=settings.mix_read_timeout_s),
        page_size=settings.mix_page_quantity,
    )
