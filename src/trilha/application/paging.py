"""Cursors: opaque to callers, exact to us. A cursor holds the sort key of the last item and the list it belongs to."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import TypeVar

import msgspec

from trilha.domain.kernel import InvalidValue
from trilha.domain.kernel.ids import LARGEST_SOURCE_ID, SMALLEST_SOURCE_ID

Key = TypeVar("Key")
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
