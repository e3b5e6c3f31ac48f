"""Running the application on Granian, in this process and event loop."""

import asyncio
import errno
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server
from litestar import Litestar

from trilha.entrypoints.http.edge import Edge

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
BACKLOG = 1024
DEAF_AFTER_S = 25.0
"""How long what was sent may wait for a client to read it."""
THREADS_DEADLINE_S = 5.0
THREADS_POLL_S = 0.01
_log = structlog.stdlib.get_logger("trilha.http")


class AddressNotAvailable(RuntimeError):
    """The server cannot listen where it was told to."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        if error.errno == errno.EADDRINUSE:
            why = f"port {port} on {host} is taken by another program; stop that one or set TRILHA_HTTP_PORT"
        elif error.errno == errno.EACCES:
            why = f"port {port} needs privileges that this user lacks; set TRILHA_HTTP_PORT to 1024 or above"
        else:
            why = f"cannot listen on {host}:{port} ({error.strerror}); check TRILHA_HTTP_HOST and TRILHA_HTTP_PORT"
        super().__init__(why)
        self.host = host
        self.port = port


class _Server(Server):
    """Lets the system end connections whose client reads nothing: Granian has no limit, and would wait at the stop.

    What is set on the listening socket holds for all that it accepts. Where the system cannot, they stay.
    """

    def _init_shared_socket(self) -> None:
        super()._init_shared_socket()  # type: ignore[no-untyped-call] # Granian's
        described: Any = self._ssp
        if described is not None:  # as on Linux, where each worker would make its own socket from it
            held = described.build()
            self._ssp, self._shd, self._sfd = None, held, held.get_fd()
        number: Any = self._sfd
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            with socket.socket(fileno=os.dup(number)) as listening:
                listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(DEAF_AFTER_S * 1_000))


async def serve(app_factory: Callable[[], Litestar], host: str, port: int, *, signals: bool = True) -> None:
    """Serve until a stop signal, or until this task is cancelled; requests under way are answered first.

    Raises AddressNotAvailable. With `signals`, SIGINT and SIGTERM end it; else whoever called owns them.
    """
    check_address(host, port)
    app = app_factory()
    server = _Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(max_buffer_size=64 * 1024),
        websockets=True,
        backlog=BACKLOG,
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    stop_asked = asyncio.Event()
    if signals:
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, stop_asked.set)
    others = _native_threads()
    try:
        await _run(server, app, stop_asked)
    finally:
        await _until_gone(others)
        if signals:
            for number in STOP_SIGNALS:
                loop.remove_signal_handler(number)


def check_address(host: str, port: int) -> None:
    """Bind once and let go: Granian shares ports between processes, so two servers would silently split the requests.

    Raises AddressNotAvailable.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise AddressNotAvailable(host, port, error) from error


async def _run(server: Server, app: Litestar, stop_asked: asyncio.Event) -> None:
    running = asyncio.create_task(server.serve())
    asked = asyncio.create_task(stop_asked.wait())
    try:
        await asyncio.wait({running, asked}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        asked.cancel()
        await _stop(server, app)
        await running


async def _stop(server: Server, app: Litestar) -> None:
    """Live sockets first: Granian would wait for them, and cut them off without a word."""
    if isinstance(app.asgi_handler, Edge):
        await app.asgi_handler.stop()
    server.stop()  # type: ignore[no-untyped-call] # Granian's


def _native_threads() -> frozenset[int]:
    """Threads that Python did not start, as far as the system tells."""
    try:
        running = {int(entry.name) for entry in Path("/proc/self/task").iterdir()}
    except FileNotFoundError:
        return frozenset()
    return frozenset(running - {thread.native_id for thread in threading.enumerate()})


async def _until_gone(others: frozenset[int]) -> None:
    """Wait for Granian's own threads: it returns before they end, and one that outlives the interpreter aborts it.

    Seen in 14 of 40 stops right after clients had gone.
    """
    deadline = asyncio.get_running_loop().time() + THREADS_DEADLINE_S
    while _native_threads() - others and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - nobody tells when they end
        await asyncio.sleep(THREADS_POLL_S)
