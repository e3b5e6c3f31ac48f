"""What somebody agreed to: which purpose, which version of its text, when, and when he took it back (LGPD art. 8).

Nothing is written over: each answer is an entry, and the last one for a purpose counts. A consent to an older text does
not count for a newer one.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from trilha.domain.kernel import Conflict, InvalidValue, UserId

MAX_PURPOSE_CHARS = 60


class ConsentEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: `given`, or withdrawn."""

    id: UUID
    user_id: UserId
    purpose: str
    text_version: int
    given: bool
    at: datetime

    def __post_init__(self) -> None:
        words = self.purpose.replace(".", "_").split("_")
        if len(self.purpose) > MAX_PURPOSE_CHARS or not all(word.isascii() and word.isalnum() for word in words):
            raise InvalidValue("purpose", self.purpose, "a name such as marketing.email")
        if self.text_version < 1:
            raise InvalidValue("text_version", self.text_version, "1 or more")


def standing_consent(entries: Sequence[ConsentEntry], purpose: str) -> ConsentEntry | None:
    """The last answer to a purpose, in the order in which they are kept."""
    return next((entry for entry in reversed(entries) if entry.purpose == purpose), None)


def has_consented(entries: Sequence[ConsentEntry], purpose: str, text_version: int) -> bool:
    """Whether somebody agrees, by his last answer, to this version of the text."""
    last = standing_consent(entries, purpose)
    return last is not None and last.given and last.text_version >= text_version


def decide_consent(entries: Sequence[ConsentEntry], wanted: ConsentEntry) -> tuple[ConsentEntry, ...]:
    """The entry to keep, nothing where he said so before.

    Raises Conflict for an answer to a text that is older than the one answered last, and for taking back what was never
    given.
    """
    last = standing_consent(entries, wanted.purpose)
    if last is None and not wanted.given:
        raise Conflict(f"there is no consent to {wanted.purpose} that could be withdrawn")
    if last is not None and wanted.given and wanted.text_version < last.text_version:
        raise Conflict(f"version {last.text_version} of {wanted.purpose} was answered already; show that one")
    if (
        last is not None
        and last.given == wanted.given
        and (not wanted.given or last.text_version == wanted.text_version)
    ):
        return ()
    return (wanted,)
