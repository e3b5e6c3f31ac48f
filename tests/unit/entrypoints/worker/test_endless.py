"""Loops that never die, and say how they are."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from trilha.adapters.memory import SimulatedClock
from trilha.domain.kernel import SourceRefused, SourceUnavailable
from trilha.entrypoints.worker import Role, endless, heartbeat_file, is_alive, read_heartbeat
from trilha.entrypoints.worker.endless import Led, every, keep_going, rounds
from trilha.entrypoints.worker.heartbeat import Pulse


@pytest.fixture
def pulse(tmp_path: Path) -> Pulse:
    return Pulse(heartbeat_file(tmp_path), [Role.RELAY, Role.ORGANISATIONS], SimulatedClock())


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was slept, without sleeping."""
    slept: list[float] = []
    real = asyncio.sleep

    async def note(seconds: float) -> None:
        slept.append(seconds)
        await real(0)

    monkeypatch.setattr(endless.asyncio, "sleep", note)
    return slept


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Ended(Exception):
    pass


def after(calls: int, error: Exception | None = None, result: int = 0) -> Callable[[], Awaitable[int]]:
    left = iter(range(calls))

    async def step() -> int:
        if next(left, None) is None:
            raise asyncio.CancelledError
        if error is not None:
            raise error
        return result

    return step


async def run_out(role: Role, step: Callable[[], Awaitable[Any]], pulse: Pulse) -> None:
    with pytest.raises(asyncio.CancelledError):
        await keep_going(role, step, pulse)


async def test_a_failing_body_goes_on_ever_slower(pulse: Pulse, pauses: list[float]) -> None:
    await run_out(Role.RELAY, after(9, ZeroDivisionError()), pulse)
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    state = pulse.now.roles[Role.RELAY]
    assert (state.state, state.error) == ("failing", "ZeroDivisionError")


async def test_a_body_that_returns_is_run_again(pulse: Pulse, pauses: list[float]) -> None:
    await run_out(Role.RELAY, after(3), pulse)
    assert len(pauses) == 3


async def test_the_source_is_not_asked_before_it_wants_to_be(pulse: Pulse, pauses: list[float]) -> None:
    await run_out(Role.ORGANISATIONS, after(1, SourceUnavailable("busy", retry_after_s=12)), pulse)
    assert pauses == [12]


async def test_a_refused_login_is_not_tried_often_enough_to_be_locked(pulse: Pulse, pauses: list[float]) -> None:
    await run_out(Role.ORGANISATIONS, after(2, SourceRefused("wrong password")), pulse)
    assert pauses[0] >= 300


async def test_rounds_go_on_at_once_while_full_and_slow_down_when_idle(pulse: Pulse, pauses: list[float]) -> None:
    results = iter([500, 500, 20, 0, 0, 0, 0, 0, 0, 3])

    async def step() -> int:
        result = next(results, None)
        if result is None:
            raise Ended
        return result

    led = Led("relay", Sole(), Role.RELAY, pulse)
    with pytest.raises(Ended):
        await rounds(step, 500, shortest_s=0.05, longest_s=1.0, led=led)
    assert pauses == [0, 0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 0.05]


class Sole:
    async def leads(self, duty: str) -> bool:
        return True

    async def resign(self) -> None: ...


class Follower(Sole):
    """Leads from the third question on."""

    def __init__(self) -> None:
        self.asked = 0

    async def leads(self, duty: str) -> bool:
        self.asked += 1
        return self.asked > 2


async def test_who_does_not_lead_does_nothing_and_is_well(pulse: Pulse, pauses: list[float]) -> None:
    leadership = Follower()

    async def step() -> int:
        assert leadership.asked == 3
        raise Ended

    with pytest.raises(Ended):
        await rounds(step, 1, shortest_s=1, longest_s=1, led=Led("relay", leadership, Role.RELAY, pulse))
    assert pauses == [1, 1]
    assert pulse.now.roles[Role.RELAY].state == "working"


async def test_ready_when_every_role_has_worked_but_the_source_may_be_away(pulse: Pulse, tmp_path: Path) -> None:
    assert not pulse.now.ready
    done = asyncio.Event()

    async def work() -> None:
        done.set()

    async with running(every(3600, work, Role.RELAY, pulse)):
        await done.wait()
        await asyncio.sleep(0)
        assert pulse.now.ready
    pulse.failing(Role.RELAY, ZeroDivisionError())
    assert pulse.now.ready, "trouble later on is told by the role's state"


async def test_news_of_a_role_are_told_at_once(pulse: Pulse) -> None:
    waiting = asyncio.create_task(pulse.news(within_s=3600))
    await asyncio.sleep(0)
    assert not waiting.done()
    pulse.working(Role.RELAY)
    async with asyncio.timeout(5):
        await waiting
    async with asyncio.timeout(5):
        await pulse.news(within_s=0.001)


def test_a_heartbeat_is_read_as_written_and_grows_old(pulse: Pulse, tmp_path: Path) -> None:
    pulse.write()
    beat = read_heartbeat(heartbeat_file(tmp_path))
    assert beat == pulse.now
    assert beat.is_fresh(beat.at + timedelta(seconds=9))
    assert not beat.is_fresh(beat.at + timedelta(seconds=10))
    assert not is_alive(tmp_path)
    pulse.remove()
    assert read_heartbeat(heartbeat_file(tmp_path)) is None
