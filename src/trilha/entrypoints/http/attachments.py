"""Telling a browser what to call a file."""

import re
import unicodedata
from urllib.parse import quote


def attachment(file_name: str) -> str:
    r"""The value of `Content-Disposition` for a download (RFC 6266), whatever is in the name.

    The name stands there twice: in ASCII without accents for old clients, then whole (RFC 8187).

    >>> attachment("Orientação_José.pdf")
    'attachment; filename="Orientacao_Jose.pdf"; filename*=UTF-8\'\'Orienta%C3%A7%C3%A3o_Jos%C3%A9.pdf'
    """
    plain = unicodedata.normalize("NFKD", file_name).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^\w. -]", "_", plain, flags=re.ASCII)
    return f"attachment; filename=\"{safe}\"; filename*=UTF-8''{quote(file_name, safe='', errors='replace')}"
