"""Comparing what people type: without accents, case or extra spaces."""

import unicodedata


def fold(text: str) -> str:
    """The form in which names are searched and sorted: `" José  DA Silva"` becomes `"jose da silva"`.

    The same function serves every adapter, so that a search means the same in memory and in a database.

    >>> fold(" José  DA Conceição")
    'jose da conceicao'
    """
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(bare.casefold().split())
