"""Addresses that people sign in with: one way to write each, and none that reads like another.

Two addresses are the same login when their keys are equal. Mail goes to the address as its owner gave it, never to one
that somebody typed into a form, so a key that takes too much for equal cannot send a reset link elsewhere.
"""

import unicodedata

import msgspec

from trilha.domain.identity.errors import EmailRefused, LookAlikeEmail

MAX_BYTES = 254
"""RFC 5321, 4.5.3.1: a path is 256 octets with its brackets."""
MAX_LOCAL_BYTES = 64
MAX_LABEL_CHARS = 63

_LATIN = "LATIN"
_UNSCRIPTED = "other"
_SPECIALS = frozenset('"(),:;<>[\\]')

# Letters of other alphabets that most fonts draw like a Latin one (a small part of Unicode UTS 39, confusables.txt). A
# part that is made of nothing else is taken for Latin by whoever reads it; a mixture is refused in any case.
_LIKE_LATIN = frozenset(
    "\u0430\u0433\u0435\u043e\u0440\u0441\u0443\u0445\u0455\u0456\u0458\u0475\u04bb\u04cf\u0501\u051b\u051d"  # Cyrillic
    "\u03b1\u03b3\u03b9\u03ba\u03bd\u03bf\u03c1\u03c5\u03c7"  # Greek
    "\u0570\u0578\u057d\u0581\u0585"  # Armenian
)
# Latin letters that are drawn like those of ASCII, and the dot that Turkish puts on an i that has one.
_LIKE_ASCII = frozenset("\u0307\u0131\u0251\u0261\u0269\u028b\u028f\u1d04\u1d0f\u1d20\u1d21\u1d22\ua731")


class EmailAddress(msgspec.Struct, frozen=True):
    """`address` as its owner writes it, `key` for comparing. Hidden from consoles and logs."""

    address: str
    key: str

    def __repr__(self) -> str:
        """Nothing of it."""
        return "EmailAddress(...)"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """Nothing of it, for consoles that draw objects by their members."""
        return []


def parse_email(text: str) -> EmailAddress:
    """Read what somebody typed: compatibility forms become plain ones (NFKC), case does not count in the key.

    Raises EmailRefused, LookAlikeEmail.

    >>> parse_email(" Maria.Souza@Exemplo.COM ").key
    'maria.souza@exemplo.com'
    """
    if len(text) > MAX_BYTES:
        raise EmailRefused(f"is longer than {MAX_BYTES} characters")
    address = unicodedata.normalize("NFKC", text.strip())
    local, at, domain = address.rpartition("@")
    if not at:
        raise EmailRefused("has no @; it should be like name@example.com")
    _check_local(local)
    _check_domain(domain)
    if len(address.encode()) > MAX_BYTES:
        raise EmailRefused(f"is longer than {MAX_BYTES} bytes")
    for part in (local, *domain.split(".")):
        _check_letters(part)
    return EmailAddress(address, unicodedata.normalize("NFKC", address.casefold()))


def _check_local(local: str) -> None:
    if not local or len(local.encode(errors="replace")) > MAX_LOCAL_BYTES:
        raise EmailRefused(f"needs 1 to {MAX_LOCAL_BYTES} bytes before the @")
    _check_characters(local)
    if "" in local.split("."):
        raise EmailRefused("has a dot at the edge of what stands before the @, or two in a row")


def _check_domain(domain: str) -> None:
    labels = domain.split(".")
    if len(labels) < 2 or not all(1 <= len(label) <= MAX_LABEL_CHARS for label in labels):  # noqa: PLR2004 - name and top level
        raise EmailRefused("needs a domain such as example.com after the @")
    _check_characters(domain)
    for label in labels:
        if label[0] == "-" or label[-1] == "-" or not all(char == "-" or _is_word(char) for char in label):
            raise EmailRefused("has something in its domain that is neither letter, digit nor inner hyphen")


def _check_characters(part: str) -> None:
    for char in part:
        # C: controls, surrogates and invisible ones, which also turn the direction of writing; Z: spaces
        if unicodedata.category(char)[0] in "CZ" or char in _SPECIALS or char == "@":
            name = unicodedata.name(char, f"U+{ord(char):04X}")
            raise EmailRefused(f"has a character that addresses here do not have ({name})")


def _check_letters(part: str) -> None:
    folded = part.casefold()
    scripts = {_script(char) for char in folded} - {_UNSCRIPTED}
    if len(scripts) > 1:
        named = " and ".join(sorted(script.capitalize() for script in scripts))
        raise LookAlikeEmail(f"mixes letters of {named}, which can look alike; type it by hand, in one alphabet")
    letters = [char for char in folded if _script(char) != _UNSCRIPTED]
    if letters and _LATIN not in scripts and all(char in _LIKE_LATIN for char in letters):
        raise LookAlikeEmail(f"is written in {scripts.pop().capitalize()} letters that look like Latin ones")
    if any(char in _LIKE_ASCII for char in folded):
        raise LookAlikeEmail("has a letter that looks like a plain one (a to z) and is another")


def _script(char: str) -> str:
    """The alphabet of a letter, by the first word of its Unicode name: the standard library has no table of scripts."""
    if char.isascii():
        return _LATIN if char.isalpha() else _UNSCRIPTED
    if not char.isalpha():
        return _UNSCRIPTED
    first = unicodedata.name(char, _UNSCRIPTED).partition(" ")[0]
    return _CJK if first in _WRITTEN_TOGETHER else first


# Chinese, Japanese and Korean mix these by nature.
_CJK = "CJK"
_WRITTEN_TOGETHER = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "KATAKANA-HIRAGANA"})


def _is_word(char: str) -> bool:
    # marks belong to the letters of many scripts
    return char.isalnum() or unicodedata.category(char)[0] == "M"
