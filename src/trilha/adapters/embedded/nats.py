"""nats-server with JetStream from the wheel."""

import http.client
import json
import os
from pathlib import Path
from signal import Signals
from typing import ClassVar

from trilha.adapters.embedded.leftovers import end_leftovers
from trilha.adapters.embedded.ports import HOST
from trilha.adapters.embedded.server import Command, EmbeddedServer, clean_environment

USER = "trilha"
_PASSWORD = "nats"  # noqa: S105 - the name of the secret
_MONITOR = "nats-monitor"
_OK = 200


class EmbeddedNats(EmbeddedServer):
    """A NATS server with JetStream, reachable on 127.0.0.1 with a password; its monitoring pages have none."""

    name: ClassVar[str] = "nats"
    stop_signal: ClassVar[Signals] = Signals.SIGTERM

    @property
    def port(self) -> int:
        """Where it listens; the same one from run to run, unless somebody else took it."""
        return self._port(self.name)

    @property
    def monitor_port(self) -> int:
        """Where ``/healthz`` and ``/varz`` are."""
        return self._port(_MONITOR)

    @property
    def url(self) -> str:
        """The address with user and password."""
        return f"nats://{USER}:{self.folder.secret(_PASSWORD)}@{HOST}:{self.port}"

    def prepare(self) -> None:
        """Write the configuration; see `EmbeddedServer.prepare`."""
        self._hold()
        self.folder.servers_folder(self.name)
        end_leftovers(self._data, self._pid_file, self.stop_signal)
        self._reserve(self.name, _MONITOR)
        with open(self._configuration_file, "w", opener=_private) as file:
            json.dump(self._configuration(), file, indent=2, ensure_ascii=False)
        self.folder.give_to_server(self._configuration_file)

    def command(self) -> Command:
        """The server, in the foreground."""
        argv = [str(self._programs.nats_server), "-c", str(self._configuration_file)]
        # the garbage collector returns memory early instead of keeping twice the live heap
        environment = {**clean_environment(), "GOMEMLIMIT": "128MiB"}
        return Command(tuple(argv), environment, self._data, self.folder.server_ids)

    def is_ready(self) -> bool:
        """JetStream has recovered its streams and the server takes clients."""
        connection = http.client.HTTPConnection(HOST, self.monitor_port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == _OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    @property
    def _data(self) -> Path:
        return self.folder.path / self.name

    @property
    def _pid_file(self) -> Path:
        return self._data / "nats.pid"

    @property
    def _configuration_file(self) -> Path:
        return self._data / "nats.conf"

    def _configuration(self) -> dict[str, object]:
        """In JSON, which the server reads like its own format and which quotes any path."""
        return {
            "server_name": "trilha",
            "listen": f"{HOST}:{self.port}",
            "http": f"{HOST}:{self.monitor_port}",
            "pid_file": str(self._pid_file),
            "jetstream": {
                "store_dir": str(self._data),
                "max_memory_store": 64 << 20,
                "max_file_store": 10 << 30,
                # the relay forgets an event once it is acknowledged here, so that has to mean written down;
                # the server's own default flushes every two minutes
                "sync_interval": "always" if self._durable else "2m",
            },
            "authorization": {"user": USER, "password": self.folder.secret(_PASSWORD)},
        }


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
