"""A server that was told to stop ends well, every time."""

import signal
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

import httpx

from tests.e2e.http.world import free_port, until

ROOT = Path(__file__).parents[3]
TIMES = 3


def test_a_stop_right_after_clients_left_is_no_crash() -> None:
    codes = [_stopped_after_clients_left() for _ in range(TIMES)]

    assert codes == [0] * TIMES


def _stopped_after_clients_left() -> int:
    port = free_port()
    address = f"http://127.0.0.1:{port}/health/live"
    with subprocess.Popen([sys.executable, "-m", "tests.e2e.http.server_process", str(port)], cwd=ROOT) as server:
        assert until(lambda: _answers(address), deadline_s=30)
        clients = [HTTPConnection("127.0.0.1", port) for _ in range(32)]
        for client in clients:
            client.request("GET", "/health/live")
            client.getresponse().read()
        for client in clients:
            client.close()
        server.send_signal(signal.SIGINT)
        return server.wait(30)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address).status_code == 200
    except httpx.TransportError:
        return False
