"""What a client would like to have, by its header Accept (RFC 9110, 12.5.1)."""

_JSON = ("*/*", "application/*", "application/json")


def wanted_types(header: bytes | None) -> list[str]:
    """The media ranges of an Accept header, the most wanted first; without those that are refused by `q=0`."""
    weighted: list[tuple[float, str]] = []
    for part in (header or b"").decode("latin-1").split(","):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((one[2:] for one in parameters if one.startswith("q=")), "1")
        try:
            weighted.append((-float(weight), media_type))
        except ValueError:
            weighted.append((-1.0, media_type))
    return [media_type for weight, media_type in sorted(weighted, key=lambda pair: pair[0]) if weight < 0]


def rather_than_json(header: bytes | None, media_type: str) -> bool:
    """Whether a client wants this more than JSON, which is what one gets who says nothing."""
    named = (one for one in wanted_types(header) if one == media_type or one in _JSON)
    return next(named, None) == media_type
