"""The PostgreSQL that the machine's own packages brought, in a folder that is thrown away afterwards."""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER = "postgres"
"""Debian's packages make it; PostgreSQL refuses to run as root."""


@contextmanager
def machine_postgres(version: int) -> Iterator[dict[str, str]]:
    """Start it, and give the environment that points the suite at it: a superuser's URL, for the suite makes roles."""
    programs = Path(f"/usr/lib/postgresql/{version}/bin")
    if not (programs / "initdb").exists():
        sys.exit(f"no PostgreSQL {version} in {programs}: apt install postgresql-{version}, or leave this to CI")
    folder = Path(tempfile.mkdtemp(prefix=f"trilha-postgres-{version}-"))
    try:
        user = _hand_over(folder)
        password, port = secrets.token_urlsafe(16), _free_port()
        _make(programs, folder, password, user)
        _control(programs, folder, user, "start", "-w", "-o", f"-p {port} {_OPTIONS}", "-l", str(folder / "log"))
        try:
            yield {"TRILHA_TEST_DATABASE_URL": f"postgresql://{USER}:{password}@127.0.0.1:{port}/postgres"}
        finally:
            _control(programs, folder, user, "stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder)


_OPTIONS = "-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c synchronous_commit=off"


def _hand_over(folder: Path) -> str | None:
    if os.geteuid() != 0:
        return None
    account = pwd.getpwnam(USER)
    os.chown(folder, account.pw_uid, account.pw_gid)
    return USER


def _make(programs: Path, folder: Path, password: str, user: str | None) -> None:
    (folder / "password").write_text(password)
    if user:
        shutil.chown(folder / "password", user)
    _call(
        [programs / "initdb", "-D", folder / "data", "-U", USER, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C",
         "--no-sync", "--pwfile", folder / "password"], folder, user,
    )  # fmt: skip


def _control(programs: Path, folder: Path, user: str | None, *arguments: str) -> None:
    _call([programs / "pg_ctl", "-D", folder / "data", *arguments], folder, user)


def _call(command: list[Path | str], folder: Path, user: str | None) -> None:
    """Output goes to a file: a server that inherits a pipe would keep it open for ever."""
    output = folder / "output"
    with output.open("w") as sink:
        done = subprocess.run(command, check=False, cwd=folder, user=user, stdout=sink, stderr=sink)
    if done.returncode:
        sys.exit(f"{command[0]} failed:\n{output.read_text()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
