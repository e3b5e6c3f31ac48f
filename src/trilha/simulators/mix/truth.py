"""What a lossless consumer must hold: the count and order-independent checksums of the distinct events."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import md5

from msgspec import Struct

from trilha.simulators.mix.events import EventSource
from trilha.simulators.mix.stream import EventStream
from trilha.simulators.mix.timeline import to_ms
from trilha.simulators.mix.wire import Event


class Truth(Struct, frozen=True):
    """The distinct events created in a span of time.

    `ids_checksum` is the exclusive or of all `EventId`s, as a signed 64-bit integer. `content_checksum` is the same
    over `digest` of each event; in PostgreSQL:

        bit_xor(('x' || left(md5(concat_ws('|', event_id, asset_id, driver_id, event_type_id,
          coalesce(to_char(start_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), ''), occurrences)), 16))
          ::bit(64)::bigint)
    """

    events: int
    records: int
    """How many records the stream sends for them, repeats included."""
    ids_checksum: int
    content_checksum: int


def digest(event: Event) -> int:
    """64 bits of the MD5 of the ids, the start and the number of occurrences, as text parted by `|`."""
    start = f"{event.start_date_time:%Y-%m-%dT%H:%M:%SZ}" if event.start_date_time else ""
    members = (event.event_id, event.asset_id, event.driver_id, event.event_type_id, start, event.total_occurances)
    text = "|".join(map(str, members))
    return int.from_bytes(md5(text.encode(), usedforsecurity=False).digest()[:8], signed=True)


def fold(events: Iterable[Event], records: int) -> Truth:
    """The truth about distinct `events`."""
    count = ids = content = 0
    for event in events:
        count += 1
        ids ^= event.event_id
        content ^= digest(event)
    return Truth(count, records, ids, content)


def truth_of(source: EventSource, stream: EventStream, since: datetime, until: datetime) -> Truth:
    """About the records created from `since` to before `until`, those of the side door included.

    Takes about 40 microseconds a record, during which the simulator answers nobody: name a `since` when the epoch is
    long ago. Pages reach to whole seconds: compare with a consumer whose token is `until`.
    """
    since_ms, until_ms = to_ms(since), to_ms(until)
    slots = range(source.timeline.slots_before(since_ms), source.timeline.slots_before(until_ms))
    last_sent = {source.original(slot): slot for slot in slots}
    added = [event for created, event in stream.added if since_ms <= created < until_ms]
    events = (source.served(slot) for slot in last_sent.values())
    return fold((*events, *added), len(slots) + len(added))
