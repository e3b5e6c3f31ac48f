"""PostgreSQL from the wheel, run without the wheel's own starter, which opens folders to everybody when run by root."""

import os
import shutil
import subprocess
from pathlib import Path
from signal import Signals
from typing import ClassVar

from trilha.adapters.embedded.errors import DataFolderError, DataTooOld, EmbeddedError
from trilha.adapters.embedded.leftovers import end_leftovers
from trilha.adapters.embedded.ports import HOST
from trilha.adapters.embedded.server import Command, EmbeddedServer, clean_environment

SUPERUSER = "postgres"
_PASSWORD = "postgres-superuser"  # noqa: S105 - the name of the secret
_SETTINGS = {
    "listen_addresses": HOST,
    # a socket path may have 107 bytes only, and a project may lie deeper
    "unix_socket_directories": "",
    "cluster_name": "trilha",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "2GB",
    "min_wal_size": "160MB",
    "wal_compression": "on",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_checkpoints": "off",
    # statements, their parameters and the keys in error details hold personal data
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
}


class EmbeddedPostgres(EmbeddedServer):
    """A PostgreSQL server with contrib, reachable on 127.0.0.1 with a password."""

    name: ClassVar[str] = "postgres"
    # its fast shutdown; SIGTERM would wait until the last client has left
    stop_signal: ClassVar[Signals] = Signals.SIGINT

    @property
    def port(self) -> int:
        """Where it listens; the same one from run to run, unless somebody else took it."""
        return self._port(self.name)

    @property
    def superuser_url(self) -> str:
        """For making roles and databases only: a superuser skips row-level security."""
        return self.url(SUPERUSER, self.folder.secret(_PASSWORD), "postgres")

    def url(self, user: str, password: str, database: str) -> str:
        """The address of a database here; names and password must be URL-safe."""
        return f"postgresql://{user}:{password}@{HOST}:{self.port}/{database}"

    def prepare(self) -> None:
        """Make the cluster at the first start; see `EmbeddedServer.prepare`."""
        self._hold()
        if self._data.is_dir():
            self.folder.servers_folder(self.name)
            self._check_version()
            end_leftovers(self._data, self._pid_file, self.stop_signal)
        else:
            self._make_cluster()
        self._reserve(self.name)

    def command(self) -> Command:
        """The postmaster, in the foreground."""
        settings = {**_SETTINGS, "port": str(self.port)}
        if not self._durable:
            # commits still reach the operating system at once: tests kill servers, too
            settings |= {"fsync": "off", "full_page_writes": "off"}
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        argv = [str(self._programs.postgres), "-D", str(self._data), *options]
        return Command(tuple(argv), clean_environment(), self.folder.path, self.folder.server_ids)

    def is_ready(self) -> bool:
        """The postmaster says in its own file that it accepts connections, and then does."""
        try:
            status = self._pid_file.read_text().splitlines()[7:8]
        except FileNotFoundError:
            return False
        return [line.strip() for line in status] == ["ready"] and self._answers()

    def _answers(self) -> bool:
        argv = [str(self._programs.pg_isready), "-q", "-h", HOST, "-p", str(self.port), "-t", "5"]
        done = subprocess.run(argv, check=False, env=clean_environment(), cwd="/")  # noqa: S603 - our own command
        return done.returncode == 0

    @property
    def _data(self) -> Path:
        return self.folder.path / self.name

    @property
    def _pid_file(self) -> Path:
        return self._data / "postmaster.pid"

    def _check_version(self) -> None:
        if not (self.folder.secrets / _PASSWORD).exists():
            raise DataFolderError(self.folder.path, f"has lost secrets/{_PASSWORD}: put it back")
        kept = (self._data / "PG_VERSION").read_text().strip()
        version = subprocess.run(  # noqa: S603 - our own command
            [self._programs.postgres, "--version"],
            check=True,
            capture_output=True,
            text=True,
            env=clean_environment(),
        ).stdout
        installed = version.split()[-1].split(".")[0]
        if kept != installed:
            raise DataTooOld(self.folder.path, kept, installed)

    def _make_cluster(self) -> None:
        """Whole or not at all: a start that is killed half-way leaves nothing that looks like data."""
        unfinished = self.folder.path / "postgres.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        data = self.folder.servers_folder(unfinished.name) / "data"
        password = unfinished / "password"
        with open(password, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(self.folder.secret(_PASSWORD))
        self.folder.give_to_server(password)
        self._initdb(data, password)
        data.rename(self._data)
        shutil.rmtree(unfinished)

    def _initdb(self, data: Path, password: Path) -> None:
        argv = [str(self._programs.initdb), "-D", str(data), "-U", SUPERUSER, "--pwfile", str(password)]
        argv += ["-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-instructions"]
        # sorting by the builtin provider does not change with the machine's C library
        argv += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        argv += [] if self._durable else ["--no-sync"]
        done = subprocess.run(  # noqa: S603 - our own command
            self.folder.tied(argv, Signals.SIGKILL, self.folder.server_ids),
            check=False, capture_output=True, text=True, errors="replace",
            env=clean_environment(), cwd=self.folder.path,
        )  # fmt: skip
        if done.returncode:
            raise EmbeddedError(f"initdb could not make a database in {self.folder.path}: {done.stderr.strip()}")
