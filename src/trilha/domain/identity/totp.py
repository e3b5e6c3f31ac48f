"""One-time codes: HOTP (RFC 4226) and TOTP (RFC 6238).

Written here on the standard library, though the platform has pyotp: the domain may depend on nothing but msgspec, and
these few lines are held to the vectors of both RFCs. Making the URI and the QR code for a phone is left to pyotp.
"""

import hashlib
import hmac
import struct
from datetime import UTC, datetime, timedelta
from typing import Literal

Algorithm = Literal["SHA1", "SHA256", "SHA512"]

STEP = timedelta(seconds=30)
DIGITS = 6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGESTS = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512}


def hotp(secret: bytes, counter: int, digits: int = DIGITS, algorithm: Algorithm = "SHA1") -> str:
    """The code of a counter.

    >>> hotp(b"12345678901234567890", 2)
    '359152'
    """
    digest = hmac.digest(secret, struct.pack(">Q", counter), _DIGESTS[algorithm])
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}d}"


def step_at(moment: datetime) -> int:
    """Which step a moment lies in, counted from 1970."""
    return (moment - _EPOCH) // STEP


def totp(secret: bytes, moment: datetime, digits: int = DIGITS, algorithm: Algorithm = "SHA1") -> str:
    """The code of a moment; authenticator apps know SHA1 and six digits."""
    return hotp(secret, step_at(moment), digits, algorithm)


def matching_step(secret: bytes, code: str, moment: datetime, drift_steps: int = 1) -> int | None:
    """The step within `drift_steps` of `moment` whose code this is, the newest of them, or None.

    Every step is compared, in a time that does not tell which one was right.
    """
    typed = code.encode(errors="replace")
    now = step_at(moment)
    found: int | None = None
    for step in range(max(now - drift_steps, 0), now + drift_steps + 1):
        if hmac.compare_digest(hotp(secret, step).encode(), typed):
            found = step
    return found
