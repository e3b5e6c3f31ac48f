"""Where the data of a project lie, and who may touch them.

An ordinary user has them in ``.trilha`` beside the project, closed to others. Root has them below ``/var/lib/trilha``,
because the servers then run as a system user of their own, who must reach them without any folder of anybody being
opened. Nothing outside the data folder ever changes its mode.
"""

import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from signal import Signals
from typing import Final

import msgspec

from trilha.adapters.embedded import binaries, guard
from trilha.adapters.embedded.errors import DataFolderError, DataFolderInUse
from trilha.adapters.embedded.server_user import ServerUser, ensure_server_user

SETTING: Final = "TRILHA_DATA_DIR"
_ROOTS_FOLDER = Path("/var/lib/trilha")
_MARK = ".gitignore"
# PostgreSQL's own limit is 1,023 bytes, and its file names come on top
_LONGEST_PATH_BYTES = 900
# asking who holds a lock takes it for a moment
_LOCK_PATIENCE_S = 0.3
_POLL_S = 0.01


class DataFolder(msgspec.Struct, frozen=True):
    """A data folder that exists and can be written; made by `open_data_folder`."""

    path: Path
    server_user: ServerUser | None = None

    @property
    def run(self) -> Path:
        """Locks, ports and the supervisor's state."""
        return self._mine("run")

    @property
    def logs(self) -> Path:
        """What the processes print."""
        return self._mine("logs")

    @property
    def secrets(self) -> Path:
        """Passwords that Trilha made up."""
        return self._mine("secrets")

    def binaries(self) -> binaries.Binaries:
        """The servers' programs, within reach of whoever runs them."""
        if not self.server_user:
            return binaries.installed()
        if set(str(self.path)) & binaries.UNQUOTABLE:
            problem = f"has one of {' '.join(sorted(binaries.UNQUOTABLE))} in its path, which initdb cannot quote"
            raise DataFolderError(self.path, f"{problem}: rename it")
        return binaries.copied_to(self.path / "server")

    def servers_folder(self, name: str) -> Path:
        """A folder that belongs to the servers. Raises `DataFolderError` where it is somebody else's."""
        path = self.path / name
        path.mkdir(mode=0o700, exist_ok=True)
        self.give_to_server(path)
        return path

    def give_to_server(self, path: Path) -> None:
        """Make the servers' user the owner of something that Trilha has just made."""
        owner = self.server_user.uid if self.server_user else os.geteuid()
        found = path.stat().st_uid
        if self.server_user and found == os.geteuid():
            os.chown(path, owner, self.server_user.gid)
        elif found != owner:
            raise DataFolderError(self.path, f"holds {path.name} of user {found}: start Trilha as that user")

    def secret(self, name: str) -> str:
        """A random word, made at the first call and kept in a file that only its owner reads."""
        path = self.secrets / name
        try:
            return path.read_text().strip()
        except FileNotFoundError:
            write_private(path, secrets.token_urlsafe(32))
            return path.read_text()

    @property
    def server_ids(self) -> tuple[int, int] | None:
        """User and group that the servers run as, where that is not the caller."""
        return (self.server_user.uid, self.server_user.gid) if self.server_user else None

    def tied(self, argv: Sequence[str], death_signal: Signals, ids: tuple[int, int] | None = None) -> tuple[str, ...]:
        """The same command, as a process that gets the signal when this one dies; see `guard` for the reasons."""
        user, group = ids or ("", "")
        script = str(Path(guard.__file__).resolve())
        guarded = (sys.executable, "-I", "-S", script, str(os.getpid()), str(int(death_signal)), str(user), str(group))
        return (*guarded, *argv)

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Keep other processes out. Raises `DataFolderInUse` with the id of the one inside."""
        # never removed: a lock on a removed file excludes nobody
        descriptor = os.open(self._lock_file(name), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not _locked(descriptor, within_s=_LOCK_PATIENCE_S):
                raise DataFolderInUse(self.path, _number(descriptor))
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(descriptor)

    def lock_holder(self, name: str) -> int | None:
        """The process that holds the lock, 0 where it has not said yet, None where nobody does."""
        try:
            descriptor = os.open(self._lock_file(name), os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            return None if _locked(descriptor, within_s=0) else _number(descriptor)
        finally:
            os.close(descriptor)

    def _lock_file(self, name: str) -> Path:
        return self.run / f"{name}.lock"

    def _mine(self, name: str) -> Path:
        path = self.path / name
        path.mkdir(mode=0o700, exist_ok=True)
        return path


def open_data_folder(
    path: Path | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    project: Path | None = None,
    for_servers: bool = True,
) -> DataFolder:
    """The data folder to work in, made if need be: the given one, else the setting's, else the project's default.

    Without `for_servers` no embedded server will run in it, so root needs no user for them. Raises `DataFolderError`
    where it cannot be made, written, or reached by the servers' user.
    """
    as_root = os.geteuid() == 0
    project = (project or Path.cwd()).absolute()
    where = _chosen_path(path, environ, project)
    _check_path(where)
    try:
        ours = _make(where, mode=0o711 if as_root else 0o700) or _is_ours_or_empty(where)
        folder = DataFolder(where, ensure_server_user() if as_root and for_servers else None)
        for inside in (folder.path, folder.run, folder.logs, folder.secrets):
            with tempfile.TemporaryFile(dir=inside):
                pass
        _let_server_user_in(folder, may_open=ours)
        _mark(where, project)
    except OSError as refused:
        raise DataFolderError(where, f"cannot be written ({refused.strerror}): make it writable") from refused
    return folder


def find_data_folder(
    path: Path | None = None, *, environ: Mapping[str, str] = os.environ, project: Path | None = None
) -> DataFolder | None:
    """The data folder that `open_data_folder` would open, if it has been made; for looking, nothing is made or changed.

    Raises `DataFolderError` where the caller may not look into it.
    """
    where = _chosen_path(path, environ, (project or Path.cwd()).absolute())
    try:
        if not (where / _MARK).exists():
            return None
        folder = DataFolder(where)
        for inside in (folder.run, folder.logs):
            os.scandir(inside).close()
    except PermissionError as refused:
        raise DataFolderError(
            where, f"cannot be read ({refused.strerror}): ask as the user who started it"
        ) from refused
    return folder


@contextmanager
def temporary_data_folder() -> Iterator[DataFolder]:
    """A data folder for a test run, below the folder for temporary files, gone at the end."""
    path = Path(tempfile.mkdtemp(prefix="trilha-"))
    try:
        yield open_data_folder(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def default_path(project: Path, *, as_root: bool) -> Path:
    """Where a project's data lie when nothing is set."""
    if as_root:
        return _ROOTS_FOLDER / hashlib.sha256(os.fsencode(project)).hexdigest()[:16]
    return project / ".trilha"


