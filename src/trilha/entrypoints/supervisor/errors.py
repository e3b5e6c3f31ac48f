"""Why a supervised run failed.

SupervisorError
+-- ChildFailed   a child could not be prepared, ended too early, or was not ready in time
+-- PortTaken     somebody else listens where the API should
"""

from pathlib import Path


class SupervisorError(RuntimeError):
    """The run cannot go on; the message says why and what to do."""


class ChildFailed(SupervisorError):
    """A child could not be prepared, ended too early, or was not ready in time."""

    def __init__(self, name: str, problem: str, log: Path | None = None, last_lines: str = "") -> None:
        end = f"; the end of {log}:\n{last_lines or '(empty)'}" if log else ""
        super().__init__(f"{name} {problem}{end}")
        self.name = name


class PortTaken(SupervisorError):
    """Somebody else listens where the API should, or the address is not this machine's."""

    def __init__(self, host: str, port: int, setting: str, reason: str) -> None:
        super().__init__(
            f"cannot listen on {host}:{port} ({reason}): end the program there, or set {setting} differently"
        )
        self.port = port
