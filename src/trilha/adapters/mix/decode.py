"""From the bytes of a list to records: all at once where all are sound, else one by one.

The whole list is decoded in one call. Only where that fails is every record judged by itself: what cannot be goes to
`rejected` with a reason code, the path of the field and its own bytes, and spoils no other.

A record is its ids, times, counts, amounts and coordinates: one of them of the wrong type or out of range rejects it,
for a person to see. Few members a record can do without (heading, precision, age of the fix and the like, which devices
fill with marks such as 4294967295): where such a number has a fraction it is rounded, and where no integer of 32 bits
can hold it, it is left out. Of a wrong type it rejects the record all the same.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from trilha.adapters.mix.split import split
from trilha.domain.kernel import RejectedRecord

Wire = TypeVar("Wire", bound=msgspec.Struct)

_INT32 = 2**31
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
    refuse by raising Unfit. `spare` names the integers that a record can do without.
    """

    def __init__(
        self,
        kind: type[Wire],
        *,
        is_sound: Callable[[Sequence[Wire]], bool] = _all_sound,
        mend: Callable[[Wire], None] = _leave,
        spare: Sequence[str] = (),
    ) -> None:
        # mypy has no word for "the type of a list of this type variable's value".
        strict: msgspec.json.Decoder[list[Wire]] = msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]
        self._ways: list[tuple[msgspec.json.Decoder[list[Wire]], Sequence[str]]] = [(strict, ())]
        self._one: msgspec.json.Decoder[Wire] = msgspec.json.Decoder(kind)
        if spare:
            tolerant = _tolerant(kind, spare)
            self._ways.append((msgspec.json.Decoder(list[tolerant]), spare))  # type: ignore[valid-type]
            self._one = msgspec.json.Decoder(tolerant)
        self._is_sound = is_sound
        self._mend = mend
        self._spare = spare

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
            _leave_out(record, self._spare)
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
        for decoder, spare in self._ways:
            try:
                records = decoder.decode(body)
                self._mend_all(records, spare)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, Unfit):
                continue
            return records
        return None

    def _mend_all(self, records: Sequence[Wire], spare: Sequence[str]) -> None:
        if spare:
            for record in records:
                _leave_out(record, spare)
        if not self._is_sound(records):
            for record in records:
                self._mend(record)

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


def _tolerant(kind: type[Wire], spare: Sequence[str]) -> type[Any]:
    """The same record with any number where an integer can be spared."""
    spelt = dict(zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True))
    fields = [(name, float | None, msgspec.field(default=None, name=spelt[name])) for name in spare]
    return msgspec.defstruct(kind.__name__, fields, bases=(kind,), kw_only=True, gc=False)


def _leave_out(record: msgspec.Struct, spare: Sequence[str]) -> None:
    """Make those members whole numbers that fit, or nothing."""
    for name in spare:
        value: float | None = getattr(record, name)
        if value is not None:
            setattr(record, name, whole if -_INT32 <= (whole := round(value)) < _INT32 else None)


def _may_hold_nul(body: bytes) -> bool:
    """Most pages hold no backslash at all, and one byte is found many times faster than six."""
    return b"\\" in body and _NUL in body


def _refuse_nul(record: msgspec.Struct, path: str = "") -> None:
    """No database text can hold U+0000."""
    for name, value in zip(record.__struct_encode_fields__, msgspec.structs.astuple(record), strict=True):
        if isinstance(value, msgspec.Struct):
            _refuse_nul(value, f"{path}{name}.")
        if isinstance(value, str) and "\0" in value:
            raise Unfit("nul_character", f"{path}{name}: holds the character U+0000, which text cannot")


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