def write_private(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner only."""
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    Path(unfinished).replace(path)


def _chosen_path(path: Path | None, environ: Mapping[str, str], project: Path) -> Path:
    setting = environ.get(SETTING)
    chosen = path or (Path(setting) if setting else default_path(project, as_root=os.geteuid() == 0))
    return project / chosen.expanduser()


def _check_path(path: Path) -> None:
    if not str(path).isprintable():
        raise DataFolderError(path, f"has control characters or broken encoding in its path ({str(path)!r}): rename it")
    if len(os.fsencode(path)) > _LONGEST_PATH_BYTES:
        raise DataFolderError(path, f"has a path longer than {_LONGEST_PATH_BYTES} bytes: choose a shorter one")


def _make(path: Path, mode: int) -> bool:
    if path.is_dir():
        return False
    if not path.parent.is_dir():
        # new parents of root's folder are made open: the servers' user has to pass
        _make(path.parent, mode=0o755 if mode & 0o001 else 0o700)
    path.mkdir(mode=mode)
    path.chmod(mode)
    return True


def _is_ours_or_empty(path: Path) -> bool:
    return (path / _MARK).exists() or not any(path.iterdir())


def _let_server_user_in(folder: DataFolder, *, may_open: bool) -> None:
    if folder.server_user is None:
        return
    closed = _first_closed(folder, folder.server_user)
    if closed == folder.path and may_open:
        folder.path.chmod(folder.path.stat().st_mode | 0o011)
        closed = None
    if closed:
        raise DataFolderError(
            folder.path,
            f"is out of reach for the system user {folder.server_user.name!r} that the servers run as, "
            f"because {closed} is closed to it: choose one below open folders, such as /var/lib/trilha/<name>, "
            "start as an ordinary user",
        )


def _first_closed(folder: DataFolder, user: ServerUser) -> Path | None:
    way = [*reversed(folder.path.parents), folder.path]
    script = 'for d; do [ -x "$d" ] || { printf %s "$d"; exit; }; done'
    argv = folder.tied(["/bin/sh", "-c", script, "sh", *map(str, way)], Signals.SIGKILL, (user.uid, user.gid))
    done = subprocess.run(argv, check=False, capture_output=True, cwd="/")  # noqa: S603 - our own command
    if done.returncode:
        raise DataFolderError(
            folder.path, f"cannot be checked as user {user.name!r}: {os.fsdecode(done.stderr).strip()}"
        )
    return Path(os.fsdecode(done.stdout)) if done.stdout else None


def _mark(path: Path, project: Path) -> None:
    mark = path / _MARK
    if not mark.exists():
        write_private(mark, f"# the data of Trilha for {project}\n*\n")


def _locked(descriptor: int, within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_S)
        else:
            return True


def _number(descriptor: int) -> int:
    text = os.pread(descriptor, 20, 0)
    return int(text) if text.isdigit() else 0
