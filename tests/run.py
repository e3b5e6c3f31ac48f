"""Runs the suite group by group, each against its time budget: `python -m tests.run [soak|pg15] [pytest arguments]`.

Groups run one after the other on two workers, because two cores are what everybody has, and the slowest group should be
seen by name. Arguments after the mode go to pytest; with a path among them there are no groups and no budgets.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.machine_postgres import machine_postgres

TESTS = Path(__file__).parent
ROOT = TESTS.parent
OVERRUN = 1.5
"""A group may take this much longer than its budget before the run fails."""
NOTHING_COLLECTED = 5
SOAK_KILLS = "60"
"""How often `make soak` kills the worker; servers and lease holders in proportion."""
SOAK_MINUTES = "60"
"""How long `make soak` watches the whole platform for growth."""
WORKERS = os.environ.get("TRILHA_TEST_WORKERS", "2")


@dataclass(frozen=True)
class Group:
    """Tests that share a budget. `spread` is how xdist deals them out: by file where fixtures are dear."""

    name: str
    folders: tuple[str, ...]
    budget_s: int
    spread: str = "loadfile"

    @property
    def present(self) -> list[str]:
        return [f"tests/{folder}" for folder in self.folders if any((TESTS / folder).rglob("test_*.py"))]


GROUPS = (
    Group("unit and properties", ("unit", "properties"), 90, spread="worksteal"),
    Group("contracts", ("contracts",), 90, spread="loadscope"),
    Group("integration", ("integration",), 150),
    Group("e2e", ("e2e",), 150),
    Group("kill", ("kill",), 90),
)


@dataclass(frozen=True)
class Mode:
    """A way to run: which groups, with which pytest arguments, beside which server."""

    groups: tuple[Group, ...]
    arguments: tuple[str, ...]
    budgets: bool = True
    server: AbstractContextManager[dict[str, str]] = field(default_factory=lambda: nullcontext({}))


@dataclass(frozen=True)
class Result:
    """How one pytest process ended."""

    name: str
    exit_code: int
    took_s: float
    counts: Counter[str]
    budget_s: int | None = None

    @property
    def late(self) -> bool:
        return self.budget_s is not None and self.took_s > self.budget_s * OVERRUN

    @property
    def failed(self) -> bool:
        return self.late or self.exit_code != 0


def main(arguments: Sequence[str]) -> int:
    name, rest = (arguments[0], list(arguments[1:])) if arguments[:1] in (["soak"], ["pg15"]) else ("", list(arguments))
    mode = _mode(name)
    _refuse_strays()
    started = time.monotonic()
    with mode.server as environment:
        if any(argument.startswith("tests/") for argument in rest):
            results = [_run("chosen tests", [*mode.arguments, *rest], environment, None)]
        else:
            results = [_run_group(group, mode, rest, environment) for group in mode.groups if group.present]
    return _report(results, time.monotonic() - started, chosen=bool(rest))


def _mode(name: str) -> Mode:
    if name == "soak":
        long = {
            "TRILHA_TEST_KILLS": os.environ.get("TRILHA_TEST_KILLS", SOAK_KILLS),
            "TRILHA_SOAK_MINUTES": os.environ.get("TRILHA_SOAK_MINUTES", SOAK_MINUTES),
        }
        return Mode(GROUPS, ("--hypothesis-profile=soak", "--timeout=1800"), budgets=False, server=nullcontext(long))
    ordinary = ("--hypothesis-profile=ci", "-m", "not soak")
    if name == "pg15":
        databases = tuple(group for group in GROUPS if group.name in {"contracts", "integration"})
        return Mode(databases, ordinary, server=machine_postgres(15))
    return Mode(GROUPS, ordinary)


def _refuse_strays() -> None:
    known = {folder for group in GROUPS for folder in group.folders}
    strays = [path for path in TESTS.rglob("test_*.py") if path.relative_to(TESTS).parts[0] not in known]
    if strays:
        listing = ", ".join(str(path.relative_to(ROOT)) for path in strays)
        sys.exit(f"not in any group, so it would never run: {listing}; move it under tests/<{'|'.join(sorted(known))}>")


def _run_group(group: Group, mode: Mode, rest: Sequence[str], environment: dict[str, str]) -> Result:
    arguments = [*mode.arguments, f"--numprocesses={WORKERS}", f"--dist={group.spread}", *rest, *group.present]
    return _run(group.name, arguments, environment, group.budget_s if mode.budgets else None)


def _run(name: str, arguments: Sequence[str], environment: dict[str, str], budget_s: int | None) -> Result:
    _say(f"\n>>> {name}: pytest {' '.join(arguments)}")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", f"--junitxml={report}", *arguments]
        done = subprocess.run(command, check=False, cwd=ROOT, env=os.environ | environment)
        counts = _counts(report)
    return Result(name, done.returncode, time.monotonic() - started, counts, budget_s)


def _counts(report: Path) -> Counter[str]:
    """What the report says, in the words of pytest's last line; nothing if pytest died before it wrote one."""
    counts: Counter[str] = Counter()
    if report.exists():
        for suite in ET.parse(report).getroot().iter("testsuite"):
            bad = {word: int(suite.get(key, 0)) for word, key in _WORDS}
            counts.update(bad | {"passed": int(suite.get("tests", 0)) - sum(bad.values())})
    return +counts


_WORDS = (("failed", "failures"), ("error", "errors"), ("skipped", "skipped"))


def _report(results: Sequence[Result], took_s: float, *, chosen: bool) -> int:
    """Print the table and, last, a line like pytest's own."""
    if chosen and any(result.exit_code == 0 for result in results):
        results = [result for result in results if result.exit_code != NOTHING_COLLECTED]
    _say(f"\n{'group':<22}{'took':>8}{'budget':>9}")
    for result in results:
        budget = "-" if result.budget_s is None else f"{result.budget_s} s"
        _say(f"{result.name:<22}{result.took_s:>6.1f} s{budget:>9}  {_verdict(result)}")
    total = sum((result.counts for result in results), Counter[str]())
    words = ", ".join(f"{total[word]} {word}" for word in ("failed", "passed", "skipped", "error") if total[word])
    late = sum(result.late for result in results)
    if late:
        words += f", {late} over budget"
    _say(f"{'=' * 20} {words or 'no tests ran'} in {took_s:.2f}s {'=' * 20}")
    if not results:
        return NOTHING_COLLECTED
    return int(any(result.failed for result in results))


def _verdict(result: Result) -> str:
    if result.late:
        return f"OVER {OVERRUN} times its budget: find what is slow in the durations above"
    if result.budget_s is not None and result.took_s > result.budget_s:
        return "over budget"
    return "ok" if not result.failed else f"failed (pytest exit code {result.exit_code})"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
