"""Since-tokens: a UTC time of 17 digits (`yyyyMMddHHmmssfff`), or of 14 without the milliseconds."""

from datetime import datetime

from trilha.domain.kernel import InvalidValue, utc

_SECONDS, _MILLISECONDS = 14, 17
_EXPECTED = "a since-token of 17 or 14 digits, yyyyMMddHHmmssfff or yyyyMMddHHmmss in UTC"


def token_at(moment: datetime) -> str:
    """The token of a moment, cut (never rounded up) to the millisecond, so that nothing is skipped."""
    return f"{second_of(moment)}{moment.microsecond // 1000:03}"


def second_of(moment: datetime) -> str:
    """The 14 digits of a moment, cut to the second: how range routes are asked."""
    moment = utc(moment)
    return f"{moment.year:04}{moment.month:02}{moment.day:02}{moment.hour:02}{moment.minute:02}{moment.second:02}"


def time_of(token: str) -> datetime:
    """The moment of a token; raises InvalidValue."""
    if not (token.isascii() and token.isdigit() and len(token) in (_SECONDS, _MILLISECONDS)):
        raise InvalidValue("since_token", token, _EXPECTED)
    date, clock, milliseconds = token[:8], token[8:_SECONDS], token[_SECONDS:] or "000"
    try:
        return datetime.fromisoformat(f"{date}T{clock}.{milliseconds}+00:00")
    except ValueError:
        raise InvalidValue("since_token", token, _EXPECTED) from None
