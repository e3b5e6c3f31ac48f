"""How many messages are taken at once."""

from types import SimpleNamespace
from typing import Any

import pytest

from trilha.adapters.nats import pace
from trilha.adapters.nats.pace import Pace


class Stopwatch:
    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    watch = Stopwatch()
    monkeypatch.setattr(pace, "time", watch)
    return watch


def messages(count: int, delivered: int = 1) -> list[Any]:
    return [SimpleNamespace(metadata=SimpleNamespace(num_delivered=delivered))] * count


def test_one_by_one_after_the_start_then_ever_more(watch: Stopwatch) -> None:
    paced = Pace(careful_s=30, largest=8)
    sizes = []
    for second in (0, 29, 30, 31, 32, 33, 34):
        watch.now_s = second
        sizes.append(paced.size)
        paced.took(messages(paced.size))
    assert sizes[:2] == [1, 1]
    assert sizes[2:] == sorted(sizes[2:])
    assert sizes[-1] == 8


def test_a_redelivery_is_a_reason_for_care(watch: Stopwatch) -> None:
    paced = Pace(careful_s=30, largest=8)
    watch.now_s = 100
    paced.took(messages(1))
    assert paced.size == 2
    paced.took(messages(2, delivered=2))
    watch.now_s = 129
    assert paced.size == 1
    watch.now_s = 131
    assert paced.size == 1
    paced.took(messages(1))
    assert paced.size == 2


def test_a_quiet_subject_is_asked_for_one(watch: Stopwatch) -> None:
    paced = Pace(careful_s=0, largest=8)
    watch.now_s = 1
    paced.took(messages(1))
    paced.nothing_came()
    assert paced.size == 1
