"""What commands about recurring work need inside a unit of work."""

from datetime import datetime, timedelta

import msgspec

from trilha.adapters.memory.database import Answer, Draft, MemoryDatabase
from trilha.application.ports import IdempotencyScope, KeyReused, StillRunning
from trilha.domain.kernel import NotFound, OrganisationId

KEPT = timedelta(hours=24)
AnswerKey = tuple[str, str, str]


class MemoryJobRequests:
    """Brings recurring work forward."""

    def __init__(self, database: MemoryDatabase, organisation_id: OrganisationId) -> None:
        self._database = database
        self._organisation_id = organisation_id
        self._wanted: dict[str, datetime] = {}

    async def bring_forward(self, kind: str, to: datetime) -> None:
        """Make the job due at `to` if it is due later."""
        if kind not in self._database.of(self._organisation_id).jobs:
            raise NotFound("job", kind)
        self._wanted[kind] = min(to, self._wanted.get(kind, to))

    def apply(self) -> None:
        """Commit. A row that the scheduler has in its hands is brought forward when it lays it down."""
        jobs = self._database.of(self._organisation_id).jobs
        for kind, to in self._wanted.items():
            jobs[kind] = msgspec.structs.replace(jobs[kind], next_run_at=min(to, jobs[kind].next_run_at))
            key = (self._organisation_id, kind)
            if key in self._database.claimed_jobs:
                self._database.claimed_jobs[key] = min(to, self._database.claimed_jobs[key] or to)


class MemoryIdempotency:
    """Answers of commands. A key that a unit works on is taken until that unit ends."""

    def __init__(self, database: MemoryDatabase, organisation_id: OrganisationId) -> None:
        self._clock = database.clock
        self._tables = database.of(organisation_id)
        self._answers = Draft(self._tables.answers)
        self._taken: set[AnswerKey] = set()

    async def remembered(self, scope: IdempotencyScope) -> bytes | None:
        """The first answer, if there is one."""
        key = _key(scope)
        if key in self._tables.running_keys - self._taken:
            raise StillRunning(f"the first request with the key {scope.key!r} has not ended; try again in a moment")
        found = self._answers.get(key)
        if found is None or self._clock.now() - found.at >= KEPT:
            self._tables.running_keys.add(key)
            self._taken.add(key)
            return None
        if found.body_digest != scope.body_digest:
            raise KeyReused(f"the key {scope.key!r} came before with another body; use a new key for a new request")
        return found.answer

    async def remember(self, scope: IdempotencyScope, answer: bytes, at: datetime) -> None:
        """Keep the answer at commit."""
        self._answers.put(_key(scope), Answer(scope.body_digest, answer, at))

    @property
    def is_stale(self) -> bool:
        """Whether another transaction kept an answer for the same key meanwhile."""
        return self._answers.is_stale

    def apply(self) -> None:
        """Commit."""
        self._answers.apply()

    def end(self) -> None:
        """Let go of the keys."""
        self._tables.running_keys -= self._taken


def _key(scope: IdempotencyScope) -> AnswerKey:
    return (scope.user, scope.route, scope.key)
