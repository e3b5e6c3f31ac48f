"""Records that came in but cannot be."""

import msgspec


class RejectedRecord(msgspec.Struct, frozen=True):
    """One record of an answer that could not be understood: kept whole, with the reason, until a person decides."""

    position: int
    """Place in the answer's list, from 0."""
    reason: str
    """Stable code, such as `malformed`, `id_out_of_range`."""
    detail: str
    """Which field, what was expected; never the value of a personal field."""
    raw: bytes
