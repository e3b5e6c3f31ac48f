"""The system user that the servers run as when Trilha is started by root.

PostgreSQL refuses to run as root, and a server with a network port should not.
"""

import pwd
import shutil
import subprocess
import time

import msgspec

from trilha.adapters.embedded.errors import ServerUserError

NAME = "trilha"
_ATTEMPTS = 20
_PAUSE_S = 0.1


class ServerUser(msgspec.Struct, frozen=True):
    """Whom a server runs as."""

    name: str
    uid: int
    gid: int


def ensure_server_user(name: str = NAME) -> ServerUser:
    """The system user of that name, made if need be. Raises `ServerUserError` where that is not possible."""
    problem = ""
    for _ in range(_ATTEMPTS):
        found = _lookup(name)
        if found:
            return found
        problem = _create(name)
        # two first starts at the same time: the other one holds the lock of the password file
        if problem:
            time.sleep(_PAUSE_S)
    raise ServerUserError(
        f"as root the servers run as the system user {name!r}, which does not exist and could not be made ({problem}); "
        f"make it yourself (useradd --system {name}) or start Trilha as an ordinary user"
    )


def _lookup(name: str) -> ServerUser | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return ServerUser(name, entry.pw_uid, entry.pw_gid)


def _create(name: str) -> str:
    if useradd := shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin"):
        argv = [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        argv += ["--shell", "/usr/sbin/nologin", name]
    elif adduser := shutil.which("adduser", path="/usr/sbin:/sbin:/usr/bin:/bin"):
        argv = [adduser, "-S", "-D", "-H", "-h", "/nonexistent", "-s", "/sbin/nologin", name]
    else:
        return "neither useradd nor adduser is installed"
    done = subprocess.run(argv, check=False, capture_output=True, text=True)  # noqa: S603 - fixed programs, no shell
    return "" if done.returncode == 0 else done.stderr.strip() or f"exit code {done.returncode}"
