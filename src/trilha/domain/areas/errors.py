"""What cannot be an area. Values out of their limits are the kernel's InvalidValue."""

from typing import ClassVar

from trilha.domain.kernel import DomainError


class MalformedArea(DomainError, ValueError):
    """Text or JSON that is no area: says what is wrong, where, and what would be right."""

    code: ClassVar[str] = "areas.malformed"


class CrossingRings(DomainError, ValueError):
    """A ring that crosses or touches itself, or crosses another: names the two segments, counted from 1, and where."""

    code: ClassVar[str] = "areas.crossing_rings"

    def __init__(self, one: tuple[int, int], other: tuple[int, int], longitude_deg: float, latitude_deg: float) -> None:
        super().__init__(
            f"ring {one[0]}, segment {one[1]} meets ring {other[0]}, segment {other[1]} at longitude "
            f"{longitude_deg:.7g}, latitude {latitude_deg:.7g}; expected segments that meet at their ends alone: "
            "draw the corners in the order in which they are walked past, or make two areas"
        )
        self.one, self.other = one, other
        self.longitude_deg, self.latitude_deg = longitude_deg, latitude_deg
