"""Cursors: opaque to callers, exact to us. A cursor holds the sort key of the last item and the list it belongs to."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter
from typing import Any, TypeVar

import msgspec

from trilha.application.ports.paging import Page, PageRequest
from trilha.domain.kernel import InvalidValue
from trilha.domain.kernel.ids import LARGEST_SOURCE_ID, SMALLEST_SOURCE_ID

Key = TypeVar("Key")
Row = TypeVar("Row")
_EXPECTED = "a cursor as returned in next_cursor by the same list"


def encode_cursor(listing: str, key: object) -> str:
    """Wrap the sort key of the last item shown."""
    return urlsafe_b64encode(msgspec.msgpack.encode((listing, key))).rstrip(b"=").decode()


def decode_cursor(listing: str, cursor: str, key_type: type[Key]) -> Key:
    """Unwrap a cursor of `listing`; raises InvalidValue for anything else."""
    try:
        packed = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        named, key = msgspec.msgpack.decode(packed, type=tuple[str, key_type])  # type: ignore[valid-type] # a type built at run time
    except (binascii.Error, UnicodeEncodeError, ValueError, msgspec.DecodeError) as error:
        raise InvalidValue("cursor", cursor, _EXPECTED) from error
    if named != listing or not _can_be_compared(key):
        raise InvalidValue("cursor", cursor, _EXPECTED)
    return key


def cut_page(
    listing: str, key_type: type[Key], keyed: Iterable[tuple[Key, Row]], page: PageRequest, *, descending: bool = False
) -> Page[Row]:
    """The rows after the cursor, of a list that is at hand whole; no two rows share a key. Raises InvalidValue."""
    ordered: list[tuple[Any, Row]] = sorted(keyed, key=itemgetter(0), reverse=descending)
    if page.cursor is not None:
        after: Any = decode_cursor(listing, page.cursor, key_type)
        ordered = [pair for pair in ordered if (pair[0] < after if descending else pair[0] > after)]
    shown = ordered[: page.limit]
    more = len(ordered) > len(shown)
    return Page(items=[row for _, row in shown], next_cursor=encode_cursor(listing, shown[-1][0]) if more else None)


def _can_be_compared(key: object) -> bool:
    """Whether every store can compare its rows with a key, which anybody may have forged."""
    match key:
        case tuple():
            return all(_can_be_compared(part) for part in key)
        case str():
            return "\0" not in key
        case datetime():
            return key.tzinfo is not None
        case int():
            return SMALLEST_SOURCE_ID <= key <= LARGEST_SOURCE_ID
    return True
