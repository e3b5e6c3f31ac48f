"""What a benchmark says: one JSON object a figure for programs, then a table for people."""

import sys
from collections.abc import Mapping, Sequence

import msgspec

Value = float | int | str


class Figure(msgspec.Struct, frozen=True):
    """One measured number, and `details` that say of what. Times are in ms or s as `unit` tells."""

    bench: str
    figure: str
    value: Value
    unit: str
    details: Mapping[str, Value] = {}

    def line(self) -> str:
        """As one JSON object; the details stand beside the value."""
        flat = {"bench": self.bench, "figure": self.figure, "value": self.value, "unit": self.unit, **self.details}
        return msgspec.json.encode(flat).decode()


class Report:
    """Prints each figure as soon as it is known, and all of them again at the end."""

    def __init__(self, bench: str) -> None:
        self._bench = bench
        self._figures: list[Figure] = []

    def add(self, figure: str, value: float, unit: str, **details: Value) -> None:
        """Say one figure."""
        made = Figure(self._bench, figure, _rounded(value), unit, details)
        self._figures.append(made)
        print(made.line(), flush=True)

    def table(self) -> str:
        """Every figure on a line."""
        rows = [(each.figure, f"{each.value:,}", each.unit, _described(each.details)) for each in self._figures]
        widths = [max(len(row[column]) for row in rows) for column in range(3)] if rows else [0, 0, 0]
        return "\n".join(
            f"{name:<{widths[0]}}  {value:>{widths[1]}} {unit:<{widths[2]}}  {details}".rstrip()
            for name, value, unit, details in rows
        )


def progress(text: str) -> None:
    """Tell somebody who waits; not part of the figures."""
    print(f"... {text}", file=sys.stderr, flush=True)


def median(values: Sequence[float]) -> float:
    """The middle one, or the mean of the middle two."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _rounded(value: float) -> float | int:
    if isinstance(value, int):
        return value
    whole = 100
    return round(value) if abs(value) >= whole else round(value, 3)


def _described(details: Mapping[str, Value]) -> str:
    return ", ".join(f"{key} {value}" for key, value in details.items())
