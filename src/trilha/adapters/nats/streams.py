"""The streams Trilha keeps in NATS. Made and checked in the migration step, never by a process on the side."""

from datetime import timedelta

from nats.aio.client import Client
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from trilha.adapters.nats.errors import StreamMismatch
from trilha.application.ports import REMEMBERED

EVENTS = "TRILHA_EVENTS"
TASKS = "TRILHA_TASKS"
LIVE = "TRILHA_LIVE"
TASK_SUBJECTS = "trilha-tasks.>"
LIVE_PREFIX = "trilha-live"
SPENT = "TRILHA_SPENT"
SPENT_PREFIX = "trilha-spent"
LIVE_BYTES = 32 * 1024 * 1024
"""Half of what the embedded server may keep in memory."""
DUPLICATE_WINDOW = timedelta(minutes=2)
"""Covers the relay's quick retries; the inbox covers the rest. The server keeps the ids of this time in memory."""

_CHECKED = (
    "subjects", "retention", "storage", "discard", "max_age", "max_msgs", "max_bytes", "max_msgs_per_subject",
    "duplicate_window", "no_ack",
)  # fmt: skip


def events_stream(*, replicas: int = 1, max_age: timedelta = timedelta(days=30)) -> StreamConfig:
    """Domain events. When the disk is full new ones are refused and wait in the outbox; old ones are never dropped."""
    return StreamConfig(
        name=EVENTS,
        subjects=["trilha.*.>"],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        max_msgs=-1,
        max_bytes=-1,
        max_age=max_age.total_seconds(),
        duplicate_window=DUPLICATE_WINDOW.total_seconds(),
        num_replicas=replicas,
    )


def tasks_stream(*, replicas: int = 1, max_age: timedelta = timedelta(days=1)) -> StreamConfig:
    """Work for the workers, gone once done; of the same task with the same arguments only the newest waits.

    So a night without workers leaves no mountain behind. The scheduler hands over again what grew too old.
    """
    return StreamConfig(
        name=TASKS,
        subjects=[TASK_SUBJECTS],
        retention=RetentionPolicy.WORK_QUEUE,
        storage=StorageType.FILE,
        discard=DiscardPolicy.OLD,
        max_msgs=-1,
        max_bytes=-1,
        max_msgs_per_subject=1,
        max_age=max_age.total_seconds(),
        duplicate_window=DUPLICATE_WINDOW.total_seconds(),
        num_replicas=replicas,
    )


def live_stream(*, replicas: int = 1, max_age: timedelta = timedelta(minutes=10)) -> StreamConfig:
    """What screens follow: short, bounded, the oldest go first, not acknowledged: those who publish do not wait.

    In memory, for the disk is synchronised at every write to a file, and ingestion waits for the same disk. It is gone
    when NATS restarts; whoever follows then makes it anew, and begins anew from what the store has.
    """
    return StreamConfig(
        name=LIVE,
        subjects=[f"{LIVE_PREFIX}.>"],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.MEMORY,
        discard=DiscardPolicy.OLD,
        max_msgs=-1,
        max_bytes=LIVE_BYTES,
        max_age=max_age.total_seconds(),
        duplicate_window=DUPLICATE_WINDOW.total_seconds(),
        no_ack=True,
        num_replicas=replicas,
    )


def spent_stream(*, replicas: int = 1) -> StreamConfig:
    """Keys that were spent, one message each, until they would have expired anyway."""
    return StreamConfig(
        name=SPENT,
        subjects=[f"{SPENT_PREFIX}.*"],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        max_msgs=-1,
        max_bytes=-1,
        max_age=REMEMBERED.total_seconds(),
        duplicate_window=DUPLICATE_WINDOW.total_seconds(),
        num_replicas=replicas,
    )


async def ensure_streams(client: Client, *, replicas: int = 1) -> None:
    """Make the streams that are missing; raises StreamMismatch for one that differs from what the code relies on."""
    for make in (events_stream, tasks_stream, live_stream, spent_stream):
        wanted = make(replicas=replicas)
        await _ensure(client, wanted)


async def _ensure(client: Client, wanted: StreamConfig) -> None:
    stream = client.jetstream()
    name = wanted.name or ""
    try:
        found = (await stream.stream_info(name)).config
    except NotFoundError:
        found = (await stream.add_stream(wanted)).config
    pairs = {field: (getattr(found, field), getattr(wanted, field)) for field in _CHECKED}
    differences = {field: pair for field, pair in pairs.items() if pair[0] != pair[1]}
    if differences:
        raise StreamMismatch(name, differences)
