"""What a lossless consumer must hold: the count and order-independent checksums of the distinct records."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import md5

from msgspec import Struct

from trilha.simulators.mix.records import Kind
from trilha.simulators.mix.stream import RecordStream
from trilha.simulators.mix.timeline import to_ms
from trilha.simulators.mix.wire import Streamed


def _utc(column: str) -> str:
    return f"""coalesce(to_char({column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '')"""


_DRIVER = "coalesce(source_driver_id, driver_id)"
CHECKED_SQL = {
    Kind.EVENTS: f"id, vehicle_id, {_DRIVER}, event_type_id, {_utc('started_at')}, occurrences",
    Kind.POSITIONS: f"id, vehicle_id, driver_id, {_utc('occurred_at')}, "
    "round(latitude_deg::numeric * 100000)::bigint, round(longitude_deg::numeric * 100000)::bigint",
    Kind.TRIPS: f"id, vehicle_id, {_DRIVER}, {_utc('started_at')}, {_utc('ended_at')}, "
    "round(distance_km::numeric * 1000)::bigint, jsonb_array_length(sub_trips)",
}
"""What `content_checksum` covers, as expressions of PostgreSQL over the platform's tables.

Ids, times to the second, coordinates in hundred-thousandths of a degree, metres, the number of sub-trips: nothing that
two programs could write differently. The driver is the one that was sent, whatever amendments said afterwards.
"""


def content_sql(kind: Kind) -> str:
    """The expression that computes `content_checksum` over the rows of a table."""
    return f"bit_xor(('x' || left(md5(concat_ws('|', {CHECKED_SQL[kind]})), 16))::bit(64)::bigint)"


class Truth(Struct, frozen=True):
    """The distinct records of one kind created in a span of time.

    `ids_checksum` is the exclusive or of all ids, as a signed 64-bit integer. `content_checksum` is the same over
    `digest` of each record; `content_sql` says it in SQL. Trips are with their sub-trips.
    """

    events: int
    """How many distinct records, of whatever kind."""
    records: int
    """How many records the stream sends for them, repeats included."""
    ids_checksum: int
    content_checksum: int


def digest(record: Streamed) -> int:
    """64 bits of the MD5 of the checked members as text parted by `|`."""
    text = "|".join(map(str, record.checked))
    return int.from_bytes(md5(text.encode(), usedforsecurity=False).digest()[:8], signed=True)


def fold(held: Iterable[Streamed], records: int) -> Truth:
    """The truth about distinct records that were sent as `records` ones."""
    count = ids = content = 0
    for record in held:
        count += 1
        ids ^= record.identity
        content ^= digest(record)
    return Truth(count, records, ids, content)


def truth_of(stream: RecordStream, since: datetime, until: datetime) -> Truth:
    """About the records created from `since` to before `until`, those of the side door included.

    Takes about 40 microseconds a record, during which the simulator answers nobody: name a `since` when the epoch is
    long ago. Pages reach to whole seconds: compare with a consumer whose token is `until`.
    """
    since_ms, until_ms = to_ms(since), to_ms(until)
    source = stream.source
    slots = range(source.timeline.slots_before(since_ms), source.timeline.slots_before(until_ms))
    sendings = [sending for slot in slots for sending in source.sent(slot)]
    added = [record for created, record in stream.added if since_ms <= created < until_ms]
    held = (source.record(sending) for sending in dict(sendings).items())
    return fold((*held, *added), len(sendings) + len(added))
