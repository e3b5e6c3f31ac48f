"""Positions from commit to WebSocket: latency, memory a socket, and the processor time of each process.

A fleet reports so many positions a second, which are committed in PostgreSQL page by page, published to NATS, taken by
the API process and sent to every socket. Measured is the time from the return of the commit to the moment at which the
whole frame that holds the page has been read by the client, for each page and socket; both clocks are the machine's
monotonic one. The clients share one process, pinned to the last core. Memory is the proportional set size (PSS) of
the API before the sockets, with all of them at rest, and after the drive.
"""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import msgspec
import psutil
import psycopg

from benchmarks.database import fresh_database
from benchmarks.driving import Driven
from benchmarks.figures import Report, median, progress
from benchmarks.ours import Served, our_api

WARM_UP_S = 5
SETTLED_S = 3


def add_options(parser: ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--rate", type=int, default=1_000, help="positions a second, a vehicle each (default 1,000)")
    parser.add_argument("--pages", type=float, default=10, help="pages a second that bring them (default 10)")
    parser.add_argument("--sockets", type=int, default=200, help="clients, who see all vehicles (default 200)")
    parser.add_argument("--seconds", type=int, default=30, help="length of the measurement (default 30)")


def run(report: Report, options: Namespace) -> None:
    """Measure once."""
    token = secrets.token_urlsafe(32)
    with fresh_database() as database, our_api(database, token) as api, tempfile.TemporaryDirectory() as folder:
        frames = Path(folder) / "frames.json"
        drive = (str(options.rate), str(options.pages), str(options.seconds + WARM_UP_S))
        with _process("driving", drive, api.environment) as driver:
            _expect_ready(driver)
            before = _settled_pss_kib(api, token)
            listen = (api.url, str(options.sockets), str(frames))
            with _process("listening", listen, api.environment, core=max(os.sched_getaffinity(0))) as listener:
                _expect_ready(listener)
                at_rest = _settled_pss_kib(api, token)
                progress(f"driving for {options.seconds + WARM_UP_S} s")
                watched = {"api": api.pid, "clients": listener.pid, "nats": api.nats_pid,
                           "postgres": _postmaster(database.superuser_url)}  # fmt: skip
                with _processor_shares(watched) as shares:
                    driven = _drive(driver)
                time.sleep(1)
                after = _pss_kib(api.pid)
                listener.communicate()
        latencies = _latencies_ms(driven.stamps_ns, _frames_in(frames), round(options.pages * WARM_UP_S))
    shares["ingestion"] = driven.processor_s / (options.seconds + WARM_UP_S)
    _tell(report, options, latencies, shares)
    for name, pss_kib in (("at_rest", at_rest), ("after_the_drive", after)):
        report.add(f"memory_socket_{name}", (pss_kib - before) / options.sockets, "KiB", api_before_mib=before >> 10,
                   api_then_mib=pss_kib >> 10, sockets=options.sockets, kind="PSS")  # fmt: skip


def _tell(report: Report, options: Namespace, latencies: Sequence[float], shares: Mapping[str, float]) -> None:
    ordered = sorted(latencies)
    details = {"rate": options.rate, "sockets": options.sockets, "pages_per_second": options.pages,
               "seconds": options.seconds}  # fmt: skip
    report.add("commit_to_socket_p50", median(ordered), "ms", **details)
    report.add("commit_to_socket_p99", ordered[int(len(ordered) * 0.99)], "ms", highest=round(ordered[-1], 1))
    for name, share in shares.items():
        report.add(f"processor_{name}", share * 100, "% of a core")


def _latencies_ms(
    stamps_ns: Sequence[int], sockets: Sequence[Sequence[tuple[str, int]]], warm_up: int
) -> Sequence[float]:
    """Of each page that came after the warm-up, at each socket. The last frame of a socket holds the last page."""
    latencies = list[float]()
    for frames in sockets:
        reached = [(int(cursor), ns) for cursor, ns in frames]
        first = reached[-1][0] - len(stamps_ns) + 1
        arrivals = iter(reached)
        cursor, ns = next(arrivals)
        for number, stamp in enumerate(stamps_ns):
            while cursor < first + number:
                cursor, ns = next(arrivals)
            if number >= warm_up:
                latencies.append((ns - stamp) / 1e6)
    return latencies


@contextmanager
def _process(
    name: str, arguments: Sequence[str], environment: Mapping[str, str], core: int | None = None
) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.{name}", *arguments], env=os.environ | environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    if core is not None:
        os.sched_setaffinity(process.pid, {core})
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _expect_ready(process: "subprocess.Popen[str]") -> None:
    if process.stdout is None or process.stdout.readline().strip() != "ready":
        raise SystemExit(f"{process.args!r} did not get ready; its words are above")


def _drive(driver: "subprocess.Popen[str]") -> Driven:
    output, _ = driver.communicate("go\n")
    return msgspec.json.decode(output, type=Driven)


def _frames_in(path: Path) -> Sequence[Sequence[tuple[str, int]]]:
    return msgspec.json.decode(path.read_bytes(), type=list[list[tuple[str, int]]])


def _postmaster(superuser_url: str) -> int:
    with psycopg.connect(superuser_url) as connection:
        parent = psutil.Process(connection.info.backend_pid).parent()
    return parent.pid if parent else 0


@contextmanager
def _processor_shares(pids: Mapping[str, int]) -> Iterator[dict[str, float]]:
    """The part of a core that each used while the block lasted, its children with it."""
    shares: dict[str, float] = {}
    started = time.monotonic()
    before = {name: _processor_s(pid) for name, pid in pids.items()}
    yield shares
    passed = time.monotonic() - started
    for name, pid in pids.items():
        shares[name] = (_processor_s(pid) - before[name]) / passed


def _processor_s(pid: int) -> float:
    """With what children used that have ended since, which the system adds to their parent."""
    process = psutil.Process(pid)
    return sum(sum(one.cpu_times()[:4]) for one in (process, *process.children(recursive=True)))


def _settled_pss_kib(api: Served, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    for _ in range(20):
        urlopen(Request(f"{api.url}/v1/live/vehicles/poll", headers=headers), timeout=20).close()
    time.sleep(SETTLED_S)
    return _pss_kib(api.pid)


def _pss_kib(pid: int) -> int:
    process = psutil.Process(pid)
    return int(sum(one.memory_full_info().pss for one in (process, *process.children(recursive=True)))) >> 10
