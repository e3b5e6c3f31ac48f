"""The root of everything the domain refuses.

DomainError                 a rule said no; `code` is stable, the message is for the person who can act
|-- InvalidValue            a value that cannot exist (also a ValueError, so decoders report its field)
|-- NotFound                an id that this organisation does not have
`-- Conflict                the state moved on since it was read
"""

from typing import ClassVar


class DomainError(Exception):
    """A refusal by a named rule. Subclasses set `code`, which never changes once published."""

    code: ClassVar[str] = "error"


class InvalidValue(DomainError, ValueError):
    """A value outside what its type may hold: names the field, what came, what was expected."""

    code = "invalid_value"

    def __init__(self, field: str, value: object, expected: str) -> None:
        super().__init__(f"{field} is {'missing' if value is None else _shown(value)}; expected {expected}")
        self.field = field
        self.expected = expected


class NotFound(DomainError):
    """There is no such thing in this organisation."""

    code = "not_found"

    def __init__(self, kind: str, identifier: object) -> None:
        super().__init__(f"no {kind} with id {identifier} in this organisation")
        self.kind = kind
        self.identifier = str(identifier)


class Conflict(DomainError):
    """Somebody else changed the state first: read again, then decide again."""

    code = "conflict"


def require_unchanged(seen: int | None, current: int) -> None:
    """Raises Conflict where a change was made from another version than the last one; None says nothing of it."""
    if seen not in (None, current):
        raise Conflict(f"version {seen} is not the one in force ({current}): read it again and decide again")


def _shown(value: object, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."
