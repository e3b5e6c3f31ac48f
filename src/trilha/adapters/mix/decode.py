"""From the bytes of a list to records: all at once where all are sound, else one by one.

The whole list is decoded in one call. Only where that fails is every record judged by itself: what cannot be goes to
`rejected` with a reason code, the path of the field and its own bytes, and spoils no other.
"""

import re
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import msgspec

from trilha.adapters.mix.split import split
from trilha.domain.kernel import RejectedRecord

Wire = TypeVar("Wire", bound=msgspec.Struct)

_NUL = b"\\u0000"
_PATH = re.compile(r" - at `\$(?:\.)?(?P<path>[^`]*)`$")
_MISSING = re.compile(r"missing required field `(?P<name>[^`]+)`")
_REASONS = (
    ("missing required field", "missing_field"),
    ("datetime", "bad_time"),
    ("out of range", "out_of_range"),
    ("`int` <=", "out_of_range"),
    ("`int` >=", "out_of_range"),
    ("`float` <=", "out_of_range"),
    ("`float` >=", "out_of_range"),
    ("Expected `object`", "malformed"),
    ("Expected", "wrong_type"),
)


class Unfit(Exception):
    """One record cannot be, although its members are of the right types."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Decoded(msgspec.Struct, Generic[Wire], frozen=True):
    """The sound records of a list in their order, and the others."""

    records: list[Wire]
    rejected: tuple[RejectedRecord, ...] = ()


def _all_sound(_records: Sequence[msgspec.Struct]) -> bool:
    return True


def _leave(_record: msgspec.Struct) -> None:
    return


class ListDecoder(Generic[Wire]):
    """Decodes JSON lists of one kind of record.

    `is_sound` looks at a whole decoded list; where it says no, `mend` is given each record, to put right in place or to
    refuse by raising Unfit.
    """

    def __init__(
        self,
        kind: type[Wire],
        *,
        is_sound: Callable[[Sequence[Wire]], bool] = _all_sound,
        mend: Callable[[Wire], None] = _leave,
    ) -> None:
        # mypy has no word for "the type of a list of this type variable's value".
        self._list: msgspec.json.Decoder[list[Wire]] = msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]
        self._one = msgspec.json.Decoder(kind)
        self._is_sound = is_sound
        self._mend = mend

    def decode(self, body: bytes) -> Decoded[Wire]:
        """Read a list; an empty body is an empty one. Raises UnreadableAnswer if `body` is no JSON list."""
        if not body.strip():
            return Decoded([])
        records = self._at_once(body)
        return self._one_by_one(body) if records is None else Decoded(records)

    def decode_one(self, position: int, raw: bytes) -> Wire | RejectedRecord:
        """Judge one record by itself."""
        try:
            record = self._one.decode(raw)
            _refuse_nul(record)
            self._mend(record)
        except Unfit as error:
            return RejectedRecord(position=position, reason=error.reason, detail=error.detail, raw=raw)
        except msgspec.DecodeError as error:
            return _rejected(position, str(error), raw)
        except (UnicodeDecodeError, RecursionError) as error:
            return RejectedRecord(
                position, "malformed", f"the record is unreadable: {type(error).__name__}", bytes(raw)
            )
        return record

    def _at_once(self, body: bytes) -> list[Wire] | None:
        if _may_hold_nul(body):
            return None
        try:
            records = self._list.decode(body)
            if not self._is_sound(records):
                for record in records:
                    self._mend(record)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, Unfit):
            return None
        return records

    def _one_by_one(self, body: bytes) -> Decoded[Wire]:
        records: list[Wire] = []
        rejected: list[RejectedRecord] = []
        for position, raw in enumerate(split(body)):
            outcome = self.decode_one(position, raw)
            if isinstance(outcome, RejectedRecord):
                rejected.append(outcome)
            else:
                records.append(outcome)
        return Decoded(records, tuple(rejected))


def _may_hold_nul(body: bytes) -> bool:
    """Most pages hold no backslash at all, and one byte is found many times faster than six."""
    return b"\\" in body and _NUL in body


def _refuse_nul(record: msgspec.Struct) -> None:
    """No database text can hold U+0000."""
    for name, value in zip(record.__struct_encode_fields__, msgspec.structs.astuple(record), strict=True):
        if isinstance(value, str) and "\0" in value:
            raise Unfit("nul_character", f"{name}: holds the character U+0000, which text cannot")


def _rejected(position: int, message: str, raw: bytes) -> RejectedRecord:
    """The decoder names types, limits and paths in its messages, never values; a test holds it to that."""
    reason = next((code for phrase, code in _REASONS if phrase in message), "malformed")
    found, missing = _PATH.search(message), _MISSING.search(message)
    parts = [found["path"] if found else "", missing["name"] if missing else ""]
    path = ".".join(part for part in parts if part)
    if reason == "out_of_range" and path.endswith("Id"):
        reason = "id_out_of_range"
    text = _PATH.sub("", message)
    return RejectedRecord(position, reason, f"{path}: {text}" if path else text, raw)
