"""Children made from what others offer: embedded servers, and readiness asked over HTTP."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from signal import Signals
from typing import Protocol

from trilha.application.threads import to_the_end
from trilha.entrypoints.supervisor.child import ChildSpec, Launch

_ANSWER_S = 2.0


class ServerCommand(Protocol):
    """How a server is run; read as `Launch` is."""

    @property
    def argv(self) -> tuple[str, ...]: ...
    @property
    def env(self) -> Mapping[str, str]: ...
    @property
    def cwd(self) -> Path: ...
    @property
    def ids(self) -> tuple[int, int] | None: ...


class Server(Protocol):
    """What an embedded server offers to be run by the supervisor; its methods block for a moment."""

    @property
    def name(self) -> str: ...
    @property
    def stop_signal(self) -> Signals: ...
    def prepare(self) -> None: ...
    def command(self) -> ServerCommand: ...
    def is_ready(self) -> bool: ...
    def release(self) -> None: ...


def server_child(server: Server, *, needs: tuple[str, ...] = ()) -> ChildSpec:
    """The server as a child: prepared before each start, on the same port each time."""

    async def launch() -> Launch:
        await to_the_end(server.prepare)
        command = server.command()
        return Launch(command.argv, command.env, command.cwd, command.ids)

    async def ready() -> bool:
        return await asyncio.to_thread(server.is_ready)

    return ChildSpec(
        name=server.name,
        launch=launch,
        needs=needs,
        ready=ready,
        stop_signal=server.stop_signal,
        stop_within_s=30.0,
        after_stop=server.release,
    )


def http_ready(host: str, port: int, path: str) -> Callable[[], Awaitable[bool]]:
    """Ready is: a GET is answered with 200."""

    async def ready() -> bool:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_ANSWER_S):
                return b" 200 " in await _status_line(host, port, path)
        return False

    return ready


async def _status_line(host: str, port: int, path: str) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        return await reader.readline()
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
