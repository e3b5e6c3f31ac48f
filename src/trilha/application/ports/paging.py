"""Reading long lists piece by piece: a cursor says where to go on, so nothing is skipped or repeated by insertions."""

from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

from trilha.domain.kernel import InvalidValue

Item_co = TypeVar("Item_co", covariant=True)

DEFAULT_LIMIT = 50
MAX_LIMIT = 500


class Page(msgspec.Struct, Generic[Item_co], frozen=True):
    """Some items in order, and the cursor for what follows them, None at the end.

    Items may be `msgspec.Raw` where an adapter has the JSON of the view at hand.
    """

    items: Sequence[Item_co]
    next_cursor: str | None = None


class PageRequest(msgspec.Struct, frozen=True):
    """How many items, and after which cursor."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MAX_LIMIT:
            raise InvalidValue("limit", self.limit, f"1 to {MAX_LIMIT}")
