"""Who did what when: only added to, by ids alone, and chained so that nobody can change, cut or reorder it unseen.

Entries are written with the command; a worker gives them their places in the chain of their organisation afterwards, so
that commands do not wait for each other. Each link hashes the link before and its own entry.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from trilha.domain.identity.errors import AuditBroken
from trilha.domain.kernel import InvalidValue, OrganisationId

GENESIS = b"\0" * 32
"""What the first link of an organisation follows."""

_NAME = re.compile(r"[a-z_]{1,40}\.[a-z_]{1,60}")
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
MAX_DETAILS = 20


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """`actor` did `action` to `subject`. Ids and codes only: an entry outlives the person it is about.

    `actor` is `user:<id>`, `key:<id>`, `operator` or `system`; `details` are further ids, codes and numbers.
    """

    id: UUID
    organisation_id: OrganisationId
    at: datetime
    actor: str
    action: str
    subject: str
    details: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.action):
            raise InvalidValue("action", self.action, "context and what was done, such as identity.role_given")
        if len(self.details) > MAX_DETAILS:
            raise InvalidValue("details", f"{len(self.details)} of them", f"{MAX_DETAILS} at most")
        for field, value in (("actor", self.actor), ("subject", self.subject), *self.details):
            if not (_ID.fullmatch(value) and _ID.fullmatch(field)):
                # an @ or a space would let an address or a name in
                raise InvalidValue("details", "...", "ids, codes and numbers, no text about persons")


class AuditLink(msgspec.Struct, frozen=True, kw_only=True):
    """An entry in its place: `sequence` counts from 1 without a gap."""

    sequence: int
    entry: AuditEntry
    hash: bytes


def chain_hash(previous: bytes, entry: AuditEntry) -> bytes:
    """The hash of a link: SHA-256 of the one before and of the entry in its one spelling, JSON in the fields' order."""
    spelled = msgspec.json.encode(msgspec.structs.replace(entry, at=entry.at.astimezone(UTC)))
    return hashlib.sha256(previous + spelled).digest()


def chain_entries(last: AuditLink | None, entries: Sequence[AuditEntry]) -> Iterator[AuditLink]:
    """Give entries their places behind `last`. All of one organisation; raises InvalidValue else."""
    previous, sequence = (GENESIS, 0) if last is None else (last.hash, last.sequence)
    for entry in entries:
        owner = entries[0].organisation_id if last is None else last.entry.organisation_id
        if entry.organisation_id != owner:
            raise InvalidValue("entries", str(entry.organisation_id), f"entries of {owner} only")
        sequence, previous = sequence + 1, chain_hash(previous, entry)
        yield AuditLink(sequence=sequence, entry=entry, hash=previous)


def verify_chain(links: Iterable[AuditLink], after: AuditLink | None = None) -> AuditLink | None:
    """The last link, when all of them follow from each other and from `after`; raises AuditBroken else.

    That nothing was cut off at the end shows only against a link that was kept elsewhere: compare the last one with it.
    """
    last = after
    for link in links:
        previous, sequence = (GENESIS, 0) if last is None else (last.hash, last.sequence)
        same_owner = last is None or last.entry.organisation_id == link.entry.organisation_id
        if link.sequence != sequence + 1 or not same_owner or link.hash != chain_hash(previous, link.entry):
            raise AuditBroken(sequence + 1)
        last = link
    return last
