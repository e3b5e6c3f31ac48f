"""Dead letters as people see them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from trilha.application.paging import cut_page
from trilha.application.ports import DeadLetter, Envelope, LetterStatus, Page, PageRequest

_LISTING = "dead_letters"
_Key = tuple[datetime, str, UUID]


class DeadLetterView(msgspec.Struct, frozen=True):
    """An event that a consumer could not digest. `event` is the CloudEvent, null in lists."""

    consumer: str
    event_id: UUID
    event_type: str
    status: str
    attempts: int
    error: str
    failed_at: datetime
    settled_at: datetime | None
    event: Envelope | None = None


def dead_letter_view(letter: DeadLetter, *, whole: bool = False) -> DeadLetterView:
    """A letter as screens show it, `whole` with its event."""
    return DeadLetterView(
        consumer=letter.consumer,
        event_id=letter.envelope.id,
        event_type=letter.envelope.type,
        status=letter.status.value,
        attempts=letter.attempts,
        error=letter.error,
        failed_at=letter.failed_at,
        settled_at=letter.settled_at,
        event=letter.envelope if whole else None,
    )


def page_of_letters(
    letters: Sequence[DeadLetter], status: LetterStatus | None, page: PageRequest
) -> Page[DeadLetterView]:
    """A page of them, the last failure first. Raises InvalidValue for a cursor of another list.

    Cut here and not in the store: there are few, or something is so wrong that nobody reads them one by one.
    """
    keyed = ((_key(one), one) for one in letters if status in (None, one.status))
    cut = cut_page(_LISTING, tuple[datetime, str, UUID], keyed, page, descending=True)
    return Page(items=[dead_letter_view(letter) for letter in cut.items], next_cursor=cut.next_cursor)


def _key(letter: DeadLetter) -> _Key:
    return (letter.failed_at, letter.consumer, letter.envelope.id)
