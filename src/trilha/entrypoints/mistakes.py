"""What a person can mend: one message and an exit code. Everything else is a fault of ours and keeps its traceback."""

from enum import IntEnum

from trilha.domain.kernel import DomainError
from trilha.entrypoints.settings import BadSettings


class ExitCode(IntEnum):
    """What a shell can tell from a command that did not end well."""

    FAILED = 1
    USAGE = 2
    CONFIGURATION = 3
    UNAVAILABLE = 4


class Mistake(Exception):
    """Ends a process; the message says what was found, what was expected and what to do. Never holds a secret."""

    def __init__(self, message: str, code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(message)
        self.code = code


_TO_CONFIGURE = ("postgres.", "bus.stream_mismatch", "source.refused", "source.not_permitted")
_TO_START = ("storage.unavailable", "bus.", "source.unavailable")


def as_mistake(error: Exception) -> Mistake | None:
    """The mistake behind an error, if it is one."""
    match error:
        case Mistake():
            return error
        case BadSettings():
            return Mistake(str(error), ExitCode.CONFIGURATION)
        case DomainError():
            return Mistake(f"{error} ({error.code})", _exit_code(error.code))
        case _:
            return None


def _exit_code(code: str) -> ExitCode:
    if code.startswith(_TO_CONFIGURE):
        return ExitCode.CONFIGURATION
    return ExitCode.UNAVAILABLE if code.startswith(_TO_START) else ExitCode.FAILED
