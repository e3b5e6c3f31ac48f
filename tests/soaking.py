"""Telling growth from noise: what a platform under steady load may need more of from hour to hour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

WARM_UP_SHARE = 1 / 3
"""Caches and pools fill at the beginning; that is no leak."""


@dataclass(frozen=True)
class Limit:
    """What is allowed over the time looked at: so much an hour, or `floor` in all where that is more."""

    per_hour: float
    floor: float

    def allowed(self, hours: float) -> float:
        """How much may be more at the end."""
        return max(self.per_hour * hours, self.floor)


@dataclass(frozen=True)
class Growth:
    """How one measure went after the warm-up."""

    name: str
    first: float
    last: float
    highest: float
    per_hour: float
    hours: float
    limit: Limit

    @property
    def is_too_much(self) -> bool:
        """Whether it grows as a leak would."""
        return self.per_hour * self.hours > self.limit.allowed(self.hours)

    def __str__(self) -> str:
        verdict = "GROWS" if self.is_too_much else "ok"
        return (
            f"{self.name:<24}{self.first:>12.1f}{self.last:>12.1f}{self.highest:>12.1f}{self.per_hour:>12.1f}"
            f"{self.limit.allowed(self.hours):>12.1f}  {verdict}"
        )


HEADING = f"{'measure':<24}{'first':>12}{'last':>12}{'highest':>12}{'an hour':>12}{'allowed':>12}"


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The median of the slopes between any two points: one peak, or ten, do not move it (Theil-Sen)."""
    return median([(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2) if x2 > x1])


def growths(samples: Sequence[tuple[float, Mapping[str, float]]], limits: Mapping[str, Limit]) -> list[Growth]:
    """Each measure with a limit, from samples of (seconds, values); a measure may be missing from some."""
    begin, end = samples[0][0], samples[-1][0]
    warm = [sample for sample in samples if sample[0] >= begin + (end - begin) * WARM_UP_SHARE]
    hours = (warm[-1][0] - warm[0][0]) / 3600
    found = []
    for name, limit in limits.items():
        points = [(second, values[name]) for second, values in warm if name in values]
        levels = [level for _, level in points]
        per_hour = slope(points) * 3600
        found.append(Growth(name, levels[0], levels[-1], max(levels), per_hour, hours, limit))
    return found
