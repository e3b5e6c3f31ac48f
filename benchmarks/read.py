"""Our API against Fastify and pg: the same answers from the same rows, under the same role, in turns.

All check a bearer token from memory and read in a transaction that names its organisation first. One process each; 32
connections; the sides take turns, and the figures are medians over the rounds. Fastify stands twice: `fastify` awaits
one statement after the other, as the documentation of pg does it, and `fastify_pipelined` uses the pipeline mode that
pg has had since 2026 and few know. We write an access log, as in production; Fastify writes none.
"""

import secrets
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec

from benchmarks.answers import require_same_pages
from benchmarks.database import Database, fresh_database
from benchmarks.figures import Report, median, progress
from benchmarks.node import Load, Measured, installed, node_environment, send, version_of
from benchmarks.ours import POOL, our_api
from benchmarks.processes import free_port, running
from benchmarks.read_data import ORGANISATION, ReadData, write_read_data

CONNECTIONS = 32
WARM_UP_S = 3


class Side(msgspec.Struct, frozen=True):
    """A server under measurement."""

    name: str
    url: str


def add_options(parser: ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--rows", type=int, default=300_000, help="events in the table (default 300,000)")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each side (default 5)")
    parser.add_argument("--seconds", type=int, default=8, help="length of a measurement (default 8)")


def run(report: Report, options: Namespace) -> None:
    """Measure both lists."""
    token = secrets.token_urlsafe(32)
    for package in ("fastify", "load"):
        installed(package)
    with fresh_database() as database:
        data = write_read_data(database.superuser_url, options.rows)
        with (
            _ours(database, token) as ours,
            _fastify(database, token, pipelined=False) as plain,
            _fastify(database, token, pipelined=True) as pipelined,
        ):
            for name, paths in (("drivers", data.driver_paths), ("driver_events", data.event_paths)):
                for peer in (plain, pipelined):
                    require_same_pages(ours.url, peer.url, token, paths[:5])
                _compare(report, name, (ours, plain, pipelined), token, paths, options, data)


def _compare(
    report: Report, name: str, sides: tuple[Side, ...], token: str, paths: Sequence[str], options: Namespace,
    data: ReadData,
) -> None:  # fmt: skip
    for side in sides:
        send(Load(side.url, token, paths, CONNECTIONS, WARM_UP_S))
    rounds: dict[str, list[Measured]] = {side.name: [] for side in sides}
    for number in range(options.rounds):
        progress(f"{name}: round {number + 1} of {options.rounds}")
        for side in sides if number % 2 == 0 else reversed(sides):
            rounds[side.name].append(send(Load(side.url, token, paths, CONNECTIONS, options.seconds)))
    for side in sides:
        measured = rounds[side.name]
        report.add(f"{name}_{side.name}", median([each.per_second for each in measured]), "requests/s",
                   p50_ms=median([each.p50_ms for each in measured]),
                   p99_ms=median([each.p99_ms for each in measured]))  # fmt: skip
    ours, *peers = sides
    for peer in peers:
        ratios = [
            mine.per_second / other.per_second for mine, other in zip(rounds[ours.name], rounds[peer.name], strict=True)
        ]
        report.add(f"{name}_ratio_to_{peer.name}", median(ratios), "x", lowest=round(min(ratios), 3),
                   highest=round(max(ratios), 3), connections=CONNECTIONS, rows=data.events, rounds=options.rounds,
                   peer=f"fastify {version_of('fastify', 'fastify')}, pg {version_of('fastify', 'pg')}")  # fmt: skip


@contextmanager
def _ours(database: Database, token: str) -> Iterator[Side]:
    with our_api(database, token) as served:
        yield Side("trilha", served.url)


@contextmanager
def _fastify(database: Database, token: str, *, pipelined: bool) -> Iterator[Side]:
    name = "fastify_pipelined" if pipelined else "fastify"
    url = f"http://127.0.0.1:{(port := free_port())}"
    environment = node_environment({
        "PEER_DATABASE_URL": database.urls.app,
        "PEER_ORGANISATION_ID": ORGANISATION,
        "PEER_PIPELINE": int(pipelined),
        "PEER_POOL": POOL,
        "PEER_PORT": port,
        "PEER_TOKEN": token,
    })  # fmt: skip
    with running(name, ["node", str(installed("fastify") / "server.js")], environment, f"{url}/health/ready"):
        yield Side(name, url)
