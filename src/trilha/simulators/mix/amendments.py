"""What happens to events and trips after they were sent (6.5): given to another driver, or put in quarantine."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import md5

from msgspec import Struct, structs

from trilha.simulators.mix.crew import Crew
from trilha.simulators.mix.draws import draws
from trilha.simulators.mix.records import Kind, Rarely, Source
from trilha.simulators.mix.scenario import Scenario
from trilha.simulators.mix.timeline import from_ms, to_ms
from trilha.simulators.mix.wire import Amendment, EventAmendment, TripAmendment

AMENDABLE = frozenset({Kind.EVENTS, Kind.TRIPS})
"""The kinds of records that have amendments."""
_LEAST_S, _SPREAD_S = 3_600, 3 * 86_400
_LONGEST_MS = 2 * (_LEAST_S + _SPREAD_S) * 1000


class Change(Struct, frozen=True):
    """One amendment; `new_driver_id` is missing when the record went to quarantine."""

    identity: int
    at: datetime
    new_driver_id: int | None = None


class AmendmentTruth(Struct, frozen=True):
    """What a consumer knows who applied every amendment of a span, in any order.

    A record is in quarantine when any amendment says so; its driver is that of the latest reassignment. The
    checksums are exclusive ors over amended records of the id and of `digest`, which is in PostgreSQL

        bit_xor(('x' || left(md5(concat_ws('|', record_id, coalesce(driver_id::text, ''),
          (withdrawn_at is not null)::int)), 16))::bit(64)::bigint)
    """

    amendments: int
    amended: int
    """Distinct records."""
    quarantined: int
    ids_checksum: int
    content_checksum: int


class Amendments:
    """The amendments of one kind of record; only those made by hand are state."""

    def __init__(self, scenario: Scenario, kind: Kind, source: Source, crew: Crew) -> None:
        self._seed = scenario.seed
        self._kind = kind
        self._source = source
        self._crew = crew
        self._key = f"amend-{kind}".encode()
        self._amended = Rarely(scenario.seed, f"amended-{kind}".encode(), scenario.amended_share)
        self._reach_ms = _LONGEST_MS + scenario.late_days * 86_400_000
        self._added: list[Change] = []

    def add(self, identity: int, new_driver_id: int | None, now: datetime) -> Amendment:
        """Amend a record now: to quarantine, or to another driver. Two of one record are at least a second apart."""
        at = now.replace(microsecond=0)
        while any(change.identity == identity and change.at == at for change in self._added):
            at += timedelta(seconds=1)
        change = Change(identity, at, new_driver_id)
        self._added.append(change)
        return self._written(change)

    def between(self, since: datetime, until: datetime, now: datetime) -> list[Amendment]:
        """Those dated from `since` to before `until` and not after `now`, in the order of time."""
        return [self._written(change) for change in self._changes(since, until, now)]

    def truth(self, since: datetime, until: datetime, now: datetime) -> AmendmentTruth:
        """What the amendments of a span come to."""
        changes = self._changes(since, until, now)
        drivers = {change.identity: change.new_driver_id for change in changes if change.new_driver_id is not None}
        quarantined = {change.identity for change in changes if change.new_driver_id is None}
        ids = content = 0
        for identity in drivers.keys() | quarantined:
            ids ^= identity
            content ^= digest(identity, drivers.get(identity), quarantined=identity in quarantined)
        return AmendmentTruth(len(changes), len(drivers.keys() | quarantined), len(quarantined), ids, content)

    def _changes(self, since: datetime, until: datetime, now: datetime) -> list[Change]:
        before = self._source.timeline.slots_before
        numbers = self._amended.among(before(to_ms(since) - self._reach_ms), before(to_ms(until)))
        changes = [change for number in numbers for change in self._of(number)] + self._added
        wanted = (change for change in changes if since <= change.at < until and change.at <= now)
        return sorted(wanted, key=lambda change: (change.at, change.identity))

    def _of(self, number: int) -> Iterator[Change]:
        """One, or two when the first gave the record to somebody else."""
        slot = self._source.first_sent(number)
        if (number, 0) not in self._source.sent(slot):
            return
        draw = draws(self._seed, self._key, number)
        identity = self._source.record((number, 0)).identity
        at = from_ms(self._source.timeline.created_ms(slot)).replace(microsecond=0)
        at += timedelta(seconds=_LEAST_S + draw[0] % _SPREAD_S)
        first = Change(identity, at, self._crew.substitute(draw[1]) if draw[2] % 3 else None)
        yield first
        if first.new_driver_id is not None and draw[3] % 3 == 0:
            at += timedelta(seconds=_LEAST_S + draw[4] % _SPREAD_S)
            yield structs.replace(first, at=at, new_driver_id=self._crew.substitute(draw[5]) if draw[6] % 2 else None)

    def _written(self, change: Change) -> Amendment:
        what = "Quarantined" if change.new_driver_id is None else "Reassigned"
        if self._kind is Kind.EVENTS:
            return EventAmendment(
                event_id=change.identity,
                amendment_type=f"{what}Event",
                amendment_date=change.at,
                new_driver_id=change.new_driver_id,
            )
        return TripAmendment(
            trip_id=change.identity,
            amendment_type=f"{what}Trip",
            amendment_date=change.at,
            new_driver_id=change.new_driver_id,
        )


def digest(identity: int, new_driver_id: int | None, *, quarantined: bool) -> int:
    """64 bits of the MD5 of what became of a record."""
    text = f"{identity}|{'' if new_driver_id is None else new_driver_id}|{int(quarantined)}"
    return int.from_bytes(md5(text.encode(), usedforsecurity=False).digest()[:8], signed=True)
