"""Cursors: opaque to callers, exact to us. A cursor holds the sort key of the last item and the list it belongs to."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TypeVar

import msgspec

from trilha.domain.kernel import InvalidValue

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
    if named != listing:
        raise InvalidValue("cursor", cursor, _EXPECTED)
    return key
