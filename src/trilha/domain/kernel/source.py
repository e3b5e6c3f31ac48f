"""How an outside system says no. Adapters translate its answers into these three, so that use cases can decide.

SourceError
|-- SourceUnavailable    nothing is wrong with the question: ask again later
|-- SourceRefused        asking again cannot help until a person changes something
`-- SourceNotPermitted   the source does not show us this id
"""

from typing import ClassVar

from trilha.domain.kernel.errors import DomainError


class SourceError(DomainError):
    """An outside system did not give what was asked."""

    code: ClassVar[str] = "source.error"


class SourceUnavailable(SourceError):
    """It is down, slow, throttling or talking nonsense; `retry_after_s` is its own wish, where it stated one."""

    code: ClassVar[str] = "source.unavailable"

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class SourceRefused(SourceError):
    """It understood and refused: wrong credentials, wrong arguments."""

    code: ClassVar[str] = "source.refused"


class SourceNotPermitted(SourceError):
    """These credentials may not see this id, or there is no such id; the source does not say which."""

    code: ClassVar[str] = "source.not_permitted"

    def __init__(self, kind: str, identifier: object) -> None:
        super().__init__(
            f"the source does not let this login see {kind} {identifier}, or there is none; "
            "check the id and which organisations the login may see"
        )
        self.kind = kind
        self.identifier = str(identifier)


class SinceTokenTooOld(SourceError):
    """The token lies further back than the source streams; the time since then is a gap to be filled by range."""

    code: ClassVar[str] = "source.token_too_old"
