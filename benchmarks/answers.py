"""Two servers answer alike, or comparing their speed means nothing."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

import msgspec

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
PAGES = 3
_MISSING = "nothing at all"


def require_same_pages(ours: str, theirs: str, token: str, paths: Iterable[str]) -> None:
    """Follow the first pages of each list on both sides; raises SystemExit at the first difference.

    Times are compared as instants, and cursors by what they lead to: both are written as each side likes.
    """
    for path in paths:
        cursors: list[str | None] = [None, None]
        for number in range(PAGES):
            mine, other = (_page(url, token, path, cursor) for url, cursor in zip((ours, theirs), cursors, strict=True))
            if _comparable(mine["items"]) != _comparable(other["items"]):
                raise SystemExit(
                    f"page {number + 1} of {path} differs: {_first_difference(mine['items'], other['items'])}"
                )
            cursors = [mine["next_cursor"], other["next_cursor"]]
            if (cursors[0] is None) != (cursors[1] is None):
                raise SystemExit(f"page {number + 1} of {path}: only one side says that more follows")
            if cursors[0] is None:
                break


def _page(url: str, token: str, path: str, cursor: str | None) -> Any:  # noqa: ANN401 - JSON
    whole = f"{url}{path}" + ("" if cursor is None else f"&cursor={quote(cursor)}")
    with urlopen(Request(whole, headers={"Authorization": f"Bearer {token}"}), timeout=10) as answer:
        return msgspec.json.decode(answer.read())


def _comparable(value: Any) -> Any:  # noqa: ANN401 - JSON
    match value:
        case dict():
            return {key: _comparable(each) for key, each in value.items()}
        case list():
            return [_comparable(each) for each in value]
        case str() if _TIME.match(value):
            return datetime.fromisoformat(value)
        case _:
            return value


def _first_difference(mine: list[Any], other: list[Any]) -> str:
    if len(mine) != len(other):
        return f"{len(mine)} items against {len(other)}"
    for one, two in zip(mine, other, strict=True):
        for key in one | two:
            here, there = one.get(key, _MISSING), two.get(key, _MISSING)
            if _comparable(here) != _comparable(there):
                return f"{key} is {here!r} against {there!r}"
    return "nothing that can be shown"
