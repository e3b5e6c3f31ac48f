"""Which of many areas hold a point: cells of the earth, each with the few areas that reach into it."""

from collections.abc import Mapping
from math import floor, log2
from typing import Generic, TypeVar

from trilha.domain.areas.model import Area
from trilha.domain.areas.pieces import Piece, Test, pieces_of
from trilha.domain.tracks.seam import HALF_TURN_DEG, TURN_DEG

K = TypeVar("K")

COARSEST, FINEST = 2, 24
CELLS_ACROSS = 3
"""How many cells wide an area may be: few cells to fill, and few areas in each that hold none of its points."""

_Entry = tuple[float, float, float, float, int, Test]
"""South, north, west and east, these in degrees east of the antimeridian, the area's number, and what decides."""
_Cells = dict[int, list[_Entry]]


class AreaIndex(Generic[K]):
    """Areas by key, prepared once for many look-ups. It does not change: build another when an area does.

    A quadtree of fixed depth for each size of area, kept as a dictionary of cells: an area stands in the level where it
    is three cells wide or less. It says what `contains` says of each area, at the antimeridian and the poles too.
    """

    def __init__(self, areas: Mapping[K, Area]) -> None:
        self._keys = tuple(areas)
        levels: dict[int, _Cells] = {}
        for number, area in enumerate(areas.values()):
            for piece in pieces_of(area):
                level = _level(piece)
                _enter(levels.setdefault(level, {}), level, piece, number)
        self._levels = [(2**level / TURN_DEG, 2**level, cells) for level, cells in sorted(levels.items())]

    def __len__(self) -> int:
        """How many areas."""
        return len(self._keys)

    def containing(self, latitude_deg: float, longitude_deg: float) -> tuple[K, ...]:
        """The keys of the areas that a point on the earth lies in, in the order they were given."""
        found: list[int] = []
        # rounding may make a whole turn of a longitude just below 180
        east_of_seam = longitude_deg + HALF_TURN_DEG
        x = east_of_seam - TURN_DEG if east_of_seam >= TURN_DEG else east_of_seam
        for scale, columns, cells in self._levels:
            row, column = int((latitude_deg + HALF_TURN_DEG) * scale), int(x * scale)
            for south, north, west, east, number, test in cells.get(row * columns + column, ()):
                if south <= latitude_deg <= north and west <= x <= east and test(latitude_deg, longitude_deg):
                    found.append(number)
        if len(found) > 1:
            found = sorted(set(found))
        return tuple([self._keys[number] for number in found])


def _level(piece: Piece) -> int:
    """The finest division of 360 degrees by two, again and again, whose cells are not too small for the piece."""
    across = max(piece.east - piece.west, piece.north - piece.south)
    return max(COARSEST, min(FINEST, floor(log2(TURN_DEG * CELLS_ACROSS / across))))


def _enter(cells: _Cells, level: int, piece: Piece, number: int) -> None:
    scale, columns = 2**level / TURN_DEG, 2**level
    west_end, east_end = piece.west + HALF_TURN_DEG, piece.east + HALF_TURN_DEG
    lowest, highest = floor((piece.south + HALF_TURN_DEG) * scale), floor((piece.north + HALF_TURN_DEG) * scale)
    for beyond in range(floor(west_end * scale), floor(east_end * scale) + 1):
        turns, column = divmod(beyond, columns)
        west, east = west_end - turns * TURN_DEG, east_end - turns * TURN_DEG
        entry = (piece.south, piece.north, west, east, number, piece.test)
        for row in range(lowest, highest + 1):
            cells.setdefault(row * columns + column, []).append(entry)
