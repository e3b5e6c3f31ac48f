"""What is seen of a running feed from outside: how far behind each stream is, and who gets the calls."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property

from trilha.adapters.postgres import Pool, PostgresUnitOfWork
from trilha.adapters.postgres.ingestion import PostgresCheckpoints
from trilha.adapters.postgres.session import Session
from trilha.application.ports import Clock, IdSource, Priority, RateLimiter
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import Checkpoint, Stream

HOUR = timedelta(hours=1)


class Lags:
    """How long ago the time was up to which a stream is known: highest just before a commit, and that is kept.

    Between commits it grows with the clock, so nothing is missed.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.known_until: dict[Stream, datetime] = {}
        self.before_commit: defaultdict[Stream, list[float]] = defaultdict(list)
        self.after_commit: defaultdict[Stream, list[float]] = defaultdict(list)

    def committed(self, checkpoint: Checkpoint) -> None:
        """A stream has moved on."""
        stream, now = checkpoint.stream, self._clock.now()
        before = self.known_until.get(stream)
        if before is not None:
            self.before_commit[stream].append((now - before).total_seconds())
        self.known_until[stream] = checkpoint.token_time
        self.after_commit[stream].append((now - checkpoint.token_time).total_seconds())

    def now(self, stream: Stream) -> timedelta:
        """How far behind it is at this moment; for ever where nothing is known."""
        known = self.known_until.get(stream)
        return timedelta.max if known is None else self._clock.now() - known

    def forget(self) -> None:
        """Begin to measure now."""
        self.before_commit.clear()
        self.after_commit.clear()


class _WatchedCheckpoints(PostgresCheckpoints):
    def __init__(self, session: Session, organisation_id: OrganisationId, saved: list[Checkpoint]) -> None:
        super().__init__(session, organisation_id)
        self._saved = saved

    async def save(self, checkpoint: Checkpoint) -> None:
        await super().save(checkpoint)
        self._saved.append(checkpoint)


class _WatchedUnit(PostgresUnitOfWork):
    """Tells of checkpoints once they are committed."""

    def __init__(
        self, pool: Pool, organisation_id: OrganisationId, clock: Clock, ids: IdSource,
        tell: Callable[[Checkpoint], None],
    ) -> None:  # fmt: skip
        super().__init__(pool, organisation_id, clock, ids)
        self._tell = tell
        self._saved: list[Checkpoint] = []

    @cached_property
    def checkpoints(self) -> PostgresCheckpoints:
        return _WatchedCheckpoints(self._session, self._organisation_id, self._saved)

    async def commit(self) -> None:
        await super().commit()
        for checkpoint in self._saved:
            self._tell(checkpoint)
        self._saved.clear()


def watched_units(
    pool: Pool, clock: Clock, ids: IdSource, tell: Callable[[Checkpoint], None]
) -> Callable[[OrganisationId], PostgresUnitOfWork]:
    """Units of work that tell of every checkpoint."""

    def begin(organisation_id: OrganisationId) -> PostgresUnitOfWork:
        return _WatchedUnit(pool, organisation_id, clock, ids, tell)

    return begin


class Calls:
    """The limiter, and a list of whom it granted calls."""

    def __init__(self, limiter: RateLimiter, clock: Clock) -> None:
        self._limiter = limiter
        self._clock = clock
        self.granted: list[tuple[datetime, Priority]] = []
        self.waited_s: defaultdict[Priority, list[float]] = defaultdict(list)

    async def acquire(self, key: str, priority: Priority) -> None:
        """Pass it on, and note it."""
        asked = self._clock.now()
        await self._limiter.acquire(key, priority)
        now = self._clock.now()
        self.granted.append((now, priority))
        self.waited_s[priority].append((now - asked).total_seconds())

    async def pause(self, key: str, until: datetime) -> None:
        """Pass it on."""
        await self._limiter.pause(key, until)

    async def used(self, key: str) -> dict[str, int]:
        """Pass it on."""
        return await self._limiter.used(key)

    def forget(self) -> None:
        """Begin to measure now."""
        self.granted.clear()
        self.waited_s.clear()

    def by_priority(self) -> Counter[Priority]:
        """How many calls each kind of work got."""
        return Counter(priority for _, priority in self.granted)

    def fullest_hour(self, priority: Priority | None = None) -> int:
        """The most calls within any sixty minutes."""
        times = [at for at, each in self.granted if priority is None or each is priority]
        most, start = 0, 0
        for end, moment in enumerate(times):
            while moment - times[start] >= HOUR:
                start += 1
            most = max(most, end - start + 1)
        return most


def percentile(values: list[float], share: float) -> float:
    """The value that the share of all values does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0
