"""Time from nothing to ready, cold and warm, and memory at rest.

`trilha up --demo --detach` until `GET /health/ready` answers 200. Cold is an empty data folder (the database is made
and migrated), warm is the same folder again. Memory is the proportional set size (PSS: shared pages divided among
their users) of every process, after a while without requests; the simulator and its traffic are part of it.
"""

import os
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import psutil

from benchmarks.figures import Report, median, progress
from benchmarks.processes import answers, free_port

PROGRAM = str(Path(sys.executable).with_name("trilha"))
READY_WITHIN_S = 120.0
POLL_S = 0.01


class Child(msgspec.Struct, frozen=True):
    """A part of the stack, of `trilha status --json`."""

    name: str
    pid: int | None = None


class Status(msgspec.Struct, frozen=True):
    """What `trilha status --json` says."""

    pid: int | None = None
    children: Sequence[Child] = ()


class Measured(msgspec.Struct, frozen=True):
    """One run of the stack: seconds to ready, and MiB of each part if they were looked at."""

    ready_s: float
    memory_mib: Mapping[str, float]


def add_options(parser: ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--rounds", type=int, default=5, help="cold and warm starts each (default 5)")
    parser.add_argument("--rest", type=int, default=30, help="seconds from ready to measuring memory (default 30)")


def run(report: Report, options: Namespace) -> None:
    """Start cold, then warm, so many times."""
    cold: list[Measured] = []
    warm: list[Measured] = []
    for number in range(options.rounds):
        with tempfile.TemporaryDirectory(prefix="trilha-start-") as folder:
            # as root the servers run as another user, who has to get through to the data folder
            Path(folder).chmod(0o711)
            progress(f"round {number + 1} of {options.rounds}: cold")
            cold.append(_start(Path(folder) / "data", rest_s=0))
            progress(f"round {number + 1} of {options.rounds}: warm, then {options.rest} s of rest")
            warm.append(_start(Path(folder) / "data", rest_s=options.rest))
    for name, starts in (("cold", cold), ("warm", warm)):
        times = [each.ready_s for each in starts]
        report.add(f"ready_{name}", median(times), "s", slowest=round(max(times), 2), rounds=options.rounds)
    totals = [sum(each.memory_mib.values()) for each in warm]
    report.add("memory_whole_stack", median(totals), "MiB", after_s=options.rest, kind="PSS")
    for part in warm[0].memory_mib:
        report.add(f"memory_{part}", median([each.memory_mib.get(part, 0.0) for each in warm]), "MiB")


def _start(data: Path, rest_s: int) -> Measured:
    port = free_port()
    environment = os.environ | {"TRILHA_DATA_DIR": str(data), "TRILHA_HTTP_PORT": str(port)}
    started = time.perf_counter()
    process = subprocess.Popen([PROGRAM, "up", "--demo", "--detach"], env=environment, stdout=subprocess.DEVNULL)
    try:
        ready_s = _ready_after(process, f"http://127.0.0.1:{port}/health/ready", started)
        process.wait(READY_WITHIN_S)
        time.sleep(rest_s)
        memory = _memory(environment) if rest_s else {}
    finally:
        subprocess.run([PROGRAM, "down"], env=environment, check=False, stdout=subprocess.DEVNULL)
    return Measured(ready_s, memory)


def _ready_after(process: "subprocess.Popen[bytes]", url: str, started: float) -> float:
    while not answers(url):
        if process.poll() not in (None, 0):
            raise SystemExit(f"`trilha up --demo --detach` ended with {process.returncode}: see its words above")
        if time.perf_counter() - started > READY_WITHIN_S:
            raise SystemExit(f"not ready within {READY_WITHIN_S:.0f} s")
        time.sleep(POLL_S)
    return time.perf_counter() - started


def _memory(environment: Mapping[str, str]) -> dict[str, float]:
    done = subprocess.run([PROGRAM, "status", "--json"], env=environment, check=True, stdout=subprocess.PIPE)
    status = msgspec.json.decode(done.stdout, type=Status)
    parts = {child.pid: child.name for child in status.children if child.pid}
    memory: defaultdict[str, float] = defaultdict(float)
    if status.pid is None:
        raise SystemExit("`trilha status --json` names no supervisor")
    supervisor = psutil.Process(status.pid)
    memory["supervisor"] = _pss_mib(supervisor)
    for child in supervisor.children():
        family = [child, *child.children(recursive=True)]
        name = next((parts[each.pid] for each in family if each.pid in parts), child.name())
        memory[name] += sum(_pss_mib(each) for each in family)
    return dict(memory)


def _pss_mib(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss) / 2**20
    except psutil.NoSuchProcess:
        return 0.0
