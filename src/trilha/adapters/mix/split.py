"""A JSON list taken apart without looking into its elements."""

import json
import re
from collections.abc import Iterator

import msgspec

_RAW_LIST = msgspec.json.Decoder(list[msgspec.Raw])
# Numbers are passed over, not converted: an integer of thousands of digits is the record's fault, not the list's.
_LENIENT = json.JSONDecoder(parse_int=len, parse_float=len, strict=False)
_SPACE = re.compile(r"[ \t\r\n]*")


class UnreadableAnswer(Exception):
    """The answer as a whole makes no sense: cut, or not what was asked for. Asking again may help."""


def split(body: bytes) -> list[bytes]:
    """The elements of a JSON list; raises UnreadableAnswer if it is none.

    msgspec refuses a whole list for half a surrogate pair or a NaN in one element. Such a page would come again and
    again and hold up the stream for ever, so the standard library, which minds neither, then finds the elements.
    """
    try:
        return [bytes(element) for element in _RAW_LIST.decode(body)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return [element.encode("utf-8", "surrogateescape") for element in _elements(body)]
    except (ValueError, RecursionError) as error:
        problem = type(error).__name__
    raise UnreadableAnswer(f"expected a JSON list, got {len(body)} bytes that are none, or not all of it ({problem})")


def _elements(body: bytes) -> Iterator[str]:
    text = body.decode("utf-8", "surrogateescape")
    place = _after(text, 0, "[")
    if text.startswith("]", place):
        place = _after(text, place, "]")
    else:
        while True:
            _, end = _LENIENT.raw_decode(text, place)
            yield text[place:end]
            place = _past_space(text, end)
            if text.startswith("]", place):
                place = _after(text, place, "]")
                break
            place = _after(text, place, ",")
    if place != len(text):
        raise ValueError("something follows the list")


def _after(text: str, place: int, mark: str) -> int:
    place = _past_space(text, place)
    if not text.startswith(mark, place):
        raise ValueError(f"no {mark} at character {place}")
    return _past_space(text, place + 1)


def _past_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place
