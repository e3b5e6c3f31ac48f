"""Answers of the source: understood, and as they came, so that a better reader can read them again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

import msgspec

from trilha.domain.kernel import RejectedRecord
from trilha.domain.telemetry.model import Record, Stream


class RawPage(msgspec.Struct, frozen=True):
    """One answer. `asked_for` says what was asked: a since-token, the window of a backfill, days of amendments."""

    stream: Stream
    asked_for: str
    next_token: str | None
    received_at: datetime
    body: bytes


class RawPageKey(msgspec.Struct, frozen=True, order=True):
    """Names a kept page; in the order in which pages are read again."""

    received_at: datetime
    id: UUID


class Understood(msgspec.Struct, frozen=True):
    """What a body says: sound records, and those that cannot be."""

    records: Sequence[Record]
    rejected: Sequence[RejectedRecord] = ()


class SourcePage(msgspec.Struct, frozen=True):
    """One answer of the source, understood, with the bytes it was understood from.

    `asked_for` says what was asked: a since-token, or the window of a backfill. `next_token` is None where the source
    named none: then the token must not move. `body` is what came, decompressed.
    """

    stream: Stream
    asked_for: str
    next_token: str | None
    has_more: bool
    received_at: datetime
    body: bytes
    records: Sequence[Record]
    rejected: Sequence[RejectedRecord] = ()

    @classmethod
    def of(cls, raw: RawPage, understood: Understood, *, has_more: bool = False) -> Self:
        """The page that an answer is, with what it says."""
        return cls(
            stream=raw.stream,
            asked_for=raw.asked_for,
            next_token=raw.next_token,
            has_more=has_more,
            received_at=raw.received_at,
            body=raw.body,
            records=understood.records,
            rejected=understood.rejected,
        )

    @property
    def raw(self) -> RawPage:
        """The answer as it came, to be kept."""
        return RawPage(self.stream, self.asked_for, self.next_token, self.received_at, self.body)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to keep but perhaps a newer token."""
        return not self.records and not self.rejected
