"""Cutting a sorted list into pages."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

import msgspec

from trilha.application.paging import decode_cursor, encode_cursor
from trilha.application.ports import Page, PageRequest

Row = TypeVar("Row")
Key = TypeVar(
    "Key",
    tuple[str, int],
    tuple[str, UUID],
    tuple[datetime, int],
    tuple[datetime, UUID],
    tuple[datetime, str, datetime],
)
View = TypeVar("View")


class Listing(msgspec.Struct, Generic[Key], frozen=True):
    """A list with a total order. `key_type` is the type of its sort keys, which no two rows share."""

    name: str
    key_type: type[Key]
    descending: bool = False

    def page(
        self, rows: Iterable[Row], key: Callable[[Row], Key], view: Callable[[Row], View], request: PageRequest
    ) -> Page[View]:
        """The rows after the cursor."""
        ordered = sorted(((key(row), row) for row in rows), key=lambda pair: pair[0], reverse=self.descending)
        if request.cursor is not None:
            after = decode_cursor(self.name, request.cursor, self.key_type)
            ordered = [pair for pair in ordered if (pair[0] < after if self.descending else pair[0] > after)]
        shown = ordered[: request.limit]
        more = len(ordered) > len(shown)
        return Page(
            items=[view(row) for _, row in shown],
            next_cursor=encode_cursor(self.name, shown[-1][0]) if more else None,
        )
