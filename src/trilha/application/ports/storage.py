"""When the place where data are kept cannot be reached."""

from typing import ClassVar

from trilha.domain.kernel import DomainError


class StorageUnavailable(DomainError):
    """The store is down, restarting, or has no connection left. Nothing was half written: the same can be tried again.

    Whether a commit that was under way came through is not known; everything that writes is therefore safe to repeat.
    """

    code: ClassVar[str] = "storage.unavailable"
