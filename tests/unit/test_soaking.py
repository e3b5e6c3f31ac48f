"""Growth is told from noise."""

import random

import pytest

from tests.soaking import Limit, growths

LIMIT = {"memory": Limit(per_hour=10, floor=2)}


@pytest.mark.parametrize("leak_per_hour", [0.0, 5.0, 40.0])
def test_a_leak_is_seen_through_noise_and_peaks(leak_per_hour: float) -> None:
    noise = random.Random(7)
    samples = []
    for second in range(0, 3600, 10):
        peak = 300.0 if noise.random() < 0.1 else 0.0
        level = 100 + leak_per_hour * second / 3600 + noise.uniform(-3, 3) + peak
        samples.append((float(second), {"memory": level}))
    (growth,) = growths(samples, LIMIT)
    assert growth.is_too_much == (leak_per_hour > 10)
    assert growth.per_hour == pytest.approx(leak_per_hour, abs=4)


def test_what_fills_in_the_beginning_is_no_leak() -> None:
    samples = [(float(second), {"memory": min(second, 60) * 10.0}) for second in range(0, 600, 5)]
    (growth,) = growths(samples, LIMIT)
    assert not growth.is_too_much
