"""Letting words without spaces break, where they would run over their neighbours."""

import re
import unicodedata

LONGEST_UNBROKEN = 18
_LONG_WORD = re.compile(rf"\S{{{LONGEST_UNBROKEN + 1},}}")
_PART = 8
_MAY_BREAK = "\u200b"


def breakable(text: str) -> str:
    """The same text; a very long word may break after every few letters, never between a letter and its marks."""
    return _LONG_WORD.sub(_in_parts, text)


def _in_parts(word: re.Match[str]) -> str:
    made: list[str] = []
    since = 0
    for character in word.group():
        if since >= _PART and unicodedata.category(character)[0] in "LNP":
            made.append(_MAY_BREAK)
            since = 0
        made.append(character)
        since += 1
    return "".join(made)
