"""Cutting a sorted list into pages."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

import msgspec

from trilha.application.paging import cut_page
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
        keyed = ((key(row), row) for row in rows)
        cut = cut_page(self.name, self.key_type, keyed, request, descending=self.descending)
        return Page(items=[view(row) for row in cut.items], next_cursor=cut.next_cursor)
