"""A reserved port belongs to one server, which can listen there, stop, and listen again."""

import socket
from pathlib import Path

import pytest

from trilha.adapters.embedded.ports import HOST, ReservedPort, remembered_port


def listening(port: int) -> socket.socket:
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((HOST, port))
    server.listen()
    return server


def test_the_server_listens_on_the_reserved_port_as_often_as_it_starts(tmp_path: Path) -> None:
    port = ReservedPort(tmp_path / "port")
    for _ in range(3):
        with listening(port.number), socket.create_connection((HOST, port.number)):
            pass
    port.close()


def test_nobody_is_given_a_reserved_port(tmp_path: Path) -> None:
    port = ReservedPort(tmp_path / "port")
    others = [socket.create_server((HOST, 0)) for _ in range(200)]
    assert port.number not in {other.getsockname()[1] for other in others}
    for other in others:
        other.close()
    port.close()


def test_the_same_port_is_preferred_next_time_and_another_taken_when_it_is_in_use(tmp_path: Path) -> None:
    memory = tmp_path / "port"
    first = ReservedPort(memory)
    number = first.number
    first.close()
    again = ReservedPort(memory)
    assert again.number == number == remembered_port(memory)
    again.close()
    with listening(number):
        other = ReservedPort(memory)
        assert other.number != number
        assert remembered_port(memory) == other.number
        other.close()


@pytest.mark.parametrize("kept", ["", "x", "-1", "22", "70000", "4٢00"])
def test_a_memory_that_makes_no_sense_is_forgotten(tmp_path: Path, kept: str) -> None:
    (tmp_path / "port").write_text(kept)
    port = ReservedPort(tmp_path / "port")
    assert 1024 <= port.number <= 65535
    assert port.number != 22
    port.close()
