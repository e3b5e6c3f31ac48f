"""Which passwords are good enough: long, and not among the first that anybody would try.

NIST SP 800-63B (5.1.1.2): length counts, no rules about kinds of characters, no expiry, nothing cut off, every
character allowed, common ones refused. The upper bound is in bytes and is looked at first, so that nobody makes us hash
a megabyte.
"""

import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from trilha.domain.identity.errors import PasswordRefused
from trilha.domain.kernel import fold

LEAST_CHARS = 12
MOST_BYTES = 256

_LEAST_DISTINCT = 5
_LONGEST_PERIOD = 6
_LEAST_PERSONAL = 4
_LEAST_OWN = 6

_WALKS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiopasdfghjklzxcvbnm",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
)

# The words that lists of leaked passwords are made of, here and abroad. What is left of a password without them, its
# digits and its signs has to be something of one's own.
_COMMON = (
    *("password", "passw0rd", "letmein", "welcome", "iloveyou", "monkey", "dragon", "football", "baseball", "sunshine"),
    *("princess", "superman", "batman", "master", "shadow", "trustno", "starwars", "whatever", "computer", "internet"),
    *("administrator", "admin", "login", "secret", "changeme", "default", "qwerty", "asdfgh", "zxcvbn", "google"),
    *("senha", "mudar", "trocar", "entrar", "acesso", "sistema", "usuario", "brasil", "brasilia", "saopaulo", "teamo"),
    *("flamengo", "corinthians", "palmeiras", "santos", "vasco", "gremio", "cruzeiro", "futebol", "jesus", "deus"),
    *("familia", "felicidade", "cachorro", "princesa", "gabriel", "maria", "segura", "teste", "trilha"),
)
_LEET = str.maketrans("@4310$57!", "aaeiossti")


def prepare_password(text: str) -> bytes:
    """The bytes that are hashed: NFKC in UTF-8, so that a letter typed on another keyboard is the same letter.

    Raises PasswordRefused where it is too long or no text, before anything costly is done with it. For every password
    that comes, also at sign-in.
    """
    if len(text) > MOST_BYTES:
        raise _too_long()
    try:
        prepared = unicodedata.normalize("NFKC", text).encode()
    except UnicodeEncodeError:
        raise PasswordRefused("unreadable", "the password has half of a character in it; type it anew") from None
    if len(prepared) > MOST_BYTES:
        raise _too_long()
    return prepared


def check_password(text: str, about: Sequence[str] = ()) -> bytes:
    """Take a new password, or raise PasswordRefused. `about` is what everybody knows of its owner: name, address.

    Returns the bytes to hash.
    """
    prepared = prepare_password(text)
    plain = prepared.decode()
    if len(plain) < LEAST_CHARS:
        raise PasswordRefused(
            "too_short",
            f"the password has {len(plain)} characters; take {LEAST_CHARS} or more, a few words for example",
        )
    if _is_pattern(plain.casefold()):
        raise PasswordRefused("pattern", "the password repeats itself or runs along the keyboard; take a few words")
    folded = fold(plain)
    if _is_made_of(folded, _COMMON):
        raise PasswordRefused(
            "common", "the password is among those that are tried first; take a few words of your own"
        )
    if _is_made_of(folded, _words(about)):
        raise PasswordRefused("personal", "the password is little more than your name or address; take other words")
    return prepared


def _too_long() -> PasswordRefused:
    return PasswordRefused("too_long", f"the password is longer than {MOST_BYTES} bytes; take a shorter one")


def _is_pattern(text: str) -> bool:
    if len(set(text)) < _LEAST_DISTINCT:
        return True
    if any(text == (text[:period] * len(text))[: len(text)] for period in range(1, _LONGEST_PERIOD + 1)):
        return True
    steps = {pair for walk in _WALKS for line in (walk, walk[::-1]) for pair in pairwise(line)}
    along = sum(pair in steps for pair in pairwise(text))
    return along >= len(text) - 3


def _is_made_of(folded: str, words: Sequence[str]) -> bool:
    """Whether hardly a letter is left without these words; once as typed, once with 4 read as a, 0 as o."""
    return any(_own_letters(reading, words) for reading in (folded, folded.translate(_LEET)))


def _own_letters(text: str, words: Sequence[str]) -> bool:
    left = text
    for word in sorted(words, key=len, reverse=True):
        left = left.replace(word, " ")
    return left != text and sum(char.isalpha() for char in left) < _LEAST_OWN


def _words(about: Sequence[str]) -> Sequence[str]:
    pieces = fold(" ".join(about).replace("@", " ").replace(".", " ")).split()
    return [piece for piece in pieces if len(piece) >= _LEAST_PERSONAL]
