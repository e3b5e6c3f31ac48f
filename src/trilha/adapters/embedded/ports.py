"""Free ports on the loopback address, the same ones from run to run where possible."""

import socket
from pathlib import Path

from trilha.adapters.embedded.location import write_private

HOST = "127.0.0.1"


class ReservedPort:
    """A port that nobody else is given while a server starts, runs, or is being started again.

    The socket is bound but does not listen. With SO_REUSEADDR on both sides Linux lets a server listen
    there nevertheless, and never picks the port for anybody who asks for a free one.
    """

    def __init__(self, memory: Path) -> None:
        self._socket = _bound(remembered_port(memory))
        self.number: int = self._socket.getsockname()[1]
        write_private(memory, str(self.number))

    def close(self) -> None:
        self._socket.close()


def _bound(preferred: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, preferred))
    except OSError:
        bound.bind((HOST, 0))
    return bound


def remembered_port(memory: Path) -> int:
    """The port of the last start; 0 where there was none."""
    try:
        number = int(memory.read_text())
    except (FileNotFoundError, ValueError):
        return 0
    return number if 1024 <= number <= 65535 else 0  # noqa: PLR2004 - the range an ordinary user may bind
